/**
 * `node bench/delivery/concurrency.ts`: limits of concurrency side by side in simulated worlds, the
 * table of docs/decisions/016-adaptive-concurrency.md. Same seeds, same table. `--seeds N` (3), `--only TEXT`.
 */
import { parseArgs } from "node:util";
import { Concurrency } from "../../src/delivery/concurrency.ts";
import { short, spreadOf, tableText } from "../statistics.ts";
import { Aimd, type Candidate, Fixed, Gradient, Vegas } from "./candidates.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { type Limiter, simulate } from "./simulation.ts";
import { SCENARIOS, worldOf } from "./worlds.ts";

const BOUNDS = { min: 1, max: 100, initial: 4 };

const CONTENDERS: Readonly<Record<string, (monotonicMs: () => number) => Limiter>> = {
  "fixed 10": adapted(() => new Fixed(10)),
  "fixed 100": adapted(() => new Fixed(100)),
  AIMD: adapted(() => new Aimd(BOUNDS)),
  "Vegas 2 to 4": adapted(() => new Vegas(BOUNDS, 2)),
  "Vegas 8 to 16": adapted(() => new Vegas(BOUNDS, 8)),
  gradient2: adapted(() => new Gradient(BOUNDS)),
  ours: (monotonicMs) => new Concurrency(BOUNDS, { monotonicMs }),
};

function adapted(candidateOf: () => Candidate): (monotonicMs: () => number) => Limiter {
  return (monotonicMs) => {
    const candidate = candidateOf();
    const limiter = {
      inFlight: 0,
      get limit() {
        return Math.floor(candidate.limit);
      },
      tryAcquire() {
        if (limiter.inFlight >= limiter.limit) return undefined;
        const startMs = monotonicMs();
        const inFlight = ++limiter.inFlight;
        const end = (overloaded: boolean) => {
          limiter.inFlight--;
          candidate.sample({ startMs, nowMs: monotonicMs(), inFlight, overloaded });
        };
        return { succeeded: () => end(false), overloaded: () => end(true) };
      },
    };
    return limiter;
  };
}

const { values } = parseArgs({ options: { seeds: { type: "string", default: "3" }, only: { type: "string", default: "" } } });
const rows = [["world", "limit", "goodput %", "p50 ms", "p99 ms", "failed per 100", "recovery s", "fairness"]];
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
  for (const [name, limiter] of Object.entries(CONTENDERS)) {
    const runs = Array.from({ length: Number(values.seeds) }, (_, seed) => figuresOf(scenario, simulate(worldOf(scenario, seed + 1, limiter))));
    const median = (of: (figures: Figures) => number | undefined) => {
      const found = runs.map(of).filter((value) => value !== undefined);
      return found.length === 0 ? "" : short(spreadOf(found).median);
    };
    rows.push([
      scenario.name,
      name,
      median(({ goodput }) => goodput),
      median(({ p50Ms }) => p50Ms),
      median(({ p99Ms }) => p99Ms),
      median(({ failed }) => failed),
      median(({ recoverySeconds }) => recoverySeconds),
      median(({ fairness }) => fairness),
    ]);
  }
}
process.stdout.write(`${tableText(rows)}\n`);
