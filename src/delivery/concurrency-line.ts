/**
 * The line before a limit of concurrency: first come, first served, each for a bounded time. Whoever is
 * let through ends its permit and says so here at once, so that a place is taken as soon as there is one;
 * a limit that has grown lets several through.
 */
import type { Host } from "../base/host.ts";
import type { Concurrency, Permit } from "./concurrency.ts";
import { Fifo } from "./queue/fifo.ts";

interface Waiter {
  readonly resolve: (permit: Permit | undefined) => void;
  waits: boolean;
}

export class ConcurrencyLine {
  readonly #concurrency: Concurrency;
  readonly #sleep: Host["sleep"];
  readonly #waitMsMax: number;
  readonly #waiting = new Fifo<Waiter>();
  #closed = false;

  constructor(concurrency: Concurrency, waitMsMax: number, host: Pick<Host, "sleep">) {
    this.#concurrency = concurrency;
    this.#waitMsMax = waitMsMax;
    this.#sleep = (ms) => host.sleep(ms);
  }

  /** A permit, or undefined: there was no place in time, or the line was closed. */
  async enter(): Promise<Permit | undefined> {
    if (this.#closed) return undefined;
    // Nobody is passed over: while there is a place nobody waits.
    const permit = this.#concurrency.tryAcquire();
    if (permit !== undefined || this.#waitMsMax === 0) return permit;
    const { promise, resolve } = Promise.withResolvers<Permit | undefined>();
    const waiter: Waiter = { resolve, waits: true };
    this.#waiting.push(waiter);
    void this.#leaveInTime(waiter);
    return promise;
  }

  /** After a permit was ended: lets through whoever has a place now. */
  admit(): void {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const permit = this.#concurrency.tryAcquire();
      if (permit === undefined) return;
      this.#waiting.shift();
      end(first, permit);
    }
  }

  /** Whoever waits goes without a permit, and so does who comes. */
  close(): void {
    this.#closed = true;
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) end(first, undefined);
  }

  async #leaveInTime(waiter: Waiter): Promise<void> {
    await this.#sleep(this.#waitMsMax);
    if (!waiter.waits) return;
    this.#waiting.remove(waiter);
    end(waiter, undefined);
  }
}

function end(waiter: Waiter, permit: Permit | undefined): void {
  waiter.waits = false;
  waiter.resolve(permit);
}
