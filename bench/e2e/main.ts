/**
 * End to end: gateways driven in turn with the same recorded requests, over loopback, into a counting
 * sink. CPU time of the gateway's process, peak memory, latency, start-up time.
 *
 *     node bench/e2e/main.ts --work plain-upsert --items 1000
 *     node bench/e2e/main.ts --help
 *
 * Load generator, sink and gateways are processes of their own; the gateways run all the time and
 * take turns (A B C A B C), so that a ratio compares neighbours in time.
 */
import { writeFileSync } from "node:fs";
import { describeMachine } from "../machine.ts";
import { payloads } from "../payloads.ts";
import { spreadOf } from "../statistics.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { GATEWAYS, type Gateway } from "./gateways.ts";
import { closedLoop, takeTurn, type Target, type Turn, type Workers } from "./measure.ts";
import { HELP, parseOptions, type Options } from "./options.ts";
import { peakMemoryMib } from "./process-figures.ts";
import { cpuRatio, tablesOf, type EndToEndResult, type GatewayResult } from "./results.ts";
import type { LoadCommands } from "./load.ts";
import type { SinkCommands } from "./sink.ts";
import { verify } from "./verify.ts";
import { WorkerProcess } from "./worker.ts";

const SEED = 1;

interface Contender extends Target {
  readonly gateway: Pick<Gateway, "id" | "name" | "copies">;
  readonly version: string;
  readonly process: GatewayProcess | undefined;
  readonly startMs: readonly number[];
  readonly differs: string;
}

interface Stage {
  readonly options: Options;
  readonly workers: Workers;
  readonly sinkPort: number;
  readonly sent: readonly Uint8Array[];
  readonly absent: { readonly id: string; readonly why: string }[];
  readonly contenders: Contender[];
}

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(HELP);
else await main(options);

async function main(how: Options): Promise<void> {
  const machine = describeMachine();
  const workers: Workers = {
    load: new WorkerProcess<LoadCommands>(new URL("load.ts", import.meta.url)),
    sink: new WorkerProcess<SinkCommands>(new URL("sink.ts", import.meta.url)),
  };
  const contenders: Contender[] = [];
  try {
    const { work, items, rotation } = how;
    const { port: sinkPort } = await workers.sink.ask("listen", undefined);
    const sent = payloads(work.signal, rotation, { items, seed: SEED }).map(({ bytes }) => bytes);
    const { bodyBytes } = await workers.load.ask("record", {
      signal: work.signal,
      items,
      rotation,
      coding: work.codingIn,
      seed: SEED,
    });
    const stage: Stage = { options: how, workers, sinkPort, sent, absent: [], contenders };
    contenders.push(await straight(stage));
    for (const id of how.gateways) await admit(stage, id);
    const turns = await takeRounds(stage);
    const { work: _, collector: __, out, json, ...shown } = how;
    const result: EndToEndResult = {
      kind: "end-to-end",
      machine,
      work: work.id,
      summary: work.summary,
      options: shown,
      bytesAnItem: bodyBytes / (rotation * items),
      gateways: resultsOf(contenders, turns),
      absent: stage.absent,
      complete:
        [...turns.values()].flat().every(({ fault }) => fault === "") && contenders.every(({ id, differs }) => !id.startsWith("sluice") || differs === ""),
    };
    if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, undefined, 1)}\n`);
    process.stdout.write(`${json ? JSON.stringify(result) : tablesOf(result)}\n`);
    if (!result.complete) process.exitCode = 1;
  } finally {
    for (const { process: running } of contenders) await running?.stop();
    workers.load.stop();
    workers.sink.stop();
  }
}

/** The floor of all latencies: the load generator's requests straight into the sink. */
async function straight({ sinkPort, workers, options: how, sent }: Stage): Promise<Contender> {
  const work = { ...how.work, effect: "none" } as const;
  const { delivered } = await verify(sinkPort, work, sent, workers.load, workers.sink);
  const gateway = { id: "floor", name: "straight into the sink", copies: true };
  return {
    gateway,
    id: "floor",
    version: "",
    port: sinkPort,
    pid: 0,
    process: undefined,
    startMs: [],
    delivered,
    differs: "",
  };
}

/** Starts a gateway and lets it prove the work; one that is not there is noted, not missed silently. */
async function admit(stage: Stage, id: string): Promise<void> {
  const { options: how, workers, sinkPort, sent, absent, contenders } = stage;
  const { work } = how;
  const gateway = GATEWAYS.find((one) => one.id === id);
  if (gateway === undefined || (gateway.copies && !work.copyFloor)) return;
  const found = gateway.find({ collector: how.collector });
  if (found.kind === "absent") {
    absent.push({ id, why: found.why });
    return;
  }
  const startMs: number[] = [];
  let running: GatewayProcess | undefined;
  for (let start = 0; start < how.starts; start++) {
    await running?.stop();
    running = await GatewayProcess.start(work, sinkPort, (placement) => found.command(placement));
    startMs.push(running.startMs);
  }
  if (running === undefined) return;
  const { port, pid } = running;
  const place = contenders.length;
  contenders.push({
    gateway,
    id,
    version: found.version,
    port,
    pid,
    process: running,
    startMs,
    delivered: [],
    differs: "",
  });
  const proved = await verify(port, gateway.copies ? { ...work, effect: "none" } : work, sent, workers.load, workers.sink);
  contenders[place] = {
    gateway,
    id,
    version: found.version,
    port,
    pid,
    process: running,
    startMs,
    ...proved,
  };
}

async function takeRounds({ options: how, workers, contenders }: Stage): Promise<Map<string, Turn[]>> {
  const turns = new Map<string, Turn[]>();
  for (const one of contenders) {
    turns.set(one.id, []);
    if (how.warmSeconds > 0) await workers.load.ask("drive", closedLoop(one, how, how.warmSeconds));
  }
  for (let round = 0; round < how.rounds; round++) {
    for (const one of contenders) {
      const turn = await takeTurn(one, how, workers);
      turns.get(one.id)?.push(turn);
      process.stderr.write(
        `round ${round + 1} of ${how.rounds}, ${one.gateway.name}: ${turn.cpuSecondsAMillion?.toFixed(3) ?? "no"} CPU s a million items ${turn.fault}\n`,
      );
    }
  }
  return turns;
}

function resultsOf(contenders: readonly Contender[], turns: ReadonlyMap<string, readonly Turn[]>): GatewayResult[] {
  const reference = contenders.find(({ id }) => id.startsWith("sluice"));
  return contenders.map(({ gateway, id, version, pid, startMs, differs, delivered }) => {
    const own = turns.get(id) ?? [];
    return {
      id,
      name: gateway.name,
      version,
      copies: gateway.copies,
      differs,
      delivered: delivered.reduce((sum, items) => sum + items, 0),
      peakMemoryMib: pid === 0 ? 0 : peakMemoryMib(pid),
      startMs: startMs.length === 0 ? undefined : spreadOf(startMs),
      turns: own,
      cpuRatio: cpuRatio(own, reference === undefined ? undefined : turns.get(reference.id)),
    };
  });
}
