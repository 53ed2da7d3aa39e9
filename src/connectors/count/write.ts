/** Writes the metrics that `count` makes: monotonic sums of deltas, one resource a piece. */
import { encodeKeyValue } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import { concatenated, delimited, fixed64Field, textField, varintField } from "../../wire/message.ts";
import type { Interval } from "./interval.ts";
import type { Count, Tally } from "./tally.ts";

/** The Collector's name of the scope. */
const SCOPE_NAME = "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";
/** AggregationTemporality. */
const DELTA = 1;

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
    const times = [fixed64Field(tables.NUMBER_DATA_POINT_START_TIME_UNIX_NANO, start), fixed64Field(tables.NUMBER_DATA_POINT_TIME_UNIX_NANO, end)];
    for (const tally of tallies) {
      if (tally.empty) continue;
      const written = [...tally.counts].map((count) => point(count, times));
      points += written.length;
      metrics.push(metric(tally, written));
    }
  }
  if (points === 0) return undefined;
  const scope = delimited(tables.SCOPE_METRICS_SCOPE, textField(tables.INSTRUMENTATION_SCOPE_NAME, SCOPE_NAME));
  const scopeMetrics = delimited(tables.RESOURCE_METRICS_SCOPE_METRICS, concatenated([scope, ...metrics]));
  // The field of resources has number 1 in every request.
  return { bytes: delimited(1, concatenated([delimited(tables.RESOURCE_METRICS_RESOURCE, resource), scopeMetrics])), points };
}

function metric({ counting: { name, description } }: Tally, points: readonly Uint8Array[]): Uint8Array {
  const sum = delimited(
    tables.METRIC_SUM,
    concatenated([...points, varintField(tables.SUM_AGGREGATION_TEMPORALITY, DELTA), varintField(tables.SUM_IS_MONOTONIC, 1)]),
  );
  const described = description === "" ? [] : [textField(tables.METRIC_DESCRIPTION, description)];
  return delimited(tables.SCOPE_METRICS_METRICS, concatenated([textField(tables.METRIC_NAME, name), ...described, sum]));
}

function point({ attributes, items }: Count, times: readonly Uint8Array[]): Uint8Array {
  const pairs = [...attributes].map(([key, value]) => delimited(tables.NUMBER_DATA_POINT_ATTRIBUTES, encodeKeyValue(key, value)));
  return delimited(tables.SUM_DATA_POINTS, concatenated([...times, fixed64Field(tables.NUMBER_DATA_POINT_AS_INT, BigInt(items)), ...pairs]));
}
