/**
 * One batch on its way to the destination, made of shares of requests. What is taken is in the ledger
 * at once. What fails is lost at once where every sender was answered before; where they wait, it is
 * theirs again when nothing at all was taken, and lost otherwise. A partial success of a batch of
 * several requests is attributed to no sender (DESIGN section 6). In a durable queue, what the end of
 * the process has left over is the tail of the batch: parts are tried one after the other, in order.
 */
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { Entry } from "./entry.ts";
import type { DropReason, QueueLedger } from "./ledger.ts";
import type { Parcel } from "./parcel.ts";

export interface Share {
  readonly entry: Entry;
  readonly items: number;
}

interface Loss {
  readonly items: number;
  readonly reason: DropReason;
  readonly outcome: Outcome;
}

export class Shipment {
  readonly parcel: Parcel;
  readonly #shares: readonly Share[];
  readonly #ledger: QueueLedger;
  readonly #waits: boolean;
  /** Of a durable queue. */
  readonly durable: boolean;
  readonly #losses: Loss[] = [];
  #taken = 0;
  #rejected = 0;
  #message = "";
  #warning: Outcome | undefined;
  #left: number;
  #open = true;

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
    return this.#open;
  }

  /** Whether its senders wait for the answer, and nothing was taken yet: they can send it again. */
  get returnable(): boolean {
    return this.#waits && this.#taken + this.#rejected === 0;
  }

  get waits(): boolean {
    return this.#waits;
  }

  /** Whether an attempt is of use to anyone. */
  get wanted(): boolean {
    return this.#shares.some(({ entry }) => entry.wanted);
  }

  /** The latest arrival: nobody is given up before the time. Undefined: from the first attempt. */
  get startMs(): number | undefined {
    return this.#shares.reduce<number | undefined>((latest, { entry: { startMs } }) => {
      return startMs === undefined ? latest : Math.max(startMs, latest ?? -Infinity);
    }, undefined);
  }

  /** An attempt has failed that is made again. */
  delayed(): void {
    for (const { entry } of this.#shares) entry.delayed();
  }

  /** Kept as dead letters: nobody needs to do anything about them. */
  buried(items: number, reason: DropReason, message: string): void {
    this.#taken += items;
    this.#warning = { kind: "accepted", warning: `${items} items are kept as dead letters: ${message}` };
    this.#ledger.dead(items, reason, message);
    this.#less(items);
  }

  accepted(items: number, outcome: Outcome): void {
    this.#taken += items;
    if (outcome.kind === "accepted" && outcome.warning !== undefined) this.#warning = outcome;
    this.#ledger.sent(items);
    this.#less(items);
  }

  /** A partial success: `rejected` of `items` are lost. */
  partly(items: number, rejected: number, message: string): void {
    this.#taken += items - rejected;
    this.#rejected += rejected;
    this.#message = message;
    if (items > rejected) this.#ledger.sent(items - rejected);
    this.#ledger.lost(rejected, "rejected", message);
    this.#less(items);
  }

  failed(items: number, reason: DropReason, outcome: Outcome): void {
    if (!this.#waits && !this.durable) this.#ledger.lost(items, reason, "message" in outcome ? outcome.message : "");
    // Of a durable queue's batch, what is left over is all that was not tried: its tail.
    const all = this.durable && reason === "stopped" ? this.#left : items;
    this.#losses.push({ items: all, reason, outcome });
    this.#less(all);
  }

  /** Everything that is left has failed: what is under way may arrive all the same, nobody will hear. */
  abandon(): void {
    this.failedRest("stopped", { kind: "retry", message: "the gateway stopped before the destination answered" });
  }

  failedRest(reason: DropReason, outcome: Outcome): void {
    if (this.#open) this.failed(this.#left, reason, outcome);
  }

  #less(items: number): void {
    this.#left -= items;
    if (this.#left > 0) return;
    this.#open = false;
    this.#tell();
  }

  #tell(): void {
    const stopped = this.durable ? this.#losses.find(({ reason }) => reason === "stopped") : undefined;
    const loss = stopped ?? this.#losses.find(({ outcome }) => outcome.kind === "retry") ?? this.#losses[0];
    if (loss !== undefined && this.#taken + this.#rejected === 0) {
      for (const { entry, items } of this.#shares) entry.failed(items, loss.reason, loss.outcome);
      return;
    }
    if (this.#waits || this.durable) this.#lose();
    if (stopped !== undefined) return this.#tellDurable(stopped);
    const outcome = this.#shares.length === 1 ? this.#truth(loss) : ACCEPTED;
    for (const { entry, items } of this.#shares) entry.told(items, outcome);
  }

  #lose(): void {
    for (const { items, reason, outcome } of this.#losses) {
      if (this.durable && reason === "stopped") continue;
      this.#ledger.lost(items, reason, "message" in outcome ? outcome.message : "");
    }
  }

  /** What was settled is the front of the batch. */
  #tellDurable({ items: left, reason, outcome }: Loss): void {
    let settled = this.parcel.items - left;
    for (const { entry, items } of this.#shares) {
      const done = Math.min(items, settled);
      settled -= done;
      if (done > 0) entry.told(done, ACCEPTED);
      if (items > done) entry.failed(items - done, reason, outcome);
    }
  }

  /** For the only sender. */
  #truth(loss: Loss | undefined): Outcome {
    const lost = this.#losses.reduce((sum, { items }) => sum + items, this.#rejected);
    if (lost === 0) return this.#warning ?? ACCEPTED;
    const message = loss !== undefined && "message" in loss.outcome ? loss.outcome.message : this.#message;
    return { kind: "partial", rejected: lost, message };
  }
}
