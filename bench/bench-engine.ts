/** What the engine benches share: an engine with requests in its pool, and real processors on it. */
import type { Host } from "../src/base/host.ts";
import type { Signal } from "../src/base/signal.ts";
import { Engine } from "../src/otlp/engine.ts";
import { Batch } from "../src/pipeline/batch.ts";
import type { ProcessorDefinition } from "../src/pipeline/component.ts";
import { Counters } from "../src/pipeline/counters.ts";
import { Run } from "../src/pipeline/run.ts";
import { ALONE } from "../test/harness/context.ts";
import type { Step } from "../src/pipeline/step.ts";
import { testKernel } from "../test/harness/kernel.ts";

export const MEMORY_BYTES = 512 * 1024 * 1024;

/** An engine over plain memory, its pool not poisoned: as it runs in earnest. */
export function benchEngine(memoryBytes: number = MEMORY_BYTES): Engine {
  return new Engine(testKernel(memoryBytes));
}

/** Copies a request into the pool and admits it. The caller releases the batch. */
export function place(engine: Engine, signal: Signal, bytes: Uint8Array): Batch {
  const block = engine.pool.take(bytes.length);
  if (block === undefined) throw new RangeError("Cannot place a request: the bench's memory is full");
  engine.bytes.set(bytes, block.start);
  const admission = engine.admit(signal, block.start, block.start + bytes.length, block);
  if (admission.kind !== "admitted") throw new TypeError(`Cannot place a request: ${admission.message}`);
  const origin = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };
  return new Batch({
    signal,
    chunks: [admission.chunk],
    id: "bench",
    items: admission.items,
    origin,
  });
}

/** A batch's message, copied out. */
export function bytesOf(batch: Batch): Uint8Array {
  const made = new Uint8Array(batch.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of batch.chunks) {
    // Through a slice list: a chunk copies within its memory only.
    const slices: Uint8Array[] = [];
    chunk.slices(slices);
    for (const slice of slices) {
      made.set(slice, at);
      at += slice.length;
    }
  }
  return made;
}

/** A run of steps made as the gateway makes them, from a processor's own schema. */
export function runOf<Config>(engine: Engine, signal: Signal, definition: ProcessorDefinition<Config>, config: unknown): Run {
  return runOfAll(engine, signal, definition, [config]);
}

/** The same of a row of processors, one for each configuration. */
export function runOfAll<Config>(engine: Engine, signal: Signal, definition: ProcessorDefinition<Config>, configs: readonly unknown[]): Run {
  const counters = new Counters();
  const logger = { log: () => undefined };
  const steps = configs.flatMap((config, index) => {
    const context = { ...ALONE, id: `${definition.id}/${index}`, host: NO_HOST, engine, logger, counters };
    const made = definition.create(definition.schema.parse(config), context, signal);
    if (!("steps" in made)) throw new TypeError(`Cannot bench ${definition.id}: it is a stage`);
    return made.steps;
  });
  return new Run(engine, signal, steps, counters);
}

export function runOfSteps(engine: Engine, signal: Signal, steps: readonly Step[]): Run {
  return new Run(engine, signal, steps, new Counters());
}

/** Steps ask the outside for nothing; one that does must fail here. */
const NO_HOST = new Proxy<Host>(Object.create(null), {
  get(_, name) {
    throw new TypeError(`Cannot bench: a step asked for the host's ${String(name)}`);
  },
});
