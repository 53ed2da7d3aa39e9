/** What the project asks for beside what was measured: met, or missed with a pointer to where the time goes. */
import type { AllocationResult } from "./allocations.ts";
import { type EngineResult, verdictOf } from "./engine-result.ts";
import { addedMs, type EndToEndResult, faultsOf, type RowResult } from "./e2e/results.ts";
import { ASKED_OF, type AskedOf } from "./e2e/rows.ts";
import { short, spreadOf, spreadText, tableText } from "./statistics.ts";

/** A target that was missed; `place` is the heading in profiles.md that says why. */
export interface Missed {
  readonly what: string;
  readonly place: string;
}

const NAMES: Readonly<Record<AskedOf, string>> = { node: "Node", bun: "Bun", deno: "Deno" };
/** p99 over the bare sink, as a share of what the Collector adds. */
const ADDED_SHARE_MAX: Partial<Record<AskedOf, number>> = { node: 1 / 2, bun: 1 / 3 };
const PEAK_MB_MAX: Partial<Record<AskedOf, number>> = { node: 130, bun: 90 };
const START_MS_MAX = 300;
/** Ten rules on one walk, of what one costs. */
const RULES_GROWTH_MAX = 3;
const MB_A_MIB = 1.048_576;

/** The whole server beside the Collector: a row a work, a column a runtime. */
export function ratioTable(ends: readonly EndToEndResult[], missed: Missed[]): string {
  const rows = ends.flatMap((end) => end.rows);
  const head = ["CPU an item, times less than the Collector", ...ASKED_OF.map((id) => NAMES[id]), "workerd"];
  const body = rows.map((row) => [row.title, ...ASKED_OF.map((id) => ratioCell(row, id, rows, missed)), ratioText(row, "workers")]);
  return tableText([head, ...body]);
}

function ratioCell(row: RowResult, id: AskedOf, rows: readonly RowResult[], missed: Missed[]): string {
  const atLeast = askedRatio(row, id, rows);
  const measured = ratioText(row, id);
  if (atLeast === undefined) return measured;
  const ratio = ratioOf(row, id);
  const asked = `asked ${Number(atLeast.toPrecision(3))}`;
  if (ratio === undefined) return `${asked}: not measured`;
  const met = ratio.median >= atLeast;
  if (!met) missed.push({ what: `${row.title}, ${NAMES[id]}`, place: row.id });
  return `${measured}; ${asked}: ${met ? "met" : "MISSED"}`;
}

/** A share is of what the other row reached in the same run. */
function askedRatio({ asked }: RowResult, id: AskedOf, rows: readonly RowResult[]): number | undefined {
  if (asked.kind === "times") return asked.atLeast[id];
  if (asked.kind === "nothing") return undefined;
  const of = rows.find((row) => row.id === asked.of);
  const reached = of === undefined ? undefined : ratioOf(of, id);
  return reached === undefined ? undefined : reached.median * asked.atLeast;
}

function ratioOf(row: RowResult, id: string) {
  return row.gateways.find((one) => one.id === id)?.ratio ?? undefined;
}

function ratioText(row: RowResult, id: string): string {
  const ratio = ratioOf(row, id);
  return ratio === undefined ? "-" : spreadText(ratio);
}

/** Rows of work, against, asked, measured, verdict: latency, memory and start-up. */
export function serverRows(ends: readonly EndToEndResult[], missed: Missed[]): string[][] {
  const rows: string[][] = [];
  const add = (what: string, against: string, asked: string, measured: string, met: boolean | undefined, place: string): void => {
    rows.push([what, against, asked, measured, met === undefined ? "not measured" : met ? "met" : "MISSED"]);
    if (met === false) missed.push({ what, place });
  };
  for (const end of ends) {
    for (const id of ASKED_OF) {
      const share = ADDED_SHARE_MAX[id];
      if (end.latency !== null && share !== undefined) {
        const { text, met } = addedP99(end, id, share);
        add(`p99 added over the bare sink, ${NAMES[id]}`, "OpenTelemetry Collector, same run", `at most ${short(share)} of it`, text, met, "latency");
      }
      const peakMax = PEAK_MB_MAX[id];
      const peakMb = peakMbOf(end, id);
      if (end.latency !== null && peakMax !== undefined) {
        add(`peak memory, ${NAMES[id]}`, "", `${peakMax} MB`, peakMb === undefined ? "" : `${short(peakMb)} MB`, within(peakMb, peakMax), "memory");
      }
      if (end.starts !== null) for (const start of startRows(end, id)) add(...start);
    }
  }
  return rows;
}

