/**
 * `${...}` in values, by the Collector's rules: `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`,
 * `${file:path}`, `${yaml:text}`, innermost first; `$$` is a dollar sign. A value that is wholly one
 * reference takes the YAML type of what it refers to; inside a longer text everything is text.
 * Keys are not expanded. What a reference yields is expanded again.
 *
 * Limits: 100 expansions behind one another, 10,000 in one configuration, 1 MiB for one text.
 */
import { messageOf, SluiceError } from "../base/errors.ts";
import { parseYaml } from "./parse.ts";
import type { Finding, Where } from "./plan.ts";
import { SourceText } from "./source.ts";
import type { Entry, MapNode, TreeNode } from "./tree.ts";

const CHAIN_MAX = 100;
const EXPANSIONS_MAX = 10_000;
const TEXT_CHARACTERS_MAX = 1 << 20;

const VARIABLE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Scheme and what follows it. A scheme has two characters at least. */
const LOCATION = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s;

/** Where values come from. Injected: the core knows neither an environment nor files. */
export interface Providers {
  /** A variable's value; undefined when it is not set. */
  env(name: string): string | undefined;
  /** A file's text. Rejects when it cannot be read. */
  readFile(path: string): Promise<string>;
}

export interface Expanded {
  readonly root: TreeNode;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Expands every value below `root`. Each one that cannot be expanded is a problem, and stays as it is; never rejects. */
export async function expandTree(root: TreeNode, providers: Providers): Promise<Expanded> {
  const expander = new Expander(providers);
  const expanded = await expander.tree(root, 0);
  return { root: expanded, problems: expander.problems, warnings: expander.warnings };
}

/** Expands one value. Rejects with a SluiceError of code "config" when it cannot. */
export function expandValue(text: string, where: Where, providers: Providers): Promise<TreeNode> {
  return new Expander(providers).text(text, where, 0);
}

class Expander {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];
  readonly #providers: Providers;
  readonly #unset = new Set<string>();
  #expansions = 0;

  constructor(providers: Providers) {
    this.#providers = providers;
  }

  async tree(node: TreeNode, chain: number): Promise<TreeNode> {
    if (node.kind === "map") return this.#map(node, chain);
    if (node.kind === "list") {
      const items: TreeNode[] = [];
      for (const item of node.items) items.push(await this.tree(item, chain));
      return { ...node, items };
    }
    if (typeof node.value !== "string") return node;
    try {
      const read = await this.text(node.value, node.where, chain);
      return read.kind === "scalar" && read.value === node.value ? { ...read, inside: node.inside } : read;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.problems.push({ message: error.message, cure: error.cure, where: node.where });
      return node;
    }
  }

  async #map(node: MapNode, chain: number): Promise<MapNode> {
    const entries = new Map<string, Entry>();
    for (const [key, entry] of node.entries) entries.set(key, { ...entry, value: await this.tree(entry.value, chain) });
    return { ...node, entries };
  }

  async text(given: string, where: Where, chain: number): Promise<TreeNode> {
    let text = given;
    let whole = false;
    let referred = false;
    for (let depth = chain; ; depth++) {
      const reference = findReference(text);
      if (reference === undefined) break;
      this.#count(depth, reference);
      const found = await this.#retrieve(reference, where);
      referred = true;
      if (reference !== text) {
        text = replaceReference(text, reference, found.text);
        // Something was written around it, so the whole is text from here on.
        whole = false;
      } else if (found.kind === "scalar") {
        if (typeof found.value !== "string") return found;
        text = found.value;
        whole = true;
      } else {
        const nested = await this.tree(found, depth + 1);
        return { ...nested, text: found.text === undefined ? undefined : unescape(found.text) };
      }
    }
    const value = unescape(text);
    return { kind: "scalar", value, where, text: whole ? value : undefined, referred };
  }

  #count(depth: number, reference: string): void {
    this.#expansions++;
    if (depth < CHAIN_MAX && this.#expansions <= EXPANSIONS_MAX) return;
    const limit = depth < CHAIN_MAX ? `${EXPANSIONS_MAX} in one configuration` : `${CHAIN_MAX} behind one another`;
    throw new SluiceError("config", `Cannot expand ${quoted(reference)}: more expansions than ${limit}`, { cure: "Look for a value that refers to itself" });
  }

  async #retrieve(reference: string, where: Where): Promise<TreeNode> {
    const { scheme, rest } = parseReference(reference);
    switch (scheme) {
      case "env":
        return this.#variable(reference, rest, where);
      case "yaml":
        return yamlValue(rest, where);
      case "file":
        return this.#file(reference, rest, where);
      default:
        throw unsupported(reference, scheme);
    }
  }

  #variable(reference: string, rest: string, where: Where): TreeNode {
    const split = rest.indexOf(":-");
    const name = split < 0 ? rest : rest.slice(0, split);
    if (!VARIABLE_NAME.test(name)) {
      const cure = 'Use letters, digits and underscores, with no digit first; write "$$" for a dollar sign';
      throw new SluiceError("config", `Cannot expand ${quoted(reference)}: ${quoted(name)} is no name of an environment variable`, { cure });
    }
    const value = this.#providers.env(name);
    if (value !== undefined) return yamlValue(value, where);
    if (split >= 0) return yamlValue(rest.slice(split + 2), where);
    if (!this.#unset.has(name)) {
      this.#unset.add(name);
      const cure = `Set ${name}, or give a default: \${env:${name}:-default}`;
      this.warnings.push({ message: `Environment variable ${name} is not set: its value is empty here`, cure, where });
    }
    return yamlValue("", where);
  }

  async #file(reference: string, path: string, where: Where): Promise<TreeNode> {
    let text: string;
    try {
      text = await this.#providers.readFile(path);
    } catch (error) {
      const cure = "Correct the path (it is relative to the working directory), or the file's permissions";
      throw new SluiceError("config", `Cannot expand ${quoted(reference)}: ${messageOf(error)}`, { cure, cause: error });
    }
    const { root } = parseYaml(new SourceText(path, text));
    // A map or list keeps the places in its file; a single value stands where the reference stands.
    if (root === undefined || root.kind === "scalar") return yamlValue(text, where);
    return { ...root, text };
  }
}

