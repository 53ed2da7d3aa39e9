/**
 * A step: one stateless rule. It is shown each message of its level and keeps it or drops it; what it
 * sets through the views is recorded by the walk. Neighbouring steps fuse into one walk when item by
 * item gives what one after the other gives, which the declarations here decide.
 */
import type { Cursor } from "../otlp/cursor.ts";
import { GROUP_LEVEL, ITEM_LEVEL, POINT_LEVEL, SCOPE_LEVEL } from "../otlp/tape.ts";

export type Level = "resource" | "scope" | "item" | "point";

const DEPTH: Readonly<Record<Level, number>> = {
  resource: GROUP_LEVEL,
  scope: SCOPE_LEVEL,
  item: ITEM_LEVEL,
  point: POINT_LEVEL,
};

export interface Step {
  /** The component's id as configured, for its counters. */
  readonly component: string;
  /** What `run` is called for: each resource, scope, item (span, metric, log record) or data point. */
  readonly level: Level;
  /** Levels whose fields it reads. */
  readonly reads: readonly Level[];
  /** Levels whose fields it writes. */
  readonly writes: readonly Level[];
  /** Whether it may return false. */
  readonly drops: boolean;
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
  if (writesAbove(first)) return false;
  if (depthOf(next.level) >= depthOf(first.level)) return true;
  // The later step is called earlier, on entering the parent: nothing either does may matter to the other.
  return !next.drops && !touches(first.reads, next.writes) && !touches(next.reads, first.writes) && !touches(first.writes, next.writes);
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
