/** The paths of a metric. Its data points, and what says how they add up, stand in the message of its shape. */
import { EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, SUM, SUMMARY } from "../../otlp/cursor.ts";
import { ExponentialHistogram, Gauge, Histogram, Metric, Sum, Summary } from "../../otlp/tables.ts";
import type { Operand } from "../contract.ts";
import type { Value } from "../value.ts";
import { attributesEntry } from "./attributes.ts";
import { expectBool, expectInt } from "./expect.ts";
import { bool, type NumberOf, numberIn, text, whole } from "./fields.ts";
import { messages } from "./messages.ts";
import { type Spot, spotOperand } from "./operand.ts";
import { type Entries, plain } from "./paths.ts";

const METRIC: Spot = { view: ({ cursor }) => cursor.item, level: "item" };
/** The message of the metric's shape; the metric itself, which has none of the fields asked for, where it has no data. */
const DATA: Spot = { view: ({ cursor }) => (cursor.dataNumber === 0 ? cursor.item : cursor.data), level: "item" };

const DATA_SHAPES = [Gauge, Sum, Histogram, ExponentialHistogram, Summary];
/** By the numbers of METRIC_DATA_TYPE_*. */
const TYPES = [0, GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY];
const POINT_KINDS: Readonly<Record<string, string>> = {
  Gauge: "NumberDataPoint",
  Sum: "NumberDataPoint",
  Histogram: "HistogramDataPoint",
  ExponentialHistogram: "ExponentialHistogramDataPoint",
  Summary: "SummaryDataPoint",
};

const of = (name: string) => numberIn([Metric], name);
const ofData = (name: string) => numberIn(DATA_SHAPES, name);

/** `inPoints`: for statements that run on the metric's data points, or below. */
export function metricPaths(inPoints: boolean): Entries {
  const frozen = inPoints ? ({ frozen: true } as const) : {};
  return {
    name: plain(text(METRIC, of("name"))),
    description: plain(text(METRIC, of("description"))),
    unit: plain(text(METRIC, of("unit"))),
    type: plain(
      spotOperand(METRIC, {
        get: ({ cursor }) => BigInt(Math.max(TYPES.indexOf(cursor.dataNumber), 0)),
        // The Collector takes any value and does nothing.
        set: () => {},
      }),
    ),
    aggregation_temporality: plain(ignored(whole(DATA, ofData("aggregation_temporality"), "int32"), ofData("aggregation_temporality"), expectInt)),
    is_monotonic: plain(ignored(bool(DATA, ofData("is_monotonic")), ofData("is_monotonic"), expectBool)),
    data_points: plain(
      ignored(
        messages(DATA, ofData("data_points"), ({ shape }) => POINT_KINDS[shape.name] ?? "", { level: "point", ...frozen }),
        ofData("data_points"),
      ),
    ),
    metadata: attributesEntry(METRIC),
  };
}

/** Setting does nothing where the metric's shape has no such field; a value of a wrong type is an error all the same. */
function ignored(made: Operand, numberOf: NumberOf, expect?: (value: Value) => unknown): Operand {
  const { set } = made;
  if (set === undefined) return made;
  return {
    ...made,
    set: (subject, value) => {
      expect?.(value);
      if (numberOf(DATA.view(subject)) !== 0) set(subject, value);
    },
  };
}
