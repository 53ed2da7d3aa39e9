/**
 * The `otlp` receiver: OTLP/HTTP, protobuf and JSON, all four signals, under the Collector's keys.
 * Limit: 64 MiB a body unless `max_request_body_size` says otherwise, before and after decompression.
 */
import * as z from "zod";
import type { Listener } from "../base/host.ts";
import { type Signal, SIGNALS } from "../base/signal.ts";
import { type Context, defineReceiver, type Intake, type Receiver, type Running } from "../pipeline/component.ts";
import { addressOf, parseEndpoint } from "../pipeline/endpoint.ts";
import { duration, headers, tlsFilesOf, tlsNotInForce, tlsServer } from "../pipeline/settings.ts";
import { otlpHandler } from "./otlp/handler.ts";

/** OTLP 1.11, "Request size limits". */
const BODY_BYTES_MAX = 64 << 20;
/** What one byte range of the memory can hold. */
const BODY_BYTES_HIGHEST = 1 << 30;
const ALGORITHMS = ["", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4", "x-snappy-framed", "identity"] as const;
const DEFAULT_ALGORITHMS = ["", "gzip", "zstd", "deflate"] as const;

const cors = z.strictObject({
  enabled: z.boolean().default(true).describe("False: as if the section were not there."),
  allowed_origins: z.array(z.string()).default([]).describe("Origins that browsers may send from, exactly or with one *; empty: CORS is off."),
  allowed_headers: z
    .array(z.string())
    .optional()
    .describe("Request headers that a preflight may ask for; a list replaces the default, so content-type must be in it."),
  exposed_headers: z.array(z.string()).default([]).describe("Response headers that pages may read, besides Retry-After."),
  max_age: z.number().int().min(0).default(0).describe("Seconds that a browser may remember a preflight; 0: its own default."),
});

const http = z.strictObject({
  enabled: z.boolean().default(true).describe("False: as if the section were not there."),
  endpoint: z.string().default("localhost:4318").describe("Address to listen on, host:port; 0.0.0.0:4318 for every interface."),
  transport: z.literal("tcp").default("tcp").describe("Only TCP."),
  traces_url_path: z.string().default("/v1/traces").describe("Path of traces."),
  metrics_url_path: z.string().default("/v1/metrics").describe("Path of metrics."),
  logs_url_path: z.string().default("/v1/logs").describe("Path of logs."),
  max_request_body_size: z.number().int().min(0).max(BODY_BYTES_HIGHEST).default(0).describe("Bytes of a body, before and after decompression; 0: 67108864."),
  include_metadata: z.boolean().default(false).describe("Keep the request's headers with the batch."),
  compression_algorithms: z
    .array(z.enum(ALGORITHMS))
    .default([...DEFAULT_ALGORITHMS])
    .describe("Content codings that are accepted; an empty name is no compression. snappy and lz4 are not served."),
  response_headers: headers().default({}).describe("Headers for every response."),
  cors: cors.nullish().describe("CORS for browsers; off by default."),
  tls: tlsServer.nullish().describe("TLS; off by default."),
  read_timeout: duration().prefault("0s").describe("Time for a whole request; 0: 60s."),
  read_header_timeout: duration().prefault("0s").describe("Time for a request's headers; 0: 10s."),
  write_timeout: duration().optional().describe("Time for a response."),
  idle_timeout: duration().prefault("0s").describe("Time that a connection may idle; 0: 60s."),
  keep_alives_enabled: z.boolean().default(true).describe("Whether connections are kept for further requests."),
  auth: z
    .never({ error: "authenticators are not available yet: use tls.client_ca_file to admit only clients with a certificate" })
    .optional()
    .describe("Not available yet."),
  middlewares: z.array(z.unknown()).optional().describe("Middleware extensions."),
});

const schema = z
  .strictObject({
    protocols: z
      .strictObject({
        grpc: z.looseObject({}).nullable().optional().describe("OTLP/gRPC."),
        http: http
          .nullable()
          .optional()
          .transform((section) => (section === null ? http.parse({}) : section))
          .describe("OTLP/HTTP; present, even empty, is on."),
      })
      .describe("At least one protocol."),
  })
  .refine(({ protocols }) => protocols.http !== undefined || protocols.grpc !== undefined, {
    message: "at least one protocol is needed, for example http",
    path: ["protocols"],
  });

type Config = z.output<typeof schema>;
type Http = z.output<typeof http>;

/** The `otlp` receiver. */
export const otlp = defineReceiver<Config>({
  id: "otlp",
  signals: SIGNALS,
  summary: "Receives OTLP over HTTP, protobuf and JSON.",
  schema,
  notInForce: {
    "protocols.grpc": "gRPC is not served yet: send OTLP/HTTP to protocols.http",
    "protocols.http.middlewares": "middlewares are not run yet",
    "protocols.http.write_timeout": "responses have no time limit of their own",
    ...tlsNotInForce("protocols.http.tls"),
    "protocols.http.tls.client_ca_file_reload": "certificates are read once, at the start",
  },
  create: (config, context) => new OtlpReceiver(config.protocols.http, context),
});

class OtlpReceiver implements Receiver {
  readonly #http: Http | undefined;
  readonly #context: Context;

  constructor(section: Http | undefined, context: Context) {
    this.#http = section?.enabled === true ? section : undefined;
    this.#context = context;
  }

  async start(intake: Intake): Promise<Running> {
    const section = this.#http;
    if (section === undefined) {
      this.#context.logger.log("warn", "Receiver listens on nothing: only OTLP/HTTP is served", { receiver: this.#context.id });
      return { addresses: [], stop: () => Promise.resolve() };
    }
    const { hostname, port } = parseEndpoint(section.endpoint, this.#key);
    const tls = tlsFilesOf(section.tls);
    const handler = otlpHandler(doorOf(section, this.#context.host.bodyBytesMax), this.#context, intake);
    const listener: Listener = await this.#context.host.server.listen(
      {
        hostname,
        port,
        tls,
        requestTimeoutMs: section.read_timeout,
        headersTimeoutMs: section.read_header_timeout,
        idleTimeoutMs: section.idle_timeout,
        key: this.#key,
      },
      section.keep_alives_enabled ? handler : async (head, body) => closing(await handler(head, body)),
    );
    const address = addressOf(tls === undefined ? "http" : "https", hostname, listener.port);
    return { addresses: [address], stop: (deadlineMs) => listener.stop(deadlineMs) };
  }

  get #key(): string {
    return `receivers.${this.#context.id}.protocols.http.endpoint`;
  }
}

function closing<Answered extends { readonly headers: Readonly<Record<string, string>> }>(answer: Answered): Answered {
  return { ...answer, headers: { ...answer.headers, connection: "close" } };
}

function doorOf(section: Http, bodyBytesMax: number = BODY_BYTES_MAX) {
  const paths = new Map<string, Signal>([
    ["/v1development/profiles", "profiles"],
    ["/v1/profiles", "profiles"],
    [section.traces_url_path, "traces"],
    [section.metrics_url_path, "metrics"],
    [section.logs_url_path, "logs"],
  ]);
  const allowed = section.cors?.enabled === true && section.cors.allowed_origins.length > 0 ? section.cors : undefined;
  return {
    paths,
    bodyBytesMax: section.max_request_body_size || bodyBytesMax,
    algorithms: section.compression_algorithms,
    includeMetadata: section.include_metadata,
    responseHeaders: section.response_headers,
    cors:
      allowed === undefined
        ? undefined
        : {
            allowedOrigins: allowed.allowed_origins,
            allowedHeaders: allowed.allowed_headers,
            exposedHeaders: allowed.exposed_headers,
            maxAgeSeconds: allowed.max_age,
          },
  };
}
