/** extract_percentile_metric: what lies below a given part of a histogram's values, as a gauge. */
import * as tables from "../../../otlp/tables.ts";
import { BuildError, define } from "../../../ottl/contract.ts";
import { doubleField, encode, type Field, find, messageField, textField, textOf, withField } from "../../envelopes/fields.ts";
import { describedAs, editorOf, numberPoint, pointsOf, NEW_METRICS, wholeMetric, type WholeMetric } from "./metric.ts";
import { exponentialPercentile } from "./percentile-exponential.ts";
import { histogramPercentile } from "./percentile-histogram.ts";

/** From here on C's `%g` writes a number without an exponent. */
const PLAIN_FROM = 1e-4;

/**
 * `extract_percentile_metric(percentile, Optional[suffix])`: above 0 and below 100; "_p99" and the like
 * unless another suffix is given. Points without values are left out; other kinds of metric are left
 * alone. A metric that such a use of the function made gets nothing from it again.
 */
export const extractPercentileMetric = define(
  "extract_percentile_metric",
  [
    { name: "percentile", kind: "float" },
    { name: "suffix", kind: "string", optional: true },
  ],
  ({ percentile, suffix }) => {
    if (!(percentile > 0 && percentile < 100)) throw new BuildError(`Cannot find percentile ${percentile}: it is not above 0 and below 100`);
    const label = `p${shortest(percentile)}`;
    const use = {};
    return {
      ...NEW_METRICS,
      run: (subject) => {
        const editor = editorOf(subject);
        if (editor.madeBy(use)) return null;
        const metric = wholeMetric(editor.read());
        const points = percentiles(metric, percentile / 100);
        if (points.length > 0) editor.create(gauge(metric, suffix === undefined || suffix === "" ? `_${label}` : suffix, label, points), use);
        return null;
      },
    };
  },
);

function percentiles(metric: WholeMetric, part: number): Field[] {
  const percentileOf = metric.kind === tables.METRIC_HISTOGRAM ? histogramPercentile : exponentialPercentile;
  if (metric.kind !== tables.METRIC_HISTOGRAM && metric.kind !== tables.METRIC_EXPONENTIAL_HISTOGRAM) return [];
  return pointsOf(metric).flatMap((point) => {
    const value = percentileOf(point, part);
    return value === undefined ? [] : [numberPoint(point, metric.kind, doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, value))];
  });
}

function gauge(metric: WholeMetric, suffix: string, label: string, points: readonly Field[]): Uint8Array {
  const old = textOf(find(metric.fields, tables.METRIC_DESCRIPTION));
  const description = textField(tables.METRIC_DESCRIPTION, old === "" ? label : `${old} (${label})`);
  return encode([...withField(describedAs(metric, suffix), description), messageField(tables.METRIC_GAUGE, points)]);
}

/** As C's `%g`: exponents have two digits. */
function shortest(value: number): string {
  return value >= PLAIN_FROM ? String(value) : value.toExponential().replace(/-(\d)$/, "-0$1");
}
