/**
 * The `health_check` extension: an address that answers 200 while the gateway is ready and 503 while it
 * starts and stops, under the Collector's keys and in its words. Whether destinations work is not asked
 * here, as it is not there: `/readyz` and `/healthz` of Sluice's own say so (docs/observability.md).
 */
import * as z from "zod";
import type { Answer, Handler, Host, Listener, Logger } from "../base/host.ts";
import { addressOf, parseEndpoint } from "../pipeline/endpoint.ts";
import { defineExtension, type Extension, type ExtensionContext, type ExtensionParts, type GatewayState } from "../pipeline/extension.ts";
import { duration, headers, tlsFilesOf, tlsNotInForce, tlsServer } from "../pipeline/settings.ts";

const NOT_HERE = "the Collector takes it only behind a feature gate: use endpoint and path";

const schema = z.strictObject({
  endpoint: z.string().default("localhost:13133").describe("Address to listen on, host:port; 0.0.0.0:13133 for every interface."),
  path: z
    .string()
    .startsWith("/", { error: "a path begins with /" })
    .default("/")
    .describe("Path that is answered; one that ends with / stands for everything below it, too."),
  response_body: z
    .strictObject({
      healthy: z.string().default("").describe("Body while the gateway is ready."),
      unhealthy: z.string().default("").describe("Body while it is not."),
    })
    .nullish()
    .describe("Bodies in place of the JSON."),
  check_collector_pipeline: z
    .strictObject({
      enabled: z.boolean().default(false).describe("Ask for it."),
      interval: z.string().default("5m").describe("Time that is looked back."),
      exporter_failure_threshold: z.number().int().default(5).describe("Failures in that time."),
    })
    .nullish()
    .describe("Failures of exporters."),
  tls: tlsServer.nullish().describe("TLS; off by default."),
  response_headers: headers().default({}).describe("Headers for every response."),
  read_timeout: duration().prefault("0s").describe("Time for a whole request; 0: 60s."),
  read_header_timeout: duration().prefault("0s").describe("Time for a request's headers; 0: 10s."),
  idle_timeout: duration().prefault("0s").describe("Time that a connection may idle; 0: 60s."),
  write_timeout: duration().optional().describe("Time for a response."),
  keep_alives_enabled: z.boolean().default(false).describe("Whether connections are kept for further requests."),
  transport: z.literal("tcp").default("tcp").describe("Only TCP."),
  max_request_body_size: z.number().int().optional().describe("Bodies are not read."),
  include_metadata: z.boolean().optional().describe("Nothing is kept."),
  compression_algorithms: z.array(z.string()).optional().describe("Bodies are not read."),
  cors: z.looseObject({}).nullish().describe("CORS."),
  auth: z.never({ error: "authenticators are not available yet: listen on localhost" }).optional().describe("Not available yet."),
  middlewares: z.array(z.unknown()).optional().describe("Middleware extensions."),
  use_v2: z.literal(false, { error: NOT_HERE }).optional().describe("Only false."),
  http: z.never({ error: NOT_HERE }).optional().describe("Not available."),
  grpc: z.never({ error: NOT_HERE }).optional().describe("Not available."),
  component_health: z.unknown().optional().describe("Of use_v2."),
});

type Config = z.output<typeof schema>;

/** The `health_check` extension. */
export const healthCheck = defineExtension<Config>({
  id: "health_check",
  summary: "Answers whether the gateway is ready, on an address of its own.",
  schema,
  notInForce: {
    check_collector_pipeline: "it has no effect, in the Collector neither: /readyz beside /metrics says which destinations fail",
    write_timeout: "responses have no time limit of their own",
    cors: "browsers of other origins are not let in",
    middlewares: "middlewares are not run yet",
    component_health: "it belongs to use_v2",
    ...tlsNotInForce("tls"),
    "tls.client_ca_file_reload": "certificates are read once, at the start",
  },
  create: (config, context) => new HealthCheck(config, context),
});

const encoder = new TextEncoder();

class HealthCheck implements Extension {
  addresses: readonly string[] = [];
  readonly #config: Config;
  readonly #key: string;
  readonly #host: Host;
  readonly #logger: Logger;
  readonly #id: string;
  #listener: Listener | undefined;
  #readySinceMs: number | undefined;

  constructor(config: Config, { id, host, logger }: ExtensionContext) {
    this.#config = config;
    this.#key = `extensions.${id}.endpoint`;
    this.#id = id;
    this.#host = host;
    this.#logger = logger;
  }

  async start({ host }: ExtensionParts): Promise<void> {
    if (host.runtime === "workers") {
      this.#logger.log("warn", "health_check is not in force on Workers: nothing can listen there, ask the Worker itself", { extension: this.#id });
      return;
    }
    const { endpoint, tls, read_timeout, read_header_timeout, idle_timeout } = this.#config;
    const { hostname, port } = parseEndpoint(endpoint, this.#key);
    const times = { requestTimeoutMs: read_timeout, headersTimeoutMs: read_header_timeout, idleTimeoutMs: idle_timeout };
    this.#listener = await host.server.listen({ hostname, port, tls: tlsFilesOf(tls), key: this.#key, ...times }, this.#handler);
    this.addresses = [addressOf(tls?.enabled === true ? "https" : "http", hostname, this.#listener.port)];
  }

  onState(state: GatewayState): void {
    this.#readySinceMs = state === "ready" ? (this.#readySinceMs ?? this.#host.clock.nowMs()) : undefined;
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#listener?.stop(deadlineMs);
  }

  /** Any method is answered, as in the Collector. */
  readonly #handler: Handler = async ({ path }) => {
    const { path: served, keep_alives_enabled: kept, response_headers: own } = this.#config;
    const answer = served === path || (served.endsWith("/") && path.startsWith(served)) ? this.#answer() : NOT_FOUND;
    return { ...answer, headers: { ...answer.headers, ...own, ...(kept ? {} : { connection: "close" }) } };
  };

  #answer(): Answer {
    const since = this.#readySinceMs;
    const status = since === undefined ? 503 : 200;
    const bodies = this.#config.response_body ?? undefined;
    if (bodies !== undefined) return text(status, since === undefined ? bodies.unhealthy : bodies.healthy);
    // In this order, and with Go's zero time, as the Collector writes it.
    const said =
      since === undefined
        ? { status: "Server not available", upSince: "0001-01-01T00:00:00Z", uptime: "" }
        : { status: "Server available", upSince: new Date(since).toISOString(), uptime: durationText(this.#host.clock.nowMs() - since) };
    return { status, headers: { "content-type": "application/json" }, body: encoder.encode(JSON.stringify(said)) };
  }
}

const NOT_FOUND = text(404, "404 page not found\n");

function text(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: encoder.encode(body) };
}

/** As Go writes a duration: `250ms`, `2.5s`, `1m0.25s`, `26h3m4s`. A clock that was set back gives `0s`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  if (whole > 0 && whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = (whole % 60_000) / 1000;
  const minutesText = hours > 0 || minutes > 0 ? `${minutes}m` : "";
  return `${hours > 0 ? `${hours}h` : ""}${minutesText}${seconds}s`;
}
