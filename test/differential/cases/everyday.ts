/** What people write: several statements in one list, on requests of many items, in each signal. */
import type { Signal } from "../../../src/base/signal.ts";
import { cases, type Case, filter, quoted, transform } from "../case.ts";

const TRACES: Readonly<Record<string, readonly string[]>> = {
  "keep, mask, bound": [
    'keep_keys(span.attributes, ["http.method", "http.url", "http.status_code", "db.statement"])',
    String.raw`replace_pattern(span.attributes["http.url"], "token=[^&]*", "token=***")`,
    "limit(span.attributes, 10, [])",
    "truncate_all(span.attributes, 20)",
  ],
  "status from a code": [
    'set(span.status.code, STATUS_CODE_ERROR) where span.attributes["http.status_code"] >= 500',
    'set(span.status.code, 0) where span.attributes["http.status_code"] == 404',
    'set(span.status.message, Concat(["code", span.attributes["http.status_code"]], " ")) where span.status.code == 2',
  ],
  "names with few values": [
    String.raw`replace_pattern(span.name, "/\\d+", "/{id}")`,
    'set(span.name, Concat([span.kind.string, span.name], " ")) where span.kind == SPAN_KIND_CLIENT',
    'set(span.attributes["name"], span.name)',
  ],
  "resource to span": [
    'set(span.attributes["service"], resource.attributes["service.name"])',
    'set(span.attributes["lib"], Concat([scope.name, scope.version], "@"))',
    'set(span.attributes["env"], resource.attributes["env"]) where span.attributes["env"] == nil',
  ],
  "span to resource, the last wins": [
    'set(resource.attributes["last"], span.name)',
    'set(resource.attributes["first"], span.name) where resource.attributes["first"] == nil',
    'set(resource.attributes["n"], resource.attributes["n"] + 1)',
  ],
  "span to scope": ['set(scope.attributes["spans"], Coalesce([scope.attributes["spans"], 0]) + 1)', 'set(scope.name, "renamed") where span.kind == 4'],
  events: [
    'set(spanevent.attributes["span"], span.name)',
    'set(spanevent.name, ToUpperCase(spanevent.name)) where spanevent.name != "end"',
    'delete_key(spanevent.attributes, "exception.message")',
  ],
  "events write their span and resource": ['set(span.attributes["event"], spanevent.name)', 'set(resource.attributes["event"], spanevent.name)'],
  "resource only": [
    'set(resource.attributes["team"], "a") where resource.attributes["service.name"] == "shop"',
    'delete_key(resource.attributes, "host.name")',
    'set(resource.attributes["count"], Len(resource.attributes))',
  ],
  "scope only": ['set(scope.attributes["who"], resource.attributes["service.name"])', 'set(scope.version, "0") where scope.version == ""'],
  "ids and times": [
    'set(span.attributes["trace"], span.trace_id.string)',
    'set(span.attributes["root"], span.parent_span_id.string == "")',
    'set(span.attributes["ms"], (span.end_time_unix_nano - span.start_time_unix_nano) / 1000000)',
    "set(span.start_time_unix_nano, span.start_time_unix_nano + 5)",
    'set(span.trace_state["ot"], "th:0")',
  ],
  "ids as text": [
    'set(span.attributes["trace"], span.trace_id.string)',
    'set(span.attributes["ms"], (span.end_time_unix_nano - span.start_time_unix_nano) / 1000000)',
    'set(span.trace_state["ot"], "th:0")',
  ],
  "maps and lists": [
    'set(span.attributes["nested"]["added"], span.kind)',
    'append(span.attributes["tags"], "z")',
    "flatten(span.attributes)",
    'merge_maps(span.attributes, {"x":1}, "upsert")',
  ],
  "all gone, then new": ["keep_keys(span.attributes, [])", 'set(span.attributes["only"], true)'],
  texts: ["stringify_all(span.attributes)", "stringify_all(resource.attributes)"],
  cache: [
    'set(span.cache["kind"], span.kind.string)',
    'set(span.attributes["kind"], Concat([span.cache["kind"], span.name], ":")) where span.cache["kind"] != "Internal"',
  ],
};

