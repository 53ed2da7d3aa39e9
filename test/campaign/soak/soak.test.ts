/** The soak of scripts/soak.ts, short: books and ledgers agree after every fault there is. How flat it stays takes an hour. */
import { expect, it } from "vitest";
import { runtimeOf } from "../../../scripts/test/rules.ts";
import { FATES } from "./destination.ts";
import { HOSTILE_KINDS } from "./hostile.ts";
import { soak } from "./soak.ts";

const TARGET = runtimeOf(process.env["TEST_TARGET"] ?? "node");

it("every fault and every kind of request: the books agree at all times, and both ledgers in the end", async () => {
  if (TARGET === "workers") throw new Error("A Worker has no process: scripts/test/rules.ts leaves this out");
  const report = await soak({ runtime: TARGET, seed: 20_261_121, seconds: 3, requestsMin: 150, rate: 50, moody: false, readEveryMs: 300 });
  expect(report.faults).toEqual([]);
  expect(Object.keys(report.fates)).toEqual(expect.arrayContaining([...FATES]));
  expect(Object.keys(report.kinds)).toEqual(expect.arrayContaining([...HOSTILE_KINDS, "good", "with a key, twice"]));
  // Timers are told where the runtime tells them.
  expect(report.figures.map(({ timers }) => timers === undefined)).toEqual(report.figures.map(() => TARGET === "bun"));
  // Each term of the equations is one that this run can get wrong.
  for (const end of ["sent", "dead", "dropped", "repeated", "duplicates"]) expect(report.ends[end], end).toBeGreaterThan(0);
}, 120_000);
