/**
 * The engine alone: each row's work on the bytes beside the same work by protobufjs on objects, in one
 * run, over different requests in rotation, so that neither cache nor branch history knows them.
 *
 *     node bench/engine.ts [--on node|bun|deno|workers] [--rows sample,upsert] [--samples 7] [--rotation 64] [--items 1000] [--json] [--out FILE]
 *
 * Results are proved equal before anything is timed. `bun bench/engine.ts` and `deno run -A
 * bench/engine.ts` are the same as `--on`.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { Here } from "./engine-here.ts";
import { measureRow, type Site, type Sizes } from "./engine-measure.ts";
import { type EngineResult, type EngineRow, tableOf } from "./engine-result.ts";
import { ROWS } from "./engine-rows.ts";
import { checksumOf } from "./engine-turns.ts";
import { startWorkerSite } from "./engine-workers.ts";
import { describeMachine, runtimeName, versionOf } from "./machine.ts";
import { spreadText } from "./statistics.ts";

const ELSEWHERE: Readonly<Record<string, readonly string[]>> = { node: [], bun: ["bun"], deno: ["deno", "run", "-A"] };

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      on: { type: "string" },
      rows: { type: "string" },
      samples: { type: "string", default: "7" },
      rotation: { type: "string", default: "64" },
      items: { type: "string", default: "1000" },
      json: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const command = ELSEWHERE[values.on ?? ""];
  if (command !== undefined && command.length > 0 && process.versions[values.on ?? ""] === undefined) return runOn(command);
  if (values.on !== undefined && values.on !== "workers" && command === undefined)
    throw new RangeError(`Cannot run on "${values.on}": there are node, bun, deno, workers`);
  const sizes = { samples: Number(values.samples), rotation: Number(values.rotation), items: Number(values.items) };
  const result = await (values.on === "workers" ? onWorkers(sizes, values.rows) : here(sizes, values.rows));
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
  process.stdout.write(`${values.json ? JSON.stringify(result) : tableOf(result)}\n`);
  if (result.rows.some(({ fault }) => fault !== "")) process.exitCode = 1;
}

/** The same command on another runtime, which is found on PATH (npm scripts put ours there). */
function runOn([file = "", ...args]: readonly string[]): void {
  const { status, error } = spawnSync(file, [...args, new URL(import.meta.url).pathname, ...process.argv.slice(2)], { stdio: "inherit" });
  if (error !== undefined) process.stderr.write(`Cannot run ${file}: ${error.message}\n`);
  process.exitCode = status ?? 1;
}

async function here(sizes: Sizes, wanted: string | undefined): Promise<EngineResult> {
  const site = new Here();
  const result = await measure(site, sizes, wanted, runtimeName(), site.clock.name);
  process.stderr.write(`checksum ${checksumOf()}\n`);
  return result;
}

async function onWorkers(sizes: Sizes, wanted: string | undefined): Promise<EngineResult> {
  const site = await startWorkerSite();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => void site.stop().then(() => process.exit(1)));
  try {
    return await measure(site, sizes, wanted, site.runtime, site.clock);
  } finally {
    await site.stop();
  }
}

async function measure(site: Site, sizes: Sizes, wanted: string | undefined, runtime: string, clock: string): Promise<EngineResult> {
  const machine = describeMachine();
  const rows: EngineRow[] = [];
  for (const row of ROWS) {
    if (wanted !== undefined && !wanted.split(",").includes(row.id)) continue;
    const result = await measureRow(site, row, sizes);
    rows.push(result);
    process.stderr.write(`${row.title}: ${result.ratio === undefined ? result.fault : `${spreadText(result.ratio)} x`}\n`);
  }
  const protobufjs = versionOf(new URL(import.meta.resolve("protobufjs/package.json")));
  return { kind: "engine", machine, runtime, clock, protobufjs, ...sizes, rows };
}
