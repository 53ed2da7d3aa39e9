/** docs/hostile-input.md, made from the cases themselves, so that it says what is tested and nothing else. */
import { readdirSync } from "node:fs";
import { NOT_APPLICABLE, RUNTIMES } from "../../scripts/test/rules.ts";
import type { Case, Group } from "./rig.ts";

interface Row extends Case {
  /** As the test is named. */
  readonly name: string;
}

const FOLDER = new URL("./", import.meta.url);
const NAMES: Readonly<Record<string, string>> = { workers: "Workers", node: "Node", bun: "Bun", deno: "Deno" };

/** Cases that no runtime has, and why. */
const NOT_SERVED: readonly (readonly [id: string, input: string, why: string])[] = [
  ["C49", "gRPC", "gRPC is not served yet: `protocols.grpc` is accepted with a warning"],
];

const HEAD = `# Hostile input

What Sluice answers to requests that are damaged, odd or meant to harm. Each row is a case of the
black-box suite, which sends it to the real server of each runtime, in both encodings and plain as well
as gzip where that makes a difference; this page is made from those cases.

After every case the server must still be the same process, and must take and deliver the next good
request. An error is a \`google.rpc.Status\` in the sender's own encoding and says where: the field's
path and the byte. Nothing of a refused request is delivered. "Partial success" is a 200 that tells how
many items were rejected.
`;

/** Every case that a module of this folder exports in groups. */
export async function allCases(): Promise<readonly Row[]> {
  const files = readdirSync(FOLDER).filter((name) => /-(?:cases|groups)\.ts$/.test(name));
  const modules = await Promise.all(files.map((name): Promise<Readonly<Record<string, unknown>>> => import(new URL(name, FOLDER).href)));
  return modules
    .flatMap((one) => Object.values(one))
    .filter(areGroups)
    .flat()
    .flatMap(({ title, cases }) => cases.map((one) => ({ ...one, name: `${title} > ${one.id} ${one.input}` })));
}

/** The page. */
export function pageOf(cases: readonly Row[]): string {
  const rows = [
    ...cases.map((one) => ({ id: one.id, line: `| ${one.id} | ${cell(one.input)} | ${cell(one.answer)} | ${runtimesOf(one.name)} |` })),
    ...NOT_SERVED.map(([id, input, why]) => ({ id, line: `| ${id} | ${input} | ${why} | none |` })),
  ].toSorted((a, b) => order(a.id) - order(b.id));
  return [HEAD, "| no. | input | answer | runtimes |", "| --- | --- | --- | --- |", ...rows.map(({ line }) => line), ""].join("\n");
}

/** Numbers that have no case and no reason. */
export function missing(cases: readonly Row[], numbers: readonly string[]): string[] {
  const found = new Set([...cases.map(({ id }) => id), ...NOT_SERVED.map(([id]) => id)]);
  return numbers.filter((id) => !found.has(id));
}

function areGroups(value: unknown): value is readonly Group[] {
  return Array.isArray(value) && value.every((one: unknown) => typeof one === "object" && one !== null && "title" in one && "cases" in one);
}

function runtimesOf(name: string): string {
  const rules = NOT_APPLICABLE.filter(({ where, cases }) => where.startsWith("test/black-box/") && cases !== undefined && name.startsWith(cases));
  if (rules.length === 0) return "all";
  const without = rules.map(({ runtimes, reason }) => `not ${runtimes.map((one) => NAMES[one]).join(", ")}: ${reason}`);
  return rules.some(({ runtimes }) => runtimes.length === RUNTIMES.length) ? "none" : cell(without.join("; "));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** By letter, then by number; those without a number last. */
function order(id: string): number {
  return id.charCodeAt(0) * 1000 + Number(id.slice(1) || 999);
}
