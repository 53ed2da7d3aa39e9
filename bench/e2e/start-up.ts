/** Start-up: from spawn to the first answer with 200, several times in turn; ours built and from sources. */
import type { Bench, Present } from "./bench.ts";
import { GatewayProcess } from "./gateway-process.ts";
import type { Form } from "./gateway.ts";
import type { Fault, StartResult } from "./results.ts";
import { messageOf } from "./row-run.ts";
import { type Row, workOf } from "./works.ts";

interface Starter extends Pick<Present, "command"> {
  readonly id: string;
  readonly version: string;
  readonly startMs: number[];
}

const FORMS: readonly Form[] = ["dist", "sources"];

/** Starts each gateway `options.starts` times, after once that does not count: the disk's cache is warm then. */
export async function measureStarts(bench: Bench): Promise<StartResult> {
  const { options, sinkPort, schedule } = bench;
  const row: Row = { work: workOf("plain-upsert"), signal: "traces", items: 1, order: "ascending" };
  const starters = startersOf(bench);
  const faults: Fault[] = [];
  for (let start = 0; start <= options.starts; start++) {
    for (const { id, version, command, startMs } of starters) {
      if (faults.some((fault) => fault.id === `${id} ${version}`)) continue;
      try {
        const running = await GatewayProcess.start(row, sinkPort, command);
        if (start > 0) startMs.push(running.startMs);
        await running.stop();
        schedule.did(1, `start ${start} of ${options.starts}, ${id} ${version}: ${running.startMs.toFixed(0)} ms`);
      } catch (error) {
        faults.push({ id: `${id} ${version}`, why: messageOf(error) });
      }
    }
  }
  return { gateways: starters.map(({ id, version, startMs }) => ({ id, version, startMs })), faults };
}

/** Both forms of ours where both are there; of a form that is not, nothing: its absence shows in the table. */
function startersOf({ present, options: { collector } }: Bench): Starter[] {
  return present
    .filter(({ gateway }) => !gateway.copies)
    .flatMap(({ gateway }) => {
      const byVersion = new Map<string, Starter>();
      for (const form of FORMS) {
        const found = gateway.find({ collector, form });
        if (found.kind === "present" && !byVersion.has(found.version)) {
          byVersion.set(found.version, { id: gateway.id, version: found.version, command: (placement) => found.command(placement), startMs: [] });
        }
      }
      return [...byVersion.values()];
    });
}
