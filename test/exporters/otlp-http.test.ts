/** The `otlp_http` exporter: what it sends, and what it makes of each answer. */
import * as zlib from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { HttpRequest, HttpResult } from "../../src/base/host.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import { otlpHttp } from "../../src/exporters/otlp-http.ts";
import { RETRY_AFTER_MS_MAX } from "../../src/delivery/backoff.ts";
import { balancingOf } from "../../src/delivery/balancing/settings.ts";
import { parseRetryAfter } from "../../src/exporters/otlp-http/outcome.ts";
import { writeExportResponse, writeStatus } from "../../src/otlp/responses.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { bench, type Bench } from "../contract/exporter-contract.ts";
import { SOCKETS } from "../harness/host.ts";
import { type Answering, type Sink, startSink, until } from "../contract/sinks.ts";

let open: Sink[] = [];
afterEach(async () => {
  await Promise.all(open.map((sink) => sink.close()));
  open = [];
});

async function sinkFor(answering?: Answering): Promise<Sink> {
  const sink = await startSink(answering);
  open.push(sink);
  return sink;
}

async function export1(
  config: Readonly<Record<string, unknown>>,
  options: { readonly signal?: Signal; readonly items?: number; readonly on?: Bench } = {},
): Promise<{ outcome: Outcome; on: Bench }> {
  const on = options.on ?? bench("otlp_http/x");
  const exporter = otlpHttp.create(otlpHttp.schema.parse(config), on);
  const batch = on.batch(options.signal ?? "traces", options.items ?? 10);
  const outcome = await exporter.consume(batch);
  batch.release();
  await until(() => on.engine.pool.blocks === 0, "every block is given back");
  await exporter.stop(1000);
  return { outcome, on };
}

/** The outcome of an export that is answered so. */
async function answered(status: number, body: Uint8Array | string = "", headers: Readonly<Record<string, string>> = {}, items = 10): Promise<Outcome> {
  if (!SOCKETS) return answeredWithoutSockets({ status, header: (name) => headers[name], body: Buffer.from(body) }, items);
  const sink = await sinkFor((_request, response) => void response.writeHead(status, headers).end(body));
  const { outcome } = await export1({ endpoint: sink.url }, { items });
  expect(sink.requests.length).toBe(1);
  return outcome;
}

/** The same where a test cannot listen: the answer comes from a client of the test's own. */
async function answeredWithoutSockets(answer: Omit<Extract<HttpResult, { readonly kind: "response" }>, "kind">, items: number): Promise<Outcome> {
  const send = (request: HttpRequest): Promise<HttpResult> => {
    request.onReleased();
    return Promise.resolve({ kind: "response", ...answer });
  };
  const on = bench("otlp_http/x", { client: () => ({ send, close: () => Promise.resolve() }) });
  const { outcome } = await export1({ endpoint: "http://sink.test", compression: "none" }, { items, on });
  return outcome;
}

describe.runIf(SOCKETS)("requests", () => {
  test.each(SIGNALS)("%s go to their path, compressed, with who sends them", async (signal) => {
    const sink = await sinkFor();
    await export1({ endpoint: `${sink.url}/base/`, headers: { "X-Key": "secret" } }, { signal });
    const path = signal === "profiles" ? "/base/v1development/profiles" : `/base/v1/${signal}`;
    expect(sink.requests[0]?.url).toBe(path);
    expect(sink.requests[0]?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      "user-agent": expect.stringMatching(/^Sluice\/0\.1\.0 \((?:node|bun|deno)\)$/),
      "x-key": "secret",
    });
    expect(zlib.gunzipSync(sink.bodies[0] ?? "").equals(payload(signal, { items: 10 }).bytes)).toBe(true);
  });

  test("endpoints of a signal are used as they are; a signal without one is refused", async () => {
    const sink = await sinkFor();
    await export1({ traces_endpoint: `${sink.url}/in?a=1` });
    expect(sink.requests[0]?.url).toBe("/in?a=1");
    expect((await export1({ traces_endpoint: sink.url }, { signal: "logs" })).outcome).toMatchObject({ kind: "refused" });
  });

  test("headers of the operator stand, as a map or a list", async () => {
    const sink = await sinkFor();
    await export1({
      endpoint: sink.url,
      headers: [
        { name: "User-Agent", value: "mine/1" },
        { name: "X-N", value: 5 },
      ],
    });
    expect(sink.requests[0]?.headers).toMatchObject({ "user-agent": "mine/1", "x-n": "5" });
  });

  test.each([
    ["none", undefined, (body: Buffer) => body],
    ["zstd", 3, zlib.zstdDecompressSync],
    ["gzip", 9, zlib.gunzipSync],
  ] as const)("compression %s, level %s", async (compression, level, undo) => {
    const sink = await sinkFor();
    await export1({ endpoint: sink.url, compression, ...(level === undefined ? {} : { compression_params: { level } }) }, { items: 200 });
    expect(sink.requests[0]?.headers["content-encoding"]).toBe(compression === "none" ? undefined : compression);
    expect(Buffer.from(undo(sink.bodies[0] ?? Buffer.alloc(0))).equals(payload("traces", { items: 200 }).bytes)).toBe(true);
  });
});

