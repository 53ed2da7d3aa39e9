/**
 * The table case by runtime by result, as it is committed: no times, no versions, sorted, so that two
 * machines write the same. A cell is `pass`, `n/a: reason` by a rule, or `with tool` where the case
 * runs only beside one. Whatever else a cell would hold is a problem, and stands in no table.
 */
import type { CaseResult } from "./reports.ts";
import { matches, type NeedsTool, type NotApplicable, RUNTIMES, type Runtime } from "./rules.ts";

export interface Rules {
  readonly notApplicable: readonly NotApplicable[];
  readonly needsTool: readonly NeedsTool[];
}

/** The reports of each runtime that was run. */
export type Reports = ReadonlyMap<Runtime, readonly CaseResult[]>;

/** A row: its cells by runtime. */
export interface Row {
  readonly file: string;
  readonly name: string;
  readonly cells: Readonly<Partial<Record<Runtime, string>>>;
}

export interface Table {
  readonly rows: readonly Row[];
  /** Failed, empty or wrongly excused cells, and rules that match nothing: each fails the whole. */
  readonly problems: readonly string[];
  /** Cases that did not run since a tool is absent. */
  readonly notRun: readonly { readonly runtime: Runtime; readonly file: string; readonly name: string; readonly tool: string }[];
}

/** Merges the reports. `known`: further cases that must have a cell, from the committed table when not every runtime was run. */
export function makeTable(reports: Reports, rules: Rules, known: readonly Pick<Row, "file" | "name">[] = []): Table {
  const problems: string[] = [];
  const notRun: { runtime: Runtime; file: string; name: string; tool: string }[] = [];
  const results = new Map([...reports].map(([runtime, cases]) => [runtime, new Map(cases.map((one) => [keyOf(one), one]))]));
  const all = new Map([...known, ...[...reports.values()].flat()].map((one) => [keyOf(one), { file: one.file, name: one.name }]));
  const rows = [...all.values()].toSorted(byFileThenName).map(({ file, name }): Row => {
    const cells: Partial<Record<Runtime, string>> = {};
    for (const [runtime, ofRuntime] of results) {
      const cell = cellOf(ofRuntime.get(keyOf({ file, name })), { file, name }, runtime, rules);
      if (cell.problem !== undefined) problems.push(cell.problem);
      if (cell.absentTool !== undefined) notRun.push({ runtime, file, name, tool: cell.absentTool });
      cells[runtime] = cell.text;
    }
    return { file, name, cells };
  });
  return { rows, problems, notRun };
}

interface Cell {
  readonly text: string;
  readonly problem?: string;
  readonly absentTool?: string;
}

function cellOf(one: CaseResult | undefined, { file, name }: Pick<Row, "file" | "name">, runtime: Runtime, rules: Rules): Cell {
  const where = `${runtime}: ${file} > ${name}`;
  const excuse = rules.notApplicable.find((rule) => rule.runtimes.includes(runtime) && matches(rule, file, name));
  const tool = rules.needsTool.find((rule) => matches(rule, file, name))?.tool;
  if (one?.result === "fail") return { text: "FAIL", problem: `failed on ${where}\n${one.message}` };
  if (excuse !== undefined) {
    const text = `n/a: ${excuse.reason}`;
    return one?.result === "pass" ? { text, problem: `passes, though a rule says n/a, on ${where}` } : { text };
  }
  if (tool !== undefined && one !== undefined) return { text: `with ${tool}`, ...(one.result === "pass" ? {} : { absentTool: tool }) };
  if (one?.result === "pass") return { text: "pass" };
  const state = one === undefined ? "was not run, and no rule says why" : "was skipped, and no rule says why";
  return { text: "", problem: `empty cell: the case ${state}, on ${where}` };
}

const HEAD = `# Every case on every runtime

Written by \`node scripts/test.ts --write-table\` from the reports of every run, and compared with them by
\`npm test\`. \`pass\`: it ran and passed. \`n/a\`: it cannot run there, for the reason given
(scripts/test/rules.ts). \`with\` a tool: it runs where that tool is present. An empty cell is an error.
`;

/** The committed page. */
export function writeTable(rows: readonly Row[]): string {
  const parts = [HEAD];
  let file = "";
  for (const row of rows) {
    if (row.file !== file) {
      file = row.file;
      parts.push(`\n## ${file}\n\n| case | ${RUNTIMES.join(" | ")} |\n| --- |${" --- |".repeat(RUNTIMES.length)}\n`);
    }
    parts.push(`| ${escape(row.name)} | ${RUNTIMES.map((runtime) => row.cells[runtime] ?? "").join(" | ")} |\n`);
  }
  return parts.join("");
}

/** The rows of a page that `writeTable` made; their names stay escaped. */
export function readTable(text: string): Row[] {
  let file = "";
  const rows: Row[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) file = line.slice(3);
    if (!line.startsWith("| ") || line.startsWith("| ---") || line.startsWith("| case |")) continue;
    const [name = "", ...cells] = line.slice(2, -2).split(" | ");
    rows.push({ file, name: unescape(name), cells: Object.fromEntries(RUNTIMES.map((runtime, index) => [runtime, cells[index] ?? ""])) });
  }
  return rows;
}

/** What differs in the columns of these runtimes, one line a case. */
export function differences(committed: readonly Row[], made: readonly Row[], runtimes: readonly Runtime[]): string[] {
  const before = new Map(committed.map((row) => [keyOf(row), row]));
  const after = new Map(made.map((row) => [keyOf(row), row]));
  const keys = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return keys.flatMap((key) => {
    const was = before.get(key);
    const is = after.get(key);
    return runtimes
      .filter((runtime) => (was?.cells[runtime] ?? "absent") !== (is?.cells[runtime] ?? "absent"))
      .map((runtime) => `${key}: ${runtime} is "${is?.cells[runtime] ?? "absent"}", committed "${was?.cells[runtime] ?? "absent"}"`);
  });
}

function keyOf({ file, name }: Pick<Row, "file" | "name">): string {
  return `${file} > ${name}`;
}

/** By code units: no machine's language decides. */
function byFileThenName(a: Pick<Row, "file" | "name">, b: Pick<Row, "file" | "name">): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Titles are any text: what a line or a cell could break on is escaped, the rest stays readable. */
function escape(name: string): string {
  const marked = name.replace(/[\\|<`]/g, (sign) => `\\${sign}`);
  // With the flag u, only a surrogate that has no partner matches.
  return marked.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, digits: string | undefined, sign: string) =>
    digits === undefined ? sign : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
