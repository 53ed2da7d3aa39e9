/**
 * Samples as an export request for metrics, written as bytes: one resource, one scope, sums that count
 * from the start of the process (cumulative), histograms that do so, too, and gauges. Metrics and units
 * keep their OpenTelemetry names.
 */
import { encodeKeyValue, type Plain } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import { concatenated, delimited, doubleField, fixed64Field, textField, varintField } from "../../wire/message.ts";
import type { Sample } from "../counters.ts";
import type { Distribution } from "../histogram.ts";
import { type Family, familiesOf } from "./families.ts";
import type { MetricKind } from "./table.ts";

export interface OwnMetrics {
  readonly samples: readonly Sample[];
  readonly resource: ReadonlyMap<string, Plain>;
  /** Of the resource; empty: none. */
  readonly schemaUrl: string;
  readonly scope: { readonly name: string; readonly version: string };
  /** Since when sums count. */
  readonly startNanos: bigint;
  readonly timeNanos: bigint;
}

/** AggregationTemporality. */
const CUMULATIVE = 2;
const DATA_FIELDS: Readonly<Record<MetricKind, number>> = {
  gauge: tables.METRIC_GAUGE,
  counter: tables.METRIC_SUM,
  updown: tables.METRIC_SUM,
  histogram: tables.METRIC_HISTOGRAM,
};
/** Units whose values are doubles even when they happen to be whole: a metric has one type. */
const FRACTIONAL: ReadonlySet<string> = new Set(["s"]);

/** The body of an ExportMetricsServiceRequest. */
export function writeOwnMetrics({ samples, resource, schemaUrl, scope, startNanos, timeNanos }: OwnMetrics): Uint8Array {
  const start = fixed64Field(tables.NUMBER_DATA_POINT_START_TIME_UNIX_NANO, startNanos);
  const time = fixed64Field(tables.NUMBER_DATA_POINT_TIME_UNIX_NANO, timeNanos);
  const metrics = familiesOf(samples).map((family) => metric(family, family.metric.kind === "gauge" ? [time] : [start, time]));
  const scopeBody = concatenated([textField(tables.INSTRUMENTATION_SCOPE_NAME, scope.name), textField(tables.INSTRUMENTATION_SCOPE_VERSION, scope.version)]);
  const scopeMetrics = concatenated([delimited(tables.SCOPE_METRICS_SCOPE, scopeBody), ...metrics]);
  const attributes = [...resource].map(([key, value]) => delimited(tables.RESOURCE_ATTRIBUTES, encodeKeyValue(key, value)));
  const resourceMetrics = concatenated([
    delimited(tables.RESOURCE_METRICS_RESOURCE, concatenated(attributes)),
    delimited(tables.RESOURCE_METRICS_SCOPE_METRICS, scopeMetrics),
    ...(schemaUrl === "" ? [] : [textField(tables.RESOURCE_METRICS_SCHEMA_URL, schemaUrl)]),
  ]);
  return delimited(tables.EXPORT_METRICS_SERVICE_REQUEST_RESOURCE_METRICS, resourceMetrics);
}

function metric({ metric: { name, kind, unit, description }, samples }: Family, times: readonly Uint8Array[]): Uint8Array {
  // Points, and the temporality, have the same field numbers in all of them.
  const points = samples.map((sample) => delimited(tables.SUM_DATA_POINTS, point(sample, times, FRACTIONAL.has(unit))));
  const temporality = kind === "gauge" ? [] : [varintField(tables.SUM_AGGREGATION_TEMPORALITY, CUMULATIVE)];
  const monotonic = kind === "counter" ? [varintField(tables.SUM_IS_MONOTONIC, 1)] : [];
  const data = delimited(DATA_FIELDS[kind], concatenated([...points, ...temporality, ...monotonic]));
  return delimited(
    tables.SCOPE_METRICS_METRICS,
    concatenated([textField(tables.METRIC_NAME, name), textField(tables.METRIC_DESCRIPTION, description), textField(tables.METRIC_UNIT, unit), data]),
  );
}

function point({ distribution, labels, value }: Sample, times: readonly Uint8Array[], fractional: boolean): Uint8Array {
  const field = distribution === undefined ? tables.NUMBER_DATA_POINT_ATTRIBUTES : tables.HISTOGRAM_DATA_POINT_ATTRIBUTES;
  const attributes = Object.entries(labels).map(([key, one]) => delimited(field, encodeKeyValue(key, one)));
  const values = distribution === undefined ? [number(value, fractional)] : spread(distribution);
  return concatenated([...times, ...values, ...attributes]);
}

/** The times of a point have the same field numbers as those of a number. */
function spread({ bounds, count, counts, max, min, sum }: Distribution): Uint8Array[] {
  return [
    fixed64Field(tables.HISTOGRAM_DATA_POINT_COUNT, BigInt(count)),
    doubleField(tables.HISTOGRAM_DATA_POINT_SUM, sum),
    packed(tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS, counts, (view, at, value) => view.setBigUint64(at, BigInt(value), true)),
    packed(tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS, bounds, (view, at, value) => view.setFloat64(at, value, true)),
    doubleField(tables.HISTOGRAM_DATA_POINT_MIN, min),
    doubleField(tables.HISTOGRAM_DATA_POINT_MAX, max),
  ];
}

function number(value: number, fractional: boolean): Uint8Array {
  if (!fractional && Number.isSafeInteger(value)) return fixed64Field(tables.NUMBER_DATA_POINT_AS_INT, BigInt.asUintN(64, BigInt(value)));
  return doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, value);
}

/** A packed field of values of eight bytes. */
function packed(field: number, values: readonly number[], set: (view: DataView, at: number, value: number) => void): Uint8Array {
  const body = new DataView(new ArrayBuffer(values.length * 8));
  for (const [index, value] of values.entries()) set(body, index * 8, value);
  return delimited(field, new Uint8Array(body.buffer));
}
