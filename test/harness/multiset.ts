/** What a request says, as a multiset of (resource, scope, leaf item): what dividing and merging must keep. */
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "./judge.ts";

const NAMES: Readonly<Record<Signal, readonly [groups: string, scopes: string, items: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  profiles: ["resourceProfiles", "scopeProfiles", "profiles"],
};

export function list(of: unknown, key: string): readonly Plain[] {
  const found = of !== null && typeof of === "object" ? (of as Plain)[key] : undefined; // an object has string keys
  return Array.isArray(found) ? found : [];
}

/** Sorted texts, one a leaf: the item with its scope and resource around it. Metrics are divided to their points. */
export function leaves(signal: Signal, bytes: Uint8Array): string[] {
  const [groups, scopes, items] = NAMES[signal];
  const found: string[] = [];
  for (const group of list(judge(signal).toObject(bytes), groups)) {
    const groupText = text({ ...group, [scopes]: 0 });
    for (const scope of list(group, scopes)) {
      // Once for all its items, of which there may be fifty thousand.
      const around = `${groupText},${text({ ...scope, [items]: 0 })}`;
      for (const item of list(scope, items)) {
        const parts = signal === "metrics" ? points(item) : [item];
        for (const part of parts) found.push(`[${around},${text(part)}]`);
      }
    }
  }
  return found.toSorted();
}

function points(metric: Plain): Plain[] {
  for (const shape of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]) {
    const data = metric[shape];
    if (data === undefined) continue;
    return list(data, "dataPoints").map((point) => ({ ...metric, [shape]: { ...(data as Plain), dataPoints: [point] } })); // the judge's objects
  }
  return [];
}

/** Text of any of the judge's objects; bytes as hex. */
export function text(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Uint8Array ? `0x${Buffer.from(inner).toString("hex")}` : inner));
}
