/** Steps that put another metric in a metric's place, or add some: by the cursor's editor. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import * as contexts from "../../src/ottl/contexts/contexts.ts";
import type { Subject } from "../../src/ottl/subject.ts";
import { CREATED_MAX } from "../../src/pipeline/rewrite.ts";
import { testEngine } from "../harness/engine.ts";
import { judge, judgeOf } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { children, type Editable, normal, operandIn, part, runSteps, SHAPES, stepIn, textOf, visit } from "../ottl/contexts/scene.ts";

const ORDERS = ["ascending", "descending", "interleaved"] as const;
const { METRIC_CONTEXT, DATA_POINT_CONTEXT } = contexts;
const metric = judgeOf("opentelemetry.proto.metrics.v1.Metric");

function editorOf({ metric: editor }: Subject) {
  if (editor === undefined) throw new Error("The run gives no editor");
  return editor;
}

/** Puts what `edit` makes of the metric in its place, unknown fields lost. */
function replaceBy(subject: Subject, edit: (message: Editable) => void): void {
  const editor = editorOf(subject);
  const message: Editable = { ...metric.toObject(editor.read()) };
  edit(message);
  editor.replace(metric.encode(message));
}

function upper(message: Editable): void {
  message["name"] = String(message["name"]).toUpperCase();
}

