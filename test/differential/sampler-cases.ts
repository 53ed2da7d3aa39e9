/**
 * What the sampler is compared on: configurations, and seeded spans and log records, the same for the
 * recorder and for the test. Items are numbered: a span by its span id, a record by its attribute `n`.
 */
import type { Plain } from "../harness/judge.ts";

export interface SamplerCase {
  readonly name: string;
  readonly signal: "traces" | "logs";
  readonly config: Readonly<Record<string, string | number | boolean>>;
}

export const BULK_ITEMS = 1500;

const PERCENTAGES = [0, 0.001, 0.0061035156, 0.5, 1, 3, 10, 12.5, 33.3, 50, 66.6, 90, 99.99, 100, 150] as const;

function spread(signal: SamplerCase["signal"], configs: readonly SamplerCase["config"][]): SamplerCase[] {
  return configs.map((config) => ({ name: `${signal} ${JSON.stringify(config)}`, signal, config }));
}

/** Every configuration that is recorded. */
export const SAMPLER_CASES: readonly SamplerCase[] = [
  ...spread(
    "traces",
    PERCENTAGES.flatMap((sampling_percentage) => [
      { sampling_percentage },
      { sampling_percentage, mode: "proportional" },
      { sampling_percentage, mode: "equalizing" },
    ]),
  ),
  ...spread("traces", [
    { sampling_percentage: 15.3, hash_seed: 22 },
    { sampling_percentage: 15.3, hash_seed: 4294967295 },
    { sampling_percentage: 50, fail_closed: false },
    { sampling_percentage: 0, fail_closed: false },
    { sampling_percentage: 0, mode: "equalizing", fail_closed: false },
    { sampling_percentage: 20, mode: "proportional", fail_closed: false },
    { sampling_percentage: 20, mode: "equalizing", fail_closed: false },
    ...[1, 2, 3, 5, 8, 13, 14].flatMap((sampling_precision) => [
      { sampling_percentage: 33.3, mode: "proportional", sampling_precision },
      { sampling_percentage: 7.7, mode: "equalizing", sampling_precision },
    ]),
  ]),
  ...spread(
    "logs",
    [0, 0.5, 10, 33.3, 50, 100].flatMap((sampling_percentage) => [
      { sampling_percentage },
      { sampling_percentage, sampling_priority: "priority" },
      { sampling_percentage, mode: "proportional" },
      { sampling_percentage, mode: "equalizing", sampling_priority: "priority" },
      { sampling_percentage, fail_closed: false, sampling_priority: "priority" },
    ]),
  ),
  ...spread("logs", [
    { sampling_percentage: 30, attribute_source: "record", from_attribute: "source" },
    { sampling_percentage: 30, attribute_source: "record", from_attribute: "source", hash_seed: 7, fail_closed: false },
    { sampling_percentage: 30, from_attribute: "source" },
    { sampling_percentage: 30, attribute_source: "record" },
    { sampling_percentage: 30, mode: "proportional", fail_closed: false },
    { sampling_percentage: 30, mode: "equalizing", fail_closed: false, sampling_precision: 2, sampling_priority: "priority" },
  ]),
];

/** Numbers in [0, 2^32), the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

type Random = () => number;

function pick<T>(next: Random, from: readonly T[]): T {
  const found = from[next() % from.length];
  if (found === undefined) throw new RangeError("Cannot pick from nothing");
  return found;
}

function bytes(next: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => next() & 0xff);
}

function hex(next: Random, digits: number): string {
  return Array.from({ length: digits }, () => (next() & 15).toString(16)).join("");
}

/** Tracestates and their parts that a parser has to tell apart. */
const CURIOUS: readonly string[] = [
  "ot=th:0",
  "ot=th:8",
  "ot=th:c",
  "ot=th:fff",
  "ot=th:80000000000000",
  "ot=th:FFE",
  "ot=th:",
  "ot=th:g",
  "ot=th:123456789012345",
  "ot=rv:ffffffffffffff",
  "ot=rv:00000000000000",
  "ot=rv:ABCDEF01234567",
  "ot=rv:abc",
  "ot=rv:",
  "ot=rv:abcdefabcdefab;th:8",
  "ot=th:8;rv:abcdefabcdefab",
  "ot=th:f;rv:0bcdefabcdefab",
  "ot=th:4;th:8",
  "ot=rv:abcdefabcdefab;rv:zz",
  "ot=th:8;x:1;y2:A-b_c.d",
  "ot=x:1",
  "ot=x:;y:",
  "ot=",
  "ot=;",
  "ot=x:1;",
  "ot=x1",
  "ot=X:1",
  "ot=x:a b",
  "ot=x:1,ot=th:c",
  "ot=th:c,ot=x:1",
  "ot=rv:bad,ot=th:c",
  "vendor=value",
  "vendor=value,other=a b",
  " vendor=value , ot=th:8 ,,other=1 ",
  "a=1,b=2,ot=th:a;rv:fedcba98765432;k:v,c=3",
  "vendor=a=b",
  "Vendor=1",
  "1vendor=1",
  "vendor",
  "=value",
  "vendor=",
  "1tenant@system=x",
  "tenant@1system=x",
  "@system=x",
  "tenant@=x",
  "a@b@c=x",
  "tenant@systemsystemsystem=x,ot=th:8",
  `${"t".repeat(242)}@s=x,v=2`,
  `${"k".repeat(257)}=x,v=2`,
  `${"k".repeat(256)}=x`,
  `v=${"x".repeat(256)}`,
  `v=${"x".repeat(257)}`,
  `ot=x:${"y".repeat(253)},v=2`,
  `ot=${Array.from({ length: 64 }, () => "a:b").join(";")}`,
  Array.from({ length: 31 }, (_, i) => `k${i}=v`).join(","),
  Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(","),
  `${Array.from({ length: 31 }, (_, i) => `k${i}=v`).join(",")},ot=th:8`,
  `ot=th:8,${Array.from({ length: 40 }, () => "").join(",")}`,
  `a=${"x".repeat(250)},b=${"x".repeat(250)},c=${"x".repeat(250)},d=${"x".repeat(250)},e=12345`,
  `a=${"x".repeat(250)},b=${"x".repeat(250)},c=${"x".repeat(250)},d=${"x".repeat(250)},e=1234567890123`,
  "v=ünïcode",
  "v=a\tb",
  "v=a~!",
];

