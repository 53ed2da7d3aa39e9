/** Percentiles of an exponential histogram: within a bucket the logarithms of its values are taken to lie evenly. */
import * as tables from "../../../otlp/tables.ts";
import { StatementError } from "../../../ottl/value.ts";
import { doubleOf, type Fields, find, fixed64Of, inside, sint32Of, varints } from "../../envelopes/fields.ts";
import { between, ratioOf, targetOf } from "./percentile-histogram.ts";

interface Buckets {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

/** Undefined for a point that says too little. A StatementError for one whose buckets count less than it does. */
export function exponentialPercentile(point: Fields, part: number): number | undefined {
  const count = fixed64Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT));
  const zeros = fixed64Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_COUNT));
  const negative = bucketsOf(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_NEGATIVE);
  const positive = bucketsOf(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE);
  if (count === 0n || (negative.counts.length === 0 && positive.counts.length === 0 && zeros === 0n)) return undefined;
  const scale = sint32Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE));
  const target = targetOf(count, part);
  let before = 0n;
  for (let index = negative.counts.length - 1; index >= 0; index--) {
    const here = negative.counts[index] ?? 0n;
    // From the far end of the bucket, at its larger bound, towards 0.
    if (before + here >= target) return -within(negative.offset + index, scale, 1 - ratioOf(target - before, here));
    before += here;
  }
  if (before + zeros >= target) {
    const threshold = doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_THRESHOLD));
    const lower = negative.counts.length === 0 && positive.counts.length > 0 ? 0 : -threshold;
    const upper = positive.counts.length === 0 && negative.counts.length > 0 ? 0 : threshold;
    return between(lower, upper, target - before, zeros);
  }
  before += zeros;
  for (const [index, here] of positive.counts.entries()) {
    if (before + here >= target) return within(positive.offset + index, scale, ratioOf(target - before, here));
    before += here;
  }
  throw new StatementError(`Cannot find a percentile: the histogram counts ${count} values, its buckets ${before}`);
}

function bucketsOf(point: Fields, number: number): Buckets {
  const fields = inside(find(point, number));
  return {
    offset: sint32Of(find(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET)),
    counts: varints(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS),
  };
}

/** A value inside of bucket `index`: at `ratio` 0 its lower bound, at 1 its upper one. */
function within(index: number, scale: number, ratio: number): number {
  const lower = boundOf(index, scale);
  const upper = boundOf(index + 1, scale);
  if (lower <= 0 || !(lower < upper))
    throw new StatementError(`Cannot find a percentile: bucket ${index} of scale ${scale} lies beyond what doubles tell apart`);
  const from = Math.log2(lower);
  return exp2(from + (Math.log2(upper) - from) * ratio);
}

/** The lower bound of a bucket: 2 to the power of index / 2^scale. */
function boundOf(index: number, scale: number): number {
  return scale <= 0 ? 2 ** (index * 2 ** -scale) : Math.exp(index * Math.LN2 * 2 ** -scale);
}

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
/** Coefficients of fdlibm's approximation (e_exp.c), the highest power first. */
const REMES = [4.13813679705723846039e-8, -1.6533902205465251539e-6, 6.61375632143793436117e-5, -2.77777777770155933842e-3, 1.66666666666666657415e-1];

/** 2 to the power of x to the last bit as the Collector computes it, which is fdlibm's way; the host's own differs by a bit now and then. */
function exp2(x: number): number {
  const whole = Math.trunc(x + Math.sign(x) / 2);
  const high = (x - whole) * LN2_HIGH;
  const low = (whole - x) * LN2_LOW;
  const reduced = high - low;
  const square = reduced * reduced;
  const correction = reduced - square * REMES.reduce((sum, coefficient) => sum * square + coefficient, 0);
  // In two steps, so that neither power overflows on its own.
  const half = Math.trunc(whole / 2);
  return (1 - (low - (reduced * correction) / (2 - correction) - high)) * 2 ** half * 2 ** (whole - half);
}
