/** What a run of the harness says: as data, and as tables. */
import type { Machine } from "../machine.ts";
import { short, spreadOf, spreadText, tableText, type Spread } from "../statistics.ts";
import type { Turn } from "./measure.ts";
import type { Options } from "./options.ts";

export interface GatewayResult {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly copies: boolean;
  readonly peakMemoryMib: number;
  readonly startMs: Spread | undefined;
  /** What the gateway changes besides the work; empty when nothing. */
  readonly differs: string;
  /** Items of one rotation that arrived: gateways that sample alike deliver alike. */
  readonly delivered: number;
  readonly turns: readonly Turn[];
  /** CPU of this gateway over that of the first Sluice, round by round. */
  readonly cpuRatio: Spread | undefined;
}

export interface EndToEndResult {
  readonly kind: "end-to-end";
  readonly machine: Machine;
  readonly work: string;
  readonly summary: string;
  readonly options: Omit<Options, "work" | "collector" | "out" | "json">;
  readonly bytesAnItem: number;
  readonly gateways: readonly GatewayResult[];
  readonly absent: readonly { readonly id: string; readonly why: string }[];
  /** False when anything was lost or refused, or Sluice changed more than it was asked to: the figures do not count. */
  readonly complete: boolean;
}

/** Turn by turn. Undefined where there is nothing to compare. */
export function cpuRatio(turns: readonly Turn[], reference: readonly Turn[] | undefined): Spread | undefined {
  const ratios: number[] = [];
  for (const [round, { cpuSecondsAMillion }] of turns.entries()) {
    const other = reference?.[round]?.cpuSecondsAMillion;
    if (cpuSecondsAMillion !== null && other !== null && other !== undefined) ratios.push(cpuSecondsAMillion / other);
  }
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

export function tablesOf(result: EndToEndResult): string {
  const { options, gateways } = result;
  const head = ["gateway", "CPU s a million items", "against Sluice", "busy", "items/s", "peak MiB", "start ms"];
  const rows = gateways.map((one) => [
    one.name,
    spreadText(figures(one, (turn) => turn.cpuSecondsAMillion)),
    one.cpuRatio === undefined ? "" : `${spreadText(one.cpuRatio)} x`,
    medianOf(one, (turn) => turn.busy),
    medianOf(one, (turn) => turn.itemsASecond),
    one.peakMemoryMib === 0 ? "" : short(one.peakMemoryMib),
    one.startMs === undefined ? "" : short(one.startMs.median),
  ]);
  const waits = [["latency, ms", "closed p50", "p99", "p99.9", `open at ${options.rate}/s p50`, "p99", "p99.9", "generator late p99"]];
  for (const one of gateways) {
    waits.push([
      one.name,
      ...(["p50Ms", "p99Ms", "p999Ms"] as const).map((key) => medianOf(one, ({ closed }) => closed[key])),
      ...(["p50Ms", "p99Ms", "p999Ms", "lagP99Ms"] as const).map((key) => medianOf(one, ({ open }) => open?.[key])),
    ]);
  }
  const cost = gateways.map((one) => [one.name, medianOf(one, (turn) => turn.loadCpuSecondsAMillion), medianOf(one, (turn) => turn.sinkCpuSecondsAMillion)]);
  return [
    `${result.summary}; ${options.items} items a request, ${options.rotation} different requests, ${short(result.bytesAnItem)} B an item, ${options.connections} connections, ${options.rounds} rounds`,
    tableText([head, ...rows]),
    tableText(waits),
    tableText([["the harness's own CPU s a million items", "load generator", "sink"], ...cost]),
    ...notesOf(result),
  ].join("\n\n");
}

function notesOf({ gateways, absent, complete }: EndToEndResult): string[] {
  const notes = absent.map(({ id, why }) => `${id} was not measured: ${why}`);
  const deliveries = gateways.filter(({ copies }) => !copies);
  if (new Set(deliveries.map(({ delivered }) => delivered)).size > 1) {
    notes.push(`Of one rotation arrived: ${deliveries.map(({ name, delivered }) => `${delivered} items from ${name}`).join(", ")}`);
  }
  for (const { name, differs, turns } of gateways) {
    if (differs !== "") notes.push(`${name} also changes: ${differs}`);
    for (const fault of new Set(turns.map((turn) => turn.fault).filter((text) => text !== ""))) notes.push(`${name}: ${fault}`);
  }
  notes.push(complete ? "Every item sent arrived." : "NOT COMPLETE: items were lost, or Sluice changed more than it was asked to. The figures do not count.");
  return notes;
}

function medianOf(result: GatewayResult, figure: (turn: Turn) => number | null | undefined): string {
  return short(figures(result, figure).median);
}

/** Empty where the figure does not exist: all of it is NaN. */
function figures({ turns }: GatewayResult, figure: (turn: Turn) => number | null | undefined): Spread {
  return spreadOf(turns.map(figure).filter((value) => typeof value === "number"));
}
