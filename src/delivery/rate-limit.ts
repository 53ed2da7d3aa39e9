/**
 * A destination's limit: so many requests, items and bytes a second, each with a burst, all or none.
 * A request passes when there is room for it in every bucket and then takes it from every bucket; one
 * that is larger than a burst passes when that bucket is full, and what follows waits for its debt. So
 * over any time t no more passes than `burst + t * rate`, and the last request's excess. Monotonic time
 * only, no timers: who is let through waits by itself, and its tokens are taken from that moment on, so
 * that requests go in the order in which they asked, large ones among small ones, and one sleep is enough.
 */
import type { Clock } from "../base/host.ts";
import { TokenBucket } from "../base/token-bucket.ts";

/** Each is a rate a second, above 0; undefined: no limit. */
export interface RateLimits {
  readonly requestsPerSecond?: number | undefined;
  readonly itemsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** For how many seconds the rates are saved up while less is sent. Default 1: quotas are counted by the second. */
  readonly burstSeconds?: number | undefined;
}

/** A place in line, or none. */
export interface Place {
  /** Whether the request may go, `waitMs` from now; its tokens are taken. Otherwise nothing is. */
  readonly taken: boolean;
  /** Ms until it may go, rounded up to whole ones as timers are; where it got no place, until it might if nobody else came. */
  readonly waitMs: number;
}

export class RateLimit {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #requests: TokenBucket;
  readonly #items: TokenBucket;
  readonly #bytes: TokenBucket;
  /** When the last one that got a place goes: the next one goes no earlier. */
  #lastMs = -Infinity;

  constructor(limits: RateLimits, clock: Pick<Clock, "monotonicMs">) {
    const { requestsPerSecond = Infinity, itemsPerSecond = Infinity, bytesPerSecond = Infinity, burstSeconds = 1 } = limits;
    this.#clock = clock;
    this.#requests = new TokenBucket(requestsPerSecond, burstSeconds);
    this.#items = new TokenBucket(itemsPerSecond, burstSeconds);
    this.#bytes = new TokenBucket(bytesPerSecond, burstSeconds);
  }

  /**
   * A place for a request while the line is no longer than `lineMsMax`. The line is what those before it
   * have to wait, debts included, whatever this one's size: a large request finds room when a small one
   * does. So none waits for longer than `lineMsMax` and the burst's seconds.
   */
  take(items: number, bytes: number, lineMsMax: number): Place {
    const nowMs = this.#clock.monotonicMs();
    const fromMs = Math.max(nowMs, this.#lastMs);
    const goMs = fromMs + this.#waitMs(1, items, bytes, fromMs);
    const taken = fromMs + this.#waitMs(0, 0, 0, fromMs) - nowMs <= lineMsMax;
    if (taken) {
      this.#lastMs = goMs;
      this.#requests.take(1, goMs);
      this.#items.take(items, goMs);
      this.#bytes.take(bytes, goMs);
    }
    return { taken, waitMs: Math.ceil(goMs - nowMs) };
  }

  #waitMs(requests: number, items: number, bytes: number, atMs: number): number {
    return Math.max(this.#requests.waitMs(requests, atMs), this.#items.waitMs(items, atMs), this.#bytes.waitMs(bytes, atMs));
  }
}
