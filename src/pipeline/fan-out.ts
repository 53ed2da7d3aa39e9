/**
 * The end of a pipeline: the same batch to every exporter at once, and one outcome for the sender.
 * Each destination's items are counted at it: sent, failed, and dropped for good. An exporter that
 * counts by itself (a queue, where items are neither yet) is only told which failures no sender hears
 * of. A connector is a branch, too: the destinations behind it count for themselves, and here is
 * counted only what none of them took and no sender hears of.
 *
 * What one branch has taken while the sender is told to send it again, for another's sake, it may be
 * sent twice: that is counted, too, unless the request has a key by which a queue knows it again.
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
  readonly exporter: Pick<Exporter, "consume" | "unheard">;
  /** It is a connector. */
  readonly connector?: boolean;
}

export interface FanOutParts {
  readonly signal: Signal;
  readonly branches: readonly Branch[];
  /** The exporter whose outcome decides; undefined: all of them. */
  readonly primary: string | undefined;
  readonly counters: Counters;
  readonly logger: Logger;
}

interface Counts {
  readonly sent?: Counter;
  readonly failed?: Counter;
  readonly refused?: Counter;
  readonly rejected?: Counter;
  /** Instead of all of them. */
  readonly unheard?: (items: number) => void;
}

/** Besides, for every branch. */
interface Doubled {
  readonly duplicates: Counter;
}

type Counted = Branch & Counts & Doubled;

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
      duplicates: counters.counter(`sluice_duplicate_${items}`, branch.connector === true ? { connector: branch.id } : { exporter: branch.id }),
      ...(branch.connector === true ? behind(branch.id, signal, counters) : (ownCounts(branch, signal) ?? at(branch.id, items, counters))),
    }));
  }

  /** Never rejects. With a primary it resolves with that one's outcome, and the others go on by themselves. */
  async consume(batch: Batch): Promise<Outcome> {
    const attempts = this.#branches.map((branch) => attempt(branch, batch));
    const primary = attempts[this.#primary];
    if (primary === undefined) {
      const outcomes = await Promise.all(attempts);
      const combined = combineOutcomes(outcomes);
      this.#settle(outcomes, batch, combined);
      return combined;
    }
    void this.#settleLater(attempts, batch, primary);
    const outcome = await primary;
    // The sender is told what the primary took; what it rejected is counted there.
    return combineOutcomes([outcome]);
  }

  async #settleLater(attempts: readonly Promise<Outcome>[], batch: Batch, primary: Promise<Outcome>): Promise<void> {
    this.#settle(await Promise.all(attempts), batch, combineOutcomes([await primary]));
  }

  /** What a destination did not take is dropped there, unless the sender was told to send it again or that it is refused. */
  #settle(outcomes: readonly Outcome[], { items, origin }: Batch, combined: Outcome): void {
    const told = combined.kind === "retry" || combined.kind === "refused";
    outcomes.forEach((outcome, index) => {
      const branch = this.#branches[index];
      if (branch === undefined) return;
      this.#count(branch, outcome, items, told);
      // Refused for good, it is not sent again.
      const taken = outcome.kind === "accepted" || outcome.kind === "partial";
      if (taken && combined.kind === "retry" && origin.key === undefined) branch.duplicates.add(items);
    });
  }

  #count(branch: Counted, outcome: Outcome, items: number, told: boolean): void {
    switch (outcome.kind) {
      case "accepted":
        branch.sent?.add(items);
        break;
      case "partial":
        branch.sent?.add(items - outcome.rejected);
        branch.failed?.add(outcome.rejected);
        branch.rejected?.add(outcome.rejected);
        this.#logger.log("warn", "A destination rejected items", {
          [branch.connector === true ? "connector" : "exporter"]: branch.id,
          items: outcome.rejected,
          message: outcome.message,
        });
        break;
      case "retry":
      case "refused":
        branch.failed?.add(items);
        if (!told) {
          branch.refused?.add(items);
          branch.unheard?.(items);
        }
        this.#logger.log("warn", outcome.kind === "retry" ? "Export failed, may succeed later" : "Export refused for good", {
          [branch.connector === true ? "connector" : "exporter"]: branch.id,
          items,
          message: outcome.message,
          dropped: told ? 0 : items,
        });
        break;
    }
  }
}

/** For an exporter that counts by itself. */
function ownCounts({ exporter }: Branch, signal: Signal): Counts | undefined {
  return exporter.unheard === undefined ? undefined : { unheard: (items) => exporter.unheard?.(signal, items) };
}

function at(exporter: string, items: string, counters: Counters): Counts {
  return {
    sent: counters.counter(`otelcol_exporter_sent_${items}`, { exporter }),
    failed: counters.counter(`otelcol_exporter_send_failed_${items}`, { exporter }),
    refused: counters.counter(`sluice_exporter_dropped_${items}`, { exporter, reason: "refused" }),
    rejected: counters.counter(`sluice_exporter_dropped_${items}`, { exporter, reason: "rejected" }),
  };
}

function behind(connector: string, signal: Signal, counters: Counters): Counts {
  const labels = { connector, "otel.signal": signal };
  return {
    refused: counters.counter("sluice_connector_undelivered_items", { ...labels, reason: "refused" }),
    rejected: counters.counter("sluice_connector_undelivered_items", { ...labels, reason: "rejected" }),
  };
}

async function attempt({ exporter }: Counted, batch: Batch): Promise<Outcome> {
  try {
    return await exporter.consume(batch);
  } catch (error) {
    // Exporters answer with outcomes: this is a defect in one, and must not hide what the others did.
    return { kind: "refused", message: messageOf(error), status: 500 };
  }
}
