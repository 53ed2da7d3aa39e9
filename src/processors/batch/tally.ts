/**
 * Law 2 for the stage: in = out + dropped (by reason) + held, at every moment. What was dropped is
 * also told, at a bounded rate: a back end that is down would otherwise fill the log.
 */
import type { Logger } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import { BYTE_BOUNDS, type Histogram, ITEM_BOUNDS } from "../../pipeline/histogram.ts";

/** Why held items were dropped. */
export type DropReason = "send_failed" | "refused" | "over_budget" | "stopped";

/** What made a batch leave: as many items as were asked for, time, or bytes. */
export type Trigger = "size" | "timeout" | "bytes";

/** One line about drops in this time at the most. */
const TELL_MS = 10_000;

export interface TallyParts {
  readonly id: string;
  readonly signal: Signal;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
}

export class Tally {
  readonly #parts: TallyParts;
  readonly #incoming: Counter;
  readonly #outgoing: Counter;
  readonly #held: Counter;
  readonly #heldBytes: Counter;
  readonly #combinations: Counter;
  readonly #sentItems: Histogram;
  readonly #sentBytes: Histogram;
  readonly #sends: Readonly<Record<Trigger, Counter>>;
  #toldMs = -Infinity;
  #untold = 0;

  constructor(parts: TallyParts) {
    this.#parts = parts;
    const counter = (name: string) => parts.counters.counter(name, this.#labels());
    this.#incoming = counter("otelcol_processor_incoming_items");
    this.#outgoing = counter("otelcol_processor_outgoing_items");
    this.#held = counter("sluice_processor_held_items");
    this.#heldBytes = counter("sluice_processor_held_bytes");
    this.#combinations = counter("otelcol_processor_batch_metadata_cardinality");
    this.#sentItems = parts.counters.histogram("otelcol_processor_batch_batch_send_size", this.#labels(), ITEM_BOUNDS);
    this.#sentBytes = parts.counters.histogram("otelcol_processor_batch_batch_send_size_bytes", this.#labels(), BYTE_BOUNDS);
    this.#sends = {
      size: counter("otelcol_processor_batch_batch_size_trigger_send"),
      timeout: counter("otelcol_processor_batch_timeout_trigger_send"),
      bytes: counter("sluice_processor_batch_bytes_trigger_send"),
    };
  }

  held(items: number, bytes: number): void {
    this.#incoming.add(items);
    this.#held.add(items);
    this.#heldBytes.add(bytes);
  }

  /** A batch leaves. */
  sent(trigger: Trigger, items: number, bytes: number): void {
    this.#sends[trigger].add(1);
    this.#sentItems.record(items);
    this.#sentBytes.record(bytes);
  }

  /** Combinations of metadata values that were not seen before. */
  combinations(added: number): void {
    if (added > 0) this.#combinations.add(added);
  }

  /** Held items that left the stage. */
  left(items: number, bytes: number): void {
    this.#unhold(items, bytes);
    this.#outgoing.add(items);
  }

  /** Held items that no destination will get. */
  lost(items: number, bytes: number, reason: DropReason, message: string): void {
    this.#unhold(items, bytes);
    this.#drop(items, reason, message);
  }

  /** The last word: what was dropped and not told yet. */
  close(): void {
    if (this.#untold > 0) this.#tell("stopped", "the gateway stopped");
  }

  /** Items that came and went in one call. */
  passed(items: number): void {
    this.#incoming.add(items);
    this.#outgoing.add(items);
  }

  /** Items that came in a call, and of which the sender was told that they are lost. */
  cut(items: number, reason: DropReason, message: string): void {
    this.#incoming.add(items);
    this.#drop(items, reason, message);
  }

  /** Items that were not taken: the sender has them still, and was told. They are not part of the equation. */
  turnedAway(items: number, reason: "queue_full" | "metadata_cardinality"): void {
    this.#parts.counters.counter("sluice_processor_refused_items", { ...this.#labels(), reason }).add(items);
  }

  #labels(): Readonly<Record<string, string>> {
    return { processor: this.#parts.id, "otel.signal": this.#parts.signal };
  }

  #unhold(items: number, bytes: number): void {
    this.#held.add(-items);
    this.#heldBytes.add(-bytes);
  }

  #drop(items: number, reason: DropReason, message: string): void {
    const { counters, monotonicMs } = this.#parts;
    counters.counter("sluice_processor_dropped_items", { ...this.#labels(), reason }).add(items);
    this.#untold += items;
    if (reason !== "stopped" && monotonicMs() - this.#toldMs >= TELL_MS) this.#tell(reason, message);
  }

  #tell(reason: DropReason, message: string): void {
    const { logger, id, signal, monotonicMs } = this.#parts;
    this.#toldMs = monotonicMs();
    logger.log("error", "Telemetry that was held is lost", { processor: id, signal, items: this.#untold, reason, message });
    this.#untold = 0;
  }
}
