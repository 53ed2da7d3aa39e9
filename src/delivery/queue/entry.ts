/**
 * A request in the queue, and the shares of it in the batches that leave. It is done when each share
 * was told; then its room is free again, and a sender that waits is told the truth: failed, when no
 * share was taken; rejected in part, when some were, because sending all of it again would double them.
 */
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { DropReason, Ledger } from "./ledger.ts";

/** How a share ended that nothing was taken of. */
interface Failure {
  readonly items: number;
  readonly reason: DropReason;
  readonly outcome: Outcome;
}

export interface EntryParts {
  readonly items: number;
  /** In units of the queue's sizer. */
  readonly size: number;
  /** That the queue holds for it. */
  readonly bytes: number;
  /** Whether the sender is answered at the end, or was already. */
  readonly waits: boolean;
  readonly ledger: Ledger;
  /** Called once, before the sender is told. */
  readonly onDone: (entry: Entry) => void;
}

export class Entry {
  readonly size: number;
  readonly bytes: number;
  readonly waits: boolean;
  readonly outcome: Promise<Outcome>;
  readonly #parts: EntryParts;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #failures: Failure[] = [];
  #left: number;
  #rejected = 0;
  #message = "";
  #warning: Outcome | undefined;

  constructor(parts: EntryParts) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#parts = parts;
    this.size = parts.size;
    this.bytes = parts.bytes;
    this.waits = parts.waits;
    this.outcome = promise;
    this.#resolve = resolve;
    this.#left = parts.items;
  }

  /** `items` of it went so; what the destination took or rejected is in the ledger already. */
  told(items: number, outcome: Outcome): void {
    if (outcome.kind === "partial") {
      this.#rejected += outcome.rejected;
      this.#message = outcome.message;
    }
    if (outcome.kind === "accepted" && outcome.warning !== undefined) this.#warning = outcome;
    this.#end(items);
  }

  /** Nothing was taken of `items`. Where the sender was answered already the ledger has them as lost. */
  failed(items: number, reason: DropReason, outcome: Outcome): void {
    this.#failures.push({ items, reason, outcome });
    this.#end(items);
  }

  #end(items: number): void {
    this.#left -= items;
    if (this.#left > 0) return;
    const outcome = this.waits ? this.#settle() : ACCEPTED;
    this.#parts.onDone(this);
    this.#resolve(outcome);
  }

  #settle(): Outcome {
    const { items, ledger } = this.#parts;
    const failed = this.#failures.reduce((sum, failure) => sum + failure.items, 0);
    if (failed === 0) return this.#rejected > 0 ? { kind: "partial", rejected: this.#rejected, message: this.#message } : (this.#warning ?? ACCEPTED);
    const failure = this.#failures.find(({ outcome }) => outcome.kind === "retry") ?? this.#failures[0];
    const outcome = failure?.outcome ?? ACCEPTED;
    if (failed === items) {
      ledger.gaveBack(items);
      return outcome;
    }
    const message = "message" in outcome ? outcome.message : "";
    for (const one of this.#failures) ledger.lost(one.items, one.reason, message);
    return { kind: "partial", rejected: this.#rejected + failed, message };
  }
}
