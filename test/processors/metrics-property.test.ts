/** Processors of metrics on generated payloads: the same answer for fields in any order, unknown ones between them, and the books agree. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { cumulativeToDelta } from "../../src/processors/cumulative-to-delta.ts";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import { interval } from "../../src/processors/interval.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import { field, join } from "../harness/bytes.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list, text } from "../harness/multiset.ts";
import { metricsIn, rigOf } from "./stage-rig.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const OPERATIONS = [
  { action: "experimental_scale_value", experimental_scale: 2 },
  { action: "add_label", new_label: "l", new_value: "v" },
];

type Case = readonly [name: string, definition: ProcessorDefinition<never>, settings: object];
const of = <Config>(name: string, definition: ProcessorDefinition<Config>, settings: object): Case => [
  name,
  definition as unknown as ProcessorDefinition<never>,
  settings,
]; // rigOf parses the settings by the definition's own schema
const CASES: readonly Case[] = [
  of("cumulative_to_delta", cumulativeToDelta, { initial_value: "keep" }),
  of("delta_to_rate", deltaToRate, { metrics: ["http.server.active_requests"] }),
  of("interval", interval, {}),
  of("metrics_transform", metricsTransform, { transforms: [{ include: ".*", match_type: "regexp", action: "update", operations: OPERATIONS }] }),
  of("metrics_transform that aggregates", metricsTransform, {
    transforms: [
      {
        include: "^[^j]",
        match_type: "regexp",
        action: "update",
        operations: [{ action: "aggregate_labels", label_set: ["http.request.method"], aggregation_type: "sum" }],
      },
    ],
  }),
];

describe.each(CASES)("%s", (_, definition, settings) => {
  it.each(SEEDS)("gives the same for fields in any order, seed %i", async (seed) => {
    const results: string[] = [];
    for (const options of [{}, { order: "descending" }, { order: "descending", unknown: true }, { unknown: true }] as const) {
      const rig = rigOf(definition, "metrics", settings);
      await rig.send(payload("metrics", { items: 60, seed, ...options }).bytes);
      await rig.send(payload("metrics", { items: 60, seed, ...options }).bytes);
      await rig.stage.drain(rig.next, 0);
      results.push(rig.out().map(sortedText).join("\n"));
      expect(rig.books()).toMatchObject({ held: 0 });
      expect(rig.engine.pool.blocks).toBe(0);
    }
    expect(new Set(results).size).toBe(1);
  });
});

/** Keys sorted, so that two orders of fields make one text; an empty list of attributes is none. */
function sortedText(value: unknown): string {
  return text(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

describe("metrics_transform equals decode, edit, encode", () => {
  it.each(SEEDS)("seed %i", async (seed) => {
    const { object, bytes } = payload("metrics", { items: 80, seed, order: "descending", unknown: true });
    const operations = [{ action: "update_label", label: "http.route", new_label: "route" }, ...OPERATIONS.slice(1)];
    const rig = rigOf(metricsTransform, "metrics", {
      transforms: [{ include: "^(http.*)$", match_type: "regexp", action: "update", new_name: "x.$1", operations }],
    });
    await rig.send(bytes);
    const wanted = metricsIn([judge("metrics").toObject(judge("metrics").encode(object))]).map(edited);
    expect(metricsIn(rig.out()).map(sortedText)).toEqual(wanted.map(sortedText));
  });

  function edited(metric: Plain): Plain {
    const name = String(metric["name"]);
    if (!name.startsWith("http")) return metric;
    const shapes = Object.entries(metric).map(([key, value]) => {
      const points = list(value, "dataPoints");
      return [key, points.length === 0 ? value : { ...(value as Plain), dataPoints: points.map(relabelled) }];
    });
    return { ...(Object.fromEntries(shapes) as Plain), name: `x.${name}` };
  }

  function relabelled(point: Plain): Plain {
    const attributes = list(point, "attributes");
    const route = attributes.find(({ key }) => key === "http.route");
    const others = attributes.filter((one) => one !== route);
    const renamed = route === undefined ? [] : [{ ...route, key: "route" }];
    return { ...point, attributes: [...others, ...renamed, { key: "l", value: { stringValue: "v" } }] };
  }
});

describe("unknown fields", () => {
  it.each([
    ["cumulative_to_delta", cumulativeToDelta, { initial_value: "keep" }],
    ["delta_to_rate", deltaToRate, { metrics: ["m"] }],
    ["interval", interval, {}],
    ["metrics_transform", metricsTransform, { transforms: [{ include: "m", action: "update", operations: [{ action: "toggle_scalar_data_type" }] }] }],
  ] as const)("stay, at every level: %s", async (name, definition, settings) => {
    const marks = ["mark-point", "mark-data", "mark-metric", "mark-scope", "mark-group"];
    const mark = (index: number) => field(100, marks[index] ?? "");
    const one = field(1, Uint8Array.of(0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0x31, 7, 0, 0, 0, 0, 0, 0, 0), mark(0));
    const temporality = Uint8Array.of(0x10, name === "delta_to_rate" ? 1 : 2, 0x18, 1);
    const data = field(7, mark(1), one, temporality);
    const bytes = field(1, mark(4), field(2, mark(3), field(2, mark(2), field(1, "m"), data)));
    const rig = rigOf(definition as unknown as ProcessorDefinition<never>, "metrics", settings); // as above
    await rig.send(join(bytes));
    await rig.stage.drain(rig.next, 0);
    const found = new TextDecoder().decode(rig.passed[0]?.requests[0]);
    expect(marks.filter((marked) => found.includes(marked))).toEqual(marks);
    expect(rig.passed[0]?.checked).toBeUndefined();
  });
});
