/** The `routing` connector: which item goes where, in which order routes are asked, and what is counted. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { Random } from "../../bench/random.ts";
import type { Signal } from "../../src/base/signal.ts";
import { routing } from "../../src/connectors/routing.ts";
import type { Plain } from "../harness/judge.ts";
import { leaves, list } from "../harness/multiset.ts";
import { attribute, build, type Came, faultsOf, span, spansOf } from "./support.ts";

const PIPELINES = ["traces/a", "traces/b", "traces/c"];
const WIRING = { from: "traces", to: "traces", pipelines: PIPELINES } as const;

const rig = (settings: object) => build(routing, settings, WIRING);

/** `traces/a: 1 2` for each batch. */
function outline(came: readonly Came[]): string[] {
  return came.map(({ pipelines, object }) => `${pipelines.join("+")}: ${names(object).join(" ")}`);
}

function names(object: Plain): string[] {
  return list(object, "resourceSpans").flatMap((group) => list(group, "scopeSpans").flatMap((scope) => list(scope, "spans").map(({ name }) => String(name))));
}

const REQUEST = {
  resourceSpans: [
    spansOf("shop", span("1", attribute("kind", "x")), span("2", attribute("kind", "y")), span("3")),
    spansOf("cart", span("4", attribute("kind", "x")), span("5")),
  ],
};

