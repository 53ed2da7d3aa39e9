/** The Collector's `normal`: one line an item. */
import { id, type Message, message, messages, number, numbers, text, whole, wholes } from "../../otlp/read.ts";
import { bucketsOf } from "./buckets.ts";
import { attributeAt } from "./dictionary.ts";
import { fixed, shortest, valueText } from "./values.ts";

export function* normalTraces(request: Message): Generator<string> {
  yield* groups(request, ["resourceSpans", "ResourceTraces"], ["scopeSpans", "ScopeTraces"], function* (scope) {
    for (const span of messages(scope, "spans")) {
      yield `${text(span, "name")} ${id(span, "traceId")} ${id(span, "spanId")}${pairs(messages(span, "attributes"))}`;
    }
  });
}

export function* normalLogs(request: Message): Generator<string> {
  yield* groups(request, ["resourceLogs", "ResourceLog"], ["scopeLogs", "ScopeLog"], function* (scope) {
    for (const record of messages(scope, "logRecords")) {
      yield `${valueText(message(record, "body"))} ${joined(messages(record, "attributes"), " ")}`;
    }
  });
}

export function* normalMetrics(request: Message): Generator<string> {
  yield* groups(request, ["resourceMetrics", "ResourceMetrics"], ["scopeMetrics", "ScopeMetrics"], function* (scope) {
    for (const metric of messages(scope, "metrics")) yield* metricLines(metric);
  });
}

export function* normalProfiles(request: Message): Generator<string> {
  const dictionary = message(request, "dictionary");
  yield* groups(request, ["resourceProfiles", "ResourceProfiles"], ["scopeProfiles", "ScopeProfiles"], function* (scope) {
    for (const profile of messages(scope, "profiles")) {
      const attributes = numbers(profile, "attributeIndices").map((index) => attributeAt(dictionary, index));
      yield `${id(profile, "profileId")} samples=${messages(profile, "samples").length}${pairs(attributes)}`;
    }
  });
}

type Names = readonly [field: string, title: string];

function* groups(
  request: Message,
  [groupsField, groupTitle]: Names,
  [scopesField, scopeTitle]: Names,
  items: (scope: Message) => Iterable<string>,
): Generator<string> {
  let groupNumber = 0;
  for (const group of messages(request, groupsField)) {
    yield `${groupTitle} #${groupNumber++}${schemaUrl(group)}${pairs(messages(message(group, "resource"), "attributes"))}`;
    let scopeNumber = 0;
    for (const one of messages(group, scopesField)) {
      const scope = message(one, "scope");
      const version = text(scope, "version");
      const name = text(scope, "name") + (version === "" ? "" : `@${version}`);
      yield `${scopeTitle} #${scopeNumber++}${name === "" ? "" : ` ${name}`}${schemaUrl(one)}${pairs(messages(scope, "attributes"))}`;
      yield* items(one);
    }
  }
}

function schemaUrl(of: Message): string {
  const url = text(of, "schemaUrl");
  return url === "" ? "" : ` [${url}]`;
}

/** The attributes behind a blank; nothing without any. */
function pairs(attributes: Iterable<Message>): string {
  const line = joined(attributes, " ");
  return line === "" ? "" : ` ${line}`;
}

function joined(attributes: Iterable<Message>, between: string): string {
  return [...attributes].map((pair) => `${text(pair, "key")}=${valueText(message(pair, "value"))}`).join(between);
}

const SHAPES = [
  ["gauge", numberText],
  ["sum", numberText],
  ["histogram", histogramText],
  ["exponentialHistogram", exponentialText],
  ["summary", summaryText],
] as const;

function* metricLines(metric: Message): Generator<string> {
  for (const [shape, textOf] of SHAPES) {
    for (const point of messages(message(metric, shape), "dataPoints")) {
      yield `${text(metric, "name")}{${joined(messages(point, "attributes"), ",")}} ${textOf(point)}`;
    }
  }
}

function numberText(point: Message): string {
  if (point["asInt"] !== undefined) return String(whole(point, "asInt"));
  return point["asDouble"] === undefined ? "" : shortest(number(point, "asDouble"));
}

function histogramText(point: Message): string {
  const bounds = numbers(point, "explicitBounds");
  const buckets = wholes(point, "bucketCounts").map((count, index) => (index < bounds.length ? `le${shortest(bounds[index] ?? 0)}=${count}` : String(count)));
  return [...aggregates(point), ...buckets].join(" ");
}

function exponentialText(point: Message): string {
  const buckets = bucketsOf(point).map((bucket) => (bucket.kind === "zero" ? `zero=${bucket.count}` : `le${shortest(bucket.upper)}=${bucket.count}`));
  return [...aggregates(point), ...buckets].join(" ");
}

function aggregates(point: Message): string[] {
  const known = ["sum", "min", "max"].filter((field) => point[field] !== undefined);
  return [`count=${whole(point, "count")}`, ...known.map((field) => `${field}=${shortest(number(point, field))}`)];
}

function summaryText(point: Message): string {
  const quantiles = [...messages(point, "quantileValues")].map((one) => `q${shortest(number(one, "quantile"))}=${shortest(number(one, "value"))}`);
  return [`count=${whole(point, "count")}`, `sum=${fixed(number(point, "sum"))}`, ...quantiles].join(" ");
}