describe("steps that replace metrics", () => {
  it.each(ORDERS)("see what was set before, and what follows sees what they put; fields %s", (order) => {
    const { bytes, items } = payload("metrics", { items: 40, resources: 3, seed: 8, order, unknown: order === "interleaved" });
    const engine = testEngine(16 << 20);
    const name = operandIn(engine, METRIC_CONTEXT, "metric", ["name"]);
    const temporality = operandIn(engine, METRIC_CONTEXT, "metric", ["aggregation_temporality"]);
    const label = operandIn(engine, METRIC_CONTEXT, "metric", [["metadata", "was"]]);
    const before = stepIn(METRIC_CONTEXT, [name, temporality], (subject) => {
      name.set?.(subject, `a.${textOf(name.get(subject))}`);
      temporality.set?.(subject, 1n);
    });
    const replacing = stepIn(
      METRIC_CONTEXT,
      [name, label],
      (subject) => {
        const was = name.get(subject);
        replaceBy(subject, upper);
        label.set?.(subject, was);
        name.set?.(subject, `${textOf(name.get(subject))}.b`);
      },
      { replaces: true },
    );
    const out = runSteps(engine, "metrics", bytes, [before, replacing]);
    const wanted: Editable = structuredClone<Editable>(judge("metrics").toObject(bytes));
    visit("metrics", wanted, "item", ({ item, data }) => {
      const was = `a.${String(item["name"])}`;
      item["name"] = `${was.toUpperCase()}.b`;
      if (item["gauge"] === undefined && item["summary"] === undefined) data["aggregationTemporality"] = 1;
      item["metadata"] = [...list(item, "metadata"), { key: "was", value: { stringValue: was } }];
    });
    expect(normal(judge("metrics").toObject(out.bytes))).toEqual(normal(wanted));
    expect(out.items).toBe(items);
    expect(engine.pool.blocks).toBe(0);
  });

  it("keep unknown fields of what is edited beside them", () => {
    const { bytes } = payload("metrics", { items: 20, resources: 2, order: "interleaved", unknown: true });
    const engine = testEngine(16 << 20);
    const replacing = stepIn(METRIC_CONTEXT, [], (subject) => editorOf(subject).replace(editorOf(subject).read()), { replaces: true });
    const out = runSteps(engine, "metrics", bytes, [replacing]);
    expect(out.bytes.toSorted()).toEqual(new Uint8Array(bytes).toSorted());
  });

  it("change shapes, and the number of points, and it is counted", () => {
    const { bytes, items } = payload("metrics", { items: 60, resources: 2, seed: 2 });
    const engine = testEngine(16 << 20);
    const type = operandIn(engine, METRIC_CONTEXT, "metric", ["type"]);
    const replacing = stepIn(
      METRIC_CONTEXT,
      [type],
      (subject) => {
        if (type.get(subject) !== 2n) return;
        replaceBy(subject, (message) => {
          message["gauge"] = { dataPoints: children(part(message, "sum"), "dataPoints").slice(0, 1) };
          delete message["sum"];
        });
        expect(type.get(subject)).toBe(1n);
      },
      { replaces: true },
    );
    const out = runSteps(engine, "metrics", bytes, [replacing]);
    const wanted: Editable = structuredClone<Editable>(judge("metrics").toObject(bytes));
    let folded = 0;
    visit("metrics", wanted, "item", ({ item }) => {
      if (item["sum"] === undefined) return;
      const points = children(part(item, "sum"), "dataPoints");
      folded += points.length - 1;
      item["gauge"] = { dataPoints: points.slice(0, 1) };
      delete item["sum"];
    });
    expect(folded).toBeGreaterThan(0);
    expect(normal(judge("metrics").toObject(out.bytes))).toEqual(normal(wanted));
    expect(out.items).toBe(items - folded);
    expect(out.counters.total("sluice_processor_folded_items", {})).toBe(folded);
  });

  it.each(ORDERS)("read the points as they are so far, from within the points; fields %s", (order) => {
    const { bytes } = payload("metrics", { items: 30, resources: 2, seed: 9, order, unknown: order === "interleaved" });
    const engine = testEngine(16 << 20);
    const flags = operandIn(engine, DATA_POINT_CONTEXT, "datapoint", ["flags"]);
    const description = operandIn(engine, DATA_POINT_CONTEXT, "metric", ["description"]);
    const seen: string[] = [];
    const reading = stepIn(
      DATA_POINT_CONTEXT,
      [flags, description],
      (subject) => {
        flags.set?.(subject, 7n);
        description.set?.(subject, "changed");
        const message: Editable = { ...metric.toObject(editorOf(subject).read()) };
        expect(message["description"]).toBe("changed");
        const shape = SHAPES.find((one) => message[one] !== undefined) ?? "";
        seen.push(
          children(part(message, shape), "dataPoints")
            .map((point) => (point["flags"] === 7 ? "7" : "-"))
            .join(""),
        );
      },
      { replaces: true },
    );
    const out = runSteps(engine, "metrics", bytes, [reading]);
    const wanted: Editable = structuredClone<Editable>(judge("metrics").toObject(bytes));
    const expected: string[] = [];
    visit("metrics", wanted, "item", ({ item, data }) => {
      const points = children(data, "dataPoints");
      if (points.length > 0) item["description"] = "changed";
      points.forEach((point, index) => {
        point["flags"] = 7;
        expected.push("7".repeat(index + 1) + "-".repeat(points.length - index - 1));
      });
    });
    expect(seen).toEqual(expected);
    expect(normal(judge("metrics").toObject(out.bytes))).toEqual(normal(wanted));
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("steps that add metrics", () => {
  it.each(ORDERS)("find them behind those of their scope, run on them, and come to an end; fields %s", (order) => {
    const { bytes, items } = payload("metrics", { items: 40, resources: 3, seed: 8, order, unknown: order === "interleaved" });
    const engine = testEngine(16 << 20);
    const name = operandIn(engine, METRIC_CONTEXT, "metric", ["name"]);
    const makers = [{}, {}];
    const copying = stepIn(
      METRIC_CONTEXT,
      [name],
      (subject) => {
        const editor = editorOf(subject);
        makers.forEach((maker, index) => {
          if (!editor.madeBy(maker)) editor.create(metric.encode({ ...metric.toObject(editor.read()), name: `${textOf(name.get(subject))}/${index}` }), maker);
        });
        name.set?.(subject, `${textOf(name.get(subject))}!`);
      },
      { replaces: true },
    );
    const out = runSteps(engine, "metrics", bytes, [copying]);
    const wanted: Editable = structuredClone<Editable>(judge("metrics").toObject(bytes));
    for (const group of children(wanted, "resourceMetrics")) {
      for (const scope of children(group, "scopeMetrics")) {
        const all = children(scope, "metrics");
        const copies = (of: readonly Editable[], index: number): Editable[] =>
          of.map((one) => ({ ...structuredClone(one), name: `${String(one["name"])}/${index}` }));
        const first = all.flatMap((one) => [...copies([one], 0), ...copies([one], 1)]);
        const second = first.map((one, index) => copies([one], index % 2 === 0 ? 1 : 0)[0] ?? {});
        scope["metrics"] = [...all, ...first, ...second].map((one) => ({ ...one, name: `${String(one["name"])}!` }));
      }
    }
    expect(normal(judge("metrics").toObject(out.bytes))).toEqual(normal(wanted));
    expect(out.items).toBe(items * 5);
    expect(out.counters.total("sluice_processor_created_items", {})).toBe(items * 4);
    expect(engine.pool.blocks).toBe(0);
  });

  it("refuse a batch to which more are added than there may be", () => {
    const engine = testEngine(16 << 20);
    const { bytes } = payload("metrics", { items: 3, resources: 1 });
    const maker = {};
    const adding = (times: number) => {
      let left = times;
      const each = (subject: Subject) => {
        for (; left > 0; left--) editorOf(subject).create(new Uint8Array(0), maker);
      };
      return stepIn(METRIC_CONTEXT, [], each, { replaces: true });
    };
    expect(() => runSteps(engine, "metrics", bytes, [adding(CREATED_MAX)])).not.toThrow();
    expect(() => runSteps(engine, "metrics", bytes, [adding(CREATED_MAX + 1)])).toThrow(/more than/);
  });
});
