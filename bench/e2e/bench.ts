/** What all parts of a run share: its processes, the gateways that are there, the requests, the clock. */
import type { Command, Gateway, Placement } from "./gateway.ts";
import type { LoadCommands } from "./load.ts";
import type { Workers } from "./measure.ts";
import type { Options } from "./options.ts";
import { Recordings } from "./recordings.ts";
import type { Fault, GatewayInfo } from "./results.ts";
import { Schedule } from "./schedule.ts";
import type { SinkCommands } from "./sink.ts";
import { WorkerProcess } from "./worker.ts";

/** A gateway that can be started. */
export interface Present {
  readonly gateway: Gateway;
  readonly info: GatewayInfo;
  readonly command: (placement: Placement) => Command;
}

export interface Bench {
  readonly options: Options;
  readonly workers: Workers;
  readonly sinkPort: number;
  readonly recordings: Recordings;
  readonly present: readonly Present[];
  readonly absent: readonly Fault[];
  readonly schedule: Schedule;
}

/** Starts load generator and sink, and looks for the gateways. `stopBench` ends it. */
export async function startBench(options: Options): Promise<Bench> {
  const { present, absent } = roster(options);
  for (const { id, why } of absent) process.stderr.write(`${id} is absent: ${why}\n`);
  const workers: Workers = {
    load: new WorkerProcess<LoadCommands>(new URL("load.ts", import.meta.url)),
    sink: new WorkerProcess<SinkCommands>(new URL("sink.ts", import.meta.url)),
  };
  const { port: sinkPort } = await workers.sink.ask("listen", undefined);
  const recordings = new Recordings(options.rotation, workers.load);
  return { options, workers, sinkPort, recordings, present, absent, schedule: new Schedule(options, present.length) };
}

/** Ends load generator and sink. */
export function stopBench({ workers }: Bench): void {
  workers.load.stop();
  workers.sink.stop();
}

function roster({ gateways, collector, form }: Options): { readonly present: readonly Present[]; readonly absent: readonly Fault[] } {
  const present: Present[] = [];
  const absent: Fault[] = [];
  for (const gateway of gateways) {
    const found = gateway.find({ collector, form });
    if (found.kind === "absent") absent.push({ id: gateway.id, why: found.why });
    else {
      const { id, name, copies } = gateway;
      const info = { id, name, copies, version: found.version, note: found.note };
      present.push({ gateway, info, command: (placement) => found.command(placement) });
    }
  }
  return { present, absent };
}
