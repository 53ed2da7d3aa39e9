/**
 * Queues on disk, side by side: 100-span requests in a closed loop, each contender in turn. A turn is
 * over when every item that was acknowledged has arrived at the sink, so CPU time is that of taking,
 * keeping and delivering.
 *
 *     node bench/queue/main.ts [--collector PATH] [--only write-first,none] [--rounds 5] [--seconds 2] [--on node] [--out FILE] [--json]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GatewayProcess, stopAllGateways } from "../e2e/gateway-process.ts";
import type { LoadCommands } from "../e2e/load.ts";
import { closedLoop } from "../e2e/measure.ts";
import { cpuSeconds, peakMemoryMib } from "../e2e/process-figures.ts";
import { Recordings } from "../e2e/recordings.ts";
import type { SinkCommands } from "../e2e/sink.ts";
import { WorkerProcess } from "../e2e/worker.ts";
import { type Row, workOf } from "../e2e/works.ts";
import { describeMachine } from "../machine.ts";
import { commandOf, type Contender, CONTENDERS } from "./contenders.ts";
import { sluiceOn } from "./programs.ts";
import { type QueueResult, type QueueRow, queueTable, type QueueTurn } from "./results.ts";

const ITEMS = 100;
const CONNECTIONS = 16;
const ROTATION = 64;
const DRAIN_MS = 120_000;
const ROW: Row = { work: workOf("plain-pass"), signal: "traces", items: ITEMS, order: "ascending" };

const { values } = parseArgs({
  options: {
    collector: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    on: { type: "string", default: "node" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const load = new WorkerProcess<LoadCommands>(new URL("../e2e/load.ts", import.meta.url));
const sink = new WorkerProcess<SinkCommands>(new URL("../e2e/sink.ts", import.meta.url));
try {
  await main();
} finally {
  await stopAllGateways();
  load.stop();
  sink.stop();
}

async function main(): Promise<void> {
  const sluice = sluiceOn(values.on);
  const wanted = values.only?.split(",");
  const present = CONTENDERS.filter(({ id, whose }) => (wanted?.includes(id) ?? true) && (whose === "sluice" || values.collector !== undefined));
  if (values.collector === undefined) process.stderr.write("the Collector is absent: no --collector PATH\n");
  const programs = { sluice, collector: { file: values.collector ?? "", args: [] } };
  const { port: sinkPort } = await sink.ask("listen", undefined);
  await new Recordings(ROTATION, load).load(ROW);
  const running = new Map<Contender, GatewayProcess>();
  const turns = new Map<Contender, QueueTurn[]>(present.map((contender) => [contender, []]));
  for (const contender of present) {
    const gateway = await GatewayProcess.start(ROW, sinkPort, ({ folder, port }) =>
      commandOf(contender, { folder, port, sinks: [`http://127.0.0.1:${sinkPort}`] }, programs),
    );
    running.set(contender, gateway);
    await takeTurn(gateway, 1);
  }
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const contender of present) {
      const gateway = running.get(contender);
      if (gateway === undefined) continue;
      const turn = await takeTurn(gateway, Number(values.seconds));
      turns.get(contender)?.push(turn);
      process.stderr.write(
        `round ${round}, ${contender.id}: ${turn.acceptedASecond.toFixed(0)} spans/s, ${turn.cpuSecondsAMillion.toFixed(2)} CPU us a span\n`,
      );
    }
  }
  const results = present.map((contender): QueueRow => {
    const pid = running.get(contender)?.pid ?? 0;
    return { id: contender.id, name: contender.name, peakMemoryMib: peakMemoryMib({ pid, only: undefined }), turns: turns.get(contender) ?? [] };
  });
  const whole: QueueResult = { kind: "queue", machine: describeMachine(), on: values.on, items: ITEMS, connections: CONNECTIONS, results };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(whole, undefined, 1)}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(whole)}\n` : `${queueTable(whole)}\n`);
}

async function takeTurn({ pid, port }: GatewayProcess, seconds: number): Promise<QueueTurn> {
  const counted = { pid, only: undefined };
  await sink.ask("reset", { keepBodies: false });
  const before = cpuSeconds(counted);
  const driven = await load.ask("drive", closedLoop(port, CONNECTIONS, seconds));
  const items = (driven.requests - driven.failures) * ITEMS;
  if (driven.failures > 0) process.stderr.write(`  ${driven.failures} of ${driven.requests} failed: ${driven.firstFailure}\n`);
  await arrived(items);
  const spent = cpuSeconds(counted) - before;
  return { acceptedASecond: items / (driven.elapsedMs / 1000), cpuSecondsAMillion: (spent / items) * 1e6, p50Ms: driven.p50Ms, p99Ms: driven.p99Ms };
}

/** Throws when items that were acknowledged do not arrive, or arrive twice. */
async function arrived(items: number): Promise<void> {
  for (const end = performance.now() + DRAIN_MS; ;) {
    const { items: found } = await sink.ask("count", undefined);
    if (found === items) return;
    if (found > items || performance.now() > end) throw new Error(`${items} items were acknowledged, ${found} arrived`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
