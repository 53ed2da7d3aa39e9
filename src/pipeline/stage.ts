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
  /** Whole requests, each a valid serialized export request; owned by whoever holds the envelope. */
  readonly requests: readonly Uint8Array[];
  readonly id: string;
  readonly origin: PlainOrigin;
}

/** Where a batch came from. Plain data. */
export interface PlainOrigin {
  readonly receiver: string;
  readonly peer: string;
  readonly tenant: string;
  readonly arrivedMs: number;
  /** Headers kept by `include_metadata`, lower-case names. Empty otherwise. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Stage {
  /** `none`: no memory between calls. `process`: memory of this process. `keyed`: memory by key, which may live elsewhere. */
  readonly state: "none" | "process" | "keyed";
  /** Takes an envelope and resolves when what it passes on was answered by `next`, or with its own refusal. */
  consume(envelope: Envelope, next: (envelope: Envelope) => Promise<Outcome>): Promise<Outcome>;
  /** Passes on what is held. */
  drain(next: (envelope: Envelope) => Promise<Outcome>): Promise<void>;
}
