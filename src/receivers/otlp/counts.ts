/** The receiver's counters, under the Collector's names, each looked up once. */
import { ITEM_NAMES, type Signal, SIGNALS } from "../../base/signal.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import type { Outcome } from "../../pipeline/outcome.ts";

type Requests = "success" | "refused" | "failure";

interface OfSignal {
  readonly accepted: Counter;
  readonly refused: Counter;
  readonly failed: Counter;
  readonly requests: Readonly<Record<Requests, Counter>>;
}

export class Counts {
  readonly #bySignal: ReadonlyMap<Signal, OfSignal>;

  /** `receiver` is the component's id. */
  constructor(counters: Counters, receiver: string) {
    const labels = { receiver, transport: "http" };
    const items = (what: string, signal: Signal) => counters.counter(`otelcol_receiver_${what}_${ITEM_NAMES[signal]}`, labels);
    const requests = (outcome: Requests, signal: Signal) => counters.counter("otelcol_receiver_requests", { ...labels, "otel.signal": signal, outcome });
    this.#bySignal = new Map(
      SIGNALS.map((signal) => [
        signal,
        {
          accepted: items("accepted", signal),
          refused: items("refused", signal),
          failed: items("failed", signal),
          requests: { success: requests("success", signal), refused: requests("refused", signal), failure: requests("failure", signal) },
        },
      ]),
    );
  }

  /** A request that never became a batch has no items to count, so it is counted itself. */
  request(signal: Signal, outcome: Requests): void {
    this.#bySignal.get(signal)?.requests[outcome].add(1);
  }

  /** Items that were cut at the door. */
  failed(signal: Signal, items: number): void {
    if (items > 0) this.#bySignal.get(signal)?.failed.add(items);
  }

  outcome(signal: Signal, items: number, outcome: Outcome): void {
    const counters = this.#bySignal.get(signal);
    const taken = outcome.kind === "accepted" || outcome.kind === "partial";
    counters?.[taken ? "accepted" : "refused"].add(items);
    counters?.requests[taken ? "success" : "refused"].add(1);
  }
}
