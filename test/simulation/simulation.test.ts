/**
 * A sample of the simulation, the same on every runtime; `node scripts/simulate.ts` runs thousands.
 * `SLUICE_SEED` runs one seed alone.
 */
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

const SEED = typeof process === "object" ? process.env["SLUICE_SEED"] : undefined;
const SEEDS = SEED === undefined ? Array.from({ length: 6 }, (_, index) => index + 1) : [Number(SEED)];
/** Enough for a process to end while it owes something. */
const LIAR_SEEDS = [1, 2, 3, 4];

describe("a whole gateway over a simulated network, disk and clock", () => {
  it("loses nothing that it acknowledged, repeats nothing without a reason, and keeps its books", async () => {
    const totals = { acknowledged: 0, crashes: 0, stops: 0, duplicates: 0 };
    for (const seed of SEEDS) {
      const report = await simulate({ seed });
      expect(report.violations, `node scripts/simulate.ts --seed ${seed}`).toEqual([]);
      for (const name of ["acknowledged", "crashes", "stops", "duplicates"] as const) totals[name] += report[name];
    }
    // What never happens proves nothing.
    if (SEED === undefined) for (const [name, count] of Object.entries(totals)) expect(count, name).toBeGreaterThan(0);
  });

  it("is the same again with the same seed", async () => {
    const told: string[][] = [[], []];
    for (const lines of told) lines.push(JSON.stringify(await simulate({ seed: 5, tell: (line) => lines.push(line) })));
    expect(told[0]).toEqual(told[1]);
  });

  it("finds out a disk that says that it has kept what it has not", async () => {
    const violations: string[] = [];
    for (const seed of LIAR_SEEDS) violations.push(...(await simulate({ seed, fsync: true, durability: "write_first", lies: true })).violations);
    expect(violations.join("\n")).toContain("items that were acknowledged are neither accepted by");
  });
});
