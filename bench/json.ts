/**
 * OTLP/JSON from and to protobuf: the kernel beside objects (protobufjs with JSON.parse and
 * JSON.stringify), in one run. Medians of several samples over rotating requests, ns an item.
 *
 *     node bench/json.ts [traces|metrics|logs|profiles] [--quick]
 */
import { SIGNALS, signalNumber, type Signal } from "../src/base/signal.ts";
import type { Kernel } from "../src/kernel/kernel.ts";
import { testKernel } from "../test/harness/kernel.ts";
import { payloads, type Payload, type PayloadOptions } from "./payloads.ts";
import { fromJson, toJson } from "./rival-protobufjs.ts";
import { short, spreadOf, tableText, type Spread } from "./statistics.ts";

const quick = process.argv.includes("--quick");
const ROTATION = quick ? 16 : 64;
const SAMPLES = quick ? 5 : 9;
const SAMPLE_MS = quick ? 60 : 250;
const wanted = SIGNALS.filter((signal) => process.argv.includes(signal));

interface Placed {
  readonly kernel: Kernel;
  readonly out: number;
  readonly outEnd: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const rows: string[][] = [["work", "ns an item", "spread", "MB/s in", "times the objects"]];
for (const signal of wanted.length > 0 ? wanted : SIGNALS) {
  for (const order of ["ascending", "descending"] as const) run(signal, { order });
}
console.log(tableText(rows));

function run(signal: Signal, options: PayloadOptions): void {
  const set = payloads(signal, ROTATION, options);
  const items = set.reduce((sum, one) => sum + one.items, 0);
  const number = signalNumber(signal);
  const name = `${signal}, ${options.order ?? "ascending"}`;

  const binary = place(set.map(({ bytes }) => bytes));
  const write = (start: number, end: number): number => binary.kernel.writeJson(number, start, end, binary.out, binary.outEnd);
  const written = each(binary, write);
  const writing = sample(written);
  const texts = set.map((_, i) => textOf(binary, i, write));
  const rivalTo = signal === "traces" ? rival(set, (bytes) => toJson(bytes)) : undefined;
  add(`write ${name}`, writing, items, sizeOf(set.map(({ bytes }) => bytes)), rivalTo);

  if (options.order === "descending") return;
  for (const [form, inputs] of [
    ["compact", texts],
    ["indented", texts.map(indented)],
  ] as const) {
    const text = place(inputs);
    const read = (start: number, end: number): number => text.kernel.readJson(number, start, end, text.out, text.outEnd);
    const rivalFrom =
      signal === "traces"
        ? rival(
            inputs.map((bytes, i) => ({ bytes, items: set[i]?.items ?? 0 })),
            (bytes) => fromJson(bytes),
          )
        : undefined;
    add(`read ${signal}, ${form}`, sample(each(text, read)), items, sizeOf(inputs), rivalFrom);
  }
  const parsed = rival(
    texts.map((bytes, i) => ({ bytes, items: set[i]?.items ?? 0 })),
    (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as unknown,
  );
  rows.push([`(JSON.parse alone, ${signal})`, short(parsed), "", "", ""]);
}

function place(inputs: readonly Uint8Array[]): Placed {
  const largest = Math.max(...inputs.map(({ length }) => length));
  const room = largest * 8 + 4096;
  const kernel = testKernel(sizeOf(inputs) + inputs.length * 64 + room + 1_000_000);
  let at = (kernel.heapBase + 63) & ~63;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const bytes of inputs) {
    kernel.bytes.set(bytes, at);
    starts.push(at);
    ends.push(at + bytes.length);
    at += bytes.length + 64;
  }
  return { kernel, out: at, outEnd: at + room, starts, ends };
}

/** All requests once. */
function each({ starts, ends }: Placed, work: (start: number, end: number) => number): () => void {
  return () => {
    for (let i = 0; i < starts.length; i++) {
      const result = work(starts[i] ?? 0, ends[i] ?? 0);
      if (result <= 0) throw new Error(`Cannot measure: the kernel answered ${result}`);
    }
  };
}

function textOf({ kernel, out, starts, ends }: Placed, i: number, write: (start: number, end: number) => number): Uint8Array<ArrayBuffer> {
  const size = write(starts[i] ?? 0, ends[i] ?? 0);
  return Uint8Array.from(kernel.bytes.subarray(out, out + size));
}

function indented(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(JSON.stringify(JSON.parse(Buffer.from(bytes).toString()), null, 2)));
}

/** The rival's ns an item, over a few of the requests: it is slow. */
function rival(inputs: readonly Pick<Payload, "bytes" | "items">[], work: (bytes: Uint8Array) => unknown): number {
  let at = 0;
  const some = inputs.slice(0, 8);
  const items = some.reduce((sum, one) => sum + one.items, 0) / some.length;
  return (sample(() => void work(some[at++ % some.length]?.bytes ?? new Uint8Array())).median * 1e6) / items;
}

function add(name: string, { median, min, max }: Spread, items: number, bytes: number, objects: number | undefined): void {
  const ns = (ms: number): number => (ms * 1e6) / items;
  rows.push([
    name,
    short(ns(median)),
    `${short(ns(min))} to ${short(ns(max))}`,
    short(bytes / median / 1000),
    objects === undefined ? "" : short(objects / ns(median)),
  ]);
}

function sizeOf(inputs: readonly Uint8Array[]): number {
  return inputs.reduce((sum, one) => sum + one.length, 0);
}

/** Milliseconds of one call. */
function sample(work: () => void): Spread {
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
  return spreadOf(Array.from({ length: SAMPLES }, () => measure(SAMPLE_MS)));
}