function partial(rejected: number, message: string): Uint8Array {
  return writeExportResponse("traces", "proto", { rejected, message });
}

describe("answers", () => {
  const json = { "content-type": "application/json" };
  const proto = { "content-type": "application/x-protobuf" };

  test.each([
    ["200, empty", 200, "", {}, { kind: "accepted" }],
    ["202", 202, "", {}, { kind: "accepted" }],
    ["the Collector's empty partial success", 200, Buffer.from("0a00", "hex"), proto, { kind: "accepted" }],
    ["and in JSON", 200, '{"partialSuccess":{}}', json, { kind: "accepted" }],
    ["some rejected", 200, partial(3, "too old"), proto, { kind: "partial", rejected: 3, message: "too old" }],
    ["some rejected, in JSON", 200, '{"partialSuccess":{"rejectedSpans":"4","errorMessage":"old"}}', json, { kind: "partial", rejected: 4, message: "old" }],
    ["more rejected than were sent", 200, partial(5000, ""), proto, { kind: "partial", rejected: 10, message: "" }],
    ["fewer than none", 200, Buffer.from("0a0b08ffffffffffffffffff01", "hex"), proto, { kind: "accepted" }],
    ["only a message", 200, partial(0, "slow down"), proto, { kind: "accepted", warning: "slow down" }],
    ["503", 503, "", {}, { kind: "retry", status: 503 }],
    ["429 with seconds", 429, "", { "retry-after": "7" }, { kind: "retry", status: 429, afterMs: 7000 }],
    ["502", 502, "", {}, { kind: "retry" }],
    ["504", 504, "", {}, { kind: "retry" }],
    [
      "400 with a status",
      400,
      writeStatus("proto", { code: 3, message: "bad span" }),
      proto,
      { kind: "refused", status: 400, message: expect.stringContaining("bad span") },
    ],
    ["401", 401, "<html>", { "content-type": "text/html" }, { kind: "refused", status: 401 }],
    ["413", 413, "", {}, { kind: "refused", status: 413 }],
    ["500", 500, "", {}, { kind: "refused", status: 500 }],
    ["501", 501, "", {}, { kind: "refused", status: 501 }],
    ["307", 307, "", { location: "http://169.254.169.254/" }, { kind: "refused", status: 307, message: expect.stringContaining("redirects") }],
    ["302", 302, "", { location: "/" }, { kind: "refused", status: 302 }],
  ] as const)("%s", async (_name, status, body, headers, expected) => {
    expect(await answered(status, body, headers)).toMatchObject(expected);
  });

  test.each([
    ["HTML", "<html>ok</html>", { "content-type": "text/html" }],
    ["a truncated message", Buffer.from("0a10", "hex"), proto],
    ["brotli", Buffer.from("00ff", "hex"), { "content-encoding": "br" }],
    ["JSON that is a list", "[1]", json],
  ])("200 with %s: delivered, with a warning", async (_name, body, headers) => {
    expect(await answered(200, body, headers)).toMatchObject({ kind: "accepted", warning: expect.stringContaining("cannot be read") });
  });

  test.runIf(SOCKETS)("an answer over 4 MiB is for good", async () => {
    expect(await answered(200, Buffer.alloc((4 << 20) + 1))).toMatchObject({ kind: "refused" });
  });

  test.runIf(SOCKETS)("no connection, no answer, a reset: may succeed later", async () => {
    const mute = await sinkFor(() => {});
    expect((await export1({ endpoint: mute.url, timeout: "100ms" })).outcome).toMatchObject({ kind: "retry", message: expect.stringContaining("timeout") });
    const resetting = await sinkFor((request) => void request.socket.resetAndDestroy());
    expect((await export1({ endpoint: resetting.url })).outcome).toMatchObject({ kind: "retry", message: expect.stringContaining("reset") });
    await resetting.close();
    expect((await export1({ endpoint: resetting.url })).outcome).toMatchObject({ kind: "retry", message: expect.stringContaining("connect") });
  });

  test.each([
    ["7", 7000],
    [" 0 ", 0],
    ["1000000000", RETRY_AFTER_MS_MAX],
    ["Sat, 21 Nov 2026 00:00:10 GMT", 10_000],
    ["Sat, 21 Nov 2020 00:00:10 GMT", 0],
    ["-1", undefined],
    ["soon", undefined],
    ["1.5", undefined],
    ["2030", 2_030_000],
  ])("Retry-After: %s", (text, afterMs) => {
    expect(parseRetryAfter(text, Date.UTC(2026, 10, 21))).toBe(afterMs);
  });
});

