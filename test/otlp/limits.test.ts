/** The engine's limits, each at the limit and one past it (docs/limits.md). */
import { describe, expect, it } from "vitest";
import { ATTRIBUTES_MAX } from "../../src/kernel/kernel.ts";
import { admitBytes, admitted, testEngine } from "../harness/engine.ts";
import { field, join, utf8 } from "../harness/bytes.ts";

/** The engine keeps one record of its tape for each so many bytes of its memory. */
const MEMORY_BYTES_A_RECORD = 512;
const MEMORY_BYTES = 8 << 20;
/** One for the resource, one for the scope. */
const PARENT_RECORDS = 2;

const SPAN = field(2, field(1, new Uint8Array(16).fill(1)), field(2, new Uint8Array(8).fill(1)));

function spans(count: number): Uint8Array {
  return field(1, field(2, ...Array.from({ length: count }, () => SPAN)));
}

describe("records on the tape: resources, scopes, items and points", () => {
  const most = MEMORY_BYTES / MEMORY_BYTES_A_RECORD - PARENT_RECORDS;

  it("as many as the memory has room for", () => {
    const engine = testEngine(MEMORY_BYTES);
    const admission = admitted(engine, "traces", spans(most));
    expect(admission.items).toBe(most);
    admission.chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("one more is refused as too large, with nothing kept", () => {
    const engine = testEngine(MEMORY_BYTES);
    expect(admitBytes(engine, "traces", spans(most + 1))).toMatchObject({ kind: "malformed", code: "too_large" });
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("attributes of one message", () => {
  const proto = (count: number) => field(1, field(1, ...Array.from({ length: count }, () => field(1, field(1, "k")))), field(2, SPAN));
  const json = (count: number) => utf8(`{"resourceSpans":[{"resource":{"attributes":[${Array.from({ length: count }, () => '{"key":"k"}').join()}]}}]}`);

  it.each([
    ["proto", proto],
    ["json", json],
  ] as const)("%s: as many as may be, and one more is refused as too large, by its path", (encoding, request) => {
    const engine = testEngine(MEMORY_BYTES);
    admitted(engine, "traces", request(ATTRIBUTES_MAX), encoding).chunk.release();
    expect(admitBytes(engine, "traces", request(ATTRIBUTES_MAX + 1), encoding)).toMatchObject({
      kind: "malformed",
      code: "too_large",
      message: "there are more than 32768 attributes in one message, or entries in one map",
      path: "resourceSpans[0].resource.attributes[0]",
    });
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("OTLP/JSON that nobody knows", () => {
  const nested = (depth: number) => utf8(`{"unknown":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`);

  it("may nest 128 deep with the document around it", () => {
    const engine = testEngine(MEMORY_BYTES);
    const admission = admitted(engine, "traces", nested(128), "json");
    expect(admission.items).toBe(0);
    admission.chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("is refused one deeper", () => {
    const engine = testEngine(MEMORY_BYTES);
    expect(admitBytes(engine, "traces", nested(129), "json")).toMatchObject({ kind: "malformed", code: "malformed_json" });
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("texts of the configuration", () => {
  it("take 1 MiB of the memory, and one byte more is a configuration error", () => {
    const engine = testEngine(MEMORY_BYTES);
    expect(() => engine.constant(new Uint8Array(1 << 20))).not.toThrow();
    expect(() => engine.constant(new Uint8Array(1))).toThrow(expect.objectContaining({ code: "config" }));
  });
});

describe("the budget of bytes in flight", () => {
  it("refuses what it has no room for, retryably, and goes on", () => {
    const engine = testEngine(MEMORY_BYTES);
    const { capacity } = engine.pool;
    expect(engine.pool.take(capacity)).toBeUndefined();
    const admission = admitted(engine, "traces", join(spans(1)));
    admission.chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("memory for one form of a request", () => {
  const links = (bytes: number): Uint8Array => {
    const bad = field(13, field(1, new Uint8Array(3)), field(3, new Uint8Array(bytes).fill(0x78)));
    return field(1, field(2, field(2, field(1, new Uint8Array(16).fill(1)), field(2, new Uint8Array(8).fill(1)), bad)));
  };

  it("is the request's own size when no text is repaired", () => {
    const engine = testEngine(MEMORY_BYTES);
    // Two forms of this fit; three times its size is more than any block.
    const admission = admitted(engine, "traces", links(1_500_000));
    expect(admission).toMatchObject({ items: 1, repairs: { idsCleared: 1 } });
    admission.chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("is three times that with text to repair; what never fits is too large, and not for a later attempt", () => {
    const engine = testEngine(MEMORY_BYTES);
    const text = (bytes: number): Uint8Array => field(1, field(2, field(1, field(1, new Uint8Array(bytes).fill(0xff)))));
    const most = Math.floor(engine.pool.largest / 3);
    expect(() => admitBytes(engine, "traces", text(most))).toThrow(expect.objectContaining({ code: "too_large", retryable: false }));
    expect(engine.pool.blocks).toBe(0);
    admitted(engine, "traces", text(most - 64)).chunk.release();
    expect(engine.pool.blocks).toBe(0);
  });
});
