/**
 * Requests as no exporter sends them, out of a seed: few keys, so that rules meet; every type of value;
 * the ends of 64 bits, NaN and minus zero; keys twice; parents that are empty or absent; metrics
 * without data and points without a value; fields in any order with unknown ones between.
 */
import { type FieldOrder, rearrange } from "../../bench/rearrange.ts";
import type { Random } from "../../bench/random.ts";
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "../harness/judge.ts";

export type Tested = Extract<Signal, "traces" | "metrics" | "logs">;

/** Keys of attributes at every level. */
export const KEYS = ["a", "b", "c", "n", "user", "card"] as const;
export const NAMES = ["x", "y", "GET /user/42", "größe 🚀", ""] as const;
export const METRIC_NAMES = ["requests", "http.duration", "http.size", "queue", ""] as const;

const INTS = ["0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808", "4294967296"] as const;
const UINTS = ["0", "1", "1700000000000000007", "18446744073709551615"] as const;
const DOUBLES = [0, -0, 0.5, -1.25, Number.NaN, 1.234567890123e-200, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2 ** 63] as const;
/** Stands in the objects for a NaN with a payload: its bits are put in the place of these once the request is encoded. */
export const MARK: number = 1.234567890123e-200;
const MARK_BITS = new Uint8Array(Float64Array.of(MARK).buffer);
export const NAN_BITS: Uint8Array = Uint8Array.of(0x37, 0x13, 0xef, 0xbe, 0xad, 0xde, 0xf8, 0x7f);
const TEXTS = ["", "x", "y", "secret", "4111111111111111", "Zoë 🚀", "x".repeat(130)] as const;

/** One request and how it lies on the wire. */
export interface Made {
  readonly object: Plain;
  readonly bytes: Uint8Array;
  readonly order: FieldOrder;
}

/** `change` may edit the object before it is encoded. */
export function makeRequest(random: Random, signal: Tested, given?: FieldOrder, change: (object: Record<string, unknown>) => void = () => undefined): Made {
  const [groups, scopes, items, make] = SHAPES[signal];
  const scope = (): Plain => ({ ...parent(random, "scope"), [items]: some(random, 4, make), ...url(random) });
  const group = (): Plain => ({ ...parent(random, "resource"), [scopes]: some(random, 3, scope), ...url(random) });
  const object = { [groups]: [group(), ...some(random, 3, group)] };
  const order = given ?? random.pick(["ascending", "descending", "interleaved"] as const);
  change(object);
  const { encode, type } = judge(signal);
  const bytes = rearrange(encode(object), type, { order, unknown: random.chance(60), random });
  return { object, bytes: replaced(bytes, MARK_BITS, NAN_BITS), order };
}

/** The bytes with every such NaN shown as a number that nothing else is, so that the judge's objects tell it from other NaNs. */
export function withMarks(bytes: Uint8Array): Uint8Array {
  return replaced(bytes, NAN_BITS, MARK_BITS);
}

function replaced(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const made = Uint8Array.from(bytes);
  for (let at = made.indexOf(from[0] ?? 0); at >= 0; at = made.indexOf(from[0] ?? 0, at + 1)) {
    if (from.every((byte, index) => made[at + index] === byte)) made.set(to, at);
  }
  return made;
}

type Make = (random: Random) => Plain;

const SHAPES: Readonly<Record<Tested, readonly [groups: string, scopes: string, items: string, make: Make]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans", makeSpan],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics", makeMetric],
  logs: ["resourceLogs", "scopeLogs", "logRecords", makeRecord],
};

function some(random: Random, most: number, make: Make): Plain[] {
  return Array.from({ length: random.below(most + 1) }, () => make(random));
}

/** A resource or a scope: absent, empty, or with something in it. */
function parent(random: Random, name: "resource" | "scope"): Plain {
  if (random.chance(15)) return {};
  if (random.chance(15)) return { [name]: {} };
  const own = name === "scope" ? { name: random.pick(["lib", "lib", "other"]), ...maybe(random, 50, { version: "1" }) } : {};
  return { [name]: { ...own, attributes: makeAttributes(random) } };
}

function url(random: Random): Plain {
  return maybe(random, 25, { schemaUrl: random.pick(["https://example.com/1", "https://example.com/2"]) });
}

function maybe(random: Random, percent: number, parts: Plain): Plain {
  return random.chance(percent) ? parts : {};
}

export function makeAttributes(random: Random): Plain[] {
  return some(random, 5, () => {
    const key = random.pick(KEYS);
    return random.chance(4) ? { key } : { key, value: makeValue(random, 0) };
  });
}

/** An AnyValue. */
export function makeValue(random: Random, depth: number): Plain {
  switch (random.below(depth > 1 ? 8 : 11)) {
    case 0:
    case 1:
    case 2:
      return { stringValue: random.pick(TEXTS) };
    case 3:
    case 4:
      return { intValue: random.pick(INTS) };
    case 5:
      return { doubleValue: random.pick(DOUBLES) };
    case 6:
      return { boolValue: random.chance(50) };
    case 7:
      return random.chance(50) ? { bytesValue: random.bytes(random.below(4)) } : {};
    case 8:
      return { arrayValue: { values: some(random, 3, () => makeValue(random, depth + 1)) } };
    default:
      return { kvlistValue: { values: some(random, 3, () => ({ key: random.pick(KEYS), value: makeValue(random, depth + 1) })) } };
  }
}

