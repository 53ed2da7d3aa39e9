/**
 * Law 2 for one destination and signal, at every moment:
 *
 *     offered = sent + dropped (by reason) + returned + queued
 *
 * `sent` was accepted; `returned` is what the sender was told has failed, and still has; `queued` waits
 * or is under way. What a destination rejected in a partial success is dropped with the reason
 * `rejected`. Names are the Collector's where it has one. What is lost is also told, at a bounded rate:
 * a destination that is down would otherwise fill the log.
 */
import type { Logger } from "../../base/host.ts";
import { ITEM_NAMES, type Signal } from "../../base/signal.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";

/** Why items reached no destination. */
export type DropReason =
  /** Rejected by the destination in a partial success. */
  | "rejected"
  /** Refused for good. */
  | "refused"
  /** Refused as too large, and a single item already. */
  | "too_large"
  /** Tried again for as long as `max_elapsed_time` allows. */
  | "max_elapsed_time"
  /** Failed once, where retries are off. */
  | "send_failed"
  /** For too long there was no room in the memory for requests in flight. */
  | "over_budget"
  /** The gateway stopped before the destination answered. */
  | "stopped";

/** Why an attempt is made again. */
export type RetryReason = "throttled" | "unavailable" | "unreachable" | "over_budget";

/** One line of a kind in this time at the most. */
const TELL_MS = 10_000;

export interface LedgerParts {
  /** The exporter's id. */
  readonly id: string;
  readonly signal: Signal;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
}

export class Ledger {
  readonly #parts: LedgerParts;
  readonly #offered: Counter;
  readonly #sent: Counter;
  readonly #failed: Counter;
  readonly #enqueueFailed: Counter;
  readonly #returned: Counter;
  readonly #queued: Counter;
  readonly #size: Counter;
  readonly #capacity: Counter;
  readonly #bytes: Counter;
  readonly #inFlight: Counter;
  #lossToldMs = -Infinity;
  #untoldItems = 0;
  #retryToldMs = -Infinity;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    const items = (name: string) => parts.counters.counter(`${name}_${ITEM_NAMES[parts.signal]}`, { exporter: parts.id });
    const gauge = (name: string) => parts.counters.counter(name, { exporter: parts.id, data_type: parts.signal });
    this.#offered = items("sluice_exporter_offered");
    this.#sent = items("otelcol_exporter_sent");
    this.#failed = items("otelcol_exporter_send_failed");
    this.#enqueueFailed = items("otelcol_exporter_enqueue_failed");
    this.#returned = items("sluice_exporter_returned");
    this.#queued = items("sluice_exporter_queued");
    this.#size = gauge("otelcol_exporter_queue_size");
    this.#capacity = gauge("otelcol_exporter_queue_capacity");
    this.#bytes = gauge("sluice_exporter_queue_bytes");
    this.#inFlight = gauge("otelcol_exporter_in_flight_requests");
  }

  /** The queue's capacity, in units of its sizer; once. */
  capacity(size: number): void {
    this.#capacity.add(size);
  }

  /** What the queue holds has changed, in units of its sizer and in bytes; both may be negative. */
  grew(size: number, bytes: number): void {
    this.#size.add(size);
    this.#bytes.add(bytes);
  }

  /** Batches under way, waits between attempts included, have changed by so many. */
  underWay(batches: number): void {
    this.#inFlight.add(batches);
  }

  /** Items that were taken. */
  took(items: number): void {
    this.#offered.add(items);
    this.#queued.add(items);
  }

  /** Items that found no room: the sender was told. */
  turnedAway(items: number): void {
    this.#offered.add(items);
    this.#returned.add(items);
    this.#enqueueFailed.add(items);
  }

  /** Taken items that the destination accepted. */
  sent(items: number): void {
    this.#queued.add(-items);
    this.#sent.add(items);
  }

  /** Taken items of which the sender, who waited, is told that they failed. */
  gaveBack(items: number): void {
    this.#queued.add(-items);
    this.#returned.add(items);
    this.#failed.add(items);
  }

  /** Taken items that the destination will not have. */
  lost(items: number, reason: DropReason, message: string): void {
    this.#queued.add(-items);
    this.#failed.add(items);
    this.#dropped(reason).add(items);
    this.#untoldItems += items;
    const { logger, id, signal, monotonicMs } = this.#parts;
    if (monotonicMs() - this.#lossToldMs < TELL_MS) return;
    this.#lossToldMs = monotonicMs();
    logger.log("error", "Telemetry is lost on the way to a destination", { exporter: id, signal, items: this.#untoldItems, reason, message });
    this.#untoldItems = 0;
  }

  /** Items that were given back, and of which no sender hears: other destinations took the batch. */
  unheard(items: number): void {
    this.#returned.add(-items);
    this.#dropped("refused").add(items);
  }

  /** An attempt failed and is made again in `waitMs`. */
  retries(reason: RetryReason, waitMs: number, message: string): void {
    const { counters, logger, id, signal, monotonicMs } = this.#parts;
    counters.counter("sluice_exporter_retries", { exporter: id, data_type: signal, reason }).add(1);
    if (reason === "over_budget" || monotonicMs() - this.#retryToldMs < TELL_MS) return;
    this.#retryToldMs = monotonicMs();
    logger.log("warn", "Export failed, is tried again", { exporter: id, signal, after_ms: Math.ceil(waitMs), message });
  }

  /** A batch that the destination found too large was divided. */
  divided(): void {
    this.#parts.counters.counter("sluice_exporter_divided_batches", { exporter: this.#parts.id, data_type: this.#parts.signal }).add(1);
  }

  /** The last word: what was lost and not told yet. */
  close(): void {
    if (this.#untoldItems === 0) return;
    const { logger, id, signal } = this.#parts;
    logger.log("error", "Telemetry is lost on the way to a destination", { exporter: id, signal, items: this.#untoldItems });
    this.#untoldItems = 0;
  }

  #dropped(reason: DropReason): Counter {
    const { counters, id, signal } = this.#parts;
    return counters.counter(`sluice_exporter_dropped_${ITEM_NAMES[signal]}`, { exporter: id, reason });
  }
}
