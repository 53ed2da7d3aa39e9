/**
 * A step: one stateless rule. It is shown each message of its level and keeps it or drops it; what it
 * sets through the views is recorded by the walk. Neighbouring steps fuse into one walk when item by
 * item gives what one after the other gives, which the declarations here decide.
 */
import type { Cursor } from "../otlp/cursor.ts";
import { GROUP_LEVEL, ITEM_LEVEL, POINT_LEVEL, SCOPE_LEVEL } from "../otlp/tape.ts";

/** Below the tape: what a span or a data point holds is found in it. A span has no points, so the two share a depth. */
export const EVENT_LEVEL = POINT_LEVEL;
export const EXEMPLAR_LEVEL = POINT_LEVEL + 1;

/** The scope of a resource's items, the item (span, metric, log record, profile), a metric's data point, a span's event, a point's exemplar. */
export type Level = "resource" | "scope" | "item" | "point" | "event" | "exemplar";

const DEPTH: Readonly<Record<Level, number>> = {
  resource: GROUP_LEVEL,
  scope: SCOPE_LEVEL,
  item: ITEM_LEVEL,
  point: POINT_LEVEL,
  event: EVENT_LEVEL,
  exemplar: EXEMPLAR_LEVEL,
};

export interface Step {
  /** The component's id as configured, for its counters. */
  readonly component: string;
  /** What `run` is called for: each resource, scope, item (span, metric, log record), data point, span event or exemplar. */
  readonly level: Level;
  /** Levels whose fields it reads. */
  readonly reads: readonly Level[];
  /** Levels whose fields it writes. */
  readonly writes: readonly Level[];
  /** Whether it may return false. */
  readonly drops: boolean;
  /** Whether it may put another metric in a metric's place, or add some, by the cursor's `editor`. Level item or point, of metrics. */
  readonly replaces?: boolean;
  /** Whether parents that came in empty go, too: resources alone, or resources and scopes. Default: they stay. */
  readonly prunes?: "resources" | "parents";
  /** Label of the counter of what it drops. */
  readonly dropReason: string;
  /** True keeps the message, false drops it with all below it. */
  run(cursor: Cursor): boolean;
}

export function depthOf(level: Level): number {
  return DEPTH[level];
}

/** Whether a step writes above the messages that it is called for. */
export function writesAbove(step: Step): boolean {
  return step.writes.some((level) => depthOf(level) < depthOf(step.level));
}

/** Whether `next` may share a walk with the steps before it. */
export function fuses(before: readonly Step[], next: Step): boolean {
  return before.every((step) => pairFuses(step, next));
}

function pairFuses(first: Step, next: Step): boolean {
  // What the later step is shown of other messages than its own is as the request had it.
  if (writesAbove(first) || first.replaces === true) return false;
  const behind = depthOf(next.level) >= depthOf(first.level);
  // Replaced whole, a metric takes no edits of what is deeper in it; and what is deeper is not found in what was set.
  if (!behind && next.replaces === true) return false;
  if (depthOf(next.level) > depthOf(first.level) && writesBelow(first)) return false;
  // It looks at more than its own message: at the points beside its own, at what they hold.
  if (depthOf(next.level) === depthOf(first.level) && looksBelow(next) && changesPeers(first)) return false;
  if (behind) return true;
  // The later step is called earlier, on entering the parent: nothing either does may matter to the other.
  const written = first.drops ? [...first.writes, first.level] : first.writes;
  return !next.drops && !touches(first.reads, next.writes) && !touches(next.reads, written) && !touches(first.writes, next.writes);
}

function writesBelow({ level, writes }: Step): boolean {
  return writes.some((written) => depthOf(written) > depthOf(level));
}

function looksBelow({ level, reads }: Step): boolean {
  return reads.some((read) => depthOf(read) > depthOf(level));
}

function changesPeers({ level, drops, writes }: Step): boolean {
  return (drops || writes.length > 0) && depthOf(level) >= POINT_LEVEL;
}

function touches(one: readonly Level[], other: readonly Level[]): boolean {
  return one.some((level) => other.includes(level));
}

/** Cuts a row of steps into runs: each run is one walk, one script, one apply. */
export function planRuns(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last !== undefined && fuses(last, step)) last.push(step);
    else runs.push([step]);
  }
  return runs;
}