const METRICS: Readonly<Record<string, readonly string[]>> = {
  "rename and describe": [
    'set(metric.name, "web.requests") where metric.name == "http.requests"',
    'set(metric.description, "Sum") where metric.type == METRIC_DATA_TYPE_SUM',
    'set(metric.unit, "s") where metric.unit == "ms"',
    String.raw`replace_pattern(metric.name, "^(\\w+)[.]", "$1_")`,
  ],
  points: [
    'set(datapoint.attributes["service"], resource.attributes["service.name"])',
    'delete_key(datapoint.attributes, "host")',
    'set(datapoint.attributes["code"], String(datapoint.attributes["code"]))',
    'set(datapoint.value_int, datapoint.value_int * 2) where metric.name == "queue.size"',
    'set(datapoint.value_double, 1.5) where metric.name == "system.cpu.utilization"',
  ],
  "points write their metric": [
    'set(metric.description, datapoint.attributes["method"]) where datapoint.attributes["method"] != nil',
    'set(metric.unit, "many") where datapoint.attributes["method"] == "POST"',
  ],
  "points count on the resource": ['set(resource.attributes["n"], resource.attributes["n"] + 1)', 'set(datapoint.attributes["n"], resource.attributes["n"])'],
  "metrics count on the resource": ['set(resource.attributes["n"], resource.attributes["n"] + 1) where metric.name != ""'],
  times: [
    "set(datapoint.time_unix_nano, datapoint.time_unix_nano + 1)",
    "set(datapoint.start_time, datapoint.time)",
    "set(datapoint.flags, 1) where datapoint.flags == 0",
  ],
  exemplars: [
    'set(exemplar.filtered_attributes["metric"], metric.name)',
    "set(exemplar.double_value, 9.5)",
    'delete_key(exemplar.filtered_attributes, "user")',
  ],
  buckets: [
    "set(datapoint.count, 99) where metric.type == METRIC_DATA_TYPE_HISTOGRAM",
    "set(datapoint.sum, 1.25) where metric.type == METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM",
    "set(datapoint.zero_count, 7) where metric.type == METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM",
  ],
  "buckets whole": [
    "set(datapoint.bucket_counts, [1, 2, 3, 4]) where metric.type == METRIC_DATA_TYPE_HISTOGRAM",
    "set(datapoint.explicit_bounds, [1.0, 2.0, 3.5]) where metric.type == METRIC_DATA_TYPE_HISTOGRAM",
  ],
  temporality: [
    "set(metric.aggregation_temporality, AGGREGATION_TEMPORALITY_DELTA) where metric.type == METRIC_DATA_TYPE_SUM",
    "set(metric.is_monotonic, false)",
  ],
  metadata: ['set(metric.metadata["team"], "a")', 'delete_key(metric.metadata, "source")'],
};

const LOGS: Readonly<Record<string, readonly string[]>> = {
  "from the body": [
    'merge_maps(log.attributes, log.body, "upsert") where IsMap(log.body)',
    'set(log.body, log.body["message"]) where IsMap(log.body)',
    'set(log.attributes["length"], Len(log.body)) where IsString(log.body)',
  ],
  severity: [
    'set(log.severity_number, SEVERITY_NUMBER_ERROR) where IsString(log.body) and IsMatch(log.body, "(?i)failed")',
    'set(log.severity_text, "WARN") where log.severity_number >= SEVERITY_NUMBER_WARN and log.severity_number < SEVERITY_NUMBER_ERROR',
    'set(log.severity_text, "none") where log.severity_number == 0',
  ],
  mask: [
    String.raw`replace_pattern(log.body, "password=\\S+", "password=***") where IsString(log.body)`,
    'replace_all_patterns(log.attributes, "value", "ann|bob", "user")',
    'delete_matching_keys(log.attributes, "^(list|map)$")',
  ],
  parsed: [
    'set(log.cache, ExtractPatterns(log.body, "^(?P<what>[a-z]+) (?P<how>[a-z]+)")) where IsString(log.body)',
    'set(log.attributes["what"], log.cache["what"])',
    'set(log.attributes["how"], log.cache["how"])',
  ],
  times: ["set(log.observed_time, log.time)", "set(log.time_unix_nano, 0) where log.severity_number == 0", 'set(log.attributes["hour"], Hour(log.time))'],
  "bodies of all kinds": ['set(log.attributes["body"], log.body)', "set(log.body, log.attributes)"],
  "bodies as text": ['set(log.attributes["body"], String(log.body))', 'set(log.body, "gone") where log.body != nil'],
  "to the resource": ['set(resource.attributes["user"], log.attributes["user"])', 'set(scope.attributes["user"], log.attributes["user"])'],
  ids: [
    'set(log.trace_id.string, "0102030405060708090a0b0c0d0e0f10") where log.trace_id.string == ""',
    "set(log.span_id, SpanID(0x0102030405060708))",
    'set(log.event_name, Concat([scope.name, "event"], "."))',
    "set(log.flags, 1)",
  ],
};

