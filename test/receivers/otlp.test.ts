/** The `otlp` receiver over real sockets: every answer that OTLP/HTTP knows, in the sender's encoding. */
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Answer, HttpServer } from "../../src/base/host.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import { readStatus, type Encoding } from "../../src/otlp/responses.ts";
import type { Batch, Exporter } from "../../src/pipeline/component.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { parseEndpoint } from "../../src/pipeline/endpoint.ts";
import { otlp } from "../../src/receivers/otlp.ts";
import { request, type Reply, type Rig, startRig } from "../contract/rig.ts";
import { until } from "../contract/sinks.ts";
import { ALONE } from "../harness/context.ts";

const PATHS: Readonly<Record<Signal, string>> = { traces: "/v1/traces", metrics: "/v1/metrics", logs: "/v1/logs", profiles: "/v1development/profiles" };

/** An exporter that keeps a copy of what it is given, and answers as told. */
class Recorder implements Exporter {
  outcome: Outcome = { kind: "accepted" };
  readonly taken: { readonly signal: Signal; readonly items: number; readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }[] = [];

  consume(batch: Batch): Promise<Outcome> {
    const slices: Uint8Array[] = [];
    for (const chunk of batch.chunks) chunk.slices(slices);
    this.taken.push({ signal: batch.signal, items: batch.items, bytes: Buffer.concat(slices), headers: batch.origin.headers });
    return Promise.resolve(this.outcome);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

async function startReceiver(http: Readonly<Record<string, unknown>> = {}, signals: readonly Signal[] = SIGNALS): Promise<{ rig: Rig; recorder: Recorder }> {
  const recorder = new Recorder();
  const rig = await startRig({ http, signals, exporters: [{ id: "recorder", definition: { create: () => recorder }, config: {} }] });
  return { rig, recorder };
}

/** The message of a google.rpc.Status in this encoding; fails when the body is none. */
function messageIn(reply: Reply, encoding: Encoding): string {
  expect(reply.headers["content-type"]).toBe(encoding === "json" ? "application/json" : "application/x-protobuf");
  const status = readStatus(encoding, reply.body);
  if (status === undefined) throw new Error(`No google.rpc.Status: ${reply.body.toString("latin1")}`);
  return status.message;
}

/** A field of up to 127 bytes, in hexadecimal. */
function hexField(tag: string, content: string): string {
  return `${tag}${(content.length / 2).toString(16).padStart(2, "0")}${content}`;
}

describe("with every signal", () => {
  let rig: Rig;
  let recorder: Recorder;
  beforeAll(async () => ({ rig, recorder } = await startReceiver({ include_metadata: true })));
  afterAll(async () => {
    await rig.stop(1000);
    expect(rig.engine.pool.blocks).toBe(0);
  });
  const post = (path: string, body: Uint8Array | string, headers = {}, options = {}) => request(`${rig.url}${path}`, body, headers, options);

  test.each(SIGNALS)("takes %s, plain and in each coding", async (signal) => {
    const { bytes, items } = payload(signal, { items: 30 });
    const forms: [string, Buffer][] = [
      ["identity", Buffer.from(bytes)],
      ["gzip", zlib.gzipSync(bytes)],
      ["GZIP", Buffer.concat([zlib.gzipSync(bytes), zlib.gzipSync("")])],
      ["deflate", zlib.deflateSync(bytes)],
      ["zstd", zlib.zstdCompressSync(bytes)],
    ];
    for (const [coding, body] of forms) {
      const reply = await post(PATHS[signal], body, { "content-encoding": coding, "content-type": "Application/X-Protobuf; charset=utf-8", "x-tenant": "t" });
      expect(reply.status, coding).toBe(200);
      expect(reply.body.length).toBe(0);
      expect(reply.headers).toMatchObject({ "content-type": "application/x-protobuf", "x-content-type-options": "nosniff" });
      expect(recorder.taken.at(-1)).toMatchObject({ signal, items, headers: { "x-tenant": "t" } });
      expect(recorder.taken.at(-1)?.bytes.equals(bytes)).toBe(true);
    }
  });

  test("profiles have two paths", async () => {
    expect(await post("/v1/profiles", payload("profiles").bytes)).toMatchObject({ status: 200 });
    expect(recorder.taken.at(-1)?.signal).toBe("profiles");
  });

  test("a request without items is 200 and goes nowhere", async () => {
    const before = recorder.taken.length;
    for (const signal of SIGNALS) expect(await post(PATHS[signal], "")).toMatchObject({ status: 200 });
    expect(await post("/v1/traces", zlib.gzipSync(""), { "content-encoding": "gzip" })).toMatchObject({ status: 200 });
    expect(recorder.taken.length).toBe(before);
  });

  test("counts what it took under the Collector's names", async () => {
    const before = rig.counters.total("otelcol_receiver_accepted_spans", { receiver: "otlp", transport: "http" });
    await post("/v1/traces", payload("traces", { items: 7 }).bytes);
    recorder.outcome = { kind: "refused", message: "no" };
    await post("/v1/traces", payload("traces", { items: 5 }).bytes);
    recorder.outcome = { kind: "accepted" };
    expect(rig.counters.total("otelcol_receiver_accepted_spans", { receiver: "otlp", transport: "http" }) - before).toBe(7);
    expect(rig.counters.total("otelcol_receiver_refused_spans")).toBe(5);
    expect(rig.counters.total("otelcol_exporter_send_failed_spans", { exporter: "recorder" })).toBe(5);
  });

  test.each([
    ["another path", "/v1/trace", { method: "POST" }, 404],
    ["a path with a slash behind", "/v1/traces/", { method: "POST" }, 404],
    ["GET", "/v1/traces", { method: "GET" }, 405],
    ["PUT", "/v1/traces", { method: "PUT" }, 405],
    ["OPTIONS without CORS", "/v1/traces", { method: "OPTIONS" }, 405],
  ])("%s", async (_name, path, options, status) => {
    const reply = await post(path, "", {}, options);
    expect(reply.status).toBe(status);
    expect(messageIn(reply, "proto")).not.toBe("");
    if (status === 405) expect(reply.headers.allow).toBe("POST");
  });

  test.each([
    ["text", { "content-type": "text/plain" }, 415, "proto"],
    ["nothing", { "content-type": "" }, 415, "proto"],
    ["brotli", { "content-type": "application/json", "content-encoding": "br" }, 415, "json"],
    ["two codings", { "content-encoding": "gzip, gzip" }, 415, "proto"],
    ["an unknown coding", { "content-encoding": "snappy" }, 415, "proto"],
  ] as const)("a body of %s is refused unread", async (_name, headers, status, encoding) => {
    const reply = await post("/v1/traces", "x", headers);
    expect(reply.status).toBe(status);
    messageIn(reply, encoding);
    if ("content-encoding" in headers) expect(reply.headers["accept-encoding"]).toBe("identity, gzip, zstd, deflate");
  });

  test("damage is 400, with path and byte offset, in the sender's encoding", async () => {
    const { bytes } = payload("traces", { items: 3 });
    const reply = await post("/v1/traces", Buffer.from(bytes.subarray(0, bytes.length - 1)));
    expect(reply.status).toBe(400);
    expect(messageIn(reply, "proto")).toMatch(/in resourceSpans\[\d\]?.*, at byte \d+/);
    const packed = await post("/v1/traces", zlib.gzipSync(bytes).subarray(0, -4), { "content-encoding": "gzip" });
    expect(packed.status).toBe(400);
    expect(messageIn(packed, "proto")).toMatch(/inflate/);
  });

  test("a span without a valid id is cut, and told as a partial success", async () => {
    const spans = ["01", "00"].map((id) => hexField("12", `0a10${id.repeat(16)}1208${"02".repeat(8)}`)).join("");
    const body = Buffer.from(hexField("0a", hexField("12", spans)), "hex");
    const reply = await post("/v1/traces", body);
    expect(reply.status).toBe(200);
    expect(reply.body.subarray(0, 1).toString("hex")).toBe("0a");
    expect(reply.body.subarray(2, 4).toString("hex")).toBe("0801");
    expect(recorder.taken.at(-1)?.items).toBe(1);
  });

  test("a warning is told as a partial success that rejects nothing, beside what the door has cut", async () => {
    const spans = (ids: readonly string[]) => ids.map((id) => hexField("12", `0a10${id.repeat(16)}1208${"02".repeat(8)}`)).join("");
    const partialOf = async (ids: readonly string[]) => {
      recorder.outcome = { kind: "accepted", warning: "kept" };
      const reply = await post("/v1/traces", Buffer.from(hexField("0a", hexField("12", spans(ids))), "hex"));
      recorder.outcome = { kind: "accepted" };
      return reply;
    };
    const whole = await partialOf(["01"]);
    // ExportTraceServiceResponse.partial_success.error_message
    expect([whole.status, whole.body.toString("hex")]).toEqual([200, hexField("0a", hexField("12", Buffer.from("kept").toString("hex")))]);
    const cut = await partialOf(["01", "00"]);
    expect([cut.status, cut.body.subarray(2, 4).toString("hex"), cut.body.toString().endsWith("; kept")]).toEqual([200, "0801", true]);
  });

  test.each([
    [{ kind: "retry", message: "later", afterMs: 12_300 }, 503, "13"],
    [{ kind: "retry", message: "later" }, 503, "5"],
    [{ kind: "refused", message: "never", status: 401 }, 400, undefined],
    [{ kind: "refused", message: "too much", status: 413 }, 413, undefined],
  ] as const)("outcome %j", async (outcome, status, retryAfter) => {
    recorder.outcome = outcome;
    const reply = await post("/v1/traces", payload("traces", { items: 2 }).bytes);
    recorder.outcome = { kind: "accepted" };
    expect(reply.status).toBe(status);
    expect(reply.headers["retry-after"]).toBe(retryAfter);
    expect(messageIn(reply, "proto")).toContain(outcome.message);
  });
});

async function using(http: Readonly<Record<string, unknown>>, act: (rig: Rig) => Promise<void>, signals?: readonly Signal[]): Promise<void> {
  const { rig } = await startReceiver(http, signals);
  try {
    await act(rig);
    await until(() => rig.engine.pool.blocks === 0, "every block is given back");
  } finally {
    await rig.stop(1000);
  }
}

describe("settings", () => {
  test("a signal without a pipeline is 404", () =>
    using(
      {},
      async ({ url }) => {
        const reply = await request(`${url}/v1/logs`, "{}", { "content-type": "application/json" });
        expect(reply.status).toBe(404);
        expect(messageIn(reply, "json")).toContain("no pipeline");
      },
      ["traces"],
    ));

  test("own paths replace the usual ones", () =>
    using({ traces_url_path: "/in/t" }, async ({ url }) => {
      expect(await request(`${url}/in/t`, "")).toMatchObject({ status: 200 });
      expect(await request(`${url}/v1/traces`, "")).toMatchObject({ status: 404 });
    }));

  test("the size limit holds before and after decompression", () => {
    const { bytes } = payload("traces", { items: 50 });
    return using({ max_request_body_size: bytes.length }, async ({ url }) => {
      expect(await request(`${url}/v1/traces`, bytes)).toMatchObject({ status: 200 });
      expect(await request(`${url}/v1/traces`, zlib.gzipSync(bytes), { "content-encoding": "gzip" })).toMatchObject({ status: 200 });
      for (const [body, coding] of [
        [Buffer.concat([bytes, Buffer.from([0x0a, 0])]), "identity"],
        [zlib.gzipSync(Buffer.concat([bytes, Buffer.from([0x0a, 0])])), "gzip"],
        [zlib.zstdCompressSync(Buffer.alloc(50_000_000)), "zstd"],
      ] as const) {
        const reply = await request(`${url}/v1/traces`, body, { "content-encoding": coding });
        expect(reply.status).toBe(413);
        messageIn(reply, "proto");
      }
    });
  });

  test("compression_algorithms narrows what is accepted", () =>
    using({ compression_algorithms: ["zstd"] }, async ({ url }) => {
      expect(await request(`${url}/v1/traces`, zlib.zstdCompressSync(Buffer.alloc(0)), { "content-encoding": "zstd" })).toMatchObject({ status: 200 });
      expect(await request(`${url}/v1/traces`, "")).toMatchObject({ status: 415, headers: { "accept-encoding": "zstd" } });
    }));

  test("response_headers and keep_alives_enabled", () =>
    using({ response_headers: { "X-Gate": "1" }, keep_alives_enabled: false }, async ({ url }) => {
      expect((await request(`${url}/v1/traces`, "")).headers).toMatchObject({ "x-gate": "1", connection: "close" });
    }));

  test("CORS: preflight, answers and errors, exact origins and patterns", () =>
    using({ cors: { allowed_origins: ["https://app.example.com", "https://*.good.dev"], max_age: 600 } }, async ({ url }) => {
      const preflight = (origin: string, headers = "content-type") =>
        request(`${url}/v1/traces`, "", { origin, "access-control-request-method": "POST", "access-control-request-headers": headers }, { method: "OPTIONS" });
      const granted = await preflight("https://app.example.com");
      expect(granted.status).toBe(204);
      expect(granted.headers).toMatchObject({
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
      });
      expect((await preflight("https://a.good.dev")).headers["access-control-allow-origin"]).toBe("https://a.good.dev");
      for (const evil of ["https://app.example.com.evil", "https://evil/.good.dev", "null", "http://app.example.com", "https://.good.dev"]) {
        expect((await preflight(evil)).headers["access-control-allow-origin"], evil).toBeUndefined();
      }
      expect((await preflight("https://app.example.com", "x-secret")).headers["access-control-allow-origin"]).toBeUndefined();
      const error = await request(`${url}/v1/traces`, "junk", { origin: "https://app.example.com" });
      expect(error).toMatchObject({ status: 400, headers: { "access-control-allow-origin": "https://app.example.com", vary: "Origin" } });
    }));

  test.each([
    [{ protocols: {} }, "at least one protocol"],
    [{ protocols: { http: { endpoint: 4318 } } }, ""],
    [{ protocols: { http: { read_timeout: "5 parsecs" } } }, "no duration"],
    [{ protocols: { http: { auth: { authenticator: "basicauth" } } } }, "not available"],
    [{ protocols: { http: { nonsense: 1 } } }, "nonsense"],
    [{ protocols: { http: { response_headers: { "a b": "1" } } } }, "header name"],
  ])("%j is refused", (config, message) => {
    const parsed = otlp.schema.safeParse(config);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.message).toContain(message);
  });

  test("empty sections mean their defaults", () => {
    const { protocols } = otlp.schema.parse({ protocols: { grpc: null, http: null } });
    expect(protocols.http).toMatchObject({ endpoint: "localhost:4318", traces_url_path: "/v1/traces", read_timeout: 0 });
  });

  test.each([
    ["localhost:4318", "localhost", 4318],
    ["[::1]:1", "::1", 1],
    [":4318", "", 4318],
    ["0.0.0.0:65535", "0.0.0.0", 65_535],
  ])("endpoint %s", (endpoint, hostname, port) => expect(parseEndpoint(endpoint, "k")).toEqual({ hostname, port }));

  test.each(["http://localhost:4318", "localhost", "localhost:99999", "::1:4318", "unix:/tmp/x"])("endpoint %s is refused", (endpoint) => {
    expect(() => parseEndpoint(endpoint, "receivers.otlp.protocols.http.endpoint")).toThrow(
      expect.objectContaining({ code: "config", cure: expect.stringContaining("host:port") }),
    );
  });
});

test("the handler is plain exchange: any server can call it", async () => {
  const answers: Answer[] = [];
  const server: HttpServer = {
    async listen(_options, handler) {
      answers.push(
        await handler(
          { method: "GET", path: "/v1/traces", header: () => undefined, headers: () => ({}), peer: "p", contentLength: undefined },
          { read: () => Promise.reject(new Error("not to be read")) },
        ),
        await handler(
          {
            method: "POST",
            path: "/v1/traces",
            header: (name) => (name === "content-type" ? "application/json" : undefined),
            headers: () => ({}),
            peer: "p",
            contentLength: 9,
          },
          { read: () => Promise.resolve({ kind: "timeout" }) },
        ),
      );
      return { port: 1, stop: () => Promise.resolve() };
    },
  };
  const { rig } = await startReceiver();
  const config = otlp.schema.parse({ protocols: { http: {} } });
  const context = { ...ALONE, id: "otlp", host: { ...rig.host, server }, engine: rig.engine, logger: rig.host.logger, counters: rig.counters };
  await otlp.create(config, context).start({ signals: new Set(SIGNALS), consume: () => Promise.resolve({ kind: "accepted" }) });
  expect(answers[0]).toMatchObject({ status: 405, headers: { allow: "POST" } });
  expect(answers[1]?.status).toBe(408);
  expect(readStatus("json", Buffer.from(answers[1]?.body ?? []))).toMatchObject({ code: 4, message: expect.stringContaining("in time") });
  await rig.stop(0);
});

describe("JSON", () => {
  test("is taken, answered in JSON, and leaves as protobuf", async () => {
    const { rig, recorder } = await startReceiver();
    const json = { "content-type": "application/json; charset=utf-8" };
    const span = { traceId: "0102030405060708090A0B0C0D0E0F10", spanId: "0102030405060708", name: "a" };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span, { ...span, spanId: "" }] }] }] });
    const good = await request(`${rig.url}/v1/traces`, zlib.gzipSync(body), { ...json, "content-encoding": "gzip" });
    expect(good).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
    expect(JSON.parse(good.body.toString())).toMatchObject({ partialSuccess: { rejectedSpans: "1" } });
    expect(recorder.taken[0]).toMatchObject({ signal: "traces", items: 1 });
    const empty = await request(`${rig.url}/v1/logs`, "{}", json);
    expect([empty.status, empty.body.toString()]).toEqual([200, "{}"]);
    const bad = await request(`${rig.url}/v1/traces`, '{"resourceSpans":3}', json);
    expect(bad.status).toBe(400);
    expect(messageIn(bad, "json")).toMatch(/at byte \d+/);
    await rig.stop(1000);
    expect(rig.engine.pool.blocks).toBe(0);
  });
});
