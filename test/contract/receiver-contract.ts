/**
 * The contract of a receiver, which each passes: it tells its addresses, answers what the outcome says
 * in its protocol's way, lets go of a batch exactly when it has answered, ends what runs when it is
 * stopped, and takes nothing afterwards. A driver speaks the receiver's protocol.
 */
import { expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import type { Batch, Intake, Receiver, ReceiverDefinition, Running } from "../../src/pipeline/component.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { bytesOf } from "../harness/engine.ts";
import { bench, type Bench } from "./exporter-contract.ts";
import { until } from "./sinks.ts";

/** What a sender makes of the answer. */
export type Told =
  | { readonly kind: "accepted" }
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  | { readonly kind: "retry"; readonly afterMs: number | undefined }
  | { readonly kind: "refused"; readonly message: string };

/** Speaks a receiver's protocol. */
export interface Driver {
  /** Settings under which it listens on a free port of loopback. */
  readonly settings: unknown;
  /** Sends one request, the bytes of an `Export<Signal>ServiceRequest`. Rejects when nobody listens. */
  send(address: string, signal: Signal, bytes: Uint8Array): Promise<Told>;
}

interface Started {
  readonly on: Bench;
  readonly running: Running;
  readonly taken: { readonly signal: Signal; readonly items: number; readonly bytes: Uint8Array; readonly receiver: string }[];
  readonly send: (signal: Signal, items?: number) => Promise<Told>;
  /** Decides about each batch; held batches are the pipeline's. */
  consume: (batch: Batch) => Promise<Outcome>;
}

const ACCEPTED: Outcome = { kind: "accepted" };

async function start(create: (on: Bench) => Receiver, driver: Driver, signals: readonly Signal[]): Promise<Started> {
  const on = bench("under-test/1");
  const taken: Started["taken"][number][] = [];
  const intake: Intake = {
    signals: new Set(signals),
    consume(batch) {
      const parts = batch.chunks.map((chunk) => bytesOf(chunk));
      taken.push({ signal: batch.signal, items: batch.items, bytes: Uint8Array.from(parts.flatMap((part) => [...part])), receiver: batch.origin.receiver });
      return started.consume(batch);
    },
  };
  const running = await create(on).start(intake);
  const send = (signal: Signal, items = 3) => driver.send(running.addresses[0] ?? "", signal, payload(signal, { items }).bytes);
  const started: Started = { on, running, taken, send, consume: () => Promise.resolve(ACCEPTED) };
  return started;
}

/** Registers the contract's cases for a receiver. Call it inside a `describe` of its id. */
export function checkReceiver<Config>(definition: ReceiverDefinition<Config>, driver: Driver): void {
  const { signals } = definition;
  const create = (on: Bench) => definition.create(definition.schema.parse(driver.settings), on);
  const using = async (act: (started: Started) => Promise<void>, served: readonly Signal[] = signals): Promise<void> => {
    const started = await start(create, driver, served);
    try {
      await act(started);
      await until(() => started.on.engine.pool.blocks === 0, "every block is given back");
    } finally {
      await started.running.stop(1000);
    }
  };

  test("tells where it listens", () => using(async ({ running }) => expect(running.addresses.map((address) => new URL(address).port)).not.toContain("0")));

  test("passes on what was sent, whole, under its own id", () =>
    using(async ({ send, taken }) => {
      for (const signal of signals) {
        expect(await send(signal)).toEqual({ kind: "accepted" });
        const { bytes, items } = payload(signal, { items: 3 });
        expect(taken.at(-1)).toEqual({ signal, items, bytes, receiver: "under-test/1" });
      }
      expect(taken.length).toBe(signals.length);
    }));

  test.each<readonly [Outcome, Told]>([
    [ACCEPTED, { kind: "accepted" }],
    [
      { kind: "partial", rejected: 2, message: "two" },
      { kind: "partial", rejected: 2, message: "two" },
    ],
    [
      { kind: "retry", message: "later", afterMs: 7000 },
      { kind: "retry", afterMs: 7000 },
    ],
    [
      { kind: "refused", message: "never" },
      { kind: "refused", message: expect.stringContaining("never") },
    ],
  ])("outcome %j", (outcome, told) =>
    using(async (started) => {
      started.consume = () => Promise.resolve(outcome);
      for (const signal of signals) expect(await started.send(signal), signal).toEqual(told);
    }),
  );

  test("a retry without advice gives some", () =>
    using(async (started) => {
      started.consume = () => Promise.resolve({ kind: "retry", message: "later" });
      const told = await started.send(signals[0] ?? "traces");
      expect(told).toMatchObject({ kind: "retry", afterMs: expect.any(Number) });
    }));

  test("holds a batch until its outcome, and the pipeline may hold it longer", () =>
    using(async (started) => {
      const { pool } = started.on.engine;
      const outcome = Promise.withResolvers<Outcome>();
      const kept: Batch[] = [];
      started.consume = (batch) => {
        kept.push(batch.retain());
        return outcome.promise;
      };
      const told = started.send(signals[0] ?? "traces");
      await until(() => kept.length === 1, "the batch arrives");
      expect(pool.blocks).toBe(1);
      outcome.resolve(ACCEPTED);
      expect(await told).toEqual({ kind: "accepted" });
      // Its own hold is gone: what is left is the test's.
      expect(pool.blocks).toBe(1);
      kept[0]?.release();
      expect(pool.blocks).toBe(0);
    }));

  test("a pipeline that throws is a failure told to the sender, and nothing is kept", () =>
    using(async (started) => {
      started.consume = () => Promise.reject(new TypeError("a defect"));
      expect(["retry", "refused"]).toContain((await started.send(signals[0] ?? "traces")).kind);
      started.consume = () => Promise.resolve(ACCEPTED);
      expect(await started.send(signals[0] ?? "traces")).toEqual({ kind: "accepted" });
    }));

  test("a signal without a pipeline is refused, and goes nowhere", () =>
    using(async ({ send, taken }) => {
      for (const signal of SIGNALS) expect((await send(signal)).kind, signal).toBe("refused");
      expect(taken).toEqual([]);
    }, []));

  test("stopping answers what runs, and takes nothing more", async () => {
    const started = await start(create, driver, signals);
    const outcome = Promise.withResolvers<Outcome>();
    started.consume = () => outcome.promise;
    const told = started.send(signals[0] ?? "traces");
    await until(() => started.taken.length === 1, "the batch arrives");
    const stopped = started.running.stop(5000);
    outcome.resolve(ACCEPTED);
    expect(await told).toEqual({ kind: "accepted" });
    await stopped;
    await started.running.stop(0);
    await expect(started.send(signals[0] ?? "traces")).rejects.toThrow();
    expect(started.taken.length).toBe(1);
    expect(started.on.engine.pool.blocks).toBe(0);
  });
}
