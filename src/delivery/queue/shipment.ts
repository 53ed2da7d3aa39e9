/**
 * One batch on its way to the destination, made of shares of requests, in order. Its parts are tried one
 * after the other, in order, too: what is over of it is always its front, and each share is told as soon as
 * some of it is. What is taken is in the ledger at once. A partial success of a batch of several requests is
 * attributed to no sender (DESIGN section 6). In a durable queue, what the end of the process has left over
 * is all that is left: the tail of the batch.
 */
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { Entry } from "./entry.ts";
import type { DropReason, QueueLedger } from "./ledger.ts";
import type { Parcel } from "./parcel.ts";

/** `items` of a request, from its item `from` on. */
export interface Share {
  readonly entry: Entry;
  readonly from: number;
  readonly items: number;
}

export class Shipment {
  readonly parcel: Parcel;
  readonly #shares: readonly Share[];
  readonly #ledger: QueueLedger;
  readonly #waits: boolean;
  /** Of a durable queue. */
  readonly durable: boolean;
  /** Something of it was taken. */
  #taken = false;
  #left: number;
  /** The share that what is left begins in, and how much of that is over. */
  #share = 0;
  #over = 0;

  /** All shares are of one kind. */
  constructor(parcel: Parcel, shares: readonly Share[], ledger: QueueLedger) {
    this.parcel = parcel;
    this.#shares = shares;
    this.#ledger = ledger;
    this.#waits = shares.some(({ entry }) => entry.kind === "waits");
    this.durable = shares.some(({ entry }) => entry.kind === "durable");
    this.#left = parcel.items;
  }

  /** Whether anyone still wants to know: not once it was abandoned, or is over. */
  get open(): boolean {
    return this.#left > 0;
  }

  /** Whether its senders wait for the answer, and nothing was taken yet: they can send it again. */
  get returnable(): boolean {
    return this.#waits && !this.#taken;
  }

  get waits(): boolean {
    return this.#waits;
  }

  /** Whether an attempt at what is left is of use to anyone. */
  get wanted(): boolean {
    return this.#shares.some(({ entry }, index) => index >= this.#share && entry.wanted);
  }

  /** The latest arrival: nobody is given up before the time. Undefined: from the first attempt. */
  get startMs(): number | undefined {
    return this.#shares.reduce<number | undefined>((latest, { entry: { startMs } }) => {
      return startMs === undefined ? latest : Math.max(startMs, latest ?? -Infinity);
    }, undefined);
  }

  /** An attempt has failed that is made again: with what is over nobody has anything to do any more. */
  delayed(): void {
    for (let index = this.#share; index < this.#shares.length; index++) this.#shares[index]?.entry.delayed();
  }

  /** Kept as dead letters: nobody needs to do anything about them. */
  buried(items: number, reason: DropReason, message: string): void {
    this.#ledger.dead(items, reason, message);
    this.#told(items, { kind: "accepted", warning: `${items} items are kept as dead letters: ${message}` });
  }

  accepted(items: number, outcome: Outcome): void {
    this.#ledger.sent(items);
    this.#told(items, outcome);
  }

  /** A partial success: `rejected` of `items` are lost. */
  partly(items: number, rejected: number, message: string): void {
    if (items > rejected) this.#ledger.sent(items - rejected);
    this.#ledger.lost(rejected, "rejected", message);
    this.#told(items, { kind: "partial", rejected, message });
  }

  /** Nothing was taken of `items`. */
  failed(items: number, reason: DropReason, outcome: Outcome): void {
    const all = this.durable && reason === "stopped" ? this.#left : items;
    this.#next(all, (entry, from, count) => entry.failed(from, count, reason, outcome));
  }

  /** Everything that is left has failed: what is under way may arrive all the same, nobody will hear. */
  abandon(): void {
    this.failedRest("stopped", { kind: "retry", message: "the gateway stopped before the destination answered" });
  }

  failedRest(reason: DropReason, outcome: Outcome): void {
    this.failed(this.#left, reason, outcome);
  }

  #told(items: number, outcome: Outcome): void {
    this.#taken = true;
    // The only sender is told the truth; of several nobody knows whose items they are.
    const told = this.#shares.length === 1 ? outcome : ACCEPTED;
    this.#next(items, (entry, from, count) => entry.told(from, count, told));
  }

  /** Tells the entries of the front of what is left that it is over. */
  #next(items: number, tell: (entry: Entry, from: number, items: number) => void): void {
    this.#left -= items;
    let left = items;
    for (let share = this.#shares[this.#share]; left > 0 && share !== undefined; share = this.#shares[this.#share]) {
      const from = share.from + this.#over;
      const count = Math.min(left, share.items - this.#over);
      left -= count;
      this.#over += count;
      if (this.#over === share.items) {
        this.#share++;
        this.#over = 0;
      }
      tell(share.entry, from, count);
    }
  }
}
