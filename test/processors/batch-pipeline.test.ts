/** The batch processor inside a gateway: the pool, the runs around it, the exporters behind it, and stopping. */
import { describe, expect, it, vi } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Host } from "../../src/base/host.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Batch, Intake } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { joined } from "../../src/pipeline/envelope.ts";
import { Gateway, type GatewayPlan } from "../../src/pipeline/gateway.ts";
import { combineOutcomes, type Outcome } from "../../src/pipeline/outcome.ts";
import { batch } from "../../src/processors/batch.ts";
import { resource } from "../../src/processors/resource.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchBytes, batchOf, bytesOf, testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { leaves } from "../harness/multiset.ts";
import { bareHost } from "./support.ts";

const ACCEPTED: Outcome = { kind: "accepted" };

interface Options {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly runtime?: Host["runtime"];
  /** `add`: an upsert of `env` on every resource, behind the batch processor. */
  readonly after?: "add";
  /** What the receiver does when it is told to stop. */
  readonly stopReceiver?: (deadlineMs: number, clock: TestClock) => Promise<void>;
  /** How the exporter answers. */
  readonly answer?: () => Promise<Outcome>;
}

async function assemble({ settings = {}, runtime = "test", after, stopReceiver, answer = () => Promise.resolve(ACCEPTED) }: Options = {}) {
  const engine = testEngine(32 << 20);
  const clock = new TestClock();
  const counters = new Counters();
  const arrived: { readonly signal: Signal; readonly bytes: Uint8Array; readonly items: number; readonly chunks: number }[] = [];
  const intakes: Intake[] = [];
  const stops: number[] = [];
  const receiver = {
    start: (intake: Intake) => {
      intakes.push(intake);
      return Promise.resolve({ addresses: [], stop: (deadlineMs: number) => (stops.push(deadlineMs), stopReceiver?.(deadlineMs, clock) ?? Promise.resolve()) });
    },
  };
  const exporter = {
    async consume(one: Batch) {
      arrived.push({ signal: one.signal, bytes: batchBytes(one), items: one.items, chunks: one.chunks.length });
      return answer();
    },
    stop: (deadlineMs: number) => (stops.push(deadlineMs), Promise.resolve()),
  };
  const added = { attributes: [{ key: "env", action: "upsert", value: "prod" }] };
  const plan: GatewayPlan = {
    receivers: [{ id: "in", definition: { create: () => receiver }, config: {} }],
    processors: [
      { id: "batch", definition: batch, config: batch.schema.parse(settings) },
      { id: "resource", definition: resource, config: resource.schema.parse(added) },
    ],
    exporters: [{ id: "out", definition: { create: () => exporter }, config: {} }],
    pipelines: (["traces", "metrics", "logs"] as const).map((signal) => ({
      id: signal,
      signal,
      receivers: ["in"],
      processors: after === "add" ? ["batch", "resource"] : ["batch"],
      exporters: ["out"],
    })),
  };
  const gateway = await Gateway.start({ plan, host: { ...bareHost, runtime, clock, sleep: clock.sleep }, engine, counters });
  const send = async (signal: Signal, items: number, seed: number) => {
    const made = batchOf(signal, admitted(engine, signal, payload(signal, { items, seed }).bytes));
    const outcome = await intakes[0]?.consume(made);
    made.release();
    return outcome;
  };
  return { engine, clock, counters, arrived, gateway, send, stops };
}

