/** The `groupbyattrs` processor: what moves, what is joined, and that nothing else changes. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { ALONE } from "../harness/context.ts";
import { groupByAttrs } from "../../src/processors/groupbyattrs.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { leaves, list } from "../harness/multiset.ts";
import { bareHost } from "./support.ts";

const SIGNALS = ["traces", "metrics", "logs"] as const;
/** A key that the items of every payload have. */
const KEY = "http.request.method";

function rig(signal: Signal, keys: readonly string[]) {
  const engine = testEngine(128 << 20);
  const counters = new Counters();
  const context = { ...ALONE, id: "groupbyattrs", engine, counters, host: bareHost, logger: bareHost.logger };
  const made = groupByAttrs.create(groupByAttrs.schema.parse({ keys }), context, signal);
  if (!("regroup" in made)) throw new Error("Not a regrouping");
  const { regroup } = made;
  const run = (...requests: readonly Uint8Array[]) => {
    const admissions = requests.map((request) => admitted(engine, signal, request));
    const [first] = admissions;
    if (first === undefined) throw new Error("No request");
    const single = batchOf(signal, first);
    const batch: Batch = admissions.length === 1 ? single : joinedOf(single, admissions);
    const after = regroup.run(batch);
    const bytes = batchBytes(after);
    const result = { bytes, same: after === batch, items: after.items, object: judge(signal).toObject(bytes) };
    after.release();
    batch.release();
    expect(engine.pool.blocks).toBe(0);
    const checked = admitted(engine, signal, bytes);
    expect(checked).toMatchObject({ items: result.items, unchanged: true });
    checked.chunk.release();
    return result;
  };
  return { run, counters, engine };
}

/** A batch of several chunks, as one that was held and passed on is. */
function joinedOf(first: Batch, admissions: readonly ReturnType<typeof admitted>[]): Batch {
  const { signal, id, origin } = first;
  const chunks = admissions.map(({ chunk }) => chunk);
  const items = admissions.reduce((sum, one) => sum + one.items, 0);
  return new Batch({ signal, chunks, id, items, origin });
}

const attribute = (key: string, value: string): Plain => ({ key, value: { stringValue: value } });
const span = (name: string, ...attributes: readonly Plain[]): Plain => ({
  traceId: new Uint8Array(16).fill(1),
  spanId: new Uint8Array(8).fill(2),
  name,
  ...(attributes.length > 0 && { attributes }),
});
const spansOf = (resource: readonly Plain[], scope: string, ...spans: readonly Plain[]): Plain => ({
  resource: { attributes: resource },
  scopeSpans: [{ scope: { name: scope }, spans }],
});
const traces = (...resourceSpans: readonly Plain[]) => judge("traces").encode({ resourceSpans });

/** `host=a > scope: name(k=v), ...` a line for each resource and scope. */
function outline(object: Plain): string[] {
  const pairs = (of: unknown) => list(of, "attributes").map(({ key, value }) => `${String(key)}=${String((value as Plain)["stringValue"])}`); // the judge's objects
  return list(object, "resourceSpans").flatMap((group) =>
    list(group, "scopeSpans").map((scope) => {
      const spans = list(scope, "spans").map((one) => `${String(one["name"])}(${pairs(one).join(" ")})`);
      return `${pairs(group["resource"]).join(" ")} > ${String((scope["scope"] as Plain)["name"])}: ${spans.join(" ")}`;
    }),
  );
}

