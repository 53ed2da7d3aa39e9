/** The end-to-end harness: what it asks for, how it takes ratios, and that it does not let a gateway cheat. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Turn } from "../../bench/e2e/measure.ts";
import { parseOptions } from "../../bench/e2e/options.ts";
import { type EndToEndResult, faultsOf, ratioOf } from "../../bench/e2e/results.ts";
import { TABLE } from "../../bench/e2e/rows.ts";

const MAIN = fileURLToPath(new URL("../../bench/e2e/main.ts", import.meta.url));
const GATEWAY = fileURLToPath(new URL("gateway.ts", import.meta.url));

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-bench-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync("/proc/self/stat"))("a run, where /proc tells CPU time", () => {
  test("counts what an honest gateway passes on, and says who is absent", async () => {
    const { code, result } = await run("plain-pass", "pass", "--gateway", "gone=/nowhere/gone {config}");
    expect(faultsOf(result)).toEqual([]);
    expect(code).toBe(0);
    expect(result.absent).toEqual([{ id: "gone", why: "there is no /nowhere/gone" }]);
    const mine = result.rows[0]?.gateways.find(({ id }) => id === "mine");
    expect(mine?.turns[0]?.cpuSecondsAMillion).toBeGreaterThan(0);
    expect(mine?.peakMemoryMib).toBeGreaterThan(1);
  });

  test("fails when items are lost behind a 200", async () => {
    const { code, result } = await run("plain-pass", "lose");
    expect(faultsOf(result).join()).toMatch(/mine: \d+ items were due at the sink, \d+ arrived/);
    expect(code).toBe(1);
  });

  test("fails when requests are refused", async () => {
    const { code, result } = await run("plain-pass", "refuse");
    expect(faultsOf(result).join()).toMatch(/mine: \d+ of \d+ requests failed: HTTP\/1\.1 503/);
    expect(code).toBe(1);
  });

  test("fails when the work is not done", async () => {
    const { code, result } = await run("plain-upsert", "pass");
    expect(faultsOf(result).join()).toContain("a resource has 0 stamps");
    expect(code).toBe(1);
  });
});

test("the table asks for what it must", () => {
  const asked = TABLE.flatMap((row) => (row.asked.kind === "times" ? [[row.id, ...Object.values(row.asked.atLeast)]] : []));
  expect(asked).toEqual([
    ["traces-plain-upsert-1000", 9, 8, 7],
    ["traces-plain-upsert-100", 6.5, 6.5, 5],
    ["traces-gzip-upsert-1000", 3.7, 6, 5.5],
    ["traces-gzip-keep10-1000", 5, 7.5, 6],
    ["traces-gzip-keep10-100", 3.7, 5.5, 4.3],
    ["traces-plain-upsert-10", 3.5, 4, 3],
    ["logs-plain-upsert-1000", 9, 8, 7],
    ["logs-gzip-upsert-1000", 3.7, 6, 5.5],
    ["metrics-plain-upsert-1000", 9, 8, 7],
    ["metrics-gzip-upsert-1000", 3.7, 6, 5.5],
    ["traces-rules-attributes-1000", 4],
    ["traces-rules-transform-1000", 6.5],
    ["traces-rules-filter-1000", 6.5],
    ["traces-rules-five-1000", 5.5],
  ]);
  const shares = TABLE.flatMap(({ id, asked: { kind, ...rest } }) => (kind === "share" ? [[id, rest]] : []));
  expect(shares).toEqual([
    ["traces-plain-upsert-1000-descending", { of: "traces-plain-upsert-1000", atLeast: 0.6 }],
    ["traces-gzip-upsert-1000-descending", { of: "traces-gzip-upsert-1000", atLeast: 0.6 }],
  ]);
});

test("a ratio is taken within a round, and rounds with a fault do not count", () => {
  const collector = [turn(8), turn(9), turn(10), turn(10)];
  expect(ratioOf([turn(2), turn(3), turn(1), turn(1, "lost")], collector)).toEqual({ median: 4, min: 3, max: 10 });
  expect(ratioOf([turn(2)], undefined)).toBeNull();
  expect(ratioOf([turn(2)], [turn(8, "refused")])).toBeNull();
});

test.each([
  [["--work", "nothing"], /Cannot do the work "nothing": there are plain-upsert/],
  [["--work", "gzip-keep10", "--signal", "metrics"], /Cannot do the work "gzip-keep10" on metrics/],
  [["--gateways", "nobody"], /Cannot measure "nobody": there are node, bun/],
  [["--gateway", "nameless"], /Cannot take the gateway "nameless"/],
  [["--suite", "all"], /Cannot run the suite "all": there are full, rows, latency, start/],
  [["--rounds", "0"], /Cannot take --rounds 0: it is a number from 1 to 100/],
])("%j is refused in words", (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});

function turn(cpuSecondsAMillion: number, fault = ""): Turn {
  const waits = { requests: 1, failures: 0, firstFailure: "", elapsedMs: 1, p50Ms: 1, p99Ms: 1, p999Ms: 1, lagP99Ms: 0 };
  const harness = { loadCpuSecondsAMillion: 1, sinkCpuSecondsAMillion: 1, loadBusy: 0, sinkBusy: 0 };
  return { cpuSecondsAMillion, ...harness, itemsASecond: 1, busy: 1, waits, fault };
}

/** One short row through a proxy of ours. */
function run(work: string, how: string, ...more: readonly string[]): Promise<{ readonly code: number; readonly result: EndToEndResult }> {
  const out = join(folder, `${work}-${how}.json`);
  const gateway = ["--gateways", "none", "--gateway", `mine=${process.execPath} ${GATEWAY} {port} {sink} ${how}`];
  const short = ["--items", "10", "--rotation", "4", "--rounds", "1", "--seconds", "0.3", "--warm", "0"];
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, "--work", work, ...gateway, ...short, ...more, "--out", out], (error) => {
      // What the harness wrote: its own type.
      const result: EndToEndResult = JSON.parse(readFileSync(out, "utf8"));
      resolve({ code: typeof error?.code === "number" ? error.code : 0, result });
    });
  });
}
