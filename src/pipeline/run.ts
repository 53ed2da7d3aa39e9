/**
 * Batches through one walk (walk.ts) for a row of fused steps, and the counters of those steps. A large
 * batch is walked a slice at a time, and others have their turn between two of them (law 4): in a walk of
 * its own, so that small ones go on here, too. One large batch at a time.
 */
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Chunk } from "../wire/chunk.ts";
import { Batch } from "./batch.ts";
import type { Counter, Counters } from "./counters.ts";
import type { Step } from "./step.ts";
import { type Slice, Walk, WHOLE } from "./walk.ts";

/** Some ten milliseconds of ordinary rules. */
const SLICE: Slice = { records: 16_384, bytes: 4 << 20 };

interface Fused {
  readonly step: Step;
  readonly incoming: Counter;
  readonly outgoing: Counter;
  readonly reason: Counter;
  /** Data points that it added, and those that it folded into others: of steps that replace metrics. */
  readonly created: Counter;
  readonly folded: Counter;
}

export class Run {
  readonly #fused: readonly Fused[];
  /** The component of the step before the first one, in the walk before this: its steps go on here. */
  readonly #before: string | undefined;
  readonly #walk: Walk;
  /** Of large batches. */
  readonly #slicedWalk: Walk;
  /** Settles when the large batch that is under way is done. */
  #underWay: Promise<void> | undefined;

  /** `before` is the last step of the walk before this one, which handed on all that it took: undefined for none. */
  constructor(engine: Engine, signal: Signal, steps: readonly Step[], counters: Counters, before?: Step) {
    this.#before = before?.component;
    this.#fused = steps.map((step) => fusedOf(step, signal, counters));
    this.#walk = new Walk(engine, signal, steps);
    this.#slicedWalk = new Walk(engine, signal, steps);
  }

  /** Walks done, and scripts applied: the proof of fusing. */
  get walked(): number {
    return this.#walk.walked + this.#slicedWalk.walked;
  }

  get applied(): number {
    return this.#walk.applied + this.#slicedWalk.applied;
  }

  /**
   * The batch after the steps: the same one, retained once more, when nothing changed; otherwise a
   * new one, which the caller holds. No items left: a batch of no items. Throws `over_budget`.
   */
  run(batch: Batch): Batch {
    const walk = this.#walk;
    const edited: Chunk[] = [];
    try {
      walk.open(batch.origin);
      for (const chunk of batch.chunks) {
        walk.enter(chunk, WHOLE);
        edited.push(walk.leave(chunk));
      }
    } catch (error) {
      abandon(walk, edited);
      throw error;
    }
    return this.#handOn(walk, batch, edited);
  }

  /** Whether a batch is so large that others should not wait for all of it. */
  takesTurns(batch: Batch): boolean {
    return isLarge(batch, SLICE);
  }

  /** As `run`, for which `turn` lets others do something after each slice. The caller holds the batch until this settles. */
  async runInTurns(batch: Batch, turn: () => Promise<void>, slice: Slice = SLICE): Promise<Batch> {
    while (this.#underWay !== undefined) await this.#underWay;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay = promise;
    const walk = this.#slicedWalk;
    const edited: Chunk[] = [];
    try {
      walk.open(batch.origin);
      for (const chunk of batch.chunks) {
        walk.enter(chunk, slice);
        while (!walk.done) {
          await turn();
          walk.goOn(chunk, slice);
        }
        edited.push(walk.leave(chunk));
      }
      return this.#handOn(walk, batch, edited);
    } catch (error) {
      abandon(walk, edited);
      throw error;
    } finally {
      this.#underWay = undefined;
      resolve();
    }
  }

  #handOn(walk: Walk, batch: Batch, edited: readonly Chunk[]): Batch {
    const items = this.#count(walk, batch.items);
    if (edited.every((chunk, index) => chunk === batch.chunks[index])) {
      for (const chunk of edited) chunk.release();
      return batch.retain();
    }
    return new Batch({ signal: batch.signal, chunks: edited, id: batch.id, items, origin: batch.origin });
  }

  #count(walk: Walk, incoming: number): number {
    let items = incoming;
    // A component that goes on here has told already what it took, and that it passed all of it on: so much of it is told again.
    let told = incoming;
    for (const [index, fused] of this.#fused.entries()) {
      // Of one component's steps in a row the first and the last are its door and its exit.
      const { component } = fused.step;
      if ((index === 0 ? this.#before : this.#fused[index - 1]?.step.component) !== component) {
        fused.incoming.add(items);
        told = 0;
      }
      const dropped = walk.dropped(index);
      items -= dropped;
      if (fused === this.#fused.at(-1)) items += replacedItems(fused, walk);
      if (this.#fused[index + 1]?.step.component !== component) fused.outgoing.add(items - told);
      if (dropped > 0) fused.reason.add(dropped);
    }
    return items;
  }
}

function replacedItems({ created, folded }: Fused, walk: Walk): number {
  if (walk.created > 0) created.add(walk.created);
  if (walk.folded > 0) folded.add(walk.folded);
  return walk.created - walk.folded;
}

function abandon(walk: Walk, edited: readonly Chunk[]): void {
  for (const chunk of edited) chunk.release();
  walk.abandon();
}

/** Whether others should not wait for all of it. */
function isLarge({ chunks, items }: Batch, { bytes, records }: Slice): boolean {
  return items > records || chunks.reduce((sum, { length }) => sum + length, 0) > bytes;
}

function fusedOf(step: Step, signal: Signal, counters: Counters): Fused {
  const labels = { processor: step.component, "otel.signal": signal };
  return {
    step,
    incoming: counters.counter("otelcol_processor_incoming_items", labels),
    outgoing: counters.counter("otelcol_processor_outgoing_items", labels),
    created: counters.counter("sluice_processor_created_items", labels),
    folded: counters.counter("sluice_processor_folded_items", labels),
    reason: counters.counter("sluice_processor_dropped_items", { ...labels, reason: step.dropReason }),
  };
}
