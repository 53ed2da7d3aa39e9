/** The cases of a server adapter: the exchange of two phases, its limits, what it does when the other side misbehaves. */
import * as http from "node:http";
import * as net from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Answer, BodyResult, Handler, HttpServer, Listener, ListenOptions, RequestHead } from "../../src/base/host.ts";
import { plainMemory } from "../../src/base/memory.ts";
import { Pool } from "../../src/base/pool.ts";
import { until } from "../contract/sinks.ts";

const MiB = 1 << 20;
const OPTIONS: ListenOptions = {
  hostname: "127.0.0.1",
  port: 0,
  requestTimeoutMs: 0,
  headersTimeoutMs: 0,
  idleTimeoutMs: 0,
  key: "receivers.otlp.protocols.http.endpoint",
};

/** Over a pool. */
type MakeServer = (pool: Pool) => HttpServer;

let make: MakeServer;
let pool: Pool;
let listeners: Listener[];

async function listen(handler: Handler, options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await make(pool).listen({ ...OPTIONS, ...options }, handler);
  listeners.push(listener);
  return listener;
}

/** Answers with what was read, and keeps what it saw. */
function echo(maxBytes = MiB) {
  const seen: { head: RequestHead; read: BodyResult }[] = [];
  const handler: Handler = async (head, body): Promise<Answer> => {
    const read = await body.read(maxBytes);
    seen.push({ head, read });
    if (read.kind !== "ok") return { status: read.kind === "too_large" ? 413 : 503, headers: {}, body: Buffer.from(read.kind) };
    const bytes = pool.memory.bytes.slice(read.start, read.end);
    read.block.release();
    return { status: 200, headers: { "content-type": "text/plain" }, body: bytes };
  };
  return { seen, handler };
}

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

function send(port: number, pieces: readonly Uint8Array[], options: http.RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, method: "POST", path: "/v1/traces?x=1", ...options }, (response) => {
      const got: Buffer[] = [];
      response.on("data", (piece: Buffer) => got.push(piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(got) }));
    });
    request.on("error", reject);
    for (const piece of pieces) request.write(piece);
    request.end();
  });
}

/** Writes text to a socket and reads until it is closed. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.on("data", (piece) => (got += piece.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

const random = (length: number) =>
  Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7919) % 251))
    .toString("latin1")
    .repeat(Math.ceil(length / 1024))
    .slice(0, length);

/** What Bun does in another way. */
export interface Traits {
  /** It counts seconds, and cuts a connection without a word. */
  readonly cutsInSilence?: boolean;
  /** It sends 100 before anybody has looked at the head. */
  readonly continuesAtOnce?: boolean;
  /** It is told of a connection only once something came on it, and so cannot close one that is silent. */
  readonly acceptsLate?: boolean;
}

