/** OTTL's paths: each one read, and each one written with what it takes and what it does not. */
import { cases, type Case, conditionCases, statementCases, transform } from "../case.ts";
import type { Signal } from "../../../src/base/signal.ts";

interface Context {
  readonly name: string;
  readonly signal: Signal;
  readonly payload: string;
  /** Paths without the context's name, and what is written to each. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Where what is read goes. */
  readonly target: string;
}

const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  attributes: [`{"a":1}`, `"x"`],
  'attributes["http.method"]': [`"x"`],
  'attributes["tags"][0]': [`"x"`],
  'attributes["nested"]["k"]': [`1`],
  dropped_attributes_count: ["7", `"x"`],
};
const TIMES = (name: string): Readonly<Record<string, readonly string[]>> => ({
  [`${name}_unix_nano`]: ["1709210096000000001", "-1", `"x"`],
  [name]: [`Unix(1700000000)`, "5"],
});
const STATEMENT_IDS: Readonly<Record<string, readonly string[]>> = {
  trace_id: [`TraceID(0x000102030405060708090a0b0c0d0e0f)`, `"000102030405060708090a0b0c0d0e0f"`],
  "trace_id.string": [`"000102030405060708090a0b0c0d0e0f"`, `"xyz"`, "1"],
  span_id: [`SpanID(0x0001020304050607)`],
  "span_id.string": [`"0001020304050607"`, `""`],
};

const CONTEXTS: readonly Context[] = [
  {
    name: "span",
    signal: "traces",
    payload: "one",
    target: 'span.attributes["r"]',
    paths: {
      ...ATTRIBUTES,
      ...TIMES("start_time"),
      ...TIMES("end_time"),
      ...STATEMENT_IDS,
      parent_span_id: [`SpanID(0x0001020304050607)`],
      "parent_span_id.string": [`"0001020304050607"`],
      trace_state: [`"a=b"`, "1"],
      'trace_state["vendor"]': [`"x"`, "1"],
      'trace_state["new"]': [`"x"`],
      name: [`"x"`, "1", `""`],
      kind: ["3", "SPAN_KIND_CLIENT", `"x"`],
      "kind.string": [`"Client"`, `"nope"`],
      "kind.deprecated_string": [`"SPAN_KIND_CLIENT"`],
      status: [],
      "status.code": ["1", "STATUS_CODE_ERROR", `"x"`],
      "status.message": [`"x"`, "1"],
      events: [],
      links: [],
      dropped_events_count: ["7"],
      dropped_links_count: ["7"],
      flags: ["3", `"x"`],
      nope: ["1"],
      "name.string": ["1"],
    },
  },
  {
    name: "spanevent",
    signal: "traces",
    payload: "one",
    target: 'spanevent.attributes["r"]',
    paths: {
      attributes: [`{"a":1}`],
      'attributes["attempt"]': ["2"],
      ...TIMES("time"),
      name: [`"x"`, "1"],
      dropped_attributes_count: ["3"],
      event_index: ["1"],
    },
  },
  {
    name: "scope",
    signal: "traces",
    payload: "one",
    target: 'scope.attributes["r"]',
    paths: { attributes: [`{"a":1}`], 'attributes["lib"]': ["1"], name: [`"x"`], version: [`"x"`, "1"], schema_url: [`"x"`], dropped_attributes_count: ["3"] },
  },
  { name: "instrumentation_scope", signal: "traces", payload: "one", target: 'scope.attributes["r"]', paths: { name: [`"x"`], 'attributes["lib"]': ["1"] } },
  {
    name: "resource",
    signal: "traces",
    payload: "one",
    target: 'resource.attributes["r"]',
    paths: { attributes: [`{"a":1}`], 'attributes["service.name"]': ["1"], schema_url: [`"x"`, "1"], dropped_attributes_count: ["3"] },
  },
  {
    name: "log",
    signal: "logs",
    payload: "record",
    target: 'log.attributes["r"]',
    paths: {
      attributes: [`{"a":1}`],
      'attributes["text"]': ["1"],
      ...TIMES("time"),
      ...TIMES("observed_time"),
      ...STATEMENT_IDS,
      body: [`"x"`, `{"a":1}`, "[1]", "1.5", "nil", "true", "0x01"],
      "body.string": [`"x"`, "1"],
      'body["a"]': ["1"],
      "body[0]": ["1"],
      severity_number: ["17", "SEVERITY_NUMBER_WARN", `"x"`, "99"],
      severity_text: [`"x"`, "1"],
      flags: ["3"],
      event_name: [`"x"`, "1"],
      dropped_attributes_count: ["3"],
      cache: [],
    },
  },
  {
    name: "metric",
    signal: "metrics",
    payload: "shapes",
    target: 'resource.attributes["r"]',
    paths: {
      name: [`"x"`, "1", `Concat([metric.name, "total"], ".")`],
      description: [`"x"`],
      unit: [`"x"`, `""`],
      type: [`"x"`, "1"],
      aggregation_temporality: ["1", "AGGREGATION_TEMPORALITY_DELTA", `"x"`],
      is_monotonic: ["true", "false", `"x"`],
      data_points: [],
      metadata: [`{"a":1}`],
      'metadata["source"]': [`"x"`],
    },
  },
  {
    name: "datapoint",
    signal: "metrics",
    payload: "shapes",
    target: 'datapoint.attributes["r"]',
    paths: {
      attributes: [`{"a":1}`],
      'attributes["method"]': ["1"],
      ...TIMES("start_time"),
      ...TIMES("time"),
      value_int: ["7", "1.5", `"x"`],
      value_double: ["7.5", "1"],
      exemplars: [],
      flags: ["1"],
      count: ["7", `"x"`],
      sum: ["7.5", "1"],
      bucket_counts: ["[1, 2, 3, 4]", `"x"`],
      explicit_bounds: ["[1.5, 2.5]"],
      scale: ["2"],
      zero_count: ["5"],
      positive: [],
      "positive.offset": ["4"],
      "positive.bucket_counts": ["[9, 9]"],
      negative: [],
      "negative.offset": ["4"],
      "negative.bucket_counts": ["[9, 9]"],
      quantile_values: [],
      min: ["1.5"],
      max: ["1.5"],
    },
  },
  {
    name: "exemplar",
    signal: "metrics",
    payload: "shapes",
    target: 'exemplar.filtered_attributes["r"]',
    paths: {
      filtered_attributes: [`{"a":1}`],
      'filtered_attributes["user"]': ["1"],
      ...TIMES("time"),
      ...STATEMENT_IDS,
      double_value: ["2.5", "1"],
      int_value: ["3", "1.5"],
    },
  },
];

