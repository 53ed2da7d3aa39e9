/** Percentiles of a histogram: within a bucket its values are taken to lie evenly. */
import * as tables from "../../../otlp/tables.ts";
import { StatementError } from "../../../ottl/value.ts";
import { doubleOf, doubles, type Fields, find, fixed64Of, fixed64s } from "../../envelopes/fields.ts";

/** Undefined for a point that says too little. A StatementError for one whose lists do not fit one another. */
export function histogramPercentile(point: Fields, part: number): number | undefined {
  const count = fixed64Of(find(point, tables.HISTOGRAM_DATA_POINT_COUNT));
  const counts = fixed64s(point, tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS);
  const bounds = doubles(point, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS);
  if (count === 0n || counts.length === 0) return undefined;
  if (counts.length !== bounds.length + 1)
    throw new StatementError(`Cannot find a percentile: the histogram has ${counts.length} counts and ${bounds.length} bounds`);
  const target = targetOf(count, part);
  const least = find(point, tables.HISTOGRAM_DATA_POINT_MIN);
  const greatest = find(point, tables.HISTOGRAM_DATA_POINT_MAX);
  if (bounds.length === 0) {
    if (least === undefined || greatest === undefined) return undefined;
    return between(doubleOf(least), doubleOf(greatest), target, counts[0] ?? 0n);
  }
  let before = 0n;
  for (const [index, here] of counts.entries()) {
    if (before + here < target) {
      before += here;
      continue;
    }
    const range = index === 0 ? lowest(bounds[0] ?? 0, least) : other(bounds, index, greatest);
    return typeof range === "number" ? range : between(...range, target - before, here);
  }
  throw new StatementError(`Cannot find a percentile: the histogram counts ${count} values, its buckets ${before}`);
}

/** How many values there are up to the one that is looked for. */
export function targetOf(count: bigint, part: number): bigint {
  return BigInt(Math.ceil(Number(count) * part));
}

/** The bucket below the first bound: from the least value, or from 0. */
function lowest(upper: number, min: Fields[number] | undefined): [number, number] | number {
  if (min !== undefined && doubleOf(min) < upper) return [doubleOf(min), upper];
  return upper < 0 ? upper : [0, upper];
}

/** The last bucket ends at the greatest value; without one its lower bound has to do. */
function other(bounds: readonly number[], index: number, max: Fields[number] | undefined): [number, number] | number {
  const lower = bounds[index - 1] ?? 0;
  const upper = index < bounds.length ? bounds[index] : max === undefined ? undefined : doubleOf(max);
  if (upper === undefined || (index === bounds.length && upper <= lower)) return lower;
  return [lower, upper];
}

export function between(lower: number, upper: number, nth: bigint, count: bigint): number {
  return lower + ratioOf(nth, count) * (upper - lower);
}

export function ratioOf(nth: bigint, count: bigint): number {
  const ratio = Number(nth) / Number(count);
  if (ratio < 0 || ratio > 1) throw new StatementError(`Cannot find a percentile: value ${nth} of a bucket with ${count} is asked for`);
  return ratio;
}
