/** A batch stage over a test's clock, with a destination that the test plays, and the books that law 2 asks for. */
import { expect } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Distribution } from "../../src/pipeline/histogram.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Next, PlainOrigin, Stage } from "../../src/pipeline/stage.ts";
import { ALONE } from "../harness/context.ts";
import { batch } from "../../src/processors/batch.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "./support.ts";

export const ACCEPTED: Outcome = { kind: "accepted" };
export const LATER: Outcome = { kind: "retry", message: "later" };
/** What the pipeline answers when there is no room in the pool. */
export const UNTRIED: Outcome = { kind: "retry", message: "no room in the pool", untried: true };

export interface BatchRig {
  readonly stage: Stage;
  readonly clock: TestClock;
  readonly engine: Engine;
  /** What was passed on, in order, whatever came of it. */
  readonly passed: Envelope[];
  readonly log: string[];
  /** How the destination answers from now on. */
  answer: (envelope: Envelope) => Outcome | Promise<Outcome>;
  readonly next: Next;
  send(items: number, origin?: Partial<PlainOrigin>): Promise<Outcome>;
  /** Checks law 2, and gives its terms. */
  books(): { readonly taken: number; readonly out: number; readonly dropped: number; readonly held: number };
  dropped(reason: string): number;
  total(name: string): number;
  spread(name: string): Distribution | undefined;
}

export const ORIGIN: PlainOrigin = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };

/** `settings` as in the YAML. */
export function batchRig(settings: Readonly<Record<string, unknown>> = {}, signal: Signal = "traces", engine: Engine = testEngine()): BatchRig {
  const clock = new TestClock();
  const counters = new Counters();
  const log: string[] = [];
  const passed: Envelope[] = [];
  const logger = {
    log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`),
  };
  const made = batch.create(
    batch.schema.parse(settings),
    { ...ALONE, id: "batch/test", engine, counters, logger, host: { ...bareHost, clock, sleep: clock.sleep, logger } },
    signal,
  );
  if (!("stage" in made)) throw new Error("Batch is a stage");
  const { stage } = made;
  let seed = 0;
  const rig: BatchRig = {
    stage,
    clock,
    engine,
    passed,
    log,
    answer: () => ACCEPTED,
    next: async (envelope) => {
      passed.push(envelope);
      return rig.answer(envelope);
    },
    send: (items, origin = {}) => {
      seed++;
      return stage.consume(envelopeOf(signal, items, seed, origin), rig.next);
    },
    books: () => {
      const [taken, out, dropped, held] = ["otelcol_processor_incoming", "otelcol_processor_outgoing", "sluice_processor_dropped", "sluice_processor_held"].map(
        (name) => counters.total(`${name}_items`, { processor: "batch/test", "otel.signal": signal }),
      ) as [number, number, number, number]; // one total a name
      expect(taken).toBe(out + dropped + held);
      return { taken, out, dropped, held };
    },
    dropped: (reason) => counters.total("sluice_processor_dropped_items", { reason }),
    total: (name) => counters.total(name),
    spread: (name) => counters.samples().find((sample) => sample.name === name)?.distribution,
  };
  return rig;
}

/** One seeded request of these many items. */
export function envelopeOf(signal: Signal, items: number, seed: number, origin: Partial<PlainOrigin> = {}): Envelope {
  const made = payload(signal, { items, seed, resources: 1 + (seed % 4) });
  return { signal, requests: [made.bytes], items: made.items, id: `r${seed}`, origin: { ...ORIGIN, ...origin } };
}

export function sizesOf(envelopes: readonly Envelope[]): number[] {
  return envelopes.map(({ items }) => items);
}
