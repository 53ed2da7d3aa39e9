/**
 * Runs processes, so many at a time, and gives each one's report. A run that passes its time limit, or
 * that is interrupted, is cut with everything it started, and failed. Nothing a run prints is shown unless it failed.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CaseResult, readReport } from "./reports.ts";
import type { Run } from "./runs.ts";

export interface Ended {
  readonly run: Run;
  readonly cases: readonly CaseResult[];
  readonly seconds: number;
  /** What went wrong beyond single cases; undefined for a run that told of every case. */
  readonly fault?: string;
}

export interface ExecuteOptions {
  readonly root: string;
  /** Where reports are put. */
  readonly folder: string;
  readonly atOnce: number;
  readonly timeoutMs: number;
  /** Cuts what runs; what waits is not started. */
  readonly interrupted: AbortSignal;
  readonly onStart: (run: Run) => void;
  readonly onEnd: (ended: Ended) => void;
}

const OUTPUT_LINES_MAX = 60;
const OUTPUT_GRACE_MS = 3000;

/** Every run, in order of the list; the results in order of their ends. */
export async function executeAll(runs: readonly Run[], options: ExecuteOptions): Promise<Ended[]> {
  const waiting = [...runs];
  const ended: Ended[] = [];
  const lane = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined && !options.interrupted.aborted; run = waiting.shift()) {
      options.onStart(run);
      const one = await execute(run, options);
      ended.push(one);
      options.onEnd(one);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, lane));
  return ended;
}

async function execute(run: Run, options: ExecuteOptions): Promise<Ended> {
  const { root, folder, timeoutMs } = options;
  const report = join(folder, `${run.name.replaceAll(/[^a-z0-9]+/g, "-")}.json`);
  const started = performance.now();
  const { code, output } = await runProcess(run, [...run.args, "--reporter=json", `--outputFile=${report}`], options);
  const seconds = (performance.now() - started) / 1000;
  const tail = output.trimEnd().split("\n").slice(-OUTPUT_LINES_MAX).join("\n");
  if (code === undefined) return { run, cases: [], seconds, fault: `cut after ${seconds.toFixed(0)} s (the limit is ${timeoutMs / 1000} s)\n${tail}` };
  try {
    const cases = readReport(readFileSync(report, "utf8"), root);
    const failed = cases.some(({ result }) => result === "fail");
    // An error outside every case ends vitest with a code of its own.
    return { run, cases, seconds, ...(code === 0 || failed ? {} : { fault: `ended with ${code}, though no case failed\n${tail}` }) };
  } catch (error) {
    return { run, cases: [], seconds, fault: `left no report (${String(error).split("\n")[0]}), ended with ${code}\n${tail}` };
  }
}

/** The exit code, undefined when the time limit cut it. */
function runProcess(
  run: Run,
  args: readonly string[],
  { root, timeoutMs, interrupted }: Pick<ExecuteOptions, "root" | "timeoutMs" | "interrupted">,
): Promise<{ code: number | undefined; output: string }> {
  return new Promise((resolve) => {
    // TEST_* of the caller must not reach a run that does not name them.
    const { TEST_RUNTIME: _runtime, TEST_TARGET: _target, TEST_MAIN: _main, ...inherited } = process.env;
    const env = { ...inherited, PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", ...run.env };
    // A group of its own: what it started is cut with it.
    const child = spawn(run.command, [...args], { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let cut = false;
    const stop = () => {
      cut = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    const timer = setTimeout(stop, timeoutMs);
    interrupted.addEventListener("abort", stop);
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (output += piece.toString()));
    child.on("error", (error) => (output += `${error.message}\n`));
    // Something that a run left behind may hold its output open: that must not hold this up.
    child.on("exit", (code) => setTimeout(() => child.emit("close", code), OUTPUT_GRACE_MS).unref());
    child.once("close", (code) => {
      clearTimeout(timer);
      interrupted.removeEventListener("abort", stop);
      resolve({ code: cut ? undefined : (code ?? 1), output });
    });
  });
}
