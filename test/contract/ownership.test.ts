/**
 * Buffers have owners: two tenants send 16 MB bodies at the same time through one gateway to back
 * ends with every fault that tempts a gateway to let a buffer go too early. Released buffers are
 * overwritten, so that a foreign or a poisoned byte shows; afterwards nothing is held.
 */
import * as http from "node:http";
import * as zlib from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { exporterTo, request, type Rig, startRig } from "./rig.ts";
import { delay, type Sink, startEarlySink, startServer, startSink, until } from "./sinks.ts";

const MB = 1_000_000;
const TENANTS = ["a", "b"] as const;
type Tenant = (typeof TENANTS)[number];

let rig: Rig | undefined;
let open: Pick<Sink, "close">[] = [];

afterEach(async () => {
  if (rig !== undefined) {
    const { engine } = rig;
    await rig.stop(5000);
    await until(() => engine.pool.blocks === 0, "every block is given back");
  }
  await Promise.all(open.map((sink) => sink.close()));
  rig = undefined;
  open = [];
});

/**
 * A valid traces request of about `length` bytes whose every byte of content says whose it is: one
 * resource with one attribute, key "t", whose value is the tenant's letter over and over.
 */
function bodyOf(tenant: Tenant, length: number): Buffer {
  const value = field(0x0a, Buffer.alloc(length, tenant));
  const attribute = field(0x0a, Buffer.concat([field(0x0a, Buffer.from("t")), field(0x12, value)]));
  const span = Buffer.concat([field(0x0a, Buffer.alloc(16, tenant)), field(0x12, Buffer.alloc(8, tenant))]);
  return field(0x0a, Buffer.concat([field(0x0a, attribute), field(0x12, field(0x12, span))]));
}

function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}

/** Where `piece`, which begins at `offset` of the body, has a byte that is not the tenant's. */
function foreignByte(piece: Buffer, expected: Buffer, offset: number): number {
  if (piece.equals(expected.subarray(offset, offset + piece.length))) return -1;
  return piece.findIndex((byte, index) => byte !== expected[offset + index]) + offset;
}

