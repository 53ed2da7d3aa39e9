/** What the resource processor is compared on: rows of actions, and resources, the same for the recorder and the test. */
import type { Plain } from "../harness/judge.ts";

export interface ResourceCase {
  readonly name: string;
  readonly attributes: readonly Readonly<Record<string, unknown>>[];
}

const value = (key: string, inner: Plain): Plain => ({ key, value: inner });
const text = (key: string, stringValue: string): Plain => value(key, { stringValue });

/** Values of every kind, and texts that are nearly numbers. */
const VALUES: readonly Plain[] = [
  ...[
    "",
    "a",
    "grüße",
    "42",
    "-42",
    "+42",
    "042",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1_000",
    "1__0",
    "_1",
    "1.5",
    "1e3",
    "1e400",
    "-1e400",
    "1e-400",
    "-0",
  ].map((stringValue) => ({ stringValue })),
  ...[
    "inf",
    "-Inf",
    "+infinity",
    "NaN",
    "+nan",
    "0x10",
    "0x1p4",
    "0X1.8P-1",
    "0x_1p0",
    "0x1_0p0",
    "0x1.fffffffffffff8p0",
    "0x1p1024",
    "-0x.8p1",
    "0xp1",
    "0b1",
    " 1",
    "1 ",
    "1.",
    ".5",
    ".",
    "1e",
    "e1",
    "true",
    "٣",
    "1.e1_0",
  ].map((stringValue) => ({ stringValue })),
  ...["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"].map((intValue) => ({ intValue })),
  ...[
    0,
    -0,
    1,
    0.1,
    1.9,
    -1.9,
    1e6,
    123456789.125,
    1e20,
    1e21,
    -1e21,
    1e-6,
    9.9e-7,
    1.5e-9,
    5e-324,
    1.7976931348623157e308,
    9.3e18,
    NaN,
    Infinity,
    -Infinity,
  ].map((doubleValue) => ({ doubleValue })),
  { boolValue: true },
  { boolValue: false },
  { bytesValue: Uint8Array.of(0, 1, 250, 255) },
  { bytesValue: new Uint8Array(0) },
  {},
  {
    arrayValue: {
      values: [
        { stringValue: '<a&b>\u2028\u2029"\\\n\b\u0001\u007f' },
        { intValue: "1" },
        { doubleValue: 1 },
        { doubleValue: 1e21 },
        {},
        { boolValue: true },
        { bytesValue: Uint8Array.of(255, 254) },
      ],
    },
  },
  { arrayValue: { values: [] } },
  { arrayValue: { values: [{ doubleValue: Infinity }] } },
  {
    kvlistValue: {
      values: [
        { key: "b", value: { arrayValue: { values: [{ kvlistValue: {} }] } } },
        { key: "a", value: {} },
        { key: "é", value: { intValue: "9007199254740993" } },
        { key: "a\uffff", value: { stringValue: "x" } },
        { key: "a😀", value: { stringValue: "y" } },
      ],
    },
  },
  { kvlistValue: { values: [] } },
];

/** The resources, the same for every case. */
export function resources(): Plain[] {
  const urls = ["https://shop.example.com:8443/cart/items?id=7&x=1", "http://a/b", "ftp://x", "nothing", "https://grüße.example/ä?ß=1"];
  return [
    { attributes: [] },
    {
      attributes: [
        text("service.name", "cart"),
        text("host.name", "h1"),
        value("k", { stringValue: "old" }),
        value("k", { intValue: "2" }),
        value("other", { boolValue: true }),
      ],
    },
    {
      attributes: [
        text("db.password", "secret"),
        text("db.user", "admin"),
        value("db.port", { intValue: "5432" }),
        text("DB.name", "x"),
        value("k", { arrayValue: { values: [{ stringValue: "x" }] } }),
      ],
    },
    ...urls.map((url) => ({ attributes: [text("url", url), text("scheme", "before")] })),
    ...VALUES.map((inner) => ({ attributes: [value("k", inner), text("last", "l")] })),
  ];
}

const actions = (name: string, ...attributes: ResourceCase["attributes"]): ResourceCase => ({ name, attributes });

