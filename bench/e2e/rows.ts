/**
 * The table of the project: each row, and how many times less CPU an item than the Collector it asks
 * for on each runtime. A row in descending order asks for a share of the same row in ascending order,
 * which is how the Collector itself writes.
 */
import type { Signal } from "../../src/base/signal.ts";
import type { FieldOrder } from "../rearrange.ts";
import { idOf, type Row, titleOf, workOf } from "./works.ts";

/** Runtimes that a ratio is asked of. */
export const ASKED_OF = ["node", "bun", "deno"] as const;

export type AskedOf = (typeof ASKED_OF)[number];

/** Times less CPU than the Collector; a share of another row's ratio; or nothing, for information. */
export type Asked =
  | { readonly kind: "times"; readonly atLeast: Readonly<Partial<Record<AskedOf, number>>> }
  | { readonly kind: "share"; readonly of: string; readonly atLeast: number }
  | { readonly kind: "nothing" };

export interface TableRow {
  readonly row: Row;
  readonly id: string;
  readonly title: string;
  readonly asked: Asked;
}

const NOTHING: Asked = { kind: "nothing" };
const PLAIN = times(9, 8, 7);
const GZIP = times(3.7, 6, 5.5);

/** In the order in which they are measured and shown. */
export const TABLE: readonly TableRow[] = [
  entry("plain-upsert", 1000, PLAIN),
  entry("plain-upsert", 100, times(6.5, 6.5, 5)),
  entry("gzip-upsert", 1000, GZIP),
  entry("gzip-keep10", 1000, times(5, 7.5, 6)),
  entry("gzip-keep10", 100, times(3.7, 5.5, 4.3)),
  entry("plain-upsert", 10, times(3.5, 4, 3)),
  entry("gzip-upsert", 100, NOTHING),
  entry("plain-pass", 1000, NOTHING),
  entry("plain-upsert", 1000, PLAIN, "logs"),
  entry("gzip-upsert", 1000, GZIP, "logs"),
  entry("plain-upsert", 1000, PLAIN, "metrics"),
  entry("gzip-upsert", 1000, GZIP, "metrics"),
  entry("rules-attributes", 1000, times(4)),
  entry("rules-transform", 1000, times(6.5)),
  entry("rules-filter", 1000, times(6.5)),
  entry("rules-five", 1000, times(5.5)),
  descending("plain-upsert"),
  descending("gzip-upsert"),
];

function times(node: number, bun?: number, deno?: number): Asked {
  return { kind: "times", atLeast: { node, ...(bun === undefined ? {} : { bun }), ...(deno === undefined ? {} : { deno }) } };
}

function entry(work: string, items: number, asked: Asked, signal: Signal = "traces", order: FieldOrder = "ascending"): TableRow {
  const row = { work: workOf(work), signal, items, order };
  return { row, id: idOf(row), title: titleOf(row), asked };
}

function descending(work: string): TableRow {
  const of = idOf({ work: workOf(work), signal: "traces", items: 1000, order: "ascending" });
  return entry(work, 1000, { kind: "share", of, atLeast: 0.6 }, "traces", "descending");
}
