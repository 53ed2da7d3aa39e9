import { describe, expect, it } from "vitest";
import { Random } from "../../../bench/random.ts";
import { plainCopies } from "../../../src/base/memory.ts";
import { sharedCopies } from "../../../src/runtimes/node/copy.ts";

const BYTES = 4096;
const RUNS = 500;

describe("copies into and out of shared memory", () => {
  it("are JavaScript's own, at whatever alignment, of nothing and of everything", () => {
    const random = new Random(5);
    const shared = new Uint8Array(new SharedArrayBuffer(BYTES));
    const plain = new Uint8Array(BYTES);
    const [quick, own] = [sharedCopies(shared), plainCopies(plain)];
    const [quickOut, ownOut] = [new Uint8Array(BYTES), new Uint8Array(BYTES)];
    for (let run = 0; run < RUNS; run++) {
      const length = run === 0 ? BYTES : random.below(run % 2 === 0 ? 40 : BYTES);
      const piece = random.bytes(length);
      const at = random.below(BYTES - length + 1);
      for (const copies of [quick, own]) copies.copyIn(at, piece);
      const start = random.below(BYTES);
      const end = start + random.below(BYTES - start + 1);
      const to = random.below(BYTES - (end - start) + 1);
      quick.copyOut(quickOut, to, start, end);
      own.copyOut(ownOut, to, start, end);
    }
    expect(Buffer.from(shared).equals(plain)).toBe(true);
    expect(Buffer.from(quickOut).equals(ownOut)).toBe(true);
  });
});
