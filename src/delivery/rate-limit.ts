/**
 * A destination's limit: so many requests, items and bytes a second, each with a burst, all or none.
 * A request passes when there is room for it in every bucket and then takes it from every bucket; one
 * that is larger than a burst passes when that bucket is full, and what follows waits for its debt. So
 * over any time t no more passes than `burst + t * rate`, and the last request's excess. Monotonic time
 * only, no timers.
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

export class RateLimit {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #requests: TokenBucket;
  readonly #items: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor(limits: RateLimits, clock: Pick<Clock, "monotonicMs">) {
    const { requestsPerSecond = Infinity, itemsPerSecond = Infinity, bytesPerSecond = Infinity, burstSeconds = 1 } = limits;
    this.#clock = clock;
    this.#requests = new TokenBucket(requestsPerSecond, burstSeconds);
    this.#items = new TokenBucket(itemsPerSecond, burstSeconds);
    this.#bytes = new TokenBucket(bytesPerSecond, burstSeconds);
  }

  /**
   * 0: the request may go, and its tokens are taken. Otherwise how many ms until it may, rounded up to
   * whole ones as timers are, and nothing is taken. It is no reservation: who comes first then, goes.
   */
  take(items: number, bytes: number): number {
    const nowMs = this.#clock.monotonicMs();
    const waitMs = Math.max(this.#requests.waitMs(1, nowMs), this.#items.waitMs(items, nowMs), this.#bytes.waitMs(bytes, nowMs));
    if (waitMs > 0) return Math.ceil(waitMs);
    this.#requests.take(1, nowMs);
    this.#items.take(items, nowMs);
    this.#bytes.take(bytes, nowMs);
    return 0;
  }
}
