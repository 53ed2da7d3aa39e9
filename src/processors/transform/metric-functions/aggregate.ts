/** Functions that make one point of those that say the same of the same time: see metrics-transform/aggregate.ts. */
import { METRIC_METADATA, METRIC_SUMMARY } from "../../../otlp/tables.ts";
import { BuildError, define } from "../../../ottl/contract.ts";
import { StatementError } from "../../../ottl/value.ts";
import type { Subject } from "../../../ottl/subject.ts";
import { bytesField, encode, inside, without } from "../../envelopes/fields.ts";
import { ITEMS } from "../../envelopes/rewrite.ts";
import { aggregate } from "../../metrics-transform/aggregate.ts";
import { Metric } from "../../metrics-transform/model.ts";
import { type Aggregation, AGGREGATIONS } from "../../metrics-transform/settings.ts";
import { editorOf, WHOLE_METRIC } from "./metric.ts";

/** `aggregate_on_attributes(aggregation_function, Optional[attributes])`: other attributes are taken away first; without the argument none. */
export const aggregateOnAttributes = define(
  "aggregate_on_attributes",
  [
    { name: "aggregation_function", kind: "string" },
    { name: "attributes", kind: "string", list: true, optional: true },
  ],
  ({ aggregation_function: name, attributes }) => {
    const how = aggregation(name);
    const kept = attributes === undefined ? undefined : new Set(attributes);
    return {
      ...WHOLE_METRIC,
      run: (subject) =>
        aggregated(subject, how, (metric) => {
          if (kept !== undefined) for (const point of metric.points) point.keep(kept);
        }),
    };
  },
);

/**
 * `aggregate_on_attribute_value(aggregation_function, attribute, values, new_value)`: each of the values
 * of the attribute becomes the new one first. An empty one among them stands for every value that is no text.
 */
export const aggregateOnAttributeValue = define(
  "aggregate_on_attribute_value",
  [
    { name: "aggregation_function", kind: "string" },
    { name: "attribute", kind: "string" },
    { name: "values", kind: "string", list: true },
    { name: "new_value", kind: "string" },
  ],
  ({ aggregation_function: name, attribute, values, new_value: newValue }) => {
    const how = aggregation(name);
    return {
      ...WHOLE_METRIC,
      run: (subject) =>
        aggregated(subject, how, (metric) => {
          for (const point of metric.points) {
            const text = point.text(attribute);
            if (text !== undefined && values.includes(text)) point.setText(attribute, newValue);
          }
        }),
    };
  },
);

/** A summary's quantiles cannot be put together. (The Collector's `aggregate_on_attribute_value` empties summaries.) */
function aggregated(subject: Subject, how: Aggregation, prepare: (metric: Metric) => void): null {
  const editor = editorOf(subject);
  const metric = new Metric(bytesField(ITEMS, editor.read()));
  if (metric.dataNumber === METRIC_SUMMARY) throw new StatementError("Cannot aggregate a metric: it is a summary");
  prepare(metric);
  metric.points = aggregate([metric], how);
  // As in the Collector, an aggregate has no metadata.
  editor.replace(encode(without(inside(metric.field()), METRIC_METADATA)));
  return null;
}

function aggregation(name: string): Aggregation {
  const known = AGGREGATIONS.find((one) => one === name);
  if (known === undefined) throw new BuildError(`Cannot aggregate by "${name}": it is not known`, `Use one of ${AGGREGATIONS.join(", ")}`);
  return known;
}
