/** One turn of one gateway: driven, its CPU time and what arrived taken down. */
import type { Drive, Driven, LoadCommands } from "./load.ts";
import { cpuSeconds, type Counted } from "./process-figures.ts";
import type { SinkCommands } from "./sink.ts";
import type { WorkerProcess } from "./worker.ts";

export interface Workers {
  readonly load: WorkerProcess<LoadCommands>;
  readonly sink: WorkerProcess<SinkCommands>;
}

export interface Target {
  readonly id: string;
  readonly port: number;
  readonly counted: Counted;
  /** Items that arrive for each request of the rotation. */
  readonly delivered: readonly number[];
}

/** Of a run of the load generator, what is kept. */
export type Waits = Omit<Driven, "sent">;

export interface Turn {
  /** CPU seconds of the gateway for a million items sent to it; null without a gateway. */
  readonly cpuSecondsAMillion: number | null;
  readonly loadCpuSecondsAMillion: number;
  readonly sinkCpuSecondsAMillion: number;
  readonly itemsASecond: number;
  /** Share of one core that the gateway used. */
  readonly busy: number | null;
  /** The same of the load generator and of the sink, one thread each: at 1 they are the limit. */
  readonly loadBusy: number;
  readonly sinkBusy: number;
  readonly waits: Waits;
  /** Empty, or why the turn does not count. */
  readonly fault: string;
}

const REQUESTS_MAX = 2_000_000;

/** Each connection sends its next request when the last was answered. */
export function closedLoop(port: number, connections: number, seconds: number): Drive {
  return { port, connections, seconds, requestsMax: REQUESTS_MAX };
}

/** Requests fall due at a fixed rate, whatever the gateway does. */
export function openLoop(port: number, connections: number, seconds: number, requestsASecond: number): Drive {
  return { ...closedLoop(port, connections, seconds), requestsASecond };
}

/** `items`: in each request. */
export async function takeTurn(target: Target, drive: Drive, items: number, workers: Workers): Promise<Turn> {
  const { load, sink } = workers;
  const watched: readonly Counted[] = [target.counted, { pid: load.pid, only: undefined }, { pid: sink.pid, only: undefined }];
  await sink.ask("reset", { keepBodies: false });
  const before = watched.map(cpuSeconds);
  const { sent, ...waits } = await load.ask("drive", drive);
  const [own = 0, loads = 0, sinks = 0] = watched.map((one, index) => cpuSeconds(one) - (before[index] ?? 0));
  const millions = (waits.requests * items) / 1e6;
  const elapsedSeconds = waits.elapsedMs / 1000;
  const nobody = target.counted.pid === 0;
  return {
    cpuSecondsAMillion: nobody ? null : own / millions,
    loadCpuSecondsAMillion: loads / millions,
    sinkCpuSecondsAMillion: sinks / millions,
    itemsASecond: (millions * 1e6) / elapsedSeconds,
    busy: nobody ? null : own / elapsedSeconds,
    loadBusy: loads / elapsedSeconds,
    sinkBusy: sinks / elapsedSeconds,
    waits,
    fault: await faultOf(target, waits, sent, sink),
  };
}

/** Every request answered with 200, and every item that it stands for at the sink: to the item. */
async function faultOf(target: Target, waits: Waits, sent: readonly number[], sink: Workers["sink"]): Promise<string> {
  const { items } = await sink.ask("count", undefined);
  await sink.ask("reset", { keepBodies: false });
  if (waits.failures > 0) return `${waits.failures} of ${waits.requests} requests failed: ${waits.firstFailure}`;
  if (waits.requests === 0) return "no request was answered";
  const expected = sent.reduce((sum, times, index) => sum + times * (target.delivered[index] ?? 0), 0);
  return items === expected ? "" : `${expected} items were due at the sink, ${items} arrived`;
}
