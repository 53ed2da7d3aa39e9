/** The end of a campaign, and waits that it cuts short. */
export class Stopper {
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends every wait, now and later. */
  stop(): void {
    this.#stopped = true;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves after `ms`, or at the stop. */
  sleep(ms: number): Promise<void> {
    if (this.#stopped || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(ms, TIMER_MS_MAX));
      this.#waiting.add(wake);
    });
  }
}

/** Timers take 31 bits. */
const TIMER_MS_MAX = 2 ** 31 - 1;
