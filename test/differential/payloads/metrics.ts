/** Metric requests: all five shapes, with and without what is optional. */
import type { Plain } from "../../harness/judge.ts";
import { attributes, id, time } from "./values.ts";

const at = (n: number, values: Parameters<typeof attributes>[0] = {}): Plain => ({
  startTimeUnixNano: time(0),
  timeUnixNano: time(n),
  attributes: attributes(values),
});

const exemplar: Plain = {
  filteredAttributes: attributes({ user: "ann" }),
  timeUnixNano: time(9),
  asDouble: 1.25,
  spanId: id(8, 3),
  traceId: id(16, 4),
};

const gaugeInt: Plain = {
  name: "queue.size",
  description: "Waiting jobs.",
  unit: "{jobs}",
  metadata: attributes({ source: "agent" }),
  gauge: {
    dataPoints: [
      { ...at(1, { queue: "a", host: "h1" }), asInt: "5" },
      { ...at(1, { queue: "b", host: "h1" }), asInt: "-3" },
      { ...at(1, { queue: "a", host: "h2" }), asInt: "9007199254740993" },
    ],
  },
};

const gaugeDouble: Plain = {
  name: "system.cpu.utilization",
  unit: "1",
  gauge: {
    dataPoints: [
      { ...at(1, { cpu: "0", state: "idle" }), asDouble: 0.75, exemplars: [exemplar] },
      { ...at(2, { cpu: "0", state: "user" }), asDouble: 0.25 },
    ],
  },
};

const sumCumulative: Plain = {
  name: "http.requests",
  description: "Requests.",
  unit: "{requests}",
  sum: {
    aggregationTemporality: 2,
    isMonotonic: true,
    dataPoints: [
      { ...at(3, { method: "GET", code: 200n }), asInt: "100" },
      { ...at(3, { method: "POST", code: 200n }), asInt: "20" },
      { ...at(3, { method: "GET", code: 500n }), asInt: "3", exemplars: [{ ...exemplar, asInt: "7", asDouble: undefined }] },
    ],
  },
};

const sumDelta: Plain = {
  name: "bytes.sent",
  unit: "By",
  sum: {
    aggregationTemporality: 1,
    isMonotonic: false,
    dataPoints: [
      { ...at(4, { method: "GET" }), asDouble: 1024.5 },
      { ...at(4), asDouble: -1, flags: 0 },
    ],
  },
};

const histogram: Plain = {
  name: "http.duration",
  unit: "ms",
  histogram: {
    aggregationTemporality: 2,
    dataPoints: [
      {
        ...at(5, { method: "GET", code: 200n }),
        count: "10",
        sum: 55.5,
        bucketCounts: ["2", "3", "4", "1"],
        explicitBounds: [1, 5, 10],
        min: 0.5,
        max: 12,
        exemplars: [exemplar],
      },
      { ...at(5, { method: "POST", code: 200n }), count: "4", sum: 20, bucketCounts: ["1", "1", "1", "1"], explicitBounds: [1, 5, 10] },
      { ...at(5, { method: "PUT" }), count: "2", bucketCounts: [], explicitBounds: [] },
    ],
  },
};

const exponential: Plain = {
  name: "rpc.duration",
  unit: "s",
  exponentialHistogram: {
    aggregationTemporality: 1,
    dataPoints: [
      {
        ...at(6, { method: "Get" }),
        count: "11",
        sum: 40.25,
        scale: 1,
        zeroCount: "1",
        zeroThreshold: 0.001,
        positive: { offset: -1, bucketCounts: ["1", "2", "3"] },
        negative: { offset: 2, bucketCounts: ["4"] },
        min: -8,
        max: 4,
        exemplars: [exemplar],
      },
      { ...at(6, { method: "Put" }), count: "3", sum: 9, scale: 0, positive: { offset: 0, bucketCounts: ["1", "2"] } },
    ],
  },
};

const summary: Plain = {
  name: "gc.pause",
  unit: "s",
  summary: {
    dataPoints: [
      {
        ...at(7, { gen: "young" }),
        count: "6",
        sum: 1.5,
        quantileValues: [
          { quantile: 0, value: 0.1 },
          { quantile: 0.5, value: 0.2 },
          { quantile: 1, value: 0.6 },
        ],
      },
    ],
  },
};

const empties: readonly Plain[] = [
  { name: "no.data", unit: "1" },
  { name: "no.points", gauge: {} },
  { name: "no.points.sum", sum: { aggregationTemporality: 2, isMonotonic: true } },
];

const stale: Plain = {
  name: "stale",
  gauge: {
    dataPoints: [
      { ...at(8), flags: 1 },
      { ...at(8, { nan: true }), asDouble: Number.NaN },
    ],
  },
};

const many: Plain = {
  resourceMetrics: [
    {
      resource: { attributes: attributes({ "service.name": "shop", "host.name": "h-1", env: "prod", n: 1n }) },
      scopeMetrics: [
        {
          scope: { name: "meter", version: "1", attributes: attributes({ lib: "x" }) },
          metrics: [gaugeInt, gaugeDouble, sumCumulative, sumDelta],
          schemaUrl: "urn:scope",
        },
        { scope: { name: "other" }, metrics: [histogram, exponential, summary] },
      ],
      schemaUrl: "urn:resource",
    },
    { resource: { attributes: attributes({ "service.name": "cart", env: "test" }) }, scopeMetrics: [{ metrics: [sumCumulative, ...empties, stale] }] },
  ],
};

/** A metric of each shape in one scope, for OTTL's paths and the metric functions. */
const shapes: Plain = {
  resourceMetrics: [
    {
      resource: { attributes: attributes({ "service.name": "shop" }) },
      scopeMetrics: [{ scope: { name: "meter", version: "1" }, metrics: [gaugeInt, sumCumulative, sumDelta, histogram, exponential, summary] }],
    },
  ],
};

export const METRICS: Readonly<Record<string, Plain>> = { many, shapes };
