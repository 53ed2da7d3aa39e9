/**
 * Destinations that fail in every way that a connection can, behind durable queues of both kinds:
 * everything arrives, once, or twice where the gateway could not know that it had arrived.
 */
import { afterAll, expect, test } from "vitest";
import { type Sink, until } from "../../contract/sinks.ts";
import { atEnd, endAll, folder, Gateway, ITEMS, requestOf, sinkFor, spansIn, yamlOf } from "./gateway.ts";
import { type Fault, FaultProxy } from "./proxy.ts";

/** How often the destination takes a request whose first attempt has this fault, and how many connections that takes. */
const FAULTS: readonly (readonly [fault: Fault, taken: number, connections: number])[] = [
  ["reset before the request", 1, 2],
  ["reset in the middle of the request", 1, 2],
  ["reset after the request", 2, 2],
  ["half-closed before the answer", 2, 2],
  ["an answer byte by byte", 1, 1],
  ["an answer that ends in its head", 2, 2],
  ["an answer that is none", 2, 2],
  ["100 Continue, again and again", 1, 1],
  // The whole is divided, and its halves are taken.
  ["413 from the head", 1, 3],
  ["200 from the head, and the body is taken", 1, 1],
];
/** These end with the exporter's `timeout`. */
const HANGING: readonly Fault[] = ["no answer", "no answer behind its head", "an answer that drips for ever"];

afterAll(endAll);

interface Destination {
  readonly exporter: string;
  readonly sink: Sink;
  readonly proxy: FaultProxy;
}

/** A gateway in front of two destinations, one for each kind of durable queue. */
async function started(timeout: string): Promise<{ readonly gateway: Gateway; readonly destinations: readonly Destination[] }> {
  const destinations = await Promise.all(["send_first", "write_first"].map(destinationOf));
  const sections = destinations.map(({ exporter, proxy }) => [
    exporter,
    `endpoint: "${proxy.url}", disable_keep_alives: true, timeout: ${timeout}, sending_queue: {storage: file_storage, durability: ${exporter.slice("otlp_http/".length)}}, retry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0}`,
  ]);
  return { destinations, gateway: await Gateway.start(yamlOf({ directory: folder(), exporters: Object.fromEntries(sections) })) };
}

async function destinationOf(durability: string): Promise<Destination> {
  const sink = await sinkFor((_request, response) => void response.writeHead(200, { connection: "close", "content-length": 0 }).end());
  const proxy = await FaultProxy.listen(sink.url);
  atEnd(() => proxy.close());
  return { exporter: `otlp_http/${durability}`, sink, proxy };
}

test.concurrent("faults of a connection, one after the other: each request arrives as often as its fault says, and the counters agree", async () => {
  const { destinations, gateway } = await started("30s");
  for (const [index, [fault, taken, connections]] of FAULTS.entries()) {
    const body = requestOf(index + 1);
    for (const { proxy, sink } of destinations) {
      proxy.connections = 0;
      sink.bodies.length = 0;
      proxy.faults.push(fault);
    }
    expect((await gateway.export(body)).status, fault).toBe(200);
    await gateway.drained();
    for (const { exporter, proxy, sink } of destinations) {
      expect([fault, proxy.connections, await gateway.total("otelcol_exporter_sent_spans", { exporter })]).toEqual([fault, connections, ITEMS * (index + 1)]);
      expect(spansIn(sink.bodies), fault).toEqual(spansIn(Array(taken).fill(body)));
    }
  }
  expect(await gateway.end()).toBe(0);
}, 60_000);

test.concurrent("answers that never end are cut at the exporter's timeout, and tried again", async () => {
  const { destinations, gateway } = await started("2s");
  for (const { proxy } of destinations) proxy.faults.push(...HANGING);
  const bodies = HANGING.map((_, index) => requestOf(index + 1));
  const replies = await Promise.all(bodies.map((body) => gateway.export(body)));
  expect(replies.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  await gateway.drained();
  for (const { exporter, proxy, sink } of destinations) {
    expect([proxy.connections, await gateway.total("otelcol_exporter_sent_spans", { exporter })]).toEqual([2 * HANGING.length, HANGING.length * ITEMS]);
    expect(spansIn(sink.bodies)).toEqual(spansIn([...bodies, ...bodies]));
  }
  expect(await gateway.end()).toBe(0);
}, 60_000);

test.concurrent("connections that are reset thirty times: what was acknowledged meanwhile arrives once", async () => {
  const { destinations, gateway } = await started("30s");
  for (const { proxy } of destinations) proxy.faults.push(...Array<Fault>(30).fill("reset before the request"));
  const bodies = Array.from({ length: 5 }, (_, index) => requestOf(index + 1));
  for (const body of bodies) expect((await gateway.export(body)).status).toBe(200);
  await until(() => destinations.every(({ sink }) => sink.bodies.length >= bodies.length), "everything has arrived");
  await gateway.drained();
  for (const { proxy, sink } of destinations) {
    expect(spansIn(sink.bodies)).toEqual(spansIn(bodies));
    expect(proxy.connections).toBe(30 + bodies.length);
  }
  expect(await gateway.end()).toBe(0);
}, 60_000);
