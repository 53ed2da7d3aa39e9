/** A metric while a function rewrites it: its fields in the order of the wire, decoded no further than the function looks. */
import * as tables from "../../../otlp/tables.ts";
import { StatementError } from "../../../ottl/value.ts";
import type { MetricEditor, Subject } from "../../../ottl/subject.ts";
import type { Level } from "../../../pipeline/step.ts";
import { encode, type Field, type Fields, fieldsOf, find, inside, messageField, textField, textOf } from "../../envelopes/fields.ts";
import { dataOf, pointNumbers, POINTS } from "../../envelopes/metrics.ts";

/** What every function that rewrites a metric as a whole declares. */
export const WHOLE_METRIC = {
  reads: ["item", "point"] as readonly Level[],
  writes: ["item", "point"] as readonly Level[],
  replaces: true,
} as const;

/** What every function that makes metrics, and leaves the one at hand alone, declares. */
export const NEW_METRICS = { reads: WHOLE_METRIC.reads, replaces: true } as const;

export interface WholeMetric {
  readonly fields: Fields;
  /** The Gauge, Sum, ... that it holds. */
  readonly data: Field | undefined;
  /** METRIC_GAUGE and so on; 0 without data. */
  readonly kind: number;
}

export function editorOf({ metric }: Subject): MetricEditor {
  if (metric === undefined) throw new StatementError("Cannot rewrite a metric: there is none here");
  return metric;
}

export function wholeMetric(body: Uint8Array): WholeMetric {
  const fields = fieldsOf(body);
  const data = dataOf(fields);
  return { fields, data, kind: data?.number ?? 0 };
}

/** Each point's fields. */
export function pointsOf({ data }: WholeMetric): Fields[] {
  return inside(data)
    .filter(({ number }) => number === POINTS)
    .map((point) => inside(point));
}

/** The metric's body with other data, of any kind, in the place of what it holds. */
export function withData({ fields, data }: WholeMetric, kind: number, inner: Fields): Uint8Array {
  const made = messageField(kind, inner);
  return encode(fields.map((field) => (field === data ? made : field)));
}

/** The metric's body with each point's fields as `change` makes them. */
export function withPoints(metric: WholeMetric, change: (point: Fields) => Fields): Uint8Array {
  return withData(
    metric,
    metric.kind,
    inside(metric.data).map((field) => (field.number === POINTS ? messageField(POINTS, change(inside(field))) : field)),
  );
}

/** What is written with a longer name, the same description, and a unit of its own or the same. */
export function describedAs({ fields }: WholeMetric, suffix: string, unit?: string): Fields {
  const description = find(fields, tables.METRIC_DESCRIPTION);
  const oldUnit = find(fields, tables.METRIC_UNIT);
  return [
    textField(tables.METRIC_NAME, textOf(find(fields, tables.METRIC_NAME)) + suffix),
    ...(description === undefined ? [] : [description]),
    ...(unit === undefined ? (oldUnit === undefined ? [] : [oldUnit]) : [textField(tables.METRIC_UNIT, unit)]),
  ];
}

/** A number's point with the attributes and times of another metric's point. */
export function numberPoint(source: Fields, kind: number, value: Field, more: Fields = []): Field {
  const numbers = pointNumbers(kind);
  const kept = source.flatMap((field) => {
    if (field.number === numbers.start || field.number === numbers.time) return [field];
    return field.number === numbers.attributes ? [messageField(tables.NUMBER_DATA_POINT_ATTRIBUTES, inside(field))] : [];
  });
  return messageField(POINTS, [...kept, ...more, value]);
}
