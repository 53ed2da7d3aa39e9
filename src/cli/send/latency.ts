/**
 * How long answers took, as counts in buckets of one per cent each: memory stays the same however
 * long a campaign runs, and a quantile is right to one per cent.
 */
const GROWTH = Math.log(1.01);
const SHORTEST_MS = 0.01;
/** Up to about 50 minutes, far above every time-out. */
const BUCKETS = 1950;

export class Latency {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;
  #longestMs = 0;

  add(ms: number): void {
    const bucket = ms <= SHORTEST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / SHORTEST_MS) / GROWTH));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  /** The time that a share of the answers (0 to 1) did not exceed; undefined when there was none. */
  quantileMs(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    let left = Math.ceil(share * this.#total);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.#longestMs, SHORTEST_MS * Math.exp(bucket * GROWTH));
    }
    return this.#longestMs;
  }
}
