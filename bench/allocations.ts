/**
 * What a request allocates on the JavaScript heap, and how that grows with its items: bytes a request
 * at 1,000 and at 10,000 items, and the slope between them. Exact to the byte, not sampled: the young
 * generation is larger than everything that a count allocates, so that no collection runs within it
 * (one that did makes the count void), and the heap's size before and after is compared.
 *
 *     node bench/allocations.ts [--json] [--out FILE]
 *
 * Starts itself again with the flags that this takes. Memory of typed arrays lies outside the heap
 * and is counted beside it.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { getHeapStatistics } from "node:v8";
import type { Engine } from "../src/otlp/engine.ts";
import type { Batch } from "../src/pipeline/batch.ts";
import type { Step } from "../src/pipeline/step.ts";
import { benchEngine, place, runOfSteps } from "./bench-engine.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { payloads } from "./payloads.ts";
import { short, tableText } from "./statistics.ts";
import { stampRun, tenthStep } from "./engine-works.ts";

export interface AllocationRow {
  readonly work: string;
  /** Heap bytes a request, by its items. */
  readonly fewBytes: number;
  readonly manyBytes: number;
  /** Heap bytes an item: the slope. */
  readonly heapSlope: number;
  /** Bytes of typed arrays an item. */
  readonly bufferSlope: number;
}

export interface AllocationResult {
  readonly kind: "allocations";
  readonly machine: Machine;
  readonly fewItems: number;
  readonly manyItems: number;
  readonly slopeMax: number;
  readonly rows: readonly AllocationRow[];
}

export const SLOPE_MAX = 0.1;
const FEW = 1000;
const MANY = 10_000;
/** Different requests, so that nothing is remembered from one call to the next. */
const ROTATION = 4;
const WARM_ITEMS = 2_000_000;
const CALLS = 128;
/** The least of so many counts: code that is still being optimised allocates for that, once. */
const COUNTS = 4;
/** Counts that may be void before it is given up. */
const TRIES = 10;
const MARK = "--in-a-large-young-generation";
const FLAGS = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256", "--single-threaded-gc", "--no-warnings"];

interface Allocated {
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

/** Runs the measurement in a process of its own. */
export function measureAllocations(): AllocationResult {
  const text = execFileSync(process.execPath, [...FLAGS, fileURLToPath(import.meta.url), MARK], {
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  // What `measure` below made.
  const result: AllocationResult = JSON.parse(text);
  return result;
}

if (import.meta.main) {
  if (process.argv.includes(MARK)) process.stdout.write(JSON.stringify(await measure()));
  else report();
}

function report(): void {
  const { values } = parseArgs({
    options: { json: { type: "boolean", default: false }, out: { type: "string" } },
  });
  const result = measureAllocations();
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, undefined, 1)}\n`);
  process.stdout.write(`${values.json ? JSON.stringify(result) : tableOf(result)}\n`);
}

export function tableOf({ rows, fewItems, manyItems, slopeMax }: AllocationResult): string {
  const head = ["work", `heap B a request of ${fewItems}`, `of ${manyItems}`, "heap B an item", "typed arrays, B an item", ""];
  const body = rows.map((row) => [
    row.work,
    short(row.fewBytes),
    short(row.manyBytes),
    short(row.heapSlope),
    short(row.bufferSlope),
    row.heapSlope < slopeMax ? "met" : "MISSED",
  ]);
  return tableText([head, ...body]);
}

async function measure(): Promise<AllocationResult> {
  const machine = describeMachine();
  const engine = benchEngine(256 * 1024 * 1024);
  const few = requests(engine, FEW);
  const many = requests(engine, MANY);
  const rows: AllocationRow[] = [];
  for (const [work, call] of worksOf(engine)) {
    const [less, more] = [await count(few, FEW, call), await count(many, MANY, call)];
    rows.push({
      work,
      fewBytes: less.heapBytes,
      manyBytes: more.heapBytes,
      heapSlope: (more.heapBytes - less.heapBytes) / (MANY - FEW),
      bufferSlope: (more.bufferBytes - less.bufferBytes) / (MANY - FEW),
    });
  }
  return {
    kind: "allocations",
    machine,
    fewItems: FEW,
    manyItems: MANY,
    slopeMax: SLOPE_MAX,
    rows,
  };
}

function requests(engine: Engine, items: number): readonly Batch[] {
  return payloads("traces", ROTATION, { items }).map(({ bytes }) => place(engine, "traces", bytes));
}

function worksOf(engine: Engine): readonly (readonly [name: string, call: (batch: Batch) => void])[] {
  const sample = runOfSteps(engine, "traces", [tenthStep()]);
  const half = runOfSteps(engine, "traces", [everySecond()]);
  const stamp = stampRun(engine);
  return [
    ["check", (batch) => recheck(engine, batch)],
    ["index", (batch) => engine.index("traces", chunkOf(batch), 3)],
    ["sample: walk, script, apply, lay out", (batch) => sample.run(batch).release()],
    ["upsert: walk, script, apply, pieces", (batch) => stamp.run(batch).release()],
    ["apply: every second item cut", (batch) => half.run(batch).release()],
  ];
}

function recheck(engine: Engine, batch: Batch): void {
  const chunk = chunkOf(batch);
  const { start, end } = chunk.contiguous(engine.pool);
  const [block] = chunk.blocks;
  if (block === undefined) throw new TypeError("Cannot check: a chunk has no block");
  const admission = engine.admit("traces", start, end, block.retain());
  if (admission.kind === "admitted") admission.chunk.release();
}

function chunkOf({ chunks }: Batch) {
  const [chunk] = chunks;
  if (chunk === undefined) throw new TypeError("Cannot measure: a batch has no chunk");
  return chunk;
}

/** The worst for a script: nothing that is cut touches its neighbour. */
function everySecond(): Step {
  let kept = false;
  return {
    ...tenthStep(),
    run: () => {
      kept = !kept;
      return kept;
    },
  };
}

/** Bytes a call, warm, over calls in which no collection ran. */
async function count(batches: readonly Batch[], items: number, call: (batch: Batch) => void): Promise<Allocated> {
  const repeat = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const batch = batches[i % batches.length];
      if (batch !== undefined) call(batch);
    }
  };
  repeat(WARM_ITEMS / items);
  const counts: Allocated[] = [];
  for (let tries = 0; tries < TRIES && counts.length < COUNTS; tries++) {
    let collections = 0;
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length;
    });
    globalThis.gc?.();
    // Code that is compiled in the background, and the observer's own start, end before the count.
    await rest();
    observer.observe({ entryTypes: ["gc"] });
    repeat(batches.length);
    const heapBefore = getHeapStatistics().used_heap_size;
    const buffersBefore = process.memoryUsage().arrayBuffers;
    repeat(CALLS);
    const heapAfter = getHeapStatistics().used_heap_size;
    const buffersAfter = process.memoryUsage().arrayBuffers;
    await rest();
    observer.disconnect();
    if (collections === 0)
      counts.push({
        heapBytes: (heapAfter - heapBefore) / CALLS,
        bufferBytes: (buffersAfter - buffersBefore) / CALLS,
      });
  }
  if (counts.length === 0) throw new RangeError(`Cannot count: a collection ran in each of ${TRIES} tries`);
  const least = (figure: (one: Allocated) => number) => Math.min(...counts.map(figure));
  return {
    heapBytes: least(({ heapBytes }) => heapBytes),
    bufferBytes: least(({ bufferBytes }) => bufferBytes),
  };
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}
