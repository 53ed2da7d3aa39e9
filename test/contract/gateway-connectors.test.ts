/** Connectors in the graph: pipelines that share one, chains of them, outcomes that come back, order of draining. */
import { describe, expect, test } from "vitest";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import type { Batch, Exporter, Intake } from "../../src/pipeline/component.ts";
import type { Connector, ConnectorStage, Joins, Wiring } from "../../src/pipeline/connector.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway, type GatewayPlan, type PlannedPipeline } from "../../src/pipeline/gateway.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Stage } from "../../src/pipeline/stage.ts";
import { bench } from "./exporter-contract.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const LATER: Outcome = { kind: "retry", message: "later" };
const REFUSED: Outcome = { kind: "refused", message: "never" };

const SAME: Joins = { traces: ["traces"], logs: ["logs"] };
const forwarding = (wiring: Wiring): Connector => ({ divide: (batch) => [{ batch: batch.retain(), pipelines: wiring.pipelines }] });

interface Parts {
  readonly answers: Readonly<Record<string, Outcome>>;
  /** `id: receivers > exporters`, or `id: receivers > stage > exporters`; the id says the signal. */
  readonly pipelines: readonly string[];
  readonly connectors: Readonly<Record<string, { readonly joins?: Joins; readonly make?: (wiring: Wiring) => Connector }>>;
  readonly stages?: Readonly<Record<string, Stage>>;
}

async function assemble({ answers, pipelines, connectors, stages = {} }: Parts) {
  const on = bench("gateway");
  const counters = new Counters();
  const arrived: string[] = [];
  const wirings: string[] = [];
  let intake: Intake | undefined;
  const exporter = (id: string): Exporter => ({
    consume: (batch: Batch) => {
      arrived.push(`${id} ${batch.signal} ${batch.items}`);
      return Promise.resolve(answers[id] ?? ACCEPTED);
    },
    stop: () => (arrived.push(`stop ${id}`), Promise.resolve()),
  });
  const plan: GatewayPlan = {
    receivers: [
      {
        id: "in",
        definition: { create: () => ({ start: (given: Intake) => ((intake = given), Promise.resolve({ addresses: [], stop: () => Promise.resolve() })) }) },
        config: {},
      },
    ],
    processors: Object.entries(stages).map(([id, stage]) => ({ id, definition: { create: () => ({ stage }) }, config: {} })),
    exporters: Object.keys(answers).map((id) => ({ id, definition: { create: () => exporter(id) }, config: {} })),
    connectors: Object.entries(connectors).map(([id, { joins = SAME, make = forwarding }]) => ({
      id,
      definition: {
        joins,
        create: (_config: never, _context: object, wiring: Wiring) => {
          wirings.push(`${id}: ${wiring.from} to ${wiring.to}: ${wiring.pipelines.join()}`);
          return make(wiring);
        },
      },
      config: {},
    })),
    pipelines: pipelines.map(pipelineOf),
  };
  const gateway = await Gateway.start({ plan, host: on.host, engine: on.engine, counters });
  const send = async (signal: Signal = "traces", items = 10) => {
    const batch = on.batch(signal, items);
    const outcome = await intake?.consume(batch);
    batch.release();
    expect(on.engine.pool.blocks).toBe(0);
    return outcome;
  };
  return { gateway, send, arrived, counters, wirings };
}

function pipelineOf(text: string): PlannedPipeline {
  const [id = "", way = ""] = text.split(": ");
  const [receivers = [], ...rest] = way.split(" > ").map((names) => names.split(" "));
  const signal = SIGNALS.find((one) => id.startsWith(one)) ?? "traces";
  return { id, signal, receivers, processors: rest.slice(0, -1).flat(), exporters: rest.at(-1) ?? [] };
}

describe("pipelines joined by connectors", () => {
  test("two share one connector at each end: everything of both goes to both", async () => {
    const { send, arrived, wirings } = await assemble({
      answers: { x: ACCEPTED, y: ACCEPTED },
      connectors: { c: {} },
      pipelines: ["traces/1: in > c", "traces/2: in > c", "traces/3: c > x", "traces/4: c > y"],
    });
    expect(await send()).toEqual(ACCEPTED);
    expect(arrived.toSorted()).toEqual(["x traces 10", "x traces 10", "y traces 10", "y traces 10"]);
    expect(wirings).toEqual(["c: traces to traces: traces/3,traces/4"]);
  });

  test("an instance for each pair of signals in use, which see nothing of each other", async () => {
    const joins: Joins = { traces: ["traces", "metrics"], logs: ["logs"] };
    const { send, arrived, wirings } = await assemble({
      answers: { x: ACCEPTED, y: ACCEPTED },
      connectors: { c: { joins } },
      pipelines: ["traces/1: in > c", "traces/2: c > x", "logs/1: in > c", "logs/2: c > y"],
    });
    await send("logs", 3);
    expect(arrived).toEqual(["y logs 3"]);
    expect(wirings).toEqual(["c: traces to traces: traces/2", "c: logs to logs: logs/2"]);
  });

  test("a chain of connectors, defined back to front", async () => {
    const { send, arrived } = await assemble({
      answers: { x: ACCEPTED },
      connectors: { b: {}, a: {} },
      pipelines: ["traces/3: b > x", "traces/2: a > b", "traces/1: in > a"],
    });
    expect(await send()).toEqual(ACCEPTED);
    expect(arrived).toEqual(["x traces 10"]);
  });
});