const flat = (signal: Signal, made: Readonly<Record<string, readonly string[]>>) =>
  cases(
    `everyday, ${signal}`,
    signal,
    ["many"],
    Object.fromEntries(Object.entries(made).map(([id, statements]) => [id, { transform: transform(signal, statements, "ignore") }])),
  );

const grouped = (groups: readonly (readonly [keys: string, statements: readonly string[]])[]) =>
  groups.map(([keys, statements]) => `  - ${keys}statements:\n${statements.map((one) => `      - ${quoted(one)}`).join("\n")}`).join("\n");

const GROUPS = {
  "levels of traces in groups": {
    transform: `trace_statements:\n${grouped([
      ["", ['set(resource.attributes["a"], 1)']],
      ["", ['set(scope.attributes["b"], resource.attributes["a"])']],
      ["", ['set(span.attributes["c"], scope.attributes["b"])']],
      ["", ['set(spanevent.attributes["d"], span.attributes["c"])']],
      ["", ['set(resource.attributes["e"], span.attributes["c"])', 'set(span.attributes["f"], resource.attributes["e"])']],
    ])}`,
  },
  "explicit contexts, bare paths": {
    transform: `trace_statements:\n${grouped([
      ["context: resource\n    ", ['set(attributes["a"], "r")']],
      ["context: scope\n    ", ['set(attributes["a"], name)']],
      ["context: span\n    ", ['set(attributes["a"], name) where kind == SPAN_KIND_SERVER', 'set(attributes["b"], resource.attributes["a"])']],
      ["context: spanevent\n    ", ['set(attributes["a"], name)', 'set(attributes["b"], span.attributes["a"])']],
    ])}`,
  },
  conditions: {
    transform: `trace_statements:\n${grouped([
      ["conditions: ['span.kind == SPAN_KIND_SERVER', 'span.name == \"internal\"']\n    ", ['set(span.attributes["picked"], true)']],
      ['conditions: [\'resource.attributes["env"] == "prod"\']\n    ', ['set(resource.attributes["tier"], 1)', 'set(scope.attributes["tier"], 1)']],
    ])}`,
  },
  "two processors, a filter between": {
    transform: transform("traces", ['set(resource.attributes["n"], resource.attributes["n"] + 1)'], "ignore"),
    filter: filter("traces", ['resource.attributes["n"] == nil'], "ignore"),
    "transform/2": transform("traces", ['set(span.attributes["n"], resource.attributes["n"])'], "ignore"),
  },
  "several signals in one processor": {
    transform: `${transform("traces", ['set(span.attributes["t"], 1)'])}\n${transform("logs", ['set(log.attributes["l"], 1)']).split("\n").slice(1).join("\n")}`,
  },
};

const POINT_GROUPS = {
  "metric, then point, then exemplar": {
    transform: `metric_statements:\n${grouped([
      ["", ["set(metric.description, metric.name)"]],
      ["", ['set(datapoint.attributes["d"], metric.description)']],
      ["", ['set(exemplar.filtered_attributes["e"], datapoint.attributes["d"])']],
    ])}`,
  },
  "explicit contexts, bare paths": {
    transform: `metric_statements:\n${grouped([
      ["context: metric\n    ", ['set(description, "x") where type == METRIC_DATA_TYPE_GAUGE', 'convert_gauge_to_sum("delta", true)']],
      ["context: datapoint\n    ", ['set(attributes["type"], metric.type)', 'set(attributes["v"], value_int)']],
    ])}`,
  },
};

export const EVERYDAY: readonly Case[] = [
  ...flat("traces", TRACES),
  ...flat("metrics", METRICS),
  ...flat("logs", LOGS),
  ...cases("everyday, groups of traces", "traces", ["many"], GROUPS),
  ...cases("everyday, groups of metrics", "metrics", ["many"], POINT_GROUPS),
];
