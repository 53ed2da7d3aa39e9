/** What transforms do to one metric. */
import { VERSION } from "../../base/version.ts";
import * as tables from "../../otlp/tables.ts";
import { toInt64 } from "../../base/go-numbers.ts";
import {
  doubleField,
  doubleOf,
  doubles,
  type Field,
  fixed64Field,
  inside,
  messageField,
  packedDoubles,
  sfixed64Of,
  sint32Field,
  sint32Of,
  varints,
  withField,
  without,
} from "../envelopes/fields.ts";
import { aggregate } from "./aggregate.ts";
import type { Filter } from "./filter.ts";
import { type Metric, numberOf, type Point, setNumber } from "./model.ts";
import type { OperationConfig } from "./settings.ts";

/** `whole`: every point of the metric is meant, so that the metric as such may be changed. */
export type Operation = (metric: Metric, filter: Filter, whole: boolean) => Applied;

/** Whether the operations behind it are still to be done. */
export type Applied = "done" | "unsupported";

const VERSION_PLACE = "{{version}}";

export function operationOf(config: OperationConfig): Operation {
  switch (config.action) {
    case "add_label":
      return onWhole((metric) => addLabel(metric, config.new_label, withVersion(config.new_value)));
    case "update_label":
      return updateLabel(config);
    case "delete_label_value":
      return onWhole((metric) => {
        const kept = metric.points.filter((point) => point.text(config.label) !== config.label_value);
        if (kept.length < metric.points.length) metric.points = kept;
      });
    case "toggle_scalar_data_type":
      return onPoints(isScalar, toggle);
    case "experimental_scale_value":
      return (metric, filter) => onPoints(isScalable, (point) => scale(metric.dataNumber, point, config.experimental_scale))(metric, filter, true);
    case "aggregate_labels":
      return aggregateLabels(config);
    default:
      return aggregateValues(config);
  }
}

function onWhole(change: (metric: Metric) => void): Operation {
  return (metric, _filter, whole) => {
    if (whole) change(metric);
    return "done";
  };
}

function onPoints(applies: (dataNumber: number) => boolean, change: (point: Point) => void): Operation {
  return (metric, filter) => {
    if (!applies(metric.dataNumber)) return "done";
    for (const point of metric.points) if (filter.matchesPoint(point)) change(point);
    metric.changed = true;
    return "done";
  };
}

function addLabel(metric: Metric, key: string, value: string): void {
  for (const point of metric.points) if (point.text(key) === undefined) point.setText(key, value);
  metric.changed = true;
}

function updateLabel({ label, new_label: newLabel, value_actions: actions }: OperationConfig): Operation {
  const values = new Map(actions.map((action) => [action.value, withVersion(action.new_value)]));
  return onPoints(
    () => true,
    (point) => {
      const value = point.text(label);
      if (value === undefined) return;
      if (newLabel !== "") point.rename(label, newLabel);
      const newValue = values.get(value);
      if (newValue !== undefined) point.setText(newLabel === "" ? label : newLabel, newValue);
    },
  );
}

function aggregateLabels({ label_set: labels, aggregation_type: how }: OperationConfig): Operation {
  const kept = new Set(labels);
  return (metric, _filter, whole) => {
    if (!whole) return "done";
    if (metric.dataNumber === tables.METRIC_SUMMARY) return "unsupported";
    for (const point of metric.points) point.keep(kept);
    metric.points = aggregate([metric], how);
    return "done";
  };
}

function aggregateValues({ label, aggregated_values: values, new_value: newValue, aggregation_type: how }: OperationConfig): Operation {
  const joined = new Set(values);
  return (metric, _filter, whole) => {
    if (!whole) return "done";
    if (metric.dataNumber === tables.METRIC_SUMMARY) return "unsupported";
    for (const point of metric.points) {
      const value = point.text(label);
      if (value !== undefined && joined.has(value)) point.setText(label, withVersion(newValue));
    }
    metric.points = aggregate([metric], how);
    return "done";
  };
}

