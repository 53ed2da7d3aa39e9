/**
 * Requests whose items exist once in a run: the item's number lies where no processor touches it (a span's
 * id, the time of a record or a point, a profile's id) and is found again in whatever form it arrives.
 *
 * What becomes of each is known beforehand, but for what is folded: `interval` passes the newest point of a
 * stream, `log_dedup` makes a record with a time of its own.
 */
import type { Random } from "../../../bench/random.ts";
import type { Signal } from "../../../src/base/signal.ts";
import { judge, type Plain } from "../../harness/judge.ts";
import { list } from "../../harness/multiset.ts";
import type { Expected } from "./ledger.ts";

/** Times are this and the item's number, ns. */
const BASE_NANOS = 1_760_000_000_000_000_000n;
/** The first half of every span id, and the first three quarters of a profile's. */
const MARK = "50a7c0de";
const NUMBERS_MAX = 2 ** 31;
const STREAMS = 20;

/** The body of the records that `log_dedup` counts, and the attribute that it leaves. */
export const REPEATED_BODY = "the same again";
const COUNT_ATTRIBUTE = "log_count";
/** Names of what the filter drops, of the sums that become differences, and of those that `interval` holds. */
export const NAMES = { dropped: "drop", differences: "requests", held: "total", gauge: "temperature" } as const;

export interface Request {
  readonly signal: Signal;
  readonly object: Plain;
  readonly numbers: readonly number[];
}

/** Gives the number of a new item. */
export type Numbered = (expected: Expected) => number;

export function requestOf(signal: Signal, items: number, random: Random, numbered: Numbered): Request {
  const numbers: number[] = [];
  const next = (expected: Expected): number => {
    const number = numbered(expected);
    numbers.push(number);
    return number;
  };
  const object = MAKERS[signal](items, random, next);
  return { signal, object, numbers };
}

type Maker = (items: number, random: Random, next: Numbered) => Plain;

const MAKERS: Readonly<Record<Signal, Maker>> = {
  traces: (items, random, next) => ({ resourceSpans: [{ ...resource(random), scopeSpans: [{ spans: many(items, () => span(random, next)) }] }] }),
  metrics: (items, random, next) => ({ resourceMetrics: [{ ...resource(random), scopeMetrics: [{ metrics: many(items, () => metric(random, next)) }] }] }),
  logs: (items, random, next) => ({ resourceLogs: [{ ...resource(random), scopeLogs: [{ logRecords: many(items, () => record(random, next)) }] }] }),
  profiles: (items, random, next) => ({
    resourceProfiles: [{ ...resource(random), scopeProfiles: [{ profiles: many(items, () => profile(next)) }] }],
    dictionary: DICTIONARY,
  }),
};

function resource(random: Random): Plain {
  return { resource: { attributes: [text("service.name", random.pick(["checkout", "cart", "größe"]))] } };
}

/** The sampler looks at the last seven bytes of a trace id: those in the upper half of their range stay. */
function span(random: Random, next: Numbered): Plain {
  const [dropped, sampledOut] = [random.chance(10), random.chance(30)];
  const number = next(dropped || sampledOut ? "never" : "must");
  const traceId = `${random.hex(18)}${sampledOut ? "01" : "f1"}${random.hex(12)}`;
  return {
    traceId: bytesOf(traceId),
    spanId: bytesOf(`${MARK}${hexOf(number)}`),
    name: dropped ? NAMES.dropped : random.pick(["GET /cart", "POST /orders"]),
    attributes: [text("http.route", "/api/v1/cart/{userId}"), text("user", random.hex(8))],
  };
}

function metric(random: Random, next: Numbered): Plain {
  const attributes = [text("stream", String(random.below(STREAMS)))];
  switch (random.below(10)) {
    case 0:
      return { name: NAMES.dropped, gauge: { dataPoints: [{ attributes, asInt: "1", timeUnixNano: timeOf(next("never")) }] } };
    case 1:
    case 2:
      return sumOf(NAMES.held, attributes, next("may"));
    case 3:
    case 4:
    case 5:
      return sumOf(NAMES.differences, attributes, next("must"));
    default:
      return { name: NAMES.gauge, gauge: { dataPoints: [{ attributes, asInt: String(random.below(100)), timeUnixNano: timeOf(next("must")) }] } };
  }
}

