/**
 * Seeded, realistic export requests of every signal, for tests and benches alike: about 700 bytes and
 * 15 attributes a span, events, links, text that is not ASCII, all five shapes of metrics. The same
 * options give the same bytes on every runtime.
 *
 *     const { bytes, object, items } = payload("traces", { items: 1000, seed: 7 });
 *     const rotation = payloads("traces", 64, { items: 1000 });
 */
import type { Signal } from "../src/base/signal.ts";
import { judge, type Plain } from "../test/harness/judge.ts";
import { rearrange, type FieldOrder } from "./rearrange.ts";
import { Random } from "./random.ts";
import { makeLogs } from "./payload-logs.ts";
import { makeMetrics } from "./payload-metrics.ts";
import { makeProfiles } from "./payload-profiles.ts";
import { makeTraces } from "./payload-traces.ts";

export interface PayloadOptions {
  /** Spans, log records, data points or profiles. Default 1,000 (20 profiles). */
  readonly items?: number;
  /** Resource groups that the items are spread over. Default 8, at most `items`. */
  readonly resources?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Order of the fields of each message; the Collector writes them descending. Default ascending. */
  readonly order?: FieldOrder;
  /** Strew unknown fields of every wire type, and groups, between the known ones. Default false. */
  readonly unknown?: boolean;
}

export interface Payload {
  readonly signal: Signal;
  /** What was encoded, as the judge's `toObject` gives it back. */
  readonly object: Plain;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly items: number;
}

const MAKERS = { traces: makeTraces, metrics: makeMetrics, logs: makeLogs, profiles: makeProfiles } as const;

const kept = new Map<string, Payload>();
let keptBytes = 0;
/** Of requests that are kept, because tests ask for the same ones again: all together, and one. */
const KEPT_BYTES_MAX = 4 << 20;
const KEPT_BYTES_EACH = 1 << 20;

/** One request. The object is everybody's, and only to be read; the bytes are the caller's. */
export function payload(signal: Signal, options: PayloadOptions = {}): Payload {
  const id = `${signal} ${JSON.stringify(options)}`;
  const known = kept.get(id);
  if (known !== undefined) return { ...known, bytes: known.bytes.slice() };
  const made = make(signal, options);
  if (made.bytes.length > KEPT_BYTES_EACH) return made;
  if (keptBytes + made.bytes.length > KEPT_BYTES_MAX) {
    kept.clear();
    keptBytes = 0;
  }
  kept.set(id, made);
  keptBytes += made.bytes.length;
  return { ...made, bytes: made.bytes.slice() };
}

function make(signal: Signal, options: PayloadOptions): Payload {
  const items = options.items ?? (signal === "profiles" ? 20 : 1000);
  const resources = Math.max(1, Math.min(options.resources ?? 8, items));
  const random = new Random(options.seed ?? 1);
  const object = MAKERS[signal](random, items, resources);
  const { encode, type } = judge(signal);
  const plain = encode(object);
  const order = options.order ?? "ascending";
  const unknown = options.unknown ?? false;
  const bytes = order === "ascending" && !unknown ? plain : rearrange(plain, type, { order, unknown, random });
  return { signal, object, bytes: Uint8Array.from(bytes), items };
}

/** Different requests, for rotation: seeds from `options.seed` on. */
export function payloads(signal: Signal, count: number, options: PayloadOptions = {}): Payload[] {
  const seed = options.seed ?? 1;
  return Array.from({ length: count }, (_, i) => payload(signal, { ...options, seed: seed + i }));
}
