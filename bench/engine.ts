/**
 * The engine alone: each row's work on the bytes beside the same work by protobufjs on objects, in one
 * run, over different requests in rotation, so that neither cache nor branch history knows them.
 *
 *     node bench/engine.ts [--rows sample,upsert] [--samples 7] [--rotation 64] [--items 1000] [--json] [--out FILE]
 *
 * Results are proved equal before anything is timed. A sample times a turn of ours, a turn of the
 * rival's and a turn of plain copying, one after the other; the ratio is taken sample by sample.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchEngine } from "./bench-engine.ts";
import { ROWS, type Prepared, type Row } from "./engine-rows.ts";
import { describeMachine, type Machine, versionOf } from "./machine.ts";
import { payloads } from "./payloads.ts";
import { short, spreadOf, spreadText, tableText, type Spread } from "./statistics.ts";

export interface EngineRow {
  readonly id: string;
  readonly title: string;
  readonly against: string;
  readonly signal: string;
  readonly target: number | null;
  /** Empty, or why there are no figures. */
  readonly fault: string;
  readonly ratio?: Spread;
  readonly oursNanosAnItem?: Spread;
  readonly theirsNanosAnItem?: Spread;
  readonly copyNanosAnItem?: Spread;
}

export interface EngineResult {
  readonly kind: "engine";
  readonly machine: Machine;
  readonly protobufjs: string;
  readonly items: number;
  readonly rotation: number;
  readonly samples: number;
  readonly rows: readonly EngineRow[];
}

/** A turn of ours and of copying lasts at least so long; the rival does one whole rotation at least. */
const TURN_MS = 150;
const WARM_MS = 400;
/** Requests on which results are compared. */
const COMPARED = 8;
/** Timed code must not be dead code: what it returns ends here. */
let checksum = 0;

if (import.meta.main) main();

function main(): void {
  const { values } = parseArgs({
    options: {
      rows: { type: "string" },
      samples: { type: "string", default: "7" },
      rotation: { type: "string", default: "64" },
      items: { type: "string", default: "1000" },
      json: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const machine = describeMachine();
  const [samples, rotation, items] = [Number(values.samples), Number(values.rotation), Number(values.items)];
  const wanted = values.rows?.split(",");
  const rows: EngineRow[] = [];
  for (const row of ROWS) {
    if (wanted !== undefined && !wanted.includes(row.id)) continue;
    const result = measureRow(row, { samples, rotation, items });
    rows.push(result);
    process.stderr.write(`${row.title}: ${result.ratio === undefined ? result.fault : `${spreadText(result.ratio)} x`}\n`);
  }
  const protobufjs = versionOf(new URL(import.meta.resolve("protobufjs/package.json")));
  const result: EngineResult = {
    kind: "engine",
    machine,
    protobufjs,
    items,
    rotation,
    samples,
    rows,
  };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
  process.stdout.write(`${values.json ? JSON.stringify(result) : tableOf(result)}\n`);
  process.stderr.write(`checksum ${checksum}\n`);
  if (rows.some(({ fault }) => fault !== "")) process.exitCode = 1;
}

interface Sizes {
  readonly samples: number;
  readonly rotation: number;
  readonly items: number;
}

function measureRow(row: Row, { samples, rotation, items }: Sizes): EngineRow {
  const { id, title, against, signal } = row;
  const head = { id, title, against, signal, target: row.target ?? null };
  const requests = payloads(signal, rotation, { items }).map(({ bytes }) => bytes);
  let prepared: Prepared | undefined;
  try {
    prepared = row.prepare(benchEngine(), requests);
    for (let index = 0; index < Math.min(COMPARED, rotation); index++) prepared.compare(index);
    const figures = takeSamples(prepared, samples, rotation, items);
    return { ...head, fault: "", ...figures };
  } catch (error) {
    return { ...head, fault: String(error) };
  } finally {
    prepared?.release();
  }
}

function takeSamples(prepared: Prepared, samples: number, rotation: number, items: number) {
  const works = [(index: number) => prepared.ours(index), (index: number) => prepared.theirs(index), (index: number) => prepared.copy(index)] as const;
  const [ours, theirs, copy] = works;
  for (const work of works) time(work, rotation, WARM_MS);
  const nanos = { ours: [] as number[], theirs: [] as number[], copy: [] as number[] };
  for (let sample = 0; sample < samples; sample++) {
    nanos.ours.push(time(ours, rotation, TURN_MS) / items);
    nanos.theirs.push(time(theirs, rotation, TURN_MS) / items);
    nanos.copy.push(time(copy, rotation, TURN_MS) / items);
  }
  return {
    ratio: spreadOf(nanos.theirs.map((value, sample) => value / (nanos.ours[sample] ?? Number.NaN))),
    oursNanosAnItem: spreadOf(nanos.ours),
    theirsNanosAnItem: spreadOf(nanos.theirs),
    copyNanosAnItem: spreadOf(nanos.copy),
  };
}

/**
 * Whole rotations for at least `leastMs`; nanoseconds a request. The thread's own CPU time, not the
 * clock's: on a machine with others at work the clock measures them.
 */
function time(work: (index: number) => number, rotation: number, leastMs: number): number {
  const from = threadMs();
  let rotations = 0;
  let elapsedMs = 0;
  do {
    for (let index = 0; index < rotation; index++) checksum = (checksum + work(index)) >>> 0;
    rotations++;
    elapsedMs = threadMs() - from;
  } while (elapsedMs < leastMs);
  return (elapsedMs * 1e6) / (rotations * rotation);
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

export function tableOf({ rows, items, rotation, samples, protobufjs }: EngineResult): string {
  const head = ["work", `against protobufjs ${protobufjs}`, "at least", "ratio, median (spread)", "ns an item", "protobufjs", "copy", ""];
  const body = rows.map((row) => [
    row.title,
    row.against,
    row.target === null ? "" : `${row.target} x`,
    row.ratio === undefined ? "" : `${spreadText(row.ratio)} x`,
    ...[row.oursNanosAnItem, row.theirsNanosAnItem, row.copyNanosAnItem].map((spread) => (spread === undefined ? "" : short(spread.median))),
    verdictOf(row),
  ]);
  return `${items} items a request, ${rotation} different requests, ${samples} samples\n\n${tableText([head, ...body])}`;
}

export function verdictOf({ fault, target, ratio }: EngineRow): string {
  if (fault !== "") return `not measured: ${fault}`;
  if (target === null || ratio === undefined) return "for information";
  return ratio.median >= target ? "met" : "MISSED";
}
