/** What a gateway tells of itself, with a server and a client of the test's own and a clock that the test moves. */
import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import type { Handler, HttpRequest, HttpResult, ListenOptions } from "../../src/base/host.ts";
import { type TelemetryConfig, telemetry as schema } from "../../src/config/service.ts";
import { Health } from "../../src/pipeline/health.ts";
import { startTelemetry } from "../../src/runtimes/node/admin/telemetry.ts";
import { type Bench, bench } from "../contract/exporter-contract.ts";
import { settled, TestClock } from "../harness/clock.ts";
import { judge } from "../harness/judge.ts";

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly timeoutMs: number;
}

const OK: HttpResult = { kind: "response", status: 200, header: () => undefined, body: new Uint8Array(0) };

function world(answer: () => HttpResult = () => OK) {
  const clock = new TestClock();
  const sent: Sent[] = [];
  const listened: ListenOptions[] = [];
  const stopped: number[] = [];
  const taken = new Set<number>();
  const client = () => ({
    send({ url, headers, slices, timeoutMs, onReleased }: HttpRequest): Promise<HttpResult> {
      sent.push({ url, headers, body: Uint8Array.from(Buffer.concat(slices)), timeoutMs });
      onReleased();
      return Promise.resolve(answer());
    },
    close: () => Promise.resolve(),
  });
  const server = {
    async listen(options: ListenOptions, _handler: Handler) {
      if (taken.has(options.port)) throw new SluiceError("listen", `Cannot listen on "${options.hostname}:${options.port}": another process has this port`);
      listened.push(options);
      return { port: options.port, stop: async () => void stopped.push(options.port) };
    },
  };
  const on = bench("telemetry", { clock, sleep: clock.sleep, client, server });
  const start = (config: unknown) => startTelemetry(telemetryOf(config), { ...on, health: new Health(clock), secrets: [] });
  return { clock, sent, listened, stopped, taken, on, start };
}

function telemetryOf(config: unknown): TelemetryConfig {
  return schema.parse(config);
}

const pull = (port: number) => ({ pull: { exporter: { prometheus: { host: "localhost", port } } } });
const push = (otlp: Readonly<Record<string, unknown>> = {}, interval = 1000) => ({
  periodic: { interval, exporter: { otlp: { protocol: "http/protobuf", endpoint: "http://sink.test:1", ...otlp } } },
});

/** Of a body that may be coded. */
function metricsOf({ headers, body }: Sent): readonly Metric[] {
  const plain = headers["content-encoding"] === "gzip" ? Uint8Array.from(zlib.gunzipSync(body)) : body;
  const request: unknown = headers["content-type"] === "application/json" ? JSON.parse(new TextDecoder().decode(plain)) : judge("metrics").toObject(plain);
  const { resourceMetrics } = request as { readonly resourceMetrics: readonly { scopeMetrics: readonly { metrics: readonly Metric[] }[] }[] };
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
}

/** Values by metric and labels. */
function valuesOf(sent: Sent): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, sum, gauge } of metricsOf(sent)) {
    for (const point of (sum ?? gauge)?.dataPoints ?? []) {
      const labels = (point.attributes ?? []).map(({ key, value }) => `${key}=${value.stringValue}`);
      values[`${name}{${labels.join(",")}}`] = point.asInt ?? point.asDouble;
    }
  }
  return values;
}

interface Points {
  readonly dataPoints: readonly { asInt?: string; asDouble?: number; attributes?: readonly { key: string; value: { stringValue: string } }[] }[];
}

interface Metric {
  readonly name: string;
  readonly sum?: Points;
  readonly gauge?: Points;
}

function expectBalanced({ engine }: Bench): void {
  expect(engine.pool.blocks).toBe(0);
}

describe("addresses", () => {
  test("each reader has one, and all are closed at the end", async () => {
    const { start, listened, stopped } = world();
    const telemetry = await start({ metrics: { readers: [pull(1), pull(2)] } });
    expect(telemetry.addresses).toEqual([
      { component: "service.telemetry.metrics.readers[0]", address: "http://localhost:1/metrics" },
      { component: "service.telemetry.metrics.readers[1]", address: "http://localhost:2/metrics" },
    ]);
    expect(listened.map(({ hostname, port }) => [hostname, port])).toEqual([
      ["localhost", 1],
      ["localhost", 2],
    ]);
    await telemetry.stop(1000);
    expect(stopped).toEqual([1, 2]);
  });

  test("one that was asked for and is taken stops the start, and names the cure", async () => {
    const { start, stopped, taken } = world();
    taken.add(2);
    await expect(start({ metrics: { readers: [pull(1), pull(2)] } })).rejects.toMatchObject({
      code: "listen",
      message: 'Cannot listen on "localhost:2": another process has this port',
      path: "service.telemetry.metrics.readers[1]",
      cure: "Stop that process, give it another port, or write service.telemetry.metrics.level: none",
    });
    expect(stopped).toEqual([1]);
  });

  test("the default one that is taken is told, with the cure, and stops nothing", async () => {
    const { start, listened, taken, on } = world();
    taken.add(8888);
    const telemetry = await start({});
    expect([telemetry.addresses, listened]).toEqual([[], []]);
    expect(on.log.length).toBe(1);
    expect(on.log[0]).toMatch(/WARN .*not served reason=.*another process has this port.* cure=.*service\.telemetry\.metrics\.level: none/);
    await telemetry.stop(0);
  });

  test("none with level none, and nothing is measured", async () => {
    const { start, listened, on } = world();
    await (await start({ metrics: { level: "none" } })).stop(0);
    expect([listened, on.counters.samples(), on.log]).toEqual([[], [], []]);
  });
});

