/** Which context a path belongs to, and what that context makes of it. */
import type { Context, Tools } from "../contract.ts";
import { type Node, type PathNode, pathText, type SegmentNode } from "../syntax/ast.ts";
import { refuse } from "../syntax/issue.ts";
import type { Compiled } from "./compiled.ts";
import { suggestion } from "./names.ts";

interface Rooted {
  readonly root: string;
  readonly segments: readonly SegmentNode[];
}

export function compilePath(
  node: PathNode,
  context: Context,
  { tools, prefixed }: { readonly tools: Tools; readonly prefixed: boolean },
  keysOf: (keys: readonly Node[]) => Compiled[],
): Compiled {
  const { root, segments } = prefixed ? prefixedRoot(node, context) : plainRoot(node, context);
  const parts = segments.map(({ name, keys, offset }) => ({ name, keys: keysOf(keys), offset }));
  const result = context.path(root, parts, tools);
  if (!("message" in result)) {
    const keyReads = parts.flatMap(({ keys }) => keys.flatMap(({ reads }) => reads));
    return { ...result, reads: [...new Set([...result.reads, ...keyReads])], literal: false };
  }
  const wrong = segments[result.segment] ?? node;
  return refuse(result.message, wrong, "name" in wrong ? suggestion(wrong.name, result.known) : undefined);
}

/** The path as it is called with its context in front; undefined for the statements' own `cache`, which is no field. The path is one that compiles. */
export function fieldName(node: PathNode, context: Context, prefixed: boolean): string | undefined {
  const { root, segments } = prefixed ? prefixedRoot(node, context) : plainRoot(node, context);
  if (root === context.name && segments[0]?.name === "cache") return undefined;
  return [root, ...segments.map(({ name, keys }) => `${name}${keys.map(keyText).join("")}`)].join(".");
}

function keyText(key: Node): string {
  if (key.kind === "string") return `[${JSON.stringify(key.value)}]`;
  return key.kind === "int" ? `[${key.value}]` : "[...]";
}

/** The name that a path begins with when a field follows: only then can it be a context's. */
export function contextOf({ segments }: PathNode): SegmentNode | undefined {
  const [first] = segments;
  return segments.length > 1 && first?.keys.length === 0 ? first : undefined;
}

function prefixedRoot(node: PathNode, { name, roots }: Context): Rooted {
  const first = contextOf(node);
  if (first === undefined) {
    return refuse(`The path ${pathText(node)} does not say its context`, node, `Write ${name}.${pathText(node)}`);
  }
  if (!roots.includes(first.name)) {
    const cure = suggestion(first.name, roots) ?? `Known here: ${roots.join(", ")}`;
    return refuse(`The path ${pathText(node)} names the context ${JSON.stringify(first.name)}, which is not at hand in ${name}`, first, cure);
  }
  return { root: first.name, segments: node.segments.slice(1) };
}

function plainRoot(node: PathNode, { name, roots }: Context): Rooted {
  const first = contextOf(node);
  if (first !== undefined && roots.includes(first.name)) return { root: first.name, segments: node.segments.slice(1) };
  return { root: name, segments: node.segments };
}
