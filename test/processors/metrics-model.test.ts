/**
 * delta_to_rate and metrics_transform on generated requests: what editing the judge's objects gives, by
 * the Collector's rules; and groupbyattrs: the multiset of (resource, scope, item) after moving.
 * Renaming metrics and labels, and order and unknown fields, are in metrics-property.test.ts.
 */
import { describe, expect, it } from "vitest";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import { groupByAttrs } from "../../src/processors/groupbyattrs.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import { list, text } from "../harness/multiset.ts";
import { children, part, SHAPES, visit } from "../ottl/contexts/scene.ts";
import type { Tested } from "../pipeline/random-requests.ts";
import { comparable, type Editable, fieldText, findPair, keyOf, kindOf, MARK, ORDERS, pairsOf, put, run, SIGNALS, stringIn } from "./model.ts";

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const INT_MIN = -(2n ** 63n);
const UINT64 = 2n ** 64n;

/** Whole numbers are bigint. */
function valueOf(point: Editable): bigint | number | undefined {
  if (point["asInt"] !== undefined) return BigInt(fieldText(point, "asInt"));
  return point["asDouble"] === undefined ? undefined : Number(point["asDouble"]);
}

function setValue(point: Editable, value: bigint | number): void {
  delete point["asInt"];
  delete point["asDouble"];
  if (typeof value === "bigint") point["asInt"] = String(value);
  else point["asDouble"] = value;
}

function nanos(point: Editable, key: string): bigint {
  return BigInt(fieldText(point, key));
}

/** What does not fit is the least integer, as on the Collector's usual machines. */
function cut(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : INT_MIN;
}

/** NaNs with a payload become plain ones: what is computed of them is one NaN or another. */
function plainNaNs(value: unknown): void {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return;
  const message = value as Editable; // an object or a list of them
  for (const [key, inner] of Object.entries(message)) {
    if (inner === MARK) message[key] = Number.NaN;
    else plainNaNs(inner);
  }
}

describe("delta_to_rate", () => {
  it.each(ORDERS)("makes gauges of the rate a second, fields %s", async (order) => {
    let rates = 0;
    for (const seed of SEEDS) {
      const { before, after, strange, strangeAfter } = await run(deltaToRate, { metrics: ["requests", "queue"] }, "metrics", seed, order, plainNaNs);
      if (after === undefined) continue;
      visit("metrics", before, "item", ({ item }) => {
        const sum = item["sum"] as Editable | undefined; // a message
        if (!["requests", "queue"].includes(String(item["name"])) || sum?.["aggregationTemporality"] !== 1) return;
        for (const point of children(sum, "dataPoints")) rates += toRate(point) ? 1 : 0;
        delete item["sum"];
        item["gauge"] = sum["dataPoints"] === undefined ? {} : { dataPoints: sum["dataPoints"] };
        if ((item["unit"] ?? "") !== "") item["unit"] = `${String(item["unit"])}/s`;
      });
      expect(comparable(after), `seed ${seed}`).toEqual(comparable(before));
      expect(strangeAfter.map(anyShape).toSorted(), `seed ${seed}`).toEqual(strange.map(anyShape).toSorted());
    }
    expect(rates).toBeGreaterThan(20);
  });

  function toRate(point: Editable): boolean {
    const value = valueOf(point);
    if (value === undefined) return false;
    const length = BigInt.asIntN(64, (nanos(point, "timeUnixNano") - nanos(point, "startTimeUnixNano") + UINT64) % UINT64);
    const seconds = Number(length / 1_000_000_000n) + Number(length % 1_000_000_000n) / 1e9;
    setValue(point, length > 0n ? Number(value) / seconds : 0);
    return true;
  }

  function anyShape(stranger: string): string {
    return stranger.replace("/sum", "/gauge");
  }
});

/** Edits a matched metric; false: it goes, having no points left. */
type Edit = (metric: Editable) => boolean;

const pointsOf = (metric: Editable): readonly Editable[] => SHAPES.flatMap((shape) => children(part0(metric, shape), "dataPoints"));
const part0 = (metric: Editable, shape: string): Editable => (metric[shape] ?? {}) as Editable; // a message
const isNumber = (metric: Editable) => metric["gauge"] !== undefined || metric["sum"] !== undefined;

function eachNumber(metric: Editable, change: (value: bigint | number) => bigint | number): void {
  if (!isNumber(metric)) return;
  for (const point of pointsOf(metric)) {
    const value = valueOf(point);
    if (value !== undefined) setValue(point, change(value));
  }
}

