/**
 * Counters, gauges and histograms under the Collector's names, so that its dashboards keep working. What each name
 * means, its kind and its unit are in metrics/table.ts. Labels are bounded: component ids, signals and
 * reasons from our own code, never text from telemetry.
 */
import { Buckets, type Distribution, type Histogram } from "./histogram.ts";

export interface Counter {
  add(count: number): void;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  /** Of a histogram: how many values were recorded. */
  readonly value: number;
  readonly distribution?: Distribution;
}

export class Counters {
  readonly #byKey = new Map<string, Sample & { value: number; add(count: number): void }>();
  readonly #observed = new Map<string, Omit<Sample, "value"> & { readonly read: () => number }>();
  readonly #histograms = new Map<string, Omit<Sample, "value"> & { readonly distribution: Buckets }>();

  /** The counter of this name and these labels, made on first use. Keep it: looking it up costs a string. */
  counter(name: string, labels: Labels = {}): Counter {
    const key = keyOf(name, labels);
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = {
        name,
        labels,
        value: 0,
        add(count: number) {
          this.value += count;
        },
      };
      this.#byKey.set(key, found);
    }
    return found;
  }

  /** The histogram of this name and these labels, made on first use; the first caller's bounds count. Keep it, too. No sample before a value was recorded, as in OpenTelemetry's SDKs. */
  histogram(name: string, labels: Labels, bounds: readonly number[]): Histogram {
    const key = keyOf(name, labels);
    let found = this.#histograms.get(key);
    if (found === undefined) {
      found = { name, labels, distribution: new Buckets(bounds) };
      this.#histograms.set(key, found);
    }
    return found.distribution;
  }

  /** A value that is asked for when the samples are: what changes by itself. `read` is quick and does not throw. The last one of a name and labels counts. */
  observe(name: string, labels: Labels, read: () => number): void {
    this.#observed.set(keyOf(name, labels), { name, labels, read });
  }

  /** The sum over every label set of `name` that carries all of `labels`. */
  total(name: string, labels: Labels = {}): number {
    let sum = 0;
    for (const sample of this.samples()) {
      if (sample.name !== name) continue;
      if (Object.entries(labels).every(([k, v]) => sample.labels[k] === v)) sum += sample.value;
    }
    return sum;
  }

  /** Everything as it is now. */
  samples(): readonly Sample[] {
    return [
      ...[...this.#byKey.values()].map(({ name, labels, value }) => ({ name, labels, value })),
      ...[...this.#observed.values()].map(({ name, labels, read }) => ({ name, labels, value: read() })),
      ...[...this.#histograms.values()]
        .filter(({ distribution: { count } }) => count > 0)
        .map(({ name, labels, distribution }) => ({ name, labels, value: distribution.count, distribution: distribution.copy() })),
    ];
  }
}

function keyOf(name: string, labels: Labels): string {
  return `${name}{${Object.entries(labels)
    .map(([k, v]) => `${k}=${v}`)
    .toSorted()
    .join(",")}}`;
}
