/** Reads the points that are converted out of their fields, and writes the difference into them. */
import * as tables from "../../otlp/tables.ts";
import {
  doubleField,
  doubleOf,
  doubles,
  type Field,
  type Fields,
  find,
  fixed64Field,
  fixed64Of,
  fixed64s,
  inside,
  messageField,
  packedFixed64,
  packedVarints,
  sfixed64Of,
  sint32Field,
  sint32Of,
  varints,
  withField,
  without,
} from "../envelopes/fields.ts";
import type { Buckets } from "./buckets.ts";
import type { ExponentialValue, HistogramValue, PointValue } from "./points.ts";

/** The value of a point of a data shape. A number without one is the integer 0, as in the Collector. */
export function valueOf(dataNumber: number, point: Fields): PointValue {
  if (dataNumber === tables.METRIC_HISTOGRAM) return histogramOf(point);
  if (dataNumber === tables.METRIC_EXPONENTIAL_HISTOGRAM) return exponentialOf(point);
  const double = find(point, tables.NUMBER_DATA_POINT_AS_DOUBLE);
  if (double !== undefined) return { kind: "double", value: doubleOf(double) };
  return { kind: "int", value: sfixed64Of(find(point, tables.NUMBER_DATA_POINT_AS_INT)) };
}

/** The point with this value and start. */
export function withValue(point: Fields, startNumber: number, startNanos: bigint, value: PointValue): Fields {
  const started = startNanos === 0n ? without(point, startNumber) : withField(point, fixed64Field(startNumber, startNanos));
  switch (value.kind) {
    case "int":
      return withField(started, fixed64Field(tables.NUMBER_DATA_POINT_AS_INT, value.value));
    case "double":
      return withField(started, doubleField(tables.NUMBER_DATA_POINT_AS_DOUBLE, value.value));
    case "histogram":
      return withHistogram(started, value);
    default:
      return withExponential(started, value);
  }
}

function histogramOf(point: Fields): HistogramValue {
  return {
    kind: "histogram",
    count: fixed64Of(find(point, tables.HISTOGRAM_DATA_POINT_COUNT)),
    sum: doubleOf(find(point, tables.HISTOGRAM_DATA_POINT_SUM)),
    bounds: doubles(point, tables.HISTOGRAM_DATA_POINT_EXPLICIT_BOUNDS),
    counts: fixed64s(point, tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS),
  };
}

function exponentialOf(point: Fields): ExponentialValue {
  return {
    kind: "exponential_histogram",
    count: fixed64Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT)),
    sum: doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM)),
    scale: sint32Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SCALE)),
    zeroCount: fixed64Of(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_COUNT)),
    zeroThreshold: doubleOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_THRESHOLD)),
    positive: bucketsOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE)),
    negative: bucketsOf(find(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_NEGATIVE)),
  };
}

function bucketsOf(field: Field | undefined): Buckets {
  const fields = inside(field);
  return {
    offset: sint32Of(find(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET)),
    counts: varints(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS),
  };
}

/** Least and greatest value of a difference are not known: they go. */
function withHistogram(point: Fields, value: HistogramValue): Fields {
  let fields = without(point, tables.HISTOGRAM_DATA_POINT_MIN, tables.HISTOGRAM_DATA_POINT_MAX);
  fields = withField(fields, fixed64Field(tables.HISTOGRAM_DATA_POINT_COUNT, value.count));
  fields = withSum(fields, tables.HISTOGRAM_DATA_POINT_SUM, value.sum);
  if (value.counts.length === 0) return fields;
  // A list that is not packed is several fields.
  const packed = packedFixed64(tables.HISTOGRAM_DATA_POINT_BUCKET_COUNTS, value.counts);
  return withList(fields, packed);
}

function withExponential(point: Fields, value: ExponentialValue): Fields {
  let fields = without(point, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MIN, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_MAX);
  fields = withField(fields, fixed64Field(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_COUNT, value.count));
  fields = withSum(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_SUM, value.sum);
  fields = withField(fields, fixed64Field(tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_ZERO_COUNT, value.zeroCount));
  fields = withBuckets(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_POSITIVE, value.positive);
  return withBuckets(fields, tables.EXPONENTIAL_HISTOGRAM_DATA_POINT_NEGATIVE, value.negative);
}

function withSum(fields: Fields, number: number, sum: number): Fields {
  const known = find(fields, number);
  return known === undefined || Number.isNaN(doubleOf(known)) ? fields : withField(fields, doubleField(number, sum));
}

function withBuckets(fields: Fields, number: number, { offset, counts }: Buckets): Fields {
  const known = find(fields, number);
  if (known === undefined && counts.length === 0) return fields;
  const { EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_OFFSET: offsetNumber, EXPONENTIAL_HISTOGRAM_DATA_POINT_BUCKETS_BUCKET_COUNTS: countsNumber } = tables;
  const rest = without(inside(known), offsetNumber, countsNumber);
  const places = offset === 0 ? [] : [sint32Field(offsetNumber, offset)];
  const filled = counts.length === 0 ? [] : [packedVarints(countsNumber, counts)];
  return withField(fields, messageField(number, [...places, ...filled, ...rest]));
}

function withList(fields: Fields, packed: Field): Fields {
  const at = fields.findIndex(({ number }) => number === packed.number);
  const rest = fields.filter(({ number }, index) => number !== packed.number || index === at);
  return withField(rest, packed);
}
