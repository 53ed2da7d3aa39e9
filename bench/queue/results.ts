/** What the queue benches write, how it reads as tables, and what the project asks for beside it. */
import type { Machine } from "../machine.ts";
import type { Missed } from "../report-targets.ts";
import { short, type Spread, spreadOf, spreadText, tableText } from "../statistics.ts";

export interface QueueTurn {
  readonly acceptedASecond: number;
  /** Of taking, keeping and delivering. */
  readonly cpuSecondsAMillion: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface QueueRow {
  readonly id: string;
  readonly name: string;
  readonly peakMemoryMib: number;
  readonly turns: readonly QueueTurn[];
}

/** Queues on disk, side by side. */
export interface QueueResult {
  readonly kind: "queue";
  readonly machine: Machine;
  readonly on: string;
  readonly items: number;
  readonly connections: number;
  readonly results: readonly QueueRow[];
}

export interface Hung {
  readonly durability: string;
  readonly loop: "closed" | "fixed rate";
  /** Items a second at the destination that is well, the other hung against both well, a round each. */
  readonly shares: readonly number[];
  readonly p99Ms: readonly number[];
  readonly p99WellMs: readonly number[];
}

/** Queues in trouble. */
export interface FaultsResult {
  readonly kind: "queue-faults";
  readonly machine: Machine;
  readonly on: string;
  readonly hung: readonly Hung[];
  readonly restart?: { readonly spans: number; readonly firstMs: readonly number[] } | undefined;
  readonly memory?: { readonly idleBytes: number; readonly queuedBytes: number; readonly storedBytes: number } | undefined;
}

const HUNG_SHARE_MIN = 0.95;
const RESTART_MS_MAX = 2000;
const MEMORY_MB_MAX = 64;
const MB = 1e6;

/** A table of all contenders. */
export function queueTable({ results }: QueueResult): string {
  const fsync = byId(results, "collector-fsync");
  const off = byId(results, "collector");
  const none = byId(results, "none");
  const head = [
    "100-span requests, closed loop",
    "1,000 spans/s",
    "CPU us a span",
    "p50 ms",
    "p99 ms",
    "peak MiB",
    "spans/s, of the Collector with fsync",
    "of the Collector without",
    "CPU, of the Collector with fsync",
    "of no queue",
  ];
  const rows = results.map((one) => [
    one.name,
    spreadText(spreadOf(one.turns.map(({ acceptedASecond }) => acceptedASecond / 1000))),
    spreadText(spreadOf(one.turns.map(({ cpuSecondsAMillion }) => cpuSecondsAMillion))),
    short(spreadOf(one.turns.map(({ p50Ms }) => p50Ms)).median),
    short(spreadOf(one.turns.map(({ p99Ms }) => p99Ms)).median),
    short(one.peakMemoryMib),
    ratioText(one, fsync, accepted),
    ratioText(one, off, accepted),
    ratioText(one, fsync, cpu),
    ratioText(one, none, cpu),
  ]);
  return tableText([head, ...rows]);
}

export function faultsText({ hung, memory, restart }: FaultsResult): string {
  const texts: string[] = [];
  if (hung.length > 0) {
    const rows = hung.map(({ durability, loop, p99Ms, p99WellMs, shares }) => [
      durability,
      loop,
      spreadText(spreadOf(shares)),
      spreadText(spreadOf(p99Ms)),
      spreadText(spreadOf(p99WellMs)),
    ]);
    texts.push(tableText([["one of two destinations hung", "load", "reaches the other, of both well", "senders' p99 ms", "p99 ms, both well"], ...rows]));
  }
  if (restart !== undefined) texts.push(`${restart.spans} spans waiting: first delivery ${spreadText(spreadOf(restart.firstMs))} ms after the start.`);
  if (memory !== undefined) {
    const { idleBytes, queuedBytes, storedBytes } = memory;
    texts.push(`${short(storedBytes / MB)} MB waiting on disk: ${short(queuedBytes / MB)} MB resident, ${short(idleBytes / MB)} MB before.`);
  }
  return texts.join("\n\n");
}

/** Rows of work, against, asked, measured, verdict. */
export function queueTargets(results: readonly QueueResult[], faults: readonly FaultsResult[], missed: Missed[]): string[][] {
  const rows: string[][] = [];
  const add = (what: string, against: string, asked: string, measured: string, met: boolean) => {
    rows.push([what, against, asked, measured, met ? "met" : "MISSED"]);
    if (!met) missed.push({ what, place: "queue" });
  };
  const ratio = (result: QueueResult, own: string, other: string, of: (turn: QueueTurn) => number): Spread | undefined => {
    const one = byId(result.results, own);
    const against = byId(result.results, other);
    return one === undefined || against === undefined ? undefined : ratioOf(one, against, of);
  };
  for (const result of results) {
    const check = (what: string, against: string, asked: string, found: Spread | undefined, met: (median: number) => boolean) => {
      if (found !== undefined) add(`${what}, ${result.on}`, against, asked, spreadText(found), met(found.median));
    };
    const fsync = "the Collector's file_storage, fsync";
    check("write_first, fsync: spans/s", fsync, "3 times", ratio(result, "write-first", "collector-fsync", accepted), (one) => one >= 3);
    check("write_first, fsync: CPU a span", fsync, "a quarter", ratio(result, "write-first", "collector-fsync", cpu), (one) => one <= 0.25);
    check("write_first, fsync: spans/s", "the same without fsync", "twice", ratio(result, "write-first", "collector", accepted), (one) => one >= 2);
    check("send_first, all well: CPU a span", "no queue at all", "at most 1.2 times", ratio(result, "send-first", "none", cpu), (one) => one <= 1.2);
  }
  for (const { hung, memory, on, restart } of faults) {
    for (const { durability, loop, shares } of hung) {
      const found = spreadOf(shares);
      add(
        `one of two destinations hung, ${durability}, ${loop}, ${on}: what reaches the other`,
        "both well",
        String(HUNG_SHARE_MIN),
        spreadText(found),
        found.median >= HUNG_SHARE_MIN,
      );
    }
    if (restart !== undefined) {
      const found = spreadOf(restart.firstMs);
      add(`queue of ${restart.spans} spans, ${on}: restart to first delivery`, "", "under 2 s", `${spreadText(found)} ms`, found.median < RESTART_MS_MAX);
    }
    if (memory !== undefined) {
      const more = (memory.queuedBytes - memory.idleBytes) / MB;
      add(
        `memory with ${short(memory.storedBytes / MB)} MB queued, ${on}`,
        "idle",
        `within ${MEMORY_MB_MAX} MB`,
        `${short(more)} MB more`,
        more <= MEMORY_MB_MAX,
      );
    }
  }
  return rows;
}

function accepted({ acceptedASecond }: QueueTurn): number {
  return acceptedASecond;
}

function cpu({ cpuSecondsAMillion }: QueueTurn): number {
  return cpuSecondsAMillion;
}

function byId(results: readonly QueueRow[], id: string): QueueRow | undefined {
  return results.find((one) => one.id === id);
}

function ratioText(one: QueueRow, other: QueueRow | undefined, of: (turn: QueueTurn) => number): string {
  return other === undefined ? "-" : spreadText(ratioOf(one, other, of));
}

/** Round by round, since neighbours in time share what else the machine does. */
function ratioOf(one: QueueRow, other: QueueRow, of: (turn: QueueTurn) => number): Spread {
  return spreadOf(
    one.turns.flatMap((turn, index) => {
      const against = other.turns[index];
      return against === undefined ? [] : [of(turn) / of(against)];
    }),
  );
}
