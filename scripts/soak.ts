/**
 * Keeps a gateway under mixed good and hostile traffic, in front of destinations that misbehave, for an
 * hour: its books have to agree at all times, both ledgers in the end, and memory, files and timers have
 * to stay flat. Exit code 0: they did.
 *
 *     node scripts/soak.ts [--minutes 60] [--on node|bun|deno] [--seed N] [--rate 10] [--json]
 *
 * `--rate`: requests a second. A run of less than half an hour is too short to say whether it is
 * flat; the figures of a longer one go to bench/results/soak-RUNTIME.json.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "../bench/machine.ts";
import type { Listens } from "../test/harness/command.ts";
import { minutesOf } from "../test/campaign/soak/figures.ts";
import { soak } from "../test/campaign/soak/soak.ts";

const PROGRESS_MS = 10_000;
/** Readings of a run, as far as they are neither more than two a second nor fewer than one in five. */
const READINGS = 300;
const READ_MS_MIN = 500;
const READ_MS_MAX = 5000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    on: { type: "string", default: "node" },
    rate: { type: "string", default: "10" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const RUNTIMES: readonly Listens[] = ["node", "bun", "deno"];
const runtime = RUNTIMES.find((one) => one === values.on);
if (runtime === undefined) throw new RangeError(`Cannot take --on ${values.on}: use one of ${RUNTIMES.join(", ")}`);
const minutes = positive("minutes", values.minutes);
const rate = positive("rate", values.rate);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const machine = describeMachine();

process.stderr.write(`${minutes} minutes on ${runtime}, ${rate} requests a second; again with --seed ${seed}\n`);
let toldMs = performance.now();
const { figures, ...report } = await soak({
  runtime,
  seed,
  rate,
  seconds: minutes * 60,
  requestsMin: 0,
  moody: true,
  readEveryMs: Math.min(READ_MS_MAX, Math.max(READ_MS_MIN, (minutes * 60_000) / READINGS)),
  onReading: ({ handles, heapMib, openFiles, queuedItems, residentMib, seconds, timers }, sent, faults) => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    const told = timers === undefined ? "" : `, ${timers} timers, ${handles} handles`;
    process.stderr.write(
      `${Math.round(seconds)} s: ${sent} requests, ${queuedItems} items queued, ${residentMib.toFixed(0)} MiB (heap ${heapMib.toFixed(0)}), ${openFiles} files${told}, ${faults.length} faults\n`,
    );
  },
});

const result = { kind: "soak", machine, on: runtime, seed, asked: minutes, rate, ...report, perMinute: minutesOf(figures) };
if (report.judgedFlat) writeFileSync(new URL(`../bench/results/soak-${runtime}.json`, import.meta.url), `${JSON.stringify(result, undefined, 1)}\n`);
if (values.json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
else {
  const { duplicates = 0, dead = 0, dropped = 0, sent = 0 } = report.ends;
  process.stdout.write(
    `${report.requests} requests, ${report.items} items: ${sent} sent, ${dead} dead letters, ${dropped} dropped, ${duplicates} duplicates after no answer; ` +
      `${report.judgedFlat ? "judged whether it is flat" : "too short to say whether it is flat"}; ${report.faults.length} faults\n`,
  );
  for (const fault of report.faults) process.stdout.write(`  ${fault}\n`);
}
process.exitCode = report.faults.length === 0 ? 0 : 1;

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`Cannot take --${option} ${text}: use a number above 0`);
  return value;
}
