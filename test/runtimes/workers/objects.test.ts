/** A configuration that holds, on Workers as an operator runs them: it lives in a Durable Object, and what was acknowledged survives workerd. */
import { mkdtempSync, rmSync } from "node:fs";
import type * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import { listenerOf } from "../../black-box/processes.ts";
import { request } from "../../contract/rig.ts";
import { type Answering, type Sink, startSink } from "../../contract/sinks.ts";
import { leaves } from "../../harness/multiset.ts";
import { halfPost, startWorker, until, type Worker } from "./harness.ts";

const ITEMS = 10;
const MIB = 1 << 20;
const ok: Answering = (_request, response) => void response.end();

function yamlTo(sink: string): string {
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: {timeout: 300ms}}
exporters: {otlp_http: {endpoint: "${sink}", compression: none}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}}}
`;
}

function bodiesOf(count: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => payload("traces", { items: ITEMS, seed: from + index + 1 }).bytes);
}

const known = new WeakMap<Uint8Array, readonly string[]>();

/** Every (resource, scope, item), sorted. */
function leavesOf(bodies: readonly Uint8Array[]): string[] {
  return bodies.flatMap(leavesIn).toSorted();
}

function leavesIn(body: Uint8Array): readonly string[] {
  // A copy: of a Buffer the judge would make Buffers.
  const found = known.get(body) ?? leaves("traces", Uint8Array.from(body));
  known.set(body, found);
  return found;
}

function itemsIn(sink: Sink): number {
  return sink.bodies.reduce((sum, body) => sum + leavesIn(body).length, 0);
}

async function sendAll(url: string, bodies: readonly Uint8Array[]): Promise<void> {
  const replies = await Promise.all(bodies.map((body) => request(`${url}/v1/traces`, body)));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
}

describe("batch in a Durable Object", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-objects-"));
  let sink: Sink;
  let worker: Worker;
  let answering = ok;
  const start = () => startWorker(yamlTo(sink.url), {}, ["--persist", folder]);

  beforeAll(async () => {
    sink = await startSink((...exchange) => answering(...exchange));
    worker = await start();
  });

  afterAll(async () => {
    expect(await worker.stop()).toBe(0);
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    answering = ok;
    sink.bodies.length = 0;
  });

  test("a hundred requests arrive in fewer, whole", async () => {
    const bodies = bodiesOf(100);
    await sendAll(worker.url, bodies);
    await until(() => itemsIn(sink) >= 100 * ITEMS);
    expect(leavesOf(sink.bodies)).toEqual(leavesOf(bodies));
    expect(sink.bodies.length).toBeLessThan(50);
  });

  test("the first of three at once goes away: the others are answered, and delivered", async () => {
    const [first = new Uint8Array(0), ...others] = bodiesOf(3, 500);
    const sending = halfPost(`${worker.url}/v1/traces`, first.length, first.subarray(0, 100));
    const sent = sendAll(worker.url, others);
    sending.destroy();
    await sent;
    await until(() => itemsIn(sink) >= 2 * ITEMS);
    expect(leavesOf(sink.bodies)).toEqual(leavesOf(others));
  });

  test("a destination that is down for a while gets everything, once", async () => {
    const bodies = bodiesOf(5, 600);
    answering = (_request, response) => void response.writeHead(503).end();
    await sendAll(worker.url, bodies);
    await until(() => sink.bodies.length >= 2);
    sink.bodies.length = 0;
    answering = ok;
    await until(() => itemsIn(sink) >= 5 * ITEMS);
    expect(leavesOf(sink.bodies)).toEqual(leavesOf(bodies));
  });

  test("heads are refused as everywhere: path, method, coding, declared length", async () => {
    const url = `${worker.url}/v1/traces`;
    expect((await request(`${worker.url}/other`, "x")).status).toBe(404);
    expect((await request(url, "", {}, { method: "GET" })).status).toBe(405);
    expect((await request(url, "x", { "content-encoding": "br" })).status).toBe(415);
    expect((await request(url, "x")).status).toBe(400);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = halfPost(url, 17 * MIB, Buffer.alloc(MIB));
      sending.on("error", reject);
      sending.on("response", (response: http.IncomingMessage) => {
        resolve(response.statusCode);
        sending.destroy();
      });
    });
    expect(status).toBe(413);
  });

  // The last one: it ends the worker that the others share.
  test("what was acknowledged before workerd was killed is delivered by the next one, though nobody sends to it", async () => {
    const bodies = bodiesOf(100, 1000);
    answering = (_request, response) => void response.writeHead(503).end();
    await sendAll(worker.url, bodies);
    process.kill(listenerOf(Number(new URL(worker.url).port)), "SIGKILL");
    await worker.stop();
    answering = ok;
    sink.bodies.length = 0;
    worker = await start();
    await until(() => itemsIn(sink) >= 100 * ITEMS);
    expect(leavesOf(sink.bodies)).toEqual(leavesOf(bodies));
  });
});

describe("a queue with a storage in a Durable Object", () => {
  test("what was acknowledged while the destination was down is delivered after workerd was killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-objects-queue-"));
    let down = true;
    const sink = await startSink((_request, response) => void response.writeHead(down ? 503 : 200).end());
    const yaml = `
extensions: {file_storage: {directory: /var/lib/sluice}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "${sink.url}", compression: none, sending_queue: {storage: file_storage, durability: write_first}, retry_on_failure: {initial_interval: 1s, max_interval: 1s}}}
service: {extensions: [file_storage], pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`;
    const start = () => startWorker(yaml, {}, ["--persist", folder]);
    let worker = await start();
    try {
      const bodies = bodiesOf(20, 2000);
      await sendAll(worker.url, bodies);
      process.kill(listenerOf(Number(new URL(worker.url).port)), "SIGKILL");
      await worker.stop();
      sink.bodies.length = 0;
      down = false;
      worker = await start();
      await until(() => itemsIn(sink) >= 20 * ITEMS);
      expect(leavesOf(sink.bodies)).toEqual(leavesOf(bodies));
    } finally {
      await worker.stop();
      await sink.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
