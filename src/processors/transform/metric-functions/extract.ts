/**
 * Functions that make another metric of what a metric holds: the sums or the counts of its points, a
 * summary's quantiles, a copy. A metric that such a use of a function made gets nothing from it again.
 */
import * as tables from "../../../otlp/tables.ts";
import { encodeAnyValue } from "../../../otlp/any-value.ts";
import { define, type Getter } from "../../../ottl/contract.ts";
import { StatementError } from "../../../ottl/value.ts";
import type { Subject } from "../../../ottl/subject.ts";
import {
  bytesField,
  doubleField,
  doubleOf,
  encode,
  type Field,
  type Fields,
  find,
  fixed64Field,
  fixed64Of,
  inside,
  messageField,
  textField,
  textOf,
  withField,
} from "../../envelopes/fields.ts";
import { CUMULATIVE, temporalityOf } from "../../envelopes/metrics.ts";
import { describedAs, editorOf, numberPoint, pointsOf, NEW_METRICS, wholeMetric, type WholeMetric } from "./metric.ts";
import { sumFields, temporality } from "./temporality.ts";

/** Numbers that histograms and summaries of every kind share. */
const COUNT = tables.HISTOGRAM_DATA_POINT_COUNT;
const SUM = tables.HISTOGRAM_DATA_POINT_SUM;

type ValueOf = (point: Fields) => Field | undefined;

const countOf: ValueOf = (point) => fixed64Field(tables.NUMBER_DATA_POINT_AS_INT, fixed64Of(find(point, COUNT)));
const sumOf: ValueOf = (point) => doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, doubleOf(find(point, SUM)));
const sumIfAny: ValueOf = (point) => (find(point, SUM) === undefined ? undefined : sumOf(point));

/** Runs `make` on a metric that was not made by this use of the function. */
function maker(make: (metric: WholeMetric, subject: Subject) => Uint8Array | undefined) {
  const use = {};
  return {
    ...NEW_METRICS,
    run: (subject: Subject) => {
      const editor = editorOf(subject);
      if (editor.madeBy(use)) return null;
      const made = make(wholeMetric(editor.read()), subject);
      if (made !== undefined) editor.create(made, use);
      return null;
    },
  };
}

const monotonicAndSuffix = [
  { name: "monotonic", kind: "bool" },
  { name: "suffix", kind: "string", optional: true },
] as const;

/** `extract_sum_metric(monotonic, Optional[suffix])`: points without a sum, which histograms may have, are left out. */
export const extractSumMetric = define("extract_sum_metric", monotonicAndSuffix, ({ monotonic, suffix = "_sum" }) =>
  maker((metric) => extracted("extract_sum_metric", metric, suffix, monotonic, metric.kind === tables.METRIC_SUMMARY ? sumOf : sumIfAny)),
);

/** `extract_count_metric(monotonic, Optional[suffix])`: its unit is "1". */
export const extractCountMetric = define("extract_count_metric", monotonicAndSuffix, ({ monotonic, suffix = "_count" }) =>
  maker((metric) => extracted("extract_count_metric", metric, suffix, monotonic, countOf, "1")),
);

function extracted(name: string, metric: WholeMetric, suffix: string, monotonic: boolean, valueOf: ValueOf, unit?: string): Uint8Array | undefined {
  const aggregation = aggregationOf(metric);
  if (aggregation === 0) throw new StatementError(`Cannot apply ${name}: the metric is no summary, and no histogram of a known temporality`);
  const points = pointsOf(metric).flatMap((point) => {
    const value = valueOf(point);
    return value === undefined ? [] : [numberPoint(point, metric.kind, value)];
  });
  return points.length === 0 ? undefined : sumMetric(metric, points, suffix, aggregation, monotonic, unit);
}

/** Summaries are cumulative, though they do not say so. */
function aggregationOf({ kind, data }: WholeMetric): number {
  if (kind === tables.METRIC_SUMMARY) return CUMULATIVE;
  return kind === tables.METRIC_HISTOGRAM || kind === tables.METRIC_EXPONENTIAL_HISTOGRAM ? temporalityOf(inside(data)) : 0;
}

function sumMetric(metric: WholeMetric, points: Fields, suffix: string, aggregation: number, monotonic: boolean, unit?: string): Uint8Array {
  return encode([...describedAs(metric, suffix, unit), messageField(tables.METRIC_SUM, [...points, ...sumFields(aggregation, monotonic)])]);
}