describe("groupbyattrs with keys", () => {
  it("moves the attributes to resources, one for each set of values, and leaves other items where they are", () => {
    const { run, counters } = rig("traces", ["host", "zone"]);
    const { object, items } = run(
      traces(
        spansOf([attribute("service", "s")], "x", span("1", attribute("host", "a"), attribute("k", "v")), span("2"), span("3", attribute("host", "b"))),
        spansOf([attribute("service", "s")], "x", span("4", attribute("host", "a")), span("5", attribute("zone", "z"), attribute("host", "a"))),
      ),
    );
    expect(items).toBe(5);
    expect(outline(object)).toEqual([
      "service=s host=a > x: 1(k=v) 4()",
      "service=s > x: 2()",
      "service=s host=b > x: 3()",
      "service=s host=a zone=z > x: 5()",
    ]);
    expect(counters.total("otelcol_processor_groupbyattrs_num_grouped_spans")).toBe(4);
    expect(counters.total("otelcol_processor_groupbyattrs_num_non_grouped_spans")).toBe(1);
    expect(counters.total("otelcol_processor_incoming_items")).toBe(5);
    expect(counters.total("otelcol_processor_outgoing_items")).toBe(5);
  });

  it("puts the value in the place of the resource's own, and joins a resource that had it already", () => {
    const { run } = rig("traces", ["host"]);
    const { object } = run(
      traces(
        spansOf([attribute("host", "old"), attribute("service", "s")], "x", span("1", attribute("host", "new"))),
        spansOf([attribute("service", "s"), attribute("host", "new")], "x", span("2")),
      ),
    );
    expect(outline(object)).toEqual(["host=new service=s > x: 1() 2()"]);
  });

  it("takes the first of two attributes with one key, and moves values of every kind", () => {
    const { run } = rig("traces", ["k"]);
    const { object } = run(
      traces(
        spansOf([], "x", span("1", attribute("k", "first"), attribute("k", "second"))),
        spansOf([], "x", { ...span("2"), attributes: [{ key: "k", value: { kvlistValue: { values: [attribute("in", "ner")] } } }] }),
      ),
    );
    const [one, two] = list(object, "resourceSpans");
    expect(one?.["resource"]).toEqual({ attributes: [attribute("k", "first")] });
    expect(outline(object)[0]).toBe("k=first > x: 1(k=second)");
    expect(two?.["resource"]).toEqual({ attributes: [{ key: "k", value: { kvlistValue: { values: [attribute("in", "ner")] } } }] });
  });

  it("makes a resource where there was none", () => {
    const { run } = rig("logs", ["host"]);
    const record = { body: { stringValue: "b" }, attributes: [attribute("host", "a")] };
    const { object } = run(judge("logs").encode({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }));
    expect(object).toEqual({
      resourceLogs: [{ resource: { attributes: [attribute("host", "a")] }, scopeLogs: [{ logRecords: [{ body: { stringValue: "b" } }] }] }],
    });
  });

  it("divides a metric by data point, and lays equal metrics together again", () => {
    const { run } = rig("metrics", ["host"]);
    const point = (host: string, value: number) => ({ asDouble: value, attributes: [attribute("host", host)] });
    const metric = (...dataPoints: readonly Plain[]) => ({ name: "m", unit: "By", sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } });
    const group = (...points: readonly Plain[]) => ({ resource: {}, scopeMetrics: [{ scope: { name: "s" }, metrics: [metric(...points)] }] });
    const { object } = run(judge("metrics").encode({ resourceMetrics: [group(point("a", 1), point("b", 2)), group(point("a", 3))] }));
    const found = list(object, "resourceMetrics").map((one) => [one["resource"], list(list(one, "scopeMetrics")[0], "metrics")]);
    expect(found).toEqual([
      [{ attributes: [attribute("host", "a")] }, [metric({ asDouble: 1 }, { asDouble: 3 })]],
      [{ attributes: [attribute("host", "b")] }, [metric({ asDouble: 2 })]],
    ]);
  });

  it("makes thousands of groups of one request in one block", () => {
    const { run, engine } = rig("logs", ["user"]);
    const logRecords = Array.from({ length: 20_000 }, (_, index) => ({ attributes: [attribute("user", `u${index}`)] }));
    const { object } = run(judge("logs").encode({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
    expect(list(object, "resourceLogs").length).toBe(20_000);
    expect(engine.pool.peak).toBeLessThan(32 << 20);
  });
});

describe("groupbyattrs without keys", () => {
  it("joins equal resources, in any order of their attributes, equal scopes and metrics", () => {
    const { run } = rig("traces", []);
    const [a, b] = [attribute("a", "1"), attribute("b", "2")];
    const { object } = run(
      traces(spansOf([a, b], "x", span("1")), spansOf([a], "x", span("2")), spansOf([b, a], "x", span("3")), spansOf([a, b], "y", span("4"))),
    );
    expect(outline(object)).toEqual(["a=1 b=2 > x: 1() 3()", "a=1 b=2 > y: 4()", "a=1 > x: 2()"]);
  });

  it("keeps apart what differs in anything: schema URLs, scope attributes, units, temporality", () => {
    const { run } = rig("metrics", []);
    const sum = (aggregationTemporality: number, unit: string) => ({ name: "m", unit, sum: { dataPoints: [{ asInt: "1" }], aggregationTemporality } });
    const request = {
      resourceMetrics: [
        { resource: {}, scopeMetrics: [{ scope: { name: "s" }, metrics: [sum(1, "s"), sum(2, "s"), sum(1, "ms")] }], schemaUrl: "u1" },
        { resource: {}, scopeMetrics: [{ scope: { name: "s" }, metrics: [sum(1, "s")] }], schemaUrl: "u2" },
        { resource: {}, scopeMetrics: [{ scope: { name: "s", attributes: [attribute("k", "v")] }, metrics: [sum(1, "s")] }], schemaUrl: "u1" },
      ],
    };
    const { object } = run(judge("metrics").encode(request));
    const groups = list(object, "resourceMetrics");
    expect(groups.map(({ schemaUrl }) => schemaUrl)).toEqual(["u1", "u2"]);
    expect(groups.map((group) => list(group, "scopeMetrics").map((scope) => list(scope, "metrics").length))).toEqual([[3, 1], [1]]);
  });

  it("leaves a request as it is where there is nothing to join", () => {
    const { run } = rig("traces", []);
    const bytes = traces(spansOf([attribute("a", "1")], "x", span("1"), span("2")), spansOf([attribute("a", "2")], "x", span("3")));
    const after = run(bytes);
    expect(after.same).toBe(true);
    expect(after.bytes).toEqual(Uint8Array.from(bytes));
  });

  it("leaves out parents without items, as the Collector does", () => {
    const { run } = rig("traces", []);
    const { object } = run(traces(spansOf([attribute("a", "1")], "x", span("1")), { resource: { attributes: [attribute("e", "mpty")] } }));
    expect(outline(object)).toEqual(["a=1 > x: 1()"]);
  });

  it("joins the requests of a batch that has several", () => {
    const { run } = rig("traces", []);
    const { object, items } = run(traces(spansOf([attribute("a", "1")], "x", span("1"))), traces(spansOf([attribute("a", "1")], "x", span("2"))));
    expect(items).toBe(2);
    expect(outline(object)).toEqual(["a=1 > x: 1() 2()"]);
  });
});

describe("the multiset of (resource, scope, item)", () => {
  describe.each(SIGNALS)("%s", (signal) => {
    it.each(["ascending", "descending", "interleaved"] as const)("is kept, fields %s", (order) => {
      for (const seed of [1, 2, 3]) {
        const source = payload(signal, { items: 90, resources: 7, seed, order, unknown: order !== "ascending" });
        const twice = Uint8Array.from([...source.bytes, ...source.bytes]);
        const { bytes, items } = rig(signal, []).run(twice);
        expect(items).toBe(source.items * 2);
        expect(leaves(signal, bytes)).toEqual(leaves(signal, twice));
        expect(bytes.length).toBeLessThan(twice.length);
      }
    });

    it("is kept but for what moves", () => {
      const source = payload(signal, { items: 60, resources: 3, seed: 9, order: "interleaved", unknown: true });
      const { run, counters } = rig(signal, [KEY]);
      const { bytes, items } = run(source.bytes);
      expect(items).toBe(source.items);
      expect(counters.total(`otelcol_processor_groupbyattrs_num_grouped_${signal === "traces" ? "spans" : signal}`)).toBeGreaterThan(5);
      expect(strip(leaves(signal, bytes), KEY)).toEqual(strip(leaves(signal, source.bytes), KEY));
    });
  });
});

/** The leaves without every attribute of this key, wherever it lies. */
function strip(found: readonly string[], key: string): string[] {
  const without = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((one) => (one as Plain | null)?.["key"] !== key).map(without); // the judge's objects
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, inner]) => [name, without(inner)] as const)
        .filter(([name, inner]) => !(name === "attributes" && Array.isArray(inner) && inner.length === 0)),
    );
  };
  return found.map((leaf) => JSON.stringify(without(JSON.parse(leaf)))).toSorted();
}
