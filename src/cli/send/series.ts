/** One series of a metric: measurements drawn since its start, or since its last point when it tells deltas. */
import { TEMPORALITIES } from "./content.ts";
import type { Random } from "./random.ts";

export interface Labels {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/** The same for every metric. */
export const SERIES: readonly Labels[] = ["/api/products/{id}", "/api/cart", "/api/orders", "/api/search"].flatMap((route) => [
  { method: "GET", route, status: 200 },
  { method: "GET", route, status: 404 },
  { method: "GET", route, status: 500 },
  { method: "POST", route, status: 201 },
  { method: "POST", route, status: 503 },
]);

/** Seconds: the semantic conventions' bounds for durations of requests. */
export const BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Eight buckets to each doubling. */
export const EXPONENTIAL_SCALE = 3;
/** Index of the first exponential bucket that is kept: below a tenth of a microsecond. */
const LOWEST = -200;
const EXPONENTIAL_BUCKETS = 256;

const MEASUREMENTS_MAX = 20;
const MEDIAN_SECONDS = 0.04;

export class Series {
  readonly labels: Labels;
  /** Nanoseconds since 1970. */
  start: bigint;
  time: bigint;
  count = 0;
  sum = 0;
  min = 0;
  max = 0;
  /** Of `BOUNDS`: one count more than there are bounds. */
  readonly buckets: number[] = [...BOUNDS, 0].map(() => 0);
  readonly #exponential: number[] = Array.from({ length: EXPONENTIAL_BUCKETS }, () => 0);

  constructor(labels: Labels, startNanos: bigint) {
    this.labels = labels;
    this.start = startNanos;
    this.time = startNanos;
  }

  /** The next point: a few measurements more, at a time behind the last. */
  advance(nowNanos: bigint, temporality: number, random: Random): void {
    if (temporality === TEMPORALITIES.delta) this.#restart();
    this.time = nowNanos > this.time ? nowNanos : this.time + 1n;
    for (let left = 1 + random.below(MEASUREMENTS_MAX); left > 0; left--) this.#measure(random.longTail(MEDIAN_SECONDS));
  }

  /** The exponential buckets from the first that is not empty to the last. */
  exponentialBuckets(): { readonly offset: number; readonly counts: readonly number[] } {
    const first = this.#exponential.findIndex((count) => count > 0);
    const last = this.#exponential.findLastIndex((count) => count > 0);
    return { offset: LOWEST + Math.max(0, first), counts: this.#exponential.slice(Math.max(0, first), last + 1) };
  }

  #restart(): void {
    this.start = this.time;
    this.count = 0;
    this.sum = 0;
    this.buckets.fill(0);
    this.#exponential.fill(0);
  }

  #measure(seconds: number): void {
    this.min = this.count === 0 ? seconds : Math.min(this.min, seconds);
    this.max = this.count === 0 ? seconds : Math.max(this.max, seconds);
    this.count++;
    this.sum += seconds;
    const bound = BOUNDS.findIndex((upper) => seconds <= upper);
    increment(this.buckets, bound < 0 ? BOUNDS.length : bound);
    // Bucket i holds what is above base^i and not above base^(i+1) (OTLP, metrics.proto).
    const index = Math.ceil(Math.log2(seconds) * 2 ** EXPONENTIAL_SCALE) - 1;
    increment(this.#exponential, Math.min(Math.max(index - LOWEST, 0), EXPONENTIAL_BUCKETS - 1));
  }
}

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