/** From a context to those above it, and to those that it cannot see. */
const ACROSS: Readonly<Record<string, readonly [Signal, string, string]>> = {
  "span to resource and scope": [
    "traces",
    "one",
    'set(span.attributes["r"], Concat([resource.attributes["service.name"], scope.name, scope.version, resource.schema_url, scope.schema_url], "|"))',
  ],
  "spanevent to span": ["traces", "one", 'set(spanevent.attributes["r"], Concat([span.name, spanevent.name, spanevent.event_index, span.kind], "|"))'],
  "spanevent writes its span": ["traces", "one", 'set(span.attributes["last event"], spanevent.name)'],
  "datapoint to metric": [
    "metrics",
    "shapes",
    'set(datapoint.attributes["r"], Concat([metric.name, metric.unit, metric.type, metric.aggregation_temporality, metric.is_monotonic], "|"))',
  ],
  "datapoint writes its metric": [
    "metrics",
    "shapes",
    'set(metric.description, Concat([metric.description, "x"], "")) where datapoint.attributes["method"] == "GET"',
  ],
  "exemplar to datapoint and metric": [
    "metrics",
    "shapes",
    'set(exemplar.filtered_attributes["r"], Concat([metric.name, datapoint.attributes["method"]], "|"))',
  ],
  "metric types": ["metrics", "shapes", 'set(metric.description, "histogram") where metric.type == METRIC_DATA_TYPE_HISTOGRAM'],
  "metric types as numbers": ["metrics", "shapes", 'set(metric.description, "a sum") where metric.type == 2'],
  "metric type text": ["metrics", "shapes", 'set(metric.description, "a sum") where metric.type == "Sum"'],
  "flags enum": ["metrics", "many", 'set(datapoint.attributes["stale"], true) where datapoint.flags == FLAG_NO_RECORDED_VALUE'],
  IsRootSpan: ["traces", "many", 'set(span.attributes["root"], true) where IsRootSpan()'],
  "IsRootSpan in spanevent": ["traces", "many", 'set(spanevent.attributes["root"], true) where IsRootSpan()'],
  "kind enum": ["traces", "many", 'set(span.attributes["server"], true) where span.kind == SPAN_KIND_SERVER'],
  "status enum": ["traces", "many", 'set(span.attributes["bad"], true) where span.status.code == STATUS_CODE_ERROR'],
  duration: ["traces", "many", 'set(span.attributes["ms"], Milliseconds(span.end_time - span.start_time))'],
  "duration in nanoseconds": ["traces", "many", 'set(span.attributes["ns"], span.end_time_unix_nano - span.start_time_unix_nano)'],
  "dropped above": ["traces", "many", 'set(resource.attributes["n"], resource.attributes["n"] + 1) where span.kind >= 0'],
  "counter of data points": ["metrics", "many", 'set(resource.attributes["n"], resource.attributes["n"] + 1) where datapoint.flags >= 0'],
  otelcol: ["logs", "record", 'set(log.attributes["r"], otelcol.client.addr)'],
};

