/**
 * End to end: gateways driven in turn with the same recorded requests, over loopback, into a counting
 * sink. CPU time of the gateway's processes, peak memory, latency, start-up time.
 *
 *     node bench/e2e/main.ts --suite full
 *     node bench/e2e/main.ts --help
 *
 * Load generator, sink and gateways are processes of their own. Everything sent must arrive, to the
 * item: where it does not, the run says so and fails. Linux only: figures come from /proc.
 */
import { writeFileSync } from "node:fs";
import { describeMachine } from "../machine.ts";
import { type Bench, startBench, stopBench } from "./bench.ts";
import { stopAllGateways } from "./gateway-process.ts";
import { measureLatency } from "./latency.ts";
import { type Options, parseOptions } from "./options.ts";
import { tablesOf } from "./result-tables.ts";
import { type EndToEndResult, faultsOf, type RowResult } from "./results.ts";
import { measureRow } from "./row-run.ts";
import { measureStarts } from "./start-up.ts";

const EXIT = { failed: 1, usage: 2, interrupted: 130 } as const;

const options = optionsOrUsage();
if (typeof options === "string") process.stdout.write(options);
else if (options !== undefined) await main(options);

function optionsOrUsage(): Options | string | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help\n`);
    process.exitCode = EXIT.usage;
    return undefined;
  }
}

async function main(how: Options): Promise<void> {
  const machine = describeMachine();
  const bench = await startBench(how);
  endOnSignal(bench);
  try {
    const { rounds, connections, rotation } = how;
    const head = { kind: "end-to-end", machine, rounds, seconds: bench.schedule.seconds, connections, rotation } as const;
    const measured = await measure(bench, how);
    const result: EndToEndResult = { ...head, gateways: bench.present.map(({ info }) => info), absent: bench.absent, ...measured };
    if (how.out !== undefined) writeFileSync(how.out, `${JSON.stringify(result, undefined, 1)}\n`);
    process.stdout.write(`${how.json ? JSON.stringify(result) : tablesOf(result)}\n`);
    if (faultsOf(result).length > 0) process.exitCode = EXIT.failed;
  } finally {
    await stopAllGateways();
    stopBench(bench);
  }
}

async function measure(bench: Bench, { parts, rows }: Options): Promise<Pick<EndToEndResult, "rows" | "latency" | "starts" | "skipped">> {
  const measured: RowResult[] = [];
  const skipped: string[] = [];
  // What is left out when the time is used up.
  const within = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (!bench.schedule.over) return work();
    skipped.push(what);
    return undefined;
  };
  for (const row of parts.includes("rows") ? rows : []) {
    const result = await within(row.id, () => measureRow(bench, row));
    if (result !== undefined) measured.push(result);
  }
  const latency = parts.includes("latency") ? await within("latency", () => measureLatency(bench)) : undefined;
  const starts = parts.includes("start") ? await within("start-up", () => measureStarts(bench)) : undefined;
  return { rows: measured, latency: latency ?? null, starts: starts ?? null, skipped };
}

/** What was started here ends with us. */
function endOnSignal(bench: Bench): void {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      void stopAllGateways().then(() => {
        stopBench(bench);
        process.exit(EXIT.interrupted);
      });
    });
  }
}
