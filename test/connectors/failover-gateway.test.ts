/** A `failover` in a gateway, before exporters with retries: what is told, and that both levels' books and the connector's balance. */
import { expect, test } from "vitest";
import { failover } from "../../src/connectors/failover.ts";
import { delivered } from "../../src/delivery/deliver.ts";
import { queueSchema } from "../../src/delivery/queue/settings.ts";
import type { Context, Exporter, Intake } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway, type GatewayPlan, type PlannedPipeline } from "../../src/pipeline/gateway.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { checkBooks } from "../delivery/books.ts";
import { requestOf } from "../delivery/delivery-rig.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchOf, testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

const ACCEPTED: Outcome = { kind: "accepted" };
const LATER: Outcome = { kind: "retry", message: "later", status: 503 };

async function assemble() {
  const clock = new TestClock();
  const engine = testEngine();
  const counters = new Counters();
  const answers: Record<string, Outcome> = {};
  let intake: Intake | undefined;
  const exporter = (id: string) => ({
    id,
    config: {},
    definition: {
      create: (_config: never, context: Context): Exporter =>
        delivered(
          { consume: () => Promise.resolve(answers[id] ?? ACCEPTED), stop: () => Promise.resolve() },
          // A level must be able to fail: its senders wait.
          { sending_queue: queueSchema.parse({ wait_for_result: true, num_consumers: 1 }), retry_on_failure: { ...RETRY, enabled: false } },
          context,
        ),
    },
  });
  const start = (given: Intake) => ((intake = given), Promise.resolve({ addresses: [], stop: () => Promise.resolve() }));
  const pipeline = (id: string, receiver: string, to: string): PlannedPipeline => ({
    id,
    signal: "traces",
    receivers: [receiver],
    processors: [],
    exporters: [to],
  });
  const plan: GatewayPlan = {
    receivers: [{ id: "in", definition: { create: () => ({ start }) }, config: {} }],
    processors: [],
    exporters: [exporter("first"), exporter("second")],
    connectors: [
      { id: "failover", definition: failover, config: failover.schema.parse({ priority_levels: [["traces/1"], ["traces/2"]], retry_interval: "1m" }) },
    ],
    pipelines: [pipeline("traces", "in", "failover"), pipeline("traces/1", "failover", "first"), pipeline("traces/2", "failover", "second")],
  };
  const gateway = await Gateway.start({ plan, host: { ...bareHost, clock, sleep: clock.sleep }, engine, counters });
  let seed = 0;
  const send = async (items: number): Promise<Outcome> => {
    const batch = batchOf("traces", admitted(engine, "traces", requestOf("traces", items, ++seed)));
    const outcome = await intake?.consume(batch);
    batch.release();
    return outcome ?? LATER;
  };
  return { answers, clock, counters, engine, gateway, send };
}

const RETRY = { initial_interval: 5000, max_interval: 30_000, max_elapsed_time: 0, multiplier: 1.5, randomization_factor: 0 };

test("what the first level fails the second takes, and the sender hears that all is well", async () => {
  const { answers, clock, counters, engine, gateway, send } = await assemble();
  expect(await send(10)).toEqual(ACCEPTED);
  answers["first"] = LATER;
  expect([await send(20), await send(30)]).toEqual([ACCEPTED, ACCEPTED]);
  expect(checkBooks(counters, "first", "traces")).toMatchObject({ offered: 30, sent: 10, returned: 20, dropped: 0 });
  expect(checkBooks(counters, "second", "traces")).toMatchObject({ offered: 50, sent: 50 });
  answers["second"] = LATER;
  expect(await send(5)).toMatchObject({ kind: "retry", status: 503 });
  delete answers["first"];
  await clock.advance(60_000);
  expect([await send(7), await send(7)]).toEqual([ACCEPTED, ACCEPTED]);
  expect(checkBooks(counters, "first", "traces")).toMatchObject({ sent: 24, dropped: 0 });
  const total = (name: string) => counters.total(`${name}_items`, { connector: "failover" });
  expect(total("otelcol_connector_consumed") + total("sluice_connector_created")).toBe(total("otelcol_connector_produced"));
  expect(total("sluice_connector_created")).toBe(25);
  const stopping = gateway.stop(100);
  await clock.advance(100);
  await stopping;
  expect(engine.pool.blocks).toBe(0);
});
