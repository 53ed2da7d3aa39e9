/** cumulative_to_delta: differences, first points, resets, late points, expiry, bounds, and what is taken back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cumulativeToDelta } from "../../src/processors/cumulative-to-delta.ts";
import type { Plain } from "../harness/judge.ts";
import { atMs, label, LATER, metricsIn, metricsOf, pointsIn, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";
import { runsHere } from "../harness/runs.ts";

const START = atMs(0);
const HOUR_MS = 3_600_000;

const sum = (points: readonly Plain[], more: Plain = {}): Plain => ({
  name: "requests",
  unit: "1",
  sum: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true, ...more },
});
const point = (ms: number, value: Plain, more: Plain = {}): Plain => ({ startTimeUnixNano: START, timeUnixNano: atMs(ms), ...value, ...more });
const int = (value: number | string): Plain => ({ asInt: String(value) });
const rig = (settings: object = {}) => rigOf(cumulativeToDelta, "metrics", settings);

/** [start, value] of each point that was passed on. */
const said = (requests: readonly Plain[]) => pointsIn(requests).map((one) => [one["startTimeUnixNano"], one["asInt"] ?? one["asDouble"]]);

describe("sums", () => {
  it("counts from the point before, and from its own start at first", async () => {
    const one = rig();
    for (const [ms, value] of [
      [10, 5],
      [20, 12],
      [30, 12],
    ] as const)
      await one.send(metricsOf(sum([point(ms, int(value))])));
    const out = one.out();
    expect(said(out)).toEqual([
      [START, "5"],
      [atMs(10), "7"],
      [atMs(20), "0"],
    ]);
    expect(metricsIn(out).map((metric) => (metric["sum"] as Plain)["aggregationTemporality"])).toEqual([1, 1, 1]);
    expect(one.books()).toMatchObject({ taken: 3, out: 3 });
  });

  it("is exact to the last of 64 bits", async () => {
    const one = rig();
    await one.send(metricsOf(sum([point(10, int("9223372036854775000"))])));
    await one.send(metricsOf(sum([point(20, int("9223372036854775807"))])));
    expect(said(one.out()).at(-1)).toEqual([atMs(10), "807"]);
  });

  it("knows a stream by its attributes in any order, and tells them apart by value, type and start", async () => {
    const one = rig({ initial_value: "drop" });
    const [a, b] = [label("a", "1"), label("b", "2")];
    await one.send(metricsOf(sum([point(10, int(1), { attributes: [a, b] })])));
    await one.send(metricsOf(sum([point(20, int(4), { attributes: [b, a] })])));
    expect(said(one.out())).toEqual([[atMs(10), "3"]]);
    await one.send(metricsOf(sum([point(30, int(9), { attributes: [a, label("b", "3")] })])));
    await one.send(metricsOf(sum([point(30, { asDouble: 9 }, { attributes: [a, b] })])));
    await one.send(metricsOf(sum([point(30, int(9), { attributes: [a, b], startTimeUnixNano: atMs(5) })])));
    expect(one.out()).toEqual([]);
    expect(one.dropped("initial")).toBe(4);
  });

  it("drops a sum that fell, and counts from there", async () => {
    const one = rig();
    for (const [ms, value] of [
      [10, 5],
      [20, 3],
      [30, 4],
    ] as const)
      await one.send(metricsOf(sum([point(ms, int(value))])));
    expect(said(one.out())).toEqual([
      [START, "5"],
      [atMs(20), "1"],
    ]);
    expect(one.dropped("reset")).toBe(1);
    expect(one.counters.total("otelcol_cumulativetodelta_datapoints_dropped", { reason: "reset", metric_type: "sum" })).toBe(1);
  });

  it("drops a late point, and what has no value; not a number stays", async () => {
    const one = rig();
    await one.send(metricsOf(sum([point(20, int(5))])));
    await one.send(metricsOf(sum([point(10, int(3)), point(30, int(9), { flags: 1 }), point(30, { asDouble: NaN })])));
    expect(said(one.out())).toEqual([
      [START, "5"],
      [START, NaN],
    ]);
    expect([one.dropped("late"), one.dropped("no_recorded_value")]).toEqual([1, 1]);
    one.books();
  });

  it.each<[string, Plain]>([
    ["a sum that is no total", sum([point(10, int(5))], { isMonotonic: false })],
    ["differences", sum([point(10, int(5))], { aggregationTemporality: 1 })],
    ["a gauge", { name: "g", gauge: { dataPoints: [point(10, int(5))] } }],
    ["a histogram without points", { name: "h", histogram: { aggregationTemporality: 2 } }],
  ])("leaves %s alone, byte for byte", async (_, metric) => {
    const one = rig();
    const other = { name: "g2", gauge: { dataPoints: [point(10, int(5))] } };
    await one.send(metricsOf(metric, other));
    expect(one.passed[0]?.checked).toBe(true);
    expect(metricsIn(one.out())[0]?.["name"]).toBe(metric["name"]);
  });
});

