/**
 * A broker: a queue of messages outside of the process, which several gateways share. What delivery needs
 * of one, and no more, so that a test, or another broker, can stand in.
 *
 * Contract: what `publish` resolved for is handed out until somebody acknowledges it, to one gateway at a
 * time. A message that is neither settled nor said to be worked on for `ackWaitMs` is handed out again, to
 * anyone: so is what a gateway had that is gone. Messages of a place are handed out about in their order.
 */
import type { Signal } from "./signal.ts";
import type { TlsClientOptions } from "./host.ts";

/** A message that was handed out to this process. It is settled once, by the first of `ack`, `discard` and `retryLater`. */
export interface BrokerMessage {
  /** Under which it was published. */
  readonly id: string;
  /** Its number in the place: the same each time that it is handed out. */
  readonly seq: number;
  /** The caller's own. */
  readonly bytes: Uint8Array;
  /** It is over: nobody is given it again. What cannot be told to the broker is given to somebody again. */
  ack(): void;
  /** As `ack`, and who watches the broker is told why nobody could use it. */
  discard(reason: string): void;
  /** For anyone, after `ms`. */
  retryLater(ms: number): void;
  /** It is being worked on: its time begins anew. */
  working(): void;
}

/** A message that the broker keeps. */
export interface Published {
  /** As `BrokerMessage.seq`. */
  readonly seq: number;
  /** The broker had a message of this id already, from another call: this one was not added. */
  readonly duplicate: boolean;
  /** Takes it back, also from who was given it. Rejects when that cannot be told to the broker. */
  remove(): Promise<void>;
}

/** What waits for one destination, of one signal. */
export interface BrokerPlace {
  /**
   * Resolves when it is kept. Of messages with the same id the broker keeps the first, for some minutes.
   * Rejects with `storage`, retryable: it may be kept all the same, and then it is handed out. The bytes
   * are read before it resolves.
   */
  publish(id: string, bytes: Uint8Array): Promise<Published>;
  /**
   * Hands out messages of at most `bytesMax` bytes together, what the broker adds to them included, as they
   * come. Resolves when the next one would be too many, or after some time; rejects with `storage` when the
   * broker cannot be asked. One call at a time.
   */
  pull(bytesMax: number, onMessage: (message: BrokerMessage) => void): Promise<void>;
  /** Messages that are not over, those that were handed out included, to whomever. Rejects with `storage`. */
  waiting(): Promise<number>;
  /** Ends a pull: from now on nothing is handed out here. `publish` goes on, and so does what a message can be told. */
  stop(): void;
}

/** What bounds a message. */
export interface MessageLimit {
  /** Bytes of a message at the most. */
  readonly messageBytesMax: number;
  /** What to do about an item that alone is larger: its sender is told. */
  readonly messageCure: string;
}

export interface Broker extends MessageLimit {
  /** How long a message may be out without a word. */
  readonly ackWaitMs: number;
  /** Where messages for this exporter wait; it is made where it is missing. Rejects with `config` or `storage`. */
  open(exporter: string, signal: Signal): Promise<BrokerPlace>;
  /** Ends it, once what was told to it has arrived there. */
  close(): Promise<void>;
}

/** Where a JetStream is, and how its stream is to be. */
export interface JetStreamOptions {
  /** `nats://host:port` or `tls://host:port`; any of them will do. */
  readonly servers: readonly string[];
  readonly stream: string;
  /** Make the stream where it is missing. */
  readonly create: boolean;
  /** Subjects are `<prefix>.<exporter>.<signal>`. */
  readonly subjectPrefix: string;
  /** Of a stream that is made, as are `bytesMax` (0: no limit) and `duplicateWindowMs`. */
  readonly replicas: number;
  readonly bytesMax: number;
  readonly duplicateWindowMs: number;
  readonly ackWaitMs: number;
  /** For an answer of the server. */
  readonly timeoutMs: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly credentialsFile?: string | undefined;
  /** Undefined: with the system's authorities, where the server has TLS, or a URL asks for it. Otherwise always. */
  readonly tls?: TlsClientOptions | undefined;
}

/** A message of a queue that hands out by calling us. */
export interface HandedMessage {
  readonly exporter: string;
  readonly signal: Signal;
  readonly items: number;
  /** A stored batch; the caller's own. */
  readonly bytes: Uint8Array;
  /** Times that it was handed out, this one included. */
  readonly attempts: number;
}

/** What becomes of it: nobody needs it any more, or somebody is given it again after `afterMs`. */
export type Verdict = { readonly kind: "done" } | { readonly kind: "again"; readonly afterMs: number };

/** A queue that the platform keeps, and hands out by calling us: for as long as one is not settled it has it. */
export interface PlatformQueue extends MessageLimit {
  /** Resolves when it is kept, rejects when it may not be. */
  send(message: Omit<HandedMessage, "attempts">): Promise<void>;
  /** Who is given what waits for this exporter and signal. The handler never rejects. */
  onMessage(exporter: string, signal: Signal, handler: (message: HandedMessage) => Promise<Verdict>): void;
}
