/**
 * Whose telemetry may lie in one batch: that of one tenant, with the same values of the headers that
 * `metadata_keys` names. A batch of several requests says of its origin only what is true of all.
 */
import type { PlainOrigin } from "../stage.ts";

export class Origins {
  readonly #names: readonly string[];
  readonly #combinationsMax: number;
  readonly #seen = new Set<string>();

  /** `combinationsMax` as in the Collector: combinations over the life of the process; 0: no limit. */
  constructor(metadataKeys: readonly string[], combinationsMax: number) {
    this.#names = metadataKeys.map((name) => name.toLowerCase()).toSorted();
    this.#combinationsMax = combinationsMax;
  }

  /** Combinations counted so far: none where they are not limited. */
  get combinations(): number {
    return this.#seen.size;
  }

  /** The key of the batches that a request belongs to; undefined when there are too many combinations already. */
  keyOf({ tenant, headers }: PlainOrigin): string | undefined {
    if (this.#names.length === 0) return tenant;
    // Absent and empty are different values, as in the Collector.
    const values = JSON.stringify(this.#names.map((name) => (Object.hasOwn(headers, name) ? headers[name] : null)));
    if (this.#combinationsMax > 0 && !this.#seen.has(values)) {
      if (this.#seen.size >= this.#combinationsMax) return undefined;
      this.#seen.add(values);
    }
    return JSON.stringify([tenant, values]);
  }

  /** The origin of a batch with one request in it: of the headers those that all its requests share. */
  own(origin: PlainOrigin): PlainOrigin {
    const { headers } = origin;
    const kept = this.#names.flatMap((name) => (Object.hasOwn(headers, name) ? [[name, headers[name] ?? ""] as const] : []));
    return { ...origin, headers: Object.fromEntries(kept) };
  }

  /** What is true of both, which have the same key. The earlier arrival counts. */
  shared(one: PlainOrigin, other: PlainOrigin): PlainOrigin {
    return {
      ...one,
      receiver: one.receiver === other.receiver ? one.receiver : "",
      peer: one.peer === other.peer ? one.peer : "",
      arrivedMs: Math.min(one.arrivedMs, other.arrivedMs),
    };
  }
}
