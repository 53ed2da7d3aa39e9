/**
 * Law 2 for one destination and signal, at every moment:
 *
 *     offered + restored = sent + dropped (by reason) + dead + returned + repeated + published + queued
 *
 * `restored` was found in the storage at the start, or was handed out by a broker; `published` a broker keeps
 * for any gateway; `sent` was accepted; `dead` is kept as dead letters; `returned` is what the sender was told
 * has failed, and still has; `repeated` came again with the key of a request that was taken before; `queued`
 * waits or is under way, in memory or in the storage, and is what the next process restores. What a destination
 * rejected in a partial success is dropped with the reason `rejected`. Names are the Collector's where it has
 * one. What is lost is also told, at a bounded rate: a destination that is down would otherwise fill the log.
 */
import type { Logger } from "../../base/host.ts";
import { ITEM_NAMES, type Signal } from "../../base/signal.ts";
import type { Counter, Counters } from "../../pipeline/counters.ts";
import { BYTE_BOUNDS, type Histogram, ITEM_BOUNDS } from "../../pipeline/histogram.ts";

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
  | "stopped"
  /** The queue was full, and made room with the oldest that it had. */
  | "dropped_oldest"
  /** The queue was full, and did not take it. */
  | "dropped_newest"
  /** What the storage gave back cannot be read. */
  | "damaged";

/** Why an attempt is made again. */
export type RetryReason = "throttled" | "unavailable" | "unreachable" | "over_budget" | "limited";

/** One line of a kind in this time at the most. */
const TELL_MS = 10_000;

/** What a queue tells its ledger. */
export type QueueLedger = Pick<
  Ledger,
  "capacity" | "grew" | "underWay" | "leaves" | "took" | "turnedAway" | "sent" | "gaveBack" | "lost" | "dead" | "retries" | "divided" | "close"
>;

