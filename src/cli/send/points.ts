/**
 * Data points of the five shapes, each from a series that remembers what it told before. True to
 * themselves: buckets add up to the count, sums and extremes are those of the same measurements.
 */
import {
  EXEMPLAR_AS_DOUBLE,
  EXEMPLAR_SPAN_ID,
  EXEMPLAR_TIME_UNIX_NANO,
  EXEMPLAR_TRACE_ID,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_ATTRIBUTES,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM,
  EXPONENTIAL_HISTOGRAM_DATA_POINT_TIME_UNIX_NANO,
  GAUGE_DATA_POINTS,
  HISTOGRAM_DATA_POINT_ATTRIBUTES,
  HISTOGRAM_DATA_POINT_BUCKET_COUNTS,
  HISTOGRAM_DATA_POINT_COUNT,
  HISTOGRAM_DATA_POINT_EXEMPLARS,
  HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS,
  HISTOGRAM_DATA_POINT_MAX,
  HISTOGRAM_DATA_POINT_MIN,
  HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO,
  HISTOGRAM_DATA_POINT_SUM,
  HISTOGRAM_DATA_POINT_TIME_UNIX_NANO,
  NUMBER_DATA_POINT_AS_DOUBLE,
  NUMBER_DATA_POINT_AS_INT,
  NUMBER_DATA_POINT_ATTRIBUTES,
  NUMBER_DATA_POINT_START_TIME_UNIX_NANO,
  NUMBER_DATA_POINT_TIME_UNIX_NANO,
  SUMMARY_DATA_POINT_ATTRIBUTES,
  SUMMARY_DATA_POINT_COUNT,
  SUMMARY_DATA_POINT_QUANTILE_VALUES,
  SUMMARY_DATA_POINT_START_TIME_UNIX_NANO,
  SUMMARY_DATA_POINT_SUM,
  SUMMARY_DATA_POINT_TIME_UNIX_NANO,
  SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_QUANTILE,
  SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_VALUE,
} from "../../otlp/tables.ts";
import type { AttributeWriter } from "./attributes.ts";
import type { Shape } from "./content.ts";
import type { MessageWriter } from "./message.ts";
import type { Random } from "./random.ts";
import { BOUNDS, EXPONENTIAL_SCALE, type Labels, type Series } from "./series.ts";

/** Writes one data point of a series to the open shape. */
export type PointWriter = (to: MessageWriter, series: Series, write: AttributeWriter, random: Random) => void;

const QUANTILES = [0.5, 0.9, 0.99] as const;
const EXEMPLAR_PERCENT = 10;
/** `data_points` is the first field of every shape. */
const DATA_POINTS = GAUGE_DATA_POINTS;

export const POINT_WRITERS: Readonly<Record<Shape, PointWriter>> = {
  gauge: gaugePoint,
  sum: sumPoint,
  histogram: histogramPoint,
  exponential_histogram: exponentialPoint,
  summary: summaryPoint,
};

function gaugePoint(to: MessageWriter, series: Series, write: AttributeWriter, random: Random): void {
  const point = to.begin(DATA_POINTS);
  to.fixed64(NUMBER_DATA_POINT_TIME_UNIX_NANO, series.time);
  to.double(NUMBER_DATA_POINT_AS_DOUBLE, random.below(100_000) / 1000);
  labels(to, NUMBER_DATA_POINT_ATTRIBUTES, series.labels, write);
  to.end(point);
}

function sumPoint(to: MessageWriter, series: Series, write: AttributeWriter): void {
  const point = to.begin(DATA_POINTS);
  to.fixed64(NUMBER_DATA_POINT_START_TIME_UNIX_NANO, series.start);
  to.fixed64(NUMBER_DATA_POINT_TIME_UNIX_NANO, series.time);
  to.fixed64(NUMBER_DATA_POINT_AS_INT, BigInt(series.count));
  labels(to, NUMBER_DATA_POINT_ATTRIBUTES, series.labels, write);
  to.end(point);
}

