/**
 * A configuration as a tree in which every key and value knows where it was written. Merging and
 * expanding make new trees and keep those places, so that any later complaint can name its line.
 */
import type { Where } from "./plan.ts";

export type Scalar = string | number | bigint | boolean | null;

interface Placed {
  readonly where: Where;
  /**
   * The text of the one `${...}` that the whole value came from. A key of type string takes it in
   * place of the typed value, as in the Collector.
   */
  readonly text?: string | undefined;
  /** Came from a `${...}`, wholly or in part: it may be a secret, and no message repeats it. */
  readonly referred?: boolean | undefined;
}

export interface ScalarNode extends Placed {
  readonly kind: "scalar";
  readonly value: Scalar;
  /** Where a character of a text stands, by its index in UTF-16 units; undefined when it was not written here as it is. */
  readonly inside?: ((index: number) => Where) | undefined;
}

export interface ListNode extends Placed {
  readonly kind: "list";
  readonly items: readonly TreeNode[];
}

export interface Entry {
  /** Where the key stands. */
  readonly keyWhere: Where;
  readonly value: TreeNode;
}

export interface MapNode extends Placed {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

export type TreeNode = ScalarNode | ListNode | MapNode;

export type Path = readonly (string | number)[];

/** How a message calls what was found. */
export function describeNode(node: TreeNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  if (node.value === null) return "nothing";
  switch (typeof node.value) {
    case "string":
      return "a string";
    case "boolean":
      return "a boolean";
    default:
      return "a number";
  }
}

/** What `path` leads to below `root`, as far as it exists. `keyWhere` is the last key on the way. */
export function locate(root: TreeNode, path: Path): { readonly node: TreeNode | undefined; readonly keyWhere: Where } {
  let node: TreeNode | undefined = root;
  let keyWhere = root.where;
  for (const step of path) {
    if (node?.kind === "map") {
      const entry: Entry | undefined = node.entries.get(String(step));
      if (entry === undefined) return { node: undefined, keyWhere };
      keyWhere = entry.keyWhere;
      node = entry.value;
    } else if (node?.kind === "list") {
      node = node.items[Number(step)];
      if (node !== undefined) keyWhere = node.where;
    } else {
      return { node: undefined, keyWhere };
    }
  }
  return { node, keyWhere };
}

/** `a.b[0].c`; a key that holds a dot or a bracket is quoted. */
export function pathText(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += `${text === "" ? "" : "."}${/^[^.[\]"\s]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return text;
}

/** What a node stands for when it is made plain: itself, its text, or nothing at all. */
export type Reading = "text" | "absent";

/** The plain value that a schema parses. Keys of `readings` differ from what is written, see `Reading`. */
export function toPlain(node: TreeNode, readings: ReadonlyMap<TreeNode, Reading> = new Map()): unknown {
  const reading = readings.get(node);
  if (reading === "absent") return undefined;
  if (reading === "text" && node.text !== undefined) return node.text;
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map((item) => toPlain(item, readings));
  const pairs: [string, unknown][] = [];
  for (const [key, { value }] of node.entries) {
    const plain = toPlain(value, readings);
    if (plain !== undefined) pairs.push([key, plain]);
  }
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return Object.fromEntries(pairs);
}

/** Maps are merged key by key, everything else of `over` replaces what `base` has: the Collector's rule. */
export function mergeTrees(base: TreeNode, over: TreeNode): TreeNode {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const old = entries.get(key);
    entries.set(key, old === undefined ? entry : { keyWhere: entry.keyWhere, value: mergeTrees(old.value, entry.value) });
  }
  return { kind: "map", entries, where: over.where };
}
