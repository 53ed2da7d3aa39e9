/** The `count` connector: what is counted, below which resource, with which attributes and times. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { count } from "../../src/connectors/count.ts";
import { forward } from "../../src/connectors/forward.ts";
import type { Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { attribute, build, type Came, faultsOf, span, spansOf } from "./support.ts";

const rig = (settings: unknown, from: Signal = "traces") => build(count, settings, { from, to: "metrics", pipelines: ["metrics/a"] });

/** `shop: trace.span.count 3 [k=v 1, k=w 2]` a line for each resource and metric. */
function outline(came: readonly Came[]): string[] {
  return came.flatMap(({ object }) =>
    list(object, "resourceMetrics").flatMap((group) =>
      list(group, "scopeMetrics").flatMap((scope) =>
        list(scope, "metrics").map((metric) => {
          const points = list(metric["sum"], "dataPoints").map((point) => [...pairs(point), String(point["asInt"])].join(" "));
          return `${pairs(group["resource"]).join(" ")}: ${String(metric["name"])} [${points.join(", ")}]`;
        }),
      ),
    ),
  );
}

function pairs(of: unknown): string[] {
  return list(of, "attributes").map(({ key, value }) => `${String(key)}=${Object.values(value as Plain).join()}`); // the judge's objects
}

const event = (name: string, timeUnixNano = "0") => ({ name, timeUnixNano });
const REQUEST = {
  resourceSpans: [
    spansOf("shop", { ...span("1", attribute("env", "prod")), events: [event("e"), event("f")] }, span("2", attribute("env", "dev")), span("3")),
    { resource: { attributes: [attribute("service.name", "idle")] } },
    spansOf("cart", { ...span("4", attribute("env", "prod")), events: [event("e")] }),
  ],
};

describe("count by default", () => {
  it("counts spans and span events of each resource, and folds them all", () => {
    const { divide, total } = rig({});
    const came = divide(REQUEST);
    expect(outline(came)).toEqual([
      "service.name=shop: trace.span.count [3]",
      "service.name=shop: trace.span.event.count [2]",
      "service.name=cart: trace.span.count [1]",
      "service.name=cart: trace.span.event.count [1]",
    ]);
    expect(came.map(({ pipelines, items }) => [pipelines, items])).toEqual([[["metrics/a"], 4]]);
    expect(total("sluice_connector_folded_items")).toBe(4);
    expect(total("sluice_connector_created_items")).toBe(4);
  });

  it.each([
    ["metrics", { "metric.count": "The number of metrics observed.", "metric.datapoint.count": "The number of data points observed." }],
    ["logs", { "log.record.count": "The number of log records observed." }],
    ["profiles", { "profile.count": "The number of profiles observed." }],
  ] as const)("counts %s under the Collector's names", (signal, expected) => {
    const source = payload(signal, { items: 12, resources: 2 });
    const came = rig({}, signal).divide(source.bytes);
    const metrics = came.flatMap(({ object }) =>
      list(object, "resourceMetrics").flatMap((group) => list(group, "scopeMetrics").flatMap((scope) => list(scope, "metrics"))),
    );
    expect(Object.fromEntries(metrics.map(({ name, description }) => [name, description]))).toEqual(expected);
    const last = Object.keys(expected).at(-1);
    const counted = metrics.filter(({ name }) => name === last).flatMap((metric) => list(metric["sum"], "dataPoints").map(({ asInt }) => Number(asInt)));
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(12);
  });

  it("makes monotonic sums of deltas over the time that the items cover", () => {
    const at = (startTimeUnixNano: string, endTimeUnixNano: string) => ({ ...span("s"), startTimeUnixNano, endTimeUnixNano });
    const { divide } = rig({ spanevents: {} });
    const [came] = divide({
      resourceSpans: [spansOf("a", at("18000000000000000005", "18000000000000000009"), at("7", "0"), span("none")), spansOf("b", span("none"))],
    });
    const groups = list(came?.object, "resourceMetrics");
    const [metric, timeless] = groups.map((group) => list(list(group, "scopeMetrics")[0], "metrics")[0]);
    expect(metric).toEqual({
      name: "trace.span.count",
      description: "The number of spans observed.",
      sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ startTimeUnixNano: "7", timeUnixNano: "18000000000000000009", asInt: "3" }] },
    });
    // The test's clock stands at 0.
    expect(list(timeless?.["sum"], "dataPoints")).toEqual([{ startTimeUnixNano: "0", timeUnixNano: "0", asInt: "1" }]);
    expect(list(groups[0], "scopeMetrics")[0]?.["scope"]).toEqual({
      name: "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector",
    });
  });

  it("makes nothing of nothing", () => {
    const { divide, total } = rig({ spans: { none: { conditions: ['name == "none"'] } }, spanevents: {} });
    expect(divide(REQUEST)).toEqual([]);
    expect(total("sluice_connector_folded_items")).toBe(4);
  });
});

