/**
 * A connector ends some pipelines, as an exporter does, and begins others, as a receiver does, of the
 * same signal or of another. How a batch goes through:
 *
 *     traces/in ─▶ fan-out ─┬─▶ exporter
 *                           └─▶ connector ─┬─ part ─┬─▶ traces/a ─▶ its fan-out ─▶ exporters
 *                                          │        └─▶ traces/b ─▶ ...
 *                                          └─ part ───▶ traces/c ─▶ ...
 *                     ◀────────────────── one outcome of all that was delivered ◀─┘
 *
 * The sender is answered when every destination behind every part has answered (law 1). Parts are
 * batches over retained blocks: one that goes to several pipelines is shared, and one that nothing was
 * changed in is the batch that came.
 *
 * It is location-transparent, as stages are: what it takes and what it gives is bytes and the ids of
 * pipelines. One without memory is a function from a batch to parts, which the contract test runs behind
 * `structuredClone` as well; one that holds or waits is called with envelopes.
 *
 * Law 2, by `connector` and signals: consumed + created = produced + folded + dropped (+ held).
 */
import type { Signal } from "../base/signal.ts";
import type { Batch } from "./batch.ts";
import type { Outcome } from "./outcome.ts";
import type { Envelope, Stage } from "./stage.ts";

/** What a connector can stand between: for each signal that it takes, those that it gives. */
export type Joins = Readonly<Partial<Record<Signal, readonly Signal[]>>>;

/** Where one instance of a connector stands. There is one for each pair of signals that is in use. */
export interface Wiring {
  readonly from: Signal;
  readonly to: Signal;
  /** Ids of the pipelines of signal `to` that receive from it, in the configuration's order; one at least. */
  readonly pipelines: readonly string[];
}

/** A batch of the signal `to`, and the pipelines that it goes to: ids of `Wiring.pipelines`. */
export interface Directed {
  /** Held for whoever takes it. */
  readonly batch: Batch;
  readonly pipelines: readonly string[];
}

/** Passes an envelope on to these pipelines. Belongs to the gateway, not to a request; does not reject. */
export type Emit = (envelope: Envelope, pipelines: readonly string[]) => Promise<Outcome>;

/** A connector that holds, waits, or decides by outcomes. `state` means what it means for a stage. */
export interface ConnectorStage {
  readonly state: Stage["state"];
  consume(envelope: Envelope, emit: Emit): Promise<Outcome>;
  /** Passes on what is held, and counts as dropped what was not answered `deadlineMs` from now. */
  drain(emit: Emit, deadlineMs: number): Promise<void>;
}

export type Connector =
  /** Without memory, and at once. The caller holds the batch. What it throws is the outcome; nothing is held then. */
  { readonly divide: (batch: Batch) => readonly Directed[] } | { readonly stage: ConnectorStage };
