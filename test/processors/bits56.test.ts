/** Thresholds and tracestates against plain models: big integers, and no harm from any text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bits56, probabilityOf, readDigits, setNever, setProbability, writeDigits, writeThreshold } from "../../src/processors/probabilistic-sampler/bits56.ts";
import { TraceState, WRITTEN_BYTES_MAX } from "../../src/processors/probabilistic-sampler/trace-state.ts";
import { textAt } from "../../src/otlp/text.ts";
import { utf8 } from "../harness/bytes.ts";
import { runsHere } from "../harness/runs.ts";

const MAX = 1n << 56n;
const valueOf = ({ high, low }: Bits56) => BigInt(high) * 2n ** 32n + BigInt(low);
const bits = fc.tuple(fc.integer({ min: 0, max: 0xffffff }), fc.integer({ min: 0, max: 0xffffffff })).map(([high, low]) => {
  const made = new Bits56();
  made.set(high, low);
  return made;
});
const probability = fc.oneof(
  fc.double({ min: 2 ** -56, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 56 }).map((n) => 2 ** -n),
  fc.integer({ min: 1, max: 53 }).map((n) => 1 - 2 ** -n),
);

/** Whole hexadecimal zeros behind the point. */
const zeros = (x: number) => Math.floor((-1 - Math.floor(Math.log2(x))) / 4);

/** The specification's rounding, in big integers. */
function model(fraction: number, precision: number): bigint {
  if (fraction === 1) return 0n;
  const digits = Math.min(14, precision + Math.max(zeros(fraction), zeros(1 - fraction)));
  const threshold = MAX - BigInt(Math.round(fraction * 2 ** 56));
  const unit = 16n ** BigInt(14 - digits);
  return ((threshold + unit / 2n) / unit) * unit;
}

describe("thresholds", () => {
  it("are those of big integers, at every precision", () => {
    fc.assert(
      fc.property(probability, fc.integer({ min: 1, max: 14 }), (fraction, precision) => {
        // Math.log2 rounds up just below a power of two: there the model would be wrong.
        fc.pre(Number.isInteger(Math.log2(fraction)) === (2 ** Math.round(Math.log2(fraction)) === fraction));
        fc.pre(Number.isInteger(Math.log2(1 - fraction)) === (2 ** Math.round(Math.log2(1 - fraction)) === 1 - fraction));
        const threshold = new Bits56();
        expect(setProbability(threshold, fraction, precision)).toBe(true);
        expect(valueOf(threshold)).toBe(model(fraction, precision));
      }),
      { numRuns: runsHere(2000) },
    );
  });

  it.each([0, -0.1, 1.1, 2 ** -57, NaN, Infinity])("%d is no probability", (fraction) => {
    expect(setProbability(new Bits56(), fraction, 4)).toBe(false);
  });

  it("stand for the probability of what is left", () => {
    fc.assert(fc.property(bits, (threshold) => probabilityOf(threshold) === Number(MAX - valueOf(threshold)) / 2 ** 56));
  });

  it("compare as numbers, never above all", () => {
    fc.assert(fc.property(bits, bits, (one, other) => one.above(other) === valueOf(one) > valueOf(other)));
    const never = new Bits56();
    setNever(never);
    expect(valueOf(never)).toBe(MAX);
    fc.assert(fc.property(bits, (one) => never.above(one)));
  });

  it("are written as hexadecimal digits and read back", () => {
    fc.assert(
      fc.property(bits, (one) => {
        const bytes = new Uint8Array(32);
        const end = writeDigits(bytes, 3, one);
        expect(textAt(bytes, 3, end)).toBe(valueOf(one).toString(16).padStart(14, "0"));
        const shortEnd = writeThreshold(bytes, 3, one);
        expect(textAt(bytes, 3, shortEnd)).toBe(
          valueOf(one)
            .toString(16)
            .padStart(14, "0")
            .replace(/(?!^)0+$/, ""),
        );
        const read = new Bits56();
        expect(readDigits(read, bytes, 3, shortEnd)).toBe(true);
        expect(valueOf(read)).toBe(valueOf(one));
      }),
    );
  });
});

describe("tracestates", () => {
  const member = fc.oneof(
    fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,5}=[ -+.-<>-~]{0,6}$/),
    fc.stringMatching(/^ot=((th|rv|x|y):[0-9a-f]{0,15};?){0,3}$/),
    fc.string(),
    fc.constantFrom("", " ", "\t", "ot=", "ot=th:8", "ot=rv:00112233445566", "a@b=c"),
  );
  const text = fc.oneof(
    fc.array(member, { maxLength: 40 }).map((members) => members.join(",")),
    fc.string({ maxLength: 1100 }),
    fc.uint8Array({ maxLength: 64 }).map((codes) => String.fromCharCode(...codes)),
  );

  it("are read within their bounds, and written in a form that reads the same and is written the same", () => {
    const guard = 0xa5;
    fc.assert(
      fc.property(text, (one) => {
        const encoded = utf8(one);
        const bytes = new Uint8Array(encoded.length + 3 * (WRITTEN_BYTES_MAX + 1)).fill(guard);
        bytes.set(encoded);
        const first = new TraceState();
        const sound = first.read(bytes, 0, encoded.length);
        const at = encoded.length + 1;
        const end = first.write(bytes, at);
        expect(end - at).toBeLessThanOrEqual(WRITTEN_BYTES_MAX);
        expect(bytes[end]).toBe(guard);
        expect(textAt(bytes, 0, encoded.length)).toBe(textAt(encoded, 0, encoded.length));
        if (!sound) return;
        const second = new TraceState();
        expect(second.read(bytes, at, end)).toBe(true);
        const again = second.write(bytes, end + 1);
        expect(textAt(bytes, end + 1, again)).toBe(textAt(bytes, at, end));
      }),
      { numRuns: runsHere(3000) },
    );
  });
});
