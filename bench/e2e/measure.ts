/** One turn of one gateway: driven in both loops, its CPU time and what arrived taken down. */
import type { Drive, Driven, LoadCommands } from "./load.ts";
import type { Options } from "./options.ts";
import { cpuSeconds } from "./process-figures.ts";
import type { SinkCommands } from "./sink.ts";
import type { WorkerProcess } from "./worker.ts";

export interface Workers {
  readonly load: WorkerProcess<LoadCommands>;
  readonly sink: WorkerProcess<SinkCommands>;
}

export interface Target {
  readonly id: string;
  readonly port: number;
  /** Whose CPU is counted; 0: nobody's (straight into the sink). */
  readonly pid: number;
  /** Items that arrive for each request of the rotation. */
  readonly delivered: readonly number[];
}

export interface Turn {
  /** CPU seconds of the gateway for a million items sent to it; null without a gateway. */
  readonly cpuSecondsAMillion: number | null;
  readonly loadCpuSecondsAMillion: number;
  readonly sinkCpuSecondsAMillion: number;
  readonly itemsASecond: number;
  /** Share of one core that the gateway used. */
  readonly busy: number | null;
  readonly closed: Driven;
  readonly open: Driven | undefined;
  /** Empty, or why the turn does not count. */
  readonly fault: string;
}

const REQUESTS_MAX = 2_000_000;

export async function takeTurn(target: Target, options: Options, workers: Workers): Promise<Turn> {
  const { load, sink } = workers;
  await sink.ask("reset", { keepBodies: false });
  const before = [target.pid, load.pid, sink.pid].map(cpuOf);
  const closed = await load.ask("drive", closedLoop(target, options, options.seconds));
  const after = [target.pid, load.pid, sink.pid].map(cpuOf);
  const closedFault = await faultOf(target, closed, sink);
  const open = options.rate > 0 ? await load.ask("drive", openLoop(target, options)) : undefined;
  const openFault = open === undefined ? "" : await faultOf(target, open, sink);
  const millions = (closed.requests * options.items) / 1e6;
  const [own = 0, loads = 0, sinks = 0] = after.map((seconds, index) => seconds - (before[index] ?? 0));
  return {
    cpuSecondsAMillion: target.pid === 0 ? null : own / millions,
    loadCpuSecondsAMillion: loads / millions,
    sinkCpuSecondsAMillion: sinks / millions,
    itemsASecond: (millions * 1e9) / closed.elapsedMs,
    busy: target.pid === 0 ? null : own / (closed.elapsedMs / 1000),
    closed,
    open,
    fault: closedFault || openFault,
  };
}

export function closedLoop(target: { readonly port: number }, options: Options, seconds: number): Drive {
  return {
    port: target.port,
    connections: options.connections,
    seconds,
    requestsMax: REQUESTS_MAX,
  };
}

function openLoop(target: Target, options: Options): Drive {
  const requestsASecond = options.rate / options.items;
  return {
    port: target.port,
    connections: options.connections * 2,
    seconds: options.seconds,
    requestsMax: REQUESTS_MAX,
    requestsASecond,
  };
}

/** Every request answered with 200, and every item that it stands for at the sink. */
async function faultOf(target: Target, driven: Driven, sink: Workers["sink"]): Promise<string> {
  const { items } = await sink.ask("count", undefined);
  await sink.ask("reset", { keepBodies: false });
  if (driven.failures > 0) return `${driven.failures} of ${driven.requests} requests failed: ${driven.firstFailure}`;
  const expected = driven.sent.reduce((sum, times, index) => sum + times * (target.delivered[index] ?? 0), 0);
  return items === expected ? "" : `${expected} items were due at the sink, ${items} arrived`;
}

function cpuOf(pid: number): number {
  return pid === 0 ? 0 : cpuSeconds(pid);
}