/** For a queue in memory that another one feeds: what was offered, and what is given back, that one books itself. */
export function fedLedger(ledger: Ledger): QueueLedger {
  return {
    capacity: () => {},
    took: () => {},
    turnedAway: () => {},
    gaveBack: () => {},
    close: () => {},
    grew: (_size, bytes) => ledger.grew(0, bytes),
    underWay: (batches) => ledger.underWay(batches),
    leaves: (items, bytes) => ledger.leaves(items, bytes),
    sent: (items) => ledger.sent(items),
    lost: (items, reason, message) => ledger.lost(items, reason, message),
    dead: (items, reason, message) => ledger.dead(items, reason, message),
    retries: (reason, waitMs, message) => ledger.retries(reason, waitMs, message),
    divided: () => ledger.divided(),
  };
}

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
  readonly #restored: Counter;
  readonly #published: Counter;
  readonly #dead: Counter;
  readonly #repeated: Counter;
  readonly #stored: Counter;
  readonly #oldest: Counter;
  readonly #late: Counter;
  readonly #askedItems: Histogram;
  readonly #askedBytes: Histogram;
  readonly #leftItems: Histogram;
  readonly #leftBytes: Histogram;
  #lossToldMs = -Infinity;
  #deadToldMs = -Infinity;
  #storeToldMs = -Infinity;
  #untoldItems = 0;
  #retryToldMs = -Infinity;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    const items = (name: string) => parts.counters.counter(`${name}_${ITEM_NAMES[parts.signal]}`, { exporter: parts.id });
    const labels = { exporter: parts.id, data_type: parts.signal };
    const gauge = (name: string) => parts.counters.counter(name, labels);
    const sizes = (name: string) => parts.counters.histogram(name, labels, name.endsWith("_bytes") ? BYTE_BOUNDS : ITEM_BOUNDS);
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
    this.#restored = items("sluice_exporter_restored");
    this.#published = items("sluice_exporter_published");
    this.#dead = items("sluice_exporter_dead");
    this.#repeated = items("sluice_exporter_repeated");
    this.#stored = gauge("sluice_exporter_stored_bytes");
    this.#oldest = gauge("sluice_exporter_oldest_arrival_seconds");
    this.#late = gauge("sluice_exporter_late");
    this.#askedItems = sizes("otelcol_exporter_enqueue_size");
    this.#askedBytes = sizes("otelcol_exporter_enqueue_size_bytes");
    this.#leftItems = sizes("otelcol_exporter_queue_batch_send_size");
    this.#leftBytes = sizes("otelcol_exporter_queue_batch_send_size_bytes");
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

  /** A request is offered to a queue, which may take it or not. */
  asked(items: number, bytes: number): void {
    this.#askedItems.record(items);
    this.#askedBytes.record(bytes);
  }

  /** A batch that the queue has made leaves it. */
  leaves(items: number, bytes: number): void {
    this.#leftItems.record(items);
    this.#leftBytes.record(bytes);
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

  /** Items that found no room and are dropped: nobody sends them again. */
  declined(items: number, message: string): void {
    this.#offered.add(items);
    this.#enqueueFailed.add(items);
    this.#dropped("dropped_newest").add(items);
    this.#tellLoss(items, "dropped_newest", message);
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
    this.#tellLoss(items, reason, message);
  }

  /** Items that the storage has from an earlier process, or that a broker has handed out. */
  restored(items: number): void {
    this.#restored.add(items);
    this.#queued.add(items);
  }

  /** Taken items that a broker keeps now: whoever it hands them out to has restored them. */
  published(items: number): void {
    this.#queued.add(-items);
    this.#published.add(items);
  }

  /** Taken items that are kept as dead letters. */
  dead(items: number, reason: DropReason, message: string): void {
    this.#queued.add(-items);
    this.#failed.add(items);
    this.#dead.add(items);
    const { logger, id, signal, monotonicMs } = this.#parts;
    if (monotonicMs() - this.#deadToldMs < TELL_MS) return;
    this.#deadToldMs = monotonicMs();
    logger.log("warn", "Telemetry is kept as a dead letter", { exporter: id, signal, items, reason, message });
  }

  /** Items that came again, and are not sent again. */
  repeated(items: number): void {
    this.#offered.add(items);
    this.#repeated.add(items);
  }

  /** Bytes in the storage for this destination have changed. */
  stored(bytes: number): void {
    this.#stored.add(bytes);
  }

  /** When the oldest request that is stored arrived, ms since 1970; undefined: none is. A gauge, so that its age is `time()` less this. */
  oldest(arrivedMs: number | undefined): void {
    const seconds = arrivedMs === undefined ? 0 : Math.floor(arrivedMs / 1000);
    this.#oldest.add(seconds - this.#oldest.value);
  }

  /** Whether the destination has missed its window: 1 or 0. */
  late(late: boolean): void {
    this.#late.add((late ? 1 : 0) - this.#late.value);
  }

  /** The storage failed. */
  storeFailed(message: string): void {
    const { counters, id, signal, logger, monotonicMs } = this.#parts;
    counters.counter("sluice_exporter_store_failures", { exporter: id, data_type: signal }).add(1);
    if (monotonicMs() - this.#storeToldMs < TELL_MS) return;
    this.#storeToldMs = monotonicMs();
    logger.log("error", "Cannot use the storage of a queue", { exporter: id, signal, message });
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
    if (reason === "over_budget" || reason === "limited" || monotonicMs() - this.#retryToldMs < TELL_MS) return;
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

  #tellLoss(items: number, reason: DropReason, message: string): void {
    this.#untoldItems += items;
    const { logger, id, signal, monotonicMs } = this.#parts;
    if (monotonicMs() - this.#lossToldMs < TELL_MS) return;
    this.#lossToldMs = monotonicMs();
    logger.log("error", "Telemetry is lost on the way to a destination", { exporter: id, signal, items: this.#untoldItems, reason, message });
    this.#untoldItems = 0;
  }

  #dropped(reason: DropReason): Counter {
    const { counters, id, signal } = this.#parts;
    return counters.counter(`sluice_exporter_dropped_${ITEM_NAMES[signal]}`, { exporter: id, reason });
  }
}
