/**
 * A request in the queue, and the shares of it in the batches that leave. It is done when each share
 * was told; then its room is free again, and a sender that waits is told the truth: failed, when no
 * share was taken; rejected in part, when some were, because sending all of it again would double them.
 *
 * An entry of a durable queue begins as one whose sender waits. Once it is written (`keep`) nobody does:
 * what fails for good is lost then, and what the end of the process leaves over stays where it is kept.
 * Which of its items are over, while others are not, is told (`onOver`): they are not sent again.
 */
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { DropReason, QueueLedger } from "./ledger.ts";

/** How a share ended that nothing was taken of. */
interface Failure {
  readonly items: number;
  readonly reason: DropReason;
  readonly outcome: Outcome;
}

/** Whom it concerns how an entry ends: nobody (the sender was answered), its sender, or a durable queue. */
export type EntryKind = "answered" | "waits" | "durable";

export interface EntryParts {
  readonly items: number;
  /** In units of the queue's sizer. */
  readonly size: number;
  /** That the queue holds for it. */
  readonly bytes: number;
  readonly kind: EntryKind;
  /** When it arrived, monotonic ms: its time is up at `max_elapsed_time` after that. Undefined: from its first attempt. */
  readonly startMs?: number | undefined;
  /** Of a durable queue: called when an attempt has failed that is made again. */
  readonly onDelayed?: (() => void) | undefined;
  /** Of a durable queue: called when `items` from its item `from` on are over, taken or lost, and not all of it is. */
  readonly onOver?: ((from: number, items: number) => void) | undefined;
  readonly ledger: QueueLedger;
  /** Called once, before the sender is told. */
  readonly onDone: (entry: Entry) => void;
}

export class Entry {
  readonly size: number;
  readonly bytes: number;
  readonly kind: EntryKind;
  readonly startMs: number | undefined;
  readonly outcome: Promise<Outcome>;
  readonly #parts: EntryParts;
  readonly #resolve: (outcome: Outcome) => void;
  /** Of which nothing is booked yet. */
  #failures: Failure[] = [];
  #left: number;
  #wanted = true;
  #kept = false;
  #stays = false;
  #rejected = 0;
  #message = "";
  #warning: Outcome | undefined;

  constructor(parts: EntryParts) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#parts = parts;
    this.size = parts.size;
    this.bytes = parts.bytes;
    this.kind = parts.kind;
    this.startMs = parts.startMs;
    this.outcome = promise;
    this.#resolve = resolve;
    this.#left = parts.items;
  }

  /** Whether another attempt is of use: not where its sender was told to send it again, or a broker has it. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Once it is done: the end of the process, or `withdraw`, has left over some of it, of which nothing is booked. */
  get stays(): boolean {
    return this.#stays;
  }

  /** Items of what is left over then. */
  get leftOver(): number {
    return this.#failures.reduce((sum, { items, reason }) => (reason === "stopped" ? sum + items : sum), 0);
  }

  /** It is written, and nobody waits for it any more: what has failed for good is lost. Once it is done this changes nothing. */
  keep(): void {
    if (this.#left === 0) return;
    this.#kept = true;
    for (const failure of this.#failures) if (failure.reason !== "stopped") this.#lose(failure);
    this.#failures = this.#failures.filter(({ reason }) => reason === "stopped");
  }

  /** Its sender was told to send it again, or a broker has it: what is not taken by now stays there. */
  withdraw(): void {
    this.#wanted = false;
  }

  delayed(): void {
    this.#parts.onDelayed?.();
  }

  /** `items` from `from` on went so; what the destination took or rejected is in the ledger already. */
  told(from: number, items: number, outcome: Outcome): void {
    if (outcome.kind === "partial") {
      this.#rejected += outcome.rejected;
      this.#message = outcome.message;
    }
    if (outcome.kind === "accepted" && outcome.warning !== undefined) this.#warning = outcome;
    this.#end(from, items, true);
  }

  /** Nothing was taken of `items` from `from` on. */
  failed(from: number, items: number, reason: DropReason, outcome: Outcome): void {
    const failure = { items, reason, outcome };
    const over = this.kind !== "durable" || reason !== "stopped";
    if (over && (this.#kept || this.kind === "answered")) this.#lose(failure);
    else this.#failures.push(failure);
    this.#end(from, items, over);
  }

  #end(from: number, items: number, over: boolean): void {
    this.#left -= items;
    const outcome = this.#left > 0 ? undefined : this.kind === "answered" ? ACCEPTED : this.#settle();
    if (over && (this.#left > 0 || this.#stays)) this.#parts.onOver?.(from, items);
    if (outcome === undefined) return;
    this.#parts.onDone(this);
    this.#resolve(outcome);
  }

  #settle(): Outcome {
    const { items } = this.#parts;
    const failed = this.#failures.reduce((sum, failure) => sum + failure.items, 0);
    if (failed === 0) return this.#rejected > 0 ? { kind: "partial", rejected: this.#rejected, message: this.#message } : (this.#warning ?? ACCEPTED);
    const failure = this.#failures.find(({ outcome }) => outcome.kind === "retry") ?? this.#failures[0];
    const outcome = failure?.outcome ?? ACCEPTED;
    const over = this.kind === "durable" ? this.#failures.filter(({ reason }) => reason !== "stopped") : this.#failures;
    if (over.length < this.#failures.length) {
      this.#stays = true;
      for (const one of over) this.#lose(one);
      return outcome;
    }
    if (failed === items && !this.#kept) {
      this.#parts.ledger.gaveBack(items);
      return outcome;
    }
    for (const one of this.#failures) this.#lose(one);
    return { kind: "partial", rejected: this.#rejected, message: this.#message };
  }

  /** Nobody sends these again. */
  #lose({ items, outcome, reason }: Failure): void {
    this.#message = "message" in outcome ? outcome.message : "";
    this.#rejected += items;
    this.#parts.ledger.lost(items, reason, this.#message);
  }
}
