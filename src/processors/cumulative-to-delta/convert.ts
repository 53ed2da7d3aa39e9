/** Converts the metrics of a request: which ones, and what becomes of their points. */
import * as tables from "../../otlp/tables.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { Books } from "../envelopes/books.ts";
import { type Edited, Reasons } from "../envelopes/edit-stage.ts";
import { type Field, type Fields, find, fixed64Of, inside, messageField, textOf, varintField, varintOf, withField } from "../envelopes/fields.ts";
import { attributesKey, joined, resourceKey, scopeKey, short } from "../envelopes/identity.ts";
import {
  CUMULATIVE,
  dataOf,
  DELTA,
  isMonotonic,
  nameOf,
  NO_RECORDED_VALUE,
  type PointNumbers,
  pointNumbers,
  POINTS,
  TEMPORALITY,
  temporalityOf,
} from "../envelopes/metrics.ts";
import { type Around, ITEMS, rewriteList, rewriteScopes } from "../envelopes/rewrite.ts";
import { valueOf, withValue } from "./point-fields.ts";
import type { Journal, Tracker } from "./tracker.ts";

/** The Collector's names of the types that are converted. */
export const METRIC_TYPES: Readonly<Record<number, string>> = {
  [tables.METRIC_SUM]: "sum",
  [tables.METRIC_HISTOGRAM]: "histogram",
  [tables.METRIC_EXPONENTIAL_HISTOGRAM]: "exponential_histogram",
};

/** Whether a metric of this name and data shape is to be converted. */
export type Selects = (name: string, dataNumber: number) => boolean;

interface Conversion {
  readonly journal: Journal;
  readonly reasons: Reasons;
}

export class Converter {
  readonly #selects: Selects;
  readonly #tracker: Tracker;
  readonly #books: Books;

  constructor(selects: Selects, tracker: Tracker, books: Books) {
    this.#selects = selects;
    this.#tracker = tracker;
    this.#books = books;
  }

  edit({ requests, items }: Envelope): Edited {
    const conversion = { journal: this.#tracker.begin(), reasons: new Reasons() };
    const edited = requests.map((request) => rewriteScopes(request, this.#scopes(conversion)));
    this.#measure();
    const changed = edited.some((request, index) => request !== requests[index]);
    const { counts, total } = conversion.reasons;
    return {
      requests: changed ? edited.filter((request) => request !== undefined) : requests,
      items: items - total,
      dropped: counts,
      undo: () => {
        conversion.journal.takeBack();
        this.#measure();
      },
    };
  }

  #measure(): void {
    const gauge = this.#books.counter("otelcol_cumulativetodelta_streams_tracked");
    gauge.add(this.#tracker.streams - gauge.value);
  }

  #scopes(conversion: Conversion): (scopeGroup: Fields, around: Around) => Fields | undefined {
    let group: Fields | undefined;
    let resource = "";
    return (scopeGroup, around) => {
      // The scopes of one resource follow one another.
      if (around.group !== group) {
        ({ group } = around);
        resource = resourceKey(around.resource);
      }
      let parents: string | undefined;
      const after = rewriteList(scopeGroup, ITEMS, (field) => {
        const metric = inside(field);
        const data = dataOf(metric);
        if (data === undefined || !this.#selects(nameOf(metric), data.number)) return field;
        const dataFields = inside(data);
        if (!isConverted(data.number, dataFields)) return field;
        parents ??= short(joined(resource, scopeKey(around.scope)));
        const key = short(joined(parents, String(data.number), nameOf(metric), textOf(find(metric, tables.METRIC_UNIT))));
        return this.#metric(metric, data, dataFields, key, conversion);
      });
      return after.some(({ number }) => number === ITEMS) ? after : undefined;
    };
  }

  /** The metric with deltas, or undefined when no point is left. */
  #metric(metric: Fields, data: Field, dataFields: Fields, key: string, conversion: Conversion): Field | undefined {
    const numbers = pointNumbers(data.number);
    const type = METRIC_TYPES[data.number] ?? "";
    let converted = 0;
    let kept = 0;
    const points = rewriteList(dataFields, POINTS, (field) => {
      const after = this.#point(field, data.number, numbers, key, conversion, type);
      if (after !== undefined) kept++;
      if (after !== undefined && after !== field) converted++;
      return after;
    });
    if (converted > 0) this.#books.counter("otelcol_cumulativetodelta_datapoints", { metric_type: type }).add(converted);
    if (kept === 0) return undefined;
    const delta = withField(points, varintField(TEMPORALITY, BigInt(DELTA)));
    return messageField(ITEMS, withField(metric, messageField(data.number, delta)));
  }

  #point(field: Field, dataNumber: number, numbers: PointNumbers, key: string, { journal, reasons }: Conversion, type: string): Field | undefined {
    const point = inside(field);
    if ((varintOf(find(point, numbers.flags)) & NO_RECORDED_VALUE) !== 0) {
      reasons.add("no_recorded_value");
      return undefined;
    }
    const value = valueOf(dataNumber, point);
    // Not a number: nothing can be taken from it.
    if (value.kind === "double" && Number.isNaN(value.value)) return field;
    const startNanos = fixed64Of(find(point, numbers.start));
    const timeNanos = fixed64Of(find(point, numbers.time));
    const stream = joined(key, value.kind, startNanos.toString(36), attributesKey(point, numbers.attributes));
    const delta = this.#tracker.convert(stream, startNanos, timeNanos, value, journal);
    if (typeof delta === "string") {
      reasons.add(delta);
      this.#books.counter("otelcol_cumulativetodelta_datapoints_dropped", { metric_type: type, reason: delta }).add(1);
      return undefined;
    }
    return messageField(POINTS, withValue(point, numbers.start, delta.startNanos, delta.value));
  }
}

/** Cumulative, and of those sums the monotonic ones. A histogram without points stays as it is. */
function isConverted(dataNumber: number, data: Fields): boolean {
  if (temporalityOf(data) !== CUMULATIVE) return false;
  if (dataNumber === tables.METRIC_SUM) return isMonotonic(data);
  return METRIC_TYPES[dataNumber] !== undefined && data.some(({ number }) => number === POINTS);
}