/** Declares the cases for what `maker` makes. */
export function serverSuite(maker: MakeServer, traits: Traits = {}): void {
  beforeEach(() => {
    make = maker;
    pool = new Pool(plainMemory(16 * MiB), 0, 16 * MiB, { poison: true });
    listeners = [];
  });

  afterEach(async () => {
    await Promise.all(listeners.map((listener) => listener.stop(0)));
    await until(() => pool.blocks === 0, "every block is given back");
  });

  describe("reading", () => {
    test.each([0, 1, 16_368, 16_369, 65_536, 300_000, MiB])("%i bytes, with a declared length and without", async (length) => {
      const { seen, handler } = echo();
      const { port } = await listen(handler);
      const body = Buffer.from(random(length), "latin1");
      const declared = await send(port, [body], { headers: { "content-length": length } });
      const chunked = await send(port, [body.subarray(0, length >> 1), body.subarray(length >> 1)], { headers: { "transfer-encoding": "chunked" } });
      for (const reply of [declared, chunked]) {
        expect(reply.status).toBe(200);
        expect(reply.body.equals(body)).toBe(true);
      }
      expect(seen[0]?.head).toMatchObject({ method: "POST", path: "/v1/traces", contentLength: length });
      expect(seen[1]?.head.contentLength).toBeUndefined();
      expect(seen[0]?.head.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    });

    test("headers by lower-case name", async () => {
      const { seen, handler } = echo();
      const { port } = await listen(handler);
      await send(port, [], { headers: { "X-Tenant": "a", "X-Many": ["1", "2"] } });
      expect(seen[0]?.head.header("x-tenant")).toBe("a");
      expect(seen[0]?.head.headers()).toMatchObject({ "x-tenant": "a", "x-many": "1, 2" });
    });
  });

  describe("limits", () => {
    test("one byte past the limit, declared: refused before it is read", async () => {
      const { handler } = echo(1000);
      const { port } = await listen(handler);
      expect(await send(port, [Buffer.alloc(1000)])).toMatchObject({ status: 200 });
      const reply = await send(port, [Buffer.alloc(1001)]);
      expect(reply).toMatchObject({ status: 413, headers: { connection: "close" } });
      expect(pool.peak).toBeLessThan(64 * 1024);
    });

    test("one byte past the limit, chunked", async () => {
      const { handler } = echo(100_000);
      const { port } = await listen(handler);
      const headers = { "transfer-encoding": "chunked" };
      expect(await send(port, [Buffer.alloc(100_000)], { headers })).toMatchObject({ status: 200 });
      expect(await send(port, [Buffer.alloc(100_001)], { headers })).toMatchObject({ status: 413, headers: { connection: "close" } });
    });

    test("a spent budget is said before the body is read, and the next request is served", async () => {
      const { handler } = echo(64 * MiB);
      const { port } = await listen(handler);
      const reply = await send(port, [Buffer.alloc(1000)], { headers: { "content-length": 17 * MiB } }).catch(() => undefined);
      expect(reply === undefined || reply.status === 503).toBe(true);
      expect(pool.peak).toBe(0);
      expect(await send(port, [Buffer.alloc(1000)])).toMatchObject({ status: 200 });
    });

    test("a large upload that is refused early reads its answer", async () => {
      const { handler } = echo(1000);
      const { port } = await listen(handler);
      for (let i = 0; i < 5; i++) {
        expect(await send(port, [Buffer.alloc(6 * MiB)])).toMatchObject({ status: 413, body: Buffer.from("too_large") });
      }
    });

    test("who waits for 100 Continue and is too large gets 413 without it", async () => {
      const { handler } = echo(1000);
      const { port } = await listen(handler);
      const text = await raw(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
      expect(text).toMatch(traits.continuesAtOnce === true ? /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 413/ : /^HTTP\/1\.1 413/);
    });

    test("who waits for 100 Continue and is welcome gets it", async () => {
      const { handler } = echo();
      const { port } = await listen(handler);
      const reply = await new Promise<string>((resolve) => {
        const socket = net.connect(port, "127.0.0.1", () =>
          socket.write("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
        );
        let got = "";
        socket.on("data", (piece) => {
          got += piece.toString("latin1");
          if (got.endsWith("100 Continue\r\n\r\n")) socket.write("hi");
        });
        socket.on("close", () => resolve(got));
      });
      expect(reply).toMatch(/100 Continue[^]*200 OK[^]*hi$/);
    });

    test("headers over 16 KiB are 431", async () => {
      const { handler } = echo();
      const { port } = await listen(handler);
      expect(await send(port, [], { headers: { "x-long": "a".repeat(20_000) } })).toMatchObject({ status: 431 });
    });
  });

  describe("faults", () => {
    test("an upload that is broken off gives its block back", async () => {
      const { seen, handler } = echo();
      const { port } = await listen(handler);
      const socket = net.connect(port, "127.0.0.1", () => socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nabc"));
      await until(() => pool.blocks === 1, "the upload has begun");
      socket.destroy();
      await until(() => seen.length === 1, "the handler is told");
      expect(seen[0]?.read).toEqual({ kind: "aborted" });
      expect(pool.blocks).toBe(0);
    });

    test("half a header, half a body and silence are cut on time", async () => {
      const { handler } = echo();
      const { port } = await listen(handler, { headersTimeoutMs: 300, requestTimeoutMs: 600, idleTimeoutMs: 300 });
      const texts = await Promise.all([
        raw(port, ""),
        raw(port, "POST / HTTP/1.1\r\nHost: x\r\nCont"),
        raw(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"),
      ]);
      for (const text of texts.slice(1)) expect(text).toMatch(traits.cutsInSilence === true ? /^$/ : /^HTTP\/1\.1 408/);
      expect(await send(port, [Buffer.from("next")])).toMatchObject({ status: 200 });
    });

    test.each([
      ["both a length and chunks", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
      ["a negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"],
      ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"],
      ["a bad chunk size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
      ["no host", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"],
    ])("%s is 400", async (_name, text) => {
      const { handler } = echo();
      const { port } = await listen(handler);
      expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 400/);
    });

    test("a handler that throws is a 500, and the next request is served", async () => {
      const { handler } = echo();
      let broken = true;
      const { port } = await listen((head, body) => {
        if (!broken) return handler(head, body);
        broken = false;
        return Promise.reject(new TypeError("defect"));
      });
      expect(await send(port, [Buffer.from("a")])).toMatchObject({ status: 500 });
      expect(await send(port, [Buffer.from("a")])).toMatchObject({ status: 200 });
    });
  });

  describe("listening and stopping", () => {
    test("an address in use names the key to change", async () => {
      const { handler } = echo();
      const { port } = await listen(handler);
      await expect(listen(handler, { port })).rejects.toMatchObject({
        code: "listen",
        path: OPTIONS.key,
        message: expect.stringContaining(`127.0.0.1:${port}`),
        cure: expect.stringContaining(OPTIONS.key),
      });
    });

    test("an address of another machine says so", async () => {
      await expect(listen(echo().handler, { hostname: "192.0.2.1" })).rejects.toMatchObject({ code: "listen", cure: expect.stringContaining("0.0.0.0") });
    });

    test("running exchanges end, idle connections are closed, new ones are refused", async () => {
      const gate = Promise.withResolvers<void>();
      const { handler } = echo();
      let slow = 0;
      const listener = await listen(async (head, body) => {
        const answer = await handler(head, body);
        if (head.header("x-slow") === undefined) return answer;
        slow++;
        await gate.promise;
        return answer;
      });
      const agent = new http.Agent({ keepAlive: true });
      await send(listener.port, [Buffer.from("warm")], { agent });
      const neverUsed = raw(listener.port, "");
      const running = send(listener.port, [Buffer.from("slow")], { headers: { "x-slow": "1" } });
      // Connections are accepted in the order in which they come: with this one, the one before is.
      await until(() => slow === 1, "the slow request has arrived");
      const stopped = listener.stop(5000);
      if (traits.acceptsLate !== true) await neverUsed;
      await expect(send(listener.port, [])).rejects.toMatchObject({ code: "ECONNREFUSED" });
      gate.resolve();
      expect(await running).toMatchObject({ status: 200, headers: { connection: "close" } });
      await stopped;
      agent.destroy();
    });

    test("what is not done by the deadline is cut", async () => {
      let arrived = false;
      const listener = await listen(() => {
        arrived = true;
        return new Promise(() => {});
      });
      const running = send(listener.port, [Buffer.from("x")]);
      const failed = expect(running).rejects.toMatchObject({ code: "ECONNRESET" });
      await until(() => arrived, "the request has arrived");
      await listener.stop(200);
      await failed;
    });
  });
}