const OTELCOL: readonly string[] = [
  "client.addr",
  'client.addr["x"]',
  "client.addr.x",
  "client.metadata",
  ...[`"none"`, `"none"][0`, `"none"][0][0`, "1", "nil", `log.attributes["text"]`].map((keys) => `client.metadata[${keys}]`),
  "client.metadata.x",
  "client.auth",
  "client.auth.attributes",
  ...[`"a"`, `"a"][0`, "1"].map((keys) => `client.auth.attributes[${keys}]`),
  "client.auth.nope",
  "client.nope",
  "client",
  "grpc",
  "grpc.metadata",
  ...[`"a"`, "1"].map((keys) => `grpc.metadata[${keys}]`),
  "grpc.nope",
  "nope",
];
/** With headers: their map has the client's own ones besides, which differ from time to time. */
const HEADERS = { "x-tenant": "blue", "X-Mixed": "Case" };
const WITH_HEADERS: readonly string[] = [
  ...[`"x-tenant"`, `"X-TENANT"`, `"x-mixed"`, `"x-tenant"][0`, `"x-tenant"][1`, `"x-tenant"][-1`, `"x-tenant"]["a"`, `"x-tenant"][0][0`].map(
    (keys) => `set(log.attributes["r"], otelcol.client.metadata[${keys}])`,
  ),
  `set(log.attributes["r"], otelcol.client.metadata["host"]) where otelcol.client.metadata["host"] == nil`,
  `set(log.attributes["r"], otelcol.client.metadata["content-type"])`,
  `set(log.attributes["r"], otelcol.grpc.metadata["x-tenant"])`,
  `set(log.attributes["r"], 1) where otelcol.client.metadata["x-tenant"][0] == "blue"`,
  `set(log.attributes["r"], 1) where otelcol.client.metadata["x-tenant"] == "blue"`,
  `set(log.attributes["r"], 1) where otelcol.client.metadata["x-tenant"] == ["blue"]`,
  `set(log.attributes["r"], 1) where otelcol.client.metadata["x-tenant"] != nil`,
  `set(log.attributes["r"], 1) where IsMatch(otelcol.client.metadata["x-tenant"], "blue")`,
  `set(log.attributes["r"], Concat([otelcol.client.metadata["x-tenant"][0], otelcol.client.addr], "@"))`,
];
/** Where nothing but the gateway's own is named: which context is it for? */
const ALONE: readonly string[] = ["otelcol.client.addr != nil", 'otelcol.client.metadata["x"] == nil'];
const OTELCOL_CONTEXTS: readonly (readonly [Signal, string, string])[] = [
  ["logs", "record", "resource.attributes"],
  ["logs", "record", "scope.attributes"],
  ["traces", "one", "span.attributes"],
  ["traces", "one", "spanevent.attributes"],
  ["metrics", "shapes", "datapoint.attributes"],
  ["metrics", "shapes", "exemplar.filtered_attributes"],
];

const otelcol: readonly Case[] = [
  ...statementCases(
    "paths of otelcol",
    "logs",
    "record",
    OTELCOL.flatMap((path) => [`set(log.attributes["r"], otelcol.${path})`, `set(otelcol.${path}, "x")`]),
  ),
  ...statementCases("otelcol with headers", "logs", "record", WITH_HEADERS).map((one) => ({ ...one, headers: HEADERS })),
  ...conditionCases("otelcol alone", "logs", "record", ALONE),
  ...statementCases("otelcol alone", "logs", "record", ['set(otelcol.client.addr, "x")']),
  ...OTELCOL_CONTEXTS.flatMap(([signal, payload, attributes]) =>
    cases("otelcol in contexts", signal, [payload], { [attributes]: { transform: transform(signal, [`set(${attributes}["r"], otelcol.client.addr)`]) } }),
  ),
];

/** Metrics are of several shapes, of which each path is in some: an error at one hides nothing at the others. */
const readAndWrite = ({ name, signal, payload, target, paths }: Context): Case[] => {
  const statements = Object.entries(paths).flatMap(([path, values]) => [
    `set(${target}, ${name}.${path})`,
    ...values.map((value) => `set(${name}.${path}, ${value})`),
  ]);
  const settings = (statement: string) => transform(signal, [statement], signal === "metrics" ? "ignore" : "propagate");
  return cases(`paths of ${name}`, signal, [payload], Object.fromEntries(statements.map((one) => [one, { transform: settings(one) }])));
};

export const PATHS: readonly Case[] = [
  ...CONTEXTS.flatMap(readAndWrite),
  ...Object.entries(ACROSS).flatMap(([id, [signal, payload, statement]]) =>
    cases("paths across contexts", signal, [payload], { [id]: { transform: transform(signal, [statement], "ignore") } }),
  ),
  ...otelcol,
];
