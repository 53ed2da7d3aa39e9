/** The graph: fan-out and its outcomes, shared instances, stages with and without a boundary, order of stopping. */
import { describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Batch, Exporter, Intake } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway, type GatewayPlan, type PlannedPipeline } from "../../src/pipeline/gateway.ts";
import { combineOutcomes, type Outcome } from "../../src/pipeline/outcome.ts";
import type { Stage } from "../../src/pipeline/stage.ts";
import type { Step } from "../../src/pipeline/step.ts";
import { type Bench, bench } from "./exporter-contract.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const PARTIAL: Outcome = { kind: "partial", rejected: 2, message: "two" };
const REFUSED: Outcome = { kind: "refused", message: "never" };
const later = (afterMs?: number): Outcome => (afterMs === undefined ? { kind: "retry", message: "later" } : { kind: "retry", message: "later", afterMs });

describe("one outcome out of many", () => {
  test.each<[string, Outcome[], Partial<Outcome>]>([
    ["none", [], ACCEPTED],
    ["all accepted", [ACCEPTED, ACCEPTED], ACCEPTED],
    ["any retryable", [ACCEPTED, REFUSED, later()], { kind: "retry" }],
    ["the longest wait", [later(), later(3000), later(9000), later(100)], { kind: "retry", afterMs: 9000 }],
    ["some refused, none retryable", [REFUSED, ACCEPTED], ACCEPTED],
    ["refused and taken in part", [REFUSED, PARTIAL], ACCEPTED],
    ["all refused", [REFUSED, { kind: "refused", message: "second" }], REFUSED],
    ["one taken in part", [PARTIAL], ACCEPTED],
    ["a warning is kept", [REFUSED, { kind: "accepted", warning: "w" }], { kind: "accepted", warning: "w" }],
  ])("%s", (_name, outcomes, expected) => {
    expect(combineOutcomes(outcomes)).toMatchObject(expected);
    expect(combineOutcomes(outcomes.toReversed()).kind).toBe(expected.kind);
  });
});

interface Told {
  outcome: Outcome | Promise<Outcome>;
  readonly ids: string[];
  readonly bytes: Buffer[];
  created: number;
}

/** A gateway whose receiver is the test itself. */
async function assemble(parts: {
  readonly on?: Bench;
  readonly exporters: Readonly<Record<string, Outcome | Promise<Outcome>>>;
  readonly steps?: readonly Step[];
  readonly stage?: Stage;
  readonly pipelines?: readonly Partial<PlannedPipeline>[];
}) {
  const on = parts.on ?? bench("gateway");
  const counters = new Counters();
  const order: string[] = [];
  const told = new Map<string, Told>();
  const intakes: Intake[] = [];
  const exporters = Object.entries(parts.exporters).map(([id, outcome]) => {
    const state: Told = { outcome, ids: [], bytes: [], created: 0 };
    told.set(id, state);
    const create = (): Exporter => {
      state.created++;
      return {
        async consume(batch: Batch) {
          state.ids.push(batch.id);
          const slices: Uint8Array[] = [];
          for (const chunk of batch.chunks) chunk.slices(slices);
          state.bytes.push(Buffer.concat(slices));
          batch.retain();
          try {
            return await state.outcome;
          } finally {
            batch.release();
          }
        },
        stop: () => (order.push(`exporter ${id}`), Promise.resolve()),
      };
    };
    return { id, definition: { create }, config: {} };
  });
  const { steps, stage } = parts;
  const processors = [
    ...(steps === undefined ? [] : [{ id: "steps", definition: { create: () => ({ steps }) }, config: {} }]),
    ...(stage === undefined ? [] : [{ id: "stage", definition: { create: () => ({ stage }) }, config: {} }]),
  ];
  const receiver = {
    start: (intake: Intake) => {
      intakes.push(intake);
      return Promise.resolve({ addresses: ["here"], stop: () => (order.push("receiver"), Promise.resolve()) });
    },
  };
  const usual = {
    id: "traces",
    signal: "traces" as const,
    receivers: ["in"],
    processors: processors.map(({ id }) => id),
    exporters: exporters.map(({ id }) => id),
  };
  const plan: GatewayPlan = {
    receivers: [{ id: "in", definition: { create: () => receiver }, config: {} }],
    processors,
    exporters,
    pipelines: (parts.pipelines ?? [{}]).map((pipeline) => ({ ...usual, ...pipeline })),
  };
  const gateway = await Gateway.start({ plan, host: on.host, engine: on.engine, counters });
  const send = async (items = 10, signal: "traces" | "logs" = "traces") => {
    const batch = on.batch(signal, items);
    const outcome = await intakes[0]?.consume(batch);
    batch.release();
    return outcome;
  };
  const count = (name: string, exporter: string) => counters.total(name, { exporter });
  return { on, gateway, send, told, count, counters, order, intakes };
}