const PRIORITIES: readonly Plain[] = [
  { intValue: "0" },
  { intValue: "1" },
  { intValue: "-1" },
  { intValue: "9007199254740993" },
  { doubleValue: 0 },
  { doubleValue: 0.5 },
  { doubleValue: -2 },
  { doubleValue: NaN },
  ...["0", "1", "0.0", "1e-400", "-0", "abc", "", " 1", "+2", "inf", "nan", "0x1p-2", "0x", "1_0", "1__0", "1e400", ".5", "5.", "."].map((stringValue) => ({
    stringValue,
  })),
  { boolValue: true },
  {},
];

/** Buckets of the hash on both sides of 12.5 % and 50 %, where rounding shows, and the outermost. */
const EDGES = [0, 2046, 2047, 2048, 8190, 8191, 8192, 16_383] as const;

/** A trace id that the hash with seed 0 puts in this of its 16,384 buckets. */
function inBucket(next: Random, bucket: number): Uint8Array {
  for (;;) {
    const id = bytes(next, 16);
    let hash = 0x811c9dc5;
    for (const byte of [0, 0, 0, 0, ...id]) hash = Math.imul(hash ^ byte, 0x01000193);
    if ((hash & 0x3fff) === bucket) return id;
  }
}

function randomState(next: Random): string {
  const roll = next() % 10;
  if (roll < 5) return "";
  if (roll === 5) return `ot=th:${hex(next, 1 + (next() % 14))}`;
  if (roll === 6) return `ot=rv:${hex(next, 14)};th:${hex(next, 1 + (next() % 4))}`;
  if (roll === 7) return `vendor=${next()},ot=rv:${hex(next, 14)};x:${next()}`;
  if (roll === 8) return `ot=th:${pick(next, ["0", "8", "c", "e", "f", "ff", "fff", "fffc"])},congo=t61rcWkgMzE`;
  return pick(next, CURIOUS);
}

/** The spans: first those at the edges of buckets, then one of each curious text, with and without a priority, then seeded ones. */
export function samplerSpans(): Plain[] {
  const next = random(20_261_121);
  const spans: Plain[] = [];
  const add = (text: string, attributes: readonly Plain[], traceId = bytes(next, 16)) => {
    // An empty tracestate is absent, or written as an empty field.
    const traceState = text === "" && spans.length % 2 === 0 ? {} : { traceState: text };
    spans.push({ traceId, spanId: numbered(spans.length), ...traceState, name: "work", attributes });
  };
  for (const bucket of EDGES) add("", [], inBucket(next, bucket));
  for (const text of CURIOUS) add(text, []);
  for (const text of CURIOUS) add(text, [{ key: "sampling.priority", value: { intValue: "1" } }]);
  for (const value of PRIORITIES) add("", [{ key: "sampling.priority", value }]);
  for (const value of PRIORITIES)
    add("ot=th:8", [
      { key: "other", value: { intValue: "1" } },
      { key: "sampling.priority", value },
    ]);
  while (spans.length < BULK_ITEMS) {
    const prioritized = next() % 8 === 0;
    add(randomState(next), prioritized ? [{ key: "sampling.priority", value: pick(next, PRIORITIES) }] : []);
  }
  return spans;
}