describe("outcomes come back through connectors", () => {
  const through = { connectors: { c: {} }, pipelines: ["traces/1: in > direct c", "traces/2: c > far", "traces/3: c > further"] };

  test("accepted only when every destination behind accepted", async () => {
    const { send, counters } = await assemble({ ...through, answers: { direct: ACCEPTED, far: ACCEPTED, further: LATER } });
    expect(await send()).toMatchObject({ kind: "retry" });
    expect(counters.total("sluice_pipeline_dropped_items")).toBe(0);
    expect(counters.total("otelcol_exporter_sent_spans", { exporter: "far" })).toBe(10);
  });

  test("a pipeline that refuses for good loses its own alone, counted at it", async () => {
    const { send, counters, arrived } = await assemble({ ...through, answers: { direct: ACCEPTED, far: ACCEPTED, further: REFUSED } });
    expect(await send()).toEqual(ACCEPTED);
    expect(arrived.length).toBe(3);
    expect(counters.total("sluice_pipeline_dropped_items", { pipeline: "traces/3", reason: "refused" })).toBe(10);
    expect(counters.total("sluice_pipeline_dropped_items")).toBe(10);
    expect(counters.total("sluice_connector_undelivered_items")).toBe(0);
  });

  test("what everything behind refuses is counted at the connector, when the sender is not told", async () => {
    const { send, counters } = await assemble({ ...through, answers: { direct: ACCEPTED, far: REFUSED, further: REFUSED } });
    expect(await send()).toEqual(ACCEPTED);
    expect(counters.total("sluice_connector_undelivered_items", { connector: "c", reason: "refused" })).toBe(10);
    expect(counters.total("sluice_pipeline_dropped_items")).toBe(0);
    const told = await assemble({ ...through, answers: { direct: REFUSED, far: REFUSED, further: REFUSED } });
    expect(await told.send()).toEqual(REFUSED);
    expect(told.counters.total("sluice_connector_undelivered_items")).toBe(0);
  });

  test("a connector is no exporter to the exporters' counters", async () => {
    const { send, counters } = await assemble({ ...through, answers: { direct: ACCEPTED, far: ACCEPTED, further: ACCEPTED } });
    await send();
    expect(counters.total("otelcol_exporter_sent_spans", { exporter: "c" })).toBe(0);
    expect(counters.total("otelcol_exporter_sent_spans")).toBe(30);
    expect(counters.total("otelcol_connector_consumed_items", { connector: "c" })).toBe(10);
    expect(counters.total("otelcol_connector_produced_items", { connector: "c" })).toBe(10);
  });

  test("what a connector throws is an outcome, and hurts no other destination", async () => {
    const divide = (): never => {
      throw new Error("a defect");
    };
    const broken = { c: { make: () => ({ divide }) } };
    const { send, arrived } = await assemble({ ...through, connectors: broken, answers: { direct: ACCEPTED, far: ACCEPTED, further: ACCEPTED } });
    expect(await send()).toEqual(ACCEPTED);
    expect(arrived).toEqual(["direct traces 10"]);
  });

  test("two pipelines of one receiver: what one refuses is counted there", async () => {
    const { send, counters } = await assemble({ answers: { x: ACCEPTED, y: REFUSED }, connectors: {}, pipelines: ["traces/1: in > x", "traces/2: in > y"] });
    expect(await send()).toEqual(ACCEPTED);
    expect(counters.total("sluice_pipeline_dropped_items", { pipeline: "traces/2" })).toBe(10);
  });
});

function holding(): { readonly stage: Stage; readonly connectorStage: (wiring: Wiring) => ConnectorStage } {
  const held: Envelope[] = [];
  const consume = (envelope: Envelope) => (held.push(envelope), Promise.resolve(ACCEPTED));
  return {
    stage: {
      state: "process",
      consume,
      async drain(next) {
        for (const envelope of held.splice(0)) await next(envelope);
      },
    },
    connectorStage: ({ pipelines }) => ({
      state: "process",
      consume,
      async drain(emit) {
        for (const envelope of held.splice(0)) await emit(envelope, pipelines);
      },
    }),
  };
}

describe("stopping", () => {
  test("drains along the way: what one stage lets go, the next ones let go of, too, before exporters stop", async () => {
    const stages = { first: holding().stage, last: holding().stage };
    const { gateway, send, arrived } = await assemble({
      answers: { x: ACCEPTED },
      connectors: { c: { make: (wiring) => ({ stage: holding().connectorStage(wiring) }) } },
      pipelines: ["traces/2: c > last > x", "traces/1: in > first > c"],
      stages,
    });
    expect(await send()).toEqual(ACCEPTED);
    expect(arrived).toEqual([]);
    await gateway.stop(1000);
    expect(arrived).toEqual(["x traces 10", "stop x"]);
  });
});
