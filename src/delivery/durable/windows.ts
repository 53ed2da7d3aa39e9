/**
 * Waits that are all of one length, with one timer for all of them: a timer for each request would be
 * what most of its time goes into. A wait that is closed holds nothing: requests that end long before
 * their time would otherwise be kept for all of it, and be moved about by the garbage collector.
 */
import type { Host } from "../../base/host.ts";
import { Fifo } from "../queue/fifo.ts";

export interface Window<Item> {
  /** Undefined once it is closed. */
  item: Item | undefined;
  readonly dueMs: number;
}

export class Windows<Item> {
  readonly #host: Pick<Host, "clock" | "sleep">;
  readonly #ms: number;
  readonly #onOver: (item: Item) => void;
  readonly #open = new Fifo<Window<Item>>();
  #running = false;

  /** `onOver` is called for each item whose window is not closed when `ms` have passed. */
  constructor(host: Pick<Host, "clock" | "sleep">, ms: number, onOver: (item: Item) => void) {
    this.#host = host;
    this.#ms = ms;
    this.#onOver = onOver;
  }

  open(item: Item): Window<Item> {
    const window = { item, dueMs: this.#host.clock.monotonicMs() + this.#ms };
    this.#open.push(window);
    if (!this.#running) void this.#run();
    return window;
  }

  /** Nothing will be called for it. */
  close(window: Window<Item>): void {
    window.item = undefined;
    while (this.#open.first !== undefined && this.#open.first.item === undefined) this.#open.shift();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let first = this.#open.first; first !== undefined; first = this.#open.first) {
      const leftMs = first.dueMs - this.#host.clock.monotonicMs();
      if (leftMs > 0) await this.#host.sleep(Math.ceil(leftMs));
      else {
        this.#open.shift();
        if (first.item !== undefined) this.#onOver(first.item);
      }
    }
    this.#running = false;
  }
}
