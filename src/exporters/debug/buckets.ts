/** Buckets of an exponential histogram with their bounds, from the lowest to the highest. */
import { type Message, message, number, whole, wholes } from "../../otlp/read.ts";

export interface Bucket {
  readonly kind: "negative" | "zero" | "positive";
  readonly lower: number;
  readonly upper: number;
  readonly count: bigint;
}

/** A zero bucket only where something is in it. */
export function bucketsOf(point: Message): Bucket[] {
  const scale = number(point, "scale");
  const negative = sideOf(message(point, "negative"), scale).map(({ lower, upper, count }): Bucket => ({
    kind: "negative",
    lower: -upper,
    upper: -lower,
    count,
  }));
  const zeros = whole(point, "zeroCount");
  const zero: Bucket[] = zeros === 0n ? [] : [{ kind: "zero", lower: 0, upper: 0, count: zeros }];
  const positive = sideOf(message(point, "positive"), scale).map((bucket): Bucket => ({ kind: "positive", ...bucket }));
  return [...negative.toReversed(), ...zero, ...positive];
}

/** Bounds are powers of 2^(2^-scale): bucket `index` is (base^index, base^(index + 1)]. */
function sideOf(buckets: Message, scale: number): { readonly lower: number; readonly upper: number; readonly count: bigint }[] {
  const factor = Math.LN2 * 2 ** -scale;
  const first = number(buckets, "offset");
  return wholes(buckets, "bucketCounts").map((count, index) => ({
    lower: Math.exp((first + index) * factor),
    upper: Math.exp((first + index + 1) * factor),
    count,
  }));
}
