/** Law 2, of one process, at any moment: what is wrong with its books. */
import type { Counters } from "../../src/pipeline/counters.ts";

/** What came, twice, and what became of it. */
const TERMS = [
  "sluice_exporter_offered_spans",
  "sluice_exporter_restored_spans",
  "otelcol_exporter_sent_spans",
  "sluice_exporter_dropped_spans",
  "sluice_exporter_dead_spans",
  "sluice_exporter_returned_spans",
  "sluice_exporter_repeated_spans",
  "sluice_exporter_queued_spans",
] as const;
const GAUGES = ["otelcol_exporter_queue_size", "sluice_exporter_queue_bytes", "otelcol_exporter_in_flight_requests", "sluice_exporter_stored_bytes"] as const;
/** The destination's own word. */
const HEARD: ReadonlySet<string> = new Set(["rejected", "refused", "too_large"]);

/** One line for each term that is wrong. */
export function faultsIn(counters: Counters, exporters: readonly string[], processors: readonly string[]): string[] {
  const sums = sumsOf(counters);
  return [...exporters.flatMap((exporter) => faultsAt(sums, exporter)), ...processors.flatMap((processor) => faultsOf(sums, processor))];
}

/** What is left when all is over; nothing, if all is well. */
export function restIn(counters: Counters, exporter: string): string[] {
  const sums = sumsOf(counters);
  return [...GAUGES, "sluice_exporter_queued_spans"].filter((name) => valueOf(sums, name, exporter) !== 0).map((name) => `${exporter}: ${name}`);
}

/** Items that were dropped for reasons of our own, counted. */
export function droppedIn(counters: Counters, exporter: string): number {
  return counters
    .samples()
    .filter(({ labels, name }) => name === "sluice_exporter_dropped_spans" && labels["exporter"] === exporter && !HEARD.has(labels["reason"] ?? ""))
    .reduce((sum, { value }) => sum + value, 0);
}

/** By name and component. */
type Sums = ReadonlyMap<string, number>;

function sumsOf(counters: Counters): Sums {
  const sums = new Map<string, number>();
  for (const { labels, name, value } of counters.samples()) {
    const key = `${name} ${labels["exporter"] ?? labels["processor"] ?? ""}`;
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}

function valueOf(sums: Sums, name: string, component: string): number {
  return sums.get(`${name} ${component}`) ?? 0;
}

/** offered + restored = sent + dropped (by reason) + dead + returned + repeated + queued. */
function faultsAt(sums: Sums, exporter: string): string[] {
  const [offered = 0, restored = 0, ...ends] = TERMS.map((name) => valueOf(sums, name, exporter));
  const values = [...TERMS, ...GAUGES].map((name) => [name, valueOf(sums, name, exporter)] as const);
  const books = JSON.stringify(Object.fromEntries(values));
  const faults = values.filter(([, value]) => value < 0).map(([name]) => `${exporter}: ${name} is negative: ${books}`);
  if (offered + restored !== ends.reduce((sum, value) => sum + value, 0)) faults.push(`${exporter}: the books do not agree: ${books}`);
  return faults;
}

/** in + created = out + dropped (by reason) + folded + held, of which these rules hold nothing. */
function faultsOf(sums: Sums, processor: string): string[] {
  const of = (name: string) => valueOf(sums, name, processor);
  const [incoming, created] = [of("otelcol_processor_incoming_items"), of("sluice_processor_created_items")];
  const [outgoing, dropped, folded] = [of("otelcol_processor_outgoing_items"), of("sluice_processor_dropped_items"), of("sluice_processor_folded_items")];
  if (incoming + created === outgoing + dropped + folded) return [];
  return [`${processor}: ${incoming} in + ${created} created, ${outgoing} out + ${dropped} dropped + ${folded} folded`];
}
