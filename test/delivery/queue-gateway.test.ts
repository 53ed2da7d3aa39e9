/** Queues in a gateway: one destination does not hold another, what no sender hears of is counted, and stopping has time for them. */
import { describe, expect, test } from "vitest";
import { delivered } from "../../src/delivery/deliver.ts";
import { queueSchema } from "../../src/delivery/queue/settings.ts";
import type { Context, Exporter, Intake } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway } from "../../src/pipeline/gateway.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { Envelope, Stage } from "../../src/pipeline/stage.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchOf, testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { checkBooks } from "./books.ts";
import { ACCEPTED, LATER, REFUSED, requestOf } from "./delivery-rig.ts";

interface Destination {
  readonly answer: () => Outcome | Promise<Outcome>;
  /** As in the YAML; undefined: none. */
  readonly queue?: Readonly<Record<string, unknown>>;
  readonly retry?: boolean;
}

/** A gateway over a test's clock whose receiver is the test, with these destinations behind one pipeline. */
async function assemble(destinations: Readonly<Record<string, Destination>>, stage?: Stage, runtime: "test" | "workers" = "test") {
  const clock = new TestClock();
  const engine = testEngine();
  const counters = new Counters();
  const received = new Map<string, number>();
  const order: string[] = [];
  const intakes: Intake[] = [];
  const exporters = Object.entries(destinations).map(([id, { answer, queue, retry }]) => ({
    id,
    definition: {
      create: (_config: unknown, context: Context): Exporter => {
        const inner: Exporter = {
          async consume(batch) {
            received.set(id, (received.get(id) ?? 0) + batch.items);
            batch.retain();
            try {
              return await answer();
            } finally {
              batch.release();
            }
          },
          stop: () => (order.push(id), Promise.resolve()),
        };
        const sections = { sending_queue: queue === undefined ? undefined : queueSchema.parse(queue), retry_on_failure: retry === true ? null : undefined };
        return delivered(inner, sections, context);
      },
    },
    config: {},
  }));
  const receiver = {
    start: (intake: Intake) => {
      intakes.push(intake);
      return Promise.resolve({ addresses: [], stop: (deadlineMs: number) => (order.push(`receiver ${deadlineMs}`), Promise.resolve()) });
    },
  };
  const gateway = await Gateway.start({
    plan: {
      receivers: [{ id: "in", definition: { create: () => receiver }, config: {} }],
      processors: stage === undefined ? [] : [{ id: "stage", definition: { create: () => ({ stage }) }, config: {} }],
      exporters,
      pipelines: [
        {
          id: "traces",
          signal: "traces",
          receivers: ["in"],
          processors: stage === undefined ? [] : ["stage"],
          exporters: Object.keys(destinations),
        },
      ],
    },
    host: { ...bareHost, runtime, clock, sleep: clock.sleep, random: () => 0.5 },
    engine,
    counters,
  });
  let seed = 0;
  const send = (items: number): Promise<Outcome> => {
    seed++;
    const batch = batchOf("traces", admitted(engine, "traces", requestOf("traces", items, seed)));
    const outcome = intakes[0]?.consume(batch) ?? Promise.reject(new Error("Not started"));
    return outcome.finally(() => batch.release());
  };
  return { gateway, send, clock, engine, counters, received, order };
}

const never = () => new Promise<Outcome>(() => {});

