/** What arrived behind a connector, as both sides' answers are compared. */
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import type { Plain } from "../harness/judge.ts";
import { normal } from "./normal.ts";

/** Lists of groups and of scopes, which are compared in any order. */
const GROUPS = ["resourceSpans", "resourceMetrics", "resourceLogs", "scopeSpans", "scopeMetrics", "scopeLogs"];
/** What makes a message of these lists more than an empty parent. */
const CONTENTS = [...GROUPS, "spans", "metrics", "logRecords"];
/** Lists of what may stand with others of the same parent. */
const CHILDREN = [...GROUPS, "metrics", "dataPoints"];
const DATA = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
const TIMES = ["startTimeUnixNano", "timeUnixNano"];
/** Requests are of 2024: what is later was the time of the recording. */
const REQUESTS_END = 1_750_000_000_000_000_000n;

/**
 * Requests laid end to end are one. Where no item arrived there is no entry: parents without any, which
 * the Collector passes on, go nowhere here (docs/connectors/routing.md). Nor are metrics looked at that
 * have data, but no point in it: a route about data points loses them there.
 */
export function arrivedIn(pipelines: readonly string[], requestsOf: (pipeline: string, index: number) => readonly Uint8Array[]): Record<string, unknown> {
  const arrived: Record<string, unknown> = {};
  for (const [index, pipeline] of pipelines.entries()) {
    const requests = requestsOf(pipeline, index);
    const whole = Uint8Array.from(requests.flatMap((bytes) => [...bytes]));
    const withItems = gathered(pruned(normal(signalOf(pipeline), whole, ["dataPoints", "metrics", ...GROUPS])));
    if (Object.keys(withItems).length > 0) arrived[pipeline] = withItems;
  }
  return arrived;
}

function signalOf(pipeline: string): Signal {
  const signal = SIGNALS.find((one) => pipeline.startsWith(`${one}/`));
  if (signal === undefined) throw new Error(`Cannot compare the pipeline "${pipeline}": it is of no signal`);
  return signal;
}

/** Without parents that hold nothing, and without times of now. */
function pruned(message: Plain): Plain {
  const kept = Object.entries(message).flatMap(([key, value]): [string, unknown][] => {
    if (TIMES.includes(key) && BigInt(String(value)) > REQUESTS_END) return [];
    if (!Array.isArray(value)) return [[key, isPlain(value) ? pruned(value) : value]];
    const list = value.map((one: unknown) => (isPlain(one) ? pruned(one) : one));
    const full = list.filter((one) => !isPlain(one) || isFull(key, one));
    return full.length === 0 ? [] : [[key, full]];
  });
  return Object.fromEntries(kept);
}

/** What has the same resource, scope or metric around it stands together, in an order of its own. */
function gathered(message: Plain): Plain {
  const [key, list] = Object.entries(message).find(([name]) => CHILDREN.includes(name)) ?? [];
  if (key === undefined) {
    const data = DATA.find((name) => name in message);
    const inner = data === undefined ? undefined : message[data];
    return data !== undefined && isPlain(inner) ? { ...message, [data]: gathered(inner) } : message;
  }
  const byParent = new Map<string, Plain>();
  for (const one of Array.isArray(list) ? list.filter(isPlain) : []) {
    const parent = JSON.stringify(withChildren(one, () => []));
    const before = byParent.get(parent);
    byParent.set(parent, before === undefined ? one : joined(before, one));
  }
  const children = [...byParent.values()].map(gathered).map((one) => [JSON.stringify(one), one] as const);
  return { ...message, [key]: children.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one) };
}

function joined(one: Plain, other: Plain): Plain {
  let more: readonly unknown[] = [];
  withChildren(other, (children) => (more = children));
  return withChildren(one, (children) => [...children, ...more]);
}

/** The message with another list of groups, scopes, metrics or data points. Items have none. */
function withChildren(message: Plain, change: (children: readonly unknown[]) => readonly unknown[]): Plain {
  const entries = Object.entries(message).map(([key, value]): [string, unknown] => {
    if (CHILDREN.includes(key) && Array.isArray(value)) return [key, change(value)];
    return DATA.includes(key) && isPlain(value) ? [key, withChildren(value, change)] : [key, value];
  });
  return Object.fromEntries(entries);
}

function isFull(list: string, message: Plain): boolean {
  if (GROUPS.includes(list)) return CONTENTS.some((name) => name in message);
  if (list !== "metrics") return true;
  return DATA.every((name) => {
    const data = message[name];
    return data === undefined || (isPlain(data) && "dataPoints" in data);
  });
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