describe("routing", () => {
  it("sends each item to the pipelines of the first route that it fits, the rest to the default", () => {
    const { divide } = rig({
      default_pipelines: ["traces/c"],
      table: [
        { context: "span", condition: 'attributes["kind"] == "x"', pipelines: ["traces/a"] },
        { context: "resource", statement: 'route() where attributes["service.name"] == "shop"', pipelines: ["traces/b"] },
      ],
    });
    expect(outline(divide(REQUEST))).toEqual(["traces/a: 1 4", "traces/b: 2 3", "traces/c: 5"]);
  });

  it("takes resource as the context where the paths do not say one, and theirs where they do", () => {
    const { divide } = rig({
      table: [
        { condition: 'attributes["service.name"] == "cart"', pipelines: ["traces/a"] },
        { condition: 'span.name == "2" or span.name == "3"', pipelines: ["traces/b"] },
        { statement: 'route() where resource.attributes["service.name"] == "shop"', pipelines: ["traces/c"] },
      ],
    });
    expect(outline(divide(REQUEST))).toEqual(["traces/c: 1", "traces/b: 2 3", "traces/a: 4 5"]);
  });

  it("shows what was copied to later routes and to the default, and counts what was made by it", () => {
    const { divide, total } = rig({
      default_pipelines: ["traces/c"],
      table: [
        { context: "span", condition: 'attributes["kind"] == "x"', action: "copy", pipelines: ["traces/a"] },
        { context: "resource", condition: 'attributes["service.name"] == "cart"', pipelines: ["traces/b"] },
      ],
    });
    const came = divide(REQUEST);
    expect(outline(came).toSorted()).toEqual(["traces/a: 1 4", "traces/b: 4 5", "traces/c: 1 2 3"]);
    expect(total("sluice_connector_created_items")).toBe(2);
  });

  it("gives a pipeline that two routes name everything of both, and what was copied twice", () => {
    const { divide } = rig({
      table: [
        { context: "span", condition: 'attributes["kind"] == "x"', action: "copy", pipelines: ["traces/a"] },
        { context: "span", condition: 'name != "3"', pipelines: ["traces/a", "traces/b"] },
      ],
    });
    const came = divide(REQUEST);
    const to = (pipeline: string) => came.flatMap(({ pipelines, object }) => (pipelines.includes(pipeline) ? names(object) : [])).toSorted();
    expect(to("traces/a")).toEqual(["1", "1", "2", "4", "4", "5"]);
    expect(to("traces/b")).toEqual(["1", "2", "4", "5"]);
  });

  it("drops what nothing takes, and counts it", () => {
    const { divide, total } = rig({ table: [{ context: "span", condition: 'name == "1"', pipelines: ["traces/a"] }] });
    expect(outline(divide(REQUEST))).toEqual(["traces/a: 1"]);
    expect(total("sluice_connector_dropped_items", { reason: "no_route" })).toBe(4);
    const none = rig({ table: [{ context: "span", condition: 'name == "none"', pipelines: ["traces/a"] }] });
    expect(none.divide(REQUEST)).toEqual([]);
    expect(none.total("sluice_connector_dropped_items", { reason: "no_route" })).toBe(5);
  });

  it("hands on the very batch where all of it goes one way", () => {
    const { divide } = rig({ table: [{ statement: "route()", pipelines: ["traces/a", "traces/b"] }] });
    const came = divide(REQUEST);
    expect(came.map(({ pipelines, same }) => [pipelines, same])).toEqual([[["traces/a", "traces/b"], true]]);
  });

  it("ignores a route with the condition of one before, and says so", () => {
    const condition = 'name == "1"';
    const { divide, log } = rig({
      table: [
        { context: "span", condition, pipelines: ["traces/a"] },
        { context: "span", statement: `route() where ${condition}`, pipelines: ["traces/b"] },
      ],
    });
    expect(outline(divide(REQUEST))).toEqual(["traces/a: 1"]);
    expect(log).toEqual(['warn A route is ignored: one before it has the same condition {"connector":"routing","route":2}']);
  });

  it("asks about a resource only once its items get there, and once for all of them", () => {
    const failing = 'attributes["service.name"] + 1 == 2';
    const table = [
      { context: "span", condition: 'name != "none"', pipelines: ["traces/a"] },
      { context: "resource", condition: failing, pipelines: ["traces/b"] },
    ];
    expect(outline(rig({ error_mode: "propagate", table }).divide(REQUEST))).toEqual(["traces/a: 1 2 3 4 5"]);
    const logged = rig({ table: table.toReversed() });
    expect(outline(logged.divide(REQUEST))).toEqual(["traces/a: 1 2 3 4 5"]);
    expect(logged.log.length).toBe(2);
    const silent = rig({ error_mode: "silent", table: table.toReversed() });
    expect(outline(silent.divide(REQUEST))).toEqual(["traces/a: 1 2 3 4 5"]);
    expect(silent.log).toEqual([]);
    expect(() => rig({ error_mode: "propagate", table: table.toReversed() }).divide(REQUEST)).toThrow("Cannot test condition");
  });
});

describe("routing by request", () => {
  const table = [
    { context: "request", condition: 'request["X-Tenant"] == "acme"', pipelines: ["traces/a"] },
    { context: "request", condition: 'request["x-tenant"] != "ecorp"', pipelines: ["traces/b"] },
  ];
  const { divide } = rig({ table, default_pipelines: ["traces/c"] });

  it.each([
    ["acme", "traces/a"],
    ["other", "traces/b"],
    ["ecorp", "traces/c"],
    [undefined, "traces/c"],
  ])("tenant %s goes to %s, whole", (tenant, pipeline) => {
    const came = divide(REQUEST, { headers: tenant === undefined ? {} : { "x-tenant": tenant } });
    expect(came.map(({ pipelines, same }) => [pipelines, same])).toEqual([[[pipeline], true]]);
  });

  it("stands between other routes in its turn", () => {
    const mixed = rig({
      table: [{ context: "span", condition: 'name == "1"', pipelines: ["traces/c"] }, ...table],
      default_pipelines: ["traces/c"],
    });
    expect(outline(mixed.divide(REQUEST, { headers: { "x-tenant": "acme" } }))).toEqual(["traces/c: 1", "traces/a: 2 3 4 5"]);
  });
});

