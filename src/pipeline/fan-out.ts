/**
 * The end of a pipeline: the same batch to every exporter at once, and one outcome for the sender.
 * Each destination's items are counted at it: sent, failed, and dropped for good.
 */
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/host.ts";
import { ITEM_NAMES, type Signal } from "../base/signal.ts";
import type { Batch } from "./batch.ts";
import type { Exporter } from "./component.ts";
import type { Counter, Counters } from "./counters.ts";
import { combineOutcomes, type Outcome } from "./outcome.ts";

export interface Branch {
  readonly id: string;
  readonly exporter: Exporter;
}

export interface FanOutParts {
  readonly signal: Signal;
  readonly branches: readonly Branch[];
  /** The exporter whose outcome decides; undefined: all of them. */
  readonly primary: string | undefined;
  readonly counters: Counters;
  readonly logger: Logger;
}

interface Counted extends Branch {
  readonly sent: Counter;
  readonly failed: Counter;
  readonly refused: Counter;
  readonly rejected: Counter;
}

export class FanOut {
  readonly #branches: readonly Counted[];
  readonly #primary: number;
  readonly #logger: Logger;

  constructor({ signal, branches, primary, counters, logger }: FanOutParts) {
    const items = ITEM_NAMES[signal];
    this.#logger = logger;
    this.#primary = branches.findIndex(({ id }) => id === primary);
    this.#branches = branches.map((branch) => ({
      ...branch,
      sent: counters.counter(`otelcol_exporter_sent_${items}`, { exporter: branch.id }),
      failed: counters.counter(`otelcol_exporter_send_failed_${items}`, { exporter: branch.id }),
      refused: counters.counter(`sluice_exporter_dropped_${items}`, { exporter: branch.id, reason: "refused" }),
      rejected: counters.counter(`sluice_exporter_dropped_${items}`, { exporter: branch.id, reason: "rejected" }),
    }));
  }

  /** Never rejects. With a primary it resolves with that one's outcome, and the others go on by themselves. */
  async consume(batch: Batch): Promise<Outcome> {
    const { items } = batch;
    const attempts = this.#branches.map((branch) => attempt(branch, batch));
    const primary = attempts[this.#primary];
    if (primary === undefined) {
      const outcomes = await Promise.all(attempts);
      const combined = combineOutcomes(outcomes);
      this.#settle(outcomes, items, combined);
      return combined;
    }
    void this.#settleLater(attempts, items, primary);
    const outcome = await primary;
    // The sender is told what the primary took; what it rejected is counted there.
    return combineOutcomes([outcome]);
  }

  async #settleLater(attempts: readonly Promise<Outcome>[], items: number, primary: Promise<Outcome>): Promise<void> {
    this.#settle(await Promise.all(attempts), items, combineOutcomes([await primary]));
  }

  /** What a destination did not take is dropped there, unless the sender was told to send it again or that it is refused. */
  #settle(outcomes: readonly Outcome[], items: number, combined: Outcome): void {
    const told = combined.kind === "retry" || combined.kind === "refused";
    outcomes.forEach((outcome, index) => {
      const branch = this.#branches[index];
      if (branch === undefined) return;
      this.#count(branch, outcome, items, told);
    });
  }

  #count(branch: Counted, outcome: Outcome, items: number, told: boolean): void {
    switch (outcome.kind) {
      case "accepted":
        branch.sent.add(items);
        break;
      case "partial":
        branch.sent.add(items - outcome.rejected);
        branch.failed.add(outcome.rejected);
        branch.rejected.add(outcome.rejected);
        this.#logger.log("warn", "A destination rejected items", { exporter: branch.id, items: outcome.rejected, message: outcome.message });
        break;
      case "retry":
      case "refused":
        branch.failed.add(items);
        if (!told) branch.refused.add(items);
        this.#logger.log("warn", outcome.kind === "retry" ? "Export failed, may succeed later" : "Export refused for good", {
          exporter: branch.id,
          items,
          message: outcome.message,
          dropped: told ? 0 : items,
        });
        break;
    }
  }
}

async function attempt({ exporter }: Counted, batch: Batch): Promise<Outcome> {
  try {
    return await exporter.consume(batch);
  } catch (error) {
    // Exporters answer with outcomes: this is a defect in one, and must not hide what the others did.
    return { kind: "refused", message: messageOf(error), status: 500 };
  }
}
