/** The cases of a client adapter: outcomes as values, one attempt, and when a buffer is let go. */
import * as net from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HttpClient, HttpClientOptions, HttpResult } from "../../src/base/host.ts";
import { delay, portOf, type Sink, startEarlySink, startServer, startSink, until } from "../contract/sinks.ts";

const MiB = 1 << 20;
const TLS = { insecureSkipVerify: false };
const OPTIONS: HttpClientOptions = { tls: TLS, maxIdleConnections: 100, maxConnections: 0, idleTimeoutMs: 90_000 };

/** As `Host.client`. */
type MakeClient = (options: HttpClientOptions) => HttpClient;

let make: MakeClient;
let client: HttpClient;
let open: Pick<Sink, "close">[];

function opened<S extends Pick<Sink, "close">>(sink: S): S {
  open.push(sink);
  return sink;
}

interface Sent {
  readonly result: Promise<HttpResult>;
  releases: number;
}

function send(
  url: string,
  slices: readonly Uint8Array[],
  options: { readonly timeoutMs?: number; readonly responseMaxBytes?: number } = {},
  by = client,
): Sent {
  const length = slices.reduce((sum, slice) => sum + slice.length, 0);
  const sent: { -readonly [Key in keyof Sent]: Sent[Key] } = { releases: 0, result: Promise.resolve({ kind: "failed", reason: "connect", message: "" }) };
  sent.result = by.send({
    url,
    headers: { "content-type": "x/y" },
    slices,
    length,
    timeoutMs: options.timeoutMs ?? 5000,
    responseMaxBytes: options.responseMaxBytes ?? MiB,
    onReleased: () => sent.releases++,
  });
  return sent;
}

const shared = (length: number, value: number) => new Uint8Array(new SharedArrayBuffer(length)).fill(value);

