/** Destinations that a test plays, over its own clock, behind the policies or the balancer under test. */
import * as z from "zod";
import { payload } from "../../bench/payloads.ts";
import type { Host } from "../../src/base/host.ts";
import type { Signal } from "../../src/base/signal.ts";
import { policyKeys, withPolicies } from "../../src/delivery/policies.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { Context, Exporter } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { TestClock } from "../harness/clock.ts";
import { ALONE } from "../harness/context.ts";
import { admitted, batchBytes, testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

export const ACCEPTED: Outcome = { kind: "accepted" };
export const LATER: Outcome = { kind: "retry", message: "later", status: 503 };
export const UNTRIED: Outcome = { kind: "retry", message: "no room in the pool", untried: true };
export const REFUSED: Outcome = { kind: "refused", message: "never", status: 400 };
export const TOO_LARGE: Outcome = { kind: "refused", message: "too large", status: 413 };
/** As little as a kernel and a few batches need: each test has its own. */
const MEMORY_BYTES = 16 << 20;
const ORIGIN = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };

export interface Arrival {
  readonly signal: Signal;
  readonly items: number;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** A destination: how it answers, and what it saw. */
export class Played implements Exporter {
  readonly arrivals: Arrival[] = [];
  underWay = 0;
  underWayMost = 0;
  stopped = 0;
  answer: (arrival: Arrival) => Outcome | Promise<Outcome> = () => ACCEPTED;
  readonly #clock: TestClock;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  async consume(batch: Batch): Promise<Outcome> {
    batch.retain();
    this.underWayMost = Math.max(this.underWayMost, ++this.underWay);
    try {
      const arrival = { signal: batch.signal, items: batch.items, bytes: batchBytes(batch), atMs: this.#clock.monotonicMs() };
      this.arrivals.push(arrival);
      return await this.answer(arrival);
    } finally {
      this.underWay--;
      batch.release();
    }
  }

  stop(): Promise<void> {
    this.stopped++;
    return Promise.resolve();
  }
}

export interface TestContext extends Context {
  readonly clock: TestClock;
  readonly log: string[];
  readonly batch: (items: number, seed?: number, signal?: Signal) => Batch;
  readonly total: (name: string, labels?: Readonly<Record<string, string>>) => number;
}

export function testContext(options: { readonly engine?: Engine; readonly runtime?: Host["runtime"]; readonly random?: () => number } = {}): TestContext {
  const { engine = testEngine(MEMORY_BYTES), random = () => 0.5, runtime = "test" } = options;
  const clock = new TestClock();
  const log: string[] = [];
  const counters = new Counters();
  const logger = { log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
  return {
    ...ALONE,
    id: "otlp_http/test",
    host: { ...bareHost, clock, sleep: clock.sleep, logger, random, runtime },
    engine,
    logger,
    counters,
    clock,
    log,
    batch: (items, seed = 1, signal = "traces") => {
      const { chunk, items: found } = admitted(engine, signal, payload(signal, { items, seed, resources: 1 + (seed % 4) }).bytes);
      return new Batch({ signal, chunks: [chunk], id: `r${seed}`, items: found, origin: ORIGIN });
    },
    total: (name, labels = {}) => counters.total(name, labels),
  };
}

const sections = z.strictObject(policyKeys);

/** The policies of these sections, as in the YAML, before a played destination. */
export function policed(settings: Readonly<Record<string, unknown>>, on: TestContext = testContext()) {
  const destination = new Played(on.clock);
  const exporter = withPolicies(destination, sections.parse(settings), on);
  let sent = 0;
  const send = (items = 10, signal: Signal = "traces"): Promise<Outcome> => sendTo(exporter, on.batch(items, ++sent, signal));
  return { ...on, exporter, destination, send };
}

/** As a pipeline does: it lets go as soon as it may. */
export function sendTo(exporter: Exporter, batch: Batch): Promise<Outcome> {
  const outcome = exporter.consume(batch);
  batch.release();
  return outcome;
}

/** Answers that the test gives when it likes, in the order in which they were asked for. */
export function held(): { readonly answer: () => Promise<Outcome>; readonly waiting: ((outcome?: Outcome) => void)[] } {
  const waiting: ((outcome?: Outcome) => void)[] = [];
  return { waiting, answer: () => new Promise((resolve) => waiting.push((outcome = ACCEPTED) => resolve(outcome))) };
}
