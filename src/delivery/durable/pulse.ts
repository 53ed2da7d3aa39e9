/** How a destination answers, of all signals together: when its queues stop, they give up together. */
import type { Host } from "../../base/host.ts";

/** How long it may be silent while we stop: so much, or its window, or so many times what the latest attempt took. */
const SILENCE_MS = 1000;
const SILENCE = 2;

export class Pulse {
  /** Attempts that have ended. */
  #ended = 0;
  /** What the latest took that had an answer, ms. */
  #tookMs = 0;

  /** An attempt has ended, with an answer or without one. */
  beat(answered: boolean, tookMs: number): void {
    this.#ended++;
    if (answered) this.#tookMs = tookMs;
  }

  /** Resolves when no attempt has ended for longer than they take, or at `endMs`, monotonic. */
  async silence({ clock, sleep }: Pick<Host, "clock" | "sleep">, windowMs: number, endMs: number): Promise<void> {
    for (let leftMs = endMs - clock.monotonicMs(); leftMs > 0; leftMs = endMs - clock.monotonicMs()) {
      const before = this.#ended;
      await sleep(Math.min(Math.max(SILENCE_MS, windowMs, SILENCE * this.#tookMs), leftMs));
      if (this.#ended === before) return;
    }
  }
}
