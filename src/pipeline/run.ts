/**
 * Batches through one walk (walk.ts) for a row of fused steps, and the counters of those steps. A large
 * batch is walked a slice at a time, and others have their turn between two of them (law 4); who comes for
 * the same run meanwhile waits.
 */
import { SluiceError } from "../base/errors.ts";
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
  /** Settles when the large batch that is under way here is done. */
  #underWay: Promise<void> | undefined;

  /** `before` is the last step of the walk before this one, which handed on all that it took: undefined for none. */
  constructor(engine: Engine, signal: Signal, steps: readonly Step[], counters: Counters, before?: Step) {
    this.#before = before?.component;
    this.#fused = steps.map((step) => fusedOf(step, signal, counters));
    this.#walk = new Walk(engine, signal, steps);
  }

  /** Walks done, and scripts applied: the proof of fusing. */
  get walked(): number {
    return this.#walk.walked;
  }

  get applied(): number {
    return this.#walk.applied;
  }

  /**
   * The batch after the steps: the same one, retained once more, when nothing changed; otherwise a
   * new one, which the caller holds. No items left: a batch of no items. Throws `over_budget`.
   */
  run(batch: Batch): Batch {
    if (this.#underWay !== undefined) throw new SluiceError("internal", "Cannot walk a batch: another one is under way");
    const edited: Chunk[] = [];
    try {
      this.#walk.open(batch.origin);
      for (const chunk of batch.chunks) {
        this.#walk.enter(chunk, WHOLE);
        edited.push(this.#walk.leave(chunk));
      }
    } catch (error) {
      this.#abandon(edited);
      throw error;
    }
    return this.#handOn(batch, edited);
  }

  /** Whether a batch has to wait for another one here, or is so large that others should not wait for all of it. */
  takesTurns(batch: Batch): boolean {
    return this.#underWay !== undefined || isLarge(batch, SLICE);
  }

  /** As `run`, for which `turn` lets others do something after each slice. The caller holds the batch until this settles. */
  async runInTurns(batch: Batch, turn: () => Promise<void>, slice: Slice = SLICE): Promise<Batch> {
    while (this.#underWay !== undefined) await this.#underWay;
    if (!isLarge(batch, slice)) return this.run(batch);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay = promise;
    const edited: Chunk[] = [];
    try {
      this.#walk.open(batch.origin);
      for (const chunk of batch.chunks) {
        this.#walk.enter(chunk, slice);
        while (!this.#walk.done) {
          await turn();
          this.#walk.goOn(chunk, slice);
        }
        edited.push(this.#walk.leave(chunk));
      }
    } catch (error) {
      this.#abandon(edited);
      throw error;
    } finally {
      this.#underWay = undefined;
      resolve();
    }
    return this.#handOn(batch, edited);
  }

  #abandon(edited: readonly Chunk[]): void {
    for (const chunk of edited) chunk.release();
    this.#walk.abandon();
  }

  #handOn(batch: Batch, edited: readonly Chunk[]): Batch {
    const items = this.#count(batch.items);
    if (edited.every((chunk, index) => chunk === batch.chunks[index])) {
      for (const chunk of edited) chunk.release();
      return batch.retain();
    }
    return new Batch({ signal: batch.signal, chunks: edited, id: batch.id, items, origin: batch.origin });
  }

  #count(incoming: number): number {
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
      const dropped = this.#walk.dropped(index);
      items -= dropped;
      if (fused === this.#fused.at(-1)) items += this.#replacedItems(fused);
      if (this.#fused[index + 1]?.step.component !== component) fused.outgoing.add(items - told);
      if (dropped > 0) fused.reason.add(dropped);
    }
    return items;
  }

  #replacedItems({ created, folded }: Fused): number {
    const walk = this.#walk;
    if (walk.created > 0) created.add(walk.created);
    if (walk.folded > 0) folded.add(walk.folded);
    return walk.created - walk.folded;
  }
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
