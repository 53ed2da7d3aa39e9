/**
 * Candidates for the limit of concurrency (docs/decisions/016-adaptive-concurrency.md). All decrease
 * to 0.7 on an answer that says overload, once a round trip, and grow only while the limit is what
 * holds the sender. They differ in what they make of latency.
 */

/** One export that ended. */
export interface Sample {
  readonly startMs: number;
  readonly nowMs: number;
  /** When it started, itself among them. */
  readonly inFlight: number;
  /** 429, 503 or a time-out. */
  readonly overloaded: boolean;
}

export interface Candidate {
  readonly limit: number;
  sample(sample: Sample): void;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

const DECREASE = 0.7;
const WINDOW = 20;
const BASE_MS = 30_000;

/** The Collector's: `num_consumers`. */
export class Fixed implements Candidate {
  readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  sample(): void {
    // It does not learn.
  }
}

abstract class Adaptive implements Candidate {
  readonly bounds: Bounds;
  limit: number;
  slowStart = true;
  #decreasedMs = -Infinity;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
    this.limit = bounds.initial;
  }

  sample(sample: Sample): void {
    if (!sample.overloaded) {
      this.succeeded(sample);
      return;
    }
    this.slowStart = false;
    if (sample.startMs < this.#decreasedMs) return;
    this.#decreasedMs = sample.nowMs;
    this.set(this.limit * DECREASE);
    this.decreased();
  }

  set(limit: number): void {
    this.limit = Math.min(this.bounds.max, Math.max(this.bounds.min, limit));
  }

  abstract succeeded(sample: Sample): void;
  decreased(): void {
    // For those that keep a window.
  }
}

/** TCP Reno's: one more a round trip, latency not looked at. */
export class Aimd extends Adaptive {
  succeeded({ inFlight }: Sample): void {
    if (inFlight * 2 >= this.limit) this.set(this.limit + (this.slowStart ? 1 : 1 / this.limit));
  }
}

/** Those that look at the mean round trip of a window of successes. */
abstract class Windowed extends Adaptive {
  #sumMs = 0;
  #count = 0;
  #inFlightMax = 0;

  succeeded({ startMs, nowMs, inFlight }: Sample): void {
    this.#sumMs += nowMs - startMs;
    this.#inFlightMax = Math.max(this.#inFlightMax, inFlight);
    if (++this.#count < WINDOW) return;
    const meanMs = this.#sumMs / this.#count;
    const held = this.#inFlightMax * 2 >= this.limit;
    this.decreased();
    this.window(meanMs, held, nowMs);
  }

  override decreased(): void {
    this.#sumMs = 0;
    this.#count = 0;
    this.#inFlightMax = 0;
  }

  abstract window(meanMs: number, held: boolean, nowMs: number): void;
}

/** TCP Vegas (Brakmo, Peterson 1995): keeps between `least` and twice as many of its own in the other side's queue. */
export class Vegas extends Windowed {
  readonly #least: number;
  #baseMs = Infinity;
  #oldBaseMs = Infinity;
  #epochMs = 0;

  constructor(bounds: Bounds, least: number) {
    super(bounds);
    this.#least = least;
  }

  window(meanMs: number, held: boolean, nowMs: number): void {
    if (nowMs - this.#epochMs > BASE_MS) {
      this.#oldBaseMs = this.#baseMs;
      this.#baseMs = Infinity;
      this.#epochMs = nowMs;
    }
    this.#baseMs = Math.min(this.#baseMs, meanMs);
    if (!held) return;
    const queued = this.limit * (1 - Math.min(this.#baseMs, this.#oldBaseMs) / meanMs);
    if (queued > this.#least) this.slowStart = false;
    if (queued < this.#least) this.set(this.slowStart ? this.limit * 2 : this.limit + 1);
    else if (queued > 2 * this.#least) this.set(this.limit - 1);
  }
}

/** Gradient2 of Netflix's concurrency-limits: the long-term mean round trip over the present one. */
export class Gradient extends Windowed {
  #longMs = 0;

  window(meanMs: number, held: boolean): void {
    this.#longMs = this.#longMs === 0 ? meanMs : this.#longMs + (meanMs - this.#longMs) / 30;
    if (this.#longMs > 2 * meanMs) this.#longMs *= 0.95;
    if (!held) return;
    const gradient = Math.min(1, Math.max(0.5, (1.5 * this.#longMs) / meanMs));
    this.set(this.limit * 0.8 + (this.limit * gradient + 4) * 0.2);
  }
}
