/**
 * Quantiles out of a histogram's buckets: found where the count passes, then interpolated inside the
 * bucket (evenly; for exponential ones evenly in the exponent). Estimates, as good as the buckets.
 */
import { type Message, message, number, numbers, whole, wholes } from "../../otlp/read.ts";

export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly exponential: boolean;
}

/** The value below which the part `quantile` of what was counted lies; undefined without buckets. */
export function quantileOf(buckets: readonly Bucket[], quantile: number): number | undefined {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  let left = quantile * total;
  for (const { lower, upper, count, exponential } of buckets) {
    if (count === 0 || left > count) {
      left -= count;
      continue;
    }
    if (!Number.isFinite(lower) || !Number.isFinite(upper)) return Number.isFinite(lower) ? lower : Number.isFinite(upper) ? upper : undefined;
    const part = left / count;
    // Neither bound is 0 and both have one sign: the ratio is positive.
    return exponential ? lower * (upper / lower) ** part : lower + (upper - lower) * part;
  }
  return undefined;
}

/** Buckets of a histogram point; its least and greatest value close the open ends where they are known. */
export function explicitBuckets(point: Message): Bucket[] {
  const bounds = numbers(point, "explicitBounds");
  const counts = wholes(point, "bucketCounts").map(Number);
  if (bounds.length === 0) return [];
  const least = point["min"] === undefined ? ((bounds[0] ?? 0) > 0 ? 0 : -Infinity) : number(point, "min");
  const most = point["max"] === undefined ? Infinity : number(point, "max");
  return counts.map((count, index) => {
    const lower = Math.max(least, bounds[index - 1] ?? -Infinity);
    const upper = Math.min(most, bounds[index] ?? Infinity);
    return { lower: Math.min(lower, upper), upper: Math.max(lower, upper), count, exponential: false };
  });
}

/** Buckets of an exponential histogram point, from the lowest. */
export function exponentialBuckets(point: Message): Bucket[] {
  const scale = number(point, "scale");
  const negative = side(message(point, "negative"), scale).map((bucket) => ({ ...bucket, lower: -bucket.upper, upper: -bucket.lower }));
  const zero = { lower: 0, upper: 0, count: Number(whole(point, "zeroCount")), exponential: false };
  return [...negative.toReversed(), zero, ...side(message(point, "positive"), scale)];
}

function side(buckets: Message, scale: number): Bucket[] {
  const first = number(buckets, "offset");
  const bound = (index: number): number => 2 ** (index * 2 ** -scale);
  return wholes(buckets, "bucketCounts").map((count, index) => ({
    lower: bound(first + index),
    upper: bound(first + index + 1),
    count: Number(count),
    exponential: true,
  }));
}