describe("the first point", () => {
  it.each<[string, string, unknown[]]>([
    ["auto", START, [[START, "5"]]],
    ["auto", atMs(-1), []],
    ["auto", atMs(10), []],
    ["keep", atMs(-1), [[undefined, "5"]]],
    ["drop", START, []],
  ])("%s, started at %s", async (mode, start, expected) => {
    const one = rig({ initial_value: mode });
    await one.send(metricsOf(sum([point(10, int(5), { startTimeUnixNano: start })])));
    expect(said(one.out())).toEqual(expected);
    // Nothing at all is sent when nothing is left.
    expect(one.passed.length).toBe(expected.length);
  });
});

describe("histograms", () => {
  const histogram = (ms: number, counts: readonly number[], more: Plain = {}): Plain => ({
    name: "h",
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        point(ms, {
          count: String(counts.reduce((a, b) => a + b, 0)),
          sum: counts.length * ms,
          min: 1,
          max: 9,
          bucketCounts: counts.map(String),
          explicitBounds: [1, 2],
          ...more,
        }),
      ],
    },
  });

  it("subtracts counts and sum, and takes least and greatest out", async () => {
    const one = rig();
    await one.send(metricsOf(histogram(10, [1, 2, 3])));
    await one.send(metricsOf(histogram(20, [1, 5, 4])));
    const [, second] = pointsIn(one.out());
    expect(second).toMatchObject({ startTimeUnixNano: atMs(10), count: "4", sum: 30, bucketCounts: ["0", "3", "1"], explicitBounds: [1, 2] });
    expect(second).not.toHaveProperty("min");
    expect(second).not.toHaveProperty("max");
  });

  it("drops one with other buckets and goes on from it, and one that fell without going on from it", async () => {
    const one = rig();
    await one.send(metricsOf(histogram(10, [5, 5, 5])));
    await one.send(metricsOf(histogram(20, [1, 1, 1])));
    await one.send(metricsOf(histogram(30, [5, 6, 5])));
    await one.send(metricsOf(histogram(40, [5, 6, 5], { explicitBounds: [1, 3] })));
    await one.send(metricsOf(histogram(50, [5, 6, 6], { explicitBounds: [1, 3] })));
    expect(pointsIn(one.out()).map(({ count }) => count)).toEqual(["15", "1", "1"]);
    expect([one.dropped("reset"), one.dropped("bucket_mismatch")]).toEqual([1, 1]);
  });

  const exponential = (ms: number, value: Plain): Plain => ({ name: "e", exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point(ms, value)] } });

  it("subtracts exponential ones, of a coarser scale and a wider zero too", async () => {
    const one = rig();
    await one.send(metricsOf(exponential(10, { count: "7", sum: 10, scale: 1, zeroCount: "1", positive: { offset: -2, bucketCounts: ["1", "2", "3"] } })));
    await one.send(metricsOf(exponential(20, { count: "9", sum: 15, scale: 1, zeroCount: "1", positive: { offset: -2, bucketCounts: ["1", "2", "4", "1"] } })));
    await one.send(metricsOf(exponential(30, { count: "12", sum: 19, scale: 0, zeroCount: "1", positive: { offset: -1, bucketCounts: ["3", "8"] } })));
    await one.send(
      metricsOf(exponential(40, { count: "13", sum: 20, scale: 0, zeroCount: "5", zeroThreshold: 1, positive: { offset: 0, bucketCounts: ["8"] } })),
    );
    const points = pointsIn(one.out());
    expect(points.map(({ count, sum: total }) => [count, total])).toEqual([
      ["7", 10],
      ["2", 5],
      ["3", 4],
      ["1", 1],
    ]);
    expect(points[1]?.["positive"]).toEqual({ bucketCounts: ["1", "1"] });
    expect(points[2]?.["positive"]).toEqual({ bucketCounts: ["3"] });
    expect(points[3]?.["zeroCount"]).toBe("1");
  });

  it("drops exponential ones that fell", async () => {
    const one = rig();
    await one.send(metricsOf(exponential(10, { count: "7", scale: 1, positive: { bucketCounts: ["7"] } })));
    await one.send(metricsOf(exponential(20, { count: "8", scale: 2, positive: { bucketCounts: ["8"] } })));
    await one.send(metricsOf(exponential(30, { count: "8", scale: 1, positive: { bucketCounts: ["6", "2"] } })));
    expect(one.dropped("reset")).toBe(2);
  });
});

