/** Law 2 for a destination, as every test here asserts it: offered = sent + dropped (by reason) + returned + queued. */
import { expect } from "vitest";
import { ITEM_NAMES, type Signal, SIGNALS } from "../../src/base/signal.ts";
import type { Counters } from "../../src/pipeline/counters.ts";

export interface Books {
  readonly offered: number;
  readonly sent: number;
  readonly dropped: number;
  readonly returned: number;
  readonly queued: number;
  /** In units of the queue's sizer. */
  readonly size: number;
  readonly bytes: number;
  readonly inFlight: number;
}

/** Checks the equation, and that nothing is negative or over its bound; gives the terms. */
export function checkBooks(counters: Counters, exporter: string, signal: Signal, heldBytesMax: number = Infinity): Books {
  const items = (name: string) => counters.total(`${name}_${ITEM_NAMES[signal]}`, { exporter });
  const gauge = (name: string) => counters.total(name, { exporter, data_type: signal });
  const books: Books = {
    offered: items("sluice_exporter_offered"),
    sent: items("otelcol_exporter_sent"),
    dropped: items("sluice_exporter_dropped"),
    returned: items("sluice_exporter_returned"),
    queued: items("sluice_exporter_queued"),
    size: gauge("otelcol_exporter_queue_size"),
    bytes: gauge("sluice_exporter_queue_bytes"),
    inFlight: gauge("otelcol_exporter_in_flight_requests"),
  };
  const { offered, sent, dropped, returned, queued, size, bytes } = books;
  expect(offered, JSON.stringify(books)).toBe(sent + dropped + returned + queued);
  for (const [name, value] of Object.entries(books)) expect(value, name).toBeGreaterThanOrEqual(0);
  expect(size).toBeLessThanOrEqual(gauge("otelcol_exporter_queue_capacity") || Infinity);
  expect(bytes).toBeLessThanOrEqual(heldBytesMax);
  return books;
}

/** The same for every signal. */
export function checkAllBooks(counters: Counters, exporter: string): void {
  for (const signal of SIGNALS) checkBooks(counters, exporter, signal);
}
