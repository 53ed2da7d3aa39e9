/** A row of processors over one request, twice: fused in a pipeline, and each step in a walk of its own. */
import { expect } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Batch } from "../../src/pipeline/batch.ts";
import type { Processor } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { batchFrom, envelopeOf } from "../../src/pipeline/envelope.ts";
import { FanOut } from "../../src/pipeline/fan-out.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../src/pipeline/outcome.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { Run } from "../../src/pipeline/run.ts";
import type { Slice } from "../../src/pipeline/walk.ts";
import { ALONE } from "../harness/context.ts";
import type { Envelope } from "../../src/pipeline/stage.ts";
import { admitted, batchBytes, batchOf, lentEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import type { Planned } from "./random-pipelines.ts";
import type { Tested } from "./random-requests.ts";

const MEMORY_BYTES = 4 << 20;
/** Another request. */
const OTHER = payload("profiles", { items: 3 }).bytes;
const { logger } = bareHost;

/** What came of a request. */
export interface Result {
  readonly outcome: Outcome;
  /** What arrived at the destination; undefined when nothing did. */
  readonly bytes: Uint8Array | undefined;
  readonly items: number;
  /** `name{labels} value` of every counter of the processors that moved, sorted. */
  readonly counts: readonly string[];
  /** Walks done, and the steps and processors of steps that there were to do. */
  readonly walks: number;
  readonly steps: number;
  readonly stepProcessors: number;
}

interface Rig {
  readonly engine: Engine;
  readonly counters: Counters;
  readonly processors: readonly Processor[];
  readonly batch: Batch;
}

function rigOf(planned: readonly Planned[], signal: Tested, source: Uint8Array): Rig {
  const engine = lentEngine(MEMORY_BYTES);
  const counters = new Counters();
  const processors = planned.map(({ id, definition, settings }) =>
    definition.create(definition.schema.parse(settings), { ...ALONE, id, host: bareHost, engine, logger, counters }, signal),
  );
  return { engine, counters, processors, batch: batchOf(signal, admitted(engine, signal, source)) };
}

/** Through a pipeline, as in a gateway. With `slice` every walk is one of slices, between which the tape is another request's. */
export async function fusedly(planned: readonly Planned[], signal: Tested, source: Uint8Array, slice?: Slice): Promise<Result> {
  const { engine, counters, processors, batch } = rigOf(planned, signal, source);
  const arrived: { bytes: Uint8Array; items: number }[] = [];
  const exporter = {
    consume: async (one: Batch) => {
      arrived.push({ bytes: batchBytes(one), items: one.items });
      return ACCEPTED;
    },
  };
  const fanOut = new FanOut({ signal, branches: [{ id: "out", exporter }], primary: undefined, counters: new Counters(), logger });
  const placed = processors.map((processor, index) => ({ id: planned[index]?.id ?? "", processor }));
  const host = { clock: bareHost.clock, turn: async () => admitted(engine, "profiles", OTHER).chunk.release() };
  const pipeline = new Pipeline({ id: signal, signal, processors: placed, fanOut, engine, counters, host });
  if (slice !== undefined) for (const part of pipeline.parts) if (part.kind === "walk") inSlices(part.run, slice);
  const outcome = await deliver([{ pipeline, batch }]);
  batch.release();
  expect(engine.pool.blocks).toBe(0);
  const walks = pipeline.parts.reduce((sum, part) => sum + (part.kind === "walk" ? part.run.walked : 0), 0);
  const [only] = arrived;
  return { outcome, bytes: only?.bytes, items: only?.items ?? 0, counts: countsOf(counters), walks, ...sizesOf(processors) };
}

function inSlices(run: Run, slice: Slice): void {
  const sliced = run.runInTurns.bind(run);
  run.takesTurns = () => true;
  run.runInTurns = (batch, turn) => sliced(batch, turn, slice);
}

/** One step after the other, each in a walk of its own; what each processor took and passed on is counted here. */
export async function oneByOne(planned: readonly Planned[], signal: Tested, source: Uint8Array): Promise<Result> {
  const rig = rigOf(planned, signal, source);
  const { engine, counters, processors } = rig;
  let outcome: Outcome = ACCEPTED;
  let { batch } = rig;
  let walks = 0;
  for (const [index, processor] of processors.entries()) {
    if (batch.items === 0 || outcome.kind !== "accepted") break;
    const { items } = batch;
    try {
      if ("stage" in processor) {
        const passed: Envelope[] = [];
        outcome = await processor.stage.consume(envelopeOf(batch), async (envelope) => {
          passed.push(envelope);
          return ACCEPTED;
        });
        const [envelope = { signal, requests: [], items: 0, id: "", origin: batch.origin }] = passed;
        batch = instead(batch, batchFrom(engine, envelope));
      } else if ("regroup" in processor) batch = instead(batch, processor.regroup.run(batch));
      else {
        const own = new Counters();
        for (const step of processor.steps) {
          if (batch.items === 0) break;
          const run = new Run(engine, signal, [step], own);
          batch = instead(batch, run.run(batch));
          walks += run.walked;
        }
        const labels = { processor: planned[index]?.id ?? "", "otel.signal": signal };
        counters.counter("otelcol_processor_incoming_items", labels).add(items);
        counters.counter("otelcol_processor_outgoing_items", labels).add(batch.items);
        for (const { name, labels: of, value } of own.samples()) if (name.startsWith("sluice_")) counters.counter(name, of).add(value);
      }
    } catch (error) {
      outcome = failureOf(error);
    }
  }
  const left = outcome.kind === "accepted" && batch.items > 0;
  const result = { outcome, bytes: left ? batchBytes(batch) : undefined, items: left ? batch.items : 0 };
  batch.release();
  expect(engine.pool.blocks).toBe(0);
  return { ...result, counts: countsOf(counters), walks, ...sizesOf(processors) };
}

/** Lets go of the batch that another one takes the place of. */
function instead(before: Batch, after: Batch): Batch {
  before.release();
  return after;
}

/** Of items: how many walks there were, and how long they took, is what differs. */
function countsOf(counters: Counters): string[] {
  return counters
    .samples()
    .filter(({ distribution, value }) => value !== 0 && distribution === undefined)
    .map(({ name, labels, value }) => `${name}${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))} ${value}`)
    .toSorted();
}

function sizesOf(processors: readonly Processor[]): { readonly steps: number; readonly stepProcessors: number } {
  const rows = processors.flatMap((processor) => ("steps" in processor ? [processor.steps.length] : []));
  return { steps: rows.reduce((sum, steps) => sum + steps, 0), stepProcessors: rows.filter((steps) => steps > 0).length };
}
