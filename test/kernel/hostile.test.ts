/**
 * Hostile bytes: every cut, every bit, chance. The kernel never traps, decides nothing by what lies
 * outside the request, refuses what the judge refuses, and says why where it is stricter.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS, signalNumber, type Signal } from "../../src/base/signal.ts";
import { FAIL_DEPTH, FAIL_KNOWN_TYPE, FAIL_PACKED, FAIL_VARINT, KERNEL_PADDING, REPAIR_TEXT } from "../../src/kernel/kernel.ts";
import { field, join } from "../harness/bytes.ts";
import { judge } from "../harness/judge.ts";
import { testKernel } from "../harness/kernel.ts";
import { Bench, RECORDS_MAX } from "./support.ts";
import { judgedHere, runsHere } from "../harness/runs.ts";

const bench = new Bench();
/** Where the kernel refuses and protobufjs does not: it skips a known field of another type, cuts long varints. */
const STRICTER = new Set([FAIL_KNOWN_TYPE, FAIL_VARINT, FAIL_PACKED, FAIL_DEPTH]);

function accepts(signal: Signal, bytes: Uint8Array): boolean {
  try {
    judge(signal).decode(bytes);
    return true;
  } catch {
    // The judge throws on what is no message.
    return false;
  }
}

function small(signal: Signal): Uint8Array<ArrayBuffer> {
  return payload(signal, { items: signal === "profiles" ? 1 : 3, resources: 2, seed: 11, order: "interleaved", unknown: true }).bytes;
}

describe("every cut", () => {
  for (const signal of SIGNALS) {
    it(`is refused, or is a whole request: ${signal}`, () => {
      const bytes = small(signal);
      bench.place(bytes);
      let whole = 0;
      const wrong: string[] = [];
      for (let length = 0; length < bytes.length; length++) {
        // The rest stays in place behind the cut, to mislead whoever reads on.
        const { result } = bench.checkPlaced(signal, length);
        const accepted = accepts(signal, bytes.subarray(0, length));
        if (result >= 0 !== accepted) wrong.push(`${length} bytes: ${result}`);
        if (accepted) whole++;
        for (const depth of [1, 4]) {
          const indexed = bench.index(signal, length, depth);
          if (indexed !== 0 && indexed !== -1) wrong.push(`${length} bytes, depth ${depth}: ${indexed}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(whole).toBeLessThan(40);
    });
  }
});

describe("every flipped bit", () => {
  for (const signal of SIGNALS) {
    it(`is judged as the judge does, or more strictly: ${signal}`, () => {
      const bytes = small(signal);
      let passed = 0;
      let refused = 0;
      const wrong: string[] = [];
      for (let at = 0; at < bytes.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const flipped = bytes.slice();
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
          const { result } = bench.check(signal, flipped);
          if (result >= 0) passed++;
          else refused++;
          if (!judgedHere(at + bit)) continue;
          const accepted = accepts(signal, flipped);
          if (result >= 0 ? !accepted : accepted && !STRICTER.has(result)) wrong.push(`byte ${at} bit ${bit}: ${result}`);
        }
      }
      expect(wrong).toEqual([]);
      // Most bits are content, many are structure: the test saw both.
      expect(Math.min(passed, refused)).toBeGreaterThan(bytes.length / 2);
    });
  }
});

describe("the edges of the memory", () => {
  it("are never crossed, and what lies there never matters", () => {
    const memoryBytes = 4 << 20;
    for (const signal of SIGNALS) {
      const bytes = small(signal);
      const kernel = testKernel(memoryBytes);
      const tapeAt = (kernel.heapBase + 63) & ~63;
      const wrong: string[] = [];
      const run = (length: number, fill: number): number[] => {
        const end = memoryBytes - KERNEL_PADDING;
        kernel.bytes.set(bytes.subarray(0, length), end - length);
        kernel.bytes.fill(fill, end);
        kernel.bytes.fill(fill, end - length - 64, end - length);
        const result = kernel.check(signalNumber(signal), end - length, end, tapeAt, RECORDS_MAX);
        return [result, kernel.repairs(), kernel.errorAt(), kernel.items(), kernel.tapeCount()];
      };
      for (let length = 1; length <= bytes.length; length += 1 + (length >> 5)) {
        const plain = run(length, 0);
        for (const fill of [0x0a, 0x7f, 0x80, 0xff]) {
          const other = run(length, fill);
          if (other.some((one, index) => one !== plain[index])) wrong.push(`${length} bytes, ${fill}: ${other.join(" ")}, not ${plain.join(" ")}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(run(bytes.length, 0)[0]).toBe(bench.check(signal, bytes).result);
    }
  });
});

describe("chance", () => {
  it("never traps, and is refused where the judge refuses", () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.constantFrom(...SIGNALS), bytes, (signal, random) => {
        const wrapped = join(field(1, field(2, field(2, random))));
        for (const input of [random, wrapped]) {
          const { result } = bench.check(signal, input);
          if (result >= 0) expect(accepts(signal, input)).toBe(true);
          for (const depth of [1, 2, 3, 4]) bench.index(signal, input.length, depth);
        }
      }),
      { numRuns: runsHere(3000) },
    );
  });

  it("of several changed bytes is no different", () => {
    const random = new Random(99);
    for (const signal of SIGNALS) {
      const bytes = small(signal);
      const wrong: string[] = [];
      for (let round = 0; round < 3000; round++) {
        const changed = bytes.slice();
        for (let i = 0; i < 1 + (round % 5); i++) changed[random.below(changed.length)] = random.below(256);
        const { result } = bench.check(signal, changed);
        if (result >= 0 && judgedHere(round) && !accepts(signal, changed)) wrong.push(`round ${round}: ${result}`);
        bench.index(signal, changed.length, 1 + (round % 4));
      }
      expect(wrong).toEqual([]);
    }
  });

  it("in text is found as TextDecoder finds it", () => {
    const strict = new TextDecoder("utf-8", { fatal: true });
    const lead = fc.constantFrom(0x41, 0x7f, 0x80, 0xbf, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xa0, 0x9f, 0x90, 0x8f);
    fc.assert(
      fc.property(fc.array(lead, { maxLength: 50 }), fc.nat(40), (bytes, padding) => {
        const text = join(new Uint8Array(padding).fill(0x20), Uint8Array.from(bytes));
        let valid = true;
        try {
          strict.decode(text);
        } catch {
          // Not UTF-8: what is asked here.
          valid = false;
        }
        for (const input of [field(1, field(3, text)), field(1, field(1, field(1, field(1, "key"), field(2, field(1, text)))))]) {
          expect(bench.check("traces", input).repairs).toBe(valid ? 0 : REPAIR_TEXT);
        }
      }),
      { numRuns: runsHere(4000) },
    );
  });
});
