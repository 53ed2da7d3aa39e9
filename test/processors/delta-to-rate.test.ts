/** delta_to_rate: rates, units, and what is left alone. */
import { describe, expect, it } from "vitest";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import type { Plain } from "../harness/judge.ts";
import { atMs, label, metricsIn, metricsOf, rigOf } from "./stage-rig.ts";
import { faultsOf } from "./support.ts";

const rig = () => rigOf(deltaToRate, "metrics", { metrics: ["requests"] });
const sum = (points: readonly Plain[], more: Plain = {}, metric: Plain = {}): Plain => ({
  name: "requests",
  unit: "By",
  sum: { dataPoints: points, aggregationTemporality: 1, isMonotonic: true, ...more },
  ...metric,
});

describe("rates", () => {
  it.each<[Plain, number, number, unknown]>([
    [{ asInt: "10" }, 0, 2000, 5],
    [{ asDouble: 1.5 }, 0, 500, 3],
    [{ asInt: "7" }, 0, 1500, 7 / 1.5],
    [{ asInt: "-9" }, 0, 3000, -3],
    [{ asInt: "10" }, 1000, 1000, 0],
    [{ asInt: "10" }, 2000, 1000, 0],
  ])("%j from %i to %i ms is %d", async (value, fromMs, toMs, rate) => {
    const one = rig();
    const kept = { attributes: [label("a", "b")], exemplars: [{ asDouble: 4, filteredAttributes: [] }] };
    await one.send(metricsOf(sum([{ startTimeUnixNano: atMs(fromMs), timeUnixNano: atMs(toMs), ...value, ...kept }])));
    const [metric] = metricsIn(one.out());
    expect(metric).toEqual({
      name: "requests",
      unit: "By/s",
      gauge: {
        dataPoints: [
          { startTimeUnixNano: atMs(fromMs), timeUnixNano: atMs(toMs), asDouble: rate, attributes: [label("a", "b")], exemplars: [{ asDouble: 4 }] },
        ],
      },
    });
    expect(one.books()).toMatchObject({ taken: 1, out: 1 });
  });

  it("leaves an empty unit empty, and a point without a value without one", async () => {
    const one = rig();
    await one.send(metricsOf(sum([{ timeUnixNano: atMs(1), flags: 1 }], {}, { unit: "" })));
    expect(metricsIn(one.out())).toEqual([{ name: "requests", unit: "", gauge: { dataPoints: [{ timeUnixNano: atMs(1), flags: 1 }] } }]);
  });
});

it.each<[string, Plain]>([
  ["another name", { ...sum([{ asInt: "1" }]), name: "other" }],
  ["a cumulative sum", sum([{ asInt: "1" }], { aggregationTemporality: 2 })],
  ["a gauge", { name: "requests", gauge: { dataPoints: [{ asInt: "1" }] } }],
  ["a histogram", { name: "requests", histogram: { dataPoints: [{ count: "1" }], aggregationTemporality: 1 } }],
  ["a metric without data", { name: "requests" }],
])("leaves %s alone, byte for byte", async (_, metric) => {
  const one = rig();
  const other = { name: "more", gauge: { dataPoints: [{ asInt: "1" }] } };
  await one.send(metricsOf(metric, other));
  await one.send(metricsOf(metric, other));
  expect(one.passed.map(({ checked }) => checked)).toEqual([true, true]);
  expect(one.log.length).toBe(metric["name"] === "requests" ? 1 : 0);
});

it("holds nothing, and needs a metric", () => {
  expect(rig().stage.state).toBe("none");
  expect(faultsOf(deltaToRate, { metrics: [] })).toEqual(["metrics: at least one metric is needed"]);
  expect(faultsOf(deltaToRate, {})).toHaveLength(1);
});
