/**
 * Runs the simulation (test/simulation/) with one seed after another, and prints the first that breaks a
 * law with the command that replays it. Exit code 0: none did.
 *
 *     node scripts/simulate.ts [--seeds 1000] [--from N] [--seed N] [--durability write_first|send_first] [--all]
 *
 * `--seed`: that one alone, with what happens. `--all`: does not end with the first.
 */
import { parseArgs } from "node:util";
import { DURABILITIES } from "../test/simulation/settings.ts";
import { simulate } from "../test/simulation/simulate.ts";

const PROGRESS_EVERY = 100;
const LIST_MAX = 10;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    durability: { type: "string" },
    all: { type: "boolean", default: false },
  },
});

const durability = DURABILITIES.find((one) => one === values.durability);
if (values.durability !== undefined && durability === undefined) {
  throw new RangeError(`Cannot take --durability ${values.durability}: use one of ${DURABILITIES.join(", ")}`);
}
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count)) throw new RangeError("Cannot take --seeds, --from or --seed: use whole numbers");

const totals = { runs: 0, acknowledged: 0, duplicates: 0, posts: 0, commits: 0, crashes: 0, stops: 0, simulatedMs: 0, failed: 0 };
const startMs = performance.now();
for (let seed = from; seed < from + count && (totals.failed === 0 || values.all); seed++) {
  const tell = values.seed === undefined ? undefined : (line: string) => void process.stdout.write(`${line}\n`);
  const report = await simulate({ seed, durability, ...(tell === undefined ? {} : { tell }) });
  totals.runs++;
  for (const name of ["acknowledged", "duplicates", "posts", "commits", "crashes", "stops", "simulatedMs"] as const) totals[name] += report[name];
  if (report.violations.length > 0) {
    totals.failed++;
    process.stdout.write(`Seed ${seed} breaks a law:\n`);
    for (const violation of report.violations.slice(0, LIST_MAX)) process.stdout.write(`  ${violation}\n`);
    process.stdout.write(`Again: node scripts/simulate.ts --seed ${seed}${durability === undefined ? "" : ` --durability ${durability}`}\n`);
  }
  if (totals.runs % PROGRESS_EVERY === 0) process.stderr.write(`${totals.runs} seeds, ${totals.failed} failed, ${elapsed()} s\n`);
}
process.stdout.write(
  `${totals.runs} seeds in ${elapsed()} s: ${totals.acknowledged} items acknowledged, ${totals.posts} requests, ${totals.duplicates} duplicates with a reason, ` +
    `${totals.commits} commits, ${totals.crashes} crashes, ${totals.stops} stops, ${Math.round(totals.simulatedMs / 3_600_000)} h simulated, ${totals.failed} failed\n`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;

function elapsed(): string {
  return ((performance.now() - startMs) / 1000).toFixed(1);
}
