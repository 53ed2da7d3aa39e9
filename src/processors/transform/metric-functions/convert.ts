/** Functions that turn a metric into one of another kind, in its place. */
import { METRIC_GAUGE, METRIC_SUM, SUM_IS_MONOTONIC } from "../../../otlp/tables.ts";
import { define } from "../../../ottl/contract.ts";
import { inside, without } from "../../envelopes/fields.ts";
import { TEMPORALITY } from "../../envelopes/metrics.ts";
import { editorOf, WHOLE_METRIC, wholeMetric, withData } from "./metric.ts";
import { sumFields, temporality } from "./temporality.ts";

/** `convert_sum_to_gauge()`: the points stay as they are. Other kinds of metric are left alone. */
export const convertSumToGauge = define("convert_sum_to_gauge", [], () => ({
  ...WHOLE_METRIC,
  run: (subject) => {
    const editor = editorOf(subject);
    const metric = wholeMetric(editor.read());
    if (metric.kind === METRIC_SUM) editor.replace(withData(metric, METRIC_GAUGE, without(inside(metric.data), TEMPORALITY, SUM_IS_MONOTONIC)));
    return null;
  },
}));

/** `convert_gauge_to_sum(string_agg_temp, monotonic)`: the points stay as they are. Other kinds of metric are left alone. */
export const convertGaugeToSum = define(
  "convert_gauge_to_sum",
  [
    { name: "string_agg_temp", kind: "string" },
    { name: "monotonic", kind: "bool" },
  ],
  ({ string_agg_temp: aggregation, monotonic }) => {
    const fields = sumFields(temporality(aggregation), monotonic);
    return {
      ...WHOLE_METRIC,
      run: (subject) => {
        const editor = editorOf(subject);
        const metric = wholeMetric(editor.read());
        if (metric.kind === METRIC_GAUGE) editor.replace(withData(metric, METRIC_SUM, [...inside(metric.data), ...fields]));
        return null;
      },
    };
  },
);
