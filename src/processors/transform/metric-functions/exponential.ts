/** convert_exponential_histogram_to_histogram: buckets that grow by a factor, spread over bounds that are given. */
import * as tables from "../../../otlp/tables.ts";
import { BuildError, define } from "../../../ottl/contract.ts";
import {
  doubleField,
  doubleOf,
  type Fields,
  find,
  fixed64Of,
  inside,
  messageField,
  packedDoubles,
  packedFixed64,
  sint32Of,
  varints,
  without,
} from "../../envelopes/fields.ts";
import { POINTS } from "../../envelopes/metrics.ts";
import { type Distribution, DISTRIBUTIONS, type Random } from "./distributions.ts";
import { editorOf, pointsOf, WHOLE_METRIC, wholeMetric, type WholeMetric, withData } from "./metric.ts";

const KEPT: ReadonlySet<number> = new Set([
  tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_START_TIME_UNIX_NANO,
  tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_TIME_UNIX_NANO,
  tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT,
]);

/**
 * `convert_exponential_histogram_to_histogram(distribution_fn, explicit_bounds)`: "upper", "midpoint",
 * "uniform", or "random", which "" stands for. As in the Collector there are as many counts as bounds,
 * the last one also of what lies above them; negative buckets are left out; sum, least and greatest
 * value are there, 0 if they were not. Other kinds of metric are left alone.
 */
export const convertExponentialHistogram = define(
  "convert_exponential_histogram_to_histogram",
  [
    { name: "distribution_fn", kind: "string" },
    { name: "explicit_bounds", kind: "float", list: true },
  ],
  ({ distribution_fn: name, explicit_bounds: bounds }, tools) => {
    const random = () => tools.random();
    const distribution = DISTRIBUTIONS.get(name === "" ? "random" : name);
    if (distribution === undefined)
      throw new BuildError(`Cannot spread buckets by "${name}": it is not known`, `Use one of ${[...DISTRIBUTIONS.keys()].join(", ")}`);
    if (bounds.length === 0) throw new BuildError("Cannot spread buckets: there are no bounds", "Give at least one bound");
    return {
      ...WHOLE_METRIC,
      run: (subject) => {
        const editor = editorOf(subject);
        const metric = withoutMetadata(wholeMetric(editor.read()));
        if (metric.kind !== tables.METRIC_EXPONENTIAL_HISTOGRAM) return null;
        const points = pointsOf(metric).map((point) => messageField(POINTS, converted(point, bounds, distribution, random)));
        const rest = inside(metric.data).filter(({ number }) => number !== POINTS);
        editor.replace(withData(metric, tables.METRIC_HISTOGRAM, [...points, ...rest]));
        return null;
      },
    };
  },
);

/** As in the Collector, what is converted has none. */
function withoutMetadata(metric: WholeMetric): WholeMetric {
  return { ...metric, fields: without(metric.fields, tables.METRIC_METADATA) };
}

function converted(point: Fields, bounds: readonly number[], distribution: Distribution, random: Random): Fields {
  const kept = point.flatMap((field) => {
    if (KEPT.has(field.number)) return [field];
    if (field.number === tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ATTRIBUTES) return [messageField(tables.HISTOGRAM_DATA_POINT_ATTRIBUTES, inside(field))];
    return field.number === tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_EXEMPLARS ? [messageField(tables.HISTOGRAM_DATA_POINT_EXEMPLARS, inside(field))] : [];
  });
  return [
    ...kept,
    doubleField(tables.HISTOGRAM_DATA_POINT_SUM, doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM))),
    doubleField(tables.HISTOGRAM_DATA_POINT_MIN, doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN))),
    doubleField(tables.HISTOGRAM_DATA_POINT_MAX, doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX))),
    packedDoubles(tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS, bounds),
    packedFixed64(tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS, spread(point, bounds, distribution, random)),
  ];
}

function spread(point: Fields, bounds: readonly number[], distribution: Distribution, random: Random): bigint[] {
  const counts = bounds.map(() => 0n);
  const [least = 0] = bounds;
  const greatest = bounds.at(-1) ?? 0;
  if (least === 0) counts[0] = fixed64Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_COUNT));
  const factor = Math.LN2 * 2 ** -sint32Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE));
  const positive = inside(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE));
  const offset = sint32Of(find(positive, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET));
  for (const [at, count] of varints(positive, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS).entries()) {
    const upper = Math.exp((offset + at + 1) * factor);
    const lower = Math.exp((offset + at) * factor);
    if (lower > greatest) add(counts, bounds.length - 1, count);
    else {
      const within = bounds.findIndex((bound, index) => index > 0 && lower > (bounds[index - 1] ?? 0) && upper <= bound);
      if (within > 0) add(counts, within - 1, count);
      else distribution({ count, upper, lower, bounds, random, add: (index, part) => add(counts, index, part) });
    }
  }
  return counts;
}

function add(counts: bigint[], index: number, count: bigint): void {
  counts[index] = (counts[index] ?? 0n) + count;
}