describe("routing metrics", () => {
  const wiring = { from: "metrics", to: "metrics", pipelines: ["metrics/a", "metrics/b"] } as const;
  const point = (value: number) => ({ asDouble: value, attributes: [attribute("v", String(value))] });
  const metric = (name: string, ...dataPoints: readonly Plain[]) => ({ name, gauge: { dataPoints } });
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric("m", point(1), point(2)), metric("n", point(1)), metric("empty")] }] }] };
  const shown = (came: readonly Came[]) =>
    came.map(({ pipelines, object }) => [
      pipelines.join("+"),
      list(object, "resourceMetrics").flatMap((group) =>
        list(group, "scopeMetrics").flatMap((scope) =>
          list(scope, "metrics").map((one) => `${String(one["name"])} ${list(one["gauge"], "dataPoints").length}`),
        ),
      ),
    ]);

  it("by metric keeps metrics whole", () => {
    const { divide } = build(
      routing,
      { table: [{ context: "metric", condition: 'name == "m"', pipelines: ["metrics/a"] }], default_pipelines: ["metrics/b"] },
      wiring,
    );
    expect(shown(divide(request))).toEqual([
      ["metrics/a", ["m 2"]],
      ["metrics/b", ["n 1", "empty 0"]],
    ]);
  });

  it("by data point divides them, and asks about the metric once", () => {
    const table = [
      { context: "datapoint", condition: 'attributes["v"] == "2"', pipelines: ["metrics/a"] },
      { context: "metric", condition: 'name == "m"', pipelines: ["metrics/b"] },
    ];
    const { divide, total } = build(routing, { table }, wiring);
    expect(shown(divide(request))).toEqual([
      ["metrics/b", ["m 1"]],
      ["metrics/a", ["m 1"]],
    ]);
    expect(total("sluice_connector_dropped_items")).toBe(1);
  });

  describe("by data point, and metrics without any", () => {
    const bare = { name: "bare" };
    const of = (...metrics: readonly Plain[]) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
    const toA = { context: "datapoint", condition: 'attributes["v"] == "1"', pipelines: ["metrics/a"] };
    const rest = { default_pipelines: ["metrics/b"] };

    it.each<[string, object, Plain, readonly unknown[]]>([
      [
        "go to the default",
        { table: [toA], ...rest },
        of(bare, metric("m", point(1), point(2)), metric("empty")),
        [
          ["metrics/a", ["m 1"]],
          ["metrics/b", ["m 1", "bare 0", "empty 0"]],
        ],
      ],
      [
        "leave the points alone",
        { table: [toA], ...rest },
        of(metric("m", point(1)), bare),
        [
          ["metrics/a", ["m 1"]],
          ["metrics/b", ["bare 0"]],
        ],
      ],
      ["are all there is", { table: [toA], ...rest }, of(bare, metric("empty")), [["metrics/b", ["bare 0", "empty 0"]]]],
      [
        "are taken by a route about metrics",
        { table: [toA, { context: "metric", condition: 'name == "bare"', pipelines: ["metrics/a"] }], ...rest },
        of(metric("m", point(2)), bare, metric("empty")),
        [
          ["metrics/b", ["m 1", "empty 0"]],
          ["metrics/a", ["bare 0"]],
        ],
      ],
      [
        "are copied by one about resources",
        { table: [toA, { context: "resource", condition: "true", action: "copy", pipelines: ["metrics/a"] }], ...rest },
        of(metric("m", point(2)), bare),
        [["metrics/a+metrics/b", ["m 1", "bare 0"]]],
      ],
      ["are nowhere without a default", { table: [toA] }, of(metric("m", point(1)), bare), [["metrics/a", ["m 1"]]]],
    ])("%s", (_name, settings, sent, expected) => {
      expect(shown(build(routing, settings, wiring).divide(sent))).toEqual(expected);
    });
  });
});