describe("which metrics", () => {
  it.each<[object, readonly string[]]>([
    [{ include: { metrics: ["a"], match_type: "strict" } }, ["a"]],
    [{ include: { metrics: ["^[ab]$"], match_type: "regexp" } }, ["a", "b"]],
    [{ exclude: { metrics: ["a"], match_type: "strict" } }, ["b", "ab"]],
    [{ include: { metrics: ["b"], match_type: "regexp" }, exclude: { metrics: ["ab"], match_type: "strict" } }, ["b"]],
    [{ include: { metric_types: ["Histogram"] } }, []],
    [{ include: { metric_types: ["SUM"] } }, ["a", "b", "ab"]],
    [{ exclude: { metric_types: ["sum"] } }, []],
  ])("%j", async (settings, converted) => {
    const one = rig(settings);
    await one.send(metricsOf(...["a", "b", "ab"].map((name) => ({ ...sum([point(10, int(1))]), name }))));
    const deltas = metricsIn(one.out()).filter((metric) => (metric["sum"] as Plain)["aggregationTemporality"] === 1);
    expect(deltas.map(({ name }) => name)).toEqual(converted);
  });

  it("names what is wrong with the settings", () => {
    expect(faultsOf(cumulativeToDelta, { include: { metrics: ["a"] } })).toEqual(["include.match_type: metrics need a match_type: strict or regexp"]);
    expect(faultsOf(cumulativeToDelta, { exclude: { match_type: "strict" } })).toEqual(["exclude.metrics: match_type needs metrics to match"]);
    expect(faultsOf(cumulativeToDelta, { include: { metric_types: ["gauge"] } })[0]).toMatch(/^include\.metric_types\.0: "gauge" is no type/);
    expect(faultsOf(cumulativeToDelta, { include: { metrics: ["(a"], match_type: "regexp" } })[0]).toMatch(/^include\.metrics\.0: the pattern/);
    expect(faultsOf(cumulativeToDelta, { initial_value: "first" })).toHaveLength(1);
  });
});

