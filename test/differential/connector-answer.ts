/** What arrived behind a connector, as both sides' answers are compared. */
import { type Signal, SIGNALS } from "../../src/base/signal.ts";
import type { Plain } from "../harness/judge.ts";
import { normal } from "./normal.ts";

/** Lists of groups and of scopes, which are compared in any order. */
const GROUPS = ["resourceSpans", "resourceMetrics", "resourceLogs", "scopeSpans", "scopeMetrics", "scopeLogs"];
/** What makes a message of these lists more than an empty parent. */
const CONTENTS = [...GROUPS, "spans", "metrics", "logRecords", "gauge", "sum", "histogram", "exponentialHistogram", "summary"];
const TIMES = ["startTimeUnixNano", "timeUnixNano"];
/** Requests are of 2024: what is later was the time of the recording. */
const REQUESTS_END = 1_750_000_000_000_000_000n;

/**
 * Requests laid end to end are one. Where no item arrived there is no entry: parents without any, which
 * the Collector passes on, go nowhere here (docs/connectors/routing.md).
 */
export function arrivedIn(pipelines: readonly string[], requestsOf: (pipeline: string, index: number) => readonly Uint8Array[]): Record<string, unknown> {
  const arrived: Record<string, unknown> = {};
  for (const [index, pipeline] of pipelines.entries()) {
    const requests = requestsOf(pipeline, index);
    const whole = Uint8Array.from(requests.flatMap((bytes) => [...bytes]));
    const withItems = pruned(normal(signalOf(pipeline), whole, ["dataPoints", "metrics", ...GROUPS]));
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
    const full = [...GROUPS, "metrics"].includes(key) ? list.filter((one) => isPlain(one) && CONTENTS.some((name) => name in one)) : list;
    return full.length === 0 ? [] : [[key, full]];
  });
  return Object.fromEntries(kept);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