describe("count by conditions", () => {
  it("counts what one of them holds for, for each metric", () => {
    const { divide } = rig({
      spans: { either: { conditions: ['name == "1"', 'attributes["env"] == "dev"'] }, shop: { conditions: ['resource.attributes["service.name"] == "shop"'] } },
      spanevents: { e: { conditions: ['name == "e"'] }, "e.of.4": { conditions: ['name == "e" and span.name == "4"'] } },
    });
    expect(outline(divide(REQUEST))).toEqual([
      "service.name=shop: either [2]",
      "service.name=shop: shop [3]",
      "service.name=shop: e [1]",
      "service.name=cart: e [1]",
      "service.name=cart: e.of.4 [1]",
    ]);
  });

  it("refuses the request when one fails, and makes nothing of it", () => {
    const { divide, total } = rig({ spans: { bad: { conditions: ['attributes["env"] + 1 == 2'] } } });
    expect(() => divide(REQUEST)).toThrow("Cannot test condition");
    expect(total("sluice_connector_folded_items")).toBe(0);
    expect(() => divide(REQUEST)).toThrow("Cannot test condition");
  });

  it("counts data points by theirs", () => {
    const point = (env: string) => ({ asInt: "1", attributes: [attribute("env", env)] });
    const metric = (name: string, ...dataPoints: readonly Plain[]) => ({ name, sum: { dataPoints, aggregationTemporality: 2 } });
    const { divide } = rig(
      { metrics: { m: { conditions: ['name == "m"'] } }, datapoints: { prod: { conditions: ['attributes["env"] == "prod"'] } } },
      "metrics",
    );
    const came = divide({
      resourceMetrics: [{ resource: {}, scopeMetrics: [{ metrics: [metric("m", point("prod"), point("dev")), metric("n", point("prod"))] }] }],
    });
    expect(outline(came)).toEqual([": m [1]", ": prod [2]"]);
  });
});

describe("count by attributes", () => {
  it("counts each set of values apart, from the item, its scope, its resource, or the default", () => {
    const attributes = [{ key: "env", default_value: "none" }, { key: "service.name" }];
    const { divide } = rig({ spans: { n: { attributes } }, spanevents: {} });
    expect(outline(divide(REQUEST))).toEqual([
      "service.name=shop: n [env=prod service.name=shop 1, env=dev service.name=shop 1, env=none service.name=shop 1]",
      "service.name=cart: n [env=prod service.name=cart 1]",
    ]);
  });

  it("leaves out items without one that has no default", () => {
    const { divide } = rig({ spans: { n: { attributes: [{ key: "env" }] } }, spanevents: {} });
    expect(outline(divide(REQUEST))).toEqual(["service.name=shop: n [env=prod 1, env=dev 1]", "service.name=cart: n [env=prod 1]"]);
  });

  it("keeps integers and doubles what they are; of other kinds the text is empty, as in the Collector", () => {
    const value = (one: Plain) => ({ ...span("s"), attributes: [{ key: "k", value: one }] });
    const { divide } = rig({ spans: { n: { attributes: [{ key: "k", default_value: 7 }] } }, spanevents: {} });
    const [came] = divide({
      resourceSpans: [
        spansOf(
          "a",
          value({ intValue: "9223372036854775807" }),
          value({ doubleValue: 1.5 }),
          value({ stringValue: "1.5" }),
          value({ boolValue: true }),
          value({ bytesValue: Uint8Array.of(1) }),
          span("without"),
        ),
      ],
    });
    const [metric] = list(list(list(came?.object, "resourceMetrics")[0], "scopeMetrics")[0], "metrics");
    expect(list(metric?.["sum"], "dataPoints").map((point) => [list(point, "attributes")[0]?.["value"], point["asInt"]])).toEqual([
      [{ intValue: "9223372036854775807" }, "1"],
      [{ doubleValue: 1.5 }, "1"],
      [{ stringValue: "1.5" }, "1"],
      [{ stringValue: "" }, "2"],
      [{ intValue: "7" }, "1"],
    ]);
  });
});

describe("count's settings", () => {
  it.each([
    ["a slip in a condition", { spans: { n: { conditions: ["name =="] } } }, "spans.n.conditions.0: "],
    ["attributes of metrics", { metrics: { n: { attributes: [{ key: "k" }] } } }, "metrics.n.attributes: "],
    ["a key of no length", { logs: { n: { attributes: [{ key: "" }] } } }, "logs.n.attributes.0.key: "],
    ["a name of no length", { logs: { "": {} } }, "logs."],
    ["an unknown key", { logs: { n: { condition: [] } } }, "logs.n: "],
  ])("%s", (_name, settings, expected) => {
    const faults = faultsOf(count.schema, settings);
    expect(faults.length).toBe(1);
    expect(faults[0]?.startsWith(expected)).toBe(true);
  });

  it("have a path that does not exist told, with its place", () => {
    const parsed = count.schema.safeParse({ spans: { n: { conditions: ['name == "a"', "span.nmae == 1"] } } });
    expect(parsed.error?.issues).toMatchObject([{ path: ["spans", "n", "conditions", 1], params: { index: 5 } }]);
  });
});

describe("forward", () => {
  it.each(["traces", "metrics", "logs", "profiles"] as const)("hands on the very batch, to all pipelines: %s", (signal) => {
    const pipelines = [`${signal}/a`, `${signal}/b`];
    const { divide } = build(forward, {}, { from: signal, to: signal, pipelines });
    const source = payload(signal, { items: 10 });
    expect(divide(source.bytes).map((came) => [came.pipelines, came.same, came.items])).toEqual([[pipelines, true, 10]]);
  });
});