/** It grows from point to point, as the numbers do. */
function sumOf(name: string, attributes: readonly Plain[], number: number): Plain {
  const point = { attributes, asInt: String(number), startTimeUnixNano: timeOf(0), timeUnixNano: timeOf(number) };
  return { name, unit: "1", sum: { dataPoints: [point], aggregationTemporality: 2, isMonotonic: true } };
}

function record(random: Random, next: Numbered): Plain {
  const kind = random.below(10);
  if (kind === 0) return { ...recordOf(next("never"), random.hex(12)), severityText: NAMES.dropped };
  return kind < 3 ? recordOf(next("may"), REPEATED_BODY) : recordOf(next("must"), `Handled ${random.hex(12)}`);
}

function recordOf(number: number, body: string): Plain {
  return { timeUnixNano: timeOf(number), severityNumber: 9, body: { stringValue: body } };
}

/** One sample each: samples are what is counted. */
function profile(next: Numbered): Plain {
  const number = next("must");
  return {
    profileId: bytesOf(`${MARK}${MARK}${MARK}${hexOf(number)}`),
    timeUnixNano: timeOf(number),
    sampleType: { typeStrindex: 1, unitStrindex: 2 },
    samples: [{ stackIndex: 1, values: ["1"] }],
  };
}

const DICTIONARY: Plain = {
  mappingTable: [{}],
  locationTable: [{}, { address: "4096" }],
  functionTable: [{}],
  linkTable: [{}],
  stringTable: ["", "cpu", "nanoseconds"],
  attributeTable: [{}],
  stackTable: [{}, { locationIndices: [1] }],
};

/** OTLP/JSON of a request. */
export function jsonOf({ object }: Request): string {
  return JSON.stringify(object, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value));
}

export function protoOf({ object, signal }: Request): Uint8Array<ArrayBuffer> {
  return judge(signal).encode(object);
}

export interface Found {
  readonly numbers: readonly number[];
  /** Items without a number. */
  readonly made: number;
}

/** The items of a request, from the judge's object or from OTLP/JSON. Throws what the judge throws. */
export function found(signal: Signal, request: unknown): Found {
  const numbers: number[] = [];
  let made = 0;
  for (const item of leavesOf(signal, request)) {
    const number = numberOf(signal, item);
    if (number === undefined) made++;
    else numbers.push(number);
  }
  return { numbers, made };
}

const LISTS: Readonly<Record<Signal, readonly [groups: string, scopes: string, items: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  profiles: ["resourceProfiles", "scopeProfiles", "profiles"],
};

function leavesOf(signal: Signal, request: unknown): readonly Plain[] {
  const [groups, scopes, items] = LISTS[signal];
  const all = list(request, groups).flatMap((group) => list(group, scopes).flatMap((scope) => list(scope, items)));
  return signal === "metrics" ? all.flatMap(({ gauge, sum }) => list(gauge ?? sum, "dataPoints")) : all;
}

/** Undefined: a processor made it. */
function numberOf(signal: Signal, item: Plain): number | undefined {
  if (signal === "traces" || signal === "profiles") {
    const id = item[signal === "traces" ? "spanId" : "profileId"];
    const hex = id instanceof Uint8Array ? Buffer.from(id).toString("hex") : String(id);
    return hex.startsWith(MARK) ? Number.parseInt(hex.slice(-8), 16) : undefined;
  }
  if (list(item, "attributes").some(({ key }) => key === COUNT_ATTRIBUTE)) return undefined;
  const number = BigInt(String(item["timeUnixNano"])) - BASE_NANOS;
  return number > 0n && number < NUMBERS_MAX ? Number(number) : undefined;
}

function timeOf(number: number): string {
  return (BASE_NANOS + BigInt(number)).toString();
}

function hexOf(number: number): string {
  return number.toString(16).padStart(8, "0");
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function text(key: string, value: string): Plain {
  return { key, value: { stringValue: value } };
}

function many(count: number, make: () => Plain): Plain[] {
  return Array.from({ length: count }, make);
}
