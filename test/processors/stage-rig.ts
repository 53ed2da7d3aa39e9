/** Any stage over a test's clock, with a destination that the test plays, and the books that law 2 asks for. */
import { expect } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { ALONE } from "../harness/context.ts";
import type { Envelope, Next, PlainOrigin, Stage } from "../../src/pipeline/stage.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { bareHost } from "./support.ts";

export const ACCEPTED: Outcome = { kind: "accepted" };
export const LATER: Outcome = { kind: "retry", message: "later" };
export const ORIGIN: PlainOrigin = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };

export interface Rig {
  readonly stage: Stage;
  readonly clock: TestClock;
  readonly engine: Engine;
  readonly counters: Counters;
  /** What was passed on, in order, whatever came of it. */
  readonly passed: Envelope[];
  readonly log: string[];
  /** How the destination answers from now on. */
  answer: (envelope: Envelope) => Outcome | Promise<Outcome>;
  readonly next: Next;
  send(message: Plain | Uint8Array, origin?: Partial<PlainOrigin>): Promise<Outcome>;
  /** What was passed on since the last call, as the judge's objects; each was checked by the kernel, and its items counted. */
  out(): Plain[];
  /** Checks law 2, and gives its terms. */
  books(): Readonly<Record<"taken" | "out" | "dropped" | "held" | "folded" | "created", number>>;
  dropped(reason: string): number;
  total(name: string): number;
}

/** `settings` as in the YAML. */
export function rigOf<Config>(definition: ProcessorDefinition<Config>, signal: Signal, settings: unknown = {}, engine: Engine = testEngine()): Rig {
  const clock = new TestClock();
  const counters = new Counters();
  const log: string[] = [];
  const passed: Envelope[] = [];
  const logger = { log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
  const id = `${definition.id}/test`;
  const host = { ...bareHost, clock, sleep: clock.sleep, logger };
  const made = definition.create(definition.schema.parse(settings), { ...ALONE, id, engine, counters, logger, host }, signal);
  if (!("stage" in made)) throw new Error("Not a stage");
  const { stage } = made;
  let seen = 0;
  let sent = 0;
  const rig: Rig = {
    stage,
    clock,
    engine,
    counters,
    passed,
    log,
    answer: () => ACCEPTED,
    next: async (envelope) => {
      passed.push(envelope);
      return rig.answer(envelope);
    },
    send: (message, origin = {}) => {
      sent++;
      return stage.consume(envelopeOf(engine, signal, message, `r${sent}`, origin), rig.next);
    },
    out: () => {
      const fresh = passed.slice(seen);
      seen = passed.length;
      return fresh.flatMap((envelope) => {
        const items = envelope.requests.map((request) => itemsIn(engine, signal, request)).reduce((sum, one) => sum + one, 0);
        expect(envelope.items).toBe(items);
        return envelope.requests.map((request) => judge(signal).toObject(request));
      });
    },
    books: () => {
      const total = (name: string) => counters.total(name, { processor: id, "otel.signal": signal });
      const books = {
        taken: total("otelcol_processor_incoming_items"),
        out: total("otelcol_processor_outgoing_items"),
        dropped: total("sluice_processor_dropped_items"),
        held: total("sluice_processor_held_items"),
        folded: total("sluice_processor_folded_items"),
        created: total("sluice_processor_created_items"),
      };
      expect(books.taken + books.created).toBe(books.out + books.dropped + books.folded + books.held);
      return books;
    },
    dropped: (reason) => counters.total("sluice_processor_dropped_items", { reason }),
    total: (name) => counters.total(name),
  };
  return rig;
}

/** An envelope as the pipeline makes it: admitted at the door. */
export function envelopeOf(engine: Engine, signal: Signal, message: Plain | Uint8Array, id = "r", origin: Partial<PlainOrigin> = {}): Envelope {
  const bytes = message instanceof Uint8Array ? message : judge(signal).encode(message);
  const batch = batchOf(signal, admitted(engine, signal, bytes));
  const request = batchBytes(batch);
  const { items } = batch;
  batch.release();
  return { signal, requests: [request], items, id, origin: { ...ORIGIN, ...origin } };
}

function itemsIn(engine: Engine, signal: Signal, request: Uint8Array): number {
  const admission = admitted(engine, signal, request);
  const { items } = admission;
  admission.chunk.release();
  return items;
}

/** A request with these metrics, in one scope. */
export function metricsOf(...metrics: readonly Plain[]): Plain {
  return { resourceMetrics: [{ resource: { attributes: [label("service.name", "shop")] }, scopeMetrics: [{ scope: { name: "test" }, metrics }] }] };
}

/** Every metric in the requests. */
export function metricsIn(requests: readonly Plain[]): Plain[] {
  return requests.flatMap((request) =>
    list(request, "resourceMetrics").flatMap((group) => list(group, "scopeMetrics").flatMap((scope) => list(scope, "metrics"))),
  );
}

/** Every data point in the requests, with its metric's name. */
export function pointsIn(requests: readonly Plain[]): Plain[] {
  return metricsIn(requests).flatMap((metric) =>
    ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].flatMap((shape) =>
      list(metric[shape], "dataPoints").map((point) => ({ ...point, metric: metric["name"] })),
    ),
  );
}

export function label(key: string, value: string): Plain {
  return { key, value: { stringValue: value } };
}

/** Nanoseconds since 1970 of the test's clock after so many ms. */
export function atMs(ms: number): string {
  return `${BigInt(1_700_000_000_000 + ms) * 1_000_000n}`;
}
