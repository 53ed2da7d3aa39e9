/**
 * Latency at a fixed rate: requests fall due whatever the gateway does, through each gateway in turn
 * and straight into the sink, so that what a gateway adds is taken within a round. Every run has a
 * fresh process: its peak memory is that of this load.
 */
import type { Bench, Present } from "./bench.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { openLoop, takeTurn, type Target } from "./measure.ts";
import { peakMemoryMib } from "./process-figures.ts";
import { type Fault, FLOOR, type LatencyResult, type LatencyRun } from "./results.ts";
import { countedOf, messageOf } from "./row-run.ts";
import { LATENCY_TURNS } from "./schedule.ts";
import { type Row, workOf } from "./works.ts";

/** On this machine a Worker runs behind a development server, which does not reach the rate. */
const LEFT_OUT = "workers";

/** Runs it for every gateway that edits; those that only copy are left out. */
export async function measureLatency(bench: Bench): Promise<LatencyResult> {
  const { options, schedule } = bench;
  const row: Row = { work: workOf("plain-upsert"), signal: "traces", items: options.rateItems, order: "ascending" };
  const { requests } = await bench.recordings.load(row);
  const rivals = bench.present.filter(({ gateway }) => !gateway.copies && gateway.id !== LEFT_OUT);
  const runs = new Map<string, LatencyRun[]>([[FLOOR, []], ...rivals.map(({ gateway }): [string, LatencyRun[]] => [gateway.id, []])]);
  const faults: Fault[] = [];
  const delivered = requests.map(() => row.items);
  const add = (id: string, run: LatencyRun, round: number): void => {
    runs.get(id)?.push(run);
    schedule.didLatency(`latency, round ${round} of ${options.rounds}, ${id}: p99 ${run.waits.p99Ms.toFixed(2)} ms ${run.fault}`);
  };
  for (let round = 1; round <= options.rounds; round++) {
    add(FLOOR, await drive(bench, row, { id: FLOOR, port: bench.sinkPort, counted: { pid: 0, only: undefined }, delivered }), round);
    for (const present of rivals) {
      const { id } = present.gateway;
      if (faults.some((fault) => fault.id === id)) continue;
      try {
        add(id, await one(bench, row, present, delivered), round);
      } catch (error) {
        faults.push({ id, why: messageOf(error) });
        process.stderr.write(`latency, ${id} FAILED: ${messageOf(error)}\n`);
      }
    }
  }
  const gateways = [...runs].map(([id, list]) => ({ id, runs: list }));
  return { rate: options.rate, items: row.items, seconds: schedule.seconds * LATENCY_TURNS, gateways, faults };
}

async function one(bench: Bench, row: Row, { gateway, command }: Present, delivered: readonly number[]): Promise<LatencyRun> {
  const running = await GatewayProcess.start(row, bench.sinkPort, command);
  try {
    return await drive(bench, row, { id: gateway.id, port: running.port, counted: countedOf(gateway, running), delivered });
  } finally {
    await running.stop();
  }
}

/** Warmed at the rate that is then measured: peak memory must not come from another load. */
async function drive({ options, schedule, workers }: Bench, row: Row, target: Target): Promise<LatencyRun> {
  const connections = options.connections * 2;
  const requestsASecond = options.rate / row.items;
  if (schedule.warmSeconds > 0) await workers.load.ask("drive", openLoop(target.port, connections, schedule.warmSeconds, requestsASecond));
  const turn = await takeTurn(target, openLoop(target.port, connections, schedule.seconds * LATENCY_TURNS, requestsASecond), row.items, workers);
  return { waits: turn.waits, peakMemoryMib: peakMemoryMib(target.counted), busy: turn.busy, fault: turn.fault };
}
