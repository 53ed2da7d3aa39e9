/** A delivery over a test's clock, with a destination that the test plays. */
import * as z from "zod";
import { Random } from "../../bench/random.ts";
import { payload } from "../../bench/payloads.ts";
import type { Broker, PlatformQueue } from "../../src/base/broker.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Host } from "../../src/base/host.ts";
import type { ObjectStore } from "../../src/base/objects.ts";
import type { Signal } from "../../src/base/signal.ts";
import { delivered, deliveryKeys } from "../../src/delivery/deliver.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { Exporter } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { Distribution } from "../../src/pipeline/histogram.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { PlainOrigin } from "../../src/pipeline/stage.ts";
import type { Storage } from "../../src/pipeline/storage.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchBytes, testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { type Books, checkBooks } from "./books.ts";

export const ACCEPTED: Outcome = { kind: "accepted" };
export const LATER: Outcome = { kind: "retry", message: "later", status: 503 };
export const UNTRIED: Outcome = { kind: "retry", message: "no room in the pool", untried: true };
export const REFUSED: Outcome = { kind: "refused", message: "never", status: 400 };
export const TOO_LARGE: Outcome = { kind: "refused", message: "too large", status: 413 };

export const ORIGIN: PlainOrigin = { receiver: "otlp", peer: "127.0.0.1:1", tenant: "", arrivedMs: 0, headers: {} };

/** One attempt, as the destination saw it. */
export interface Arrival {
  readonly signal: Signal;
  readonly id: string;
  readonly items: number;
  readonly bytes: Uint8Array;
  readonly origin: PlainOrigin;
  /** Monotonic. */
  readonly atMs: number;
}

export interface DeliveryRig {
  readonly exporter: Exporter;
  readonly clock: TestClock;
  readonly engine: Engine;
  readonly counters: Counters;
  readonly arrivals: Arrival[];
  readonly log: string[];
  /** Deadlines that the destination's own exporter was stopped with. */
  readonly stops: number[];
  /** Attempts that have no answer yet. */
  underWay: number;
  underWayMost: number;
  /** How the destination answers from now on. */
  answer: (arrival: Arrival) => Outcome | Promise<Outcome>;
  /** One seeded request of these many items; the sender lets go of it as soon as it may. */
  send(items: number, origin?: Partial<PlainOrigin>, signal?: Signal): Promise<Outcome>;
  sendBytes(bytes: Uint8Array, origin?: Partial<PlainOrigin>, signal?: Signal): Promise<Outcome>;
  books(signal?: Signal): Books;
  dropped(reason: string): number;
  total(name: string): number;
  spread(name: string): Distribution | undefined;
  /** Stops, and lets the time pass that it may take. */
  stop(deadlineMs: number): Promise<void>;
}

export interface RigOptions {
  readonly engine?: Engine;
  /** Of the back-off's jitter; undefined: always the middle. */
  readonly seed?: number;
  readonly heldBytesMax?: number;
  /** What every id of an extension stands for; undefined: there is no extension. */
  readonly storage?: Storage;
  /** The same, for one that is a broker. */
  readonly broker?: Broker;
  /** The same, for one that keeps objects. */
  readonly objects?: ObjectStore;
  /** The same, for one that the platform keeps. */
  readonly platformQueue?: PlatformQueue;
  /** The host's; undefined: test. */
  readonly runtime?: Host["runtime"];
  /** Undefined: its own. */
  readonly clock?: TestClock;
  /** The exporter's; undefined: otlp_http/test. */
  readonly id?: string;
}

const sections = z.strictObject(deliveryKeys);

