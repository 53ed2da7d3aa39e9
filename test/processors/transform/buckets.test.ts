/** merge_histogram_buckets, on the points of a walk. */
import { describe, expect, it } from "vitest";
import type { Cursor } from "../../../src/otlp/cursor.ts";
import { BuildError } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import { StatementError } from "../../../src/ottl/value.ts";
import { Counters } from "../../../src/pipeline/counters.ts";
import { Run } from "../../../src/pipeline/run.ts";
import type { Level } from "../../../src/pipeline/step.ts";
import { DATA_POINT_FUNCTIONS } from "../../../src/processors/transform/metric-functions/functions.ts";
import { admitted, batchBytes, batchOf } from "../../harness/engine.ts";
import { judge, type Plain } from "../../harness/judge.ts";
import { built, engine, named } from "../../ottl/functions/harness.ts";

const POINT: Readonly<Record<"level", Level>> = { level: "point" };

function merged(metric: Plain, args: Readonly<Record<string, unknown>>): { readonly bytes: Uint8Array; readonly metric: Plain } {
  const run = built(named(DATA_POINT_FUNCTIONS, "merge_histogram_buckets"), args);
  const bytes = judge("metrics").encode({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
  const step = {
    component: "test",
    ...POINT,
    reads: [POINT.level],
    writes: [POINT.level],
    drops: false,
    dropReason: "",
    run: (cursor: Cursor) => {
      run(new Subject(cursor));
      return true;
    },
  };
  const batch = batchOf("metrics", admitted(engine, "metrics", bytes));
  let out: Uint8Array;
  try {
    const after = new Run(engine, "metrics", [step], new Counters()).run(batch);
    out = batchBytes(after);
    after.release();
  } finally {
    batch.release();
  }
  expect(engine.pool.blocks).toBe(0);
  const request = judge("metrics").toObject(out) as { resourceMetrics: { scopeMetrics: { metrics: Plain[] }[] }[] };
  return { bytes: out, metric: request.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0] ?? {} };
}

const bounds = [1, 2, 5, 10];
const counts = ["1", "2", "3", "4", "18446744073709551611"];
const histogram = (more: Plain = {}): Plain => ({
  name: "h",
  histogram: { dataPoints: [{ count: "10", sum: 3, explicitBounds: bounds, bucketCounts: counts, ...more }] },
});
const point = (metric: Plain): Plain => ((metric["histogram"] as Plain)["dataPoints"] as Plain[])[0] ?? {};
const after = (args: Readonly<Record<string, unknown>>, more: Plain = {}) => {
  const { explicitBounds, bucketCounts } = point(merged(histogram(more), args).metric);
  return [explicitBounds ?? [], bucketCounts ?? []];
};

describe("remove_explicit_bound", () => {
  it.each([
    [1, [2, 5, 10], ["3", "3", "4", counts[4]]],
    [5, [1, 2, 10], ["1", "2", "7", counts[4]]],
    [10, [1, 2, 5], ["1", "2", "3", "18446744073709551615"]],
    [2.0000000000000004, [1, 5, 10], ["1", "5", "4", counts[4]]],
  ])("%s", (target, wantedBounds, wantedCounts) => {
    expect(after({ target_value: target })).toEqual([wantedBounds, wantedCounts]);
    expect(after({ target_value: () => target, method: "remove_explicit_bound" })).toEqual([wantedBounds, wantedCounts]);
  });

  it("may take the last bound", () => {
    expect(after({ target_value: 1 }, { explicitBounds: [1], bucketCounts: ["1", "2"] })).toEqual([[], ["3"]]);
  });

  it("keeps everything else", () => {
    expect(point(merged(histogram(), { target_value: 5 }).metric)).toMatchObject({ count: "10", sum: 3 });
  });
});

describe("limit_buckets", () => {
  it.each([
    [5, bounds, counts],
    [4, [2, 10], ["3", "7", counts[4]]],
    [3, [2, 10], ["3", "7", counts[4]]],
    [2, [5], ["6", "18446744073709551615"]],
    [1, [], ["5"]],
  ])("%s", (target, wantedBounds, wantedCounts) => {
    expect(after({ target_value: target, method: "limit_buckets" })).toEqual([wantedBounds, wantedCounts]);
  });

  it("leaves bounds that do not ascend alone", () => {
    const more = { explicitBounds: [1, 1, 2, 3] };
    expect(after({ target_value: 2, method: "limit_buckets" }, more)).toEqual([more.explicitBounds, counts]);
  });
});

describe("what it does not touch", () => {
  it.each<[string, Plain]>([
    ["a bound that is not there", histogram()],
    ["lists that do not fit one another", histogram({ bucketCounts: ["1"] })],
    ["a histogram without bounds", histogram({ explicitBounds: [], bucketCounts: ["1"] })],
    ["a gauge", { name: "g", gauge: { dataPoints: [{ asDouble: 1 }] } }],
  ])("%s leaves in its bytes", (_, metric) => {
    const bytes = judge("metrics").encode({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
    expect(merged(metric, { target_value: 7 }).bytes).toEqual(bytes);
  });

  it("refuses other methods and counts that are none: literals when configured", () => {
    expect(() => merged(histogram(), { target_value: 1, method: "halve" })).toThrow(BuildError);
    for (const wrong of [0, 1.5, null, NaN]) {
      expect(() => merged(histogram(), { target_value: wrong, method: "limit_buckets" })).toThrow(BuildError);
      expect(() => merged(histogram(), { target_value: () => wrong, method: "limit_buckets" })).toThrow(StatementError);
    }
    expect(engine.pool.blocks).toBe(0);
  });
});
