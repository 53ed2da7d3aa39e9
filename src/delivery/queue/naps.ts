/** Waits between attempts that stopping can cut short. Nothing of a wait that is over is kept. */
import type { Host } from "../../base/host.ts";

export class Naps {
  readonly #sleep: Host["sleep"];
  readonly #wakers = new Set<() => void>();

  constructor(host: Pick<Host, "sleep">) {
    this.#sleep = (ms) => host.sleep(ms);
  }

  /** Resolves after `ms`, or as soon as `wakeAll` is called. */
  nap(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => {
      this.#wakers.delete(wake);
      resolve();
    };
    this.#wakers.add(wake);
    void this.#sleep(Math.ceil(ms)).then(wake);
    return promise;
  }

  wakeAll(): void {
    for (const wake of this.#wakers) wake();
  }
}