/** `settings` as in the YAML: `sending_queue` and `retry_on_failure`. */
export function deliveryRig(
  settings: Readonly<Record<string, unknown>>,
  {
    clock = new TestClock(),
    engine = testEngine(32 << 20),
    broker,
    heldBytesMax,
    id = "otlp_http/test",
    objects,
    platformQueue,
    runtime = "test",
    seed,
    storage,
  }: RigOptions = {},
): DeliveryRig {
  const counters = new Counters();
  const log: string[] = [];
  const arrivals: Arrival[] = [];
  const random = seed === undefined ? undefined : new Random(seed);
  const logger = { log: (level: string, message: string, fields: object = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
  const host = { ...bareHost, runtime, clock, sleep: clock.sleep, logger, random: () => (random === undefined ? 0.5 : random.next() / 2 ** 32) };
  const destination: Exporter = {
    async consume(batch) {
      batch.retain();
      rig.underWay++;
      rig.underWayMost = Math.max(rig.underWayMost, rig.underWay);
      try {
        const { items, origin, signal } = batch;
        const arrival = { signal, id: batch.id, items, origin, bytes: batchBytes(batch), atMs: clock.monotonicMs() };
        arrivals.push(arrival);
        return await rig.answer(arrival);
      } finally {
        rig.underWay--;
        batch.release();
      }
    },
    stop: (deadlineMs) => {
      rig.stops.push(deadlineMs);
      return Promise.resolve();
    },
  };
  let sent = 0;
  const rig: DeliveryRig = {
    exporter: delivered(destination, sections.parse(settings), {
      id,
      engine,
      counters,
      logger,
      host,
      storage: () => opened(storage),
      broker: () => broker && Promise.resolve(broker),
      objects: () => objects && Promise.resolve(objects),
      platformQueue: () => platformQueue,
    }),
    clock,
    engine,
    counters,
    arrivals,
    log,
    stops: [],
    underWay: 0,
    underWayMost: 0,
    answer: () => ACCEPTED,
    send: (items, origin, signal = "traces") => {
      sent++;
      return rig.sendBytes(requestOf(signal, items, sent), origin, signal);
    },
    sendBytes: (bytes, origin = {}, signal = "traces") => {
      const batch = batchFor(engine, signal, bytes, `r${sent}`, { ...ORIGIN, arrivedMs: clock.nowMs(), ...origin });
      const outcome = rig.exporter.consume(batch);
      batch.release();
      return outcome;
    },
    books: (signal = "traces") => checkBooks(counters, id, signal, heldBytesMax, broker === undefined),
    dropped: (reason) =>
      counters
        .samples()
        .filter(({ labels, name }) => name.startsWith("sluice_exporter_dropped_") && labels["reason"] === reason)
        .reduce((sum, { value }) => sum + value, 0),
    total: (name) => counters.total(name),
    spread: (name) => counters.samples().find((sample) => sample.name === name)?.distribution,
    stop: async (deadlineMs) => {
      const stopping = rig.exporter.stop(deadlineMs);
      await clock.advance(deadlineMs);
      await stopping;
    },
  };
  return rig;
}

function opened(storage: Storage | undefined): Promise<Storage> {
  return storage === undefined ? Promise.reject(new SluiceError("config", "Cannot store: no such extension")) : Promise.resolve(storage);
}

/** A batch as the door makes it. */
export function batchFor(engine: Engine, signal: Signal, bytes: Uint8Array, id: string, origin: PlainOrigin = ORIGIN): Batch {
  const { chunk, items } = admitted(engine, signal, bytes);
  return new Batch({ signal, chunks: [chunk], id, items, origin });
}

/** One seeded request of these many items. */
export function requestOf(signal: Signal, items: number, seed: number): Uint8Array {
  return payload(signal, { items, seed, resources: 1 + (seed % 4) }).bytes;
}

/** Answers that the test gives when it likes, in the order in which they were asked for. */
export function held(): { readonly answer: () => Promise<Outcome>; readonly waiting: ((outcome?: Outcome) => void)[] } {
  const waiting: ((outcome?: Outcome) => void)[] = [];
  return { waiting, answer: () => new Promise((resolve) => waiting.push((outcome = ACCEPTED) => resolve(outcome))) };
}

export function sizesOf(arrivals: readonly Arrival[]): number[] {
  return arrivals.map(({ items }) => items);
}
