/** Whether a destination of `send_first` is late: it has failed, or missed its window. What comes for it is kept at once then. */
import type { Outcome } from "../../pipeline/outcome.ts";
import type { Ledger } from "../queue/ledger.ts";
import type { DurableSettings } from "../queue/settings.ts";

export class Lateness {
  readonly #ledger: Pick<Ledger, "late">;
  readonly #settings: Pick<DurableSettings, "mode" | "windowMs">;
  #late = false;

  constructor(ledger: Pick<Ledger, "late">, settings: Pick<DurableSettings, "mode" | "windowMs">) {
    this.#ledger = ledger;
    this.#settings = settings;
  }

  get late(): boolean {
    return this.#late;
  }

  set(late: boolean): void {
    if (this.#late === late || this.#settings.mode !== "send_first") return;
    this.#late = late;
    this.#ledger.late(late);
  }

  /** An attempt took so long and ended so. One that was not made says nothing. */
  after(outcome: Outcome, tookMs: number): void {
    if (outcome.kind !== "retry") this.set(tookMs > this.#settings.windowMs);
    else if (outcome.untried !== true) this.set(true);
  }
}