describe("fan-out", () => {
  test("what each destination took, failed and dropped is counted at it", async () => {
    const { send, count, on } = await assemble({ exporters: { good: ACCEPTED, part: PARTIAL, bad: REFUSED } });
    expect(await send()).toMatchObject(ACCEPTED);
    expect(count("otelcol_exporter_sent_spans", "good")).toBe(10);
    expect(count("otelcol_exporter_sent_spans", "part")).toBe(8);
    expect(count("otelcol_exporter_send_failed_spans", "part")).toBe(2);
    expect(count("otelcol_exporter_send_failed_spans", "bad")).toBe(10);
    expect(count("sluice_exporter_dropped_spans", "bad")).toBe(10);
    expect(count("sluice_exporter_dropped_spans", "part")).toBe(2);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("what the sender is told of is not dropped here", async () => {
    const retried = await assemble({ exporters: { good: ACCEPTED, bad: REFUSED, busy: later(2000) } });
    expect(await retried.send()).toMatchObject({ kind: "retry", afterMs: 2000 });
    expect(retried.count("sluice_exporter_dropped_spans", "bad")).toBe(0);
    const refused = await assemble({ exporters: { bad: REFUSED } });
    expect(await refused.send()).toMatchObject({ kind: "refused" });
    expect(refused.count("sluice_exporter_dropped_spans", "bad")).toBe(0);
  });

  test("a primary decides, at once; the others go on and are counted", async () => {
    const gate = Promise.withResolvers<Outcome>();
    const { send, count, on } = await assemble({ exporters: { main: ACCEPTED, slow: gate.promise }, pipelines: [{ primary: "main" }] });
    expect(await send()).toMatchObject(ACCEPTED);
    expect(on.engine.pool.blocks).toBe(1);
    gate.resolve(later());
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(on.engine.pool.blocks).toBe(0);
    expect(count("otelcol_exporter_sent_spans", "main")).toBe(10);
    expect(count("sluice_exporter_dropped_spans", "slow")).toBe(10);
    const other = await assemble({ exporters: { main: later(), fine: ACCEPTED }, pipelines: [{ primary: "main" }] });
    expect(await other.send()).toMatchObject({ kind: "retry" });
  });

  test("an exporter that throws hides nothing", async () => {
    const failing = Promise.reject<Outcome>(new TypeError("defect"));
    failing.catch(() => {});
    const { send, count, on } = await assemble({ exporters: { good: ACCEPTED, broken: failing } });
    expect(await send()).toMatchObject(ACCEPTED);
    expect(count("sluice_exporter_dropped_spans", "broken")).toBe(10);
    expect(on.engine.pool.blocks).toBe(0);
  });
});

describe("pipelines", () => {
  test("several of one receiver get the batch, each exporter is one instance", async () => {
    const { send, told } = await assemble({
      exporters: { one: ACCEPTED, two: ACCEPTED },
      pipelines: [{ id: "traces/a" }, { id: "traces/b", exporters: ["two"] }, { id: "logs", signal: "logs", exporters: ["two"] }],
    });
    await send();
    expect([told.get("one")?.ids.length, told.get("two")?.ids.length]).toEqual([1, 2]);
    await send(10, "logs");
    expect(told.get("two")?.ids.length).toBe(3);
    expect([told.get("one")?.created, told.get("two")?.created]).toEqual([1, 1]);
  });

  test("the outcome of several pipelines is one, too", async () => {
    const { send } = await assemble({
      exporters: { good: ACCEPTED, busy: later(7000) },
      pipelines: [
        { id: "traces/a", exporters: ["good"] },
        { id: "traces/b", exporters: ["busy"] },
      ],
    });
    expect(await send()).toMatchObject({ kind: "retry", afterMs: 7000 });
  });

  test("signals without a pipeline are not taken", async () => {
    const { intakes } = await assemble({ exporters: { one: ACCEPTED } });
    expect([...(intakes[0]?.signals ?? [])]).toEqual(["traces"]);
  });

  test("a run that drops everything answers accepted and exports nothing", async () => {
    const drop: Step = { component: "drop", level: "item", reads: [], writes: [], drops: true, dropReason: "test", run: () => false };
    const { send, told, on, counters } = await assemble({ exporters: { one: ACCEPTED }, steps: [drop] });
    expect(await send()).toEqual(ACCEPTED);
    expect(told.get("one")?.ids).toEqual([]);
    expect(counters.total("otelcol_processor_incoming_items", { processor: "drop" })).toBe(10);
    expect(counters.total("otelcol_processor_outgoing_items", { processor: "drop" })).toBe(0);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("a run that keeps some passes on those", async () => {
    let shown = 0;
    const half: Step = { component: "half", level: "item", reads: [], writes: [], drops: true, dropReason: "test", run: () => shown++ % 2 === 0 };
    const { send, told, count, on } = await assemble({ exporters: { one: ACCEPTED }, steps: [half] });
    await send();
    expect(count("otelcol_exporter_sent_spans", "one")).toBe(5);
    expect(told.get("one")?.bytes[0]?.length).toBeLessThan(payload("traces", { items: 10 }).bytes.length);
    expect(on.engine.pool.blocks).toBe(0);
  });
});

/** Passes every envelope on, in two when it holds two requests, and keeps the last one until it is drained. */
function passing(): Stage {
  return {
    state: "none",
    consume: (envelope, next) => next(envelope),
    drain: () => Promise.resolve(),
  };
}

/** The same stage behind the boundary that another isolate would be. */
function cloned(stage: Stage): Stage {
  return {
    state: stage.state,
    consume: async (envelope, next) =>
      structuredClone(await stage.consume(structuredClone(envelope), async (inner) => structuredClone(await next(structuredClone(inner))))),
    drain: (next, deadlineMs) => stage.drain((inner) => next(structuredClone(inner)), deadlineMs),
  };
}

describe("stages", () => {
  test.each([
    ["directly", passing()],
    ["behind structuredClone", cloned(passing())],
  ])("%s: the same bytes, the same outcome", async (_name, stage) => {
    const { send, told, on } = await assemble({ exporters: { one: later(1000) }, stage });
    expect(await send()).toEqual(later(1000));
    expect(told.get("one")?.bytes[0]?.equals(payload("traces", { items: 10 }).bytes)).toBe(true);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("what a stage holds is passed on when the gateway stops, before the exporters do", async () => {
    const held: Parameters<Stage["consume"]>[0][] = [];
    const holding: Stage = {
      state: "process",
      consume: (envelope) => (held.push(envelope), Promise.resolve(ACCEPTED)),
      async drain(next) {
        for (const envelope of held.splice(0)) await next(envelope);
      },
    };
    const { send, told, gateway, order, on } = await assemble({ exporters: { one: ACCEPTED }, stage: holding });
    await send();
    expect(told.get("one")?.ids.length).toBe(0);
    await gateway.stop(1000);
    await gateway.stop(1000);
    expect(told.get("one")?.ids.length).toBe(1);
    expect(order).toEqual(["receiver", "exporter one"]);
    expect(on.engine.pool.blocks).toBe(0);
  });

  test("a stage that makes a damaged request is a defect, told as refused", async () => {
    const damaging: Stage = {
      state: "none",
      consume: (envelope, next) => next({ ...envelope, requests: [Uint8Array.of(0x0a, 0x05)] }),
      drain: () => Promise.resolve(),
    };
    const { send, on } = await assemble({ exporters: { one: ACCEPTED }, stage: damaging });
    expect(await send()).toMatchObject({ kind: "refused" });
    expect(on.engine.pool.blocks).toBe(0);
  });
});

type Starting = () => Promise<{ readonly addresses: readonly string[]; stop(): Promise<void> }>;

function receiverThat(id: string, start: Starting) {
  return { id, definition: { create: () => ({ start }) }, config: {} };
}

test("when a receiver cannot start, what was started is stopped", async () => {
  const on = bench("gateway");
  const order: string[] = [];
  const plan: GatewayPlan = {
    receivers: [
      receiverThat("a", () => Promise.resolve({ addresses: [], stop: () => (order.push("a"), Promise.resolve()) })),
      receiverThat("b", () => Promise.reject(new Error("in use"))),
    ],
    processors: [],
    exporters: [
      { id: "x", definition: { create: () => ({ consume: () => Promise.resolve(ACCEPTED), stop: () => (order.push("x"), Promise.resolve()) }) }, config: {} },
    ],
    pipelines: [{ id: "traces", signal: "traces", receivers: ["a", "b"], processors: [], exporters: ["x"] }],
  };
  await expect(Gateway.start({ plan, host: on.host, engine: on.engine, counters: new Counters() })).rejects.toThrow("in use");
  expect(order).toEqual(["a", "x"]);
});
