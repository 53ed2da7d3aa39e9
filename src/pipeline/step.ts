/**
 * A step: one stateless rule. It is shown each message of its level and keeps it or drops it; what it
 * sets through the views is recorded by the walk. Neighbouring steps fuse into one walk when item by
 * item gives what one after the other gives, which the declarations here decide.
 */
import type { Signal } from "../base/signal.ts";
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

/** OTTL's name of the context of a signal's items. */
const ITEMS: Readonly<Record<Signal, string>> = { traces: "span", metrics: "metric", logs: "log", profiles: "profile" };

/**
 * Fields by name, for people: as OTTL's paths begin with their context (`span.name`,
 * `resource.attributes["service.name"]`), a function that looks by itself as its call (`IsRootSpan()`).
 */
export interface Fields {
  readonly reads: readonly string[];
  /** Those that are set, added or removed. */
  readonly writes: readonly string[];
}

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
  /** Whether it may end the whole request: what fails where an error propagates. */
  readonly fails?: boolean;
  /** Whether parents that came in empty go, too: resources alone, or resources and scopes. Default: they stay. */
  readonly prunes?: "resources" | "parents";
  /** What `reads` and `writes` come to, for `sluice explain`: nothing is decided by it. */
  readonly fields?: Fields;
  /** Label of the counter of what it drops. */
  readonly dropReason: string;
  /** True keeps the message, false drops it with all below it. */
  run(cursor: Cursor): boolean;
}

export function depthOf(level: Level): number {
  return DEPTH[level];
}

/** What the messages of a level are called: OTTL's name of the context. */
export function levelName(level: Level, signal: Signal): string {
  switch (level) {
    case "item":
      return ITEMS[signal];
    case "point":
      return "datapoint";
    case "event":
      return "spanevent";
    default:
      return level;
  }
}

/** Whether a step writes above the messages that it is called for. */
export function writesAbove(step: Step): boolean {
  return levelsAbove(step, step.writes).length > 0;
}

/** Why a step does not share a walk with one before it: fused, it would not give what one after the other gives. */
export type ApartReason =
  /** The earlier one writes to what is above its messages: the later one would see some of it as the request had it. */
  | "writes_above"
  /** The earlier one puts other metrics in the place of metrics. */
  | "replaces_metrics"
  /** The later one replaces metrics whole, and with them the edits of the earlier one deeper in them. */
  | "replaces_edited"
  /** The earlier one sets what the later one's messages are found in. */
  | "writes_below"
  /** The later one looks at more than its own message, and the earlier one changes what is beside it. */
  | "changes_peers"
  /** In one walk the later one would be called first, on entering the parent, and drop what the earlier one has to see. */
  | "drops_unseen"
  /** It would be called first, on parents too that the earlier one empties, and write above them or end the request. */
  | "acts_on_emptied"
  /** It would write what the earlier one has still to read. */
  | "writes_unread"
  /** It would be called first, and read what the earlier one has still to change. */
  | "reads_unwritten"
  /** It would be called first, and both write the same. */
  | "writes_both";

/** Two steps that do not fuse. */
export interface Apart {
  readonly reason: ApartReason;
  readonly first: Step;
  readonly next: Step;
  /** The levels that it is about. */
  readonly levels: readonly Level[];
}

/** Why `next` may not share a walk with the steps before it: of those that it is apart from, the last; undefined when it may. */
export function whyApart(before: readonly Step[], next: Step): Apart | undefined {
  for (let index = before.length - 1; index >= 0; index--) {
    const first = before[index];
    const apart = first === undefined ? undefined : pairApart(first, next);
    if (apart !== undefined) return apart;
  }
  return undefined;
}

function pairApart(first: Step, next: Step): Apart | undefined {
  const apart = (reason: ApartReason, levels: readonly Level[]): Apart => ({ reason, first, next, levels });
  // What the later step is shown of other messages than its own is as the request had it.
  if (writesAbove(first)) return apart("writes_above", levelsAbove(first, first.writes));
  if (first.replaces === true) return apart("replaces_metrics", ["item"]);
  // Nor is what the earlier step is shown there: its later items would see what the later step wrote for those before them.
  const ahead = common(levelsAbove(first, next.writes), first.reads);
  if (ahead.length > 0) return apart("writes_unread", ahead);
  const behind = depthOf(next.level) >= depthOf(first.level);
  // Replaced whole, a metric takes no edits of what is deeper in it; and what is deeper is not found in what was set.
  if (!behind && next.replaces === true) return apart("replaces_edited", [first.level]);
  if (depthOf(next.level) > depthOf(first.level) && levelsBelow(first, first.writes).length > 0) {
    return apart("writes_below", levelsBelow(first, first.writes));
  }
  // It looks at more than its own message: at the points beside its own, at what they hold.
  if (depthOf(next.level) === depthOf(first.level) && levelsBelow(next, next.reads).length > 0 && changesPeers(first)) {
    return apart("changes_peers", [first.level]);
  }
  if (behind) return undefined;
  // The later step is called earlier, on entering the parent, and on parents too that the earlier one will empty: nothing must be left of that.
  if (next.drops) return apart("drops_unseen", [next.level]);
  if (first.drops && (next.fails === true || writesAbove(next))) return apart("acts_on_emptied", [next.level]);
  // Nothing that either does may matter to the other.
  const unread = common(first.reads, next.writes);
  if (unread.length > 0) return apart("writes_unread", unread);
  const unwritten = common(next.reads, first.drops ? [...first.writes, first.level] : first.writes);
  if (unwritten.length > 0) return apart("reads_unwritten", unwritten);
  const both = common(first.writes, next.writes);
  return both.length > 0 ? apart("writes_both", both) : undefined;
}

function levelsAbove({ level }: Step, levels: readonly Level[]): readonly Level[] {
  return levels.filter((one) => depthOf(one) < depthOf(level));
}

function levelsBelow({ level }: Step, levels: readonly Level[]): readonly Level[] {
  return levels.filter((one) => depthOf(one) > depthOf(level));
}

function changesPeers({ level, drops, writes }: Step): boolean {
  return (drops || writes.length > 0) && depthOf(level) >= POINT_LEVEL;
}

function common(one: readonly Level[], other: readonly Level[]): readonly Level[] {
  return one.filter((level) => other.includes(level));
}

/** Cuts a row of steps into runs: each run is one walk, one script, one apply. */
export function planRuns(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last !== undefined && whyApart(last, step) === undefined) last.push(step);
    else runs.push([step]);
  }
  return runs;
}
