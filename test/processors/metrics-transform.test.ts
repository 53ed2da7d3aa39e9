/** metrics_transform: actions, filters, every operation, and law 2. */
import { describe, expect, it } from "vitest";
import { VERSION } from "../../src/base/version.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import type { Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { atMs, label, metricsIn, metricsOf, pointsIn, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";

const rig = (...transforms: readonly object[]) => rigOf(metricsTransform, "metrics", { transforms });
const point = (value: Plain, labels: Readonly<Record<string, string>> = {}, more: Plain = {}): Plain => ({
  timeUnixNano: atMs(1),
  ...value,
  attributes: Object.entries(labels).map(([key, text]) => label(key, text)),
  ...more,
});
const int = (value: number, labels: Readonly<Record<string, string>> = {}, more: Plain = {}): Plain => point({ asInt: String(value) }, labels, more);
const double = (value: number, labels: Readonly<Record<string, string>> = {}): Plain => point({ asDouble: value }, labels);
const gauge = (name: string, ...dataPoints: readonly Plain[]): Plain => ({ name, gauge: { dataPoints } });
const labelsOf = (one: Plain) => Object.fromEntries(list(one, "attributes").map(({ key, value }) => [key, (value as Plain)["stringValue"]]));
/** `name value {labels}` of each point. */
const lines = (requests: readonly Plain[]) =>
  pointsIn(requests).map(({ metric, asInt, asDouble, ...one }) => {
    const value = typeof asInt === "string" ? asInt : `${Number(asDouble)}f`;
    return `${String(metric)} ${value} ${JSON.stringify(labelsOf(one)).replaceAll('"', "")}`;
  });

async function run(transforms: readonly object[], ...metrics: readonly Plain[]) {
  const one = rig(...transforms);
  await one.send(metricsOf(...metrics));
  const out = one.out();
  return { one, out, lines: lines(out), books: one.books() };
}

