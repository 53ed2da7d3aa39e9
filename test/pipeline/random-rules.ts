/** Statements and conditions of OTTL that random pipelines are made of: all contexts, and some that write above their items. */
import type { Tested } from "./random-requests.ts";

/** Statements that are drawn together, as what fills a cache and what reads it. */
type Row = readonly string[];
type Group = readonly [context: string, statements: readonly Row[], conditions: readonly string[]];

const rows = (...statements: readonly (string | Row)[]): Row[] => statements.map((one) => (typeof one === "string" ? [one] : Array.from(one)));

const RESOURCE: Group = [
  "resource",
  rows(
    'set(resource.attributes["n"], 1)',
    'set(resource.attributes["b"], resource.attributes["a"])',
    'set(resource.schema_url, "https://example.com/3") where resource.attributes["a"] != nil',
    'delete_key(resource.attributes, "a")',
    'keep_keys(resource.attributes, ["a", "n"])',
    // A text is no number.
    'set(resource.dropped_attributes_count, resource.attributes["a"])',
  ),
  ['resource.attributes["a"] != nil', 'resource.attributes["n"] == 1'],
];

const SCOPE: Group = [
  "scope",
  rows(
    'set(scope.attributes["c"], resource.attributes["n"])',
    'set(scope.name, "renamed") where scope.version == "1"',
    'set(scope.version, Concat([scope.version, "b"], "."))',
    'set(resource.attributes["n"], scope.name)',
    'set(resource.attributes["last"], scope.attributes["a"])',
  ),
  ['scope.name == "lib"', 'resource.attributes["a"] == "x"'],
];

const SPAN: Group = [
  "span",
  rows(
    'set(span.attributes["c"], resource.attributes["n"])',
    'set(span.attributes["c"], scope.attributes["n"])',
    'set(span.name, span.attributes["a"])',
    'set(resource.attributes["n"], span.attributes["n"])',
    'set(resource.attributes["n"], span.name) where span.kind == 2',
    'set(scope.attributes["n"], span.kind)',
    'set(span.attributes["events"], Len(span.events))',
    'set(span.status.code, 2) where span.attributes["b"] != nil',
    ['set(span.cache["k"], span.attributes["a"])', 'set(span.attributes["k"], span.cache["k"])'],
    'replace_pattern(span.name, "[0-9]+", "#")',
    "truncate_all(span.attributes, 5)",
    'limit(span.attributes, 3, ["a"])',
    'delete_matching_keys(span.attributes, "^[ab]$")',
    'merge_maps(span.attributes, resource.attributes, "insert")',
    "set(span.trace_id, TraceID(0x0102030405060708090a0b0c0d0e0f10)) where span.kind == 3",
    "set(span.end_time_unix_nano, span.start_time_unix_nano + 1)",
    'set(span.trace_state["vendor"], "z")',
    'set(span.kind, "no number")',
    "flatten(span.attributes)",
  ),
  ["span.kind == 2", 'span.attributes["a"] == "x"', "Len(span.events) > 0", 'resource.attributes["n"] == 1'],
];

const EVENT: Group = [
  "spanevent",
  rows(
    'set(spanevent.attributes["a"], span.name)',
    'set(spanevent.name, Concat([span.name, "e"], "-"))',
    'set(spanevent.attributes["n"], resource.attributes["n"])',
    'set(spanevent.attributes["peers"], Len(span.events))',
    'set(span.attributes["n"], spanevent.event_index)',
    "set(span.name, spanevent.name)",
    'set(resource.attributes["n"], spanevent.name)',
    "set(scope.name, spanevent.name)",
  ),
  ['spanevent.name == "start"', "span.kind == 2"],
];

const METRIC: Group = [
  "metric",
  rows(
    'set(metric.name, Concat([metric.name, "v"], "."))',
    'set(metric.unit, "ms") where metric.unit == "s"',
    'set(metric.description, resource.attributes["a"])',
    'set(metric.metadata["m"], Len(metric.data_points))',
    'set(resource.attributes["n"], metric.name)',
    'set(scope.attributes["n"], metric.unit)',
    "convert_sum_to_gauge()",
    'convert_gauge_to_sum("cumulative", true)',
    'copy_metric(name = "copy") where metric.name == "queue"',
    "scale_metric(2.0)",
    "extract_count_metric(true)",
    'aggregate_on_attributes("sum", ["a"])',
  ),
  ['metric.name == "requests"', 'metric.unit == "s"', "Len(metric.data_points) > 1"],
];

