/** What the connectors `routing` and `count` are compared with a Collector on: settings, a request, and the pipelines behind. */
import type { Signal } from "../../src/base/signal.ts";

export interface ConnectorCase {
  readonly id: string;
  readonly connector: "routing" | "count";
  readonly signal: Signal;
  /** A name in payloads.ts. */
  readonly payload: string;
  readonly settings: object;
  /** The pipelines that the connector feeds. */
  readonly pipelines: readonly string[];
}

/** What arrived in each pipeline in which something did, or a refusal. */
export type ConnectorAnswer = { readonly refused: true } | { readonly out: Readonly<Record<string, unknown>> };

/** `a`, `b` and `c` stand for the pipelines `traces/a` and so on. */
interface Route {
  readonly context?: string;
  readonly condition?: string;
  readonly statement?: string;
  readonly action?: string;
  readonly to: string;
}

function routing(signal: Signal, name: string, routes: readonly Route[], fallback = "c"): ConnectorCase {
  const named = (letters: string) => Array.from(letters, (letter) => `${signal}/${letter}`);
  const table = routes.map(({ to, ...route }) => ({ ...route, pipelines: named(to) }));
  return {
    id: `routing, ${signal}: ${name}`,
    connector: "routing",
    signal,
    payload: "many",
    settings: { table, ...(fallback !== "" && { default_pipelines: named(fallback) }) },
    pipelines: named("abc"),
  };
}

const count = (signal: Signal, name: string, settings: object): ConnectorCase => ({
  id: `count, ${signal}: ${name}`,
  connector: "count",
  signal,
  // "many" has a metric without data, for which the Collector refuses the request.
  payload: signal === "metrics" ? "shapes" : "many",
  settings,
  pipelines: ["metrics/out"],
});

const SHOP = 'attributes["service.name"] == "shop"';

/** Routes that are there for every signal; `item` is what its items are called. */
function common(signal: Signal, item: string): ConnectorCase[] {
  return [
    routing(signal, "resources", [{ context: "resource", condition: SHOP, to: "a" }]),
    routing(signal, "resources by statement", [{ statement: `route() where ${SHOP}`, to: "a" }]),
    routing(signal, "no default", [{ context: "resource", condition: SHOP, to: "a" }], ""),
    routing(signal, "nothing fits", [{ context: "resource", condition: 'attributes["service.name"] == "none"', to: "a" }]),
    routing(signal, "nothing fits, no default", [{ context: "resource", condition: 'attributes["service.name"] == "none"', to: "a" }], ""),
    routing(signal, "the first route of two", [
      { context: "resource", condition: SHOP, to: "a" },
      { context: "resource", condition: 'attributes["env"] != nil', to: "b" },
    ]),
    routing(signal, "two pipelines a route", [{ context: "resource", condition: SHOP, to: "ab" }]),
    routing(signal, "a copy, then a move", [
      { context: "resource", condition: SHOP, action: "copy", to: "a" },
      { context: "resource", condition: 'attributes["env"] == "prod"', to: "b" },
    ]),
    routing(signal, "a copy goes to the default, too", [{ context: "resource", condition: SHOP, action: "copy", to: "a" }]),
    routing(signal, "without a header", [{ context: "request", condition: 'request["X-Tenant"] == "acme"', to: "a" }]),
    routing(signal, "unknown path", [{ context: "resource", condition: "nope == 1", to: "a" }]),
    routing(signal, "unknown context", [{ context: "nope", condition: SHOP, to: "a" }]),
    routing(signal, "no condition", [{ to: "a" }]),
    routing(signal, "unknown action", [{ context: "resource", condition: SHOP, action: "nope", to: "a" }]),
    routing(signal, "no routes", []),
    routing(signal, "converters", [{ context: item, condition: 'IsMatch(resource.attributes["service.name"], "^s")', to: "a" }]),
  ];
}

/** A metric's metadata is lost by the Collector where its data points are divided. */
const NO_METADATA = 'metric.name != "queue.size"';

export const CONNECTOR_CASES: readonly ConnectorCase[] = [
  ...common("traces", "span"),
  ...common("metrics", "metric"),
  ...common("logs", "log"),
  routing("traces", "spans", [{ context: "span", condition: "kind == SPAN_KIND_SERVER", to: "a" }]),
  routing("traces", "spans and resources", [
    { context: "span", condition: 'attributes["http.status_code"] != nil', to: "a" },
    { context: "resource", condition: SHOP, to: "b" },
  ]),
  routing("traces", "spans that are copied", [
    { context: "span", condition: "kind == SPAN_KIND_SERVER", action: "copy", to: "a" },
    { context: "span", condition: "status.code == STATUS_CODE_ERROR", to: "b" },
  ]),
  routing("metrics", "metrics", [{ context: "metric", condition: 'IsMatch(name, "^http")', to: "a" }]),
  routing("metrics", "data points", [{ context: "datapoint", condition: 'attributes["method"] == "GET"', to: "a" }]),
  routing("metrics", "data points that are copied", [{ context: "datapoint", condition: 'attributes["method"] == "GET"', action: "copy", to: "a" }]),
  routing("metrics", "data points, and those without any", [
    { context: "datapoint", condition: NO_METADATA, to: "a" },
    { context: "metric", condition: 'name == "no.data"', to: "b" },
  ]),
  routing("metrics", "nearly all data points", [{ context: "datapoint", condition: NO_METADATA, to: "a" }]),
  routing("metrics", "data points and metrics", [
    { context: "datapoint", condition: 'attributes["method"] == "GET"', to: "a" },
    { context: "metric", condition: "type == METRIC_DATA_TYPE_SUM", to: "b" },
  ]),
  routing("logs", "records", [{ context: "log", condition: "severity_number >= SEVERITY_NUMBER_ERROR", to: "a" }]),
  routing("logs", "records and resources", [
    { context: "resource", condition: 'attributes["env"] == "test"', to: "b" },
    { context: "log", condition: 'attributes["user"] == "ann"', to: "a" },
  ]),
  ...(["traces", "metrics", "logs"] as const).map((signal) => count(signal, "defaults", {})),
  count("traces", "conditions", {
    spans: { servers: { description: "Spans of servers.", conditions: ["kind == SPAN_KIND_SERVER", 'name == "internal"'] }, all: {} },
    spanevents: { errors: { conditions: ['name == "exception"'] } },
  }),
  count("traces", "attributes", {
    spans: {
      "by.code": { attributes: [{ key: "http.status_code" }] },
      "by.env": {
        attributes: [
          { key: "env", default_value: "none" },
          { key: "kind", default_value: 1 },
        ],
      },
    },
  }),
  count("traces", "nothing counted", { spans: { none: { conditions: ['name == "nobody"'] } } }),
  count("traces", "bad condition", { spans: { bad: { conditions: ["nope == 1"] } } }),
  count("traces", "no name", { spans: { "": {} } }),
  count("traces", "attribute without key", { spans: { bad: { attributes: [{ key: "" }] } } }),
  count("metrics", "conditions", {
    metrics: { http: { conditions: ['IsMatch(name, "^http")'] } },
    datapoints: { gets: { conditions: ['attributes["method"] == "GET"'], attributes: [{ key: "code", default_value: "none" }] } },
  }),
  count("metrics", "attributes of metrics", { metrics: { bad: { attributes: [{ key: "x" }] } } }),
  count("logs", "conditions and attributes", {
    logs: {
      errors: { conditions: ["severity_number >= SEVERITY_NUMBER_ERROR"] },
      users: { attributes: [{ key: "user" }] },
      codes: { attributes: [{ key: "code", default_value: "none" }] },
    },
  }),
];
