/**
 * Nothing is allocated per item on the way through. The count is made in a process of its own, with a
 * young generation in which no collection runs: bytes, not time, so that a busy machine changes nothing.
 */
import { describe, expect, it } from "vitest";
import { measureAllocations } from "../../bench/allocations.ts";

/** The flags that make the count exact are Node's. */
const onNode = !("Bun" in globalThis) && !("Deno" in globalThis);

describe.skipIf(!onNode)("heap allocation", () => {
  const { rows, slopeMax } = onNode ? measureAllocations() : { rows: [], slopeMax: 0 };

  it("counts check, index, sample, upsert and apply", () => {
    expect(rows.map(({ work }) => work.split(":")[0])).toEqual(["check", "index", "sample", "upsert", "apply"]);
  });

  it.each(rows)("$work: under 0.1 byte an item", ({ heapSlope, bufferSlope, fewBytes }) => {
    expect(heapSlope).toBeLessThan(slopeMax);
    expect(bufferSlope).toBeLessThan(slopeMax);
    // A count of nothing at all would prove nothing: each call makes an object or two.
    expect(fewBytes).toBeGreaterThan(0);
  });
});
