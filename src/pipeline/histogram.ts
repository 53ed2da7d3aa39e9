/**
 * How values are spread, as in OpenTelemetry's histograms with explicit bounds: a bucket counts what is
 * above the bound before it and at most its own; one more counts what is above the last.
 */
export interface Histogram {
  /** O(bounds), nothing is allocated. */
  record(value: number): void;
}

export interface Distribution {
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
  /** The least and the greatest; of none recorded, Infinity and -Infinity. */
  readonly min: number;
  readonly max: number;
}

/** Of numbers of items: the Collector's. */
export const ITEM_BOUNDS: readonly number[] = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000, 50_000, 100_000,
];
/** Of sizes: 128 B to 16 MiB, each twice the one before, the Collector's. */
export const BYTE_BOUNDS: readonly number[] = Array.from({ length: 18 }, (_, power) => 128 * 2 ** power);
/** Of the time that work takes: 10 us to 10 s. The Collector has the SDK's, of which 5 s is the first above zero. */
export const SECOND_BOUNDS: readonly number[] = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1].flatMap((unit) => [unit, 2.5 * unit, 5 * unit]).concat(10);

export class Buckets implements Histogram, Distribution {
  readonly bounds: readonly number[];
  readonly counts: number[];
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  record(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  /** As it is now. */
  copy(): Distribution {
    const { bounds, count, counts, max, min, sum } = this;
    return { bounds, counts: [...counts], count, sum, min, max };
  }
}
