/**
 * The simulation's time: it moves from one timer to the next, each with all that follows from it, so that
 * an hour takes as long as what happens in it, and a run is the same each time. A timer belongs to what
 * has the power: one of a process that is gone never goes off.
 */
import type { Clock } from "../../src/base/host.ts";
import { RUNTIMES_FOUND } from "../harness/runtime.ts";

/** Of a process, or of the world, which always has it. */
export interface Power {
  on: boolean;
}

interface Timer {
  readonly dueMs: number;
  readonly power: Power;
  readonly goOff: () => void;
}

export const WORLD: Power = { on: true };
const MICROTASKS = 500;
const DONE = Promise.resolve();
const WALL_MS = 1_700_000_000_000;

export class SimulatedTime implements Clock {
  /** The next one last. */
  readonly #timers: Timer[] = [];
  #ms = 0;

  nowMs(): number {
    return WALL_MS + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  after(ms: number, power: Power = WORLD): Promise<void> {
    return new Promise((resolve) => {
      const timer = { dueMs: this.#ms + Math.max(0, ms), power, goOff: resolve };
      this.#timers.splice(this.#placeOf(timer.dueMs), 0, timer);
    });
  }

  /** Lets `ms` pass, or less: until `isOver` says so. */
  async pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
    const endMs = this.#ms + ms;
    await settled();
    for (let next = this.#timers.at(-1); next !== undefined && next.dueMs <= endMs && !isOver(); next = this.#timers.at(-1)) {
      this.#timers.pop();
      if (!next.power.on) continue;
      this.#ms = Math.max(this.#ms, next.dueMs);
      next.goOff();
      await settled();
    }
    if (!isOver()) this.#ms = endMs;
  }

  /** Of two that are due at once the older goes off first. */
  #placeOf(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.dueMs ?? 0) > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const settled = RUNTIMES_FOUND.includes("workers") ? microtasks : turn;

/** A later turn of the event loop: whatever waits for no timer has been done. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** The same for workerd, where a turn takes a millisecond: more microtasks than anything needs that waits for no timer. */
async function microtasks(): Promise<void> {
  for (let count = 0; count < MICROTASKS; count++) await DONE;
}
