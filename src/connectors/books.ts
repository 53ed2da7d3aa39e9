/** What a connector counts itself: consumed and produced items are counted around it (pipeline/junction.ts). */
import type { Wiring } from "../pipeline/connector.ts";
import type { Counters } from "../pipeline/counters.ts";

export class Books {
  readonly #counters: Counters;
  readonly #labels: Readonly<Record<string, string>>;

  /** `connector` is the component's id as configured. */
  constructor(counters: Counters, connector: string, { from, to }: Wiring) {
    this.#counters = counters;
    this.#labels = { connector, "otel.signal": from, "otel.signal.output": to };
  }

  /** Items that were made here, or that go on more than once. */
  created(items: number): void {
    this.#add("sluice_connector_created_items", items, {});
  }

  /** Items that went into others. */
  folded(items: number): void {
    this.#add("sluice_connector_folded_items", items, {});
  }

  dropped(items: number, reason: string): void {
    this.#add("sluice_connector_dropped_items", items, { reason });
  }

  #add(name: string, items: number, labels: Readonly<Record<string, string>>): void {
    if (items > 0) this.#counters.counter(name, { ...this.#labels, ...labels }).add(items);
  }
}
