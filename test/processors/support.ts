/** Builds a processor from its settings, as the configuration does, and runs batches through it. */
import type { Signal } from "../../src/base/signal.ts";
import type { Host, Logger } from "../../src/base/host.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { Context, ProcessorDefinition } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Run } from "../../src/pipeline/run.ts";
import { ALONE } from "../harness/context.ts";
import type { Step } from "../../src/pipeline/step.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";

const logger: Logger = { log: () => undefined };

/** Steps ask their host for nothing; a stage is given a clock besides. */
export const bareHost: Host = {
  runtime: "test",
  clock: { nowMs: () => 0, monotonicMs: () => 0 },
  random: () => 0,
  sleep: () => Promise.resolve(),
  turn: () => Promise.resolve(),
  logger,
  terminal: { write: () => undefined, colours: false, columns: 80 },
  codecs: { inflate: unavailable, compress: unavailable },
  server: { listen: unavailable },
  client: () => ({ send: unavailable, close: () => Promise.resolve() }),
};

function unavailable(): Promise<never> {
  return Promise.reject(new Error("A step has no use for this"));
}

export interface Built {
  readonly engine: Engine;
  readonly counters: Counters;
  readonly steps: readonly Step[];
  /** The batch's bytes after the steps; the same bytes when nothing was changed. */
  run(this: void, bytes: Uint8Array): { readonly bytes: Uint8Array; readonly changed: boolean; readonly items: number };
}

/** Parses `settings` by the definition's schema; throws what the schema says. */
export function build<Config>(definition: ProcessorDefinition<Config>, settings: unknown, signal: Signal, engine: Engine = testEngine()): Built {
  const counters = new Counters();
  const config = definition.schema.parse(settings);
  const context: Context = { ...ALONE, id: definition.id, host: bareHost, engine, logger, counters };
  const processor = definition.create(config, context, signal);
  const steps = "steps" in processor ? processor.steps : [];
  const run = new Run(engine, signal, steps, counters);
  return {
    engine,
    counters,
    steps,
    run: (bytes) => {
      const batch = batchOf(signal, admitted(engine, signal, bytes));
      const after = run.run(batch);
      const result = { bytes: batchBytes(after), changed: after !== batch, items: after.items };
      after.release();
      batch.release();
      return result;
    },
  };
}

/** What the schema says of the settings: `path: message` lines. */
export function faultsOf<Config>(definition: ProcessorDefinition<Config>, settings: unknown): string[] {
  const parsed = definition.schema.safeParse(settings);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