describe("actions", () => {
  it("update renames, with groups of the pattern where there are", async () => {
    const renamed = [
      { include: "a", action: "update", new_name: "b" },
      { include: "^host\\.(?P<part>\\w+)\\.(.*)$", match_type: "regexp", action: "update", new_name: "${part}_$2$$" },
    ];
    expect((await run(renamed, gauge("a", int(1)), gauge("host.cpu.time", int(2)), gauge("c", int(3)))).lines).toEqual(["b 1 {}", "cpu_time$ 2 {}", "c 3 {}"]);
  });

  it("insert adds a changed copy, behind the others, and sees none of its own", async () => {
    const { lines: found, books } = await run(
      [{ include: "a", action: "insert", new_name: "a", operations: [{ action: "add_label", new_label: "v", new_value: "{{version}}" }] }],
      gauge("a", int(1)),
      gauge("b", int(2)),
    );
    expect(found).toEqual(["a 1 {}", "b 2 {}", `a 1 {v:${VERSION}}`]);
    expect(books).toMatchObject({ taken: 2, created: 1, out: 3 });
  });

  it("insert copies the points that match alone", async () => {
    const found = await run(
      [{ include: "a", experimental_match_labels: { x: "1" }, action: "insert", new_name: "c" }],
      gauge("a", int(1, { x: "1" }), int(2, { x: "2" }), int(3)),
    );
    expect(found.lines).toEqual(["a 1 {x:1}", "a 2 {x:2}", "a 3 {}", "c 1 {x:1}"]);
  });

  it("combine makes one of all, with labels of the pattern's groups", async () => {
    const combine = {
      include: "^mem\\.(?P<State>\\w+)\\.(\\w*)$",
      match_type: "regexp",
      action: "combine",
      new_name: "mem",
      aggregation_type: "sum",
      submatch_case: "upper",
    };
    const { lines: found, books } = await run(
      [combine],
      gauge("mem.used.a", int(1)),
      gauge("other", int(5)),
      gauge("mem.free.", int(2)),
      gauge("mem.used.a", int(4)),
    );
    expect(found).toEqual(["other 5 {}", "mem 5 {State:USED,$2:A}", "mem 2 {State:FREE}"]);
    expect(books).toMatchObject({ taken: 4, folded: 1, out: 3 });
  });

  it.each<[string, Plain, Plain]>([
    ["types", gauge("a.1", int(1)), { name: "a.2", sum: { dataPoints: [int(2)], aggregationTemporality: 2 } }],
    ["units", gauge("a.1", int(1)), { ...gauge("a.2", int(2)), unit: "s" }],
    ["labels", gauge("a.1", int(1)), gauge("a.2", int(2, { x: "1" }))],
    [
      "temporalities",
      { name: "a.1", sum: { dataPoints: [int(2)], aggregationTemporality: 2 } },
      { name: "a.2", sum: { dataPoints: [int(2)], aggregationTemporality: 1 } },
    ],
    ["kinds of sums", { name: "a.1", sum: { dataPoints: [int(2)], isMonotonic: true } }, { name: "a.2", sum: { dataPoints: [int(2)] } }],
    ["summaries", { name: "a.1", summary: { dataPoints: [{ count: "1" }] } }, { name: "a.2", summary: { dataPoints: [{ count: "1" }] } }],
  ])("combine leaves metrics of different %s as they are, and says so", async (_, first, second) => {
    const { one, out } = await run([{ include: "^a", match_type: "regexp", action: "combine", new_name: "b", aggregation_type: "sum" }], first, second);
    expect(metricsIn(out).map(({ name }) => name)).toEqual(["a.1", "a.2"]);
    expect(one.log).toHaveLength(1);
  });

  it("group moves metrics to a resource of their own, which has the old one's attributes too", async () => {
    const { out, books } = await run(
      [{ include: "^k8s", match_type: "regexp", action: "group", group_resource_labels: { kind: "k8s", "service.name": "new" } }],
      gauge("k8s.a", int(1)),
      gauge("b", int(2)),
    );
    const groups = list(out[0], "resourceMetrics");
    expect(groups.map((group) => labelsOf(group["resource"] as Plain))).toEqual([{ "service.name": "shop" }, { "service.name": "new", kind: "k8s" }]);
    expect(groups.map((group) => list(list(group, "scopeMetrics")[0], "metrics").map(({ name }) => name))).toEqual([["b"], ["k8s.a"]]);
    expect(books).toMatchObject({ taken: 2, out: 2 });
  });

  it("group adds no resource when nothing matches, and leaves none empty when all does", async () => {
    const group = { include: "^k8s", match_type: "regexp", action: "group", group_resource_labels: {} };
    const none = await run([group], gauge("b", int(2)));
    expect(none.one.passed[0]?.checked).toBe(true);
    const all = await run([group], gauge("k8s.a", int(2)));
    expect(list(all.out[0], "resourceMetrics")).toHaveLength(1);
  });

  it("is done in order, each upon what the one before left", async () => {
    const { lines: found } = await run(
      [
        { include: "a", action: "update", new_name: "b" },
        { include: "b", action: "insert", new_name: "c" },
        { include: "^[bc]$", match_type: "regexp", action: "combine", new_name: "d", aggregation_type: "sum" },
      ],
      gauge("a", int(2)),
    );
    expect(found).toEqual(["d 4 {}"]);
  });
});

describe("filters", () => {
  it.each<[object, readonly string[]]>([
    [{ x: "1" }, ["1"]],
    [{ x: "" }, ["3"]],
    [{ x: "1", y: "1" }, []],
  ])("strict labels %j", async (labels, changed) => {
    const transform = {
      include: "a",
      experimental_match_labels: labels,
      action: "update",
      operations: [{ action: "update_label", label: "id", new_label: "found" }],
    };
    const { out } = await run([transform], gauge("a", int(1, { x: "1", id: "1" }), int(2, { x: "2", id: "2" }), int(3, { id: "3" })));
    expect(pointsIn(out).flatMap((one) => labelsOf(one)["found"] ?? [])).toEqual(changed);
  });

  it("patterns fit anywhere in a label's value", async () => {
    const transform = {
      include: "a",
      match_type: "regexp",
      experimental_match_labels: { x: "b+" },
      action: "update",
      operations: [{ action: "toggle_scalar_data_type" }],
    };
    expect((await run([transform], gauge("aa", int(1, { x: "abbc" }), int(2, { x: "c" })))).lines).toEqual(["aa 1f {x:abbc}", "aa 2 {x:c}"]);
  });

  it("what is about the metric as such is not done when only some of its points match", async () => {
    const transform = {
      include: "a",
      experimental_match_labels: { x: "1" },
      action: "update",
      new_name: "b",
      operations: [{ action: "add_label", new_label: "l", new_value: "v" }],
    };
    expect((await run([transform], gauge("a", int(1, { x: "1" }), int(2, { x: "2" })))).lines).toEqual(["a 1 {x:1}", "a 2 {x:2}"]);
    expect((await run([transform], gauge("a", int(1, { x: "1" })))).lines).toEqual(["b 1 {x:1,l:v}"]);
  });

  it("counts as dropped the points that a group or a combination leaves behind", async () => {
    const transform = { include: "a", experimental_match_labels: { x: "1" }, action: "combine", new_name: "b", aggregation_type: "sum" };
    const { one, lines: found } = await run([transform], gauge("a", int(1, { x: "1" }), int(2, { x: "2" })));
    expect(found).toEqual(["b 1 {x:1}"]);
    expect(one.dropped("unmatched_labels")).toBe(1);
  });
});

