/**
 * The streams that are followed: the last point of each. A point gives its difference to the one
 * before, or a reason to drop it. State is bounded; what is full refuses new streams and keeps the
 * known ones exact.
 *
 * Streams expire as in the Collector: at every multiple of `maxStalenessMs` since the start those go
 * whose last point is older than that, by the point's own time. It is done when the next request comes.
 */
import type { Clock } from "../../base/host.ts";
import type { Books } from "../envelopes/books.ts";
import { type Bounds, States } from "../envelopes/states.ts";
import { bytesOf, isFault, type PointValue, remembered, subtract } from "./points.ts";

export type InitialValue = "auto" | "keep" | "drop";

export interface TrackerOptions extends Bounds {
  /** 0: streams never expire. */
  readonly maxStalenessMs: number;
  readonly initialValue: InitialValue;
}

export type DropReason = "initial" | "reset" | "bucket_mismatch" | "late" | "max_streams";

export interface Delta {
  readonly startNanos: bigint;
  readonly value: PointValue;
}

interface Last {
  readonly timeNanos: bigint;
  readonly value: PointValue;
  readonly bytes: number;
}

/** What one request changed, so that it can be taken back when no destination took it. */
export class Journal {
  readonly #states: States<Last>;
  readonly #changes: { readonly key: string; readonly written: Last; readonly before: Last | undefined }[] = [];

  constructor(states: States<Last>) {
    this.#states = states;
  }

  add(key: string, written: Last, before: Last | undefined): void {
    this.#changes.push({ key, written, before });
  }

  /** Latest first: a stream may have several points in a request. */
  takeBack(): void {
    for (const { key, written, before } of this.#changes.toReversed()) this.#states.takeBack(key, written, before);
  }
}

const NANOS_PER_MS = 1_000_000n;

export class Tracker {
  readonly #options: TrackerOptions;
  readonly #clock: Clock;
  readonly #states: States<Last>;
  readonly #startNanos: bigint;
  readonly #startMs: number;
  #sweeps = 0;

  constructor(options: TrackerOptions, clock: Clock, books: Books) {
    this.#options = options;
    this.#clock = clock;
    this.#states = new States(options, books);
    this.#startMs = clock.monotonicMs();
    this.#startNanos = nanosOf(clock);
  }

  get streams(): number {
    return this.#states.size;
  }

  /** To be called before a request: forgets what is stale. */
  begin(): Journal {
    const { maxStalenessMs } = this.#options;
    if (maxStalenessMs > 0) {
      const elapsedMs = this.#clock.monotonicMs() - this.#startMs;
      const sweeps = Math.floor(elapsedMs / maxStalenessMs);
      if (sweeps > this.#sweeps) this.#sweep(elapsedMs - sweeps * maxStalenessMs);
      this.#sweeps = sweeps;
    }
    return new Journal(this.#states);
  }

  /** The point's difference to the last one of its stream. `key` has the point's start in it: a new start is a new stream. */
  convert(key: string, startNanos: bigint, timeNanos: bigint, value: PointValue, journal: Journal): Delta | DropReason {
    const before = this.#states.get(key);
    if (before === undefined) return this.#first(key, startNanos, timeNanos, value, journal);
    if (timeNanos < before.timeNanos) return "late";
    const result = subtract(value, before.value);
    if (!isFault(result) || result.remember) {
      if (!this.#remember(key, timeNanos, remembered(value, before.value), before, journal)) return "max_streams";
    }
    return isFault(result) ? result.reason : { startNanos: before.timeNanos, value: result };
  }

  #first(key: string, startNanos: bigint, timeNanos: bigint, value: PointValue, journal: Journal): Delta | DropReason {
    if (!this.#remember(key, timeNanos, value, undefined, journal)) return "max_streams";
    switch (this.#options.initialValue) {
      case "drop":
        return "initial";
      case "keep":
        // As in the Collector, without a start.
        return { startNanos: 0n, value };
      default:
        // It counts from its own start, unless that was before ours: then some of it may have been sent before.
        return startNanos < this.#startNanos || startNanos === timeNanos ? "initial" : { startNanos, value };
    }
  }

  #remember(key: string, timeNanos: bigint, value: PointValue, before: Last | undefined, journal: Journal): boolean {
    const last: Last = { timeNanos, value, bytes: bytesOf(value) };
    if (!this.#states.set(key, last)) return false;
    journal.add(key, last, before);
    return true;
  }

  /** `agoMs`: how long ago the sweep was due. */
  #sweep(agoMs: number): void {
    const staleNanos = nanosOf(this.#clock) - BigInt(Math.ceil(agoMs + this.#options.maxStalenessMs)) * NANOS_PER_MS;
    this.#states.sweep(({ timeNanos }) => timeNanos < staleNanos);
  }
}

function nanosOf(clock: Clock): bigint {
  return BigInt(Math.floor(clock.nowMs())) * NANOS_PER_MS;
}