describe("settings", () => {
  test.each([
    [{}, "an endpoint is needed"],
    [{ endpoint: "localhost:4318" }, "URL"],
    [{ endpoint: "grpc://x" }, "URL"],
    [{ endpoint: "http://x", compression: "snappy" }, "use gzip, zstd or none"],
    [{ endpoint: "http://x", compression: "br" }, ""],
    [{ endpoint: "http://x", compression_params: { level: 11 } }, "gzip has levels"],
    [{ endpoint: "http://x", timeout: "-1s" }, "no duration"],
    [{ endpoint: "http://x", headers: { a: "b\r\nc: d" } }, "header"],
    [{ endpoint: "http://x", auth: { authenticator: "oauth2client" } }, "not available"],
    [{ endpoint: "http://x", nonsense: 1 }, "nonsense"],
    [{ endpoint: "http://x", load_balancing: { endpoints: ["http://y"] } }, "endpoint and load_balancing exclude one another"],
    [{ logs_endpoint: "http://x", load_balancing: { endpoints: ["http://y"] } }, "logs_endpoint and load_balancing exclude one another"],
    [{ load_balancing: {} }, "endpoints"],
    [{ load_balancing: { endpoints: [] } }, "an endpoint is needed"],
    [{ load_balancing: { endpoints: ["y:4318"] } }, "URL"],
    [{ load_balancing: { endpoints: [{ endpoint: "grpc://y" }] } }, "URL"],
    [{ load_balancing: { endpoints: ["http://y", { endpoint: "http://user:key@y/" }] } }, '\\"y\\" is there twice'],
    [{ load_balancing: { endpoints: [{ endpoint: "http://y", weight: 2 }] } }, "set policy to weighted"],
    [{ load_balancing: { endpoints: ["http://y"], routing_key: "service" } }, "set policy to trace_id"],
    [{ load_balancing: { endpoints: ["http://y"], policy: "trace_id", routing_key: "streamID" } }, "use traceID, service or resource"],
    [{ load_balancing: { endpoints: ["http://y"], health_check: { active: { path: "healthz" } } } }, "begins with a slash"],
    [{ load_balancing: { endpoints: ["http://y"], health_check: { active: { interval: "0s" } } } }, "interval must be more than 0"],
    [{ load_balancing: { endpoints: ["http://y"], health_check: { passive: { ejection_time: "10m" } } } }, "must not be less than ejection_time"],
  ])("%j is refused", (config, message) => {
    const parsed = otlpHttp.schema.safeParse(config);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.message).toContain(message);
  });

  test("several endpoints, with and without weights, and every section with nothing behind it", () => {
    const config = otlpHttp.schema.parse({
      load_balancing: {
        endpoints: ["http://a:1/x", { endpoint: "http://b:2", weight: 3 }],
        policy: "weighted",
        health_check: { active: null, passive: { ejection_time: "20s" } },
      },
      circuit_breaker: null,
      concurrency: null,
    });
    expect(config.load_balancing && balancingOf(config.load_balancing)).toEqual({
      endpoints: [
        { url: "http://a:1/x", weight: 1 },
        { url: "http://b:2", weight: 3 },
      ],
      strategy: "weighted",
      routingKey: undefined,
      health: { failures: 5, ejectMs: 20_000, ejectMsMax: 300_000, rampMs: 30_000, probes: 2 },
      ejectedShareMax: 1,
      active: { path: undefined, intervalMs: 10_000, timeoutMs: 5000 },
    });
    expect(otlpHttp.create(config, bench("otlp_http")).state ?? "none").toBe("none");
  });

  test("the Collector's sections are taken as they are", () => {
    const config = otlpHttp.schema.parse({
      endpoint: "https://x:4318",
      tls: { insecure: true },
      sending_queue: { enabled: true, queue_size: 5000, batch: null },
      retry_on_failure: { enabled: true, max_elapsed_time: "1m" },
      timeout: "1m30s",
      compression_params: null,
    });
    expect(config.timeout).toBe(90_000);
  });

  test.runIf(SOCKETS)("a certificate that is not there is an error of the configuration", () => {
    const config = otlpHttp.schema.parse({ endpoint: "https://x", tls: { ca_file: "/nonexistent/ca.pem" } });
    expect(() => otlpHttp.create(config, bench("otlp_http"))).toThrow(expect.objectContaining({ code: "config" }));
  });
});
