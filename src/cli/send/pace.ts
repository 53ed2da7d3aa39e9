/**
 * Pacing: so many items a second, over all workers. A schedule of absolute due times, so that waits
 * which end late do not add up; what could not be sent in time (a slow destination) is caught up for
 * one second at the most, and given up beyond.
 */
import type { Clock } from "../../base/host.ts";

const CATCH_UP_MS = 1000;

export class Pace {
  readonly #itemsASecond: number;
  readonly #clock: Clock;
  #dueMs: number | undefined;

  /** `itemsASecond` 0: no limit. */
  constructor(itemsASecond: number, clock: Clock) {
    this.#itemsASecond = itemsASecond;
    this.#clock = clock;
  }

  /** Books the next `items` and returns how long to wait before they may go, ms. */
  book(items: number): number {
    if (this.#itemsASecond === 0) return 0;
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.max(this.#dueMs ?? nowMs, nowMs - CATCH_UP_MS);
    this.#dueMs = dueMs + (items / this.#itemsASecond) * 1000;
    return Math.max(0, dueMs - nowMs);
  }
}
