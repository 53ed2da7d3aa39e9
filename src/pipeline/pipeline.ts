/**
 * One pipeline: runs of fused steps, regroupings and stages in order, then the fan-out. A run that
 * drops every item ends the journey with success.
 */
import type { Host } from "../base/host.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Batch } from "./batch.ts";
import type { Processor, Regroup } from "./component.ts";
import type { Counter, Counters } from "./counters.ts";
import { batchFrom, envelopeOf } from "./envelope.ts";
import type { FanOut } from "./fan-out.ts";
import { type Histogram, SECOND_BOUNDS } from "./histogram.ts";
import { ACCEPTED, failureOf, type Outcome } from "./outcome.ts";
import { Run } from "./run.ts";
import type { Envelope, Next, Stage } from "./stage.ts";
import { planRuns, type Step } from "./step.ts";

/** A processor, and its id as configured. */
export interface PlacedProcessor {
  readonly id: string;
  readonly processor: Processor;
}

export interface PipelineParts {
  /** For example `traces/errors`. */
  readonly id: string;
  readonly signal: Signal;
  /** In order. */
  readonly processors: readonly PlacedProcessor[];
  readonly fanOut: FanOut;
  readonly engine: Engine;
  readonly counters: Counters;
  readonly host: Pick<Host, "turn" | "clock">;
}

/** A piece of the way through a pipeline. `run` is what a batch goes through; how long that takes is told. */
export type Part =
  | { readonly kind: "walk"; readonly steps: readonly Step[]; readonly run: Run; readonly duration: Histogram }
  | { readonly kind: "regroup"; readonly id: string; readonly run: Regroup; readonly duration: Histogram }
  | { readonly kind: "stage"; readonly id: string; readonly stage: Stage };

export class Pipeline {
  readonly id: string;
  readonly signal: Signal;
  /** Walks, regroupings and stages, in order. */
  readonly parts: readonly Part[];
  /** Items that its destinations refused for good while the sender was told that all is well. */
  readonly dropped: Counter;
  readonly #fanOut: FanOut;
  readonly #engine: Engine;
  readonly #host: PipelineParts["host"];

  constructor({ id, signal, processors, fanOut, engine, counters, host }: PipelineParts) {
    this.id = id;
    this.signal = signal;
    this.dropped = counters.counter("sluice_pipeline_dropped_items", { pipeline: id, reason: "refused" });
    this.#fanOut = fanOut;
    this.#engine = engine;
    this.#host = host;
    const durationOf = (processor: string) => counters.histogram("otelcol_processor_internal_duration", { processor, "otel.signal": signal }, SECOND_BOUNDS);
    this.parts = partsOf(processors, durationOf, (steps, before) => new Run(engine, signal, steps, counters, before));
  }

  /** Whether anything may be held between requests, so that stopping takes time for it. */
  get holds(): boolean {
    return this.parts.some((part) => part.kind === "stage" && part.stage.state !== "none");
  }

  /** To be called once, before the first batch: stages that have something from before begin to pass it on. */
  async start(): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      if (part.kind === "stage") await part.stage.start?.(this.#next(index));
    }
  }

  /** The caller holds `batch` until this settles. Rejects with `over_budget` when the pool has no room for an edit. */
  consume(batch: Batch): Promise<Outcome> {
    return this.#from(0, batch);
  }

  /** Passes on what stages hold, the first one's first: `leftMs` says how long that may still take. */
  async drain(leftMs: () => number): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      if (part.kind === "stage") await part.stage.drain(this.#next(index), leftMs());
    }
  }

  async #from(index: number, batch: Batch): Promise<Outcome> {
    const part = this.parts[index];
    if (part === undefined) return this.#fanOut.consume(batch);
    if (part.kind === "stage") return part.stage.consume(envelopeOf(batch), this.#next(index));
    const { clock, turn } = this.#host;
    const startMs = clock.monotonicMs();
    const inTurns = part.kind === "walk" && turn !== undefined && part.run.takesTurns(batch);
    let edited: Batch;
    try {
      edited = inTurns ? await part.run.runInTurns(batch, turn) : part.run.run(batch);
    } finally {
      part.duration.record((clock.monotonicMs() - startMs) / 1000);
    }
    try {
      return edited.items === 0 ? ACCEPTED : await this.#from(index + 1, edited);
    } finally {
      edited.release();
    }
  }

  async #fromEnvelope(index: number, envelope: Envelope): Promise<Outcome> {
    let batch: Batch | undefined;
    try {
      batch = batchFrom(this.#engine, envelope);
      return batch.items === 0 ? ACCEPTED : await this.#from(index, batch);
    } catch (error) {
      // Nothing behind this throws once a destination was asked: the fan-out answers with outcomes.
      return failureOf(error);
    } finally {
      batch?.release();
    }
  }

  /** What follows a part. Nothing of a request is in it: a stage may keep it. */
  #next(index: number): Next {
    return (envelope) => this.#fromEnvelope(index + 1, envelope);
  }
}

function partsOf(
  processors: readonly PlacedProcessor[],
  durationOf: (processor: string) => Histogram,
  runOf: (steps: readonly Step[], before: Step | undefined) => Run,
): Part[] {
  const parts: Part[] = [];
  let steps: Step[] = [];
  const close = () => {
    let before: Step | undefined;
    for (const fused of planRuns(steps)) {
      const ids = new Set(fused.map(({ component }) => component));
      parts.push({ kind: "walk", steps: fused, run: runOf(fused, before), duration: durationOf([...ids].join(",")) });
      before = fused.at(-1);
    }
    steps = [];
  };
  for (const { id, processor } of processors) {
    if ("steps" in processor) steps.push(...processor.steps);
    else {
      close();
      parts.push(
        "regroup" in processor ? { kind: "regroup", id, run: processor.regroup, duration: durationOf(id) } : { kind: "stage", id, stage: processor.stage },
      );
    }
  }
  close();
  return parts;
}