/** Declares the cases for what `maker` makes. */
export function clientSuite(maker: MakeClient): void {
  beforeEach(() => {
    make = maker;
    client = make(OPTIONS);
    open = [];
  });

  afterEach(async () => {
    await client.close();
    await Promise.all(open.map((sink) => sink.close()));
  });

  describe("sending", () => {
    test.each([
      ["one slice", [shared(700_000, 1)]],
      ["large slices", [shared(100_000, 1), shared(300_000, 2), shared(5, 3)]],
      ["small slices", Array.from({ length: 500 }, (_, i) => shared(i % 300, i))],
      ["nothing", []],
    ])("%s arrive as one body with its length", async (_name, slices) => {
      const sink = opened(await startSink());
      const sent = send(`${sink.url}/v1/traces`, slices);
      expect(await sent.result).toMatchObject({ kind: "response", status: 200 });
      await until(() => sent.releases > 0, "released");
      expect(sink.bodies[0]?.equals(Buffer.concat(slices))).toBe(true);
      expect(sink.requests[0]?.headers).toMatchObject({ "content-length": String(sink.bodies[0]?.length), "content-type": "x/y" });
      expect(sent.releases).toBe(1);
    });

    test("a GET has no body, and is released as any other", async () => {
      const sink = opened(await startSink());
      let releases = 0;
      const request = { url: `${sink.url}/healthz?full=1`, headers: { "x-key": "v" }, slices: [], length: 0, timeoutMs: 5000, responseMaxBytes: MiB };
      const result = await client.send({ ...request, method: "GET", onReleased: () => void releases++ });
      expect(result).toMatchObject({ kind: "response", status: 200 });
      await until(() => releases === 1, "released");
      const [seen] = sink.requests;
      expect([seen?.method, seen?.url, sink.bodies[0]?.length]).toEqual(["GET", "/healthz?full=1", 0]);
      expect(seen?.headers).toMatchObject({ "x-key": "v" });
      expect(Object.keys(seen?.headers ?? {})).not.toContain("content-length");
      expect(Object.keys(seen?.headers ?? {})).not.toContain("transfer-encoding");
    });

    test("one connection serves one request after another", async () => {
      const sink = opened(await startSink());
      for (let i = 0; i < 5; i++) await send(sink.url, [shared(100_000, i)]).result;
      expect(sink.connections).toBe(1);
      const alone = make({ ...OPTIONS, maxIdleConnections: 0 });
      for (let i = 0; i < 3; i++) await send(sink.url, [shared(10, i)], {}, alone).result;
      expect(sink.connections).toBe(4);
      await alone.close();
    });

    test("redirects are answers", async () => {
      const sink = opened(await startSink((_request, response) => void response.writeHead(307, { location: "/elsewhere" }).end()));
      expect(await send(sink.url, [shared(10, 1)]).result).toMatchObject({ kind: "response", status: 307 });
      expect(sink.requests.length).toBe(1);
    });

    test("codings of an answer are not undone, its headers are there", async () => {
      const sink = opened(await startSink((_request, response) => void response.writeHead(200, { "content-encoding": "br", "retry-after": "7" }).end("junk")));
      const result = await send(sink.url, [shared(10, 1)]).result;
      expect(result.kind === "response" && [result.header("content-encoding"), result.header("retry-after"), Buffer.from(result.body).toString()]).toEqual([
        "br",
        "7",
        "junk",
      ]);
    });
  });

  describe("failures are values", () => {
    test("nobody there", async () => {
      const sink = await startSink();
      await sink.close();
      const sent = send(sink.url, [shared(100_000, 1)]);
      expect(await sent.result).toMatchObject({ kind: "failed", reason: "connect" });
      await until(() => sent.releases === 1, "released");
    });

    test("no such name", async () => {
      expect(await send("http://name.invalid/", [shared(10, 1)]).result).toMatchObject({ kind: "failed", reason: "connect" });
    });

    test("plain text where TLS was expected", async () => {
      const sink = opened(await startSink());
      const result = await send(sink.url.replace("http:", "https:"), [shared(10, 1)]).result;
      expect(result).toMatchObject({ kind: "failed", reason: "tls" });
    });

    test("no answer in time, at each phase", async () => {
      const mute = opened(await startServer(() => {}));
      const dripping = opened(
        await startServer((_request, response) => {
          response.writeHead(200);
          const timer = setInterval(() => response.write("x"), 20);
          response.once("close", () => clearInterval(timer));
        }),
      );
      for (const url of [mute.url, dripping.url]) {
        const sent = send(url, [shared(16 * MiB, 1)], { timeoutMs: 200 });
        expect(await sent.result).toMatchObject({ kind: "failed", reason: "timeout" });
        await until(() => sent.releases === 1, "released");
      }
    });

    test("an answer past the limit", async () => {
      const sink = opened(await startSink((_request, response, body) => void response.end(body)));
      expect(await send(sink.url, [shared(1000, 1)], { responseMaxBytes: 1000 }).result).toMatchObject({ kind: "response" });
      expect(await send(sink.url, [shared(1001, 1)], { responseMaxBytes: 1000 }).result).toMatchObject({ kind: "failed", reason: "response_too_large" });
    });

    test.each([
      ["before the answer", ""],
      ["in the answer's head", "HTTP/1.1 200 OK\r\nContent-Le"],
      ["in the answer's body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"],
    ])("a connection that is closed %s is a reset", async (_name, text) => {
      const server = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(text));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const sent = send(`http://127.0.0.1:${portOf(server)}`, [shared(100, 1)]);
      expect(await sent.result).toMatchObject({ kind: "failed", reason: "reset" });
      await until(() => sent.releases === 1, "released");
      server.close();
    });

    test("a kept connection that was reset is a failure, and nothing is sent again", async () => {
      let arrived = 0;
      const sink = opened(
        await startServer((request, response) => {
          arrived++;
          request.resume();
          if (arrived > 1) request.socket.resetAndDestroy();
          else request.on("end", () => response.end());
        }),
      );
      expect(await send(sink.url, [shared(100_000, 1)]).result).toMatchObject({ kind: "response" });
      await delay(20);
      const second = send(sink.url, [shared(100_000, 2)]);
      expect(await second.result).toMatchObject({ kind: "failed", reason: "reset" });
      await delay(100);
      expect(arrived).toBe(2);
      expect(second.releases).toBe(1);
    });

    test("who waits for a connection is released at its deadline", async () => {
      const mute = opened(await startServer(() => {}));
      const narrow = make({ ...OPTIONS, maxConnections: 1 });
      const first = send(mute.url, [shared(100_000, 1)], { timeoutMs: 2000 }, narrow);
      const second = send(mute.url, [shared(100_000, 2)], { timeoutMs: 200 }, narrow);
      expect(await second.result).toMatchObject({ kind: "failed", reason: "timeout" });
      expect(second.releases).toBe(1);
      expect(first.releases).toBe(0);
      await narrow.close();
      expect(await first.result).toMatchObject({ kind: "failed" });
      await until(() => first.releases === 1 && second.releases === 1, "both released");
    });
  });

  describe("release", () => {
    test("an answer from the headers does not release what is still being sent", async () => {
      let read = 0;
      const sink = opened(await startEarlySink((_url, piece) => (read += piece.length), 256 * 1024));
      const sent = send(sink.url, [shared(8 * MiB, 1), shared(8 * MiB, 2)], { timeoutMs: 30_000 });
      expect(await sent.result).toMatchObject({ kind: "response", status: 200 });
      expect(sent.releases).toBe(0);
      const behind = read;
      await until(() => sent.releases === 1, "released", 30_000);
      // What the kernel's socket buffers hold was handed over; the sink has all the rest.
      expect(read - behind).toBeGreaterThan(4 * MiB);
      expect(await send(sink.url, [shared(1000, 1)]).result).toMatchObject({ kind: "response" });
    });

    test("an answer from the headers and then nothing: the deadline cuts the connection", async () => {
      const sink = opened(
        await startServer((_request, response) => {
          response.writeHead(200, { "content-length": 0 });
          response.flushHeaders();
        }),
      );
      const sent = send(sink.url, [shared(16 * MiB, 1)], { timeoutMs: 1500 });
      expect(await sent.result).toMatchObject({ kind: "response", status: 200 });
      expect(sent.releases).toBe(0);
      await until(() => sent.releases === 1, "released");
    });

    test("small slices are copied, and let go at once", async () => {
      const sink = opened(await startSink());
      const slices = [shared(100, 1), shared(100, 2)];
      const sent = send(sink.url, slices);
      expect(sent.releases).toBe(1);
      for (const slice of slices) slice.fill(0xdb);
      await sent.result;
      expect(sink.bodies[0]?.includes(0xdb)).toBe(false);
    });
  });
}