describe("the level", () => {
  test.each([
    ["basic", 0],
    ["normal", 0],
    ["detailed", 1],
  ])("%s tells of the sizes that queues are given %i times", async (level, times) => {
    const { start, sent, on } = world();
    on.counters.histogram("otelcol_exporter_enqueue_size", { exporter: "a", data_type: "traces" }, [10]).record(3);
    on.counters.histogram("otelcol_processor_batch_batch_send_size", { processor: "b", "otel.signal": "traces" }, [10]).record(3);
    await (await start({ metrics: { level, readers: [push()] } })).stop(1000);
    const names = sent.flatMap((request) => metricsOf(request).map(({ name }) => name));
    const count = (name: string) => names.filter((one) => one === name).length;
    expect([count("otelcol_exporter_enqueue_size"), count("otelcol_processor_batch_batch_send_size")]).toEqual([times, 1]);
  });
});

describe("pushed", () => {
  test("every interval, and once more at the end, with what it is by then", async () => {
    const { start, sent, clock, on } = world();
    const counter = on.counters.counter("otelcol_exporter_sent_spans", { exporter: "a" });
    const telemetry = await start({ metrics: { readers: [push({ headers: { "x-key": "k" }, timeout: 700 })] } });
    counter.add(1);
    await clock.advance(999);
    expect(sent.length).toBe(0);
    await clock.advance(1);
    counter.add(1);
    await clock.advance(1000);
    counter.add(1);
    await telemetry.stop(1000);
    expect(sent.map((one) => valuesOf(one)["otelcol_exporter_sent_spans{exporter=a}"])).toEqual(["1", "2", "3"]);
    expect(sent[0]).toMatchObject({
      url: "http://sink.test:1/v1/metrics",
      timeoutMs: 700,
      headers: { "x-key": "k", "content-type": "application/x-protobuf" },
    });
    expect(on.counters.total("sluice_telemetry_pushes", { outcome: "success" })).toBe(3);
    await clock.advance(10_000);
    expect(sent.length).toBe(3);
    expectBalanced(on);
  });

  test.each(["http/protobuf", "http/json"])("%s, gzip, the same values", async (protocol) => {
    const { start, sent, clock, on } = world();
    on.counters.counter("otelcol_exporter_sent_spans", { exporter: "a" }).add(5);
    const telemetry = await start({ metrics: { readers: [push({ protocol, compression: "gzip" })] } });
    const before = clock.advance(1000);
    // The codec works in its own time.
    while (sent.length === 0) await settled();
    await before;
    expect(sent[0]?.headers["content-encoding"]).toBe("gzip");
    const [first] = sent;
    const values = first === undefined ? {} : valuesOf(first);
    expect(values["otelcol_exporter_sent_spans{exporter=a}"]).toBe("5");
    expect(Object.keys(values)).toEqual(expect.arrayContaining(["sluice_memory_capacity_bytes{}", "otelcol_process_memory_rss{}"]));
    await telemetry.stop(1000);
    while (on.engine.pool.blocks > 0) await settled();
  });

  test("one that fails is counted and told, and the next one makes up for it", async () => {
    let status = 503;
    const { start, sent, clock, on } = world(() => ({ ...OK, status }));
    const telemetry = await start({ metrics: { readers: [push()] } });
    on.counters.counter("otelcol_exporter_sent_spans", { exporter: "a" }).add(1);
    await clock.advance(1000);
    status = 200;
    await clock.advance(1000);
    expect(sent.map((one) => valuesOf(one)["otelcol_exporter_sent_spans{exporter=a}"])).toEqual(["1", "1"]);
    expect(on.counters.total("sluice_telemetry_pushes", { reader: "service.telemetry.metrics.readers[0]", outcome: "failure" })).toBe(1);
    expect(on.counters.total("sluice_telemetry_pushes", { outcome: "success" })).toBe(1);
    expect(on.log.filter((line) => line.includes("Own metrics could not be pushed")).length).toBe(1);
    await telemetry.stop(1000);
    expectBalanced(on);
  });

  test("not while the memory for requests in flight is used up", async () => {
    const { start, sent, clock, on } = world();
    const telemetry = await start({ metrics: { readers: [push()] } });
    const blocks = [];
    for (let block = on.engine.pool.take(1); block !== undefined; block = on.engine.pool.take(1)) blocks.push(block);
    await clock.advance(1000);
    expect([sent.length, on.counters.total("sluice_telemetry_pushes", { outcome: "failure" })]).toEqual([0, 1]);
    for (const block of blocks) block.release();
    await telemetry.stop(1000);
    expect(sent.length).toBe(1);
    expectBalanced(on);
  });
});
