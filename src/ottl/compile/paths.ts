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
