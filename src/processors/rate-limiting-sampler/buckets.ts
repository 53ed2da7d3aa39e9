/**
 * Token buckets by key. A bucket fills at the rate, up to what `burstSeconds` bring; an item passes
 * when there is a whole token for it, and takes it. One that is full again says nothing: it is
 * forgotten when another key needs its place.
 */
import type { Clock } from "../../base/host.ts";
import type { Counter } from "../../pipeline/counters.ts";

export interface Rates {
  /** Infinity: not limited. */
  readonly itemsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly burstSeconds: number;
  /** Keys with a bucket of their own; further ones share one. */
  readonly keysMax: number;
}

export interface Bucket {
  items: number;
  bytes: number;
  /** When it was filled last, monotonic ms. */
  filledMs: number;
}

/** Full buckets are looked for this often at the most: with many keys it takes a while. */
const SWEEP_MS = 1000;

export class Buckets {
  readonly #rates: Rates;
  readonly #clock: Clock;
  readonly #gauge: Counter;
  readonly #byKey = new Map<string, Bucket>();
  readonly #shared: Bucket;
  #sweptMs = -Infinity;

  /** `gauge` says how many keys have a bucket. */
  constructor(rates: Rates, clock: Clock, gauge: Counter) {
    this.#rates = rates;
    this.#clock = clock;
    this.#gauge = gauge;
    this.#shared = this.#full();
  }

  /** The key's bucket, filled up to now. */
  of(key: string): Bucket {
    const bucket = this.#byKey.get(key) ?? this.#made(key);
    this.#fill(bucket);
    return bucket;
  }

  /** Takes an item of so many bytes out of the bucket, or leaves it as it is. A single item larger than a whole bucket passes when that is full. */
  take(bucket: Bucket, bytes: number): boolean {
    const wanted = Math.min(bytes, this.#most(this.#rates.bytesPerSecond));
    if (bucket.items < 1 || bucket.bytes < wanted) return false;
    bucket.items--;
    bucket.bytes -= wanted;
    return true;
  }

  #made(key: string): Bucket {
    if (this.#byKey.size >= this.#rates.keysMax) this.#sweep();
    if (this.#byKey.size >= this.#rates.keysMax) return this.#shared;
    const bucket = this.#full();
    this.#byKey.set(key, bucket);
    this.#gauge.add(1);
    return bucket;
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [key, bucket] of this.#byKey) {
      if (nowMs - bucket.filledMs < this.#rates.burstSeconds * 1000) continue;
      this.#byKey.delete(key);
      this.#gauge.add(-1);
    }
  }

  #fill(bucket: Bucket): void {
    const { itemsPerSecond, bytesPerSecond } = this.#rates;
    const nowMs = this.#clock.monotonicMs();
    const seconds = (nowMs - bucket.filledMs) / 1000;
    if (seconds <= 0) return;
    bucket.filledMs = nowMs;
    bucket.items = Math.min(this.#most(itemsPerSecond), bucket.items + seconds * itemsPerSecond);
    bucket.bytes = Math.min(this.#most(bytesPerSecond), bucket.bytes + seconds * bytesPerSecond);
  }

  #full(): Bucket {
    const { itemsPerSecond, bytesPerSecond } = this.#rates;
    return { items: this.#most(itemsPerSecond), bytes: this.#most(bytesPerSecond), filledMs: this.#clock.monotonicMs() };
  }

  /** At least one: a rate below one a second still lets one pass, from time to time. */
  #most(perSecond: number): number {
    return Math.max(1, perSecond * this.#rates.burstSeconds);
  }
}
