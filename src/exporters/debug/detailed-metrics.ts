/** Metrics of all five shapes in detail. */
import { id, type Message, message, messages, number, numbers, text, whole, wholes } from "../../otlp/read.ts";
import { bucketsOf } from "./buckets.ts";
import { attributeLines, detailedGroups } from "./detailed.ts";
import { fixed, timeText } from "./values.ts";

const TEMPORALITIES = ["Unspecified", "Delta", "Cumulative"] as const;

/** Fields of a metric's data, what it is called, what its points are called, and their own lines. */
const SHAPES = [
  { field: "gauge", name: "Gauge", points: "NumberDataPoints", lines: numberLines },
  { field: "sum", name: "Sum", points: "NumberDataPoints", lines: numberLines },
  { field: "histogram", name: "Histogram", points: "HistogramDataPoints", lines: histogramLines },
  { field: "exponentialHistogram", name: "ExponentialHistogram", points: "ExponentialHistogramDataPoints", lines: exponentialLines },
  { field: "summary", name: "Summary", points: "SummaryDataPoints", lines: summaryLines },
] as const;

export function* detailedMetrics(request: Message): Generator<string> {
  yield* detailedGroups(request, { field: "resourceMetrics", title: "ResourceMetrics" }, { field: "scopeMetrics", title: "ScopeMetrics" }, metrics);
}

function* metrics(scope: Message): Generator<string> {
  let index = 0;
  for (const metric of messages(scope, "metrics")) {
    yield `Metric #${index++}`;
    yield* metricLines(metric);
  }
}

function* metricLines(metric: Message): Generator<string> {
  const shape = SHAPES.find(({ field }) => metric[field] !== undefined);
  yield "Descriptor:";
  yield `     -> Name: ${text(metric, "name")}`;
  yield `     -> Description: ${text(metric, "description")}`;
  yield `     -> Unit: ${text(metric, "unit")}`;
  yield `     -> DataType: ${shape?.name ?? "Empty"}`;
  const data = shape === undefined ? {} : message(metric, shape.field);
  if (shape?.field === "sum") yield `     -> IsMonotonic: ${data["isMonotonic"] === true}`;
  if (shape !== undefined && shape.field !== "gauge" && shape.field !== "summary") {
    yield `     -> AggregationTemporality: ${TEMPORALITIES[number(data, "aggregationTemporality")] ?? ""}`;
  }
  yield* attributeLines("     -> Metadata:", messages(metric, "metadata"), 2);
  if (shape === undefined) return;
  let index = 0;
  for (const point of messages(data, "dataPoints")) {
    yield `${shape.points} #${index++}`;
    yield* attributeLines("Data point attributes:", messages(point, "attributes"));
    yield `StartTimestamp: ${timeText(whole(point, "startTimeUnixNano"))}`;
    yield `Timestamp: ${timeText(whole(point, "timeUnixNano"))}`;
    yield* shape.lines(point);
    yield* exemplars(messages(point, "exemplars"));
  }
}

function* numberLines(point: Message): Generator<string> {
  if (point["asInt"] !== undefined) yield `Value: ${whole(point, "asInt")}`;
  else if (point["asDouble"] !== undefined) yield `Value: ${fixed(number(point, "asDouble"))}`;
}

function* histogramLines(point: Message): Generator<string> {
  yield* aggregateLines(point);
  for (const [index, bound] of numbers(point, "explicitBounds").entries()) yield `ExplicitBounds #${index}: ${fixed(bound)}`;
  for (const [index, count] of wholes(point, "bucketCounts").entries()) yield `Buckets #${index}, Count: ${count}`;
}

function* exponentialLines(point: Message): Generator<string> {
  yield* aggregateLines(point);
  for (const { kind, lower, upper, count } of bucketsOf(point)) {
    if (kind === "zero") yield `Bucket [0, 0], Count: ${count}`;
    else if (kind === "negative") yield `Bucket [${fixed(lower)}, ${fixed(upper)}), Count: ${count}`;
    else yield `Bucket (${fixed(lower)}, ${fixed(upper)}], Count: ${count}`;
  }
}

function* aggregateLines(point: Message): Generator<string> {
  yield `Count: ${whole(point, "count")}`;
  for (const [field, name] of [
    ["sum", "Sum"],
    ["min", "Min"],
    ["max", "Max"],
  ] as const) {
    if (point[field] !== undefined) yield `${name}: ${fixed(number(point, field))}`;
  }
}

function* summaryLines(point: Message): Generator<string> {
  yield `Count: ${whole(point, "count")}`;
  yield `Sum: ${fixed(number(point, "sum"))}`;
  let index = 0;
  for (const one of messages(point, "quantileValues")) {
    yield `QuantileValue #${index++}: Quantile ${fixed(number(one, "quantile"))}, Value ${fixed(number(one, "value"))}`;
  }
}

function* exemplars(all: Iterable<Message> & { readonly length: number }): Generator<string> {
  if (all.length > 0) yield "Exemplars:";
  let index = 0;
  for (const exemplar of all) {
    yield `Exemplar #${index++}`;
    yield `     -> Trace ID: ${id(exemplar, "traceId")}`;
    yield `     -> Span ID: ${id(exemplar, "spanId")}`;
    yield `     -> Timestamp: ${timeText(whole(exemplar, "timeUnixNano"))}`;
    if (exemplar["asInt"] !== undefined) yield `     -> Value: ${whole(exemplar, "asInt")}`;
    else if (exemplar["asDouble"] !== undefined) yield `     -> Value: ${fixed(number(exemplar, "asDouble"))}`;
    yield* attributeLines("     -> FilteredAttributes:", messages(exemplar, "filteredAttributes"), 2);
  }
}