function addedP99(end: EndToEndResult, id: AskedOf, share: number): { readonly text: string; readonly met: boolean | undefined } {
  if (end.latency === null) return { text: "", met: undefined };
  const [own, theirs] = [spreadOf(addedMs(end.latency, id, "p99Ms")), spreadOf(addedMs(end.latency, "collector", "p99Ms"))];
  if (Number.isNaN(own.median) || Number.isNaN(theirs.median)) return { text: "", met: undefined };
  const text = `${short(own.median / theirs.median)}: ${spreadText(own)} ms beside ${spreadText(theirs)} ms`;
  return { text, met: own.median <= share * theirs.median };
}

/** The largest of all runs. */
function peakMbOf({ latency }: EndToEndResult, id: string): number | undefined {
  const peaks = latency?.gateways.find((one) => one.id === id)?.runs.map(({ peakMemoryMib }) => peakMemoryMib) ?? [];
  return peaks.length === 0 ? undefined : Math.max(...peaks) * MB_A_MIB;
}

type Line = [what: string, against: string, asked: string, measured: string, met: boolean | undefined, place: string];

/** Each form that was started: built, and from the sources. */
function startRows({ starts }: EndToEndResult, id: AskedOf): Line[] {
  return (starts?.gateways ?? [])
    .filter((one) => one.id === id)
    .map(({ version, startMs }) => {
      const spread = spreadOf(startMs);
      const met = startMs.length === 0 ? undefined : spread.median < START_MS_MAX;
      return [`start to first answer, ${version}`, "", `under ${START_MS_MAX} ms`, `${spreadText(spread)} ms`, met, "start-up"];
    });
}

function within(value: number | undefined, max: number): boolean | undefined {
  return value === undefined ? undefined : value <= max;
}

/** Rows of the engine alone and of heap allocation, as `serverRows` has them. */
export function engineTargets(engines: readonly EngineResult[], counts: readonly AllocationResult[], missed: Missed[]): string[][] {
  const rows: string[][] = [];
  for (const { rows: list, runtime } of engines) {
    for (const row of list) {
      if (row.target === null) continue;
      const verdict = verdictOf(row);
      if (verdict === "MISSED") missed.push({ what: `${row.title}, ${runtime}`, place: `engine-${row.id}` });
      rows.push([
        `${row.title}, ${runtime}`,
        `protobufjs: ${row.against}`,
        `${row.target} x`,
        row.ratio === undefined ? "" : `${spreadText(row.ratio)} x`,
        verdict,
      ]);
    }
  }
  for (const engine of engines) {
    const growth = rulesGrowth(engine);
    if (growth === undefined) continue;
    const met = growth < RULES_GROWTH_MAX;
    const what = `ten attribute rules instead of one, walk and apply alone, ${engine.runtime}`;
    if (!met) missed.push({ what, place: "engine-rules-10" });
    rows.push([what, "", `under ${RULES_GROWTH_MAX} times the cost`, `${short(growth)} times`, met ? "met" : "MISSED"]);
  }
  for (const { rows: list, slopeMax } of counts) {
    for (const { work, heapSlope } of list) {
      const met = heapSlope < slopeMax;
      if (!met) missed.push({ what: `heap bytes an item: ${work}`, place: "allocations" });
      rows.push([`heap bytes an item: ${work}`, "", `under ${slopeMax}`, heapSlope.toFixed(3), met ? "met" : "MISSED"]);
    }
  }
  return rows;
}

/** What ten rules cost of what one costs. */
function rulesGrowth({ rows }: EngineResult): number | undefined {
  const nanos = (id: string) => rows.find((row) => row.id === id)?.oursNanosAnItem?.median;
  const [one, ten] = [nanos("rules-1"), nanos("rules-10")];
  return one === undefined || ten === undefined ? undefined : ten / one;
}

/** Runs whose figures do not count, and why. */
export function incomplete(ends: readonly EndToEndResult[]): string[] {
  return ends.flatMap(faultsOf);
}
