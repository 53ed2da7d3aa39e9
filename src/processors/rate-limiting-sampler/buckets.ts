/**
 * Token buckets by key, one for items and one for bytes; an item passes when there is room for it in
 * both, and takes it. A pair that is full again says nothing: it is forgotten when another key needs
 * its place.
 */
import type { Clock } from "../../base/host.ts";
import { TokenBucket } from "../../base/token-bucket.ts";
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
  readonly items: TokenBucket;
  readonly bytes: TokenBucket;
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
  /** When a bucket was asked for last: all its items are of that moment. */
  #nowMs: number;

  /** `gauge` says how many keys have a bucket. */
  constructor(rates: Rates, clock: Clock, gauge: Counter) {
    this.#rates = rates;
    this.#clock = clock;
    this.#gauge = gauge;
    this.#shared = this.#full();
    this.#nowMs = clock.monotonicMs();
  }

  /** The key's bucket as it is now. */
  of(key: string): Bucket {
    this.#nowMs = this.#clock.monotonicMs();
    return this.#byKey.get(key) ?? this.#made(key);
  }

  /** Takes an item of so many bytes out of the bucket, or leaves it as it is. A single item larger than a whole bucket passes when that is full. */
  take({ items, bytes }: Bucket, size: number): boolean {
    if (items.waitMs(1, this.#nowMs) > 0 || bytes.waitMs(size, this.#nowMs) > 0) return false;
    items.take(1, this.#nowMs);
    bytes.take(size, this.#nowMs);
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
    if (this.#nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = this.#nowMs;
    for (const [key, { items, bytes }] of this.#byKey) {
      if (!items.isFull(this.#nowMs) || !bytes.isFull(this.#nowMs)) continue;
      this.#byKey.delete(key);
      this.#gauge.add(-1);
    }
  }

  #full(): Bucket {
    const { itemsPerSecond, bytesPerSecond, burstSeconds } = this.#rates;
    return { items: new TokenBucket(itemsPerSecond, burstSeconds), bytes: new TokenBucket(bytesPerSecond, burstSeconds) };
  }
}