describe("two tenants, 16 MB each", () => {
  const bodies = { a: bodyOf("a", 16 * MB), b: bodyOf("b", 16 * MB) };

  test("a back end that answers from the headers and then reads slowly", async () => {
    const seen = new Map<string, { tenant: Tenant; offset: number }>();
    const foreign: string[] = [];
    let exchanges = 0;
    const slow = await startServer((incoming, response) => {
      incoming.on("error", () => {});
      exchanges++;
      const key = String(exchanges);
      response.writeHead(200, { "content-length": 0 });
      response.flushHeaders();
      const timer = setInterval(() => {
        for (let read = 0; read < 1 << 20;) {
          // In paused mode `read` gives what has arrived (nodejs.org/api/stream.html).
          const piece: Buffer | null = incoming.read();
          if (piece === null) break;
          read += piece.length;
          // The first bytes are framing; from the 64th on every byte is the tenant's own letter.
          const known = seen.get(key) ?? { tenant: piece[64] === 0x61 ? "a" : "b", offset: 0 };
          const at = foreignByte(piece, bodies[known.tenant], known.offset);
          if (at >= 0) foreign.push(`exchange ${key}, tenant ${known.tenant}, byte ${at}`);
          seen.set(key, { ...known, offset: known.offset + piece.length });
        }
      }, 10);
      incoming.once("end", () => (clearInterval(timer), response.end()));
      incoming.once("close", () => clearInterval(timer));
    });
    open.push(slow);
    const running = (rig = await startRig({ exporters: [exporterTo(slow.url, { compression: "none" })] }));
    const agent = new http.Agent({ keepAlive: true });
    await Promise.all(
      TENANTS.map(async (tenant) => {
        for (let i = 0; i < 4; i++) {
          const reply = await request(`${running.url}/v1/traces`, bodies[tenant], {}, { agent });
          expect(reply.status).toBe(200);
        }
      }),
    );
    await until(() => running.engine.pool.blocks === 0, "every body was sent", 30_000);
    await until(() => [...seen.values()].every(({ tenant, offset }) => offset === bodies[tenant].length), "every body has arrived", 30_000);
    agent.destroy();
    expect(foreign).toEqual([]);
    expect(seen.size).toBe(8);
    expect([...seen.values()].filter(({ tenant }) => tenant === "a").length).toBe(4);
  });

  test("a back end that resets a kept connection", async () => {
    let arrived = 0;
    const foreign: string[] = [];
    const whole: Tenant[] = [];
    const used = new WeakSet<object>();
    let reset = 0;
    const resetting = await startServer((incoming, response) => {
      arrived++;
      const resets = used.has(incoming.socket);
      if (resets) reset++;
      used.add(incoming.socket);
      let offset = 0;
      let tenant: Tenant | undefined;
      incoming.on("error", () => {});
      incoming.on("data", (piece: Buffer) => {
        tenant ??= piece[64] === 0x61 ? "a" : "b";
        const at = foreignByte(piece, bodies[tenant], offset);
        if (at >= 0) foreign.push(`request ${arrived}, byte ${at}`);
        offset += piece.length;
        if (resets && offset > 4 * MB) incoming.socket.resetAndDestroy();
      });
      incoming.on("end", () => {
        if (tenant !== undefined) whole.push(tenant);
        response.end();
      });
    });
    open.push(resetting);
    const running = (rig = await startRig({ exporters: [exporterTo(resetting.url, { compression: "none" })] }));
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      await Promise.all(TENANTS.map(async (tenant) => statuses.push((await request(`${running.url}/v1/traces`, bodies[tenant])).status)));
    }
    expect(foreign).toEqual([]);
    // One arrival for each request of ours: nothing was sent again from here.
    expect(arrived).toBe(8);
    expect(reset).toBeGreaterThan(1);
    expect(whole.length).toBe(8 - reset);
    expect(statuses.filter((status) => status === 200).length).toBe(8 - reset);
    expect(statuses.filter((status) => status === 503).length).toBe(reset);
  });

  test("a back end that stops reading in mid-body until the time-out", async () => {
    const foreign: string[] = [];
    let stalls = true;
    const stalling = await startServer((incoming, response) => {
      const stalled = stalls;
      stalls = !stalls;
      let paused = false;
      let offset = 0;
      let tenant: Tenant | undefined;
      incoming.on("error", () => {});
      incoming.on("data", (piece: Buffer) => {
        tenant ??= piece[64] === 0x61 ? "a" : "b";
        const at = foreignByte(piece, bodies[tenant], offset);
        if (at >= 0) foreign.push(`byte ${at}`);
        offset += piece.length;
        // What was in flight is looked at later, when our buffers have long been given to others.
        if (stalled && !paused && offset > 2 * MB) {
          paused = true;
          incoming.pause();
          setTimeout(() => incoming.resume(), 2500);
        }
      });
      incoming.on("end", () => response.end());
    });
    open.push(stalling);
    const running = (rig = await startRig({ exporters: [exporterTo(stalling.url, { compression: "none", timeout: "1500ms" })] }));
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      await Promise.all(TENANTS.map(async (tenant) => statuses.push((await request(`${running.url}/v1/traces`, bodies[tenant])).status)));
    }
    await delay(2600);
    expect(foreign).toEqual([]);
    expect(statuses.filter((status) => status === 503).length).toBe(3);
    expect(statuses.filter((status) => status === 200).length).toBe(3);
  });

  test("a sender that goes away in mid-body, and one that does not wait for the answer", async () => {
    const sink = await startSink((_request, response) => void setTimeout(() => response.end(), 200));
    open.push(sink);
    const running = (rig = await startRig({ exporters: [exporterTo(sink.url, { compression: "none" })] }));
    const half = http.request(`${running.url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", "content-length": bodies.a.length },
    });
    half.on("error", () => {});
    half.write(bodies.a.subarray(0, 8 * MB));
    await delay(100);
    half.destroy();
    const gone = http.request(`${running.url}/v1/traces`, { method: "POST", headers: { "content-type": "application/x-protobuf" } });
    gone.on("error", () => {});
    gone.end(bodies.b);
    await until(() => sink.bodies.length === 1, "the whole one was passed on");
    gone.destroy();
    await until(() => running.engine.pool.blocks === 0, "every block is given back");
    expect(sink.bodies.length).toBe(1);
    expect(sink.bodies[0]?.equals(bodies.b)).toBe(true);
  });
});

describe("forms of a body", () => {
  const small = bodyOf("a", 200_000);
  const arriving = [
    { name: "plain", coding: undefined, bytes: small },
    { name: "gzip", coding: "gzip", bytes: zlib.gzipSync(small, { level: 6 }) },
    { name: "two members", coding: "gzip", bytes: Buffer.concat([zlib.gzipSync(small), zlib.gzipSync(small)]) },
    { name: "zstd", coding: "zstd", bytes: zlib.zstdCompressSync(small) },
    { name: "deflate", coding: "deflate", bytes: zlib.deflateSync(small) },
  ];

  test("each arrives whole in each coding; what was not touched leaves as it came", async () => {
    const sinks = { none: await startSink(), gzip: await startSink(), zstd: await startSink() };
    open.push(...Object.values(sinks));
    const running = (rig = await startRig({
      exporters: Object.entries(sinks).map(([compression, sink]) => exporterTo(sink.url, { compression }, `otlp_http/${compression}`)),
    }));
    for (const { name, coding, bytes } of arriving) {
      const expected = name === "two members" ? Buffer.concat([small, small]) : small;
      const reply = await request(`${running.url}/v1/traces`, bytes, coding === undefined ? {} : { "content-encoding": coding });
      expect(reply.status, name).toBe(200);
      expect(sinks.none.bodies.at(-1)?.equals(expected), name).toBe(true);
      expect(zlib.gunzipSync(sinks.gzip.bodies.at(-1) ?? "").equals(expected), name).toBe(true);
      expect(zlib.zstdDecompressSync(sinks.zstd.bodies.at(-1) ?? "").equals(expected), name).toBe(true);
      expect(sinks.gzip.bodies.at(-1)?.equals(bytes), name).toBe(name === "gzip");
      expect(sinks.zstd.bodies.at(-1)?.equals(bytes), name).toBe(name === "zstd");
    }
    await until(() => running.engine.pool.blocks === 0, "every block is given back");
  });

  test("a budget that is used up refuses, and recovers", async () => {
    const sink = await startEarlySink(() => {});
    const late = await startSink((_request, response) => void setTimeout(() => response.end(), 300));
    open.push(sink, late);
    const running = (rig = await startRig({ exporters: [exporterTo(late.url, { compression: "none" })], memoryBytes: 24 << 20 }));
    const body = bodyOf("b", 3 * MB);
    const replies = await Promise.all(Array.from({ length: 12 }, () => request(`${running.url}/v1/traces`, body).catch(() => undefined)));
    const refused = replies.filter((reply) => reply?.status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((reply) => Number(reply?.headers["retry-after"]) >= 1)).toBe(true);
    expect(replies.filter((reply) => reply?.status === 200).length).toBe(late.bodies.length);
    expect((await request(`${running.url}/v1/traces`, body)).status).toBe(200);
    expect(late.bodies.every((arrived) => arrived.equals(body))).toBe(true);
  });
});
