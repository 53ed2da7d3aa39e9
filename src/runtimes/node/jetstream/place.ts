/** One subject of the stream and its durable pull consumer: what waits for one exporter, of one signal. */
import { type ConsumerConfig, JetStreamApiError, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node";
import type { BrokerMessage, BrokerPlace, Published } from "../../../base/broker.ts";
import { messageOf, SluiceError } from "../../../base/errors.ts";

/** How long a pull waits for messages. */
const PULL_MS = 30_000;
/** As many as a pull is for, at the most. */
const PULL_MESSAGES = 256;
/** While nothing comes the server says so, this often; one that does not for twice the time is gone. */
const HEARTBEAT_MS = 5000;
const NANOS = 1e6;
const ID_HEADER = "Nats-Msg-Id";
/** `err_code` of an answer: no such consumer, no such stream. */
const MISSING: ReadonlySet<number> = new Set([10014, 10059]);
const HEARTBEAT = 100;
const CONFLICT = 409;
/** What ends a pull in good order: no message, its time is over; and of the conflicts, those that say that it was served. */
const ENDS: ReadonlySet<number> = new Set([404, 408]);
const SERVED = /batch completed|exceeds maxbytes/i;
/** Of the parts of a reply subject, that with the message's number; with domain and account it is two further on. */
const ACK_SEQ = 5;
const ACK_TOKENS_WITH_DOMAIN = 11;

/** The connection that places share. */
export interface Line {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly client: JetStreamClient;
  readonly stream: string;
  readonly timeoutMs: number;
  /** Whether there is a connection. */
  up: boolean;
  /** Told when it is gone. */
  readonly pulls: Set<Pull>;
}

/** What sets a place's consumer apart, and how it is to be. */
export type PlaceConfig = Partial<ConsumerConfig> & Required<Pick<ConsumerConfig, "ack_wait">> & { readonly durable_name: string };

export class NatsPlace implements BrokerPlace {
  readonly #line: Line;
  readonly #subject: string;
  readonly #config: PlaceConfig;
  /** Whether the consumer is there: looked for once, and again after a failure. */
  #found = false;
  #pull: Pull | undefined;
  #stopped = false;

  constructor(line: Line, subject: string, config: PlaceConfig) {
    this.#line = line;
    this.#subject = subject;
    this.#config = { ...config, filter_subject: subject };
  }

  publish(id: string, bytes: Uint8Array): Promise<Published> {
    return this.#ask("publish to", async () => {
      const { manager, stream } = this.#line;
      const { duplicate, seq } = await this.#publish(id, bytes);
      return { seq, duplicate, remove: () => this.#ask("delete from", async () => void (await manager.streams.deleteMessage(stream, seq, false))) };
    });
  }

  async pull(bytesMax: number, onMessage: (message: BrokerMessage) => void): Promise<void> {
    await this.#ask("read from", async () => {
      await this.#find();
      if (this.#stopped) return;
      const { durable_name: name } = this.#config;
      this.#pull = new Pull(this.#line, name, bytesMax, (message) => onMessage(new NatsMessage(message, this.#line, this.#idOf(message))));
      await this.#pull.over;
    });
  }

  waiting(): Promise<number> {
    return this.#ask("count", async () => {
      const { manager, stream } = this.#line;
      await this.#find();
      const { num_ack_pending, num_pending } = await manager.consumers.info(stream, this.#config.durable_name);
      return num_pending + num_ack_pending;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#pull?.end();
  }

  /** A second time where no answer came: the server has it once, by its id. */
  async #publish(id: string, bytes: Uint8Array): Promise<{ readonly duplicate: boolean; readonly seq: number }> {
    const { client, timeoutMs } = this.#line;
    // Ids are one space in the whole of a stream.
    const options = { msgID: `${this.#config.durable_name}/${id}`, timeout: timeoutMs };
    try {
      return await client.publish(this.#subject, bytes, options);
    } catch (error) {
      if (!(error instanceof Error && error.name === "TimeoutError" && this.#line.up)) throw error;
      return { ...(await client.publish(this.#subject, bytes, options)), duplicate: false };
    }
  }

  #idOf({ headers }: Msg): string {
    return (headers?.get(ID_HEADER) ?? "").slice(this.#config.durable_name.length + 1);
  }

  /** Makes the consumer where it is missing. */
  async #find(): Promise<void> {
    if (this.#found) return;
    const { manager, stream } = this.#line;
    const { ack_wait, durable_name: name } = this.#config;
    try {
      const { config } = await manager.consumers.info(stream, name);
      if (config.ack_wait !== ack_wait) await manager.consumers.update(stream, name, { ack_wait });
    } catch (error) {
      if (!isMissing(error)) throw error;
      await manager.consumers.add(stream, this.#config);
    }
    this.#found = true;
  }

  async #ask<Answer>(verb: string, call: () => Promise<Answer>): Promise<Answer> {
    const { stream, up } = this.#line;
    if (!up) throw unreachable(`Cannot ${verb} stream "${stream}"`, "there is no connection to NATS");
    try {
      return await call();
    } catch (error) {
      // A server that lost its store has no consumer any more.
      this.#found = false;
      throw unreachable(`Cannot ${verb} stream "${stream}"`, error);
    }
  }
}

/**
 * One request for messages (ADR-13). The client's own `fetch` is not used: with a bound of bytes it does not
 * see that a request was served by the number of messages, and waits until heartbeats are missed.
 */
export class Pull {
  /** Rejects when the server is gone, or has the consumer no more. */
  readonly over: Promise<void>;
  readonly #line: Line;
  readonly #inbox = createInbox();
  readonly #subscription: { unsubscribe(): void };
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #onMessage: (message: Msg) => void;
  #left = PULL_MESSAGES;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(line: Line, consumer: string, bytesMax: number, onMessage: (message: Msg) => void) {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const { connection, stream } = line;
    this.over = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#line = line;
    this.#onMessage = onMessage;
    this.#subscription = connection.subscribe(this.#inbox, { callback: (error, message) => (error === null ? this.#heard(message) : this.end(error)) });
    line.pulls.add(this);
    this.#listen();
    const request = { batch: PULL_MESSAGES, max_bytes: bytesMax, expires: PULL_MS * NANOS, idle_heartbeat: HEARTBEAT_MS * NANOS };
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: this.#inbox });
  }

  /** A second time it does nothing. */
  end(error?: unknown): void {
    clearTimeout(this.#timer);
    this.#line.pulls.delete(this);
    this.#subscription.unsubscribe();
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  #heard(message: Msg): void {
    this.#listen();
    if (message.subject === this.#inbox) return this.#told(message);
    this.#left--;
    this.#onMessage(message);
    if (this.#left === 0) this.end();
  }

  /** By the server, about the request. */
  #told({ headers }: Msg): void {
    const { code = 0, description = "" } = headers ?? {};
    if (code === HEARTBEAT) return;
    if (ENDS.has(code) || (code === CONFLICT && SERVED.test(description))) this.end();
    else this.end(new SluiceError("storage", `${code} ${description}`));
  }

  #listen(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(new SluiceError("storage", "the server is silent")), 2 * HEARTBEAT_MS);
    this.#timer.unref();
  }
}

/** What is said of a message goes to its reply subject, as text. */
class NatsMessage implements BrokerMessage {
  readonly id: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly #message: Msg;
  readonly #line: Line;
  #settled = false;

  constructor(message: Msg, line: Line, id: string) {
    this.id = id;
    this.seq = seqOf(message.reply ?? "");
    // Of Node's own kind, whose `slice` makes no copy.
    this.bytes = new Uint8Array(message.data.buffer, message.data.byteOffset, message.data.length);
    this.#message = message;
    this.#line = line;
  }

  ack(): void {
    this.#settle("+ACK");
  }

  discard(reason: string): void {
    this.#settle(`+TERM ${reason}`);
  }

  retryLater(ms: number): void {
    this.#settle(ms > 0 ? `-NAK ${JSON.stringify({ delay: Math.ceil(ms) * NANOS })}` : "-NAK");
  }

  working(): void {
    // The client would keep each of them until it is connected again.
    if (this.#line.up && !this.#settled) this.#tell("+WPI");
  }

  #settle(word: string): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#tell(word);
  }

  #tell(word: string): void {
    try {
      this.#message.respond(word);
    } catch {
      // The connection was closed: the server hands the message out again, as the contract says.
    }
  }
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>...`, or with domain and account in front of the stream (ADR-15). */
function seqOf(reply: string): number {
  const tokens = reply.split(".");
  return Number(tokens[tokens.length < ACK_TOKENS_WITH_DOMAIN ? ACK_SEQ : ACK_SEQ + 2]);
}

/** Whether an answer says that there is no such stream, or consumer. */
export function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && MISSING.has(error.code);
}

/** What the broker could not do now. */
export function unreachable(what: string, cause: unknown, cure?: string): SluiceError {
  return new SluiceError("storage", `${what}: ${messageOf(cause)}`, { retryable: true, cause, ...(cure === undefined ? {} : { cure }) });
}
