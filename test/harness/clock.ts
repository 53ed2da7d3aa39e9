/**
 * Time that tests make. Nothing here waits for real time, so no timing decides a test: `sleep` ends when
 * the test moves the clock or, with `runsByItself`, as soon as everything else has come to rest, in the
 * order of the deadlines.
 */
import type { Clock } from "../../src/base/host.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

export class TestClock implements Clock {
  readonly #runsByItself: boolean;
  readonly #sleepers: Sleeper[] = [];
  #ms = 0;
  #running = false;

  constructor({ runsByItself = false } = {}) {
    this.#runsByItself = runsByItself;
  }

  /** Who sleeps now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  nowMs(): number {
    return 1_700_000_000_000 + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      this.#sleepers.push({ dueMs: this.#ms + ms, wake: resolve });
      if (this.#runsByItself) void this.#run();
    });

  /** Lets `ms` pass: sleepers wake in order, each with all that follows from it, those that fall asleep meanwhile, too. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#ms + ms;
    await settled();
    while (this.#earliest() <= endMs) await this.#wakeOne();
    this.#ms = endMs;
    await settled();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await settled();
    while (this.#sleepers.length > 0) await this.#wakeOne();
    this.#running = false;
  }

  async #wakeOne(): Promise<void> {
    const dueMs = this.#earliest();
    const [sleeper] = this.#sleepers.splice(
      this.#sleepers.findIndex((one) => one.dueMs === dueMs),
      1,
    );
    this.#ms = Math.max(this.#ms, dueMs);
    sleeper?.wake();
    await settled();
  }

  #earliest(): number {
    return Math.min(...this.#sleepers.map(({ dueMs }) => dueMs));
  }
}

/** A later turn of the event loop: whatever waits for no clock has been done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
