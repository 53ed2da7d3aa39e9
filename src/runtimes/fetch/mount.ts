/**
 * A gateway as one fetch handler, from the Collector's YAML. It is built at the first request, since
 * Workers know their bindings only then; what is wrong with the configuration is logged, and every
 * request is answered 500.
 *
 * Invariant: no request waits for another's work, except for the build where the runtime shares it.
 */
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { Host, Logger } from "../../base/host.ts";
import { loadConfig } from "../../config/load.ts";
import type { Finding, Plan } from "../../config/plan.ts";
import { validateBuiltIn } from "../../config/registry.ts";
import type { Engine } from "../../otlp/engine.ts";
import { Counters } from "../../pipeline/counters.ts";
import { Gateway, type GatewayParts, type GatewayPlan } from "../../pipeline/gateway.ts";
import { answerFetch, type FetchServing } from "./exchange.ts";
import type { MountedServer } from "./server.ts";

/** As much of what the platform hands out as is used (developers.cloudflare.com/queues). */
export interface MessageBatch {
  readonly messages: readonly QueueMessage[];
}

export interface QueueMessage {
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { readonly delaySeconds?: number }): void;
}

/** A gateway to `export default` on Workers, to give to `Deno.serve`, to mount in a Hono app. */
export interface FetchGateway {
  /** Answers OTLP requests; any other path is 404. May be passed on without its object. */
  readonly fetch: (request: Request, env?: unknown, ctx?: unknown) => Promise<Response>;
  /** Takes what a Cloudflare Queue hands out, on Workers, where an exporter's `sending_queue` is in one. */
  readonly queue?: (batch: MessageBatch, env?: unknown, ctx?: unknown) => Promise<void>;
  /** Refuses new requests, lets those under way end until `deadlineMs` from now (default 10 s), then closes connections. */
  stop(deadlineMs?: number): Promise<void>;
}

/** What runs, once the configuration is read. */
export interface Parts {
  readonly engine: Engine;
  readonly host: Host;
  readonly server: MountedServer;
  /** Default: the one that was read. */
  readonly plan?: GatewayPlan | undefined;
  readonly keep?: GatewayParts["keep"];
}

/** What a runtime gives, beside a configuration. */
export interface Ground extends Pick<FetchServing, "unread"> {
  /** For what is told before, or instead of, a start. */
  readonly logger: Logger;
  env(name: string): string | undefined;
  readFile(path: string): Promise<string>;
  parts(plan: Plan): Parts;
}

export interface Mounted extends Pick<FetchServing, "unread"> {
  readonly server: MountedServer;
  readonly engine: Engine;
  readonly logger: Logger;
  readonly gateway: Gateway;
  readonly counters: Counters;
}

/** The plan of one or more texts, later ones merged over earlier ones; throws the first problem, and logs all. */
export async function readPlan(texts: readonly string[], { env, readFile, logger }: Pick<Ground, "env" | "readFile" | "logger">): Promise<Plan> {
  const names = new Map(texts.map((text, index) => [texts.length === 1 ? "configuration" : `configuration ${index + 1}`, text] as const));
  const loaded = await loadConfig(
    { configs: [...names.keys()].map((name) => `file:${name}`) },
    { env, readFile: async (path) => names.get(path) ?? (await readFile(path)) },
  );
  const { plan, problems, warnings } = await validateBuiltIn(loaded);
  for (const warning of warnings) logger.log("warn", warning.message, fieldsOf(warning));
  for (const problem of problems) logger.log("error", problem.message, fieldsOf(problem));
  if (plan === undefined) throw new SluiceError("config", "Cannot start: the configuration is not valid");
  return plan;
}

function fieldsOf({ where, cure }: Finding): Record<string, string> {
  const at = where === undefined ? {} : { at: `${where.source}:${where.line}:${where.column}` };
  return { ...at, ...(cure === undefined ? {} : { cure }) };
}

/** Builds everything. Throws `config`, having logged what is wrong. */
export async function startMounted(texts: readonly string[], ground: Ground): Promise<Mounted> {
  const read = await readPlan(texts, ground);
  const counters = new Counters();
  let { logger } = ground;
  try {
    const { engine, host, server, plan = read, keep } = ground.parts(read);
    ({ logger } = host);
    const metrics = read.telemetry?.metrics;
    if (metrics?.readers !== undefined && metrics.level !== "none") {
      logger.log("warn", "service.telemetry.metrics.readers is not in force: own metrics are served and sent only by `sluice run`");
    }
    const gateway = await Gateway.start({ plan, host, engine, counters, keep });
    if (server.handler === undefined) {
      throw new SluiceError("config", "Cannot serve requests: no receiver takes them over HTTP", { cure: "Give an otlp receiver protocols: {http: }" });
    }
    return { server, engine, logger, gateway, counters, unread: ground.unread };
  } catch (error) {
    logger.log(
      "error",
      messageOf(error),
      error instanceof SluiceError ? { ...(error.path && { at: error.path }), ...(error.cure && { cure: error.cure }) } : {},
    );
    throw error;
  }
}

/** Answers one request. */
export function answerMounted({ server, engine, logger, unread }: Mounted, request: Request, peer: string): Promise<Response> {
  const { handler, bodyTimeoutMs } = server;
  if (handler === undefined) return Promise.resolve(unavailable(503, "Cannot take the request: the gateway is stopping", { "retry-after": "1" }));
  return answerFetch({ handler, pool: engine.pool, logger, bodyTimeoutMs, unread }, request, peer);
}

/** The answer of a gateway that could not be built. What is wrong is in the log: it is not the sender's business. */
export function notStarted(): Response {
  return unavailable(500, "Cannot take the request: the gateway's configuration is not valid, its log says why", {});
}

function unavailable(status: number, message: string, headers: Readonly<Record<string, string>>): Response {
  return new Response(`${message}\n`, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}
