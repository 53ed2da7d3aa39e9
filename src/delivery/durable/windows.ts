/**
 * Waits that are all of one length, with one timer for all of them: a timer for each request would be
 * what most of its time goes into.
 */
import type { Host } from "../../base/host.ts";
import { Fifo } from "../queue/fifo.ts";

export class Windows<Item> {
  readonly #host: Pick<Host, "clock" | "sleep">;
  readonly #ms: number;
  readonly #onOver: (item: Item) => void;
  readonly #waiting = new Fifo<{ readonly item: Item; readonly dueMs: number }>();
  #running = false;

  /** `onOver` is called for each item when `ms` have passed. */
  constructor(host: Pick<Host, "clock" | "sleep">, ms: number, onOver: (item: Item) => void) {
    this.#host = host;
    this.#ms = ms;
    this.#onOver = onOver;
  }

  open(item: Item): void {
    this.#waiting.push({ item, dueMs: this.#host.clock.monotonicMs() + this.#ms });
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const leftMs = first.dueMs - this.#host.clock.monotonicMs();
      if (leftMs > 0) await this.#host.sleep(Math.ceil(leftMs));
      else {
        this.#waiting.shift();
        this.#onOver(first.item);
      }
    }
    this.#running = false;
  }
}
