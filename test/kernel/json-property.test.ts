/** Properties of the JSON reader and writer, over seeded chance: text and numbers are exact both ways. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, type Plain } from "../harness/judge.ts";
import { JsonBench, toOtlpJson } from "./json-support.ts";
import { runsHere } from "../harness/runs.ts";

const bench = new JsonBench();
const RUNS = 1500;

function bodyOf(bytes: Uint8Array): unknown {
  const groups = judge("logs").toObject(bytes)["resourceLogs"];
  // The shape is the one that `wrap` made.
  return (groups as { scopeLogs: { logRecords: { body: unknown }[] }[] }[])[0]?.scopeLogs[0]?.logRecords[0]?.body;
}

function wrap(body: unknown): Plain {
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] };
}

/** An AnyValue as the judge has it. */
const { anyValue } = fc.letrec<{ anyValue: Plain; keyValue: Plain }>((tie) => ({
  anyValue: fc.oneof(
    { depthSize: "small" },
    fc.constant({}),
    fc.string({ unit: "grapheme", maxLength: 40 }).map((stringValue) => ({ stringValue: stringValue.toWellFormed() })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((intValue) => ({ intValue: String(intValue) })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 50 }).map((bytesValue) => ({ bytesValue })),
    fc.array(tie("anyValue"), { maxLength: 4 }).map((values) => ({ arrayValue: values.length === 0 ? {} : { values } })),
    fc.array(tie("keyValue"), { maxLength: 4 }).map((values) => ({ kvlistValue: values.length === 0 ? {} : { values } })),
  ),
  keyValue: fc.record({ key: fc.string({ minLength: 1, maxLength: 40 }), value: tie("anyValue") }),
}));

describe("any value", () => {
  it("is read and written as the judge has it", () => {
    fc.assert(
      fc.property(anyValue, fc.constantFrom(undefined, 1), (body, indent) => {
        const bytes = judge("logs").encode(wrap(body));
        const text = String(bench.write("logs", bytes));
        expect(normal(JSON.parse(text))).toEqual(normal(toOtlpJson("logs", wrap(body))));
        const read = bench.read("logs", indent === undefined ? text : JSON.stringify(toOtlpJson("logs", wrap(body)), null, indent));
        expect(read.errorAt).toBe(undefined);
        if (indent === undefined) expect(read.bytes).toEqual(bytes);
        else expect(normal(bodyOf(read.bytes))).toEqual(normal(body));
      }),
      { seed: 31, numRuns: runsHere(RUNS) },
    );
  });
});

/** JSON.stringify writes -0 as 0. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, normal(one)]));
}

describe("any number", () => {
  it("of 64 bits keeps its bits, in any form", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(6), fc.boolean(), (value, zeros, quoted) => {
        const text = quoted
          ? `"${value}"`
          : zeros === 0 || value === 0n
            ? String(value)
            : zeros % 2 === 0
              ? `${value}${"0".repeat(zeros)}e-${zeros}`
              : `${value}.${"0".repeat(zeros)}`;
        const { errorAt, bytes } = bench.read(
          "logs",
          `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":${text},"x":1,"body":{"boolValue":true}}]}]}]}`,
        );
        expect(errorAt).toBe(undefined);
        expect(JSON.stringify(judge("logs").toObject(bytes))).toContain(value === 0n ? '"logRecords":[{"body"' : `"timeUnixNano":"${value}"`);
      }),
      { seed: 32, numRuns: runsHere(RUNS) },
    );
  });

  it("that is a double is what Number reads, and String writes", () => {
    const digits = fc.stringMatching(/^[0-9]{1,25}$/);
    fc.assert(
      fc.property(fc.constantFrom("", "-"), digits, fc.option(digits), fc.option(fc.integer({ min: -330, max: 300 })), (sign, whole, fraction, exponent) => {
        const text = `${sign}${whole.replace(/^0+(?=[0-9])/, "")}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`;
        const real = Number(text);
        const { result, bytes } = bench.read("logs", JSON.stringify(wrap({ doubleValue: 77 })).replace("77", text));
        if (!Number.isFinite(real)) {
          expect(result).toBeLessThan(0);
          return;
        }
        expect(bodyOf(bytes)).toEqual({ doubleValue: real });
        expect(bench.write("logs", bytes)).toContain(`{"doubleValue":${Object.is(real, -0) ? "-0" : String(real)}}`);
      }),
      { seed: 33, numRuns: runsHere(RUNS * 2) },
    );
  });

  it("with few digits is written as String does", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(12), (mantissa, decimals) => {
        const real = mantissa / 10 ** decimals;
        const bytes = judge("logs").encode(wrap({ doubleValue: real }));
        expect(bench.write("logs", bytes)).toContain(`{"doubleValue":${Object.is(real, -0) ? "-0" : String(real)}}`);
      }),
      { seed: 34, numRuns: runsHere(RUNS * 2) },
    );
  });
});

describe("any text", () => {
  it("comes back, however it was escaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.nat(), (text, salt) => {
        let json = "";
        for (let i = 0; i < text.length; i++) {
          const code = text.charCodeAt(i);
          const plain = (salt >> (i % 20)) % 2 === 0 && code >= 0x20 && code !== 0x22 && code !== 0x5c && (code & 0xf800) !== 0xd800;
          json += plain ? text.charAt(i) : `\\u${code.toString(16).padStart(4, "0")}`;
        }
        const { bytes } = bench.read(
          "logs",
          JSON.stringify(wrap({ stringValue: "?" })).replace("?", () => json),
        );
        expect(bodyOf(bytes)).toEqual({ stringValue: text.toWellFormed() });
        expect(bench.write("logs", bytes)).toContain(JSON.stringify(text.toWellFormed()));
      }),
      { seed: 35, numRuns: runsHere(RUNS) },
    );
  });
});
