import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as varint from "../../src/wire/varint.ts";

function encode64(value: bigint): number[] {
  const out: number[] = [];
  for (; value >= 0x80n; value >>= 7n) out.push(Number(value & 0x7fn) | 0x80);
  return [...out, Number(value)];
}

describe("varint", () => {
  it("reads both halves of any 64-bit value, and where it ends", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const bytes = Uint8Array.from([0xff, ...encode64(value), 0xff]);
        expect(BigInt(varint.readVarint(bytes, 1))).toBe(value & 0xffffffffn);
        expect(varint.after).toBe(bytes.length - 1);
        expect(BigInt(varint.readVarintHigh(bytes, 1))).toBe(value >> 32n);
        expect(varint.skipVarint(bytes, 1)).toBe(bytes.length - 1);
      }),
      { seed: 20261121 },
    );
  });

  it("reads overlong forms as the value that they say", () => {
    const bytes = Uint8Array.of(0x81, 0x80, 0x80, 0x00);
    expect(varint.readVarint(bytes, 0)).toBe(1);
    expect(varint.after).toBe(4);
  });

  it("writes the canonical form, in as many bytes as varintSize says", () => {
    for (const value of [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1fffff, 0x200000, 0xfffffff, 0x10000000, 0xffffffff]) {
      const bytes = new Uint8Array(8);
      const end = varint.writeVarint(bytes, 0, value);
      expect(end).toBe(varint.varintSize(value));
      expect([...bytes.subarray(0, end)]).toEqual(encode64(BigInt(value)));
    }
  });

  it("skips every wire type, groups within groups by count and not by call", () => {
    const nested = 100_000;
    const bytes = new Uint8Array(nested * 2 + 1).fill(0x0b, 0, nested).fill(0x0c, nested);
    expect(varint.skipValue(bytes, 1, 0x0b)).toBe(nested * 2);
    expect(varint.skipValue(Uint8Array.of(0x80, 1), 0, 0x08)).toBe(2);
    expect(varint.skipValue(new Uint8Array(9), 0, 0x09)).toBe(8);
    expect(varint.skipValue(Uint8Array.of(3, 1, 2, 3), 0, 0x0a)).toBe(4);
    expect(varint.skipValue(new Uint8Array(9), 0, 0x0d)).toBe(4);
  });
});
