/**
 * Where batches end. Sizes are exact: with a `maxItems` no batch is larger, and a request that lies
 * across an end is divided there, metrics by data point, so that what follows goes on in order.
 */
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { partition } from "../../otlp/partition.ts";
import { joined } from "../envelope.ts";

/** Parts that one walk makes, and that exist at a time on each level: each has a copy of its parents around it. */
const PARTS_MAX = 64;

export interface Sizes {
  /** Items at which a batch is sent; at least 1. */
  readonly sendItems: number;
  /** Items of a batch at the most, at least `sendItems`; 0: no limit. */
  readonly maxItems: number;
}

/** How the items of an arriving request are spread. */
export interface Cut {
  /** Of the arriving items, those in each batch that is full now; what was waiting is in front of the first. */
  readonly sent: readonly number[];
  /** Those that are left to wait. */
  readonly kept: number;
}

/** Requests, none of which anyone else writes to, and the leaf items in them. */
export interface Load {
  readonly requests: readonly Uint8Array[];
  readonly items: number;
}

/** The cut where `waiting` items, fewer than `sendItems`, are joined by `arriving` ones. */
export function cutOf(waiting: number, arriving: number, { sendItems, maxItems }: Sizes): Cut {
  const sent: number[] = [];
  let ahead = waiting;
  let left = arriving;
  while (ahead + left >= sendItems && left > 0) {
    const whole = ahead + left;
    const batch = maxItems > 0 ? Math.min(whole, maxItems) : whole;
    sent.push(batch - ahead);
    left -= batch - ahead;
    ahead = 0;
  }
  return { sent, kept: left };
}

/**
 * The load in parts of these many items, in order, made as they are asked for: all at once, thousands
 * of parts with a large resource around each would take up far more than the request. Not for profiles.
 * Throws `over_budget`; nothing is held then.
 */
export function* divided(engine: Engine, signal: Signal, load: Load, counts: readonly number[]): Generator<Load, undefined> {
  if (counts.length <= 1) {
    yield load;
    return undefined;
  }
  const rowLength = Math.ceil(counts.length / PARTS_MAX);
  const rows: (readonly number[])[] = [];
  for (let at = 0; at < counts.length; at += rowLength) rows.push(counts.slice(at, at + rowLength));
  const parts = walk(
    engine,
    signal,
    load,
    rows.map((row) => row.reduce((sum, count) => sum + count, 0)),
  );
  for (const row of rows) {
    const part = parts.shift();
    if (part !== undefined) yield* divided(engine, signal, part, row);
  }
  return undefined;
}

function walk(engine: Engine, signal: Signal, { requests }: Load, counts: readonly number[]): Load[] {
  const chunk = joined(engine, requests);
  try {
    let key = 0;
    let left = counts[0] ?? 0;
    const parts = partition(engine, signal, chunk, () => {
      for (; left === 0 && key < counts.length - 1; left = counts[key] ?? 0) key++;
      left--;
      return key;
    });
    return parts.map(({ chunk: part, items }) => {
      const request = part.copy();
      part.release();
      return { requests: [request], items };
    });
  } finally {
    chunk.release();
  }
}
