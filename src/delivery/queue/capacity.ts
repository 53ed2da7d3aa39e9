/**
 * The room of a queue, in units of its sizer and in bytes, and the senders that wait for some, in order.
 * Everything between a look at the room and its use is synchronous.
 */
import type { Host } from "../../base/host.ts";
import { Fifo } from "./fifo.ts";

/** Who waits for room is a sender with a time-out of its own, 10 to 30 s by default; nobody tells when it has gone. */
export const BLOCKED_MS_MAX = 60_000;

/** A sender that waits for room. */
interface Blocked {
  readonly size: number;
  readonly bytes: number;
  readonly admit: (room: boolean) => void;
}

export interface CapacityParts {
  /** In units of the sizer. */
  readonly sizeMax: number;
  readonly bytesMax: number;
  readonly sleep: Host["sleep"];
  /** Called with every change, which may be negative. */
  readonly onChange: (size: number, bytes: number) => void;
}

export class Capacity {
  readonly #parts: CapacityParts;
  readonly #blocked = new Fifo<Blocked>();
  #size = 0;
  #bytes = 0;

  constructor(parts: CapacityParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(size: number, bytes: number): boolean {
    const { bytesMax, sizeMax } = this.#parts;
    return this.#size + size <= sizeMax && this.#bytes + bytes <= bytesMax;
  }

  /** Takes it when there is room and nobody waits for it. */
  take(size: number, bytes: number): boolean {
    if (this.#blocked.length > 0 || !this.hasRoom(size, bytes)) return false;
    this.hold(size, bytes);
    return true;
  }

  /** Takes it, room or none: what is there already. */
  hold(size: number, bytes: number): void {
    this.#size += size;
    this.#bytes += bytes;
    this.#parts.onChange(size, bytes);
  }

  /** Waits for a turn and for room, which is the caller's then; false: there was none in time. */
  wait(size: number, bytes: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const blocked: Blocked = { size, bytes, admit: resolve };
    this.#blocked.push(blocked);
    void this.#endWait(blocked);
    return promise;
  }

  give(size: number, bytes: number): void {
    this.hold(-size, -bytes);
    this.#admit();
  }

  /** Nobody who waits gets any. */
  turnAllAway(): void {
    for (let one = this.#blocked.shift(); one !== undefined; one = this.#blocked.shift()) one.admit(false);
  }

  async #endWait(blocked: Blocked): Promise<void> {
    await this.#parts.sleep(BLOCKED_MS_MAX);
    this.#blocked.remove(blocked);
    blocked.admit(false);
    // The next one may be smaller.
    this.#admit();
  }

  #admit(): void {
    for (let first = this.#blocked.first; first !== undefined && this.hasRoom(first.size, first.bytes); first = this.#blocked.first) {
      this.#blocked.shift();
      this.hold(first.size, first.bytes);
      first.admit(true);
    }
  }
}