function makeSpan(random: Random): Plain {
  return {
    traceId: random.bytes(16),
    spanId: random.bytes(8),
    ...maybe(random, 40, { parentSpanId: random.bytes(8) }),
    ...maybe(random, 20, { traceState: random.pick(["ot=th:8", "vendor=abc", "ot=rv:ffffffffffffff,a=b"]) }),
    ...maybe(random, 90, { name: random.pick(NAMES) }),
    ...maybe(random, 80, { kind: random.below(6) }),
    ...maybe(random, 80, { startTimeUnixNano: random.pick(UINTS), endTimeUnixNano: random.pick(UINTS) }),
    attributes: makeAttributes(random),
    ...maybe(random, 50, { events: some(random, 3, makeEvent) }),
    ...maybe(random, 20, { links: [{ traceId: random.bytes(16), spanId: random.bytes(8), attributes: makeAttributes(random) }] }),
    ...maybe(random, 40, { status: random.pick([{}, { code: 1 }, { code: 2, message: "bad" }]) }),
    ...maybe(random, 30, { flags: random.pick([1, 257, 0xffffffff]) }),
    ...maybe(random, 10, { droppedAttributesCount: 0xffffffff }),
  };
}

function makeEvent(random: Random): Plain {
  return { timeUnixNano: random.pick(UINTS), name: random.pick(["start", "end", ""]), attributes: makeAttributes(random) };
}

function makeRecord(random: Random): Plain {
  return {
    ...maybe(random, 80, { timeUnixNano: random.pick(UINTS) }),
    ...maybe(random, 80, { severityNumber: random.pick([0, 5, 9, 17]), severityText: random.pick(["", "INFO", "ERROR"]) }),
    ...maybe(random, 85, { body: makeValue(random, 0) }),
    attributes: makeAttributes(random),
    ...maybe(random, 60, { traceId: random.bytes(16), spanId: random.bytes(8), flags: 1 }),
    ...maybe(random, 20, { eventName: "boot" }),
    observedTimeUnixNano: random.pick(UINTS),
  };
}

function makeMetric(random: Random): Plain {
  const common = { name: random.pick(METRIC_NAMES), ...maybe(random, 60, { unit: random.pick(["s", "By"]) }), ...maybe(random, 30, { description: "what" }) };
  const metadata = maybe(random, 15, { metadata: makeAttributes(random) });
  const temporality = maybe(random, 85, { aggregationTemporality: random.pick([1, 1, 2]) });
  const points = (make: Make) => ({ dataPoints: some(random, 4, make) });
  switch (random.below(6)) {
    case 0:
      return { ...common, ...metadata, gauge: points(numberPoint) };
    case 1:
    case 2:
      return { ...common, ...metadata, sum: { ...points(numberPoint), ...temporality, ...maybe(random, 60, { isMonotonic: true }) } };
    case 3:
      return { ...common, histogram: { ...points(histogramPoint), ...temporality } };
    case 4:
      return random.chance(60) ? { ...common, exponentialHistogram: { ...points(exponentialPoint), ...temporality } } : { ...common, ...metadata };
    default:
      return { ...common, summary: points(summaryPoint) };
  }
}

function pointParts(random: Random): Plain {
  return {
    attributes: makeAttributes(random),
    ...maybe(random, 80, { startTimeUnixNano: random.pick(UINTS) }),
    timeUnixNano: random.pick(UINTS),
    ...maybe(random, 10, { flags: 1 }),
  };
}

function exemplars(random: Random): Plain {
  const make = (): Plain => ({
    timeUnixNano: random.pick(UINTS),
    ...random.pick([{ asInt: random.pick(INTS) }, { asDouble: random.pick(DOUBLES) }]),
    ...maybe(random, 50, { traceId: random.bytes(16), spanId: random.bytes(8) }),
    filteredAttributes: makeAttributes(random),
  });
  return maybe(random, 30, { exemplars: some(random, 2, make) });
}

function numberPoint(random: Random): Plain {
  const value = random.pick([{ asInt: random.pick(INTS) }, { asDouble: random.pick(DOUBLES) }, {}]);
  return { ...pointParts(random), ...value, ...exemplars(random) };
}

function histogramPoint(random: Random): Plain {
  const bounds = random.pick([[], [1], [0.5, 1, 2]]);
  return {
    ...pointParts(random),
    count: random.pick(["0", "6", "18446744073709551615"]),
    ...maybe(random, 70, { sum: random.pick(DOUBLES) }),
    ...maybe(random, 40, { min: -1.5, max: 2.5 }),
    bucketCounts: bounds.length === 0 ? [] : [...bounds, 0].map(() => random.pick(["0", "1", "3"])),
    explicitBounds: bounds,
    ...exemplars(random),
  };
}

function exponentialPoint(random: Random): Plain {
  const buckets = (): Plain => ({ offset: random.below(9) - 4, bucketCounts: some(random, 5, () => ({})).map(() => random.pick(["0", "1", "300"])) });
  return {
    ...pointParts(random),
    count: random.pick(["0", "5"]),
    ...maybe(random, 60, { sum: random.pick(DOUBLES) }),
    scale: random.below(5) - 2,
    zeroCount: random.pick(["0", "2"]),
    ...maybe(random, 80, { positive: buckets() }),
    ...maybe(random, 30, { negative: buckets() }),
    ...exemplars(random),
  };
}

function summaryPoint(random: Random): Plain {
  return { ...pointParts(random), count: "5", sum: random.pick(DOUBLES), quantileValues: [{ quantile: 0.5, value: random.pick(DOUBLES) }] };
}
