/** What the engine bench says, as data and as a table. */
import type { Machine } from "./machine.ts";
import { short, spreadText, tableText, type Spread } from "./statistics.ts";

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
  /** Name and version of the runtime that did the work. */
  readonly runtime: string;
  /** What time was measured with. */
  readonly clock: string;
  readonly protobufjs: string;
  readonly items: number;
  readonly rotation: number;
  readonly samples: number;
  readonly rows: readonly EngineRow[];
}

export function tableOf({ rows, items, rotation, samples, protobufjs, clock }: EngineResult): string {
  const head = ["work", `against protobufjs ${protobufjs}`, "at least", "ratio, median (spread)", "ns an item", "protobufjs", "copy", ""];
  const body = rows.map((row) => [
    row.title,
    row.against,
    row.target === null ? "" : `${row.target} x`,
    row.ratio === undefined ? "" : `${spreadText(row.ratio)} x`,
    ...[row.oursNanosAnItem, row.theirsNanosAnItem, row.copyNanosAnItem].map((spread) => (spread === undefined ? "" : short(spread.median))),
    verdictOf(row),
  ]);
  return `${items} items a request, ${rotation} different requests, ${samples} samples, ${clock}\n\n${tableText([head, ...body])}`;
}

export function verdictOf({ fault, target, ratio }: EngineRow): string {
  if (fault !== "") return `not measured: ${fault}`;
  if (target === null || ratio === undefined) return "for information";
  return ratio.median >= target ? "met" : "MISSED";
}
