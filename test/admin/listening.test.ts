/** A whole gateway with its admin port, over sockets: before, while and after it runs. */
import { afterEach, describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { telemetry as schema } from "../../src/config/service.ts";
import { defineReceiver, type Receiver } from "../../src/pipeline/component.ts";
import { entryHere } from "../../src/runtimes/here.ts";
import type { RunningGateway } from "../../src/runtimes/node/gateway.ts";
import { exporterTo, planOf, type RigOptions } from "../contract/rig-plan.ts";
import { request } from "../contract/rig.ts";
import { judge } from "../harness/judge.ts";
import { portOf, type Sink, startServer, startSink } from "../contract/sinks.ts";
import * as z from "zod";
import { readExposition, sumOf } from "./exposition.ts";

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

interface Started extends RunningGateway {
  /** Of the admin port. */
  readonly admin: string;
}

async function start(options: Omit<RigOptions, "memoryBytes">, telemetry: unknown = { metrics: { readers: [reader(0)] } }): Promise<Started> {
  const entry = await entryHere();
  const running = await entry.runGateway(planOf(options, "127.0.0.1:0"), {
    log: "text",
    level: "warn",
    poison: true,
    memoryBytes: 64 << 20,
    writeLog: () => {},
    telemetry: schema.parse(telemetry),
  });
  opened.push({ close: () => running.stop(0) });
  return { ...running, admin: running.telemetry[0]?.address.replace("/metrics", "") ?? "" };
}

function reader(port: number) {
  return { pull: { exporter: { prometheus: { host: "127.0.0.1", port } } } };
}

async function sinkFor(...answering: Parameters<typeof startSink>): Promise<Sink> {
  const sink = await startSink(...answering);
  opened.push(sink);
  return sink;
}

async function scrape(admin: string, accept?: string) {
  const response = await fetch(`${admin}/metrics`, { headers: accept === undefined ? {} : { accept } });
  expect(response.status).toBe(200);
  return readExposition(await response.text(), response.headers.get("content-type")?.includes("openmetrics") === true);
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

test("what is scraped adds up: accepted = sent, refused = failed", async () => {
  let status = 200;
  const sink = await sinkFor((_request, response) => void response.writeHead(status).end());
  const { admin, addresses } = await start({ exporters: [exporterTo(sink.url)] });
  const url = `${addresses[0]?.address ?? ""}/v1/traces`;
  const { bytes } = payload("traces", { items: 20, seed: 1 });
  for (const answer of [200, 200, 503]) {
    status = answer;
    expect((await request(url, bytes)).status).toBe(answer);
  }
  for (const accept of [undefined, "application/openmetrics-text; version=1.0.0"]) {
    const families = await scrape(admin, accept);
    const accepted = sumOf(families, "otelcol_receiver_accepted_spans", { receiver: "otlp", transport: "http" });
    expect([accepted, sumOf(families, "otelcol_exporter_sent_spans", { exporter: "otlp_http" })]).toEqual([40, 40]);
    expect([sumOf(families, "otelcol_receiver_refused_spans"), sumOf(families, "otelcol_exporter_send_failed_spans")]).toEqual([20, 20]);
    for (const name of ["otelcol_process_memory_rss", "otelcol_process_uptime", "otelcol_process_cpu_seconds", "sluice_memory_capacity_bytes"]) {
      expect(sumOf(families, name), name).toBeGreaterThan(0);
    }
    expect(sumOf(families, "sluice_memory_used_bytes")).toBe(0);
    expect(sumOf(families, "sluice_component_healthy")).toBe(2);
  }
});

test("what is pushed at the end is the end of it: nothing is counted after it", async () => {
  const [sink, told] = [await sinkFor(), await sinkFor()];
  const push = { periodic: { exporter: { otlp: { protocol: "http/protobuf", endpoint: told.url } } } };
  const running = await start({ exporters: [exporterTo(sink.url)] }, { metrics: { readers: [push] } });
  expect((await request(`${running.addresses[0]?.address ?? ""}/v1/traces`, payload("traces", { items: 20, seed: 1 }).bytes)).status).toBe(200);
  await running.stop(10_000);
  expect(told.requests.map(({ url, headers }) => [url, headers["content-type"]])).toEqual([["/v1/metrics", "application/x-protobuf"]]);
  const pushed = JSON.stringify(judge("metrics").toObject(told.bodies[0] ?? Buffer.alloc(0)));
  for (const name of ["otelcol_receiver_accepted_spans", "otelcol_exporter_sent_spans"]) {
    expect(pushed).toMatch(new RegExp(`"name":"${name}"[^[]*"dataPoints":\\[\\{[^}]*"asInt":"20"`));
    expect(running.counters.total(name)).toBe(20);
  }
});

test("a HEAD has the head of the answer and nothing else", async () => {
  const sink = await sinkFor();
  const { admin } = await start({ exporters: [exporterTo(sink.url)] });
  for (const path of ["/metrics", "/readyz"]) {
    const response = await fetch(`${admin}${path}`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  }
});

describe("ready", () => {
  test("is said once the receivers listen, no longer from the stop on, and then nothing answers", async () => {
    const seen: Record<string, number> = {};
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sink = await sinkFor((_request, response) => void held.then(() => response.end()));
    const { server, url, close } = await startServer((_request, response) => void response.end());
    const port = portOf(server);
    await close();
    const receiver = defineReceiver({
      id: "asking",
      signals: ["traces"],
      summary: "Asks whether all is ready while it starts.",
      schema: z.strictObject({}),
      create: (): Receiver => ({
        async start() {
          for (const path of ["readyz", "healthz"]) seen[path] = await statusOf(`${url}/${path}`);
          return { addresses: [], stop: () => Promise.resolve() };
        },
      }),
    });
    const exporters = [exporterTo(sink.url)];
    const plan = planOf({ exporters, signals: ["traces"] }, "127.0.0.1:0");
    const entry = await entryHere();
    const running = await entry.runGateway(
      {
        ...plan,
        receivers: [...plan.receivers, { id: "asking", definition: receiver, config: {} }],
        pipelines: plan.pipelines.map((pipeline) => ({ ...pipeline, receivers: ["asking", "otlp"] })),
      },
      { log: "text", level: "error", memoryBytes: 64 << 20, writeLog: () => {}, telemetry: schema.parse({ metrics: { readers: [reader(port)] } }) },
    );
    expect(seen).toEqual({ readyz: 503, healthz: 200 });
    expect([await statusOf(`${url}/readyz`), await statusOf(`${url}/readyz/traces`)]).toEqual([200, 200]);
    // A request that is under way holds the stop up: meanwhile the port says so.
    const answer = request(`${running.addresses[0]?.address ?? ""}/v1/traces`, payload("traces", { items: 1, seed: 1 }).bytes);
    while (sink.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const stopped = running.stop(30_000);
    expect([await statusOf(`${url}/readyz`), await statusOf(`${url}/healthz`)]).toEqual([503, 200]);
    release();
    expect((await answer).status).toBe(200);
    await stopped;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });

  test("turns with the only destination, once it has failed for too long, and back", async () => {
    let status = 503;
    const sink = await sinkFor((_request, response) => void response.writeHead(status).end());
    const { admin, addresses } = await start({ exporters: [exporterTo(sink.url)] }, { metrics: { readers: [reader(0)] }, health: { failing_after: "0s" } });
    const send = () => request(`${addresses[0]?.address ?? ""}/v1/traces`, payload("traces", { items: 1, seed: 1 }).bytes);
    expect(await statusOf(`${admin}/readyz`)).toBe(200);
    await send();
    const response = await fetch(`${admin}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({
        pipelines_down: ["traces", "metrics", "logs", "profiles"],
        components: expect.arrayContaining([expect.objectContaining({ component: "exporter:otlp_http", status: "recoverable" })]),
      }),
    ]);
    expect(await statusOf(`${admin}/healthz`)).toBe(200);
    status = 200;
    await send();
    expect(await statusOf(`${admin}/readyz`)).toBe(200);
  });
});

describe("a port that is taken", () => {
  test("by another process is an error with its cure", async () => {
    const other = await startServer((_request, response) => void response.end());
    opened.push(other);
    const port = portOf(other.server);
    const sink = await sinkFor();
    await expect(start({ exporters: [exporterTo(sink.url)] }, { metrics: { readers: [reader(port)] } })).rejects.toMatchObject({
      code: "listen",
      message: `Cannot listen on "127.0.0.1:${port}": another process has this port`,
      cure: expect.stringContaining("service.telemetry.metrics.level: none"),
    });
  });

  test("is free again where the start failed after it", async () => {
    const other = await startServer((_request, response) => void response.end());
    opened.push(other);
    const free = await startServer((_request, response) => void response.end());
    const port = portOf(free.server);
    await free.close();
    const sink = await sinkFor();
    const metrics = { metrics: { readers: [reader(port)] } };
    const taken = { endpoint: `127.0.0.1:${portOf(other.server)}` };
    await expect(start({ exporters: [exporterTo(sink.url)], http: taken }, metrics)).rejects.toMatchObject({ code: "listen" });
    const { admin } = await start({ exporters: [exporterTo(sink.url)] }, metrics);
    expect(await statusOf(`${admin}/readyz`)).toBe(200);
  });
});