describe("from the pool and back", () => {
  it.each(["traces", "metrics", "logs"] as const)("lays requests end to end, as one chunk that is not checked again: %s", async (signal) => {
    const { send, clock, arrived, engine } = await assemble();
    for (const seed of [1, 2, 3]) expect(await send(signal, 11 * seed, seed)).toEqual(ACCEPTED);
    expect(engine.pool.blocks).toBe(0);
    const admit = vi.spyOn(engine, "admit");
    await clock.advance(200);
    expect(admit).not.toHaveBeenCalled();
    expect(arrived.map(({ items, chunks }) => [items, chunks])).toEqual([[66, 1]]);
    const sent = [1, 2, 3].flatMap((seed) => leaves(signal, payload(signal, { items: 11 * seed, seed }).bytes));
    expect(leaves(signal, arrived[0]?.bytes ?? new Uint8Array())).toEqual(sent.toSorted());
    expect(engine.pool.blocks).toBe(0);
  });

  it("moves requests of every alignment without a byte's change", () => {
    const engine = testEngine(8 << 20);
    const requests = Array.from({ length: 40 }, (_, index) => {
      const room = new Uint8Array(8 + 3 * index + 1).map((_byte, at) => (index * 31 + at * 7) & 0xff);
      return room.subarray(index % 8, (index % 8) + 3 * index + 1);
    });
    const chunk = joined(engine, requests);
    expect([...bytesOf(chunk)]).toEqual(requests.flatMap((request) => [...request]));
    chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("lets what stands behind it edit the whole batch", async () => {
    const { send, clock, arrived } = await assemble({ after: "add" });
    await send("traces", 5, 1);
    await send("traces", 5, 2);
    await clock.advance(200);
    const object = judge("traces").toObject(arrived[0]?.bytes ?? new Uint8Array());
    const groups = object["resourceSpans"] as readonly unknown[]; // the judge's lists
    expect(groups.length).toBe(10);
    expect(groups.every((group) => JSON.stringify(group).includes('{"key":"env","value":{"stringValue":"prod"}}'))).toBe(true);
  });

  it("keeps what finds the pool full, and passes it on when there is room", async () => {
    const { send, clock, arrived, engine, counters } = await assemble();
    await send("traces", 20, 1);
    const blocks = [];
    for (let block = engine.pool.take(1); block !== undefined; block = engine.pool.take(1)) blocks.push(block);
    await clock.advance(3000);
    expect(arrived).toEqual([]);
    expect(counters.total("sluice_processor_held_items")).toBe(20);
    for (const block of blocks) block.release();
    await clock.advance(3000);
    expect(arrived.map(({ items }) => items)).toEqual([20]);
    expect(counters.total("sluice_processor_dropped_items")).toBe(0);
    expect(counters.total("sluice_processor_held_items")).toBe(0);
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("whether a batch may be tried again", () => {
  const untried: Outcome = { kind: "retry", message: "no room", untried: true };
  it.each<[string, Outcome[], boolean]>([
    ["no destination was asked", [untried, untried], true],
    ["one has it", [untried, ACCEPTED], false],
    ["one was asked and may take it later", [untried, { kind: "retry", message: "later" }], false],
    ["one refused it", [untried, { kind: "refused", message: "never" }], false],
  ])("%s", (_name, outcomes, again) => {
    for (const row of [outcomes, outcomes.toReversed()]) {
      const combined = combineOutcomes(row);
      expect([combined.kind, "untried" in combined]).toEqual(["retry", again]);
    }
  });
});

describe("stopping", () => {
  it("passes on what is held, whatever time the receivers take: they have half of it", async () => {
    const { send, clock, arrived, gateway, stops } = await assemble({
      settings: { timeout: "1h" },
      stopReceiver: (deadlineMs, { sleep }) => sleep(deadlineMs),
    });
    await send("logs", 9, 1);
    const stopped = gateway.stop(1000);
    await clock.advance(500);
    await stopped;
    expect(arrived.map(({ items }) => items)).toEqual([9]);
    expect(stops).toEqual([500, 500]);
  });

  it("ends at the deadline when no destination answers, and counts what is lost", async () => {
    const { send, clock, gateway, counters, stops } = await assemble({ settings: { timeout: "1h" }, answer: () => new Promise(() => {}) });
    await send("logs", 9, 1);
    const stopped = gateway.stop(1000);
    await clock.advance(1000);
    await stopped;
    expect(counters.total("sluice_processor_dropped_items", { processor: "batch", reason: "stopped" })).toBe(9);
    expect(stops).toEqual([500, 0]);
  });
});

describe("on Workers", () => {
  it("is an error when the gateway is built, unless it holds nothing", async () => {
    await expect(assemble({ runtime: "workers" })).rejects.toMatchObject({ code: "config", path: "processors.batch" });
    const { send, arrived } = await assemble({ runtime: "workers", settings: { timeout: "0s" } });
    await send("traces", 3, 1);
    expect(arrived.map(({ items }) => items)).toEqual([3]);
  });

  it("says in its definition what it may need", () => {
    expect(batch.state).toBe("process");
  });
});
