/** The shapes of the specification's own examples of OTLP/JSON, with values of our own. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { readText } from "../harness/files.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { JsonBench } from "./json-support.ts";

const bench = new JsonBench();
const FIXTURES: readonly (readonly [name: string, signal: Signal])[] = [
  ["traces", "traces"],
  ["metrics", "metrics"],
  ["logs", "logs"],
  ["events", "logs"],
];

for (const [name, signal] of FIXTURES) {
  describe(`the example of ${name}`, () => {
    const text = readText(`test/fixtures/otlp-json/${name}.json`);

    it("is read, and written with the same meaning in the strict form", () => {
      const read = bench.read(signal, text);
      expect(read.errorAt).toBe(undefined);
      expect(read.result).toBeGreaterThan(0);
      expect(JSON.parse(String(bench.write(signal, read.bytes)))).toEqual(strict(JSON.parse(text)));
    });

    it("is what the judge makes of it", () => {
      const object = judge(signal).toObject(bench.read(signal, text).bytes);
      expect(judge(signal).toObject(judge(signal).encode(withBytes(JSON.parse(text))))).toEqual(object);
    });
  });
}

const LONGS = new Set(["count", "bucketCounts", "zeroCount"]);

/** Ids in lower case, 64-bit integers as text. */
function strict(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => strict(one, key));
  if (typeof value === "string") return key.endsWith("Id") ? value.toLowerCase() : value;
  if (typeof value === "number") return LONGS.has(key) ? String(value) : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, strict(one, name)]));
}

/** Ids as bytes, which protobufjs would take for base64. */
function withBytes(value: unknown): Plain {
  const visit = (one: unknown, key: string): unknown => {
    if (Array.isArray(one)) return one.map((inner) => visit(inner, key));
    if (typeof one === "string" && key.endsWith("Id")) return Uint8Array.from(one.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, visit(inner, name)]));
  };
  // An object stays one.
  return visit(value, "") as Plain;
}
