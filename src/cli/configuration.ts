/** What the commands share: the options that name a configuration, and the way from them to a plan. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { SluiceError } from "../base/errors.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Finding, Plan, Where } from "../config/plan.ts";
import { validateBuiltIn } from "../config/registry.ts";
import { locate, type TreeNode } from "../config/tree.ts";

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

export interface ConfigOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly featureGates: readonly string[];
}

export interface Configuration {
  /** Undefined when there are problems. */
  readonly plan: Plan | undefined;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** The place of a dotted key, for errors that show only at the start. */
  whereOf(path: string): Where | undefined;
}

/** Adds `--config`, `--set` and `--feature-gates`. */
export function withConfigOptions(command: Command): Command {
  return command
    .option(
      "-c, --config <source>",
      "configuration: a file, file:path, env:NAME or yaml:text; may be repeated, later ones are merged over earlier ones",
      collect,
      [],
    )
    .option("-s, --set <key=value>", "set one key, for example exporters.debug.verbosity=detailed; may be repeated", collect, [])
    .option("--feature-gates <gates>", "the Collector's feature gates: accepted and ignored", collect, []);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** Loads and validates. Never rejects on account of the configuration: what is wrong is in `problems`. */
export async function readConfiguration(options: ConfigOptions): Promise<Configuration> {
  if (options.config.length === 0) {
    const problem = { message: "Cannot start: no configuration is given", cure: "Name one: --config sluice.yaml" };
    return { plan: undefined, problems: [problem], warnings: [], whereOf: () => undefined };
  }
  const loaded = await loadConfig({ configs: options.config, sets: options.set }, { env: (name) => process.env[name], readFile: readText });
  const gates = options.featureGates.map((gate) => ({ message: `Feature gate ${gate} is ignored: Sluice has none` }));
  const whereOf = (path: string) => whereOfKey(loaded, path);
  const { plan, problems, warnings } = await validateBuiltIn(loaded);
  return { plan, problems, warnings: [...gates, ...warnings], whereOf };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const states: Readonly<Record<string, string>> = { ENOENT: "there is no such file", EACCES: "no permission to read it", EISDIR: "it is a directory" };
    throw new SluiceError("config", states[code] ?? `it cannot be read (${code})`, { cause: error });
  }
}

function whereOfKey({ root }: Loaded, path: string): Where | undefined {
  const keys = keysOf(root, path.split("."));
  if (keys.length === 0) return undefined;
  const { node, keyWhere } = locate(root, keys);
  return node?.kind === "scalar" ? node.where : keyWhere;
}

/** The keys that lead as far down as `parts` do. Ids may hold dots: the longest key that fits is taken. */
function keysOf(node: TreeNode | undefined, parts: readonly string[]): string[] {
  if (node?.kind !== "map") return [];
  const lengths = parts.map((_, index) => parts.length - index);
  const taken = lengths.find((length) => node.entries.has(parts.slice(0, length).join(".")));
  if (taken === undefined) return [];
  const key = parts.slice(0, taken).join(".");
  return [key, ...keysOf(node.entries.get(key)?.value, parts.slice(taken))];
}
