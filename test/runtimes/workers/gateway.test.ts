/** The gateway in workerd, as a black box: what it takes, how it answers, and what an abort leaves behind. */
import { readdirSync, readFileSync } from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import { type Answering, type Sink, startSink } from "../../contract/sinks.ts";
import { request } from "../../contract/rig.ts";
import { halfPost, ROOT, startWorker, until, type Worker, yamlTo } from "./harness.ts";

const JSON_BODY = JSON.stringify({
  resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", name: "x" }] }] }],
});
const ok: Answering = (_request, response) => void response.end();
const MIB = 1 << 20;

let sink: Sink;
let answering: Answering = ok;
let worker: Worker;
let url = "";

beforeAll(async () => {
  sink = await startSink((...exchange) => answering(...exchange));
  worker = await startWorker(yamlTo(sink.url, { exporter: ", compression: none, timeout: 4s", resource: "${env:SLUICE_TEST_SECRET}" }), {
    SLUICE_TEST_SECRET: "a secret: {of} $two parts",
  });
  url = `${worker.url}/v1/traces`;
});

afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await sink.close();
});

/** Back to an honest sink that has seen nothing. */
function fresh(): void {
  answering = ok;
  sink.bodies.length = 0;
  sink.requests.length = 0;
}

describe("what it takes", () => {
  test("protobuf, answered in kind, by this runtime", async () => {
    fresh();
    const reply = await request(url, payload("traces", { items: 100 }).bytes);
    expect([reply.status, reply.headers["content-type"], reply.body.length]).toEqual([200, "application/x-protobuf", 0]);
    expect(sink.requests[0]?.headers["user-agent"]).toMatch(/^Sluice\/\S+ \(workers\)$/);
  });

  test("JSON, answered in kind; a binding stands in what is sent", async () => {
    fresh();
    const reply = await request(url, JSON_BODY, { "content-type": "application/json" });
    expect([reply.status, reply.headers["content-type"], reply.body.toString()]).toEqual([200, "application/json", "{}"]);
    expect(sink.bodies[0]?.includes("a secret: {of} $two parts")).toBe(true);
    expect(worker.stdout() + worker.stderr()).not.toContain("a secret");
  });

  test("the code that is kept for the next start holds nothing of a configuration", () => {
    const folder = join(ROOT, "node_modules/.cache/sluice/worker");
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.flatMap(({ name, parentPath }) => {
      try {
        return [{ name, text: readFileSync(join(parentPath, name), "latin1") }];
      } catch {
        return []; // An older one, removed by a process that keeps a newer.
      }
    });
    expect(texts.filter(({ name }) => name === "worker.js").length).toBeGreaterThan(0);
    expect(texts.filter(({ name }) => name.endsWith(".yaml")).map(({ text }) => text)).toContain("");
    expect(texts.filter(({ name, text }) => (name.endsWith(".yaml") && text !== "") || text.includes(sink.url))).toEqual([]);
  });

  test.each([
    ["gzip", (bytes: Uint8Array) => zlib.gzipSync(bytes)],
    ["gzip in two members", (bytes: Uint8Array) => Buffer.concat([zlib.gzipSync(bytes.subarray(0, 100)), zlib.gzipSync(bytes.subarray(100))])],
    ["deflate", (bytes: Uint8Array) => zlib.deflateSync(bytes)],
    ["deflate, raw", (bytes: Uint8Array) => zlib.deflateRawSync(bytes)],
    ["zstd", (bytes: Uint8Array) => zlib.zstdCompressSync(bytes)],
  ])("%s", async (name, compress) => {
    fresh();
    const { bytes } = payload("traces", { items: 200 });
    const coding = name.split(/[ ,]/)[0] ?? "";
    expect((await request(url, compress(bytes), { "content-encoding": coding })).status).toBe(200);
    expect(sink.bodies[0]?.length).toBeGreaterThan(bytes.length);
  });

  test("a chunked body without a length", async () => {
    fresh();
    const reply = await request(url, payload("traces", { items: 500 }).bytes, { "transfer-encoding": "chunked" });
    expect(reply.status).toBe(200);
    expect(sink.bodies.length).toBe(1);
  });

  test("br is 415, another path 404, GET 405", async () => {
    expect((await request(url, "x", { "content-encoding": "br" })).status).toBe(415);
    expect((await request(`${worker.url}/other`, "x")).status).toBe(404);
    expect((await request(url, "", {}, { method: "GET" })).status).toBe(405);
  });

  test("a body of exactly 16 MiB is read, inflated or not; one byte more is 413, and so is a bomb", async () => {
    const zeros = Buffer.alloc(16 * MIB);
    // Zeros are no protobuf: 400 says that the body was read whole.
    expect((await request(url, zeros)).status).toBe(400);
    expect((await request(url, zlib.gzipSync(zeros), { "content-encoding": "gzip" })).status).toBe(400);
    const more = Buffer.alloc(16 * MIB + 1);
    expect((await request(url, zlib.gzipSync(more), { "content-encoding": "gzip" })).status).toBe(413);
    expect((await request(url, zlib.gzipSync(Buffer.alloc(200 * MIB)), { "content-encoding": "gzip" })).status).toBe(413);
  });

  test("headers above 16 KiB are 431, a longer URL is 414", async () => {
    expect((await request(url, "", { "x-long": "a".repeat(15 * 1024) })).status).toBe(200);
    expect((await request(url, "", { "x-long": "a".repeat(17 * 1024) })).status).toBe(431);
    expect((await request(`${url}?${"a".repeat(17 * 1024)}`, "")).status).toBe(414);
  });
});