const update = (...operations: readonly object[]) => [{ include: "a", action: "update", operations }];

describe("operations on labels", () => {
  it("add_label leaves what is there", async () => {
    const { lines: found } = await run(update({ action: "add_label", new_label: "x", new_value: "new" }), gauge("a", int(1), int(2, { x: "old" })));
    expect(found).toEqual(["a 1 {x:new}", "a 2 {x:old}"]);
  });

  it("update_label renames it, in place of another of that name, and its values", async () => {
    const operation = { action: "update_label", label: "x", new_label: "y", value_actions: [{ value: "1", new_value: "one" }] };
    const { lines: found } = await run(update(operation), gauge("a", int(1, { x: "1", z: "1" }), int(2, { y: "0", x: "2" }), int(3, { z: "1" })));
    expect(found).toEqual(["a 1 {z:1,y:one}", "a 2 {y:2}", "a 3 {z:1}"]);
    const values = await run(
      update({ action: "update_label", label: "x", value_actions: [{ value: "1", new_value: "one" }] }),
      gauge("a", int(1, { x: "1", z: "1" })),
    );
    expect(values.lines).toEqual(["a 1 {x:one,z:1}"]);
  });

  it("delete_label_value takes points out, and the metric with the last one", async () => {
    const operation = { action: "delete_label_value", label: "x", label_value: "1" };
    const { one, lines: found } = await run(update(operation), gauge("a", int(1, { x: "1" }), int(2, { x: "2" })), gauge("b", int(3, { x: "1" })));
    expect(found).toEqual(["a 2 {x:2}", "b 3 {x:1}"]);
    expect(one.dropped("delete_label_value")).toBe(1);
    const all = await run(update(operation), gauge("a", int(1, { x: "1" })), gauge("b", int(3)));
    expect(metricsIn(all.out).map(({ name }) => name)).toEqual(["b"]);
    expect((await run(update(operation), gauge("a", int(1, { x: "1" })))).one.passed).toEqual([]);
  });

  it("aggregate_labels keeps the labels named, and folds the points that are then alike", async () => {
    const operation = { action: "aggregate_labels", label_set: ["x"], aggregation_type: "sum" };
    const points = [int(1, { x: "1", y: "1" }), int(2, { y: "2", x: "1" }), int(4, { x: "2" }), int(8, { x: "1" }, { timeUnixNano: atMs(2) })];
    const { lines: found, books } = await run(update(operation), gauge("a", ...points));
    expect(found).toEqual(["a 3 {x:1}", "a 4 {x:2}", "a 8 {x:1}"]);
    expect(books).toMatchObject({ taken: 4, folded: 1, out: 3 });
  });

  it("aggregate_label_values joins values", async () => {
    const operation = { action: "aggregate_label_values", label: "x", aggregated_values: ["1", "2"], new_value: "both", aggregation_type: "max" };
    expect((await run(update(operation), gauge("a", int(5, { x: "1" }), int(3, { x: "2" }), int(4, { x: "3" })))).lines).toEqual(["a 5 {x:both}", "a 4 {x:3}"]);
  });

  it("keeps differences of different starts apart", async () => {
    const operation = { action: "aggregate_labels", label_set: [], aggregation_type: "sum" };
    const points = [int(1, { x: "1" }, { startTimeUnixNano: "5" }), int(2, { x: "2" }, { startTimeUnixNano: "4" })];
    const sum = (aggregationTemporality: number) => ({ name: "a", sum: { dataPoints: points, aggregationTemporality } });
    expect((await run(update(operation), sum(1))).lines).toEqual(["a 1 {}", "a 2 {}"]);
    const total = await run(update(operation), sum(2));
    expect(total.lines).toEqual(["a 3 {}"]);
    expect(pointsIn(total.out)[0]?.["startTimeUnixNano"]).toBe("4");
  });

  it("leaves summaries as they are, and says so", async () => {
    const { one, out } = await run(update({ action: "aggregate_labels", aggregation_type: "sum" }), {
      name: "a",
      summary: { dataPoints: [point({ count: "1" }, { x: "1" })] },
    });
    expect(labelsOf(pointsIn(out)[0] ?? {})).toEqual({ x: "1" });
    expect(one.log).toHaveLength(1);
  });
});

