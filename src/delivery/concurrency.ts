/**
 * How many exports may be in flight to one destination at a time: a limit between `min` and `max` that
 * follows what the destination can take. Invariants: at a start fewer than the limit are in flight, so
 * it is never exceeded by a start; the limit is never below `min`, so something can always be sent. No
 * timers.
 *
 * Two signals. An answer that says overload takes 30 % off, once a round trip (as TCP does; Chiu and
 * Jain, 1989). Latency is looked at before that, as in TCP Vegas (Brakmo and Peterson, 1995): of so many
 * in flight the share `1 - base / mean` of the round trip stands in the destination's queue. While few
 * do, the limit grows by one a window; when many do, it shrinks. The base is the least mean of a window,
 * measured anew every half a minute with a quarter of the limit, so that a queue that always stands, or
 * a destination that has become slower, is not taken for what it is not. Compared with others in
 * docs/decisions/016-adaptive-concurrency.md.
 */
import { SluiceError } from "../base/errors.ts";
import type { Clock } from "../base/host.ts";

export interface ConcurrencySettings {
  /** At least 1. */
  readonly min: number;
  /** As `num_consumers` of `sending_queue`. */
  readonly max: number;
  /** Limit at the start; it doubles from window to window until the first sign of a queue. */
  readonly initial: number;
}

/** The Collector sends 10 at a time. */
export const CONCURRENCY_DEFAULTS: ConcurrencySettings = { min: 1, max: 10, initial: 4 };

const OVERLOAD_FACTOR = 0.7;
/** Round trips a window: fewer say too little where they differ by their sizes, more take too long. */
const WINDOW = 20;
/** In the queue: fewer are too few to keep the destination busy while answers are on their way. Also a third of the limit: round trips are never all alike. */
const QUEUED_MIN = 8;
const QUEUED_SHARE_MIN = 1 / 3;
/** In the queue: more only wait. Also half of the limit. */
const QUEUED_MAX = 16;
const QUEUED_SHARE_MAX = 1 / 2;
/** How long a base is believed, and what is left of the limit while it is measured. */
const BASE_MS_MAX = 30_000;
const BASE_SHARE = 1 / 4;

/** An export in flight; exactly one method is called, once. A second one throws `internal`. Whoever has one ends it: a lost one takes its place for ever. */
export interface Permit {
  /** The destination answered in its own time, be it with a refusal for good. */
  succeeded(): void;
  /** 429, 503, or a time-out. */
  overloaded(): void;
  /** It says nothing about load: not sent, no connection, cut off by us. */
  abandoned(): void;
}

export class Concurrency {
  readonly #settings: ConcurrencySettings;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #limit: number;
  #inFlight = 0;
  #doubling = true;
  /** When the limit was lowered: what started before is of the time before. */
  #loweredMs = -Infinity;
  /** The window. */
  #sumMs = 0;
  #count = 0;
  #inFlightMax = 0;
  /** Round trip without a queue of ours, as far as it is known, and since when. */
  #baseMs = Infinity;
  #baseSinceMs: number;
  /** The limit to go back to while the base is measured. */
  #limitBefore: number | undefined;

  constructor(settings: ConcurrencySettings, clock: Pick<Clock, "monotonicMs">) {
    this.#settings = settings;
    this.#clock = clock;
    this.#limit = Math.min(settings.max, Math.max(settings.min, settings.initial));
    this.#baseSinceMs = clock.monotonicMs();
  }

  /** Whole exports. It may be below what is in flight after it was lowered. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Place for one more, or undefined: when one that is in flight ends, ask again. */
  tryAcquire(): Permit | undefined {
    if (this.#inFlight >= this.limit) return undefined;
    return this.#permit(this.#clock.monotonicMs(), ++this.#inFlight);
  }

  #permit(startMs: number, inFlight: number): Permit {
    let ended = false;
    const end = (): void => {
      if (ended) throw new SluiceError("internal", "Cannot end an export in flight: it has ended");
      ended = true;
      this.#inFlight--;
    };
    return {
      succeeded: () => {
        end();
        this.#succeeded(startMs, inFlight);
      },
      overloaded: () => {
        end();
        this.#overloaded(startMs);
      },
      abandoned: end,
    };
  }

  #overloaded(startMs: number): void {
    this.#doubling = false;
    if (startMs < this.#loweredMs) return;
    this.#limitBefore = undefined;
    this.#lower(this.#limit * OVERLOAD_FACTOR);
  }

  #succeeded(startMs: number, inFlight: number): void {
    if (startMs < this.#loweredMs) return;
    this.#sumMs += this.#clock.monotonicMs() - startMs;
    this.#inFlightMax = Math.max(this.#inFlightMax, inFlight);
    if (++this.#count < WINDOW) return;
    const meanMs = this.#sumMs / this.#count;
    // Where less was in flight than could have been, the limit is not what matters.
    const held = this.#inFlightMax * 2 >= this.#limit;
    this.#forget();
    this.#judge(meanMs, held);
  }

  #judge(meanMs: number, held: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    const limitBefore = this.#limitBefore;
    if (limitBefore !== undefined || !held || meanMs < this.#baseMs) {
      this.#baseMs = meanMs;
      this.#baseSinceMs = nowMs;
    }
    if (limitBefore !== undefined) {
      this.#limitBefore = undefined;
      this.#set(limitBefore);
    } else if (held && nowMs - this.#baseSinceMs > BASE_MS_MAX) {
      this.#limitBefore = this.#limit;
      this.#lower(this.#limit * BASE_SHARE);
    } else if (held) this.#adapt(this.#limit * (1 - this.#baseMs / meanMs));
  }

  #adapt(queued: number): void {
    const few = Math.max(QUEUED_MIN, this.#limit * QUEUED_SHARE_MIN);
    const many = Math.max(QUEUED_MAX, this.#limit * QUEUED_SHARE_MAX);
    if (queued >= few) this.#doubling = false;
    if (queued < few) this.#set(this.#doubling ? this.#limit * 2 : this.#limit + 1);
    else if (queued > many) this.#set(this.#limit - Math.max(1, (queued - many) / 2));
  }

  #lower(limit: number): void {
    this.#set(limit);
    this.#loweredMs = this.#clock.monotonicMs();
    this.#forget();
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.#settings.max, Math.max(this.#settings.min, limit));
  }

  #forget(): void {
    this.#sumMs = 0;
    this.#count = 0;
    this.#inFlightMax = 0;
  }
}
