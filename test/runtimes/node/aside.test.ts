/** Large bodies that have to be converted or mended: in a thread, with the answer that the engine itself gives. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import type { Canonical } from "../../../src/base/host.ts";
import { asideThread } from "../../../src/runtimes/node/aside.ts";
import { request, type Rig, startRig } from "../../contract/rig.ts";
import { admitted, bytesOf, testEngine } from "../../harness/engine.ts";

const MEMORY_BYTES = 128 << 20;
const engine = testEngine(MEMORY_BYTES);
const { bytes } = payload("logs", { items: 18_000, seed: 4 });
const json = jsonOf(bytes);
/** Its last text is no UTF-8, and the request is larger than what is mended at once. */
const broken = withBrokenText(bytes);

function jsonOf(source: Uint8Array): Uint8Array {
  const { chunk } = admitted(engine, "logs", source);
  const { block, end, start } = engine.toJson("logs", [chunk]);
  const text = engine.bytes.slice(start, end);
  chunk.release();
  block.release();
  return text;
}

function withBrokenText(source: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode("INFO");
  const at = source.findIndex((_, index) => text.every((byte, offset) => source[index + offset] === byte));
  expect(at).toBeGreaterThan(0);
  const made = source.slice();
  made[at] = 0xff;
  return made;
}

function direct(encoding: "proto" | "json", source: Uint8Array): Canonical {
  const { canonical, release } = engine.canonicalOf("logs", encoding, source);
  const made = own(canonical);
  release();
  return made;
}

function own(made: Canonical): Canonical {
  return made.kind === "ok" ? { ...made, bytes: made.bytes.slice() } : made;
}

describe("the thread", () => {
  const aside = asideThread(MEMORY_BYTES);

  it("makes of several what the engine makes of each, one after the other", async () => {
    const sources: readonly (readonly ["proto" | "json", Uint8Array])[] = [
      ["json", json],
      ["proto", broken],
      ["json", json.slice(0, -1)],
      ["proto", bytes.slice(0, -1)],
    ];
    const made = await Promise.all(sources.map(([encoding, source]) => aside.canonical("logs", encoding, source, own)));
    const wanted = sources.map(([encoding, source]) => direct(encoding, source));
    expect(made.map(({ kind }) => kind)).toEqual(["ok", "ok", "malformed", "malformed"]);
    for (const [index, one] of made.entries()) {
      const other = wanted[index];
      if (one.kind !== "ok" || other?.kind !== "ok") expect(one).toEqual(other);
      else {
        expect({ ...one, bytes: one.bytes.length }).toEqual({ ...other, bytes: other.bytes.length });
        expect(Buffer.compare(one.bytes, other.bytes)).toBe(0);
      }
    }
    expect(made[1]).toMatchObject({ repairs: { textsRepaired: 1 } });
    expect(engine.pool.blocks).toBe(0);
  });

  it("takes what fits into its memory, and goes on", async () => {
    const small = asideThread(8 << 20);
    await expect(small.canonical("logs", "json", json, own)).rejects.toMatchObject({ code: "too_large" });
    expect(await small.canonical("logs", "json", new TextEncoder().encode("{}"), own)).toMatchObject({ kind: "ok", bytes: new Uint8Array() });
  });

  it("has its room back from everything it made, also where that could not be taken", async () => {
    const { length } = bytes;
    // Room for a document and what is made of it, not for a second time.
    const narrow = asideThread(64 << 20);
    for (let time = 0; time < 12; time++) {
      const taken = narrow.canonical("logs", "json", json, (made) => {
        if (time % 3 === 0) throw new RangeError("no room");
        return made.kind === "ok" ? made.bytes.length : 0;
      });
      await (time % 3 === 0 ? expect(taken).rejects.toThrow("no room") : expect(taken).resolves.toBe(length));
    }
  });
});

describe("the door", () => {
  let rig: Rig;
  const taken: Uint8Array[] = [];
  beforeAll(async () => {
    const consume = async (batch: { readonly chunks: readonly Parameters<typeof bytesOf>[0][] }) => {
      taken.push(...batch.chunks.map((chunk) => bytesOf(chunk)));
      return { kind: "accepted" } as const;
    };
    const exporter = { consume, stop: () => Promise.resolve() };
    rig = await startRig({ signals: ["logs"], exporters: [{ id: "recorder", definition: { create: () => exporter }, config: {} }] });
  });
  afterAll(async () => {
    await rig.stop(1000);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it.each([
    ["JSON", "application/json", json, 1],
    ["protobuf to be mended", "application/x-protobuf", broken, 1],
    ["protobuf that is well", "application/x-protobuf", bytes, 0],
    ["JSON of a few bytes", "application/json", new TextEncoder().encode("{}"), 0],
  ])("%s", async (_, type, body, times) => {
    const aside = vi.spyOn(rig.engine, "admitCanonical");
    const reply = await request(`${rig.url}/v1/logs`, body, { "content-type": type });
    expect(reply.status).toBe(200);
    expect(aside).toHaveBeenCalledTimes(times);
    aside.mockRestore();
    if (body === bytes || body.length < 1000) return;
    const made = direct(type.endsWith("json") ? "json" : "proto", body);
    expect(Buffer.compare(taken.at(-1) ?? new Uint8Array(), made.kind === "ok" ? made.bytes : new Uint8Array())).toBe(0);
  });

  it("tells where a large document is wrong", async () => {
    const reply = await request(`${rig.url}/v1/logs`, json.slice(0, -1), { "content-type": "application/json" });
    expect(reply.status).toBe(400);
    expect(reply.body.toString()).toContain(`at byte ${json.length - 1}`);
  });
});