/**
 * The first reference that can be expanded: from the innermost `${` before the first `}` to that.
 * One behind an odd number of dollar signs is escaped, and passed over.
 */
function findReference(text: string): string | undefined {
  for (let from = 0; ;) {
    const close = text.indexOf("}", from);
    if (close < 0) return undefined;
    const open = text.lastIndexOf("${", close);
    if (open >= from) {
      let dollars = 0;
      while (text[open - 1 - dollars] === "$") dollars++;
      if (dollars % 2 === 0) return text.slice(open, close + 1);
    }
    from = close + 1;
  }
}

function replaceReference(text: string, reference: string, by: string | undefined): string {
  if (by === undefined) {
    throw new SluiceError("config", `Cannot expand ${quoted(reference)}: it has no text to put into a longer text`, {
      cure: "Let the reference be the whole value",
    });
  }
  // Escaped twins of the reference stay: `$${X}` is the text "${X}".
  let made = "";
  let from = 0;
  for (let at = text.indexOf(reference); at >= 0; at = text.indexOf(reference, at + reference.length)) {
    let dollars = 0;
    while (text[at - 1 - dollars] === "$") dollars++;
    if (dollars % 2 === 1) continue;
    made += text.slice(from, at) + by;
    from = at + reference.length;
    if (made.length > TEXT_CHARACTERS_MAX) break;
  }
  if (made.length + text.length - from <= TEXT_CHARACTERS_MAX) return made + text.slice(from);
  throw new SluiceError("config", `Cannot expand ${quoted(reference)}: the text grows past ${TEXT_CHARACTERS_MAX} characters`, {
    cure: "Look for a value that refers to itself",
  });
}

function parseReference(reference: string): { readonly scheme: string; readonly rest: string } {
  const inner = reference.slice(2, -1);
  if (!inner.includes(":")) return { scheme: "env", rest: inner };
  const match = LOCATION.exec(inner);
  const [, scheme, rest] = match ?? [];
  if (scheme === undefined || rest === undefined) throw invalid(reference, inner);
  if (rest.includes("$")) {
    throw new SluiceError("config", `Cannot expand ${quoted(reference)}: a reference may not hold "$"`, {
      cure: "Put the value with the dollar sign into a variable or a file",
    });
  }
  return { scheme, rest };
}

function invalid(reference: string, inner: string): SluiceError {
  const name = inner.slice(0, inner.indexOf(":"));
  const cure = VARIABLE_NAME.test(name)
    ? `Write \${env:${inner}}: a default needs the "env:" in front`
    : "Write ${env:NAME}, ${env:NAME:-default} or ${file:path}";
  return new SluiceError("config", `Cannot expand ${quoted(reference)}: invalid uri`, { cure });
}

function unsupported(reference: string, scheme: string): SluiceError {
  const after = reference.slice(3 + scheme.length);
  const cure = after.startsWith("-")
    ? `Write \${env:${reference.slice(2)}: a default needs the "env:" in front`
    : "Known are env:, file: and yaml:; for http: and https:, fetch the file before the start";
  return new SluiceError("config", `Cannot expand ${quoted(reference)}: scheme ${quoted(scheme)} is not supported`, { cure });
}

/**
 * The YAML value of a text, standing at `where`. A string is the text itself, as it is, quotes
 * included, and so is what is not YAML at all.
 */
export function yamlValue(text: string, where: Where): TreeNode {
  const { root } = parseYaml(new SourceText(where.source, text));
  if (root === undefined || (root.kind === "scalar" && typeof root.value === "string")) return { kind: "scalar", value: text, where, text, referred: true };
  return { ...moveTo(root, where), text };
}

function moveTo(node: TreeNode, where: Where): TreeNode {
  const at = { where, referred: true };
  if (node.kind === "scalar") return { ...node, ...at };
  if (node.kind === "list") return { ...node, ...at, items: node.items.map((item) => moveTo(item, where)) };
  const moved = [...node.entries].map(([key, { value }]) => [key, { keyWhere: where, value: moveTo(value, where) }] as const);
  return { ...node, ...at, entries: new Map(moved) };
}

function unescape(text: string): string {
  return text.replaceAll("$$", () => "$");
}

/** In quotes, cut: a reference may have grown from a secret's text. */
function quoted(text: string): string {
  return `"${text.length <= 80 ? text : `${text.slice(0, 77)}...`}"`;
}