export const RESOURCE_CASES: readonly ResourceCase[] = [
  actions("insert", { key: "k", action: "insert", value: "new" }, { key: "added", action: "INSERT", value: 7 }),
  actions("update", { key: "k", action: "update", value: "new" }, { key: "absent", action: "update", value: "x" }),
  actions("upsert", { key: "k", action: "Upsert", value: true }, { key: "host.name", action: "upsert", value: 1.5 }),
  actions("delete", { key: "k", action: "delete" }, { key: "service.name", action: "delete" }),
  actions("delete by pattern", { action: "delete", pattern: "^db\\." }),
  actions("delete by key and pattern", { key: "last", action: "delete", pattern: "(?i)^db\\.(?:name|user)$" }),
  actions("hash", { key: "k", action: "hash" }),
  actions("hash by pattern", { action: "hash", pattern: "^(?:db\\..*|k)$" }),
  actions("hash by key and pattern: twice", { key: "k", action: "hash", pattern: "^k$" }),
  actions("convert to int", { key: "k", action: "convert", converted_type: "int" }),
  actions("convert to double", { key: "k", action: "convert", converted_type: "double" }),
  actions("convert to string", { key: "k", action: "convert", converted_type: "string" }),
  actions(
    "convert there and back",
    { key: "k", action: "convert", converted_type: "double" },
    { key: "k", action: "convert", converted_type: "string" },
    { key: "k", action: "convert", converted_type: "int" },
  ),
  actions("extract", {
    key: "url",
    action: "extract",
    pattern: "^(?P<scheme>[a-z]+)://(?P<host>[^/:]+)(?::(?P<port>\\d+))?/(?P<path>[^?]*)(?:\\?(?P<query>.*))?$",
  }),
  actions("extract greedily", { key: "url", action: "extract", pattern: "(?P<scheme>.*):\\/\\/(?P<domain>.*)\\/(?P<url>.*)" }),
  actions("extract lazily, classes", { key: "url", action: "extract", pattern: "(?P<a>\\w+?)(?P<b>[[:punct:]]+)(?P<c>\\pL{1,3})(?P<d>[^\\s\\d]*?)\\z" }),
  actions("extract with case folding", { key: "url", action: "extract", pattern: "(?i)(?P<scheme>HTTPS?)" }),
  actions("extract in rounds", { key: "url", action: "extract", pattern: "^(?:(?P<letter>[a-z])|(?P<other>[^a-z/]))*(?P<rest>/.*?)??(?P<end>[?].*|)$" }),
  actions("extract with flags inside", { key: "url", action: "extract", pattern: "(?U)(?P<short>.+)(?i:(?P<dot>\\.))(?-U)(?P<long>.+)" }),
  actions("extract over repeated groups", { key: "url", action: "extract", pattern: "(?P<part>[a-z]+[./]?){2,3}(?P<empty>x*)*(?P<word>\\b\\w+\\b)" }),
  actions("extract alternatives", { key: "url", action: "extract", pattern: "(?P<secure>https)|(?P<plain>http|ftp)" }),
  actions(
    "from an attribute",
    { key: "copy", action: "insert", from_attribute: "k" },
    { key: "k", action: "update", from_attribute: "last" },
    { key: "name", action: "upsert", from_attribute: "service.name" },
  ),
  actions("from itself", { key: "k", action: "upsert", from_attribute: "k" }),
  actions(
    "default",
    { key: "tier", action: "upsert", from_attribute: "host.name", default_value: "unknown" },
    { key: "zone", action: "insert", default_value: 3 },
  ),
  actions(
    "values of all kinds",
    { key: "list", action: "insert", value: ["a", 1, 2.5, true, ["b"], { c: "d" }] },
    { key: "map", action: "insert", value: { b: { c: ["x"] } } },
    { key: "empty", action: "insert", value: "" },
    { key: "large", action: "insert", value: 9007199254740991 },
    { key: "negative", action: "insert", value: -1 },
    { key: "no", action: "insert", value: false },
    { key: "unicode", action: "insert", value: "grüße 😀" },
    { key: "long", action: "insert", value: "x".repeat(600) },
  ),
  actions(
    "a row that builds on itself",
    { key: "a", action: "insert", value: "1" },
    { key: "b", action: "insert", from_attribute: "a" },
    { key: "a", action: "delete" },
    { key: "b", action: "convert", converted_type: "int" },
    { key: "c", action: "upsert", from_attribute: "b" },
    { key: "c", action: "hash" },
    { key: "a", action: "insert", from_attribute: "c" },
    { action: "delete", pattern: "^[bc]$" },
  ),
];

/** What a case made of the resources: for each, its attributes as sorted lines. */
export function resourceLines(answer: Plain): string[][] {
  return objects(answer["resourceSpans"]).map((group) => {
    const [resource] = objects([group["resource"] ?? {}]);
    return objects(resource?.["attributes"])
      .map((attribute) => `${String(attribute["key"])}: ${plain(attribute["value"])}`)
      .toSorted();
  });
}

/** Text of one of the judge's values that keeps minus zero, infinities and bytes apart. */
function plain(of: unknown): string {
  return JSON.stringify(of ?? {}, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array) return `0x${Array.from(inner, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    if (typeof inner === "number" && (!Number.isFinite(inner) || Object.is(inner, -0))) return Object.is(inner, -0) ? "-0" : String(inner);
    return inner;
  });
}

export function resourceRequest(): Plain {
  const span = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1), name: "work" };
  return { resourceSpans: resources().map((resource) => ({ resource, scopeSpans: [{ spans: [span] }] })) };
}

function objects(of: unknown): Plain[] {
  return Array.isArray(of) ? of : [];
}
