/**
 * From the sources that the operator names to one tree: each is read, merged over those before it
 * (maps key by key, everything else replaced), then `--set` is merged over that, then `${...}` is
 * expanded. Nothing here rejects: what is wrong is in `problems`, all of it, with its place.
 */
import { messageOf } from "../base/errors.ts";
import { expandTree, type Providers } from "./expand.ts";
import { parseYaml } from "./parse.ts";
import type { Finding } from "./plan.ts";
import { SourceText } from "./source.ts";
import { type Entry, type MapNode, mergeTrees, type TreeNode } from "./tree.ts";

export interface Sources {
  /** In order, the last one wins: a path, `file:path`, `env:NAME`, or `yaml:text`. */
  readonly configs: readonly string[];
  /** `a.b.c=value`, merged over the sources; the value is YAML. */
  readonly sets?: readonly string[];
}

export interface Loaded {
  /** What could be read, which may be nothing. */
  readonly root: MapNode;
  /** A source could not be read, so that parts of the tree are not there. */
  readonly damaged: boolean;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

type Read = { readonly kind: "text"; readonly source: SourceText } | { readonly kind: "problem"; readonly problem: Finding };

/** Reads, merges and expands. Never rejects. */
export async function loadConfig({ configs, sets = [] }: Sources, providers: Providers): Promise<Loaded> {
  const problems: Finding[] = [];
  let root: TreeNode = emptyMap(configs[0] ?? "");
  for (const location of configs) {
    const read = await readSource(location, providers);
    if (read.kind === "problem") problems.push(read.problem);
    else root = mergeTrees(root, readMap(read.source, read.source.text, problems));
  }
  for (const set of sets) root = mergeTrees(root, readSet(set, problems));
  const expanded = await expandTree(root, providers);
  // Merging a map over a map gives a map, and so does expanding one.
  const map = expanded.root.kind === "map" ? expanded.root : emptyMap("");
  return { root: map, damaged: problems.length > 0, problems: [...problems, ...expanded.problems], warnings: expanded.warnings };
}

function emptyMap(source: string): MapNode {
  return { kind: "map", entries: new Map(), where: { source, line: 1, column: 1, lineText: "" } };
}

async function readSource(location: string, providers: Providers): Promise<Read> {
  const [scheme, rest] = splitScheme(location);
  switch (scheme) {
    case "yaml":
      return { kind: "text", source: new SourceText(location.split("\n", 1)[0] ?? "yaml:", rest) };
    case "env": {
      const text = providers.env(rest);
      if (text !== undefined) return { kind: "text", source: new SourceText(location, text) };
      return {
        kind: "problem",
        problem: { message: `Cannot read configuration "${location}": environment variable ${rest} is not set`, cure: `Set ${rest} to the YAML text` },
      };
    }
    case "http":
    case "https":
      return {
        kind: "problem",
        problem: { message: `Cannot read configuration "${location}": ${scheme}: is not supported`, cure: "Fetch the file before the start and give its path" },
      };
    default:
      return readFile(rest, providers);
  }
}

async function readFile(path: string, providers: Providers): Promise<Read> {
  try {
    return { kind: "text", source: new SourceText(path, await providers.readFile(path)) };
  } catch (error) {
    return {
      kind: "problem",
      problem: { message: `Cannot read configuration "${path}": ${messageOf(error)}`, cure: "Check the path and the file's permissions" },
    };
  }
}

/** A path without a scheme is a file; so is what begins with a drive letter. */
function splitScheme(location: string): readonly [scheme: string, rest: string] {
  const match = /^(yaml|env|file|https?):(.*)$/s.exec(location);
  return [match?.[1] ?? "file", match?.[2] ?? location];
}

/** The map in a source. `text` is what is parsed, in place of `source.text` and of the same offsets. */
function readMap(source: SourceText, text: string, problems: Finding[]): MapNode {
  const parsed = parseYaml(source, text);
  problems.push(...parsed.problems);
  const { root } = parsed;
  if (root?.kind === "map") return spread(root);
  if (root !== undefined && !(root.kind === "scalar" && root.value === null)) {
    problems.push({
      message: "Cannot read configuration: it is no map of sections",
      cure: "Begin with keys such as receivers: and service:",
      where: root.where,
    });
  }
  return emptyMap(source.name);
}

/** `a::b::c: v` at the top is `a: {b: {c: v}}`, as the Collector has it in every source. */
function spread(root: MapNode): MapNode {
  let made: TreeNode = { ...root, entries: new Map() };
  for (const [key, entry] of root.entries) made = mergeTrees(made, nest(key.split("::"), entry));
  return made.kind === "map" ? made : root;
}

function nest(keys: readonly string[], entry: Entry): MapNode {
  let value = entry.value;
  for (const key of keys.toReversed()) {
    value = { kind: "map", entries: new Map([[key, { keyWhere: entry.keyWhere, value }]]), where: entry.keyWhere };
  }
  // `split` gives one part at the least, so that the loop ran.
  return value.kind === "map" ? value : emptyMap(entry.keyWhere.source);
}

function readSet(set: string, problems: Finding[]): MapNode {
  const source = new SourceText("--set", set);
  const split = set.indexOf("=");
  const keys = set.slice(0, Math.max(split, 0)).trim().split(/\.|::/);
  if (split < 0 || keys.includes("")) {
    problems.push({
      message: `Cannot read --set "${set}": it has no key=value`,
      cure: "Write it like exporters.debug.verbosity=detailed",
      where: source.whereAt(0),
    });
    return emptyMap("--set");
  }
  // Blanks in place of the key keep the offsets, so that a place in the value is a place in `set`.
  const parsed = parseYaml(source, " ".repeat(split + 1) + set.slice(split + 1));
  problems.push(...parsed.problems);
  const keyWhere = source.whereAt(0);
  const value = parsed.root ?? { kind: "scalar", value: null, where: keyWhere };
  return nest(keys, { keyWhere, value });
}
