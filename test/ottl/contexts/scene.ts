/** Paths of contexts, run as steps over real requests, and the same walk over the judge's objects. */
import type { Signal } from "../../../src/base/signal.ts";
import type { Engine } from "../../../src/otlp/engine.ts";
import { Counters } from "../../../src/pipeline/counters.ts";
import { Run } from "../../../src/pipeline/run.ts";
import { type Level, planRuns, type Step } from "../../../src/pipeline/step.ts";
import type { Context, Operand, PathResult, PathSegment, Tools } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import type { Value } from "../../../src/ottl/value.ts";
import { admitted, batchBytes, batchOf } from "../../harness/engine.ts";
import { list } from "../../harness/multiset.ts";

/** A name and its keys, or a name alone. */
export type Part = string | readonly [name: string, ...keys: Value[]];

export function toolsOf(engine: Engine): Tools {
  return { engine, runtime: "test", now: () => 0n, random: () => 0, log: () => undefined };
}

export function constant(value: Value): Operand {
  return { get: () => value, set: undefined, constant: { value }, place: undefined, setBody: undefined, reads: [], writes: [] };
}

/** A text, empty for any other value. */
export function textOf(value: Value): string {
  return typeof value === "string" ? value : "";
}

/** A key that is the same value, but computed for each item. */
export function computed(value: Value): Operand {
  return { ...constant(value), constant: undefined };
}

export function pathIn(engine: Engine, context: Context, root: string, parts: readonly Part[], key: (value: Value) => Operand = constant): PathResult {
  const segments = parts.map((one, offset): PathSegment => {
    const [name, ...keys] = typeof one === "string" ? [one] : one;
    return { name, keys: keys.map(key), offset };
  });
  return context.path(root, segments, toolsOf(engine));
}

export function operandIn(engine: Engine, context: Context, root: string, parts: readonly Part[], key?: (value: Value) => Operand): Operand {
  const found = pathIn(engine, context, root, parts, key);
  if ("message" in found) throw new Error(`${root}: ${found.message}`);
  return found;
}

/** A step in a context, which shares a subject from item to item. */
export function stepIn({ level }: Context, operands: readonly Operand[], each: (subject: Subject) => boolean | void, parts: Partial<Step> = {}): Step {
  let subject: Subject | undefined;
  const unique = (levels: readonly Level[]): Level[] => [...new Set(levels)];
  return {
    component: "test",
    level,
    reads: unique(operands.flatMap(({ reads }) => reads)),
    writes: unique(operands.flatMap(({ writes }) => writes)),
    drops: false,
    dropReason: "test",
    run: (cursor) => {
      if (subject?.cursor !== cursor) subject = new Subject(cursor);
      return each(subject) !== false;
    },
    ...parts,
  };
}

/** The request after the steps, run as planned or each in a walk of its own; every block is given back. */
export function runSteps(
  engine: Engine,
  signal: Signal,
  bytes: Uint8Array,
  steps: readonly Step[],
  fused = true,
): { bytes: Uint8Array; items: number; counters: Counters } {
  const counters = new Counters();
  let batch = batchOf(signal, admitted(engine, signal, bytes));
  for (const row of fused ? planRuns(steps) : steps.map((step) => [step])) {
    const next = new Run(engine, signal, row, counters).run(batch);
    batch.release();
    batch = next;
  }
  const result = { bytes: batchBytes(batch), items: batch.items, counters };
  batch.release();
  return result;
}

export type Editable = Record<string, unknown>;

/** The messages around, and at, what is walked. */
export type At = Readonly<Record<"group" | "resource" | "scopeGroup" | "scope" | "item" | "data" | "point" | "inner", Editable>>;

const NAMES: Readonly<Record<Signal, readonly [string, string, string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  profiles: ["resourceProfiles", "scopeProfiles", "profiles"],
};
export const SHAPES = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;

/** Calls `edit` for each message of the level. */
export function visit(signal: Signal, object: Editable, level: Level, edit: (at: At) => void): void {
  const [groups, scopes, items] = NAMES[signal];
  const none: Editable = {};
  for (const group of children(object, groups)) {
    const resource = part(group, "resource");
    const top = { group, resource, scopeGroup: none, scope: none, item: none, data: none, point: none, inner: none };
    if (level === "resource") edit(top);
    else
      for (const scopeGroup of children(group, scopes)) {
        const inScope = { ...top, scopeGroup, scope: part(scopeGroup, "scope") };
        if (level === "scope") edit(inScope);
        else for (const item of children(scopeGroup, items)) visitItem({ ...inScope, item, data: dataOf(item) }, level, edit);
      }
  }
}

function visitItem(at: At, level: Level, edit: (at: At) => void): void {
  if (level === "item") return edit(at);
  if (level === "event") for (const inner of children(at.item, "events")) edit({ ...at, inner });
  else
    for (const point of children(at.data, "dataPoints")) {
      if (level === "point") edit({ ...at, point });
      else for (const inner of children(point, "exemplars")) edit({ ...at, point, inner });
    }
}

function dataOf(item: Editable): Editable {
  for (const shape of SHAPES) if (item[shape] !== undefined) return part(item, shape);
  return {};
}

export function children(message: Editable, key: string): readonly Editable[] {
  return list(message, key);
}

export function part(message: Editable, key: string): Editable {
  message[key] ??= {};
  return message[key] as Editable; // a message, or the one just made
}

/** Objects alike but for the order of keys, and for empty and absent messages and lists. */
export function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${Array.from(value).join(".")}`;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, normal(inner)] as const)
    .filter(([key, inner]) => !(isEmpty(inner) && (Array.isArray(inner) || MADE.has(key))))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

const MADE = new Set(["resource", "scope", "status", "positive", "negative"]);

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
