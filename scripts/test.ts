/**
 * `npm test`: every case on every runtime. Runs the in-process suite inside Node, Bun, Deno and
 * workerd, and the black-box suite against the server of each, four at a time; merges the reports into
 * test/table.md and fails for a failed case, an empty cell, or a table that is not the committed one.
 *
 *     node scripts/test.ts [node|bun|deno|workers ...] [--write-table] [--json] [--at-once 4]
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Ended, executeAll } from "./test/execute.ts";
import type { CaseResult } from "./test/reports.ts";
import { foldersDriving, NEEDS_TOOL, NOT_APPLICABLE, RUNTIMES, type Runtime, runtimeOf } from "./test/rules.ts";
import { MAIN, runsOf } from "./test/runs.ts";
import { differences, makeTable, readTable, type Table, writeTable } from "./test/table.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tablePath = join(root, "test", "table.md");
const RUN_TIMEOUT_MS = 15 * 60_000;
const HEARTBEAT_MS = 60_000;
const LINES_MAX = 30;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "write-table": { type: "boolean", default: false }, json: { type: "boolean", default: false }, "at-once": { type: "string", default: "4" } },
});
// The table needs every runtime: one that was not run would leave its column empty.
const runtimes: readonly Runtime[] = positionals.length === 0 ? RUNTIMES : positionals.map(runtimeOf);
const complete = RUNTIMES.every((runtime) => runtimes.includes(runtime));
if (values["write-table"] && !complete) throw new RangeError("Cannot write the table from a part of the runtimes: leave out their names");

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const startedAt = performance.now();
build();
// Runs are groups of their own: whoever stops this must stop them, too.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
const ended = await runAll();
const table = makeTable(reportsOf(ended), { notApplicable: NOT_APPLICABLE, needsTool: NEEDS_TOOL }, complete ? [] : committedRows());
const faults = [...(interrupted.signal.aborted ? ["interrupted: not every run was made"] : []), ...ended.flatMap(faultOf), ...table.problems];
const problems = [...faults, ...tableProblems(table.rows)];
tell(table, problems);
process.exitCode = problems.length === 0 ? 0 : 1;

async function runAll(): Promise<Ended[]> {
  const driven = runtimes.filter(
    (runtime) =>
      globSync(
        foldersDriving(runtime).map((folder) => `${folder}**/*.test.ts`),
        { cwd: root },
      ).length > 0,
  );
  const runs = runsOf(runtimes, driven);
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const running = new Map<string, number>();
  const heartbeat = setInterval(() => {
    const told = [...running].map(([name, since]) => `${name} (${seconds(since)} s)`);
    say(`       ${seconds(startedAt).padStart(4)} s  still running: ${told.join(", ")}`);
  }, HEARTBEAT_MS);
  try {
    return await executeAll(runs, {
      root,
      folder,
      atOnce: Math.max(1, Number(values["at-once"])),
      timeoutMs: RUN_TIMEOUT_MS,
      interrupted: interrupted.signal,
      onStart: (run) => void running.set(run.name, performance.now()),
      onEnd: (one) => {
        running.delete(one.run.name);
        say(lineOf(one));
        // Told at once: whoever looks on need not wait for the end to know what failed.
        for (const { file, name, message } of cutFailures(one)) say(`         ${file}: ${name}\n           ${message.replaceAll("\n", "\n           ")}`);
      },
    });
  } finally {
    clearInterval(heartbeat);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is built of sources that have changed since is built again. */
function build(): void {
  const sources = ["scripts/build.ts", "package-lock.json", ...globSync("src/**/*.*", { cwd: root })];
  const builtMs = existsSync(join(root, MAIN)) ? statSync(join(root, MAIN)).mtimeMs : 0;
  if (sources.every((source) => statSync(join(root, source)).mtimeMs < builtMs)) return;
  const { status } = spawnSync(process.execPath, ["scripts/build.ts"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("Cannot test: the build failed");
}

function lineOf({ run, cases, seconds: took, fault }: Ended): string {
  const count = (result: CaseResult["result"]) => cases.filter((one) => one.result === result).length;
  const verdict = fault === undefined && count("fail") === 0 ? "ok    " : "FAILED";
  return `${verdict} ${took.toFixed(0).padStart(4)} s  ${run.name}: ${count("pass")} passed, ${count("fail")} failed, ${count("skipped")} skipped`;
}

function cutFailures({ cases }: Ended): CaseResult[] {
  return cases.filter(({ result }) => result === "fail").slice(0, LINES_MAX);
}

function faultOf({ run, fault }: Ended): string[] {
  return fault === undefined ? [] : [`${run.name}: ${fault}`];
}

function reportsOf(all: readonly Ended[]): Map<Runtime, CaseResult[]> {
  const reports = new Map<Runtime, CaseResult[]>(runtimes.map((runtime) => [runtime, []]));
  for (const { run, cases } of all) reports.get(run.runtime)?.push(...cases);
  return reports;
}

function committedRows() {
  return existsSync(tablePath) ? readTable(readFileSync(tablePath, "utf8")) : [];
}

/** The table against the committed one; writes it where that was asked for and nothing is wrong with it. */
function tableProblems(rows: Table["rows"]): string[] {
  if (values["write-table"]) {
    if (faults.length > 0) return ["test/table.md was not written: what is above comes first"];
    writeFileSync(tablePath, writeTable(rows));
    say(`wrote test/table.md: ${rows.length} cases`);
    return [];
  }
  const found = differences(committedRows(), rows, runtimes);
  if (found.length === 0) return [];
  return [`test/table.md is not what ran: rewrite it with "node scripts/test.ts --write-table"\n  ${cutList(found).join("\n  ")}`];
}

function tell({ rows, notRun }: Table, wrong: readonly string[]): void {
  const absent = Map.groupBy(notRun, ({ tool }) => tool);
  for (const [tool, cases] of absent) say(`NOT RUN: ${cases.length} cases that need ${tool}, which this machine has not`);
  for (const problem of cutList(wrong)) say(`\n${problem}`);
  say(`\n${rows.length} cases on ${runtimes.join(", ")}, ${seconds(startedAt)} s: ${wrong.length === 0 ? "passed" : `FAILED, ${wrong.length} problems`}`);
  if (!values.json) return;
  const runs = ended.map(({ run, cases, seconds: took, fault }) => ({ name: run.name, seconds: Number(took.toFixed(1)), cases: cases.length, fault }));
  process.stdout.write(`${JSON.stringify({ passed: wrong.length === 0, cases: rows.length, runs, problems: wrong, notRun }, undefined, 2)}\n`);
}

function cutList(lines: readonly string[]): string[] {
  return lines.length <= LINES_MAX ? [...lines] : [...lines.slice(0, LINES_MAX), `and ${lines.length - LINES_MAX} more`];
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
