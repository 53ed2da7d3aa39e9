/**
 * The `otlp_http` exporter (alias `otlphttp`): one POST an attempt, protobuf or JSON, under the
 * Collector's keys. Without `sending_queue` and `retry_on_failure` there is one attempt, whose outcome
 * goes back to the sender; with them, what delivery/ does, and around each attempt what `circuit_breaker`,
 * `rate_limit`, `concurrency` and `load_balancing` say. Redirects are refusals, responses are read
 * to 4 MiB at the most (OTLP 1.11).
 *
 * Ownership: the batch is retained until the client says that nothing reads its slices any more.
 */
import * as z from "zod";
import { messageOf, SluiceError } from "../base/errors.ts";
import { type Signal, SIGNALS } from "../base/signal.ts";
import { balancingOf, loadBalancingSchema } from "../delivery/balancing/settings.ts";
import { delivered, deliveryKeys, heldInMemory, storages } from "../delivery/deliver.ts";
import { policyKeys, withPolicies } from "../delivery/policies.ts";
import { type Context, defineExporter, type Exporter } from "../pipeline/component.ts";
import { duration, headers, tlsClient, tlsNotInForce } from "../pipeline/settings.ts";
import { balanced, nameOf } from "./otlp-http/balanced.ts";
import { type Destination, OtlpHttpExporter } from "./otlp-http/exporter.ts";

/** A time-out of 0 is none in the Collector; here everything ends. */
const NO_TIMEOUT_MS = 3_600_000;
const UNSERVED = ["snappy", "x-snappy-framed", "zlib", "deflate", "lz4"] as const;
const GZIP_LEVEL_MAX = 9;
const ZSTD_LEVEL_MAX = 22;

const ENDPOINT_KEYS = ["endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint", "profiles_endpoint"] as const;

const PATHS: Readonly<Record<Signal, string>> = {
  traces: "/v1/traces",
  metrics: "/v1/metrics",
  logs: "/v1/logs",
  profiles: "/v1development/profiles",
};

const compression = z.enum(["", "none", "gzip", "zstd", ...UNSERVED]).refine((name) => !UNSERVED.some((unserved) => unserved === name), {
  error: (issue) => `compression "${String(issue.input)}" is not available: use gzip, zstd or none`,
});

const schema = z
  .strictObject({
    endpoint: z.string().optional().describe("Base URL; /v1/traces and so on are appended."),
    traces_endpoint: z.string().optional().describe("URL for traces, used as it is."),
    metrics_endpoint: z.string().optional().describe("URL for metrics, used as it is."),
    logs_endpoint: z.string().optional().describe("URL for logs, used as it is."),
    profiles_endpoint: z.string().optional().describe("URL for profiles, used as it is."),
    encoding: z.enum(["proto", "json"]).default("proto").describe("Encoding of requests."),
    compression: compression.default("gzip").describe("Coding of requests: gzip, zstd or none."),
    compression_params: z
      .strictObject({ level: z.number().int().min(-1).max(ZSTD_LEVEL_MAX).default(-1).describe("Level; -1 is the default: gzip 1, zstd 1.") })
      .nullish()
      .describe("Settings of the compression."),
    headers: headers().default({}).describe("Headers for every request."),
    timeout: duration().prefault("30s").describe("Time for an attempt, to the last byte of the response; 0: an hour."),
    tls: tlsClient.nullish().describe("TLS for https:// endpoints."),
    max_idle_conns: z.number().int().min(0).default(100).describe("Connections kept for further requests."),
    max_idle_conns_per_host: z.number().int().min(0).optional().describe("The same a host; when given, it counts."),
    max_conns_per_host: z.number().int().min(0).default(0).describe("Connections at a time; 0: no limit."),
    idle_conn_timeout: duration().prefault("90s").describe("Time after which an idle connection is closed; 0: never."),
    disable_keep_alives: z.boolean().default(false).describe("A new connection for every request."),
    auth: z.never({ error: "authenticators are not available yet: put the credentials in headers" }).optional().describe("Not available yet."),
    proxy_url: z
      .literal("", { error: "proxies are not available yet: leave proxy_url out, and use an endpoint that is reached directly" })
      .optional()
      .describe("Not available yet."),
    cookies: z.unknown().optional().describe("Cookies."),
    read_buffer_size: z.number().int().optional().describe("Bytes of a read buffer."),
    write_buffer_size: z.number().int().optional().describe("Bytes of a write buffer."),
    force_attempt_http2: z.boolean().optional().describe("HTTP/2."),
    http2_read_idle_timeout: duration().optional().describe("HTTP/2 health check."),
    http2_ping_timeout: duration().optional().describe("HTTP/2 health check."),
    middlewares: z.array(z.unknown()).optional().describe("Middleware extensions."),
    load_balancing: loadBalancingSchema.optional().describe("Several endpoints in place of `endpoint`. Sluice's own."),
    ...policyKeys,
    ...deliveryKeys,
  })
  .superRefine((config, context) => {
    const wrong = (path: readonly (string | number)[], message: string) => context.addIssue({ code: "custom", path: [...path], message });
    const given = ENDPOINT_KEYS.filter((key) => config[key] !== undefined && config[key] !== "");
    if (given.length === 0 && config.load_balancing === undefined) wrong(["endpoint"], "an endpoint is needed, for example https://otlp.example.com:4318");
    for (const key of given) {
      if (config.load_balancing !== undefined)
        wrong([key], `${key} and load_balancing exclude one another: put the URL under load_balancing.endpoints, or leave load_balancing out`);
      else if (!isHttpUrl(config[key] ?? "")) wrong([key], noUrl(config[key] ?? ""));
    }
    const names = new Set<string>();
    for (const [index, one] of (config.load_balancing?.endpoints ?? []).entries()) {
      const url = typeof one === "string" ? one : one.endpoint;
      const path = ["load_balancing", "endpoints", index, ...(typeof one === "string" ? [] : ["endpoint"])];
      if (!isHttpUrl(url)) wrong(path, noUrl(url));
      else if (names.has(nameOf(url))) wrong(path, `"${nameOf(url)}" is there twice: give it a weight instead`);
      else names.add(nameOf(url));
    }
    const level = config.compression_params?.level ?? -1;
    if (config.compression === "gzip" && level > GZIP_LEVEL_MAX) {
      wrong(["compression_params", "level"], `gzip has levels up to ${GZIP_LEVEL_MAX}`);
    }
  });

