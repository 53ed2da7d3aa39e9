/**
 * Law 2, from what a gateway tells of itself: what is wrong with its books at any moment, and between
 * them, and with the ledger of the run, once nothing is under way.
 */
import { ITEM_NAMES, type Signal, SIGNALS } from "../../../src/base/signal.ts";
import type { ReadFamily } from "../../admin/exposition.ts";
import { DESTINATIONS, type DestinationName, idOf, PROCESSORS } from "./configuration.ts";
import type { Ledger } from "./ledger.ts";
import type { Heard } from "./sender.ts";

/** offered + restored = the others. */
const TERMS = [
  "sluice_exporter_offered",
  "sluice_exporter_restored",
  "otelcol_exporter_sent",
  "sluice_exporter_dropped",
  "sluice_exporter_dead",
  "sluice_exporter_returned",
  "sluice_exporter_repeated",
  "sluice_exporter_queued",
] as const;
/** Of a partial success: which items they were, the destination knows. */
const REJECTED: readonly string[] = ["rejected"];
/** What a stage passed on and nobody took. */
const PASSED: readonly string[] = ["send_failed", "refused"];
/** What is 0 when all is over, whatever its labels. */
const REST = [
  "sluice_processor_held_items",
  "sluice_processor_held_bytes",
  "sluice_memory_blocks",
  "sluice_memory_used_bytes",
  "sluice_exporter_queue_bytes",
  "sluice_exporter_stored_bytes",
  "otelcol_exporter_queue_size",
  "otelcol_exporter_in_flight_requests",
  "sluice_exporter_concurrency_in_flight",
  "sluice_exporter_endpoint_in_flight",
  ...SIGNALS.map((signal) => `sluice_exporter_queued_${ITEM_NAMES[signal]}`),
] as const;

type Labels = Readonly<Record<string, string>>;

/** What was asked for, by name and labels; what was never counted is 0. */
export class Metrics {
  readonly #families: ReadonlyMap<string, ReadFamily>;

  constructor(families: readonly ReadFamily[]) {
    this.#families = new Map(families.map((family) => [family.name, family]));
  }

  /** The sum over what carries these labels. */
  total(name: string, labels: Labels = {}, reasons?: readonly string[]): number {
    let found = 0;
    for (const { labels: own, value } of this.#families.get(name)?.samples ?? []) {
      const here = Object.entries(labels).every(([label, of]) => own[label] === of);
      if (here && (reasons === undefined || reasons.includes(own["reason"] ?? ""))) found += value;
    }
    return found;
  }

  has(name: string): boolean {
    return this.#families.has(name);
  }
}

/** The books of every component, at any moment. */
export function faultsAt(metrics: Metrics): string[] {
  const exporters = SIGNALS.flatMap((signal) => DESTINATIONS.flatMap((name) => exporterFaults(metrics, idOf(name), signal)));
  const processors = SIGNALS.flatMap((signal) => PROCESSORS[signal].flatMap((id) => processorFaults(metrics, id, signal)));
  return [...exporters, ...processors];
}

function exporterFaults(metrics: Metrics, exporter: string, signal: Signal): string[] {
  const values = TERMS.map((name) => metrics.total(`${name}_${ITEM_NAMES[signal]}`, { exporter }));
  const [offered = 0, restored = 0, ...ends] = values;
  const books = TERMS.map((name, index) => `${name} ${values[index]}`).join(", ");
  return offered + restored === sum(ends) && values.every((value) => value >= 0) ? [] : [`${exporter}, ${signal}: the books do not agree: ${books}`];
}

function processorFaults(metrics: Metrics, id: string, signal: Signal): string[] {
  const of = (name: string) => metrics.total(name, { processor: id, otel_signal: signal });
  const [incoming, created] = [of("otelcol_processor_incoming_items"), of("sluice_processor_created_items")];
  const ends = [
    of("otelcol_processor_outgoing_items"),
    of("sluice_processor_dropped_items"),
    of("sluice_processor_folded_items"),
    of("sluice_processor_held_items"),
  ] as const;
  if (incoming + created === sum(ends) && ends.every((value) => value >= 0)) return [];
  const [outgoing, dropped, folded, held] = ends;
  return [`${id}, ${signal}: ${incoming} in + ${created} created, ${outgoing} out + ${dropped} dropped + ${folded} folded + ${held} held`];
}

