/** Law 2 for a destination, as every test here asserts it: offered + restored = sent + dropped (by reason) + dead + returned + repeated + published + queued. */
import { expect } from "vitest";
import { ITEM_NAMES, type Signal, SIGNALS } from "../../src/base/signal.ts";
import type { Counters } from "../../src/pipeline/counters.ts";

export interface Books {
  readonly offered: number;
  readonly restored: number;
  readonly sent: number;
  readonly dead: number;
  /** A broker has them. */
  readonly published: number;
  readonly repeated: number;
  readonly dropped: number;
  readonly returned: number;
  readonly queued: number;
  /** In units of the queue's sizer. */
  readonly size: number;
  readonly bytes: number;
  readonly inFlight: number;
  /** Bytes in the storage. */
  readonly stored: number;
}

/** Checks the equation, and that nothing is negative or over its bound; gives the terms. What is in the queue of one that is not `alone` others have put there, too. */
export function checkBooks(counters: Counters, exporter: string, signal: Signal, heldBytesMax: number = Infinity, alone = true): Books {
  const items = (name: string) => counters.total(`${name}_${ITEM_NAMES[signal]}`, { exporter });
  const gauge = (name: string) => counters.total(name, { exporter, data_type: signal });
  const books: Books = {
    offered: items("sluice_exporter_offered"),
    restored: items("sluice_exporter_restored"),
    sent: items("otelcol_exporter_sent"),
    dead: items("sluice_exporter_dead"),
    published: items("sluice_exporter_published"),
    repeated: items("sluice_exporter_repeated"),
    dropped: items("sluice_exporter_dropped"),
    returned: items("sluice_exporter_returned"),
    queued: items("sluice_exporter_queued"),
    size: gauge("otelcol_exporter_queue_size"),
    bytes: gauge("sluice_exporter_queue_bytes"),
    inFlight: gauge("otelcol_exporter_in_flight_requests"),
    stored: gauge("sluice_exporter_stored_bytes"),
  };
  const { bytes, dead, dropped, offered, published, queued, repeated, restored, returned, sent, size } = books;
  expect(offered + restored, JSON.stringify(books)).toBe(sent + dropped + dead + returned + repeated + published + queued);
  for (const [name, value] of Object.entries(books)) expect(value, name).toBeGreaterThanOrEqual(0);
  // What an earlier process had delivered, and not deleted yet, is more than its queue held.
  if (alone && restored === 0) expect(size).toBeLessThanOrEqual(gauge("otelcol_exporter_queue_capacity") || Infinity);
  expect(bytes).toBeLessThanOrEqual(heldBytesMax);
  return books;
}

/** The same for every signal. */
export function checkAllBooks(counters: Counters, exporter: string): void {
  for (const signal of SIGNALS) checkBooks(counters, exporter, signal);
}