type Config = z.output<typeof schema>;

/** The `otlp_http` exporter. */
export const otlpHttp = defineExporter<Config>({
  id: "otlp_http",
  aliases: ["otlphttp"],
  signals: SIGNALS,
  summary: "Sends OTLP over HTTP, protobuf or JSON.",
  schema,
  notInForce: {
    cookies: "cookies are not kept",
    read_buffer_size: "the runtime's own buffers are used",
    write_buffer_size: "the runtime's own buffers are used",
    force_attempt_http2: "requests use HTTP/1.1",
    http2_read_idle_timeout: "requests use HTTP/1.1",
    http2_ping_timeout: "requests use HTTP/1.1",
    middlewares: "middlewares are not run yet",
    ...tlsNotInForce("tls"),
  },
  heldInMemory,
  storages,
  create: (config, context) => delivered(withPolicies(attemptsOf(config, context), config, context), config, context),
});

/** What makes one attempt. */
function attemptsOf(config: Config, context: Context): Exporter {
  const { load_balancing: section } = config;
  if (section === undefined) return new OtlpHttpExporter(destinationOf(config), context, clientOf(config, context));
  return balanced(balancingOf(section), (endpoint) => ({ destination: destinationOf({ ...config, endpoint }), client: clientOf(config, context) }), context);
}

function noUrl(text: string): string {
  return `"${text}" is no http:// or https:// URL, for example https://otlp.example.com:4318`;
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function destinationOf(config: Config): Destination {
  const level = config.compression_params?.level ?? -1;
  return {
    urls: {
      traces: urlOf("traces", config.traces_endpoint, config.endpoint),
      metrics: urlOf("metrics", config.metrics_endpoint, config.endpoint),
      logs: urlOf("logs", config.logs_endpoint, config.endpoint),
      profiles: urlOf("profiles", config.profiles_endpoint, config.endpoint),
    },
    encoding: config.encoding,
    coding: config.compression === "gzip" || config.compression === "zstd" ? config.compression : "none",
    level: level === -1 ? undefined : level,
    headers: config.headers,
    timeoutMs: config.timeout || NO_TIMEOUT_MS,
  };
}

function urlOf(signal: Signal, own: string | undefined, base: string | undefined): string | undefined {
  if (own !== undefined && own !== "") return own;
  return base === undefined || base === "" ? undefined : `${base.replace(/\/$/, "")}${PATHS[signal]}`;
}

function clientOf(config: Config, { host, id }: Context) {
  const tls = config.tls?.enabled === false ? undefined : (config.tls ?? undefined);
  try {
    return host.client({
      tls: {
        insecureSkipVerify: tls?.insecure_skip_verify ?? false,
        caFile: tls?.ca_file,
        caPem: tls?.ca_pem,
        certFile: tls?.cert_file,
        certPem: tls?.cert_pem,
        keyFile: tls?.key_file,
        keyPem: tls?.key_pem,
        serverName: tls?.server_name_override,
        minVersion: tls?.min_version,
        maxVersion: tls?.max_version,
      },
      maxIdleConnections: config.disable_keep_alives ? 0 : (config.max_idle_conns_per_host ?? config.max_idle_conns),
      maxConnections: config.max_conns_per_host,
      idleTimeoutMs: config.idle_conn_timeout,
    });
  } catch (error) {
    throw new SluiceError("config", `Cannot set up exporter "${id}": ${messageOf(error)}`, { path: `exporters.${id}.tls`, cause: error });
  }
}
