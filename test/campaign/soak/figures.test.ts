/** What is flat and what is not. */
import { expect, it } from "vitest";
import { type Figures, growthIn, GROWTH_MAX } from "./figures.ts";

const READINGS = 100;
const CALM: Figures = {
  seconds: 0,
  residentMib: 150,
  heapMib: 30,
  openFiles: 40,
  threads: 12,
  timers: 2,
  handles: 10,
  blocks: 0,
  storedMib: 16,
  cpuSeconds: 0,
  queuedItems: 0,
};

/** Busy but for every seventh reading. */
function run(at: (seconds: number) => Partial<Figures>): Figures[] {
  return Array.from({ length: READINGS }, (_, seconds) => {
    const busy = seconds % 7 === 0 ? 0 : 500;
    const more = { ...CALM, ...at(seconds) };
    return { ...more, seconds, openFiles: more.openFiles + busy, heapMib: more.heapMib + busy };
  });
}

it("load that comes and goes is flat, and so is what grows in the warm-up alone", () => {
  expect(growthIn(run(() => ({})))).toEqual([]);
  expect(growthIn(run((seconds) => ({ residentMib: seconds < 20 ? seconds * 10 : 200 })))).toEqual([]);
});

it.each(["residentMib", "heapMib", "openFiles", "threads", "timers", "handles", "blocks", "storedMib"] as const)(
  "%s that is not given back is found",
  (name) => {
    const base = CALM[name] ?? 0;
    const most = GROWTH_MAX[name];
    expect(growthIn(run((seconds) => ({ [name]: base + (seconds * most) / 50 })))).toEqual([expect.stringContaining(`${name} is not flat`)]);
    expect(growthIn(run((seconds) => ({ [name]: base + (seconds * most) / 200 })))).toEqual([]);
  },
);

it("a figure that the runtime does not tell is not judged", () => {
  expect(growthIn(run(() => ({ timers: undefined, handles: undefined })))).toEqual([]);
});
