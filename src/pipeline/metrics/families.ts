/** Samples by name, in a steady order, each name with what is known of it: what both exposition and push write. */
import type { Sample } from "../counters.ts";
import { type Metric, metricOf } from "./table.ts";

export interface Family {
  readonly metric: Metric;
  readonly samples: readonly Sample[];
}

/** Names in the order of the alphabet, the samples of each in the order in which they were first counted. */
export function familiesOf(samples: readonly Sample[]): readonly Family[] {
  const byName = new Map<string, Sample[]>();
  for (const sample of samples) {
    const known = byName.get(sample.name);
    if (known === undefined) byName.set(sample.name, [sample]);
    else known.push(sample);
  }
  const names = [...byName.keys()].toSorted();
  return names.map((name) => ({ metric: metricOf(name), samples: byName.get(name) ?? [] }));
}

/** Without those of the level `detailed`. */
export function withoutDetails(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ name }) => metricOf(name).detailed !== true);
}
