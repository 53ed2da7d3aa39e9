/** What a run of the harness says, as data; result-tables.ts shows it. */
import type { Signal } from "../../src/base/signal.ts";
import type { Machine } from "../machine.ts";
import type { FieldOrder } from "../rearrange.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import type { Turn, Waits } from "./measure.ts";
import type { Asked } from "./rows.ts";

/** The gateway that every ratio is against. */
export const REFERENCE = "collector";
/** Straight into the sink: the floor of all latencies. */
export const FLOOR = "floor";

export interface GatewayInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly copies: boolean;
  /** What a reader of the figures must know; empty when nothing. */
  readonly note: string;
}

export interface GatewayTurns {
  readonly id: string;
  readonly peakMemoryMib: number;
  /** From spawn to the first 200; null for the floor. */
  readonly startMs: number | null;
  /** What the gateway changes besides the work; empty when nothing. */
  readonly differs: string;
  /** Items of one rotation that arrived: gateways that sample alike deliver alike. */
  readonly delivered: number;
  readonly turns: readonly Turn[];
  /** How many times less CPU an item than the Collector, round by round; null where it cannot be said. */
  readonly ratio: Spread | null;
}

export interface Fault {
  readonly id: string;
  readonly why: string;
}

export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly asked: Asked;
  readonly signal: Signal;
  readonly items: number;
  readonly order: FieldOrder;
  readonly bytesAnItem: number;
  readonly gateways: readonly GatewayTurns[];
  /** Gateways that could not be measured in this row. */
  readonly faults: readonly Fault[];
}

export interface LatencyRun {
  readonly waits: Waits;
  readonly peakMemoryMib: number;
  /** Share of one core. */
  readonly busy: number | null;
  readonly fault: string;
}

export interface LatencyResult {
  /** Items a second, and a request. */
  readonly rate: number;
  readonly items: number;
  readonly seconds: number;
  readonly gateways: readonly { readonly id: string; readonly runs: readonly LatencyRun[] }[];
  readonly faults: readonly Fault[];
}

export interface StartResult {
  readonly gateways: readonly { readonly id: string; readonly version: string; readonly startMs: readonly number[] }[];
  readonly faults: readonly Fault[];
}

export interface EndToEndResult {
  readonly kind: "end-to-end";
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly rotation: number;
  readonly gateways: readonly GatewayInfo[];
  readonly absent: readonly Fault[];
  readonly rows: readonly RowResult[];
  readonly latency: LatencyResult | null;
  readonly starts: StartResult | null;
  /** What the time did not suffice for. */
  readonly skipped: readonly string[];
}

/** Times less than the Collector, round by round; rounds with a fault on either side do not count. */
export function ratioOf(turns: readonly Turn[], reference: readonly Turn[] | undefined): Spread | null {
  const ratios = turns.flatMap((turn, round) => {
    const other = reference?.[round];
    if (other === undefined || turn.fault !== "" || other.fault !== "") return [];
    const [own, theirs] = [turn.cpuSecondsAMillion, other.cpuSecondsAMillion];
    return own === null || theirs === null || own === 0 ? [] : [theirs / own];
  });
  return ratios.length === 0 ? null : spreadOf(ratios);
}

/** A quantile over that of the bare sink, run by run, milliseconds. */
export function addedMs({ gateways }: LatencyResult, id: string, quantile: "p50Ms" | "p99Ms" | "p999Ms"): readonly number[] {
  const runsOf = (wanted: string) => gateways.find((one) => one.id === wanted)?.runs ?? [];
  const floor = runsOf(FLOOR);
  return runsOf(id).flatMap(({ waits, fault }, run) => {
    const bare = floor[run];
    return bare === undefined || fault !== "" || bare.fault !== "" ? [] : [waits[quantile] - bare.waits[quantile]];
  });
}

/** Everything that went wrong, a line each: empty means that the figures count. */
export function faultsOf({ rows, latency, starts, skipped }: EndToEndResult): string[] {
  const lines: string[] = [];
  for (const { id: row, gateways, faults } of rows) {
    for (const { id, why } of faults) lines.push(`${row}, ${id}: ${why}`);
    for (const { id, turns, differs } of gateways) {
      const fault = turns.find((turn) => turn.fault !== "")?.fault;
      if (fault !== undefined) lines.push(`${row}, ${id}: ${fault}`);
      // The Collector writes what it read in its own way; ours must not.
      if (differs !== "" && id !== REFERENCE) lines.push(`${row}, ${id} also changes: ${differs}`);
    }
  }
  for (const { id, runs } of latency?.gateways ?? []) {
    const fault = runs.find((run) => run.fault !== "")?.fault;
    if (fault !== undefined) lines.push(`latency, ${id}: ${fault}`);
  }
  for (const { id, why } of [...(latency?.faults ?? []), ...(starts?.faults ?? [])]) lines.push(`${id}: ${why}`);
  return [...lines, ...skipped.map((what) => `${what}: there was no time left for it`)];
}
