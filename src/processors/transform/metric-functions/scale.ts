/** scale_metric. */
import { toInt64 } from "../../../base/go-numbers.ts";
import * as tables from "../../../otlp/tables.ts";
import { define } from "../../../ottl/contract.ts";
import { StatementError } from "../../../ottl/value.ts";
import {
  doubleField,
  doubleOf,
  doubles,
  encode,
  type Field,
  type Fields,
  fieldsOf,
  find,
  fixed64Field,
  inside,
  messageField,
  packedDoubles,
  sfixed64Of,
  textField,
  withField,
} from "../../envelopes/fields.ts";
import { editorOf, WHOLE_METRIC, wholeMetric, type WholeMetric, withPoints } from "./metric.ts";

type Scaled = (point: Fields, by: number) => Fields;

/**
 * `scale_metric(multiplier, Optional[unit])`: every value times the multiplier: numbers, sums, least and
 * greatest values, bounds, quantiles, a histogram's exemplars. Whole numbers stay whole, their fraction
 * is cut. Exponential histograms are an error.
 */
export const scaleMetric = define(
  "scale_metric",
  [
    { name: "multiplier", kind: "float" },
    { name: "unit", kind: "string_getter", optional: true },
  ],
  ({ multiplier, unit }) => ({
    ...WHOLE_METRIC,
    run: (subject) => {
      const editor = editorOf(subject);
      const text = unit?.(subject);
      const metric = wholeMetric(editor.read());
      const scaled = scalerOf(metric);
      const body = withPoints(metric, (point) => scaled(point, multiplier));
      editor.replace(text === undefined ? body : withUnit(body, text));
      return null;
    },
  }),
);

function withUnit(body: Uint8Array, text: string): Uint8Array {
  return encode(withField(fieldsOf(body), textField(tables.METRIC_UNIT, text)));
}

function scalerOf({ kind }: WholeMetric): Scaled {
  if (kind === tables.METRIC_GAUGE || kind === tables.METRIC_SUM) return scaleNumber;
  if (kind === tables.METRIC_HISTOGRAM) return scaleHistogram;
  if (kind === tables.METRIC_SUMMARY) return scaleSummary;
  throw new StatementError(kind === 0 ? "Cannot scale a metric: it has no data" : "Cannot scale a metric: it is an exponential histogram");
}

const scaleNumber: Scaled = (point, by) => scaleValue(point, tables.NUMBER_DATA_POINT_AS_DOUBLE, tables.NUMBER_DATA_POINT_AS_INT, by);

function scaleValue(fields: Fields, asDouble: number, asInt: number, by: number): Fields {
  return fields.map((field) => {
    if (field.number === asDouble) return doubleField(asDouble, doubleOf(field) * by);
    return field.number === asInt ? fixed64Field(asInt, toInt64(Number(sfixed64Of(field)) * by)) : field;
  });
}

const MEASURES: ReadonlySet<number> = new Set([tables.HISTOGRAM_DATA_POINT_SUM, tables.HISTOGRAM_DATA_POINT_MIN, tables.HISTOGRAM_DATA_POINT_MAX]);

const scaleHistogram: Scaled = (point, by) => {
  const bounds = doubles(point, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS);
  const first = find(point, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS);
  return point.flatMap((field): readonly Field[] => {
    if (MEASURES.has(field.number)) return [doubleField(field.number, doubleOf(field) * by)];
    if (field.number === tables.HISTOGRAM_DATA_POINT_EXEMPLARS) {
      return [messageField(field.number, scaleValue(inside(field), tables.EXEMPLAR_AS_DOUBLE, tables.EXEMPLAR_AS_INT, by))];
    }
    if (field.number !== tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS) return [field];
    return field === first
      ? [
          packedDoubles(
            field.number,
            bounds.map((bound) => bound * by),
          ),
        ]
      : [];
  });
};

const scaleSummary: Scaled = (point, by) =>
  point.map((field) => {
    if (field.number === tables.SUMMARY_DATA_POINT_SUM) return doubleField(field.number, doubleOf(field) * by);
    if (field.number !== tables.SUMMARY_DATA_POINT_QUANTILE_VALUES) return field;
    const quantile = inside(field).map((one) =>
      one.number === tables.SUMMARY_DATA_POINT_VALUE_AT_QUANTILE_VALUE ? doubleField(one.number, doubleOf(one) * by) : one,
    );
    return messageField(field.number, quantile);
  });