const POINT: Group = [
  "datapoint",
  rows(
    'set(datapoint.attributes["a"], metric.name)',
    'set(datapoint.attributes["c"], resource.attributes["n"])',
    "set(datapoint.value_double, 2.5) where metric.type == 1",
    "set(datapoint.value_int, 5) where metric.type == 2",
    'set(metric.unit, datapoint.attributes["a"])',
    'set(resource.attributes["n"], datapoint.time_unix_nano)',
    'set(metric.metadata["n"], datapoint.flags)',
    'set(datapoint.attributes["peers"], Len(metric.data_points))',
    'set(datapoint.attributes["x"], Len(datapoint.exemplars))',
    "set(datapoint.flags, 1)",
    'delete_key(datapoint.attributes, "a")',
    'set(datapoint.time_unix_nano, 5) where datapoint.attributes["n"] != nil',
    "merge_histogram_buckets(1.0)",
    ['set(datapoint.cache["k"], datapoint.attributes["a"])', 'set(datapoint.attributes["k"], datapoint.cache["k"])'],
  ),
  ['datapoint.attributes["a"] != nil', 'metric.name == "requests"'],
];

const EXEMPLAR: Group = [
  "exemplar",
  rows(
    'set(exemplar.filtered_attributes["a"], metric.name)',
    'set(exemplar.filtered_attributes["n"], datapoint.attributes["n"])',
    "set(exemplar.int_value, 3)",
    'set(exemplar.filtered_attributes["peers"], Len(datapoint.exemplars))',
    'set(datapoint.attributes["n"], exemplar.time_unix_nano)',
    'set(resource.attributes["n"], exemplar.filtered_attributes["a"])',
  ),
  ['exemplar.filtered_attributes["a"] != nil'],
];

const LOG: Group = [
  "log",
  rows(
    'set(log.attributes["c"], resource.attributes["n"])',
    'set(log.attributes["c"], scope.name)',
    'set(log.body, log.attributes["a"])',
    'set(log.body["k"], 1)',
    'set(log.severity_text, "W") where log.severity_number < 9',
    'set(resource.attributes["n"], log.attributes["n"])',
    'set(scope.attributes["n"], log.body)',
    'merge_maps(log.attributes, log.body, "upsert") where IsMap(log.body)',
    'set(log.attributes["t"], log.time_unix_nano)',
    "set(log.trace_id, TraceID(0x0102030405060708090a0b0c0d0e0f10)) where log.severity_number == 5",
    "set(log.event_name, log.severity_text)",
    'replace_all_patterns(log.attributes, "value", "x", "z")',
    "stringify_all(log.attributes)",
    ['set(log.cache["k"], log.body)', 'set(log.attributes["k"], log.cache["k"])'],
    'set(log.severity_number, "no number")',
  ),
  ['log.severity_text == "INFO"', 'log.attributes["a"] != nil', 'resource.attributes["n"] == 1'],
];

export const STATEMENTS: Readonly<Record<Tested, readonly Group[]>> = {
  traces: [RESOURCE, SCOPE, SPAN, SPAN, EVENT],
  metrics: [RESOURCE, SCOPE, METRIC, POINT, POINT, EXEMPLAR],
  logs: [RESOURCE, SCOPE, LOG, LOG],
};

const ABOVE = [
  'resource.attributes["a"] == "x"',
  'resource.attributes["n"] == 1',
  'scope.name == "other"',
  'scope.version == "1" and resource.attributes["b"] != nil',
];

export const CONDITIONS: Readonly<Record<Tested, readonly string[]>> = {
  traces: [
    ...ABOVE,
    'span.attributes["a"] == "x"',
    'span.attributes["c"] != nil',
    "span.kind == 2",
    'resource.attributes["n"] == 1 and span.kind == 1',
    "Len(span.events) > 1",
    'span.name == ""',
    'spanevent.name == "end"',
    'spanevent.attributes["a"] != nil',
    "Len(span.kind) > 0",
  ],
  metrics: [
    ...ABOVE,
    'metric.name == "queue"',
    'metric.unit == "s"',
    "Len(metric.data_points) == 0",
    'metric.name != "none" and HasAttrKeyOnDatapoint("card")',
    'datapoint.attributes["a"] != nil',
    'datapoint.attributes["n"] == 1',
    "datapoint.flags == 1",
    "Len(datapoint.flags) > 0",
  ],
  logs: [
    ...ABOVE,
    'log.attributes["a"] == "x"',
    'log.attributes["c"] != nil',
    "log.severity_number >= 9",
    "IsMap(log.body)",
    'resource.attributes["n"] == 1 and log.severity_number == 5',
    'log.body["k"] == 1',
  ],
};