describe("the multiset of (resource, scope, item)", () => {
  const conditions: Readonly<Record<string, readonly string[]>> = {
    traces: ["span.kind == 2", 'span.attributes["http.request.method"] == "GET"', 'resource.attributes["service.name"] != nil'],
    metrics: ['metric.name == "user.id"', "datapoint.flags == 0", 'resource.attributes["service.name"] != nil'],
    logs: ["log.severity_number > 9", 'log.attributes["http.request.method"] == "GET"', 'resource.attributes["service.name"] != nil'],
  };

  it.each(["traces", "metrics", "logs"] as const)("is kept by moves: %s", (signal: Signal) => {
    const pipelines = ["a", "b", "c"].map((name) => `${signal}/${name}`);
    for (const seed of [1, 2, 3, 4]) {
      const random = new Random(seed);
      const table = (conditions[signal] ?? []).slice(0, 1 + random.below(3)).map((condition) => ({ condition, pipelines: [pipelines[random.below(3)]] }));
      const { divide } = build(routing, { table, default_pipelines: [pipelines[2]] }, { from: signal, to: signal, pipelines });
      const source = payload(signal, { items: 80, seed, order: "interleaved", unknown: true });
      const came = divide(source.bytes);
      expect(came.flatMap(({ bytes }) => leaves(signal, bytes)).toSorted()).toEqual(leaves(signal, source.bytes));
    }
  });
});

describe("routing's settings", () => {
  const route = { condition: "true", pipelines: ["traces/a"] };

  it.each([
    ["no table", {}, ["table: "]],
    ["an empty table", { table: [] }, ["table: "]],
    ["no pipelines", { table: [{ ...route, pipelines: [] }] }, ["table.0.pipelines: "]],
    ["neither condition nor statement", { table: [{ pipelines: ["a"] }] }, ["table.0: a route needs a condition"]],
    ["both", { table: [{ ...route, statement: "route()" }] }, ["table.0.statement: a route has a condition or a statement, not both"]],
    ["another editor", { table: [{ statement: 'set(name, "x")', pipelines: ["a"] }] }, ["table.0.statement: a statement here is"]],
    [
      "a request's statement",
      { table: [{ context: "request", statement: "route()", pipelines: ["a"] }] },
      ["table.0.statement: the context request takes a condition"],
    ],
    ["no request's condition", { table: [{ context: "request", condition: "true", pipelines: ["a"] }] }, ["table.0.condition: the context request takes"]],
  ])("%s", (_name, settings, expected) => {
    const faults = faultsOf(routing.schema, settings);
    expect(faults.length).toBe(expected.length);
    expected.forEach((text, index) => expect(faults[index]?.startsWith(text)).toBe(true));
  });

  it("judge where it stands: pipelines that do not receive from it, contexts that the signal has not", () => {
    const config = routing.schema.parse({
      table: [
        { ...route, pipelines: ["traces/a", "traces/z"] },
        { ...route, context: "log" },
        { ...route, context: "span", condition: "name ==" },
        { pipelines: ["traces/a"], statement: "route() where span.nmae == 1" },
      ],
      default_pipelines: ["logs/x"],
    });
    const complaints = routing.check?.(config, "routing/1", WIRING) ?? [];
    expect(complaints.map(({ path, message, index }) => `${path.join(".")} ${index ?? "-"}: ${message}`)).toEqual([
      'default_pipelines.0 -: "logs/x" is no traces pipeline that receives from routing/1',
      'table.0.pipelines.1 -: "traces/z" is no traces pipeline that receives from routing/1',
      'table.1.context -: There is no context "log" here',
      expect.stringContaining("table.2.condition 7: "),
      expect.stringContaining("table.3.statement 19: "),
    ]);
  });

  it("name the place of a path that does not exist, when it is built", () => {
    expect(() => rig({ table: [{ ...route, context: "span", condition: "nmae == 1" }] })).toThrow(/Cannot use connectors\.routing\.table\[0\]: .*nmae/s);
  });
});
