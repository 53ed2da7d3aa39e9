/** Writes the metrics that `count` makes: monotonic sums of deltas, one resource a piece. */
import { encodeKeyValue } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import { concatenated, delimited } from "../../wire/message.ts";
import { I64, VARINT, varintSize, writeVarint } from "../../wire/varint.ts";
import type { Interval } from "./interval.ts";
import type { Count, Tally } from "./tally.ts";

/** The Collector's name of the scope. */
const SCOPE_NAME = "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";
/** AggregationTemporality. */
const DELTA = 1;

const encoder = new TextEncoder();

/** Tallies over the same items, and when those were. */
export interface Row {
  readonly tallies: readonly Tally[];
  readonly interval: Interval;
}

/** A ResourceMetrics, as a field of the request; undefined when nothing was counted. `resource` is the body of a Resource. */
export function writeResourceMetrics(
  resource: Uint8Array,
  rows: readonly Row[],
  now: () => bigint,
): { readonly bytes: Uint8Array; readonly points: number } | undefined {
  const metrics: Uint8Array[] = [];
  let points = 0;
  for (const { tallies, interval } of rows) {
    if (tallies.every(({ empty }) => empty)) continue;
    const { start, end } = interval.ends(now);
    const times = [fixed64(tables.NUMBER_DATA_POINT_START_TIME_UNIX_NANO, start), fixed64(tables.NUMBER_DATA_POINT_TIME_UNIX_NANO, end)];
    for (const tally of tallies) {
      if (tally.empty) continue;
      const written = [...tally.counts].map((count) => point(count, times));
      points += written.length;
      metrics.push(metric(tally, written));
    }
  }
  if (points === 0) return undefined;
  const scope = delimited(tables.SCOPE_METRICS_SCOPE, text(tables.INSTRUMENTATION_SCOPE_NAME, SCOPE_NAME));
  const scopeMetrics = delimited(tables.RESOURCE_METRICS_SCOPE_METRICS, concatenated([scope, ...metrics]));
  // The field of resources has number 1 in every request.
  return { bytes: delimited(1, concatenated([delimited(tables.RESOURCE_METRICS_RESOURCE, resource), scopeMetrics])), points };
}

function metric({ counting: { name, description } }: Tally, points: readonly Uint8Array[]): Uint8Array {
  const sum = delimited(tables.METRIC_SUM, concatenated([...points, varint(tables.SUM_AGGREGATION_TEMPORALITY, DELTA), varint(tables.SUM_IS_MONOTONIC, 1)]));
  const described = description === "" ? [] : [text(tables.METRIC_DESCRIPTION, description)];
  return delimited(tables.SCOPE_METRICS_METRICS, concatenated([text(tables.METRIC_NAME, name), ...described, sum]));
}

function point({ attributes, items }: Count, times: readonly Uint8Array[]): Uint8Array {
  const pairs = [...attributes].map(([key, value]) => delimited(tables.NUMBER_DATA_POINT_ATTRIBUTES, encodeKeyValue(key, value)));
  return delimited(tables.SUM_DATA_POINTS, concatenated([...times, fixed64(tables.NUMBER_DATA_POINT_AS_INT, BigInt(items)), ...pairs]));
}

function text(number: number, value: string): Uint8Array {
  return delimited(number, encoder.encode(value));
}

function varint(number: number, value: number): Uint8Array {
  const tag = (number << 3) | VARINT;
  const bytes = new Uint8Array(varintSize(tag) + varintSize(value));
  writeVarint(bytes, writeVarint(bytes, 0, tag), value);
  return bytes;
}

function fixed64(number: number, value: bigint): Uint8Array {
  const tag = (number << 3) | I64;
  const bytes = new Uint8Array(varintSize(tag) + 8);
  new DataView(bytes.buffer).setBigUint64(writeVarint(bytes, 0, tag), value, true);
  return bytes;
}
