/**
 * A stage needs more than one item at a time, time, or memory. It is location-transparent: what
 * crosses its boundary is an envelope (bytes and plain data) and an outcome, so that it can run in
 * this process or behind `structuredClone` in another isolate, with the same answer.
 */
import type { Signal } from "../base/signal.ts";
import type { Outcome } from "./outcome.ts";

/** A batch as it crosses a stage's boundary. Survives `structuredClone`. */
export interface Envelope {
  readonly signal: Signal;
  /** Whole requests, each a valid serialized export request; owned by whoever holds the envelope. What a stage is given was checked. */
  readonly requests: readonly Uint8Array[];
  /** Leaf items in all the requests. Counted again when what a stage passes on is not `checked`. */
  readonly items: number;
  /**
   * Set by a stage on what it passes on when every request is one that it was given, or was laid end
   * to end or divided (`partition`) from such: then it is not checked again.
   */
  readonly checked?: true;
  readonly id: string;
  readonly origin: PlainOrigin;
  /**
   * Set on what a stage is given where memory alone may be lost: the number under which it is kept until
   * it was answered (pipeline/kept). A stage that passes it on while its caller waits leaves it set.
   */
  readonly entry?: number;
  /** Set by a stage on what it passes on after it held it: the entries that it is made of. */
  readonly madeOf?: readonly Share[];
  /** Set by a stage on what it passes on while its caller waits, of an entry whose other part it then holds. */
  readonly restOf?: number;
  /** Set on an entry that is given again: its `restOf` was answered, and is not to be passed on once more. */
  readonly restAnswered?: true;
}

/** What of an entry is in an envelope. */
export interface Share {
  readonly entry: number;
  /** Leaf items: an entry is let go when all of its items were answered. */
  readonly items: number;
}

/** Where a batch came from. Plain data. */
export interface PlainOrigin {
  readonly receiver: string;
  readonly peer: string;
  readonly tenant: string;
  readonly arrivedMs: number;
  /** Headers kept by `include_metadata`, lower-case names. Empty otherwise. */
  readonly headers: Readonly<Record<string, string>>;
  /** The sender's own key of the request (`Idempotency-Key`): a destination that has taken it is not sent it again. */
  readonly key?: string;
}

/**
 * The rest of the pipeline. It belongs to the pipeline and not to a request: a stage of state
 * `process` may call it later. What goes wrong is an outcome; it does not reject.
 */
export type Next = (envelope: Envelope) => Promise<Outcome>;

export interface Stage {
  /** `none`: no memory between calls. `process`: memory of this process. `keyed`: memory by key, which may live elsewhere. */
  readonly state: "none" | "process" | "keyed";
  /** Sets `madeOf`: what it holds may be kept for it (pipeline/kept). Only for one of state `process` that holds telemetry. */
  readonly namesEntries?: true;
  /** Called once, before anything else, with what follows: by a stage that has something from before. */
  start?(next: Next): Promise<void>;
  /** Takes an envelope and resolves when what it passes on was answered by `next`, or with its own refusal, or, when it holds the data, at once. */
  consume(envelope: Envelope, next: Next): Promise<Outcome>;
  /** Passes on what is held, and counts as dropped what was not answered `deadlineMs` from now. Nothing is held after the call. */
  drain(next: Next, deadlineMs: number): Promise<void>;
}