describe("one destination", () => {
  test("that hangs does not hold another: the other has everything, the sender is answered at once", async () => {
    const { clock, counters, engine, received, send, gateway } = await assemble({
      hung: { answer: never, queue: { num_consumers: 2 } },
      well: { answer: () => ACCEPTED, queue: { num_consumers: 2 } },
    });
    for (let turn = 0; turn < 100; turn++) expect(await send(3)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(received.get("well")).toBe(300);
    expect(checkBooks(counters, "well", "traces")).toMatchObject({ sent: 300, queued: 0 });
    expect(checkBooks(counters, "hung", "traces")).toMatchObject({ sent: 0, queued: 300 });
    // Only what is under way to it has blocks of the pool.
    expect(engine.pool.blocks).toBe(2);
    const stopping = gateway.stop(1000);
    await clock.advance(1000);
    await stopping;
    expect(checkBooks(counters, "hung", "traces")).toMatchObject({ dropped: 300, queued: 0 });
  });

  test("that is full makes the sender send again, and the other one's queue takes the batch each time", async () => {
    const { counters, send, clock } = await assemble({
      full: { answer: never, queue: { queue_size: 1 } },
      well: { answer: () => ACCEPTED, queue: {} },
    });
    expect(await send(3)).toEqual(ACCEPTED);
    expect(await send(3)).toMatchObject({ kind: "retry", afterMs: 1000 });
    await clock.advance(0);
    expect(checkBooks(counters, "full", "traces")).toMatchObject({ offered: 6, returned: 3, queued: 3 });
    expect(checkBooks(counters, "well", "traces")).toMatchObject({ offered: 6, sent: 6 });
  });
});

describe("a failure of which no sender hears", () => {
  test("is dropped where it happened", async () => {
    const { counters, send } = await assemble({
      refusing: { answer: () => REFUSED, queue: { wait_for_result: true } },
      well: { answer: () => ACCEPTED },
    });
    expect(await send(4)).toEqual(ACCEPTED);
    expect(checkBooks(counters, "refusing", "traces")).toMatchObject({ offered: 4, dropped: 4, returned: 0 });
    expect(counters.total("sluice_exporter_dropped_spans", { exporter: "refusing", reason: "refused" })).toBe(4);
    expect(counters.total("otelcol_exporter_send_failed_spans", { exporter: "refusing" })).toBe(4);
    expect(counters.total("otelcol_exporter_sent_spans", { exporter: "well" })).toBe(4);
  });

  test("is not, where the sender is told to send again", async () => {
    const { counters, send, clock } = await assemble({
      down: { answer: () => LATER, retry: true },
      well: { answer: () => ACCEPTED },
    });
    const sending = send(4);
    await clock.advance(600_000);
    expect(await sending).toMatchObject({ kind: "retry" });
    expect(checkBooks(counters, "down", "traces")).toMatchObject({ offered: 4, dropped: 0, returned: 4 });
  });
});

describe("stopping", () => {
  test("leaves receivers half of the time, and the queue what is left", async () => {
    const { gateway, send, clock, order, counters } = await assemble({
      slow: { answer: () => clock.sleep(400).then(() => ACCEPTED), queue: { num_consumers: 1 } },
    });
    await send(1);
    await send(2);
    const stopping = gateway.stop(1000);
    await clock.advance(800);
    await stopping;
    expect(order).toEqual(["receiver 500", "slow"]);
    expect(checkBooks(counters, "slow", "traces")).toMatchObject({ sent: 3, queued: 0 });
  });

  test("leaves time for a queue behind a stage that takes all of its own", async () => {
    const rest: { clock?: TestClock; held?: Envelope } = {};
    const stage: Stage = {
      state: "process",
      consume: (envelope) => {
        rest.held = envelope;
        return Promise.resolve(ACCEPTED);
      },
      drain: async (next, deadlineMs) => {
        await rest.clock?.sleep(deadlineMs);
        if (rest.held !== undefined) await next(rest.held);
      },
    };
    const { gateway, send, clock, counters } = await assemble({ well: { answer: () => clock.sleep(200).then(() => ACCEPTED), queue: {} } }, stage);
    rest.clock = clock;
    await send(5);
    const stopping = gateway.stop(1000);
    await clock.advance(1000);
    await stopping;
    expect(checkBooks(counters, "well", "traces")).toMatchObject({ sent: 5, dropped: 0 });
  });
});

describe("on Workers", () => {
  test("a queue is an error at the start that says what to do", async () => {
    await expect(assemble({ vendor: { answer: never, queue: {} } }, undefined, "workers")).rejects.toMatchObject({
      code: "config",
      path: "exporters.vendor",
      message: 'Cannot use exporter "vendor" on Workers: it keeps telemetry between requests',
      cure: 'Take sending_queue out of "vendor", or run Sluice on Node, Bun or Deno',
    });
  });

  test("retries are none", async () => {
    let turn = 0;
    const { send, clock } = await assemble({ vendor: { answer: () => (turn++ === 0 ? LATER : ACCEPTED), retry: true } }, undefined, "workers");
    const sending = send(2);
    await clock.advance(5000);
    expect(await sending).toEqual(ACCEPTED);
  });
});
