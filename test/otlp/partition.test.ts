import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import { partition } from "../../src/otlp/partition.ts";
import { admitted, bytesOf, testEngine } from "../harness/engine.ts";
import { manySpans } from "../harness/many-spans.ts";
import { leaves } from "../harness/multiset.ts";

const ORDERS = ["ascending", "descending", "interleaved"] as const;

function parts(signal: Signal, bytes: Uint8Array, ways: number, level: "leaf" | "item" = "leaf") {
  const engine = testEngine(256 << 20);
  const { chunk, items } = admitted(engine, signal, bytes);
  let turn = 0;
  const made = partition(engine, signal, chunk, () => (turn++ * 7) % ways, level);
  const result = made.map((part) => ({ key: part.key, items: part.items, bytes: bytesOf(part.chunk) }));
  const checked = result.map((part) => admitted(engine, signal, part.bytes));
  expect(checked.map((one) => one.items)).toEqual(result.map((part) => part.items));
  expect(checked.every(({ unchanged }) => unchanged)).toBe(true);
  for (const one of [...made, ...checked]) one.chunk.release();
  chunk.release();
  expect(engine.pool.blocks).toBe(0);
  return { items, result };
}

describe("partition", () => {
  describe.each(SIGNALS)("%s", (signal) => {
    it.each(ORDERS)("keeps every (resource, scope, item), fields %s", (order) => {
      const source = payload(signal, { items: signal === "profiles" ? 12 : 120, seed: 5, order, unknown: order !== "ascending" });
      const { items, result } = parts(signal, source.bytes, 5);
      expect(result.length).toBe(5);
      expect(result.reduce((sum, part) => sum + part.items, 0)).toBe(items);
      expect(result.flatMap((part) => leaves(signal, part.bytes)).toSorted()).toEqual(leaves(signal, source.bytes));
    });
  });

  it("divides metrics whole when asked", () => {
    const source = payload("metrics", { items: 100, seed: 3 });
    const { result } = parts("metrics", source.bytes, 3, "item");
    expect(result.flatMap((part) => leaves("metrics", part.bytes)).toSorted()).toEqual(leaves("metrics", source.bytes));
  });

  it("repeats the dictionary of profiles in every part", () => {
    const source = payload("profiles", { items: 8, seed: 3 });
    for (const part of parts("profiles", source.bytes, 4).result) expect(part.bytes.length).toBeGreaterThan(source.bytes.length / 8);
  });

  it("divides one resource of 50,000 spans", () => {
    const source = manySpans(50_000);
    const { items, result } = parts("traces", source, 64);
    expect(items).toBe(50_000);
    expect(result.length).toBe(64);
    expect(result.reduce((sum, part) => sum + part.items, 0)).toBe(50_000);
    // Compared as one text: a list of 50,000 would be printed for minutes when it differs.
    const found = result.flatMap((part) => leaves("traces", part.bytes)).toSorted();
    expect(found.join("\n") === leaves("traces", source).join("\n")).toBe(true);
  });

  it("leaves one part when there is one key", () => {
    const source = payload("logs", { items: 30, seed: 4 });
    const { result } = parts("logs", source.bytes, 1);
    expect(result.map(({ items }) => items)).toEqual([30]);
  });
});
