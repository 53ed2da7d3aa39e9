/** Law 2 for a stage: in + created = out + dropped (by reason) + folded + held, at every moment. */
import type { Signal } from "../../base/signal.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import { type Histogram, SECOND_BOUNDS } from "../../pipeline/histogram.ts";

export class Books {
  readonly #counters: Counters;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #incoming: Counter;
  readonly #outgoing: Counter;

  /** `id` is the component's, as configured. */
  constructor(counters: Counters, id: string, signal: Signal) {
    this.#counters = counters;
    this.#labels = { processor: id, "otel.signal": signal };
    this.#incoming = counters.counter("otelcol_processor_incoming_items", this.#labels);
    this.#outgoing = counters.counter("otelcol_processor_outgoing_items", this.#labels);
  }

  arrived(items: number): void {
    this.#incoming.add(items);
  }

  left(items: number): void {
    this.#outgoing.add(items);
  }

  dropped(items: number, reason: string): void {
    if (items > 0) this.counter("sluice_processor_dropped_items", { reason }).add(items);
  }

  /** Items that went into others. */
  folded(items: number): void {
    if (items > 0) this.counter("sluice_processor_folded_items").add(items);
  }

  created(items: number): void {
    if (items > 0) this.counter("sluice_processor_created_items").add(items);
  }

  /** Items that are kept from now on; below 0: no longer. */
  held(items: number): void {
    if (items !== 0) this.counter("sluice_processor_held_items").add(items);
  }

  /** Items that were not taken: the sender has them still. Not part of the equation. */
  turnedAway(items: number, reason: string): void {
    this.counter("sluice_processor_refused_items", { reason }).add(items);
  }

  /** How long the work on a batch takes. */
  duration(): Histogram {
    return this.#counters.histogram("otelcol_processor_internal_duration", this.#labels, SECOND_BOUNDS);
  }

  /** Any other counter of the component, under its labels. */
  counter(name: string, labels: Readonly<Record<string, string>> = {}): Counter {
    return this.#counters.counter(name, { ...this.#labels, ...labels });
  }
}
