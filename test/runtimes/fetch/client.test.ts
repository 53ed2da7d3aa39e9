/** The client over fetch: what is sent and when it is released, time-outs, limits, and how ends are told. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HttpRequest } from "../../../src/base/host.ts";
import { fetchClient } from "../../../src/runtimes/fetch/client.ts";
import { type Answering, type Sink, startSink, until } from "../../contract/sinks.ts";

const memory = new Uint8Array(1024).fill(7);
let sink: Sink;
let answering: Answering;
let released: number;

beforeEach(async () => {
  answering = (_request, response) => void response.end("fine");
  released = 0;
  sink = await startSink((...exchange) => answering(...exchange));
});

afterEach(async () => {
  await sink.close();
  expect(released).toBe(1);
});

function post(slices: readonly Uint8Array[], options: Partial<HttpRequest> = {}, send: typeof fetch = fetch) {
  const length = slices.reduce((sum, slice) => sum + slice.length, 0);
  const client = fetchClient({ memory, fetch: send });
  const onReleased = () => void released++;
  const result = client.send({ url: sink.url, headers: {}, slices, length, timeoutMs: 5000, responseMaxBytes: 100, onReleased, ...options });
  return { client, result };
}

describe("the body", () => {
  test("slices of the request memory are copied before the call returns, and released at once", async () => {
    const { result } = post([memory.subarray(0, 10), memory.subarray(20, 30)]);
    expect(released).toBe(1);
    memory.fill(9);
    expect(await result).toMatchObject({ kind: "response", status: 200 });
    expect(sink.bodies[0]).toEqual(Buffer.alloc(20, 7));
    memory.fill(7);
  });

  test("a body of the batch's own is released when the exchange is over", async () => {
    const { result } = post([Uint8Array.of(1, 2, 3)]);
    expect(released).toBe(0);
    await result;
    expect(sink.bodies[0]).toEqual(Buffer.from([1, 2, 3]));
    expect(sink.requests[0]?.headers["content-length"]).toBe("3");
  });

  test("one slice of shared memory", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(5);
    await post([shared]).result;
    expect(sink.bodies[0]).toEqual(Buffer.alloc(8, 5));
  });
});

describe("headers", () => {
  test("no coding is asked for", async () => {
    await post([memory]).result;
    expect(sink.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  test("unless the operator asks, in whatever case", async () => {
    await post([memory], { headers: { "Accept-Encoding": "gzip", "X-Key": "a" } }).result;
    expect(sink.requests[0]?.headers).toMatchObject({ "accept-encoding": "gzip", "x-key": "a" });
  });
});

describe("ends", () => {
  test("an answer", async () => {
    answering = (_request, response) => void response.writeHead(429, { "retry-after": "3" }).end("slow");
    const result = await post([memory]).result;
    if (result.kind !== "response") throw new Error(result.message);
    expect([result.status, result.header("retry-after"), result.header("absent"), new TextDecoder().decode(result.body)]).toEqual([
      429,
      "3",
      undefined,
      "slow",
    ]);
  });

  test("a redirect is an answer", async () => {
    answering = (_request, response) => void response.writeHead(307, { location: `${sink.url}/other` }).end();
    expect(await post([memory]).result).toMatchObject({ kind: "response", status: 307 });
    expect(sink.requests.length).toBe(1);
  });

  test("an answer of the limit passes, one byte more does not", async () => {
    answering = (_request, response) => void response.end(Buffer.alloc(100));
    expect(await post([memory]).result).toMatchObject({ kind: "response" });
    released = 0;
    answering = (_request, response) => void response.end(Buffer.alloc(101));
    expect(await post([memory]).result).toMatchObject({ kind: "failed", reason: "response_too_large" });
  });

  test.each<readonly [string, Answering]>([
    ["no answer", () => {}],
    ["an answer that does not end", (_request, response) => void response.write("a")],
  ])("%s: the time-out", async (_name, answer) => {
    answering = answer;
    expect(await post([memory], { timeoutMs: 100 }).result).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  test("a connection that is cut", async () => {
    answering = (request) => void request.socket.destroy();
    expect(await post([memory]).result).toMatchObject({ kind: "failed" });
    expect(sink.requests.length).toBe(1);
  });

  test.each([
    ["connect ECONNREFUSED 127.0.0.1:1", "connect"],
    ["internal error; reference = 1", "connect"],
    ["TLS peer's certificate is not trusted", "tls"],
    ["Network connection lost.", "reset"],
  ])("%s: %s", async (message, reason) => {
    const result = await post([memory], {}, () => Promise.reject(new TypeError(message))).result;
    expect(result).toEqual({ kind: "failed", reason, message });
  });

  test("closing ends what is under way", async () => {
    answering = () => {};
    const { client, result } = post([memory]);
    await until(() => sink.requests.length === 1, "the request is there");
    await client.close();
    expect(await result).toMatchObject({ kind: "failed" });
  });
});
