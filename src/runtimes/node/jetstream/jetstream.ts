/**
 * NATS JetStream as a broker (base/broker.ts), on Node, Deno and Bun: one connection, one stream with
 * work-queue retention, and for each exporter and signal a subject and a durable pull consumer, which all
 * gateways share. The client connects again by itself, for as long as it takes; meanwhile every call is
 * rejected at once.
 *
 * Limit: a message has `max_payload` of the server, 1 MiB by default, less its headers.
 */
import { readFile } from "node:fs/promises";
import { connect as connectTls, type ConnectionOptions as TlsConnectionOptions, type TLSSocket } from "node:tls";
import { AckPolicy, DiscardPolicy, type JetStreamManager, jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, credsAuthenticator, type NatsConnection, type TlsOptions } from "@nats-io/transport-node";
import { NodeTransport } from "@nats-io/transport-node/lib/node_transport.js";
import type { Broker, BrokerPlace, JetStreamOptions } from "../../../base/broker.ts";
import { SluiceError } from "../../../base/errors.ts";
import type { Signal } from "../../../base/signal.ts";
import { isMissing, type Line, NatsPlace, type PlaceConfig, unreachable } from "./place.ts";

NodeTransport.prototype.startTLS = startTls;

const RECONNECT_WAIT_MS = 500;
/** A server that does not answer two in a row is gone. */
const PING_INTERVAL_MS = 10_000;
/** The server's, unless it says otherwise. */
const PAYLOAD_BYTES_MAX = 1 << 20;
/** For the id of a message, and what the client adds. */
const HEADER_BYTES = 1024;
/** What a subject's part and a consumer's name have in common. */
const PLAIN = /[^A-Za-z0-9_-]/gu;

/** Rejects with `storage` when no server can be reached, with `config` when the stream would lose what it has taken. */
export async function openJetStream(options: JetStreamOptions): Promise<Broker> {
  const connection = await connected(options);
  try {
    const manager = await jetstreamManager(connection, { timeout: options.timeoutMs });
    await ensureStream(manager, options);
    return new JetStreamBroker(connection, manager, options);
  } catch (error) {
    await connection.close();
    throw error instanceof SluiceError ? error : unreachable(`Cannot use JetStream at ${options.servers.join(", ")}`, error, "Start nats-server with -js");
  }
}

class JetStreamBroker implements Broker {
  readonly ackWaitMs: number;
  readonly messageCure = "raise max_payload of nats-server";
  readonly #connection: NatsConnection;
  readonly #options: JetStreamOptions;
  readonly #line: Line;
  #payloadBytesMax = PAYLOAD_BYTES_MAX;

  constructor(connection: NatsConnection, manager: JetStreamManager, options: JetStreamOptions) {
    this.ackWaitMs = options.ackWaitMs;
    this.#connection = connection;
    this.#options = options;
    this.#line = { connection, manager, client: manager.jetstream(), stream: options.stream, timeoutMs: options.timeoutMs, up: true, pulls: new Set() };
    void this.#watch();
  }

  get messageBytesMax(): number {
    // While there is no connection, as it was.
    this.#payloadBytesMax = this.#connection.info?.max_payload ?? this.#payloadBytesMax;
    return this.#payloadBytesMax - HEADER_BYTES;
  }

