/** Steps below the items, steps that write above them, and which steps may share a walk with which. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import * as contexts from "../../src/ottl/contexts/contexts.ts";
import type { Context } from "../../src/ottl/contract.ts";
import type { Value } from "../../src/ottl/value.ts";
import { type Level, planRuns, type Step } from "../../src/pipeline/step.ts";
import { testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { children, type Editable, normal, operandIn, type Part, part, runSteps, stepIn, visit } from "../ottl/contexts/scene.ts";

const ORDERS = ["ascending", "descending", "interleaved"] as const;
type Case = readonly [
  name: string,
  signal: "traces" | "metrics" | "logs",
  root: string,
  context: Context,
  target: (at: Record<string, Editable>) => Editable | undefined,
];

const CASES: readonly Case[] = [
  ["spans", "traces", "resource", contexts.SPAN_CONTEXT, (at) => at["resource"]],
  ["spans", "traces", "scope", contexts.SPAN_CONTEXT, (at) => at["scope"]],
  ["span events", "traces", "span", contexts.SPAN_EVENT_CONTEXT, (at) => at["item"]],
  ["span events", "traces", "resource", contexts.SPAN_EVENT_CONTEXT, (at) => at["resource"]],
  ["log records", "logs", "scope", contexts.LOG_CONTEXT, (at) => at["scope"]],
  ["data points", "metrics", "metric", contexts.DATA_POINT_CONTEXT, (at) => at["item"]],
  ["data points", "metrics", "resource", contexts.DATA_POINT_CONTEXT, (at) => at["resource"]],
  ["exemplars", "metrics", "datapoint", contexts.EXEMPLAR_CONTEXT, (at) => at["point"]],
];

function attributesIn(message: Editable, key: string): Editable[] {
  message[key] = Array.isArray(message[key]) ? message[key] : [];
  return message[key] as Editable[]; // made a list above; the judge's KeyValues
}

function plain(level: Level, parts: Partial<Step> = {}): Step {
  return { component: "test", level, reads: [level], writes: [level], drops: false, dropReason: "test", run: () => true, ...parts };
}

describe("steps that write above their items", () => {
  it.each(CASES)("count %s of %s in their %s, and each sees what the one before it left", (_, signal, root, context, target) => {
    const list = root === "metric" ? "metadata" : "attributes";
    const path: readonly Part[] = [[list, "n"]];
    for (const order of ORDERS) {
      const { bytes } = payload(signal, { items: 30, resources: 3, seed: 3, order, unknown: order === "interleaved" });
      const engine = testEngine(16 << 20);
      const counter = operandIn(engine, context, root, path);
      const step = stepIn(context, [counter], (subject) => {
        const now: Value = counter.get(subject);
        counter.set?.(subject, typeof now === "bigint" ? now + 1n : 1n);
      });
      const seen = operandIn(engine, context, context.name, [[context.name === "exemplar" ? "filtered_attributes" : "attributes", "seen"]]);
      const copy = stepIn(context, [counter, seen], (subject) => seen.set?.(subject, counter.get(subject)));
      const out = runSteps(engine, signal, bytes, [step, copy]);
      const wanted: Editable = structuredClone<Editable>(judge(signal).toObject(bytes));
      visit(signal, wanted, context.level, (at) => {
        const all = attributesIn(target(at) ?? {}, list);
        const found = all.find(({ key }) => key === "n");
        if (found === undefined) all.push({ key: "n", value: { intValue: "1" } });
        else found["value"] = { intValue: String(Number(part(found, "value")["intValue"]) + 1) };
      });
      visit(signal, wanted, context.level, (at) => {
        const [own, name] =
          context.level === "exemplar"
            ? [at.inner, "filteredAttributes"]
            : [context.level === "event" ? at.inner : context.level === "point" ? at.point : at.item, "attributes"];
        const found = attributesIn(target(at) ?? {}, list).find(({ key }) => key === "n");
        attributesIn(own, name).push({ key: "seen", value: structuredClone(found?.["value"]) });
      });
      expect(normal(judge(signal).toObject(out.bytes)), order).toEqual(normal(wanted));
      expect(engine.pool.blocks).toBe(0);
    }
  });
});

describe("steps on span events and exemplars", () => {
  it.each(ORDERS)("drop some, see their places, and count no items; fields %s", (order) => {
    const { bytes, items } = payload("traces", { items: 30, resources: 2, seed: 4, order, unknown: order === "interleaved" });
    const engine = testEngine(16 << 20);
    const index = operandIn(engine, contexts.SPAN_EVENT_CONTEXT, "spanevent", ["event_index"]);
    const mark = operandIn(engine, contexts.SPAN_EVENT_CONTEXT, "spanevent", [["attributes", "place"]]);
    const drop = stepIn(contexts.SPAN_EVENT_CONTEXT, [index], (subject) => index.get(subject) === 0n, { drops: true });
    const write = stepIn(contexts.SPAN_EVENT_CONTEXT, [index, mark], (subject) => mark.set?.(subject, index.get(subject)));
    const out = runSteps(engine, "traces", bytes, [write, drop]);
    const wanted: Editable = structuredClone<Editable>(judge("traces").toObject(bytes));
    visit("traces", wanted, "item", ({ item }) => {
      const first = children(item, "events").slice(0, 1);
      if (first.length > 0) item["events"] = first;
    });
    visit("traces", wanted, "event", ({ inner }) => attributesIn(inner, "attributes").push({ key: "place", value: { intValue: "0" } }));
    expect(normal(judge("traces").toObject(out.bytes))).toEqual(normal(wanted));
    expect(out.items).toBe(items);
    expect(out.counters.total("sluice_processor_dropped_items", {})).toBe(0);
  });
});

describe("planRuns", () => {
  const rows = (...steps: Step[]): number[] => planRuns(steps).map((row) => row.length);

  it("fuses a step with those that stand above it or beside it", () => {
    expect(rows(plain("resource"), plain("item"), plain("item"), plain("event"), plain("event"))).toEqual([5]);
    expect(rows(plain("item"), plain("point"), plain("exemplar"))).toEqual([3]);
  });

  it("ends a run after a step that writes above its items, or replaces them", () => {
    expect(rows(plain("event", { writes: ["item"] }), plain("event"))).toEqual([1, 1]);
    expect(rows(plain("item", { replaces: true }), plain("item"))).toEqual([1, 1]);
    expect(rows(plain("item"), plain("item", { replaces: true }))).toEqual([2]);
    expect(rows(plain("point"), plain("item", { replaces: true, reads: [], writes: [] }))).toEqual([1, 1]);
  });

  it("does not let a step look below its items past steps that change what is there", () => {
    const counting = plain("item", { reads: ["item", "event"], writes: ["item"] });
    expect(rows(plain("event"), counting)).toEqual([1, 1]);
    expect(rows(plain("event", { writes: [], drops: true }), counting)).toEqual([1, 1]);
    expect(rows(counting, plain("event"))).toEqual([2]);
    expect(rows(plain("event"), plain("item"))).toEqual([2]);
  });

  it("does not let a deeper step run where a step set what it would walk", () => {
    expect(rows(plain("item", { writes: ["item", "event"] }), plain("event"))).toEqual([1, 1]);
    expect(rows(plain("item", { writes: ["item", "event"] }), plain("item"))).toEqual([2]);
  });

  it("keeps a step that looks at its own peers apart from one that changes them", () => {
    const peers = plain("point", { reads: ["point", "exemplar"], writes: [] });
    expect(rows(plain("point", { drops: true, writes: [] }), peers)).toEqual([1, 1]);
    expect(rows(plain("point", { writes: [] }), peers)).toEqual([2]);
  });
});
