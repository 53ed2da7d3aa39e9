import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainMemory } from "../../src/base/memory.ts";
import type { SluiceError } from "../../src/base/errors.ts";
import { type Block, PADDING, Pool } from "../../src/base/pool.ts";
import { runsHere } from "../harness/runs.ts";

const KIB = 1024;

function poolOf(bytes: number, poison = false): Pool {
  return new Pool(plainMemory(bytes + 64 + PADDING), 64, bytes + 64 + PADDING, { poison });
}

describe("Pool", () => {
  it("gives blocks, and takes them back", () => {
    const pool = poolOf(64 * KIB);
    const block = pool.take(16 * KIB);
    expect(block?.capacity).toBe(16 * KIB);
    expect(pool.inUse).toBe(16 * KIB);
    block?.release();
    expect(pool.inUse).toBe(0);
    expect(pool.blocks).toBe(0);
    expect(pool.peak).toBe(16 * KIB);
  });

  it("takes the next class for one byte more", () => {
    const pool = poolOf(64 * KIB);
    expect(pool.take(16 * KIB + 1)?.capacity).toBe(32 * KIB);
  });

  it("says when the budget is spent, at the limit and one past it", () => {
    const pool = poolOf(64 * KIB);
    expect(pool.take(64 * KIB + 1)).toBeUndefined();
    const whole = pool.take(64 * KIB);
    expect(whole).toBeDefined();
    expect(pool.take(1)).toBeUndefined();
    whole?.release();
    expect(pool.take(1)).toBeDefined();
  });

  it("keeps what the kernel reads behind the last block inside the range", () => {
    const pool = new Pool(plainMemory(64 * KIB), 0, 64 * KIB);
    const blocks = [pool.take(32 * KIB), pool.take(16 * KIB)];
    expect(pool.take(1)).toBeUndefined();
    for (const block of blocks) expect((block?.end ?? Infinity) + PADDING).toBeLessThanOrEqual(64 * KIB);
    expect(pool.largest).toBe(32 * KIB);
  });

  it("merges buddies, so that small blocks never make a large one impossible", () => {
    const pool = poolOf(1024 * KIB);
    const blocks = Array.from({ length: 64 }, () => pool.take(1));
    expect(pool.take(1)).toBeUndefined();
    for (const block of blocks) block?.release();
    expect(pool.take(1024 * KIB)).toBeDefined();
  });

  it("uses a range that is not a power of two whole", () => {
    const pool = poolOf(7 * 16 * KIB);
    const blocks = Array.from({ length: 7 }, () => pool.take(1));
    expect(blocks.every((block) => block !== undefined)).toBe(true);
    expect(pool.take(1)).toBeUndefined();
  });

  it("keeps a block until the last holder lets go, and refuses it afterwards", () => {
    const pool = poolOf(64 * KIB, true);
    const block = pool.take(8);
    if (block === undefined) throw new Error("no block");
    pool.memory.bytes[block.start] = 7;
    block.retain();
    block.release();
    expect(pool.memory.bytes[block.start]).toBe(7);
    block.release();
    expect(pool.memory.bytes[block.start]).toBe(0xdb);
    for (const use of [() => block.check(), () => block.retain(), () => block.release()]) {
      expect(use).toThrowError(expect.objectContaining({ code: "ownership" }) as SluiceError);
    }
  });

  it("never hands out overlapping blocks, and balances", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ size: fc.integer({ min: 1, max: 200 * KIB }), free: fc.nat(20) }), { maxLength: 120 }), (moves) => {
        const pool = poolOf(1024 * KIB + 3 * 16 * KIB);
        const held: Block[] = [];
        for (const { size, free } of moves) {
          const block = pool.take(size);
          if (block !== undefined) {
            expect(block.capacity).toBeGreaterThanOrEqual(size);
            for (const other of held) expect(block.end <= other.start || other.end <= block.start).toBe(true);
            held.push(block);
          }
          if (free < held.length) held.splice(free, 1)[0]?.release();
        }
        for (const block of held) block.release();
        expect(pool.inUse).toBe(0);
        expect(pool.take(1024 * KIB)).toBeDefined();
      }),
      { seed: 20261121, numRuns: runsHere(200) },
    );
  });
});
