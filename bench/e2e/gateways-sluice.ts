/**
 * Ours, on each runtime, started as package.json's own scripts start it (`start`, `start:bun`, ...),
 * with `run` instead of `start` and the built entry instead of the sources' where that is wanted: so
 * flags are those of users. What `npm run build` made counts only when it is younger than the sources.
 */
import { existsSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { versionOf } from "../machine.ts";
import { onPath, youngestMs } from "./find.ts";
import { type FindOptions, type Form, type Found, type Gateway, type Placement, writeConfig } from "./gateway.ts";

interface Runtime {
  readonly id: string;
  readonly name: string;
  readonly script: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = "src/cli/main.ts";
const BUILT = "dist/cli/main.js";
const RUNTIMES: readonly Runtime[] = [
  { id: "node", name: "Sluice on Node", script: "start" },
  { id: "bun", name: "Sluice on Bun", script: "start:bun" },
  { id: "deno", name: "Sluice on Deno", script: "start:deno" },
  { id: "workers", name: "Sluice on workerd", script: "start:workers" },
];

/** One that works and one that only passes on, a runtime each. */
export function sluiceGateways(): readonly Gateway[] {
  return [...RUNTIMES.map((runtime) => gateway(runtime, false)), ...RUNTIMES.map((runtime) => gateway(runtime, true))];
}

function gateway(runtime: Runtime, copies: boolean): Gateway {
  return {
    id: copies ? `${runtime.id}-pass` : runtime.id,
    name: copies ? `${runtime.name}, passing through` : runtime.name,
    copies,
    // Wrangler, its builder, and the workerd with its proxy stand beside the Worker on this machine, and nowhere else.
    countOnly: runtime.id === "workers" ? { name: "workerd", without: (port) => `entry=127.0.0.1:${port}` } : undefined,
    agent: `(${runtime.id})`,
    find: (options) => find(runtime, copies, options),
  };
}

function find({ id, script }: Runtime, copies: boolean, { form }: FindOptions): Found {
  const [program = "", ...words] = scriptOf(script).split(" ");
  const file = programOf(program);
  if (file === undefined) return { kind: "absent", why: `there is no ${program}: npm ci brings it` };
  const used = words.includes(SOURCES) ? formOf(form) : "sources";
  if (used === "dist" && !existsSync(join(ROOT, BUILT))) return { kind: "absent", why: `${BUILT} is not there: npm run build makes it` };
  const args = words.map((word) => (word === SOURCES ? join(ROOT, used === "dist" ? BUILT : SOURCES) : word === "start" ? "run" : absolute(word)));
  return {
    kind: "present",
    version: `${versionOf(new URL("../../package.json", import.meta.url))} (${used === "sources" ? used : isFresh() ? "built" : "built before the sources changed"}) on ${runtimeVersion(id, file)}`,
    note: noteOf(id, form, used),
    command: (placement) => ({ file, args: [...args, "--config", writeConfig(copies ? passing(placement) : placement)] }),
  };
}

function passing(placement: Placement): Placement {
  const { row } = placement;
  return { ...placement, row: { ...row, work: { ...row.work, processors: {} } } };
}

function noteOf(id: string, asked: Form, used: Form): string {
  if (id === "workers")
    return "CPU and memory are those of the workerd process that runs the Worker; wrangler, its builder and its proxy in front of the Worker are left out";
  return asked === "auto" && used === "sources" ? "the build is missing or older than the sources, so the sources ran" : "";
}

/** The build, unless it is not there or not of these sources. */
function formOf(form: Form): "dist" | "sources" {
  if (form !== "auto") return form;
  return existsSync(join(ROOT, BUILT)) && isFresh() ? "dist" : "sources";
}

/** Whether the build is younger than all sources. */
function isFresh(): boolean {
  return youngestMs(join(ROOT, "dist"), ".js") >= youngestMs(join(ROOT, "src"), ".ts");
}

function scriptOf(name: string): string {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  // Ours: it has scripts, all of them text.
  const { scripts } = parsed as { readonly scripts: Readonly<Record<string, string>> };
  return scripts[name] ?? "";
}

/** Paths in scripts start at the repository's root. */
function absolute(word: string): string {
  return existsSync(join(ROOT, word)) ? join(ROOT, word) : word;
}

function programOf(name: string): string | undefined {
  if (name === "node") return process.execPath;
  const own = join(ROOT, "node_modules", ".bin", name);
  return existsSync(own) ? own : onPath((one) => one === name);
}

function runtimeVersion(id: string, file: string): string {
  if (id === "workers") return `workerd ${versionOf(new URL("../../node_modules/workerd/package.json", import.meta.url))}`;
  const [first = ""] = execFileSync(file, ["--version"], { encoding: "utf8" }).split("\n");
  const version = /\d+(?:\.\d+)+/.exec(first)?.[0] ?? "unknown";
  return `${id.charAt(0).toUpperCase()}${id.slice(1)} ${version}`;
}
