/** Processes that end with a full queue in front of a destination that hangs: in time, with an exit code that says how, and the next one finds everything. */
import { afterAll, expect, test } from "vitest";
import { type Sink, until } from "../../contract/sinks.ts";
import { endAll, folder, Gateway, ITEMS, requestOf, sinkFor, spansIn, yamlOf } from "./gateway.ts";

const REQUESTS = 20;
const NOT_ANSWERED = () => {};
/** What the command says that it takes after a signal, and as much again for a machine that is busy. */
const STOP_MS_MAX = 24_000;

afterAll(endAll);

function exporterTo(sink: Sink, queue = "storage: file_storage"): string {
  return `endpoint: "${sink.url}", timeout: 60s, sending_queue: {${queue}, num_consumers: 4}, retry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0}`;
}

const bodies = Array.from({ length: REQUESTS }, (_, index) => requestOf(index + 1));

/** One whose queues are full of what their destinations have not answered, a queue of each of these kinds. */
async function hanging(directory: string, kinds: readonly string[]): Promise<Gateway> {
  const sinks = await Promise.all(kinds.map(() => sinkFor(NOT_ANSWERED)));
  const exporters = sinks.map((sink, index) => [
    `otlp_http/${index}`,
    exporterTo(sink, `storage: file_storage, durability: ${kinds[index]}, queue_size: ${REQUESTS}`),
  ]);
  const gateway = await Gateway.start(yamlOf({ directory, exporters: Object.fromEntries(exporters) }));
  const replies = await Promise.all(bodies.map((body) => gateway.export(body)));
  expect(replies.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  const more = await gateway.export(requestOf(REQUESTS + 1));
  expect([more.status, Number(more.headers["retry-after"]) > 0]).toEqual([503, true]);
  await until(() => sinks.every((sink) => sink.bodies.length === 4), "every consumer is busy");
  return gateway;
}

/** What the next process delivers to each destination: all that was acknowledged, once. */
async function expectFound(directory: string, destinations: number): Promise<void> {
  const sinks = await Promise.all(Array.from({ length: destinations }, () => sinkFor()));
  const exporters = Object.fromEntries(sinks.map((sink, index) => [`otlp_http/${index}`, exporterTo(sink)]));
  const gateway = await Gateway.start(yamlOf({ directory, exporters }));
  await gateway.drained();
  expect(await gateway.total("sluice_exporter_restored_spans")).toBe(destinations * REQUESTS * ITEMS);
  for (const sink of sinks) expect(spansIn(sink.bodies)).toEqual(spansIn(bodies));
  expect(await gateway.end()).toBe(0);
}

test.concurrent("SIGTERM with full queues of both kinds: it ends by itself with code 0 though the destinations hang, and the next process has everything", async () => {
  const directory = folder();
  const gateway = await hanging(directory, ["send_first", "write_first"]);
  const startMs = performance.now();
  expect(await gateway.end("SIGTERM")).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(STOP_MS_MAX);
  expect(gateway.log).toContain("Stopped");
  await expectFound(directory, 2);
}, 60_000);

test.concurrent("a second SIGTERM ends it at once with code 1, and nothing is lost", async () => {
  const directory = folder();
  const gateway = await hanging(directory, ["write_first"]);
  gateway.signal("SIGTERM");
  await gateway.told("Stopping: what is under way may end");
  expect(await gateway.end("SIGTERM")).toBe(1);
  expect(gateway.log).not.toContain("Stopped");
  await expectFound(directory, 1);
}, 60_000);

test.concurrent("two processes on one file: the second does not start, with a cure, and the first goes on", async () => {
  const directory = folder();
  const sink = await sinkFor();
  const yaml = yamlOf({ directory, exporters: { otlp_http: exporterTo(sink) } });
  const first = await Gateway.start(yaml);
  const second = new Gateway(yaml);
  expect(await second.ended).toBe(1);
  expect(second.log).toMatch(/Cannot open the storage ".*": another process or gateway has it/);
  expect(second.log).toContain("Stop that one, or give this one a directory of its own");
  expect((await first.export(requestOf(1))).status).toBe(200);
  // Where its destination was not asked within the window it was kept, and answered before it was sent.
  await first.drained();
  expect(spansIn(sink.bodies)).toEqual(spansIn([requestOf(1)]));
  expect(await first.end()).toBe(0);
}, 60_000);