/** What is still under way, or was not given back. */
export function restIn(metrics: Metrics): string[] {
  return REST.filter((name) => metrics.total(name) !== 0).map((name) => `${name} ${metrics.total(name)}`);
}

/** What should be equal between components, once nothing is under way. */
export function edgeFaults(metrics: Metrics): string[] {
  return SIGNALS.flatMap((signal) => {
    const items = ITEM_NAMES[signal];
    let before = "the receiver";
    let passed = metrics.total(`otelcol_receiver_accepted_${items}`) + metrics.total(`otelcol_receiver_refused_${items}`);
    const faults: string[] = [];
    const expectSame = (next: string, given: number): void => {
      if (given !== passed) faults.push(`${signal}: ${before} passed on ${passed}, ${next} was given ${given}`);
    };
    for (const id of PROCESSORS[signal]) {
      const labels = { processor: id, otel_signal: signal };
      expectSame(id, metrics.total("otelcol_processor_incoming_items", labels) + metrics.total("sluice_processor_refused_items", labels));
      before = id;
      passed = metrics.total("otelcol_processor_outgoing_items", labels) + metrics.total("sluice_processor_dropped_items", labels, PASSED);
    }
    for (const name of DESTINATIONS) expectSame(idOf(name), metrics.total(`sluice_exporter_offered_${items}`, { exporter: idOf(name) }));
    return faults;
  });
}

/** What the senders heard is what the receiver counted. */
export function senderFaults(metrics: Metrics, heard: Readonly<Record<Signal, Heard>>): string[] {
  return SIGNALS.flatMap((signal) => {
    const items = ITEM_NAMES[signal];
    const of = (what: string) => metrics.total(`otelcol_receiver_${what}_${items}`);
    const { accepted, cut, refused, unanswered } = heard[signal];
    return [
      ...within(`${signal}: accepted by the receiver`, of("accepted"), accepted, accepted + unanswered),
      // What finds no memory is refused before its items are known.
      ...within(`${signal}: refused by the receiver`, of("refused"), 0, refused + unanswered),
      ...within(`${signal}: cut at the door`, of("failed"), cut, cut),
    ];
  });
}

/** What a destination did is what its exporter counted; what was acknowledged is somewhere. `dead`: items found among the dead letters. */
export function destinationFaults(metrics: Metrics, ledger: Ledger, name: DestinationName, signal: Signal, dead: number): string[] {
  const exporter = idOf(name);
  const of = (what: string) => metrics.total(`${what}_${ITEM_NAMES[signal]}`, { exporter });
  const { answered, rejected, unsure } = ledger.sums(name, signal);
  const missing = ledger.missing(name, signal);
  const countedRejected = metrics.total(`sluice_exporter_dropped_${ITEM_NAMES[signal]}`, { exporter }, REJECTED);
  const lost = of("sluice_exporter_dropped") - countedRejected + lostBefore(metrics, signal);
  const where = `${exporter}, ${signal}`;
  return [
    ...within(`${where}: sent`, of("otelcol_exporter_sent"), answered, answered + unsure),
    ...within(`${where}: rejected`, countedRejected, rejected, rejected),
    ...within(`${where}: dead letters`, dead, of("sluice_exporter_dead"), of("sluice_exporter_dead")),
    ...within(`${where}: acknowledged and nowhere (${missing.slice(0, 5).join(", ")})`, missing.length, 0, lost),
  ];
}

/** Dropped by the processors that answer before a destination has the data, and by the one that forgets streams. */
function lostBefore(metrics: Metrics, signal: Signal): number {
  const holding = PROCESSORS[signal].filter((id) => /^(?:batch|interval|log_dedup|cumulative_to_delta)/.test(id));
  return sum(holding.map((processor) => metrics.total("sluice_processor_dropped_items", { processor, otel_signal: signal })));
}

function within(what: string, value: number, from: number, to: number): string[] {
  if (value >= from && value <= to) return [];
  return [from === to ? `${what}: ${value}, not ${from}` : `${what}: ${value}, not ${from} to ${to}`];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
