/**
 * One pipeline: runs of fused steps and stages in order, then the fan-out. A run that drops every
 * item ends the journey with success.
 */
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import { Batch } from "./batch.ts";
import type { Processor } from "./component.ts";
import type { Counters } from "./counters.ts";
import type { FanOut } from "./fan-out.ts";
import { ACCEPTED, type Outcome } from "./outcome.ts";
import { Run } from "./run.ts";
import type { Envelope, Stage } from "./stage.ts";
import { planRuns, type Step } from "./step.ts";

export interface PipelineParts {
  readonly signal: Signal;
  readonly processors: readonly Processor[];
  readonly fanOut: FanOut;
  readonly engine: Engine;
  readonly counters: Counters;
}

type Part = Run | Stage;

export class Pipeline {
  readonly signal: Signal;
  /** Walks and stages, in order. */
  readonly parts: readonly Part[];
  readonly #fanOut: FanOut;
  readonly #engine: Engine;

  constructor({ signal, processors, fanOut, engine, counters }: PipelineParts) {
    this.signal = signal;
    this.#fanOut = fanOut;
    this.#engine = engine;
    this.parts = partsOf(processors, (steps) => new Run(engine, signal, steps, counters));
  }

  /** The caller holds `batch` until this settles. Rejects with `over_budget` when the pool has no room for an edit. */
  consume(batch: Batch): Promise<Outcome> {
    return this.#from(0, batch);
  }

  /** Passes on what stages hold. */
  async drain(): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      if (!(part instanceof Run)) await part.drain((envelope) => this.#fromEnvelope(index + 1, envelope));
    }
  }

  async #from(index: number, batch: Batch): Promise<Outcome> {
    const part = this.parts[index];
    if (part === undefined) return this.#fanOut.consume(batch);
    if (!(part instanceof Run)) return part.consume(envelopeOf(this.#engine, batch), (envelope) => this.#fromEnvelope(index + 1, envelope));
    const edited = part.run(batch);
    try {
      return edited.items === 0 ? ACCEPTED : await this.#from(index + 1, edited);
    } finally {
      edited.release();
    }
  }

  async #fromEnvelope(index: number, envelope: Envelope): Promise<Outcome> {
    const batch = batchFrom(this.#engine, envelope);
    try {
      return batch.items === 0 ? ACCEPTED : await this.#from(index, batch);
    } finally {
      batch.release();
    }
  }
}

function partsOf(processors: readonly Processor[], runOf: (steps: readonly Step[]) => Run): Part[] {
  const parts: Part[] = [];
  let steps: Step[] = [];
  const close = () => {
    for (const fused of planRuns(steps)) parts.push(runOf(fused));
    steps = [];
  };
  for (const processor of processors) {
    if ("steps" in processor) steps.push(...processor.steps);
    else {
      close();
      parts.push(processor.stage);
    }
  }
  close();
  return parts;
}

/** Copies the batch's requests out of the pool: an envelope outlives the batch, and may leave the process. */
export function envelopeOf(engine: Engine, batch: Batch): Envelope {
  const requests = batch.chunks.map((chunk) => {
    const { start, end } = chunk.contiguous(engine.pool);
    return engine.bytes.slice(start, end);
  });
  return { signal: batch.signal, requests, id: batch.id, origin: batch.origin };
}

/** A batch, held by the caller, of what a stage passes on. Throws `over_budget`, and `internal` when a stage made a damaged request. */
export function batchFrom(engine: Engine, { signal, requests, id, origin }: Envelope): Batch {
  const chunks = [];
  let items = 0;
  for (const request of requests) {
    const block = engine.pool.take(request.length);
    const admission =
      block === undefined ? undefined : (engine.bytes.set(request, block.start), engine.admit(signal, block.start, block.start + request.length, block));
    if (admission?.kind !== "admitted") {
      for (const chunk of chunks) chunk.release();
      if (admission === undefined) throw new SluiceError("over_budget", "Cannot take a stage's batch: no room in the pool", { retryable: true });
      throw new SluiceError("internal", `Cannot take a stage's batch: ${admission.message}`);
    }
    chunks.push(admission.chunk);
    items += admission.items;
  }
  return new Batch({ signal, chunks, id, items, origin });
}
