/** Generated requests of every signal, both ways, in every order of fields: what the judge says is what is read and written. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS } from "../../src/base/signal.ts";
import { judge } from "../harness/judge.ts";
import { MEMORY_KINDS } from "../harness/kernel.ts";
import { JsonBench, toOtlpJson, withoutZeros } from "./json-support.ts";

const bench = new JsonBench();

for (const signal of SIGNALS) {
  describe(`a request of ${signal}`, () => {
    const items = signal === "profiles" ? 3 : 60;
    for (const order of ["ascending", "descending", "interleaved"] as const) {
      for (const unknown of [false, true]) {
        it(`is written whole: fields ${order}${unknown ? ", with unknown ones" : ""}`, () => {
          for (const seed of [1, 2, 3]) {
            const { bytes } = payload(signal, { items, resources: 3, seed, order, unknown });
            const text = bench.write(signal, bytes);
            expect(JSON.parse(String(text))).toEqual(toOtlpJson(signal, judge(signal).toObject(bytes)));
          }
        });
      }
    }

    it("is read whole, from compact text and from spacious", () => {
      for (const seed of [1, 2, 3]) {
        const { object, bytes } = payload(signal, { items, resources: 3, seed });
        const json = toOtlpJson(signal, object);
        for (const indent of [undefined, 2, "\t\r\n "]) {
          const read = bench.read(signal, JSON.stringify(json, null, indent));
          expect(read.errorAt).toBe(undefined);
          expect(judge(signal).toObject(read.bytes)).toEqual(withoutZeros(signal, judge(signal).toObject(bytes)));
        }
      }
    });

    it("is read with its keys in any order", () => {
      for (const seed of [4, 5]) {
        const { object } = payload(signal, { items, resources: 2, seed });
        const read = bench.read(signal, JSON.stringify(reversed(toOtlpJson(signal, object))));
        expect(judge(signal).toObject(read.bytes)).toEqual(withoutZeros(signal, object));
      }
    });

    it("comes back from its own text byte for byte, and so does the text", () => {
      const { bytes } = payload(signal, { items, resources: 3, seed: 6 });
      const text = String(bench.write(signal, bytes));
      const read = bench.read(signal, text);
      // The encoder has ascending fields, packed numbers and minimal lengths, as the reader has.
      const { encode, toObject } = judge(signal);
      expect(read.bytes).toEqual(encode(withoutZeros(signal, toObject(bytes))));
      expect(bench.write(signal, read.bytes)).toBe(text);
    });
  });
}

describe("a shared memory", () => {
  it.runIf(MEMORY_KINDS.includes("shared"))("makes no difference", () => {
    const shared = new JsonBench(8 << 20, "shared");
    for (const signal of SIGNALS) {
      const { bytes } = payload(signal, { items: signal === "profiles" ? 2 : 20, resources: 2, seed: 8 });
      const text = String(bench.write(signal, bytes));
      expect(shared.write(signal, bytes)).toBe(text);
      expect(shared.read(signal, text).bytes).toEqual(bench.read(signal, text).bytes);
    }
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, one]) => [key, reversed(one)]),
  );
}