describe("early answers", () => {
  test.each([
    ["that stops and waits", 100 * MIB, MIB],
    ["that sends all the same", 24 * MIB, 24 * MIB],
  ])("413 by the declared length reaches a client %s", async (_name, declared, sent) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = halfPost(url, declared, Buffer.alloc(sent));
      sending.on("error", reject);
      sending.on("response", (response) => {
        resolve(response.statusCode);
        sending.destroy();
      });
    });
    expect(status).toBe(413);
  });

  test("413 while reading a chunked body", async () => {
    expect((await request(url, Buffer.alloc(20 * MIB), { "transfer-encoding": "chunked" })).status).toBe(413);
  });
});

describe("requests are on their own", () => {
  test("three at once, the first aborted: the others are answered", async () => {
    fresh();
    const held: http.ServerResponse[] = [];
    answering = (_request, response) => void held.push(response);
    const { bytes } = payload("traces", { items: 50 });
    const first = http.request(url, { method: "POST", headers: { "content-type": "application/x-protobuf", "content-length": bytes.length }, agent: false });
    first.on("error", () => {});
    first.end(bytes);
    await until(() => held.length === 1);
    const others = [request(url, bytes), request(url, bytes)];
    await until(() => held.length === 3);
    first.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const response of held) response.end();
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test("memory comes back from requests that were aborted, in the upload or while the destination is silent", async () => {
    fresh();
    const { bytes } = payload("traces", { items: 5000 });
    expect(bytes.length).toBeGreaterThan(2 * MIB);
    // Twice the memory of a Worker, in blocks of 4 MiB.
    for (let round = 0; round < 32; round++) {
      const sending = halfPost(url, bytes.length, bytes.subarray(0, MIB));
      await new Promise((resolve) => setTimeout(resolve, 30));
      sending.destroy();
    }
    answering = () => {};
    for (let round = 0; round < 32; round++) {
      const before = sink.bodies.length;
      const sending = halfPost(url, bytes.length, bytes);
      const refused = new Promise<boolean>((resolve) => sending.once("response", ({ statusCode }) => resolve(statusCode === 503)));
      await Promise.race([until(() => sink.bodies.length > before), refused]);
      sending.destroy();
    }
    fresh();
    const replies: number[] = [];
    // The last attempts end by the exporter's own time-out.
    await expect.poll(async () => replies.push((await request(url, bytes)).status) && replies.at(-1), { timeout: 20_000, interval: 500 }).toBe(200);
    // All of it: sixteen megabytes fit again.
    await expect.poll(async () => (await request(url, Buffer.alloc(16 * MIB))).status, { timeout: 20_000, interval: 500 }).toBe(400);
  });
});

describe("answers of destinations", () => {
  test("Brotli stays as it came, asked for or not: nothing that it says is read", async () => {
    fresh();
    const said = zlib.brotliCompressSync(JSON.stringify({ code: 3, message: "decoded" }));
    answering = (_request, response) => void response.writeHead(400, { "content-type": "application/json", "content-encoding": "br" }).end(said);
    const reply = await request(url, JSON_BODY, { "content-type": "application/json" });
    expect(JSON.parse(reply.body.toString())).toMatchObject({ message: "Cannot deliver: the destination answered 400" });
    // The same in the clear is told on, so that the line above proves something.
    answering = (_request, response) => void response.writeHead(400, { "content-type": "application/json" }).end(zlib.brotliDecompressSync(said));
    const clear = await request(url, JSON_BODY, { "content-type": "application/json" });
    expect(JSON.parse(clear.body.toString())).toMatchObject({ message: "Cannot deliver: the destination answered 400: decoded" });
    expect(sink.requests[0]?.headers["accept-encoding"]).not.toMatch(/br/);
  });

  test("gzip is undone by the platform, the header stays: a success in it counts, and its body is not read", async () => {
    fresh();
    // rejected_spans = 1.
    const partial = zlib.gzipSync(Uint8Array.of(0x0a, 2, 0x08, 1));
    answering = (_request, response) => void response.writeHead(200, { "content-type": "application/x-protobuf", "content-encoding": "gzip" }).end(partial);
    const reply = await request(url, payload("traces", { items: 10 }).bytes);
    // rejected_spans stays away: nobody read it. error_message says so.
    expect([reply.status, reply.body[2], reply.body.toString()]).toEqual([200, 0x12, expect.stringContaining("cannot be read")]);
    await until(() => worker.stdout().includes("A destination took everything and said"));
  });

  test("a redirect is a refusal, and the body goes nowhere else", async () => {
    fresh();
    answering = (_request, response) => void response.writeHead(307, { location: `${sink.url}/elsewhere` }).end();
    expect((await request(url, payload("traces", { items: 10 }).bytes)).status).toBe(400);
    expect(sink.requests.length).toBe(1);
  });

  test("429 and a time-out are 503 with Retry-After", async () => {
    fresh();
    answering = (_request, response) => void response.writeHead(429, { "retry-after": "7" }).end();
    const limited = await request(url, payload("traces", { items: 10 }).bytes);
    expect([limited.status, limited.headers["retry-after"]]).toEqual([503, "7"]);
    answering = () => {};
    const silent = await request(url, payload("traces", { items: 10 }).bytes);
    expect(silent.status).toBe(503);
    expect(silent.body.toString()).toContain("timeout");
  });

  test("more than 4 MiB of answer is a refusal", async () => {
    fresh();
    answering = (_request, response) => void response.end(Buffer.alloc(5 * MIB));
    expect((await request(url, payload("traces", { items: 10 }).bytes)).status).toBe(400);
  });
});