function scaled(message: Editable, key: string): void {
  if (message[key] !== undefined) message[key] = Number(message[key]) * 2.5;
}

const OPERATIONS: Readonly<Record<string, readonly [operation: object, edit: Edit]>> = {
  toggle_scalar_data_type: [
    { action: "toggle_scalar_data_type" },
    (metric) => {
      eachNumber(metric, (value) => (typeof value === "bigint" ? Number(value) : cut(value)));
      return true;
    },
  ],
  experimental_scale_value: [
    { action: "experimental_scale_value", experimental_scale: 2.5 },
    (metric) => {
      eachNumber(metric, (value) => (typeof value === "bigint" ? cut(Number(value) * 2.5) : value * 2.5));
      if (metric["histogram"] === undefined) return true;
      for (const point of pointsOf(metric)) {
        for (const key of ["sum", "min", "max"]) scaled(point, key);
        if (Array.isArray(point["explicitBounds"])) point["explicitBounds"] = point["explicitBounds"].map((bound) => Number(bound) * 2.5);
        for (const exemplar of children(point, "exemplars")) {
          scaled(exemplar, "asDouble");
          if (exemplar["asInt"] !== undefined) exemplar["asInt"] = String(cut(Number(exemplar["asInt"]) * 2.5));
        }
      }
      return true;
    },
  ],
  delete_label_value: [
    { action: "delete_label_value", label: "a", label_value: "x" },
    (metric) => {
      const before = pointsOf(metric).length;
      for (const shape of SHAPES) {
        const data = metric[shape] as Editable | undefined; // a message
        if (data?.["dataPoints"] !== undefined)
          data["dataPoints"] = children(data, "dataPoints").filter((point) => stringIn(findPair(point, "a")?.value as Editable) !== "x"); // an AnyValue
      }
      return before === 0 || pointsOf(metric).length > 0;
    },
  ],
  ...Object.fromEntries(
    (["sum", "mean", "min", "max", "count", "median"] as const).map((how) => [
      `aggregate_labels, ${how}`,
      [{ action: "aggregate_labels", label_set: ["a"], aggregation_type: how }, aggregated(how)],
    ]),
  ),
};

/** Of points with one set of labels and one time, the first stands for all, with the earliest start. */
function aggregated(how: "sum" | "mean" | "min" | "max" | "count" | "median"): Edit {
  return (metric) => {
    if (!isNumber(metric)) return true;
    const data = part(metric, metric["gauge"] === undefined ? "sum" : "gauge");
    const delta = metric["sum"] !== undefined && data["aggregationTemporality"] === 1;
    const groups = new Map<string, Editable[]>();
    for (const point of children(data, "dataPoints")) {
      point["attributes"] = pairsOf(point).filter((pair) => keyOf(pair) === "a");
      const labels = pairsOf(point)
        .map((pair) => JSON.stringify(comparable([pair.key, pair.value ?? {}]), shownNumber))
        .toSorted();
      const key = JSON.stringify([labels, point["timeUnixNano"] ?? "0", delta ? (point["startTimeUnixNano"] ?? "0") : ""]);
      groups.set(key, [...(groups.get(key) ?? []), point]);
    }
    data["dataPoints"] = [...groups.values()].map((points) => {
      const [first = {}] = points;
      const start = points.map((point) => nanos(point, "startTimeUnixNano")).reduce((least, one) => (one < least ? one : least));
      if (start < nanos(first, "startTimeUnixNano")) first["startTimeUnixNano"] = String(start);
      if (points.length > 1)
        setValue(
          first,
          merged(
            points.map((point) => valueOf(point) ?? 0n),
            how,
          ),
        );
      return first;
    });
    return true;
  };
}

function shownNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** All of one type: the requests were made so. */
function merged(values: readonly (bigint | number)[], how: string): bigint | number {
  if (values.every((value) => typeof value === "number")) {
    const sorted = values.toSorted((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
    const middle = sorted.length / 2;
    const sum = values.reduce((total, value) => total + value);
    const median = Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2 : (sorted[Math.floor(middle)] ?? 0);
    const least = values.reduce((a, b) => Math.min(a, b));
    const greatest = values.reduce((a, b) => Math.max(a, b));
    return { sum, mean: sum / values.length, min: least, max: greatest, count: values.length, median }[how] ?? 0;
  }
  const whole = values.map(BigInt);
  const sorted = whole.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = sorted.length / 2;
  const sum = BigInt.asIntN(
    64,
    whole.reduce((total, value) => total + value),
  );
  const median = Number.isInteger(middle) ? BigInt.asIntN(64, (sorted[middle - 1] ?? 0n) + (sorted[middle] ?? 0n)) / 2n : (sorted[Math.floor(middle)] ?? 0n);
  return { sum, mean: sum / BigInt(whole.length), min: sorted[0] ?? 0n, max: sorted.at(-1) ?? 0n, count: BigInt(whole.length), median }[how] ?? 0n;
}

/** No shapes but those, and of one type the values of every metric, all there. */
function plainMetrics(object: Editable, kept: readonly string[]): void {
  plainNaNs(object);
  let turn = 0;
  visit("metrics", object, "item", ({ item }) => {
    for (const shape of SHAPES) if (!kept.includes(shape)) delete item[shape];
    const ints = turn++ % 2 === 0;
    for (const [index, point] of pointsOf(item).entries()) if (index % 3 === 0) put(pairsOf(point), "a", { stringValue: "x" });
    for (const point of isNumber(item) ? pointsOf(item) : []) setValue(point, ints ? cut(Number(valueOf(point) ?? 7)) : Number(valueOf(point) ?? 7));
  });
}

describe("metrics_transform", () => {
  it.each(Object.entries(OPERATIONS))("%s", async (name, [operation, edit]) => {
    const shapes = name.startsWith("aggregate") ? ["gauge", "sum"] : ["gauge", "sum", "histogram"];
    let changed = 0;
    for (const seed of SEEDS) {
      const order = ORDERS[seed % 3] ?? "ascending";
      const transforms = [{ include: "^(requests|queue)$", match_type: "regexp", action: "update", operations: [operation] }];
      const { before, after, strange, strangeAfter } = await run(metricsTransform, { transforms }, "metrics", seed, order, (object) =>
        plainMetrics(object, shapes),
      );
      const whole = JSON.stringify(comparable(before));
      const gone = update(before, (metric) => (["requests", "queue"].includes(String(metric["name"])) ? edit(metric) : true));
      if (JSON.stringify(comparable(before)) !== whole) changed++;
      if (after === undefined) continue;
      expect(comparable(after), `seed ${seed}`).toEqual(comparable(before));
      const beside = (path: string) => !/dataPoints/.test(path);
      if (!gone) expect(strangeAfter.filter(beside), `seed ${seed}`).toEqual(strange.filter(beside));
    }
    expect(changed).toBeGreaterThan(3);
  });

  /** Whether any metric went. Scopes whose metrics all went go, and resources whose scopes did. */
  function update(object: Editable, edit: Edit): boolean {
    let gone = false;
    object["resourceMetrics"] = children(object, "resourceMetrics").filter((group) => {
      const scopes = children(group, "scopeMetrics").filter((scope) => {
        const metrics = children(scope, "metrics");
        const kept = metrics.filter(edit);
        if (kept.length < metrics.length) gone = true;
        scope["metrics"] = kept;
        return kept.length > 0 || metrics.length === 0;
      });
      const left = scopes.length > 0 || children(group, "scopeMetrics").length === 0;
      group["scopeMetrics"] = scopes;
      return left;
    });
    return gone;
  }

  it("insert adds copies behind the metrics of their scope, and group moves metrics to resources with more attributes", async () => {
    for (const seed of SEEDS) {
      const order = ORDERS[seed % 3] ?? "ascending";
      const transforms = [
        { include: "queue", action: "insert", new_name: "copy" },
        { include: "^(copy|requests)$", match_type: "regexp", action: "group", group_resource_labels: { n: "grouped" } },
      ];
      const { before, after } = await run(metricsTransform, { transforms }, "metrics", seed, order);
      if (after === undefined) continue;
      visit("metrics", before, "scope", ({ scopeGroup }) => {
        const metrics = children(scopeGroup, "metrics");
        const copies = metrics.filter((metric) => metric["name"] === "queue").map((metric) => ({ ...structuredClone(metric), name: "copy" }));
        if (copies.length > 0) scopeGroup["metrics"] = [...metrics, ...copies];
      });
      const moved = leavesOf("metrics", before, ({ group, item }) => {
        if (["copy", "requests"].includes(String(item["name"]))) put(pairsOf(part(group, "resource")), "n", { stringValue: "grouped" });
      });
      expect(leavesOf("metrics", after), `seed ${seed}`).toEqual(moved);
    }
  });
});

interface Leaf {
  readonly group: Editable;
  readonly scopeGroup: Editable;
  readonly item: Editable;
  /** The point, or the item itself. */
  readonly owner: Editable;
}

/** The leaf items with what is around them, as sorted texts; `change` edits a copy of each first. */
function leavesOf(signal: Tested, object: Editable, change: (leaf: Leaf) => void = () => undefined): string[] {
  const found: string[] = [];
  const [scopes, items] = { traces: ["scopeSpans", "spans"], metrics: ["scopeMetrics", "metrics"], logs: ["scopeLogs", "logRecords"] }[signal];
  visit(signal, object, signal === "metrics" ? "point" : "item", ({ group, scopeGroup, item, point }) => {
    const owner = structuredClone(signal === "metrics" ? point : item);
    const shape = SHAPES.find((one) => signal === "metrics" && item[one] !== undefined);
    const metric = shape === undefined ? owner : { ...item, [shape]: { ...part(item, shape), dataPoints: [owner] } };
    const leaf = { group: structuredClone({ ...group, [scopes ?? ""]: [] }), scopeGroup: { ...scopeGroup, [items ?? ""]: [] }, item: metric, owner };
    change(leaf);
    const resource = part(leaf.group, "resource");
    // In any order: equal resources are joined.
    resource["attributes"] = list(resource, "attributes").toSorted((a, b) => (shownText(a) < shownText(b) ? -1 : 1));
    found.push(shownText([leaf.group, leaf.scopeGroup, leaf.item]));
  });
  return found.toSorted();
}

function shownText(value: unknown): string {
  return text(JSON.parse(JSON.stringify(comparable(value), shownNumber)));
}

describe.each(SIGNALS)("groupbyattrs, %s", (signal) => {
  it.each([[["a"]], [["a", "user"]], [["n", "none"]], [[]]])("moves %j, and nothing else", async (keys) => {
    let moves = 0;
    for (const seed of SEEDS) {
      const order = ORDERS[seed % 3] ?? "ascending";
      const { before, after, strange, strangeAfter, counts } = await run(groupByAttrs, { keys }, signal, seed, order);
      if (after === undefined) continue;
      let grouped = 0;
      const wanted = leavesOf(signal, before, ({ group, owner }) => {
        const own = pairsOf(owner);
        const moving = keys.map((key) => own.find((pair) => keyOf(pair) === key)).filter((pair) => pair !== undefined);
        if (moving.length > 0) grouped++;
        for (const pair of moving) {
          own.splice(own.indexOf(pair), 1);
          put(pairsOf(part(group, "resource")), keyOf(pair), structuredClone(pair.value ?? {}));
        }
      });
      expect(withoutEmpty(leavesOf(signal, after)), `seed ${seed}`).toEqual(withoutEmpty(wanted));
      const name = `otelcol_processor_groupbyattrs_num_grouped_${signal === "traces" ? "spans" : signal}`;
      expect(
        counts.filter((count) => count.startsWith(name)).map((count) => Number(count.split(" ").at(-1))),
        `seed ${seed}`,
      ).toEqual(grouped === 0 ? [] : [grouped]);
      const lowest = signal === "metrics" ? /dataPoints(?!.*attributes)/ : /(spans|logRecords)(?!.*attributes)/;
      const inItems = (path: string) => lowest.test(path);
      expect(strangeAfter.filter(inItems), `seed ${seed}`).toEqual(strange.filter(inItems));
      moves += grouped;
    }
    if (keys.length > 0 && keys[0] !== "none") expect(moves).toBeGreaterThan(20);
  });

  /** An attribute without a value, and one with an empty one, are the same. */
  function withoutEmpty(texts: readonly string[]): string[] {
    return texts.map((one) => one.replaceAll(',"value":{}', "")).toSorted();
  }
});

/** Kept here so that a change of the requests that leaves a kind out is seen. */
it("requests have values of every kind", async () => {
  const kinds = new Set<string>();
  for (const seed of SEEDS) {
    const { before } = await run(groupByAttrs, { keys: [] }, "logs", seed, "ascending");
    visit("logs", before, "item", ({ item }) => pairsOf(item).forEach((pair) => kinds.add(kindOf(pair.value)?.[0] ?? "none")));
  }
  expect([...kinds].toSorted()).toEqual(["arrayValue", "boolValue", "bytesValue", "doubleValue", "intValue", "kvlistValue", "none", "stringValue"]);
});
