/**
 * Kills a gateway under load with SIGKILL, again and again, and compares the sender's ledger with the
 * sinks'. Exit code 0: nothing that was acknowledged was lost, and every duplicate has a reason.
 *
 *     node scripts/campaign.ts [--on node|bun|deno] [--durability write_first|send_first] [--kills 300] [--seed N] [--json]
 */
import { parseArgs } from "node:util";
import { campaign, type Durability } from "../test/campaign/kills.ts";
import type { Listens } from "../test/harness/command.ts";

const PROGRESS_EVERY = 10;
const LIST_MAX = 20;

const { values } = parseArgs({
  options: {
    on: { type: "string", default: "node" },
    durability: { type: "string", default: "write_first" },
    kills: { type: "string", default: "300" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const RUNTIMES: readonly Listens[] = ["node", "bun", "deno"];
const DURABILITIES: readonly Durability[] = ["write_first", "send_first"];
const runtime = chosen("on", values.on, RUNTIMES);
const durability = chosen("durability", values.durability, DURABILITIES);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);

process.stderr.write(`${values.kills} kills on ${runtime}, ${durability}; again with --seed ${seed}\n`);
const report = await campaign({
  runtime,
  durability,
  kills: Number(values.kills),
  seed,
  lifeMsMax: 1000,
  senders: 8,
  faults: 20,
  onKill: (kills, senders) => {
    if (kills % PROGRESS_EVERY === 0) process.stderr.write(`${kills} kills, ${senders.acknowledged} batches acknowledged, ${senders.failed} attempts failed\n`);
  },
});
const good = report.lost.length === 0 && report.unexplained.length === 0;
if (values.json) process.stdout.write(`${JSON.stringify({ runtime, durability, seed, ...report }, undefined, 2)}\n`);
else {
  process.stdout.write(
    `${report.kills} kills, ${report.acknowledged} items acknowledged, ${report.lost.length} lost, ${report.explained} duplicates with a reason, ${report.unexplained.length} without\n`,
  );
  for (const one of [...report.lost.slice(0, LIST_MAX), ...report.unexplained.slice(0, LIST_MAX)]) process.stdout.write(`  ${one}\n`);
}
process.exitCode = good ? 0 : 1;

function chosen<Name extends string>(option: string, name: string, names: readonly Name[]): Name {
  const found = names.find((one) => one === name);
  if (found === undefined) throw new RangeError(`Cannot take --${option} ${name}: use one of ${names.join(", ")}`);
  return found;
}
