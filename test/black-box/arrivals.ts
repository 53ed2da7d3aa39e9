/** What a request became at the back ends, as the judge reads it. */
import type { Signal } from "../../src/base/signal.ts";
import { utf8 } from "../harness/bytes.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { coded, CODINGS, type Encoding, type Reply } from "./client.ts";
import type { Rig } from "./rig.ts";

/** The answer, the requests that reached the protobuf back end, and the text that reached the JSON one (metrics and logs). */
export type See = (reply: Reply, arrived: readonly Plain[], json: string) => void;

/** Sends a body plain and as gzip: what is seen must hold for both. */
export async function sendBoth(rig: Rig, signal: Signal, encoding: Encoding, body: Uint8Array | string, see: See): Promise<void> {
  const bytes = typeof body === "string" ? utf8(body) : body;
  for (const coding of CODINGS) {
    let reply: Reply | undefined;
    const { proto, json } = await rig.arrivals(async () => (reply = await rig.export(signal, encoding, coded(coding, bytes), coding)));
    if (reply !== undefined) {
      const texts = json.map((one) => one.toString()).join("\n");
      see(
        reply,
        // A copy: of a Buffer the judge would make Buffers.
        proto.map((one) => judge(signal).toObject(Uint8Array.from(one))),
        texts,
      );
    }
  }
}

/** Every span of these requests. */
export function spansIn(requests: readonly Plain[]): readonly Plain[] {
  return leaves(requests, "resourceSpans", "scopeSpans", "spans");
}

/** Every log record of these requests. */
export function recordsIn(requests: readonly Plain[]): readonly Plain[] {
  return leaves(requests, "resourceLogs", "scopeLogs", "logRecords");
}

/** The bodies of all log records: AnyValues. */
export function valuesIn(requests: readonly Plain[]): readonly unknown[] {
  return recordsIn(requests).map((record) => record["body"]);
}

/** The points of all gauges. */
export function pointsIn(requests: readonly Plain[]): readonly Plain[] {
  return leaves(requests, "resourceMetrics", "scopeMetrics", "metrics").flatMap((metric) => list(metric["gauge"], "dataPoints"));
}

/** The first value of an AnyValue that is a list; undefined for any other. */
export function valueOf(value: unknown): Plain | undefined {
  if (typeof value !== "object" || value === null || !("arrayValue" in value)) return undefined;
  return list(value.arrayValue, "values")[0];
}

function leaves(requests: readonly Plain[], ...keys: readonly string[]): readonly Plain[] {
  return keys.reduce<readonly Plain[]>((found, key) => found.flatMap((one) => list(one, key)), requests);
}
