/**
 * A token bucket that counts time and not tokens: how long until it is full again (the generic cell
 * rate algorithm, ITU-T I.371, with the burst as its tolerance). Waiting only shortens that time, so
 * asking often loses nothing to rounding. Times are the monotonic clock's, in ms: the wall clock may
 * jump.
 */

/** A microsecond: what a clock's readings are rounded to after years. It does not add up. */
const TOLERANCE_MS = 1e-3;

export class TokenBucket {
  readonly #msPerToken: number;
  readonly #burst: number;
  readonly #burstMs: number;
  /** From `#atMs` on, until the bucket is full. */
  #missingMs = 0;
  #atMs = -Infinity;

  /**
   * Full at first. `perSecond` tokens come a second, above 0, Infinity: no limit. What comes in
   * `burstSeconds` is saved up; at least one is, so that a rate below one a second still lets one pass,
   * from time to time.
   */
  constructor(perSecond: number, burstSeconds: number) {
    this.#msPerToken = 1000 / perSecond;
    this.#burst = Math.max(1, perSecond * burstSeconds);
    this.#burstMs = this.#msPerToken === 0 ? 0 : this.#burst * this.#msPerToken;
  }

  /**
   * How long until so many tokens are there, in ms, 0: now. More than the burst never are: such an
   * amount goes when the bucket is full, and `take` leaves a debt.
   */
  waitMs(tokens: number, nowMs: number): number {
    const waitMs = this.#missing(nowMs) + Math.min(tokens, this.#burst) * this.#msPerToken - this.#burstMs;
    return waitMs > TOLERANCE_MS ? waitMs : 0;
  }

  /** Takes tokens, those that are not there yet, too: what is lent is paid back before anything else passes. */
  take(tokens: number, nowMs: number): void {
    this.#missingMs = this.#missing(nowMs) + tokens * this.#msPerToken;
    this.#atMs = Math.max(this.#atMs, nowMs);
  }

  /** Whether nothing is missing: such a bucket is as good as a new one. */
  isFull(nowMs: number): boolean {
    return this.#missing(nowMs) === 0;
  }

  #missing(nowMs: number): number {
    return Math.max(0, this.#missingMs - Math.max(0, nowMs - this.#atMs));
  }
}
