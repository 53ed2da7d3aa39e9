/** Hostile text: every cut, every byte changed, chance. The reader never traps, and the next call works. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS, signalNumber, type Signal } from "../../src/base/signal.ts";
import { JSON_ERRORS, JSON_TRUNCATED } from "../../src/kernel/json-errors.ts";
import { KERNEL_PADDING } from "../../src/kernel/kernel.ts";
import { utf8 } from "../harness/bytes.ts";
import { judge } from "../harness/judge.ts";
import { testKernel } from "../harness/kernel.ts";
import { JsonBench, toOtlpJson } from "./json-support.ts";
import { judgedHere, runsHere } from "../harness/runs.ts";

const bench = new JsonBench();

function small(signal: Signal, indent?: number): Uint8Array<ArrayBuffer> {
  const { object } = payload(signal, { items: signal === "profiles" ? 1 : 3, resources: 2, seed: 21 });
  return utf8(JSON.stringify(toOtlpJson(signal, object), null, indent));
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What JSON itself says. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes).replace(/^\ufeff/, ""));
    return true;
  } catch {
    // No JSON: the reader must refuse it too.
    return false;
  }
}

describe("every cut", () => {
  for (const signal of SIGNALS) {
    for (const indent of [undefined, 1]) {
      it(`is told as such, whatever lies behind it: ${signal}${indent === undefined ? "" : ", indented"}`, () => {
        const bytes = small(signal, indent);
        const whole = bench.read(signal, bytes).bytes;
        const wrong: string[] = [];
        for (let length = 0; length < bytes.length; length++) {
          for (const fill of [undefined, 0x20, 0x22, 0x30, 0x5d, 0x7d]) {
            // The rest of the text stays behind the cut, or something else does.
            if (fill === undefined) bench.place(bytes);
            else bench.kernel.bytes.fill(fill, bench.start + length, bench.start + length + 64);
            const { result, errorAt } = bench.readPlaced(signal, length);
            if (result !== JSON_TRUNCATED || errorAt !== length) wrong.push(`${length} bytes, ${fill}: ${result} at ${errorAt}`);
          }
        }
        expect(wrong).toEqual([]);
        expect(bench.read(signal, bytes).bytes).toEqual(whole);
      });
    }
  }
});

describe("every byte changed", () => {
  for (const signal of SIGNALS) {
    it(`is refused, or is what the judge can decode: ${signal}`, () => {
      const bytes = small(signal);
      const whole = bench.read(signal, bytes).bytes;
      let passed = 0;
      let refused = 0;
      const wrong: string[] = [];
      for (let at = 0; at < bytes.length; at++) {
        for (const change of [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, (bytes[at] ?? 0) ^ 0x22, (bytes[at] ?? 0) ^ 0x5c]) {
          if (change === 0) continue;
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ change;
          const { result, errorAt, bytes: made } = bench.read(signal, changed);
          if (result < 0) {
            refused++;
            if (typeof JSON_ERRORS[result] !== "string" || !(Number(errorAt) <= bytes.length))
              wrong.push(`byte ${at} changed by ${change}: ${result} at ${errorAt}`);
          } else {
            passed++;
            // Both judges are slow: they see a third of the cases.
            if ((at + change) % 3 !== 0 || !judgedHere(at)) continue;
            if (!isJson(changed)) wrong.push(`byte ${at} changed by ${change}: no JSON`);
            judge(signal).decode(made);
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(Math.min(passed, refused)).toBeGreaterThan(bytes.length / 2);
      expect(bench.read(signal, bytes).bytes).toEqual(whole);
    });
  }
});

describe("the edges of the memory", () => {
  it("are never crossed, and what lies there never matters", () => {
    const memoryBytes = 4 << 20;
    for (const signal of SIGNALS) {
      const bytes = small(signal);
      const kernel = testKernel(memoryBytes);
      const out = (kernel.heapBase + 63) & ~63;
      const end = memoryBytes - KERNEL_PADDING;
      const wrong: string[] = [];
      for (let length = 0; length <= bytes.length; length++) {
        const run = (fill: number): number => {
          kernel.bytes.set(bytes.subarray(0, length), end - length);
          kernel.bytes.fill(fill, end);
          return kernel.readJson(signalNumber(signal), end - length, end, out, out + (2 << 20));
        };
        const result = run(0);
        const others = [0x7d, 0x22, 0x30, 0xff].map((fill) => run(fill));
        if (others.some((other) => other !== result) || result >= 0 !== (length === bytes.length)) wrong.push(`${length}: ${result}, ${others.join(" ")}`);
      }
      expect(wrong).toEqual([]);
    }
  });
});

describe("chance", () => {
  const ALPHABET = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "0",
    "1",
    "-",
    ".",
    "e",
    "null",
    "true",
    "false",
    '"key"',
    '"value"',
    '"attributes"',
    '"resourceSpans"',
    '"scopeSpans"',
    '"spans"',
    '"stringValue"',
    '"intValue"',
    '"a"',
    "\\u00e9",
    "\ud83d\ude00",
    "é",
  ];

  it("of JSON's own pieces is judged as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ALPHABET), { maxLength: 30 }), (pieces) => {
        const text = utf8(`{"x":${pieces.join("")}}`);
        const { result, errorAt } = bench.read("traces", text);
        if (result >= 0) expect(isJson(text)).toBe(true);
        else expect(errorAt).toBeLessThanOrEqual(text.length);
      }),
      { seed: 20, numRuns: runsHere(4000) },
    );
  });

  it("of any JSON under an unknown key is skipped", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " ", "\n\t"), (json, blank) => {
        expect(bench.read("logs", `{"x":${blank}${json}${blank},"resourceLogs":[{"schemaUrl":"u","y":${json}}]}`)).toMatchObject({
          errorAt: undefined,
          result: 5,
        });
      }),
      { seed: 21, numRuns: runsHere(2000) },
    );
  });

  it("of bytes never traps", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3), (bytes, signal) => {
        const { result } = bench.read(SIGNALS[signal] ?? "traces", bytes);
        if (result >= 0) expect(isJson(bytes)).toBe(true);
      }),
      { seed: 22, numRuns: runsHere(3000) },
    );
  });
});
