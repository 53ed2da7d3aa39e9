/** filter: what conditions at every level leave of generated requests is what filtering the judge's objects leaves. */
import { describe, expect, it } from "vitest";
import { filter } from "../../src/processors/filter.ts";
import { list } from "../harness/multiset.ts";
import { runsHere } from "../harness/runs.ts";
import { type At, children, part, SHAPES } from "../ottl/contexts/scene.ts";
import type { Tested } from "../pipeline/random-requests.ts";
import { comparable, type Editable, fieldText, findPair, kindOf, ORDERS, run, stringIn } from "./model.ts";

type Level = "resource" | "scope" | "item" | "point" | "event";
type Holds = (at: At) => boolean;
type Rule = readonly [condition: string, level: Level, holds: Holds];

const textIs = (message: Editable, key: string, text: string) => stringIn(findPair(message, key)?.value) === text;
/** An attribute with an empty value reads as nil. */
const isThere = (message: Editable, key: string) => !isNil(findPair(message, key)?.value ?? {});
const bodyOf = (record: Editable) => (record["body"] ?? {}) as Editable; // an AnyValue
/** No bytes are nil, too: the Collector copies them, and a copy of none is none. */
function isNil(value: Editable): boolean {
  const bytes = value["bytesValue"];
  return kindOf(value) === undefined || (bytes instanceof Uint8Array && bytes.length === 0);
}
const intOf = (message: Editable, key: string) => findPair(message, key)?.value?.["intValue"];

const ABOVE: readonly Rule[] = [
  ['resource.attributes["a"] == "x"', "resource", ({ resource }) => textIs(resource, "a", "x")],
  ['resource.attributes["b"] == nil', "resource", ({ resource }) => !isThere(resource, "b")],
  ['resource.attributes["a"] == "x" and false', "resource", () => false],
  ['scope.name == "lib"', "scope", ({ scope }) => scope["name"] === "lib"],
  ['scope.version == "1" or resource.attributes["a"] != nil', "scope", ({ scope, resource }) => scope["version"] === "1" || isThere(resource, "a")],
];

const RULES: Readonly<Record<Tested, readonly Rule[]>> = {
  traces: [
    ...ABOVE,
    ['span.attributes["a"] == "x"', "item", ({ item }) => textIs(item, "a", "x")],
    ['span.attributes["n"] == 9223372036854775807', "item", ({ item }) => intOf(item, "n") === "9223372036854775807"],
    ["span.kind == 2", "item", ({ item }) => item["kind"] === 2],
    ['not (span.name == "" or span.kind == 0)', "item", ({ item }) => (item["name"] ?? "") !== "" && (item["kind"] ?? 0) !== 0],
    ["Len(span.events) > 1", "item", ({ item }) => list(item, "events").length > 1],
    [
      'IsMatch(span.name, "^GET") and resource.attributes["a"] != nil',
      "item",
      ({ item, resource }) => fieldText(item, "name").startsWith("GET") && isThere(resource, "a"),
    ],
    ['spanevent.name == "end"', "event", ({ inner }) => inner["name"] === "end"],
    ['spanevent.attributes["a"] != nil and span.kind == 1', "event", ({ inner, item }) => isThere(inner, "a") && item["kind"] === 1],
  ],
  metrics: [
    ...ABOVE,
    ['metric.name == "queue"', "item", ({ item }) => item["name"] === "queue"],
    ["metric.type == METRIC_DATA_TYPE_HISTOGRAM", "item", ({ item }) => item["histogram"] !== undefined],
    ["metric.type != METRIC_DATA_TYPE_NONE and Len(metric.data_points) > 1", "item", ({ data }) => list(data, "dataPoints").length > 1],
    [
      'metric.name != "none" and HasAttrKeyOnDatapoint("card")',
      "item",
      ({ data }) => list(data, "dataPoints").some((point) => findPair(point, "card") !== undefined),
    ],
    ['datapoint.attributes["a"] != nil', "point", ({ point }) => isThere(point, "a")],
    ["datapoint.flags == 1", "point", ({ point }) => point["flags"] === 1],
    ['datapoint.attributes["user"] == nil and metric.unit == "s"', "point", ({ point, item }) => !isThere(point, "user") && item["unit"] === "s"],
    ["datapoint.start_time_unix_nano == -1", "point", ({ point }) => point["startTimeUnixNano"] === "18446744073709551615"],
  ],
  logs: [
    ...ABOVE,
    ['log.attributes["a"] == "x"', "item", ({ item }) => textIs(item, "a", "x")],
    ["log.severity_number >= 9", "item", ({ item }) => Number(item["severityNumber"] ?? 0) >= 9],
    ["IsMap(log.body)", "item", ({ item }) => kindOf(bodyOf(item))?.[0] === "kvlistValue"],
    ["log.body == nil", "item", ({ item }) => isNil(bodyOf(item))],
    [
      'log.attributes["n"] == 1 or log.attributes["c"] == true',
      "item",
      ({ item }) => intOf(item, "n") === "1" || findPair(item, "c")?.value?.["boolValue"] === true,
    ],
  ],
};

