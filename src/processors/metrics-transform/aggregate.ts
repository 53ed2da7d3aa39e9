/**
 * Points that say the same of the same time become one: numbers by the aggregation asked for,
 * histograms by adding up. Which ones those are is the Collector's: attributes and time alike, and the
 * start too where points are differences; of histograms also bounds, or scale, flags, and whether
 * there are a least and a greatest value.
 */
import * as tables from "../../otlp/tables.ts";
import { toInt64 } from "../../base/go-numbers.ts";
import { doubles, find, sint32Of, varintOf } from "../envelopes/fields.ts";
import { attributesKey } from "../envelopes/identity.ts";
import { DELTA, temporalityOf } from "../envelopes/metrics.ts";
import { mergeExponential, mergeHistograms } from "./histograms.ts";
import { type Metric, numberOf, type Point, setNumber } from "./model.ts";
import type { Aggregation } from "./settings.ts";

/** The points of metrics of one type as one row of points, in order of first occurrence. The points are used up. */
export function aggregate(metrics: readonly Metric[], how: Aggregation | undefined): Point[] {
  const groups = new Map<string, Point[]>();
  for (const metric of metrics) {
    const byStart = metric.dataNumber !== tables.METRIC_GAUGE && temporalityOf(metric.dataFields) === DELTA;
    for (const point of metric.points) {
      const key = keyOf(point, metric.dataNumber, byStart);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [point]);
      else group.push(point);
    }
  }
  const dataNumber = metrics[0]?.dataNumber ?? 0;
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    for (const other of others) if (other.startNanos < first.startNanos && counts(dataNumber, other)) first.startNanos = other.startNanos;
    if (dataNumber === tables.METRIC_HISTOGRAM) mergeHistograms(first, others);
    else if (dataNumber === tables.METRIC_EXPONENTIAL_HISTOGRAM) return [first, ...mergeExponential(first, others)];
    else mergeNumbers(first, others, how);
    return [first];
  });
}

/** A histogram without any value says nothing, its start neither. */
function counts(dataNumber: number, point: Point): boolean {
  if (dataNumber !== tables.METRIC_HISTOGRAM && dataNumber !== tables.METRIC_EXPONENTIAL_HISTOGRAM) return true;
  const count = point.find(tables.HISTOGRAM_DATA_POINT_COUNT);
  return count !== undefined && count.bytes.subarray(count.start, count.end).some((byte) => byte !== 0);
}

function keyOf(point: Point, dataNumber: number, byStart: boolean): string {
  const parts: (string | number | bigint | boolean)[] = [point.timeNanos, byStart ? point.startNanos : ""];
  if (dataNumber === tables.METRIC_HISTOGRAM) {
    parts.push(
      doubles(point.fields, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS).join(" "),
      point.find(tables.HISTOGRAM_DATA_POINT_MIN) !== undefined,
      point.find(tables.HISTOGRAM_DATA_POINT_MAX) !== undefined,
      varintOf(point.find(point.numbers.flags)),
    );
  } else if (dataNumber === tables.METRIC_EXPONENTIAL_HISTOGRAM) {
    parts.push(
      sint32Of(find(point.fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE)),
      point.find(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN) !== undefined,
      point.find(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX) !== undefined,
      varintOf(point.find(point.numbers.flags)),
    );
  }
  return `${parts.join(",")};${attributesKey(point.attributes, point.numbers.attributes)}`;
}

/** The first point gets the value, of its own type. One point alone stays as it is, a count of it too. */
function mergeNumbers(first: Point, others: readonly Point[], how: Aggregation | undefined): void {
  const own = numberOf(first);
  if (own === undefined || others.length === 0 || how === undefined) return;
  if (typeof own === "number") setNumber(first, mergedDoubles([own, ...others.map(toDouble)], how));
  else setNumber(first, BigInt.asIntN(64, mergedInts(own, others, how)));
}

function mergedDoubles(values: readonly number[], how: Aggregation): number {
  const sum = () => values.reduce((total, value) => total + value);
  switch (how) {
    case "sum":
      return sum();
    case "mean":
      return sum() / values.length;
    case "min":
      return values.reduce((least, value) => Math.min(least, value));
    case "max":
      return values.reduce((greatest, value) => Math.max(greatest, value));
    case "count":
      return values.length;
    default: {
      const sorted = values.toSorted((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
      const middle = sorted.length >> 1;
      return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
    }
  }
}

/** As in the Collector: a sum of whole numbers leaves doubles out, the others cut them. */
function mergedInts(own: bigint, others: readonly Point[], how: Aggregation): bigint {
  const values = [own, ...others.map(toInt)];
  const sum = () => others.reduce((total, point) => total + wholeOf(point), own);
  switch (how) {
    case "sum":
      return sum();
    case "mean":
      return BigInt.asIntN(64, sum()) / BigInt(values.length);
    case "min":
      return values.reduce((least, value) => (value < least ? value : least));
    case "max":
      return values.reduce((greatest, value) => (value > greatest ? value : greatest));
    case "count":
      return BigInt(values.length);
    default: {
      const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const middle = sorted.length >> 1;
      return sorted.length % 2 === 1 ? (sorted[middle] ?? 0n) : BigInt.asIntN(64, (sorted[middle - 1] ?? 0n) + (sorted[middle] ?? 0n)) / 2n;
    }
  }
}

function toDouble(point: Point): number {
  return Number(numberOf(point) ?? 0);
}

function toInt(point: Point): bigint {
  const value = numberOf(point) ?? 0n;
  return typeof value === "bigint" ? value : toInt64(value);
}

function wholeOf(point: Point): bigint {
  const value = numberOf(point);
  return typeof value === "bigint" ? value : 0n;
}
