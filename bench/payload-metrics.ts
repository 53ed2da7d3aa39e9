/** Metrics of all five shapes, one to eight points each, some with exemplars. `items` counts points. */
import type { Plain } from "../test/harness/judge.ts";
import { nanos, spread, text, whole } from "./payload-parts.ts";
import type { Random } from "./random.ts";

const NAMES = { groups: "resourceMetrics", scopes: "scopeMetrics", items: "metrics" } as const;
const POINTS_MAX = 8;

export function makeMetrics(random: Random, items: number, resources: number): Plain {
  const sizes: number[] = [];
  for (let left = items; left > 0;) {
    const size = Math.min(left, 1 + random.below(POINTS_MAX));
    sizes.push(size);
    left -= size;
  }
  return spread(random, sizes.length, Math.min(resources, sizes.length), NAMES, (number) => makeMetric(random, number, sizes[number] ?? 1));
}

function makeMetric(random: Random, number: number, points: number): Plain {
  const shape = number % 5;
  const many = (make: (random: Random, at: number) => Plain): Plain[] => Array.from({ length: points }, (_, i) => make(random, number * 100 + i));
  const common = {
    description: "Duration of requests as the server saw them",
    unit: random.pick(["s", "By", "{request}", "µs"]),
    ...(random.chance(5) ? { metadata: [text("prometheus.type", "unknown")] } : {}),
  };
  const temporality = 1 + random.below(2);
  if (shape === 0) return { name: "process.memory.usage", ...common, gauge: { dataPoints: many(numberPoint) } };
  if (shape === 1) {
    const sum = { dataPoints: many(numberPoint), aggregationTemporality: temporality, isMonotonic: true };
    return { name: "http.server.active_requests", ...common, sum };
  }
  if (shape === 2) {
    const histogram = { dataPoints: many(histogramPoint), aggregationTemporality: temporality };
    return { name: "http.server.request.duration", ...common, histogram };
  }
  if (shape === 3) {
    const exponentialHistogram = { dataPoints: many(exponentialPoint), aggregationTemporality: temporality };
    return { name: "rpc.client.duration", ...common, exponentialHistogram };
  }
  return { name: "jvm.gc.pause", ...common, summary: { dataPoints: many(summaryPoint) } };
}

function pointParts(random: Random, at: number): Plain {
  return {
    attributes: [
      text("http.request.method", random.pick(["GET", "POST"])),
      whole("http.response.status_code", random.pick([200, 404, 500])),
      text("http.route", random.pick(["/api/v1/cart/{userId}", "/größe"])),
      text("server.address", `cart-${random.below(40)}.shop.svc`),
    ],
    startTimeUnixNano: nanos(0),
    timeUnixNano: nanos(at * 1000),
    ...(random.chance(3) ? { flags: 1 } : {}),
  };
}

function numberPoint(random: Random, at: number): Plain {
  const value = random.chance(50) ? { asInt: String(random.below(2 ** 31)) } : { asDouble: random.below(10 ** 9) / 1000 };
  return { ...pointParts(random, at), ...value, ...exemplars(random, at) };
}

function histogramPoint(random: Random, at: number): Plain {
  const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
  const counts = [...bounds, 0].map(() => random.below(1000));
  return {
    ...pointParts(random, at),
    count: String(counts.reduce((sum, count) => sum + count, 0)),
    ...(random.chance(90) ? { sum: random.below(10 ** 6) / 100, min: 0.001, max: 9.5 } : {}),
    bucketCounts: counts.map(String),
    explicitBounds: bounds,
    ...exemplars(random, at),
  };
}

function exponentialPoint(random: Random, at: number): Plain {
  const buckets = (): Plain => ({
    offset: random.below(40) - 20,
    bucketCounts: Array.from({ length: 12 + random.below(20) }, () => String(random.below(500))),
  });
  return {
    ...pointParts(random, at),
    count: String(1 + random.below(10 ** 6)),
    sum: random.below(10 ** 6) / 10,
    scale: random.below(12) - 3,
    zeroCount: String(1 + random.below(50)),
    positive: buckets(),
    ...(random.chance(20) ? { negative: buckets() } : {}),
    ...(random.chance(20) ? { zeroThreshold: 0.0001 } : {}),
    ...exemplars(random, at),
  };
}

function summaryPoint(random: Random, at: number): Plain {
  return {
    ...pointParts(random, at),
    count: String(1 + random.below(10 ** 6)),
    sum: (1 + random.below(10 ** 6)) / 10,
    quantileValues: [0.5, 0.9, 0.99].map((quantile) => ({ quantile, value: (1 + random.below(10 ** 5)) / 7 })),
  };
}

function exemplars(random: Random, at: number): Plain {
  if (!random.chance(15)) return {};
  const exemplar = {
    timeUnixNano: nanos(at * 1000 - 5),
    asDouble: random.below(10 ** 6) / 1000,
    spanId: random.bytes(8),
    traceId: random.bytes(16),
    filteredAttributes: [text("user.id", random.hex(8))],
  };
  return { exemplars: [exemplar] };
}