const KEYS = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions" } as const;
const NAMES: Readonly<Record<Tested, readonly [groups: string, scopes: string, items: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
};

/** Takes out what the rules hold for, level by level; parents without anything go too, as far up as the rules reach down. */
function filtered(signal: Tested, object: Editable, rules: readonly Rule[]): void {
  const [groups, scopes, items] = NAMES[signal];
  const none: Editable = {};
  const at = (level: Level): Holds | undefined => {
    const own = rules.filter((rule) => rule[1] === level);
    return own.length === 0 ? undefined : (place) => own.some(([, , holds]) => holds(place));
  };
  const [byResource, byScope, byItem, byPoint, byEvent] = [at("resource"), at("scope"), at("item"), at("point"), at("event")];
  const below = [byScope, byItem, byPoint, byEvent].some((test) => test !== undefined);
  keep(object, groups, (group) => {
    const top: At = { group, resource: part(group, "resource"), scopeGroup: none, scope: none, item: none, data: none, point: none, inner: none };
    if (byResource?.(top) === true) return false;
    if (!below) return list(group, scopes).length > 0;
    keep(group, scopes, (scopeGroup) => {
      const inScope: At = { ...top, scopeGroup, scope: part(scopeGroup, "scope") };
      if (byScope?.(inScope) === true) return false;
      keep(scopeGroup, items, (item) => {
        const here: At = { ...inScope, item, data: dataOf(item) };
        if (byItem?.(here) === true) return false;
        if (byEvent !== undefined) keep(item, "events", (inner) => !byEvent({ ...here, inner }));
        if (byPoint === undefined || here.data === none) return true;
        keep(here.data, "dataPoints", (point) => !byPoint({ ...here, point }));
        return list(here.data, "dataPoints").length > 0;
      });
      return list(scopeGroup, items).length > 0;
    });
    return list(group, scopes).length > 0;
  });

  function dataOf(item: Editable): Editable {
    const shape = SHAPES.find((one) => item[one] !== undefined);
    return shape === undefined ? none : part(item, shape);
  }
}

function keep(message: Editable, key: string, stays: (child: Editable) => boolean): void {
  if (message[key] !== undefined) message[key] = children(message, key).filter(stays);
}

/** Leaf items: of metrics the points. */
function itemsIn(signal: Tested, object: Editable): number {
  const [groups, scopes, items] = NAMES[signal];
  const all = children(object, groups).flatMap((group) => children(group, scopes).flatMap((scope) => children(scope, items)));
  if (signal !== "metrics") return all.length;
  return all.reduce((sum, metric) => sum + SHAPES.reduce((points, shape) => points + list(metric[shape], "dataPoints").length, 0), 0);
}

async function check(signal: Tested, rules: readonly Rule[], seed: number): Promise<void> {
  const order = ORDERS[seed % 3] ?? "ascending";
  const conditions = rules.map(([condition]) => condition);
  const { before, after, strange, strangeAfter, counts } = await run(filter, { [KEYS[signal]]: conditions, error_mode: "propagate" }, signal, seed, order);
  const told = `seed ${seed}, ${order}: ${conditions.join("; ")}`;
  const taken = itemsIn(signal, before);
  const whole = JSON.stringify(comparable(before));
  filtered(signal, before, rules);
  const left = itemsIn(signal, before);
  expect(after === undefined, told).toBe(left === 0);
  if (after !== undefined) expect(comparable(after), told).toEqual(comparable(before));
  if (taken > 0)
    expect(
      counts.filter((count) => count.startsWith("sluice_processor_dropped_items")).map((count) => Number(count.split(" ").at(-1))),
      told,
    ).toEqual(taken > left ? [taken - left] : []);
  // What stays keeps its unknown fields, and nobody else's come.
  const rest = new Map<string, number>();
  for (const one of strange) rest.set(one, (rest.get(one) ?? 0) + 1);
  for (const one of strangeAfter) rest.set(one, (rest.get(one) ?? 0) - 1);
  expect(
    [...rest.values()].every((count) => count >= 0),
    told,
  ).toBe(true);
  if (after !== undefined && JSON.stringify(comparable(after)) === whole) expect(strangeAfter, told).toEqual(strange);
}

describe.each(["traces", "metrics", "logs"] as const)("filter, %s", (signal) => {
  it.each(RULES[signal].map((rule) => [rule[0], rule] as const))("%s", async (_, rule) => {
    for (let seed = 1; seed <= runsHere(12); seed++) await check(signal, [rule], seed);
  });

  it("two conditions of different levels, in either order", async () => {
    const rules = RULES[signal];
    for (let seed = 1; seed <= runsHere(60); seed++) {
      const [first, second] = [rules[seed % rules.length], rules[(seed * 7 + 3) % rules.length]];
      if (first !== undefined && second !== undefined) await check(signal, [first, second], seed);
    }
  });
});
