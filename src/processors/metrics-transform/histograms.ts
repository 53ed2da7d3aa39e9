/** Histograms added up into the first of them. What counts nothing is left out. */
import * as tables from "../../otlp/tables.ts";
import {
  doubleField,
  doubleOf,
  type Fields,
  find,
  fixed64Field,
  fixed64Of,
  fixed64s,
  inside,
  messageField,
  packedFixed64,
  packedVarints,
  sint32Field,
  sint32Of,
  varints,
  without,
} from "../envelopes/fields.ts";
import type { Point } from "./model.ts";

interface Numbers {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly exemplars: number;
}

const HISTOGRAM: Numbers = {
  count: tables.HISTOGRAM_DATA_POINT_COUNT,
  sum: tables.HISTOGRAM_DATA_POINT_SUM,
  min: tables.HISTOGRAM_DATA_POINT_MIN,
  max: tables.HISTOGRAM_DATA_POINT_MAX,
  exemplars: tables.HISTOGRAM_DATA_POINT_EXEMPLARS,
};

const EXPONENTIAL: Numbers = {
  count: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT,
  sum: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM,
  min: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN,
  max: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX,
  exemplars: tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_EXEMPLARS,
};

/** Points of the same bounds. */
export function mergeHistograms(into: Point, others: readonly Point[]): void {
  const number = tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS;
  const counts = fixed64s(into.fields, number);
  const counting = others.filter((point) => fixed64Of(point.find(HISTOGRAM.count)) > 0n);
  for (const other of counting) {
    mergeCommon(into, other, HISTOGRAM);
    for (const [index, count] of fixed64s(other.fields, number).entries()) counts[index] = (counts[index] ?? 0n) + count;
  }
  if (counting.length > 0 && counts.length > 0) into.fields = [...without(into.fields, number), packedFixed64(number, counts)];
}

/**
 * Points of one scale. Buckets are added by the values that they stand for. Returns the points whose
 * buckets lie too far from the others': a list of so many empty ones between them would be no
 * histogram of anyone's.
 */
export function mergeExponential(into: Point, others: readonly Point[]): Point[] {
  const zero = tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_COUNT;
  const apart: Point[] = [];
  for (const other of others) {
    if (fixed64Of(other.find(EXPONENTIAL.count)) === 0n) continue;
    const spans = SIDES.map((number) => spanOf(inside(into.find(number)), inside(other.find(number))));
    if (spans.some(({ offset, end }) => end - offset > BUCKETS_MAX)) {
      apart.push(other);
      continue;
    }
    mergeCommon(into, other, EXPONENTIAL);
    into.set(fixed64Field(zero, fixed64Of(into.find(zero)) + fixed64Of(other.find(zero))));
    for (const number of SIDES) mergeBuckets(into, other, number);
  }
  return apart;
}

function mergeCommon(into: Point, other: Point, { count, sum, min, max, exemplars }: Numbers): void {
  into.set(fixed64Field(count, fixed64Of(into.find(count)) + fixed64Of(other.find(count))));
  into.set(doubleField(sum, doubleOf(into.find(sum)) + doubleOf(other.find(sum))));
  const [least, greatest] = [into.find(min), into.find(max)];
  if (least !== undefined) into.set(doubleField(min, Math.min(doubleOf(least), doubleOf(other.find(min)))));
  if (greatest !== undefined) into.set(doubleField(max, Math.max(doubleOf(greatest), doubleOf(other.find(max)))));
  into.fields = [...into.fields, ...other.fields.filter((field) => field.number === exemplars)];
}

function mergeBuckets(into: Point, other: Point, number: number): void {
  const own = inside(into.find(number));
  const added = inside(other.find(number));
  const addedCounts = varints(added, COUNTS);
  if (addedCounts.length === 0) return;
  const { offset, end } = spanOf(own, added);
  const counts = Array.from({ length: end - offset }, () => 0n);
  for (const [index, count] of varints(own, COUNTS).entries()) counts[offsetOf(own) - offset + index] = count;
  for (const [index, count] of addedCounts.entries()) {
    const at = offsetOf(added) - offset + index;
    counts[at] = (counts[at] ?? 0n) + count;
  }
  into.set(messageField(number, [...(offset === 0 ? [] : [sint32Field(OFFSET, offset)]), packedVarints(COUNTS, counts), ...without(own, OFFSET, COUNTS)]));
}

/** From the first bucket of the two to behind the last: those without any bucket have none. */
function spanOf(own: Fields, added: Fields): { readonly offset: number; readonly end: number } {
  const sides = [own, added].map((fields) => ({ offset: offsetOf(fields), size: varints(fields, COUNTS).length })).filter(({ size }) => size > 0);
  const offset = sides.reduce((least, side) => Math.min(least, side.offset), sides[0]?.offset ?? 0);
  return { offset, end: sides.reduce((most, side) => Math.max(most, side.offset + side.size), offset) };
}

const SIDES = [tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_NEGATIVE];
const OFFSET = tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET;
const COUNTS = tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS;
/** Buckets of a merged histogram at the most; SDKs make 160. */
const BUCKETS_MAX = 65_536;

function offsetOf(buckets: Fields): number {
  return sint32Of(find(buckets, OFFSET));
}
