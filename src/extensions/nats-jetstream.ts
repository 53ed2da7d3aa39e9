/**
 * The `nats_jetstream` extension, Sluice's own: a NATS JetStream that keeps sending queues beyond one
 * machine. `sending_queue.storage` names it in place of a `file_storage`. All gateways that name the same
 * stream share what waits in it.
 */
import * as z from "zod";
import type { Broker, JetStreamOptions } from "../base/broker.ts";
import { SluiceError } from "../base/errors.ts";
import type { Host } from "../base/host.ts";
import { brokerComplaints } from "../delivery/broker/settings.ts";
import { defineExtension, type Extension, type ExtensionContext } from "../pipeline/extension.ts";
import { duration, tlsClient, tlsNotInForce } from "../pipeline/settings.ts";

/** As a queue on disk, of one signal. */
const BYTES_MAX = 1 << 30;
const BYTES_LEAST = 1 << 20;
/** JetStream's own. */
const REPLICAS_MAX = 5;
const ACK_WAIT_LEAST_MS = 1000;
/** What a stream, and a part of a subject, may be called. */
const NAME = /^[A-Za-z0-9_-]+$/;
const PREFIX = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

const server = z.string().refine((url) => URL.canParse(url) && /^(?:nats|tls):$/.test(new URL(url).protocol), {
  error: (issue) => `"${String(issue.input)}" is no nats:// or tls:// URL, for example nats://nats.example.com:4222`,
});

const schema = z
  .strictObject({
    servers: z.array(server).min(1).default(["nats://localhost:4222"]).describe("URLs of the servers, nats:// or tls://; any of a cluster will do."),
    stream: z.string().regex(NAME, { error: "letters, digits, - and _" }).default("sluice").describe("Name of the stream."),
    create_stream: z.boolean().default(true).describe("Make the stream where it is missing. One that is there stays as it is."),
    subject_prefix: z
      .string()
      .regex(PREFIX, { error: "parts of letters, digits, - and _, with a dot between them" })
      .default("sluice")
      .describe("What subjects begin with; an exporter and a signal follow."),
    replicas: z.number().int().min(1).max(REPLICAS_MAX).default(1).describe("Servers that have a copy of a stream that is made."),
    max_bytes: z
      .number()
      .int()
      .min(0)
      .default(BYTES_MAX)
      .refine((bytes) => bytes === 0 || bytes >= BYTES_LEAST, { error: `must be 0 or at least ${BYTES_LEAST}` })
      .describe("Bytes of a stream that is made, of all exporters and signals; beyond it requests are answered 503. 0: no limit."),
    duplicate_window: duration().prefault("2m").describe("Of a stream that is made: how long it knows a message that comes again."),
    ack_wait: duration().prefault("30s").describe("What a gateway has that is gone, another one is given after this time. At least 1s."),
    timeout: duration().prefault("5s").describe("For an answer of the server."),
    user: z.string().optional().describe("User name, with `password`."),
    password: z.string().optional().describe("Password."),
    token: z.string().optional().describe("Token, in place of a user."),
    credentials_file: z.string().optional().describe("Path of a .creds file (JWT and key), in place of a user."),
    tls: tlsClient
      .nullish()
      .describe(
        "TLS, with authorities and certificates other than the system's. Without the section there is TLS where the server has it, and with a tls:// URL.",
      ),
  })
  .superRefine((config, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if ((config.user === undefined) !== (config.password === undefined))
      wrong(config.user === undefined ? "user" : "password", "user and password are both needed");
    const ways = (["user", "token", "credentials_file"] as const).filter((key) => config[key] !== undefined);
    const [, second] = ways;
    if (second !== undefined) wrong(second, `${ways.join(" and ")} exclude one another: leave all but one out`);
    if (config.ack_wait < ACK_WAIT_LEAST_MS) wrong("ack_wait", "must be at least 1s");
    if (config.timeout <= 0) wrong("timeout", "must be positive");
  });

type Config = z.output<typeof schema>;

/** The `nats_jetstream` extension. */
export const natsJetStream = defineExtension<Config>({
  id: "nats_jetstream",
  summary: "Keeps sending queues in a NATS JetStream, which several gateways share.",
  stores: true,
  checkExporter: brokerComplaints,
  schema,
  notInForce: { "tls.insecure": "the URL says whether there is TLS: nats:// or tls://", ...tlsNotInForce("tls") },
  create: (config, context) => new NatsJetStream(config, context),
});

class NatsJetStream implements Extension {
  readonly #id: string;
  readonly #options: JetStreamOptions;
  readonly #open: NonNullable<Host["openJetStream"]>;
  readonly #opened = Promise.withResolvers<Broker>();
  #broker: Broker | undefined;

  constructor(config: Config, { host, id }: ExtensionContext) {
    const open = host.openJetStream?.bind(host);
    if (open === undefined) {
      const cure = "Name a file_storage in sending_queue.storage, which is the Durable Object's own there, or run Sluice on Node, Bun or Deno";
      throw new SluiceError("config", `Cannot use extension "${id}" on Workers: requests cannot share a connection`, { path: `extensions.${id}`, cure });
    }
    this.#id = id;
    this.#open = open;
    this.#options = optionsOf(config);
    // Whoever asked hears of it; where nobody did, the start has failed by it.
    this.#opened.promise.catch(() => {});
  }

  broker(): Promise<Broker> {
    return this.#opened.promise;
  }

  async start(): Promise<void> {
    try {
      this.#broker = await this.#open(this.#options);
      this.#opened.resolve(this.#broker);
    } catch (thrown) {
      const error = this.#placed(thrown);
      this.#opened.reject(error);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#broker?.close();
  }

  /** With the place in the configuration that it is about. */
  #placed(error: unknown): unknown {
    if (!(error instanceof SluiceError)) return error;
    const { code, cure, message, retryable } = error;
    return new SluiceError(code, message, { path: `extensions.${this.#id}`, retryable, cause: error, ...(cure === undefined ? {} : { cure }) });
  }
}

function optionsOf(config: Config): JetStreamOptions {
  const tls = config.tls?.enabled === true ? config.tls : undefined;
  return {
    servers: config.servers,
    stream: config.stream,
    create: config.create_stream,
    subjectPrefix: config.subject_prefix,
    replicas: config.replicas,
    bytesMax: config.max_bytes,
    duplicateWindowMs: config.duplicate_window,
    ackWaitMs: config.ack_wait,
    timeoutMs: config.timeout,
    user: config.user,
    password: config.password,
    token: config.token,
    credentialsFile: config.credentials_file,
    tls: tls && {
      insecureSkipVerify: tls.insecure_skip_verify,
      caFile: tls.ca_file,
      caPem: tls.ca_pem,
      certFile: tls.cert_file,
      certPem: tls.cert_pem,
      keyFile: tls.key_file,
      keyPem: tls.key_pem,
      serverName: tls.server_name_override,
      minVersion: tls.min_version,
      maxVersion: tls.max_version,
    },
  };
}