function isScalar(dataNumber: number): boolean {
  return dataNumber === tables.METRIC_GAUGE || dataNumber === tables.METRIC_SUM;
}

function isScalable(dataNumber: number): boolean {
  return isScalar(dataNumber) || dataNumber === tables.METRIC_HISTOGRAM || dataNumber === tables.METRIC_EXPONENTIAL_HISTOGRAM;
}

function toggle(point: Point): void {
  const value = numberOf(point);
  if (value !== undefined) setNumber(point, typeof value === "bigint" ? Number(value) : toInt64(value));
}

function scale(dataNumber: number, point: Point, factor: number): void {
  if (isScalar(dataNumber)) {
    const value = numberOf(point);
    if (value !== undefined) setNumber(point, typeof value === "bigint" ? toInt64(Number(value) * factor) : value * factor);
  } else if (dataNumber === tables.METRIC_HISTOGRAM) scaleHistogram(point, factor);
  else scaleExponential(point, factor);
}

function scaleHistogram(point: Point, factor: number): void {
  scaleDoubles(point, [tables.HISTOGRAM_DATA_POINT_SUM, tables.HISTOGRAM_DATA_POINT_MIN, tables.HISTOGRAM_DATA_POINT_MAX], factor);
  const bounds = doubles(point.fields, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS);
  if (bounds.length > 0) {
    const scaled = packedDoubles(
      tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS,
      bounds.map((bound) => bound * factor),
    );
    point.fields = [...without(point.fields, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS), scaled];
  }
  scaleExemplars(point, tables.HISTOGRAM_DATA_POINT_EXEMPLARS, factor);
}

/** The counts stay: only where the buckets begin is moved. */
function scaleExponential(point: Point, factor: number): void {
  const { EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM: sum, EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN: min, EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX: max } = tables;
  scaleDoubles(point, [sum, min, max, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_THRESHOLD], factor);
  const exponent = sint32Of(point.find(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE));
  for (const number of [tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_NEGATIVE]) {
    const buckets = inside(point.find(number));
    if (varints(buckets, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS).length === 0) continue;
    const offset = buckets.find((field) => field.number === tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET);
    const moved = movedOffset(exponent, sint32Of(offset), factor);
    point.set(messageField(number, withField(buckets, sint32Field(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET, moved))));
  }
  scaleExemplars(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_EXEMPLARS, factor);
}

/** The bucket into which the middle of the first one falls (metrics data model, "All Scales: Use the Logarithm Function"). */
function movedOffset(exponent: number, offset: number, factor: number): number {
  const base = 2 ** (2 ** -exponent);
  const middle = (base ** offset + base ** (offset + 1)) / 2;
  const moved = Math.ceil(Math.log(middle * factor) * Math.LOG2E * 2 ** exponent) - 1;
  return Number.isFinite(moved) ? Math.trunc(moved) : offset;
}

function scaleDoubles(point: Point, numbers: readonly number[], factor: number): void {
  for (const number of numbers) {
    const field = point.find(number);
    if (field !== undefined) point.set(doubleField(number, doubleOf(field) * factor));
  }
}

function scaleExemplars(point: Point, number: number, factor: number): void {
  point.fields = point.fields.map((field) => (field.number === number ? scaledExemplar(field, factor) : field));
}

function scaledExemplar(exemplar: Field, factor: number): Field {
  const fields = inside(exemplar).map((field) => {
    if (field.number === tables.EXEMPLAR_AS_DOUBLE) return doubleField(field.number, doubleOf(field) * factor);
    return field.number === tables.EXEMPLAR_AS_INT ? fixed64Field(field.number, toInt64(Number(sfixed64Of(field)) * factor)) : field;
  });
  return messageField(exemplar.number, fields);
}

function withVersion(text: string): string {
  return text.replaceAll(VERSION_PLACE, VERSION);
}