describe("aggregations", () => {
  it.each<[string, readonly number[], string, string]>([
    ["sum", [1, 2, 4], "7", "7f"],
    ["mean", [1, 2, 4], "2", `${7 / 3}f`],
    ["min", [3, 1, 2], "1", "1f"],
    ["max", [3, 1, 9], "9", "9f"],
    ["median", [9, 1, 4], "4", "4f"],
    ["median", [9, 1, 4, 6], "5", "5f"],
    ["median", [2, 1], "1", "1.5f"],
    ["count", [9, 9], "2", "2f"],
    ["count", [9], "9", "9f"],
  ])("%s of %j is %s, or %s", async (how, values, ofInts, ofDoubles) => {
    const operation = { action: "aggregate_labels", label_set: [], aggregation_type: how };
    const labelled = values.map((value, index) => [value, { n: String(index) }] as const);
    expect((await run(update(operation), gauge("a", ...labelled.map(([value, labels]) => int(value, labels))))).lines).toEqual([`a ${ofInts} {}`]);
    expect((await run(update(operation), gauge("a", ...labelled.map(([value, labels]) => double(value, labels))))).lines).toEqual([`a ${ofDoubles} {}`]);
  });

  it("sums are exact to the last of 64 bits", async () => {
    const operation = { action: "aggregate_labels", label_set: [], aggregation_type: "sum" };
    const points = [point({ asInt: "9007199254740993" }, { n: "1" }), point({ asInt: "2" }, { n: "2" })];
    expect((await run(update(operation), gauge("a", ...points))).lines).toEqual(["a 9007199254740995 {}"]);
  });

  it("adds histograms of the same bounds", async () => {
    const histogram = (labels: Record<string, string>, counts: readonly number[], more: Plain = {}) =>
      point(
        {
          count: String(counts.reduce((a, b) => a + b, 0)),
          sum: 10,
          min: 1,
          max: counts.length,
          bucketCounts: counts.map(String),
          explicitBounds: [1, 2],
          ...more,
        },
        labels,
      );
    const points = [
      histogram({ x: "1" }, [1, 2, 3]),
      histogram({ x: "2" }, [4, 5, 6], { min: 0.5, exemplars: [{ asDouble: 7 }] }),
      histogram({ x: "3" }, [1, 1, 1], { explicitBounds: [1, 3] }),
    ];
    const { out } = await run(update({ action: "aggregate_labels", label_set: [], aggregation_type: "sum" }), {
      name: "a",
      histogram: { dataPoints: points, aggregationTemporality: 2 },
    });
    expect(pointsIn(out)).toMatchObject([
      { count: "21", sum: 20, min: 0.5, max: 3, bucketCounts: ["5", "7", "9"], exemplars: [{ asDouble: 7 }] },
      { count: "3", explicitBounds: [1, 3] },
    ]);
  });

  it("adds exponential histograms by what their buckets stand for", async () => {
    const exponential = (labels: Record<string, string>, offset: number, counts: readonly number[], scale = 1) =>
      point(
        { count: String(counts.reduce((a, b) => a + b, 0)), sum: 1, scale, zeroCount: "2", positive: { offset, bucketCounts: counts.map(String) } },
        labels,
      );
    const points = [
      exponential({ x: "1" }, 3, [1, 2]),
      exponential({ x: "2" }, 1, [5, 6, 7]),
      exponential({ x: "3" }, 0, [9], 2),
      exponential({ x: "4" }, 200_000, [4]),
    ];
    const { out } = await run(update({ action: "aggregate_labels", label_set: [], aggregation_type: "sum" }), {
      name: "a",
      exponentialHistogram: { dataPoints: points, aggregationTemporality: 2 },
    });
    expect(pointsIn(out)).toMatchObject([
      { count: "21", sum: 2, zeroCount: "4", positive: { offset: 1, bucketCounts: ["5", "6", "8", "2"] } },
      // A list from the one to the other would have 200,000 buckets.
      { count: "4", positive: { offset: 200_000, bucketCounts: ["4"] } },
      { count: "9", scale: 2 },
    ]);
  });
});