describe("state", () => {
  const gauge = "sluice_processor_state_entries";

  it("forgets a stream at the tick after its time is up, and not before", async () => {
    const one = rig({ max_staleness: "1h" });
    await one.send(metricsOf(sum([point(10, int(5))])));
    await one.clock.advance(HOUR_MS + 5);
    // The tick at one hour: the point was not an hour old.
    await one.send(metricsOf({ name: "other", gauge: { dataPoints: [point(1, int(1))] } }));
    expect(one.total(gauge)).toBe(1);
    await one.clock.advance(HOUR_MS);
    await one.send(metricsOf({ name: "other", gauge: { dataPoints: [point(1, int(1))] } }));
    expect(one.total(gauge)).toBe(0);
    expect(one.total("sluice_processor_state_bytes")).toBe(0);
    expect(one.total("otelcol_cumulativetodelta_streams_tracked")).toBe(0);
  });

  it("keeps streams for ever with 0", async () => {
    const one = rig({ max_staleness: "0s" });
    await one.send(metricsOf(sum([point(10, int(5))])));
    await one.clock.advance(1000 * HOUR_MS);
    await one.send(metricsOf(sum([point(20, int(6))])));
    expect(said(one.out()).at(-1)).toEqual([atMs(10), "1"]);
  });

  it("takes max_streams streams and not one more, and goes on with those it has", async () => {
    const one = rig({ max_streams: 3 });
    const streams = (ms: number, count: number) =>
      sum(Array.from({ length: count }, (_, index) => point(ms, int(ms), { attributes: [label("n", String(index))] })));
    await one.send(metricsOf(streams(10, 3)));
    expect(one.dropped("max_streams")).toBe(0);
    await one.send(metricsOf(streams(20, 4)));
    expect(one.dropped("max_streams")).toBe(1);
    expect(said(one.out()).map(([, value]) => value)).toEqual(["10", "10", "10", "10", "10", "10"]);
    expect(one.total(gauge)).toBe(3);
  });

  it("takes no more bytes than state_bytes_max", async () => {
    const one = rig({ state_bytes_max: 1 << 16 });
    const many = sum(Array.from({ length: 1000 }, (_, index) => point(10, int(1), { attributes: [label("n", `${index}`.padStart(100, "x"))] })));
    await one.send(metricsOf(many));
    expect(one.total("sluice_processor_state_bytes")).toBeLessThanOrEqual(1 << 16);
    expect(one.dropped("max_streams")).toBeGreaterThan(0);
    one.books();
  });

  it("takes back what no destination took: the same request, sent again, says the same", async () => {
    const one = rig();
    await one.send(metricsOf(sum([point(10, int(5))])));
    one.answer = () => LATER;
    const again = metricsOf(sum([point(20, int(8))]), sum([point(20, int(3), { attributes: [label("new", "x")] })]));
    expect(await one.send(again)).toEqual(LATER);
    one.answer = () => ({ kind: "accepted" });
    one.out();
    await one.send(again);
    expect(said(one.out())).toEqual([
      [atMs(10), "3"],
      [START, "3"],
    ]);
  });
});

it("any row of growing totals: the differences add up to the last one, whatever is refused in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ stream: fc.nat(2), grow: fc.nat(1000), refused: fc.boolean() }), { maxLength: 30 }), async (steps) => {
      const one = rig();
      const totals = [0, 0, 0];
      const sums = [0, 0, 0];
      for (const [index, { stream, grow, refused }] of steps.entries()) {
        totals[stream] = (totals[stream] ?? 0) + grow;
        one.answer = () => (refused ? LATER : { kind: "accepted" });
        await one.send(metricsOf(sum([point(10 + index, int(totals[stream] ?? 0), { attributes: [label("n", String(stream))] })])));
        const [, value] = said(one.out())[0] ?? [];
        if (!refused) {
          sums[stream] = (sums[stream] ?? 0) + Number(value);
          expect(sums[stream]).toBe(totals[stream]);
        }
        one.books();
      }
    }),
    { numRuns: runsHere(40), seed: 5 },
  );
});