const sumArguments = [
  { name: "string_agg_temp", kind: "string" },
  { name: "monotonic", kind: "bool" },
  { name: "suffix", kind: "string", optional: true },
] as const;

/** `convert_summary_sum_val_to_sum(string_agg_temp, monotonic, Optional[suffix])`: for each point that it is called on a sum of all points. */
export const convertSummarySum = define("convert_summary_sum_val_to_sum", sumArguments, ({ string_agg_temp: text, monotonic, suffix = "_sum" }) => {
  const aggregation = temporality(text);
  return maker((metric) => ofSummary(metric, suffix, aggregation, monotonic, sumOf));
});

/** `convert_summary_count_val_to_sum(string_agg_temp, monotonic, Optional[suffix])`: for each point that it is called on a sum of all points. */
export const convertSummaryCount = define("convert_summary_count_val_to_sum", sumArguments, ({ string_agg_temp: text, monotonic, suffix = "_count" }) => {
  const aggregation = temporality(text);
  return maker((metric) => ofSummary(metric, suffix, aggregation, monotonic, countOf));
});

function ofSummary(metric: WholeMetric, suffix: string, aggregation: number, monotonic: boolean, valueOf: ValueOf): Uint8Array | undefined {
  if (metric.kind !== tables.METRIC_SUMMARY) return undefined;
  const points = pointsOf(metric).flatMap((point) => numberPoint(point, metric.kind, valueOf(point) ?? doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, 0)));
  return sumMetric(metric, points, suffix, aggregation, monotonic);
}

/** `convert_summary_quantile_val_to_gauge(Optional[attribute_key], Optional[suffix])`: one point for each quantile of each point. */
export const convertSummaryQuantile = define(
  "convert_summary_quantile_val_to_gauge",
  [
    { name: "attribute_key", kind: "string", optional: true },
    { name: "suffix", kind: "string", optional: true },
  ],
  ({ attribute_key: key = "quantile", suffix = ".quantiles" }) =>
    maker((metric) => {
      if (metric.kind !== tables.METRIC_SUMMARY) return undefined;
      const points = pointsOf(metric).flatMap((point) => quantilesOf(point).map((quantile) => quantilePoint(point, key, quantile)));
      return encode([...describedAs(metric, suffix), messageField(tables.METRIC_GAUGE, points)]);
    }),
);

function quantilesOf(point: Fields): Fields[] {
  return point.filter(({ number }) => number === tables.SUMMARY_DATA_POINT_QUANTILE_VALUES).map((field) => inside(field));
}

function quantilePoint(point: Fields, key: string, quantile: Fields): Field {
  const value = doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, doubleOf(find(quantile, tables.SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_VALUE)));
  const body = encodeAnyValue(doubleOf(find(quantile, tables.SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_QUANTILE)));
  const labelled = bytesField(tables.KEY_VALUE_VALUE, body);
  const isLabel = (field: Field) => field.number === tables.SUMMARY_DATA_POINT_ATTRIBUTES && textOf(find(inside(field), tables.KEY_VALUE_KEY)) === key;
  const old = point.find(isLabel);
  if (old === undefined) {
    return numberPoint(point, tables.METRIC_SUMMARY, value, [
      messageField(tables.NUMBER_DATA_POINT_ATTRIBUTES, [textField(tables.KEY_VALUE_KEY, key), labelled]),
    ]);
  }
  const replaced = messageField(tables.SUMMARY_DATA_POINT_ATTRIBUTES, withField(inside(old), labelled));
  return numberPoint(
    point.map((field) => (field === old ? replaced : field)),
    tables.METRIC_SUMMARY,
    value,
  );
}

/** `copy_metric(Optional[name], Optional[description], Optional[unit])`: all of it, under what is given. */
export const copyMetric = define(
  "copy_metric",
  [
    { name: "name", kind: "string_getter", optional: true },
    { name: "description", kind: "string_getter", optional: true },
    { name: "unit", kind: "string_getter", optional: true },
  ],
  ({ name, description, unit }) =>
    maker(({ fields }, subject) => {
      const named = withText(fields, tables.METRIC_NAME, name, subject);
      return encode(withText(withText(named, tables.METRIC_DESCRIPTION, description, subject), tables.METRIC_UNIT, unit, subject));
    }),
);

function withText(fields: Fields, number: number, text: Getter<string> | undefined, subject: Subject): Fields {
  return text === undefined ? fields : withField(fields, textField(number, text(subject)));
}
