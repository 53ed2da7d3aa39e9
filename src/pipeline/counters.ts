/**
 * Counters under the Collector's names, so that its dashboards keep working. Labels are bounded:
 * component ids, signals and reasons from our own code, never text from telemetry.
 */
export interface Counter {
  add(count: number): void;
  readonly value: number;
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Counters {
  readonly #byKey = new Map<string, Sample & { value: number; add(count: number): void }>();

  /** The counter of this name and these labels, made on first use. Keep it: looking it up costs a string. */
  counter(name: string, labels: Readonly<Record<string, string>> = {}): Counter {
    const key = `${name}{${Object.entries(labels)
      .map(([k, v]) => `${k}=${v}`)
      .toSorted()
      .join(",")}}`;
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

  /** The sum over every label set of `name` that carries all of `labels`. */
  total(name: string, labels: Readonly<Record<string, string>> = {}): number {
    let sum = 0;
    for (const sample of this.#byKey.values()) {
      if (sample.name !== name) continue;
      if (Object.entries(labels).every(([k, v]) => sample.labels[k] === v)) sum += sample.value;
    }
    return sum;
  }

  samples(): readonly Sample[] {
    return [...this.#byKey.values()].map(({ name, labels, value }) => ({ name, labels, value }));
  }
}