const SOURCES: readonly Plain[] = [
  { stringValue: "request-1" },
  { stringValue: "" },
  { stringValue: "grüße" },
  { intValue: "-42" },
  { intValue: "9223372036854775807" },
  { doubleValue: 0.1 },
  { doubleValue: -0 },
  { doubleValue: 1e21 },
  { doubleValue: 1.5e-7 },
  { doubleValue: NaN },
  { doubleValue: -Infinity },
  { boolValue: true },
  { boolValue: false },
  { bytesValue: Uint8Array.of(1, 2, 255) },
  { bytesValue: new Uint8Array(0) },
  {},
  { arrayValue: { values: [{ stringValue: '<a&b>\u2028"\\\n' }, { intValue: "1" }, { doubleValue: 1 }, {}, { bytesValue: Uint8Array.of(255) }] } },
  { arrayValue: { values: [{ doubleValue: NaN }] } },
  {
    kvlistValue: {
      values: [
        { key: "b", value: { boolValue: true } },
        { key: "a", value: { arrayValue: {} } },
        { key: "é", value: { kvlistValue: {} } },
      ],
    },
  },
];

const THRESHOLDS: readonly Plain[] = ["0", "8", "c", "fff", "", "g", "123456789012345", "80", "FFe"].map((stringValue) => ({ stringValue }));
const RANDOMNESSES: readonly Plain[] = ["ffffffffffffff", "00000000000000", "abcdefabcdefab", "ABCDEFABCDEFAB", "abc", "", "zzzzzzzzzzzzzz"].map(
  (stringValue) => ({ stringValue }),
);
const PERCENTS: readonly Plain[] = [
  ...["0", "1", "50", "100", "101", "-5"].map((intValue) => ({ intValue })),
  ...[0, 0.5, 33.3, 99.99, 100, 100.5, -1, 1e-20, NaN].map((doubleValue) => ({ doubleValue })),
  { stringValue: "50" },
  {},
];

/** The log records, with and without a trace id. */
export function samplerRecords(): Plain[] {
  const next = random(7);
  return Array.from({ length: BULK_ITEMS }, (_, n) => {
    const attributes: Plain[] = [{ key: "n", value: { intValue: String(n) } }];
    if (next() % 4 === 0) attributes.push({ key: "sampling.threshold", value: next() % 9 === 0 ? { intValue: "8" } : pick(next, THRESHOLDS) });
    if (next() % 4 === 0) attributes.push({ key: "sampling.randomness", value: next() % 9 === 0 ? { boolValue: true } : pick(next, RANDOMNESSES) });
    if (next() % 3 === 0) attributes.push({ key: "priority", value: pick(next, PERCENTS) });
    if (next() % 3 !== 0) attributes.push({ key: "source", value: next() % 2 === 0 ? pick(next, SOURCES) : { stringValue: hex(next, 12) } });
    return { body: { stringValue: "text" }, attributes, ...(next() % 4 === 0 ? {} : { traceId: bytes(next, 16), spanId: bytes(next, 8) }) };
  });
}

function numbered(n: number): Uint8Array {
  return Uint8Array.of(1, 0, 0, 0, n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
}

/** The request with all items of a signal, in groups. */
export function samplerRequest(signal: SamplerCase["signal"]): Plain {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "sampled" } }] };
  if (signal === "traces") return { resourceSpans: [{ resource, scopeSpans: [{ spans: samplerSpans() }] }] };
  return { resourceLogs: [{ resource, scopeLogs: [{ logRecords: samplerRecords() }] }] };
}

/** What a case left of the items: a line an item, its number and what is written on it. */
export function samplerLines(signal: SamplerCase["signal"], answer: Plain): string[] {
  return itemsOf(answer, signal).map((item) => {
    const id = item["spanId"];
    if (signal === "traces") return `${id instanceof Uint8Array ? ((id[6] ?? 0) << 8) | (id[7] ?? 0) : "?"} ${JSON.stringify(item["traceState"] ?? "")}`;
    const attributes = objects(item["attributes"]);
    const value = (key: string) => attributes.filter((one) => one["key"] === key).map((one) => JSON.stringify(one["value"]));
    const number = /\d+/.exec(value("n").join(""))?.[0] ?? "?";
    return `${number} ${attributes.length} ${value("sampling.threshold").join("+")} ${value("sampling.randomness").join("+")}`;
  });
}

function itemsOf(answer: Plain, signal: SamplerCase["signal"]): Plain[] {
  const [groups, scopes, items] = signal === "traces" ? ["resourceSpans", "scopeSpans", "spans"] : ["resourceLogs", "scopeLogs", "logRecords"];
  return objects(answer[groups])
    .flatMap((group) => objects(group[scopes]))
    .flatMap((scope) => objects(scope[items]));
}

function objects(value: unknown): Plain[] {
  return Array.isArray(value) ? value : [];
}
