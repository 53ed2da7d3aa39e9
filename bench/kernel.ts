/**
 * The kernel's figures: ns an item for check and index, over rotating requests, beside protobufjs's
 * decode and a plain copy of the same bytes.
 *
 *     node bench/kernel.ts [traces|metrics|logs|profiles] [--quick]
 */
import { SIGNALS, signalNumber, type Signal } from "../src/base/signal.ts";
import type { Kernel } from "../src/kernel/kernel.ts";
import { judge } from "../test/harness/judge.ts";
import { testKernel, type MemoryKind } from "../test/harness/kernel.ts";
import { payloads, type Payload, type PayloadOptions } from "./payloads.ts";

const quick = process.argv.includes("--quick");
const ROTATION = quick ? 16 : 64;
const SAMPLES = 7;
const SAMPLE_MS = quick ? 60 : 200;
const wanted = SIGNALS.filter((signal) => process.argv.includes(signal));
const RECORDS_MAX = 1 << 16;

interface Placed {
  readonly kernel: Kernel;
  readonly tapeAt: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly items: number;
  readonly totalBytes: number;
}

for (const signal of wanted.length > 0 ? wanted : SIGNALS) {
  for (const order of ["ascending", "descending"] as const) run(signal, { order });
}
run("traces", { items: 10, resources: 1 });

function run(signal: Signal, options: PayloadOptions): void {
  const set = payloads(signal, ROTATION, options);
  const items = set.reduce((sum, one) => sum + one.items, 0);
  const bytes = set.reduce((sum, one) => sum + one.bytes.length, 0);
  console.log(`\n${signal}, ${options.order ?? "ascending"}, ${items / set.length} items a request, ${(bytes / items).toFixed(0)} B an item`);
  for (const kind of ["plain", "shared"] as const) {
    const placed = place(set, kind);
    const number = signalNumber(signal);
    const { kernel, tapeAt } = placed;
    report(`check (${kind})`, placed, (start, end) => kernel.check(number, start, end, tapeAt, RECORDS_MAX));
    if (kind === "shared") continue;
    for (const depth of signal === "metrics" ? [1, 2, 3, 4] : [1, 2, 3]) {
      report(`index ${depth}`, placed, (start, end) => kernel.index(number, start, end, depth, tapeAt, RECORDS_MAX));
    }
  }
  decodeByJudge(signal, set, items);
}

function place(set: readonly Payload[], kind: MemoryKind): Placed {
  const totalBytes = set.reduce((sum, one) => sum + one.bytes.length + 64, 0);
  const kernel = testKernel(totalBytes + RECORDS_MAX * 32 + 1_000_000, kind);
  const tapeAt = (kernel.heapBase + 63) & ~63;
  const starts: number[] = [];
  const ends: number[] = [];
  let at = tapeAt + RECORDS_MAX * 32;
  for (const { bytes } of set) {
    kernel.bytes.set(bytes, at);
    starts.push(at);
    ends.push(at + bytes.length);
    at += bytes.length + 64;
  }
  return { kernel, tapeAt, starts, ends, items: set.reduce((sum, one) => sum + one.items, 0), totalBytes };
}

function report(name: string, placed: Placed, work: (start: number, end: number) => number): void {
  const { starts, ends, items } = placed;
  const once = (): void => {
    for (let i = 0; i < starts.length; i++) {
      const result = work(starts[i] ?? 0, ends[i] ?? 0);
      if (result !== 0) throw new Error(`${name} answered ${result} at ${placed.kernel.errorAt()}, repairs ${placed.kernel.repairs()}`);
    }
  };
  print(name, sample(once), items);
}

function decodeByJudge(signal: Signal, set: readonly Payload[], items: number): void {
  const { type } = judge(signal);
  let at = 0;
  const some = set.slice(0, 4);
  print(
    "protobufjs decode",
    sample(() => void type.decode(some[at++ % some.length]?.bytes ?? new Uint8Array())),
    items / set.length,
  );
}

/** Milliseconds of one call: the median of the samples, and their spread. */
function sample(work: () => void): { readonly median: number; readonly low: number; readonly high: number } {
  const measure = (ms: number): number => {
    const from = performance.now();
    let rounds = 0;
    do {
      work();
      rounds++;
    } while (performance.now() - from < ms);
    return (performance.now() - from) / rounds;
  };
  measure(SAMPLE_MS * 2);
  const all = Array.from({ length: SAMPLES }, () => measure(SAMPLE_MS)).toSorted((a, b) => a - b);
  return { median: all[SAMPLES >> 1] ?? 0, low: all[0] ?? 0, high: all[SAMPLES - 1] ?? 0 };
}

function print(name: string, { median, low, high }: ReturnType<typeof sample>, items: number): void {
  const ns = (ms: number): string => ((ms * 1e6) / items).toFixed(1);
  console.log(`  ${name.padEnd(20)} ${ns(median).padStart(9)} ns an item   (${ns(low)} to ${ns(high)})`);
}
