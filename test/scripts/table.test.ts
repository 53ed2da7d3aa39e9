/** The table of `npm test`: what makes a cell, what is a problem, and that a page reads back as it was written. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CaseResult, readReport } from "../../scripts/test/reports.ts";
import { filesLeftOut, foldersDriving, NEEDS_TOOL, NOT_APPLICABLE, RUNTIMES, type Runtime, runtimeOf } from "../../scripts/test/rules.ts";
import { differences, makeTable, readTable, type Row, type Rules, writeTable } from "../../scripts/test/table.ts";

const rules: Rules = {
  notApplicable: [
    { where: "test/a/", runtimes: ["workers"], reason: "no sockets" },
    { where: "test/b.test.ts", cases: "shared", runtimes: ["workers"], reason: "no shared memory" },
  ],
  needsTool: [{ where: "test/tool.test.ts", tool: "go" }],
};

function one(file: string, name: string, result: CaseResult["result"] = "pass"): CaseResult {
  return { file, name, result, message: "why" };
}

/** The same cases on Node, Bun and Deno; these on workerd. */
function table(elsewhere: readonly CaseResult[], workers: readonly CaseResult[]) {
  const reports = new Map<Runtime, readonly CaseResult[]>(RUNTIMES.map((runtime) => [runtime, runtime === "workers" ? workers : elsewhere]));
  return makeTable(reports, rules);
}

describe("a cell", () => {
  test("is pass where the case passed, and n/a by a rule", () => {
    const { rows, problems } = table(
      [one("test/b.test.ts", "plain"), one("test/b.test.ts", "shared > x"), one("test/a/c.test.ts", "d")],
      [one("test/b.test.ts", "plain"), one("test/b.test.ts", "shared > x", "skipped")],
    );
    expect(problems).toEqual([]);
    expect(rows.map(({ name, cells }) => [name, cells.node, cells.workers])).toEqual([
      ["d", "pass", "n/a: no sockets"],
      ["plain", "pass", "pass"],
      ["shared > x", "pass", "n/a: no shared memory"],
    ]);
  });

  test.each([
    ["nobody ran", [], /was not run, and no rule/],
    ["was skipped", [one("test/b.test.ts", "plain", "skipped")], /was skipped, and no rule/],
    ["failed", [one("test/b.test.ts", "plain", "fail")], /failed on workers: test\/b\.test\.ts > plain\nwhy/],
  ] as const)("that %s is a problem", (_name, workers, problem) => {
    const { problems } = table([one("test/b.test.ts", "plain")], workers);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test("a failure is told where a rule says n/a, and a pass there is a rule too many", () => {
    const cases = [one("test/b.test.ts", "shared > x")];
    expect(table(cases, [one("test/b.test.ts", "shared > x", "fail")]).problems).toEqual([expect.stringContaining("failed on workers")]);
    expect(table(cases, cases).problems).toEqual([expect.stringContaining("though a rule says n/a")]);
  });

  test("with a tool is the same with it and without, and says when it was absent", () => {
    const [passed, skipped] = [[one("test/tool.test.ts", "x")], [one("test/tool.test.ts", "x", "skipped")]];
    const absent = table(skipped, skipped);
    expect(absent.rows).toEqual(table(passed, passed).rows);
    expect(absent.rows[0]?.cells.node).toBe("with go");
    expect([absent.problems, absent.notRun.length, absent.notRun[0]?.tool]).toEqual([[], 4, "go"]);
    expect(table(passed, passed).notRun).toEqual([]);
    expect(table([one("test/tool.test.ts", "x", "fail")], passed).problems.length).toBe(3);
  });
});

describe("the page", () => {
  const title = fc.string({ unit: "binary", minLength: 1 });

  test("reads back as it was written, whatever the titles", () => {
    fc.assert(
      fc.property(fc.uniqueArray(title, { minLength: 1 }), (names) => {
        const cases = names.map((name) => one("test/x.test.ts", name));
        const { rows } = table(cases, cases);
        const page = writeTable(rows);
        expect(readTable(page)).toEqual(rows);
        // oxlint-disable-next-line no-control-regex -- none may be left but line ends
        expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      }),
    );
  });

  test("tells of rows and cells that differ, in the columns that were run", () => {
    const row = (name: string, node: string): Row => ({ file: "test/x.test.ts", name, cells: { node, bun: "pass" } });
    expect(differences([row("a", "pass"), row("gone", "pass")], [row("a", "n/a: x"), row("new", "pass")], ["node"])).toEqual([
      'test/x.test.ts > a: node is "n/a: x", committed "pass"',
      'test/x.test.ts > gone: node is "absent", committed "pass"',
      'test/x.test.ts > new: node is "pass", committed "absent"',
    ]);
    expect(differences([row("a", "pass")], [row("a", "n/a: x")], ["bun"])).toEqual([]);
  });
});

describe("a report", () => {
  const report = (assertionResults: readonly object[], status = "passed", message = "") =>
    JSON.stringify({ success: true, testResults: [{ name: "/r/test/x.test.ts", status, message, assertionResults }] });
  const made = (name: string, status: string) => ({ ancestorTitles: ["g"], title: name, status, failureMessages: ["m"] });

  test("numbers cases of one name, and keeps what is neither passed nor failed as skipped", () => {
    const cases = readReport(report([made("a", "passed"), made("a", "failed"), made("b", "pending"), made("c", "todo")]), "/r");
    expect(cases.map(({ file, name, result }) => [file, name, result])).toEqual([
      ["test/x.test.ts", "g > a", "pass"],
      ["test/x.test.ts", "g > a (2)", "fail"],
      ["test/x.test.ts", "g > b", "skipped"],
      ["test/x.test.ts", "g > c", "skipped"],
    ]);
  });

  test("a file that could not be loaded is a failure", () => {
    expect(readReport(report([], "failed", "no such module"), "/r")).toEqual([
      { file: "test/x.test.ts", name: "(the file itself)", result: "fail", message: "no such module" },
    ]);
    expect(() => readReport("{}", "/r")).toThrow();
  });
});

describe("the rules", () => {
  test("leave no runtime without its own cases, and name reasons that fit a cell", () => {
    for (const { runtimes, reason } of NOT_APPLICABLE) {
      expect(runtimes.length).toBeLessThan(RUNTIMES.length);
      expect(reason).toMatch(/^[^|\n]{4,40}$/);
    }
    expect(NEEDS_TOOL.length).toBeGreaterThan(0);
    expect(filesLeftOut("workers")).toContain("test/black-box/**");
    for (const runtime of RUNTIMES) expect(foldersDriving(runtime)).toContain("test/black-box/");
    expect(() => runtimeOf("quickjs")).toThrow(RangeError);
  });
});
