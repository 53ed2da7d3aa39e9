/**
 * The storage on SQLite (src/runtimes/node/storage) as a queue uses it: every commit puts a body of
 * 60 KB and deletes the one of 64 commits before. With fsync and without, one commit under way and
 * 64, and as a floor the same bytes appended to a file, with fdatasync after each. Rounds take turns.
 *
 *     node bench/storage.ts [--directory DIR] [--seconds 2] [--rounds 3] [--bytes 60000] [--json] [--out FILE]
 *
 * and the same with `bun` and with `deno run -A`. The directory decides what an fsync costs: on tmpfs, nothing.
 */
import { closeSync, fdatasyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Storage } from "../src/base/host.ts";
import { openStorage } from "../src/runtimes/node/storage/storage.ts";
import { describeMachine, runtimeName } from "./machine.ts";
import { Random } from "./random.ts";
import { short, spreadOf, spreadText, tableText } from "./statistics.ts";

const BODIES = 64;
const LIVE = 64;
/** Beyond it the floor's file begins anew. */
const FLOOR_BYTES_MAX = 256 << 20;

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number;
}

interface Work {
  readonly name: string;
  /** Runs until `endMs` and gives what each commit took, ms. */
  run(directory: string, endMs: number): Promise<number[]>;
}

const { values } = parseArgs({
  options: {
    directory: { type: "string", default: tmpdir() },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    bytes: { type: "string", default: "60000" },
    json: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const bodyBytes = Number(values.bytes);
const random = new Random(1);
const bodies = Array.from({ length: BODIES }, () => random.bytes(bodyBytes));

const WORKS: readonly Work[] = [
  { name: "append and fdatasync to a file, 1 at a time", run: (directory, endMs) => Promise.resolve(append(directory, endMs)) },
  { name: "fsync, 1 commit under way", run: (directory, endMs) => commits(directory, { fsync: true, underWay: 1 }, endMs) },
  { name: "fsync, 64 under way", run: (directory, endMs) => commits(directory, { fsync: true, underWay: 64 }, endMs) },
  { name: "fsync off, 1 commit under way", run: (directory, endMs) => commits(directory, { fsync: false, underWay: 1 }, endMs) },
  { name: "fsync off, 64 under way", run: (directory, endMs) => commits(directory, { fsync: false, underWay: 64 }, endMs) },
];

const result = await measure();
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
console.log(values.json ? JSON.stringify(result, undefined, 2) : textOf(result));

async function measure() {
  const machine = describeMachine();
  const rounds = new Map<string, Round[]>(WORKS.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const work of WORKS) rounds.get(work.name)?.push(await roundOf(work));
  }
  const works = [...rounds].map(([name, of]) => ({
    name,
    perSecond: spreadOf(of.map(({ perSecond }) => perSecond)),
    p50Ms: spreadOf(of.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(of.map(({ p99Ms }) => p99Ms)),
    cpuMicros: spreadOf(of.map(({ cpuMicros }) => cpuMicros)),
  }));
  return { runtime: runtimeName(), machine, bodyBytes, seconds: Number(values.seconds), rounds: Number(values.rounds), works };
}

async function roundOf(work: Work): Promise<Round> {
  const directory = mkdtempSync(join(values.directory, "sluice-bench-"));
  try {
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const took = await work.run(directory, startMs + Number(values.seconds) * 1000);
    const ms = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    const sorted = took.toSorted((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { perSecond: (took.length / ms) * 1000, p50Ms: quantile(0.5), p99Ms: quantile(0.99), cpuMicros: (user + system) / took.length };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function commits(directory: string, { fsync, underWay }: { readonly fsync: boolean; readonly underWay: number }, endMs: number): Promise<number[]> {
  const storage = await openStorage({ directory, create: false, fsync, timeoutMs: 0, name: "bench" });
  const took: number[] = [];
  let next = 0;
  const sender = async () => {
    while (performance.now() < endMs) {
      const number = next++;
      const startMs = performance.now();
      await commit(storage, number);
      took.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: underWay }, sender));
  await storage.close();
  return took;
}

function commit(storage: Storage, number: number): Promise<void> {
  const value = bodies[number % BODIES] ?? new Uint8Array(0);
  return storage.commit([
    { kind: "put", key: keyOf(number), value },
    { kind: "delete", key: keyOf(number - LIVE) },
  ]);
}

function keyOf(number: number): string {
  return `otlp_http/vendor/${String(Math.max(0, number)).padStart(12, "0")}`;
}

function append(directory: string, endMs: number): number[] {
  const path = join(directory, "log");
  const file = openSync(path, "w");
  const took: number[] = [];
  while (performance.now() < endMs) {
    const startMs = performance.now();
    writeSync(file, bodies[took.length % BODIES] ?? new Uint8Array(0));
    fdatasyncSync(file);
    took.push(performance.now() - startMs);
    if (statSync(path).size > FLOOR_BYTES_MAX) ftruncateSync(file, 0);
  }
  closeSync(file);
  return took;
}

function textOf({ runtime, machine, works, seconds, rounds }: Awaited<ReturnType<typeof measure>>): string {
  const rows = works.map(({ name, perSecond, p50Ms, p99Ms, cpuMicros }) => [
    name,
    spreadText(perSecond),
    short(p50Ms.median),
    short(p99Ms.median),
    short(cpuMicros.median),
    short((perSecond.median * bodyBytes) / 1e6),
  ]);
  const head = `${runtime}, ${machine.cores} cores, ${machine.cpu}, load ${machine.loadBefore} before; ${bodyBytes} bytes a commit, ${rounds} rounds of ${seconds} s in ${values.directory}`;
  return `${head}\n${tableText([["work", "commits/s", "p50 ms", "p99 ms", "CPU us a commit", "MB/s"], ...rows])}`;
}