function histogramPoint(to: MessageWriter, series: Series, write: AttributeWriter, random: Random): void {
  const point = to.begin(DATA_POINTS);
  to.fixed64(HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO, series.start);
  to.fixed64(HISTOGRAM_DATA_POINT_TIME_UNIX_NANO, series.time);
  to.fixed64(HISTOGRAM_DATA_POINT_COUNT, BigInt(series.count));
  to.double(HISTOGRAM_DATA_POINT_SUM, series.sum);
  to.packedFixed64(HISTOGRAM_DATA_POINT_BUCKET_COUNTS, series.buckets);
  to.packedDoubles(HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS, BOUNDS);
  if (random.chance(EXEMPLAR_PERCENT)) exemplar(to, HISTOGRAM_DATA_POINT_EXEMPLARS, series, random);
  labels(to, HISTOGRAM_DATA_POINT_ATTRIBUTES, series.labels, write);
  to.double(HISTOGRAM_DATA_POINT_MIN, series.min);
  to.double(HISTOGRAM_DATA_POINT_MAX, series.max);
  to.end(point);
}

function exponentialPoint(to: MessageWriter, series: Series, write: AttributeWriter): void {
  const point = to.begin(DATA_POINTS);
  labels(to, EXPONENTIAL_HISTOGRAM_DATA_POINT_ATTRIBUTES, series.labels, write);
  to.fixed64(EXPONENTIAL_HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO, series.start);
  to.fixed64(EXPONENTIAL_HISTOGRAM_DATA_POINT_TIME_UNIX_NANO, series.time);
  to.fixed64(EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT, BigInt(series.count));
  to.double(EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM, series.sum);
  to.sint32(EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE, EXPONENTIAL_SCALE);
  const { offset, counts } = series.exponentialBuckets();
  const buckets = to.begin(EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE);
  to.sint32(EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET, offset);
  to.packedVarints(EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS, counts);
  to.end(buckets);
  to.double(EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN, series.min);
  to.double(EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX, series.max);
  to.end(point);
}

function summaryPoint(to: MessageWriter, series: Series, write: AttributeWriter): void {
  const point = to.begin(DATA_POINTS);
  to.fixed64(SUMMARY_DATA_POINT_START_TIME_UNIX_NANO, series.start);
  to.fixed64(SUMMARY_DATA_POINT_TIME_UNIX_NANO, series.time);
  to.fixed64(SUMMARY_DATA_POINT_COUNT, BigInt(series.count));
  to.double(SUMMARY_DATA_POINT_SUM, series.sum);
  for (const quantile of QUANTILES) {
    const value = to.begin(SUMMARY_DATA_POINT_QUANTILE_VALUES);
    to.double(SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_QUANTILE, quantile);
    // Somewhere between the extremes, and higher for a higher quantile.
    to.double(SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_VALUE, series.min + (series.max - series.min) * quantile ** 8);
    to.end(value);
  }
  labels(to, SUMMARY_DATA_POINT_ATTRIBUTES, series.labels, write);
  to.end(point);
}

function labels(to: MessageWriter, field: number, { method, route, status }: Labels, write: AttributeWriter): void {
  write.text(to, field, "http.request.method", method);
  write.text(to, field, "http.route", route);
  write.int(to, field, "http.response.status_code", status);
  write.given(to, field);
}

function exemplar(to: MessageWriter, field: number, series: Series, random: Random): void {
  const made = to.begin(field);
  to.fixed64(EXEMPLAR_TIME_UNIX_NANO, series.time);
  to.double(EXEMPLAR_AS_DOUBLE, series.max);
  to.bytes(EXEMPLAR_SPAN_ID, random.id(8));
  to.bytes(EXEMPLAR_TRACE_ID, random.id(16));
  to.end(made);
}
