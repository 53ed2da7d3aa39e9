/** Requests that follow one another, for processors that remember: totals that grow, fall, come late and stop. */
import type { Plain } from "../../harness/judge.ts";
import { attributes, time } from "./values.ts";

interface Step {
  readonly seconds: number;
  readonly start?: number;
  readonly total: number;
  readonly other: number;
  readonly buckets: readonly number[];
  readonly flags?: number;
}

const STEPS: readonly Step[] = [
  { seconds: 10, total: 100, other: 1.5, buckets: [1, 2, 3] },
  { seconds: 20, total: 150, other: 4, buckets: [2, 4, 6] },
  { seconds: 30, total: 170, other: 2, buckets: [2, 5, 7] },
  // Begun anew.
  { seconds: 40, start: 35, total: 5, other: 2.5, buckets: [1, 0, 0] },
  // No value recorded.
  { seconds: 50, start: 35, total: 0, other: 0, buckets: [0, 0, 0], flags: 1 },
  { seconds: 60, start: 35, total: 25, other: 8, buckets: [1, 1, 3] },
];

export const SERIES: Readonly<Record<string, Plain>> = Object.fromEntries(STEPS.map((step, index) => [`series ${index + 1}`, request(step)]));

/** In their order. */
export const SERIES_NAMES: readonly string[] = Object.keys(SERIES);

function request({ seconds, start = 0, total, other, buckets, flags = 0 }: Step): Plain {
  const at = (values: Parameters<typeof attributes>[0]) => ({
    startTimeUnixNano: time(start),
    timeUnixNano: time(seconds),
    attributes: attributes(values),
    flags,
  });
  const count = buckets.reduce((sum, one) => sum + one, 0);
  const sum = (name: string, aggregationTemporality: number, isMonotonic: boolean, values: Plain): Plain => ({
    name,
    unit: "By",
    sum: { aggregationTemporality, isMonotonic, dataPoints: [{ ...at({ path: "a" }), ...values }] },
  });
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributes({ "service.name": "shop" }) },
        scopeMetrics: [
          {
            scope: { name: "meter" },
            metrics: [
              {
                name: "total.int",
                sum: {
                  aggregationTemporality: 2,
                  isMonotonic: true,
                  dataPoints: [
                    { ...at({ path: "a" }), asInt: String(total) },
                    { ...at({ path: "b" }), asInt: String(total * 3) },
                  ],
                },
              },
              sum("total.double", 2, true, { asDouble: total / 4 }),
              sum("level", 2, false, { asDouble: other }),
              sum("delta.int", 1, true, { asInt: String(total) }),
              sum("delta.double", 1, false, { asDouble: other }),
              { name: "gauge", gauge: { dataPoints: [{ ...at({}), asDouble: other }] } },
              {
                name: "spread",
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    { ...at({}), count: String(count), sum: count * 2.5, bucketCounts: buckets.map(String), explicitBounds: [1, 5], min: 0.5, max: 7 },
                  ],
                },
              },
              {
                name: "spread.exponential",
                exponentialHistogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    { ...at({}), count: String(count), sum: count * 1.5, scale: 2, zeroCount: "0", positive: { offset: 1, bucketCounts: buckets.map(String) } },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  };
}
