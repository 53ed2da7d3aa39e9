/** Text that is not UTF-8, as the platform's own decoder judges and repairs it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invalidAt, writeRepaired } from "../../src/otlp/utf8.ts";
import { runsHere } from "../harness/runs.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes at the edges of every range in the grammar, and a few that are good. */
const edge = fc.constantFrom(
  0x00,
  0x41,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xe1,
  0xed,
  0xee,
  0xef,
  0xf0,
  0xf1,
  0xf3,
  0xf4,
  0xf5,
  0xff,
);
const bytes = fc.array(edge, { maxLength: 24 }).map((list) => Uint8Array.from(list));

function isUtf8(text: Uint8Array): boolean {
  try {
    strict.decode(text);
    return true;
  } catch {
    // What is asked here.
    return false;
  }
}

describe("text", () => {
  it("is found broken where the platform's decoder refuses it, and no later", () => {
    fc.assert(
      fc.property(bytes, (text) => {
        const at = invalidAt(text, 0, text.length);
        expect(at === text.length).toBe(isUtf8(text));
        expect(isUtf8(text.subarray(0, at))).toBe(true);
      }),
      { numRuns: runsHere(5000) },
    );
  });

  it("is repaired as the platform's decoder repairs it, in its bounds alone", () => {
    fc.assert(
      fc.property(bytes, fc.nat(3), (text, before) => {
        const end = before + text.length;
        const memory = new Uint8Array(end + 4 + 3 * text.length).fill(0xbf);
        memory.set(text, before);
        const to = writeRepaired(memory, before, end, end + 4);
        expect([...memory.subarray(end + 4, to)]).toEqual([...new TextEncoder().encode(lenient.decode(text))]);
      }),
      { numRuns: runsHere(5000) },
    );
  });
});
