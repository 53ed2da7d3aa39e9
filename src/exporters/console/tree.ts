/** Spans of one trace as a tree in the order in which it is printed. */
import { id, type Message, text, whole } from "../../otlp/read.ts";

export interface Span {
  readonly service: string;
  readonly span: Message;
  readonly start: bigint;
  readonly end: bigint;
}

export interface Row extends Span {
  /** Lines of the tree in front of the name, and of what belongs to the span beneath it. */
  readonly branch: string;
  readonly trunk: string;
  /** It has a parent, which is not here. */
  readonly orphan: boolean;
}

/** Levels whose lines are drawn; deeper ones begin with an ellipsis. */
const LEVELS_MAX = 8;

interface Open {
  readonly span: Span;
  readonly guides: readonly boolean[];
  readonly orphan: boolean;
}

export function spanOf(service: string, span: Message): Span {
  const start = whole(span, "startTimeUnixNano");
  const end = whole(span, "endTimeUnixNano");
  return { service, span, start, end: end < start ? start : end };
}

/**
 * Every span once, parents before children, siblings by their start. Circles of parents, and the
 * second span of one id, are shown as roots.
 */
export function treeRows(spans: readonly Span[]): Row[] {
  const ids = new Set(spans.map(({ span }) => text(span, "spanId")));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const one of spans.toSorted(byStart)) {
    const parent = id(one.span, "parentSpanId");
    if (parent === "" || !ids.has(parent)) roots.push(one);
    else childrenOf(children, parent).push(one);
  }
  const rows: Row[] = [];
  const seen = new Set<Span>();
  walk(roots, children, seen, rows, true);
  // What is left hangs in a circle: it is cut open at its first span.
  for (const one of spans) if (!seen.has(one)) walk([one], children, seen, rows, false);
  return rows;
}

function childrenOf(children: Map<string, Span[]>, parent: string): Span[] {
  const known = children.get(parent);
  if (known !== undefined) return known;
  const made: Span[] = [];
  children.set(parent, made);
  return made;
}

function walk(roots: readonly Span[], children: Map<string, Span[]>, seen: Set<Span>, rows: Row[], orphans: boolean): void {
  const stack: Open[] = roots.map((span) => ({ span, guides: [], orphan: orphans && id(span.span, "parentSpanId") !== "" })).toReversed();
  for (let open = stack.pop(); open !== undefined; open = stack.pop()) {
    if (seen.has(open.span)) continue;
    seen.add(open.span);
    const key = text(open.span.span, "spanId");
    const below = (children.get(key) ?? []).filter((span) => !seen.has(span));
    // A second span of the same id has no children of its own.
    children.delete(key);
    rows.push({ ...open.span, branch: branchOf(open.guides), trunk: trunkOf(open.guides, below.length > 0), orphan: open.orphan });
    for (const [index, span] of below.toReversed().entries()) stack.push({ span, guides: [...open.guides, index > 0], orphan: false });
  }
}

function byStart(a: Span, b: Span): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

/** `guides` say of each level whether siblings follow there. */
function branchOf(guides: readonly boolean[]): string {
  if (guides.length === 0) return "";
  return above(guides.slice(0, -1)) + (guides.at(-1) === true ? "├─ " : "└─ ");
}

function trunkOf(guides: readonly boolean[], parent: boolean): string {
  return `${above(guides)}${parent ? "│  " : "   "}`;
}

function above(guides: readonly boolean[]): string {
  const drawn = guides.slice(-LEVELS_MAX).map((more) => (more ? "│  " : "   "));
  return (guides.length > LEVELS_MAX ? "⋯ " : "") + drawn.join("");
}
