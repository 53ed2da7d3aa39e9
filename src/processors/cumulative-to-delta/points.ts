/** Cumulative points as they are remembered, and the difference of two. Everything is immutable. */
import { coarsen, differenceOf, type Buckets, trimBelow } from "./buckets.ts";

export interface IntValue {
  readonly kind: "int";
  readonly value: bigint;
}

export interface DoubleValue {
  readonly kind: "double";
  readonly value: number;
}

export interface HistogramValue {
  readonly kind: "histogram";
  readonly count: bigint;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly counts: readonly bigint[];
}

export interface ExponentialValue {
  readonly kind: "exponential_histogram";
  readonly count: bigint;
  readonly sum: number;
  readonly scale: number;
  readonly zeroCount: bigint;
  readonly zeroThreshold: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

export type PointValue = IntValue | DoubleValue | HistogramValue | ExponentialValue;

/** Why a point is dropped although its stream is known. `keep`: what is remembered stays. */
export type Fault = { readonly reason: "reset" | "bucket_mismatch"; readonly remember: boolean };

/** What it takes in memory, about. */
export function bytesOf(value: PointValue): number {
  if (value.kind === "histogram") return 64 + value.bounds.length * 8 + value.counts.length * 24;
  if (value.kind === "exponential_histogram") return 128 + (value.positive.counts.length + value.negative.counts.length) * 24;
  return 24;
}

/**
 * `now` less `before`, two points of one stream. As in the Collector: a sum that falls is a reset, and
 * counts anew from it; a histogram that falls is dropped until it is as high as it was.
 */
export function subtract(now: PointValue, before: PointValue): PointValue | Fault {
  if (now.kind === "int" && before.kind === "int") {
    return now.value < before.value ? { reason: "reset", remember: true } : { kind: "int", value: BigInt.asIntN(64, now.value - before.value) };
  }
  if (now.kind === "double" && before.kind === "double") {
    return now.value < before.value ? { reason: "reset", remember: true } : { kind: "double", value: now.value - before.value };
  }
  if (now.kind === "histogram" && before.kind === "histogram") return subtractHistogram(now, before);
  if (now.kind === "exponential_histogram" && before.kind === "exponential_histogram") return subtractExponential(now, before);
  // The kind is part of a stream's key.
  return { reason: "reset", remember: true };
}

export function isFault(result: PointValue | Fault): result is Fault {
  return "reason" in result;
}

function subtractHistogram(now: HistogramValue, before: HistogramValue): PointValue | Fault {
  const sameBounds = now.bounds.length === before.bounds.length && now.bounds.every((bound, index) => bound === before.bounds[index]);
  if (now.counts.length !== before.counts.length || !sameBounds) return { reason: "bucket_mismatch", remember: true };
  const fell = now.count < before.count || now.counts.some((count, index) => count < (before.counts[index] ?? 0n));
  if (fell) return { reason: "reset", remember: false };
  return {
    ...now,
    count: now.count - before.count,
    sum: (Number.isNaN(now.sum) ? before.sum : now.sum) - before.sum,
    counts: now.counts.map((count, index) => count - (before.counts[index] ?? 0n)),
  };
}

function subtractExponential(now: ExponentialValue, before: ExponentialValue): PointValue | Fault {
  const reset: Fault = { reason: "reset", remember: false };
  if (now.count < before.count || now.zeroThreshold < before.zeroThreshold || now.scale > before.scale) return reset;
  const old = widened(before, now);
  const positive = differenceOf(now.positive, old.positive);
  const negative = differenceOf(now.negative, old.negative);
  if (positive === undefined || negative === undefined) return reset;
  return {
    ...now,
    count: now.count - before.count,
    sum: now.sum - before.sum,
    zeroCount: BigInt.asUintN(64, now.zeroCount - old.zeroCount),
    positive,
    negative,
  };
}

/** `before` with the zero threshold and the scale of `now`, which are as large and as coarse, or more. */
function widened(before: ExponentialValue, now: ExponentialValue): ExponentialValue {
  let { positive, negative, zeroCount } = before;
  if (now.zeroThreshold > before.zeroThreshold) {
    // The bucket that the threshold falls into (metrics data model, "All Scales: Use the Logarithm Function").
    const bucket = Math.ceil(Math.log(now.zeroThreshold) * Math.LOG2E * 2 ** before.scale) - 1;
    const [highPositive, countPositive] = trimBelow(positive, bucket);
    const [highNegative, countNegative] = trimBelow(negative, bucket);
    positive = highPositive;
    negative = highNegative;
    zeroCount += countPositive + countNegative;
  }
  const lost = before.scale - now.scale;
  return { ...before, zeroCount, positive: coarsen(positive, lost), negative: coarsen(negative, lost) };
}

/** As it is remembered: what a point does not say stays as it was. */
export function remembered(now: PointValue, before: PointValue | undefined): PointValue {
  if (now.kind === "histogram" && before?.kind === "histogram" && Number.isNaN(now.sum)) return { ...now, sum: before.sum };
  return now;
}