describe("operations on values", () => {
  it("toggle_scalar_data_type turns numbers, and cuts doubles", async () => {
    const { lines: found } = await run(update({ action: "toggle_scalar_data_type" }), gauge("a", int(3), double(-2.9), point({ asDouble: NaN })));
    expect(found).toEqual(["a 3f {}", "a -2 {}", `a ${-(2n ** 63n)} {}`]);
  });

  it("experimental_scale_value scales numbers, and cuts whole ones", async () => {
    const { lines: found } = await run(update({ action: "experimental_scale_value", experimental_scale: 0.5 }), gauge("a", int(3), double(3)));
    expect(found).toEqual(["a 1 {}", "a 1.5f {}"]);
  });

  it("experimental_scale_value scales a histogram's sum, bounds and exemplars", async () => {
    const histogram = point({ count: "3", sum: 4, min: 1, bucketCounts: ["1", "2"], explicitBounds: [2], exemplars: [{ asInt: "3" }, { asDouble: 3 }] });
    const { out } = await run(update({ action: "experimental_scale_value", experimental_scale: 0.5 }), { name: "a", histogram: { dataPoints: [histogram] } });
    expect(pointsIn(out)[0]).toMatchObject({
      count: "3",
      sum: 2,
      min: 0.5,
      bucketCounts: ["1", "2"],
      explicitBounds: [1],
      exemplars: [{ asInt: "1" }, { asDouble: 1.5 }],
    });
    expect(pointsIn(out)[0]).not.toHaveProperty("max");
  });

  it("experimental_scale_value moves the buckets of an exponential histogram", async () => {
    const exponential = point({ count: "3", sum: 4, scale: 0, zeroThreshold: 1, positive: { offset: 2, bucketCounts: ["1", "2"] } });
    const { out } = await run(update({ action: "experimental_scale_value", experimental_scale: 4 }), {
      name: "a",
      exponentialHistogram: { dataPoints: [exponential] },
    });
    expect(pointsIn(out)[0]).toMatchObject({ count: "3", sum: 16, zeroThreshold: 4, positive: { offset: 4, bucketCounts: ["1", "2"] } });
  });
});

it("refuses a request of which copies of copies would be made without end", async () => {
  const one = rig(...Array.from({ length: 21 }, () => ({ include: ".*", match_type: "regexp", action: "insert", new_name: "c" })));
  expect(await one.send(metricsOf(gauge("a", ...Array.from({ length: 100 }, (_, index) => int(index)))))).toMatchObject({ kind: "refused", status: 413 });
  expect(one.books().taken).toBe(0);
});

it("leaves a request in its bytes when no name fits", async () => {
  const { one } = await run(update({ action: "toggle_scalar_data_type" }), gauge("b", int(1)));
  expect(one.passed[0]?.checked).toBe(true);
});

describe("settings", () => {
  it.each<[object, string]>([
    [{ action: "update" }, "transforms.0.include: include is needed: a metric's name, or a pattern"],
    [{ include: "a", action: "insert" }, "transforms.0.new_name: insert needs new_name"],
    [{ include: "a", action: "combine", new_name: "b" }, "transforms.0.aggregation_type: combine needs aggregation_type"],
    [{ include: "a", action: "group" }, "transforms.0.group_resource_labels: group needs group_resource_labels"],
    [{ include: "(", match_type: "regexp", action: "update" }, 'transforms.0.include: the pattern has a "(" without its ")"'],
    [{ include: "a", action: "update", operations: [{ action: "update_label" }] }, "transforms.0.operations.0.label: update_label needs label"],
    [
      { include: "a", action: "update", operations: [{ action: "add_label", new_label: "x" }] },
      "transforms.0.operations.0.new_value: add_label needs new_value",
    ],
    [
      { include: "a", action: "update", operations: [{ action: "experimental_scale_value" }] },
      "transforms.0.operations.0.experimental_scale: experimental_scale_value needs experimental_scale",
    ],
  ])("refuses %j", (transform, fault) => {
    expect(faultsOf(metricsTransform, { transforms: [transform] })).toEqual([fault]);
  });
});