  async open(exporter: string, signal: Signal): Promise<BrokerPlace> {
    const { ackWaitMs, subjectPrefix } = this.#options;
    const name = partOf(exporter);
    const config: PlaceConfig = {
      durable_name: `${name}-${signal}`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitMs * 1e6,
      max_deliver: -1,
      // What a gateway takes is bounded by its memory, what all of them take by their number.
      max_ack_pending: -1,
    };
    const place = new NatsPlace(this.#line, `${subjectPrefix}.${name}.${signal}`, config);
    await place.waiting();
    return place;
  }

  async close(): Promise<void> {
    // Acknowledgements are on their way; a server that is gone hears of none.
    if (this.#line.up) await this.#connection.drain().catch(() => this.#connection.close());
    else await this.#connection.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect" || type === "staleConnection") this.#lost();
      else if (type === "reconnect") this.#line.up = true;
    }
    this.#lost();
  }

  #lost(): void {
    this.#line.up = false;
    for (const pull of this.#line.pulls) pull.end(new SluiceError("storage", "the connection to NATS was lost"));
  }
}

async function connected(options: JetStreamOptions): Promise<NatsConnection> {
  const servers = options.servers.join(", ");
  try {
    return await connect(await connectionOptions(options));
  } catch (error) {
    throw unreachable(`Cannot connect to NATS at ${servers}`, error, "Start nats-server with -js there, or correct servers and credentials");
  }
}

async function connectionOptions(options: JetStreamOptions): Promise<ConnectionOptions> {
  const { credentialsFile, password, servers, timeoutMs, tls, token, user } = options;
  // What is in it the client takes as: with TLS, or not at all.
  const withTls = tls !== undefined || options.servers.some((url) => url.startsWith("tls:"));
  return {
    servers: [...servers],
    name: "sluice",
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    // Credentials may be wrong for a while, as others are changed: what was taken must be delivered all the same.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    pingInterval: PING_INTERVAL_MS,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credentialsFile)) }),
    ...(withTls ? { tls: tlsOf(tls) } : {}),
  };
}

/**
 * In place of the client's own, which listens for no error between the handshake and what follows it: on Deno
 * a server that does not take the client's certificate says so just then, and would end the process. There the
 * socket under TLS is told, too.
 */
async function startTls(this: NodeTransport): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  // Null and undefined: nothing was asked for.
  const given = this.options.tls ?? undefined;
  const files: Pick<TlsConnectionOptions, "ca" | "cert" | "key"> = (given && (await this.loadClientCerts())) ?? {};
  const options: TlsConnectionOptions = { socket: this.socket, servername: this.tlsName, rejectUnauthorized: true, ...given, ...files };
  const socket = connectTls(options, () => resolve(socket));
  for (const one of [this.socket, socket]) one.on("error", reject);
  socket.once("close", () => reject(new Error("the server closed the connection")));
  return promise;
}

/** The client hands what it does not know on to `node:tls`. */
function tlsOf(tls: Partial<NonNullable<JetStreamOptions["tls"]>> = {}): TlsOptions {
  const given = {
    caFile: tls.caFile,
    ca: tls.caPem,
    certFile: tls.certFile,
    cert: tls.certPem,
    keyFile: tls.keyFile,
    key: tls.keyPem,
    servername: tls.serverName,
    minVersion: tls.minVersion === undefined ? undefined : `TLSv${tls.minVersion}`,
    maxVersion: tls.maxVersion === undefined ? undefined : `TLSv${tls.maxVersion}`,
    rejectUnauthorized: tls.insecureSkipVerify === true ? false : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Makes the stream where it is missing. One that is there stays as it is, if it keeps what it has taken. */
async function ensureStream(manager: JetStreamManager, options: JetStreamOptions): Promise<void> {
  const { bytesMax, create, duplicateWindowMs, replicas, stream, subjectPrefix } = options;
  try {
    const { config } = await manager.streams.info(stream);
    checkStream(config, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!create) {
      throw new SluiceError("config", `Cannot use stream "${stream}": there is none`, { cure: "Make it, or set create_stream to true", cause: error });
    }
    await manager.streams.add({
      name: stream,
      subjects: [`${subjectPrefix}.>`],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      // A full stream refuses, so that the sender hears of it.
      discard: DiscardPolicy.New,
      max_bytes: bytesMax === 0 ? -1 : bytesMax,
      num_replicas: replicas,
      duplicate_window: duplicateWindowMs * 1e6,
    });
  }
}

function checkStream({ discard, max_age, retention, subjects }: StreamConfig, { stream, subjectPrefix }: JetStreamOptions): void {
  const wrong = (state: string, cure: string) => new SluiceError("config", `Cannot use stream "${stream}": ${state}`, { cure });
  if (retention !== RetentionPolicy.Workqueue)
    throw wrong(`its retention is "${retention}"`, "Name another stream: a queue needs retention workqueue, which an existing stream cannot be given");
  if (discard !== DiscardPolicy.New) throw wrong("when it is full it drops what it has taken", `Change it: nats stream edit ${stream} --discard new`);
  if (max_age > 0) throw wrong("it drops what has waited for max_age", `Change it: nats stream edit ${stream} --max-age 0, and give max_elapsed_time instead`);
  if (!subjects.includes(`${subjectPrefix}.>`))
    throw wrong(
      `it does not take the subjects "${subjectPrefix}.>"`,
      `Change it: nats stream edit ${stream} --subjects "${subjectPrefix}.>", or correct subject_prefix`,
    );
}

/** Text as a part of a subject: what is neither letter, digit, hyphen nor underscore as `=` and its code in hex. */
function partOf(text: string): string {
  return text.replaceAll(PLAIN, (character) => `=${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`);
}
