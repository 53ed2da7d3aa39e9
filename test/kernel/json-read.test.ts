/** What the JSON reader takes, rule by rule. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { JSON_TEXT } from "../../src/kernel/json-errors.ts";
import { field, fixed64, join, number, of, utf8, varint, tag, type Bytes } from "../harness/bytes.ts";
import { JsonBench } from "./json-support.ts";

const bench = new JsonBench(24 << 20);

function read(signal: Signal, text: string | Uint8Array): Bytes {
  const { result, errorAt, bytes } = bench.read(signal, text);
  expect([result < 0 ? result : 0, errorAt], typeof text === "string" ? text.slice(0, 200) : "").toEqual([0, undefined]);
  return bytes;
}

const span = (members: string): Bytes => read("traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`);
const spanOf = (...fields: Bytes[]): Bytes => field(1, field(2, field(2, ...fields)));
const log = (members: string): Bytes => read("logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${members}}]}]}]}`);
const logOf = spanOf;
const value = (text: string): Bytes => log(`"body":${text}`);
const valueOf = (...fields: Bytes[]): Bytes => logOf(field(5, ...fields));
const metric = (members: string): Bytes => read("metrics", `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{${members}}]}]}]}`);
const metricOf = spanOf;
const profile = (members: string): Bytes => read("profiles", `{"resourceProfiles":[{"scopeProfiles":[{"profiles":[{${members}}]}]}]}`);

function double(fieldNumber: number, real: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, real, true);
  return join(tag(fieldNumber, 1), bytes);
}

describe("keys", () => {
  it("are lowerCamelCase or snake_case", () => {
    expect(span('"traceState":"a=b"')).toEqual(spanOf(field(3, "a=b")));
    expect(span('"trace_state":"a=b"')).toEqual(spanOf(field(3, "a=b")));
    expect(read("traces", '{"resource_spans":[{"scope_spans":[{"spans":[{"start_time_unix_nano":"5"}]}]}]}')).toEqual(spanOf(fixed64(7, 5n)));
  });

  it("may be escaped, and are compared whole", () => {
    expect(span('"\\u006eame":"x"')).toEqual(spanOf(field(5, "x")));
    expect(span('"names":"x","nam":"x","Name":"x","":"x","n\\u0000me":"x","name\\u0000":1')).toEqual(spanOf());
    expect(span(`"${"\\n".repeat(2000)}":1,"${"long".repeat(50)}":2,"name":"x"`)).toEqual(spanOf(field(5, "x")));
  });

  it("that nobody knows are skipped, whatever their value", () => {
    const strange = [
      '"text \\u00e9 \\ud83d\\ude00 \\""',
      "12",
      "-0.5e+10",
      "1e999",
      "true",
      "false",
      "null",
      "[]",
      "{}",
      "[1,[2,{}],[[]]]",
      '{"a":{"b":[{"c":null}]},"__proto__":{}}',
      ' [ 1 , { "a" : [ ] } ] ',
    ];
    for (const one of strange) expect(span(`"name":"a","other":${one},"kind":2,"x":${one}`)).toEqual(spanOf(field(5, "a"), number(6, 2)));
    expect(read("logs", '{"__proto__":{"resourceLogs":[]},"constructor":1,"toString":[]}')).toEqual(of());
    expect(log('"attributes":[{"key":"__proto__","value":{"stringValue":"v"}}]')).toEqual(logOf(field(6, field(1, "__proto__"), field(2, field(1, "v")))));
  });

  it("that come twice: the last stands behind the first, even when it is zero", () => {
    expect(span('"kind":2,"kind":3')).toEqual(spanOf(number(6, 2), number(6, 3)));
    expect(span('"kind":2,"kind":0,"name":"a","name":""')).toEqual(spanOf(number(6, 2), number(6, 0), field(5, "a"), field(5, "")));
    expect(value('{"stringValue":"a","intValue":"0"}')).toEqual(valueOf(field(1, "a"), number(3, 0)));
  });
});

describe("white space", () => {
  it("may stand between any two tokens", () => {
    const space = " \t\r\n".repeat(9);
    for (const blank of [" ", "\n", "\t", "\r", space]) {
      const text =
        '_{_"resourceLogs"_:_[_{_"scopeLogs"_:_[_{_"logRecords"_:_[_{_"flags"_:_1_,_"body"_:_{_"arrayValue"_:_{_"values"_:_[_{_"intValue"_:_1_}_,_null_,_{_}_]_}_}_}_]_}_]_}_]_}_';
      expect(read("logs", text.replaceAll("_", blank))).toEqual(
        logOf(join(tag(8, 5), of(1, 0, 0, 0)), field(5, field(5, field(1, number(3, 1)), field(1), field(1)))),
      );
    }
  });

  it("and a byte order mark may stand before all", () => {
    expect(read("logs", join(of(0xef, 0xbb, 0xbf), utf8(' {"resourceLogs":[{}]}')))).toEqual(field(1));
  });
});

describe("null", () => {
  it("is absent, for every kind of field", () => {
    expect(span('"traceId":null,"name":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"status":null,"flags":null,"x":null')).toEqual(spanOf());
    expect(value("null")).toEqual(logOf());
    expect(value('{"stringValue":null}')).toEqual(valueOf());
    expect(metric('"histogram":{"dataPoints":[{"sum":null,"bucketCounts":null}]}')).toEqual(metricOf(field(9, field(1))));
  });

  it("in a list of messages is an empty one", () => {
    expect(value('{"arrayValue":{"values":[null,{"boolValue":true},null]}}')).toEqual(valueOf(field(5, field(1), field(1, number(2, 1)), field(1))));
    expect(log('"attributes":[null]')).toEqual(logOf(field(6)));
  });
});

describe("presence", () => {
  it("of oneof members that are zero is kept", () => {
    expect(value('{"stringValue":""}')).toEqual(valueOf(field(1)));
    expect(value('{"boolValue":false}')).toEqual(valueOf(number(2, 0)));
    expect(value('{"intValue":"0"}')).toEqual(valueOf(number(3, 0)));
    expect(value('{"doubleValue":0}')).toEqual(valueOf(fixed64(4, 0n)));
    expect(value('{"arrayValue":{}}')).toEqual(valueOf(field(5)));
    expect(value('{"kvlistValue":{"values":[]}}')).toEqual(valueOf(field(6)));
    expect(value('{"bytesValue":""}')).toEqual(valueOf(field(7)));
    expect(value("{}")).toEqual(valueOf());
    const attribute = (text: string): Bytes => log(`"attributes":[{"key":"k","value":${text}}],"severityText":"${"behind ".repeat(30)}"`).slice(0, 24);
    expect(attribute('{"stringValue":""}').slice(-3)).not.toEqual(attribute("{}").slice(-3));
    expect(
      log(
        `"attributes":[{"key":"k","value":{"boolValue":false}},{"key":"k","value":{"intValue":0}},{"key":"","value":{"stringValue":""}}],"x":"${"y".repeat(200)}"`,
      ),
    ).toEqual(
      logOf(field(6, field(1, "k"), field(2, number(2, 0))), field(6, field(1, "k"), field(2, number(3, 0))), field(6, field(1, ""), field(2, field(1)))),
    );
  });

  it("of optional members that are zero is kept", () => {
    expect(metric('"histogram":{"dataPoints":[{"sum":0,"min":0,"max":-0}]}')).toEqual(
      metricOf(field(9, field(1, fixed64(5, 0n), fixed64(11, 0n), double(12, -0)))),
    );
    expect(metric('"gauge":{"dataPoints":[{"asInt":"0"},{"asDouble":0}]}')).toEqual(metricOf(field(5, field(1, fixed64(6, 0n)), field(1, fixed64(4, 0n)))));
  });

  it("of other zeros need not be", () => {
    expect(span('"name":"","kind":0,"startTimeUnixNano":"0","flags":0,"attributes":[],"traceId":"","droppedAttributesCount":0')).toEqual(spanOf());
    expect(metric('"sum":{"isMonotonic":false}')).toEqual(metricOf(field(7)));
    expect(metric('"summary":{"dataPoints":[{"sum":0.0},{"sum":-0.0}]}')).toEqual(metricOf(field(11, field(1), field(1, double(5, -0)))));
    expect(span('"status":{}')).toEqual(spanOf(field(15)));
  });
});

describe("64-bit integers", () => {
  const good: readonly (readonly [text: string, bits: bigint])[] = [
    ['"0"', 0n],
    ["0", 0n],
    ["-0", 0n],
    ['"1581452772000000321"', 1581452772000000321n],
    ["1581452772000000321", 1581452772000000321n],
    ['"9223372036854775807"', 9223372036854775807n],
    ["9223372036854775807", 9223372036854775807n],
    ['"-9223372036854775808"', -9223372036854775808n],
    ["-9223372036854775808", -9223372036854775808n],
    ["1e3", 1000n],
    ["1E+3", 1000n],
    ["-12.50e1", -125n],
    ["1.0", 1n],
    ["100e-2", 1n],
    ["0.000001e6", 1n],
    ["9.223372036854775807e18", 9223372036854775807n],
    ["0e99999999999", 0n],
    ["0.000", 0n],
    ["9223372036854775807000e-3", 9223372036854775807n],
    ['"\\u0031\\u0032"', 12n],
  ];
  const places: readonly (readonly [name: string, wrap: (text: string) => Bytes, of: (bits: bigint) => Bytes])[] = [
    ["a value", (text) => value(`{"intValue":${text}}`), (bits) => valueOf(number(3, bits))],
    [
      "an attribute",
      (text) => log(`"attributes":[{"key":"k","value":{"intValue":${text}}}],"x":"${"y".repeat(200)}"`),
      (bits) => logOf(field(6, field(1, "k"), field(2, number(3, bits)))),
    ],
    ["a point", (text) => metric(`"gauge":{"dataPoints":[{"asInt":${text}}]}`), (bits) => metricOf(field(5, field(1, fixed64(6, BigInt.asUintN(64, bits)))))],
    ["a packed list", (text) => profile(`"samples":[{"values":[${text},7]}]`), (bits) => spanOf(field(2, field(4, varint(bits), varint(7))))],
  ];
  for (const [name, wrap, of64] of places) {
    it(`are exact from text and numbers: ${name}`, () => {
      for (const [text, bits] of good) expect(wrap(text), text).toEqual(of64(bits));
    });
  }

  it("without a sign reach 2^64 - 1", () => {
    for (const text of ['"18446744073709551615"', "18446744073709551615", "1844674407370955161.5e1"]) {
      expect(span(`"startTimeUnixNano":${text}`)).toEqual(spanOf(fixed64(7, 2n ** 64n - 1n)));
      expect(metric(`"exponentialHistogram":{"dataPoints":[{"positive":{"bucketCounts":[${text}]}}]}`)).toEqual(
        metricOf(field(10, field(1, field(8, field(2, varint(2n ** 64n - 1n)))))),
      );
    }
  });
});

describe("32-bit integers and enums", () => {
  it("come as numbers or text", () => {
    expect(span('"flags":"4294967295","droppedAttributesCount":4294967295,"kind":"3"'.replace('"3"', "3.0"))).toEqual(
      spanOf(join(tag(16, 5), of(255, 255, 255, 255)), number(10, 4294967295), number(6, 3)),
    );
    expect(metric('"exponentialHistogram":{"dataPoints":[{"scale":-2147483648,"positive":{"offset":"2147483647"}}]}')).toEqual(
      metricOf(field(10, field(1, number(6, 4294967295), field(8, number(1, 4294967294))))),
    );
    expect(value('{"stringValueStrindex":-5}')).toEqual(valueOf(number(8, -5)));
    expect(profile('"attributeIndices":[1,"2",300]')).toEqual(spanOf(field(11, varint(1), varint(2), varint(300))));
  });

  it("of enums may be names or numbers nobody knows", () => {
    const kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
    kinds.forEach((kind, i) => expect(span(`"kind":"SPAN_KIND_${kind}"`)).toEqual(i === 0 ? spanOf() : spanOf(number(6, i))));
    expect(span('"status":{"code":"STATUS_CODE_ERROR"}')).toEqual(spanOf(field(15, number(3, 2))));
    expect(log('"severityNumber":"SEVERITY_NUMBER_FATAL4"')).toEqual(logOf(number(2, 24)));
    expect(log('"severityNumber":"SEVERITY_NUMBER_INF\\u004f"')).toEqual(logOf(number(2, 9)));
    expect(metric('"sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"}')).toEqual(metricOf(field(7, number(2, 2))));
    expect(span('"kind":77')).toEqual(spanOf(number(6, 77)));
    expect(span('"kind":-1')).toEqual(spanOf(number(6, -1)));
  });
});

describe("doubles", () => {
  const good = [
    "0",
    "-0",
    "1",
    "-1.5",
    "12.34",
    "1e3",
    "1E-3",
    "0.1",
    "123456789012345678",
    "9007199254740993",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072011e-308",
    "1e22",
    "1e23",
    "123456789.123456789e-5",
    "0.000000000000000000000000000001",
    "4.35",
    "1e-400",
    `0.${"0".repeat(400)}1e400`,
    "3.14159265358979323846264338327950288",
    "100000000000000000000000",
  ];
  for (const quoted of [false, true]) {
    it(`are what JavaScript reads: ${quoted ? "in text" : "bare"}`, () => {
      for (const text of good) {
        const given = quoted ? `"${text}"` : text;
        expect(value(`{"doubleValue":${given}}`), text).toEqual(valueOf(double(4, Number(text))));
        expect(log(`"attributes":[{"key":"k","value":{"doubleValue":${given}}}],"x":"${"y".repeat(200)}"`), text).toEqual(
          logOf(field(6, field(1, "k"), field(2, double(4, Number(text))))),
        );
      }
    });
  }

  it("have three names", () => {
    expect(value('{"doubleValue":"NaN"}')).toEqual(valueOf(double(4, Number.NaN)));
    expect(value('{"doubleValue":"Infinity"}')).toEqual(valueOf(double(4, Infinity)));
    expect(value('{"doubleValue":"-Infinity"}')).toEqual(valueOf(double(4, -Infinity)));
  });
});

describe("ids", () => {
  it("are hexadecimal of either case and any even length", () => {
    const ids = ["00", "0123456789abcdef", "0123456789ABCDEF", "0123456789abcdefABCDEF9876543210", "ab".repeat(15), "ab".repeat(17), "cd".repeat(300)];
    for (const id of ids) {
      const bytes = Uint8Array.from(id.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      expect(span(`"traceId":"${id}"`)).toEqual(spanOf(field(1, bytes)));
      expect(span(`"traceId":"${id}","spanId":"${id}","parentSpanId":"${id}","links":[{"traceId":"${id}","spanId":"${id}"}]`)).toEqual(
        spanOf(field(1, bytes), field(2, bytes), field(4, bytes), field(13, field(1, bytes), field(2, bytes))),
      );
      expect(log(`"traceId":"${id}","spanId":"${id}"`)).toEqual(logOf(field(9, bytes), field(10, bytes)));
      expect(profile(`"profileId":"${id}"`)).toEqual(spanOf(field(7, bytes)));
      expect(metric(`"gauge":{"dataPoints":[{"exemplars":[{"traceId":"${id}"}]}]}`)).toEqual(metricOf(field(5, field(1, field(5, field(5, bytes))))));
    }
    expect(span('"spanId":"0\\u0031"')).toEqual(spanOf(field(2, of(1))));
  });
});

describe("other bytes", () => {
  it("are base64 of both alphabets, padded or not", () => {
    for (let size = 0; size < 40; size++) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 37 + 251) & 0xff);
      const text = btoa(String.fromCharCode(...bytes));
      const url = text.replaceAll("+", "-").replaceAll("/", "_");
      for (const form of [text, url, text.replaceAll("=", ""), url.replaceAll("=", ""), text.replaceAll("/", "\\/")]) {
        expect(value(`{"bytesValue":"${form}"}`), form).toEqual(valueOf(field(7, bytes)));
      }
    }
    const large = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) & 0xff);
    const text = btoa(String.fromCharCode(...large));
    expect(profile(`"originalPayload":"${text}"`)).toEqual(spanOf(field(10, large)));
    expect(profile(`"originalPayload":"${text.replaceAll("/", "\\/")}"`)).toEqual(spanOf(field(10, large)));
  });
});

describe("text", () => {
  it("is copied, with its escapes undone, at any length and place", () => {
    const samples = [
      "",
      "a",
      "größe 見つかりません 🚀",
      '"\\/\b\f\n\r\t',
      "\u0000\u001f\u007f\u2028",
      "a\\b",
      "\ufffd",
      "\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
    ];
    for (const sample of samples) {
      for (const size of [0, 1, 7, 14, 15, 16, 17, 31, 32, 33, 126, 127, 128, 129, 16_383, 16_384]) {
        const text = `${"x".repeat(size)}${sample}${"y".repeat(size % 40)}`;
        for (const json of [JSON.stringify(text), escapedWhole(text)]) {
          expect(log(`"severityText":${json},"flags":0`)).toEqual(text === "" ? logOf() : logOf(field(3, text)));
          expect(log(`"attributes":[{"key":${json},"value":{"stringValue":${json}}}],"x":"${"y".repeat(200)}"`)).toEqual(
            logOf(field(6, field(1, text), field(2, field(1, text)))),
          );
        }
      }
    }
    expect(log('"severityText":"\\/\\u00E9\\u00e9"')).toEqual(logOf(field(3, "/éé")));
  });

  it("of half a surrogate pair is U+FFFD", () => {
    const halves = ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800", "\\ud800\\ud800\\udc00", "\\ud800\\u0041", "\\ud83d\\n"];
    for (const half of halves) {
      const text = (JSON.parse(`"${half}"`) as string).toWellFormed();
      expect(log(`"severityText":"${half}"`)).toEqual(logOf(field(3, text)));
    }
  });

  it("that is not UTF-8 is copied through, for the check to repair", () => {
    const raw = join(utf8('{"resourceLogs":[{"schemaUrl":"a'), of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80), utf8('b"}]}'));
    expect(read("logs", raw)).toEqual(field(1, field(3, "a", of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80), "b")));
  });

  it("of control characters is refused raw", () => {
    for (let code = 0; code < 0x20; code++) {
      const text = `{"resourceLogs":[{"schemaUrl":"a${String.fromCharCode(code)}"}]}`;
      const { result, errorAt } = bench.read("logs", text);
      expect([result, errorAt]).toEqual([JSON_TEXT, 32]);
    }
  });
});

describe("lists and lengths", () => {
  it("of numbers are packed", () => {
    expect(metric('"histogram":{"dataPoints":[{"bucketCounts":["1",2],"explicitBounds":[0.5,"NaN"]}]}')).toEqual(
      metricOf(
        field(9, field(1, field(6, of(1, 0, 0, 0, 0, 0, 0, 0), of(2, 0, 0, 0, 0, 0, 0, 0)), field(7, double(1, 0.5).slice(1), double(1, Number.NaN).slice(1)))),
      ),
    );
    expect(metric('"histogram":{"dataPoints":[{"bucketCounts":[ ]}]}')).toEqual(metricOf(field(9, field(1))));
    const counts = Array.from({ length: 5000 }, (_, i) => i);
    expect(metric(`"exponentialHistogram":{"dataPoints":[{"negative":{"bucketCounts":[${counts.join(" , ")}]}}]}`)).toEqual(
      metricOf(field(10, field(1, field(9, field(2, ...counts.map((count) => varint(count))))))),
    );
  });

  it("are minimal, whatever the size of the message before", () => {
    const sizes = [0, 1, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 200, 16_300, 16_370, 16_380, 16_384, 70_000, 3, 2_100_000, 5, 20_000];
    for (const size of [...sizes, ...sizes.toReversed()]) {
      const text = "x".repeat(size);
      const list = (inner: Bytes): Bytes => field(5, field(1, inner));
      const wanted = valueOf(list(field(6, field(1, field(1, "k"), field(2, list(list(field(1, text))))))));
      expect(
        value(
          `{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"arrayValue":{"values":[{"stringValue":"${text}"}]}}]}}}]}}]}}`,
        ),
      ).toEqual(wanted);
    }
  });
});

describe("large values side by side, deep inside others", () => {
  const list = (...inner: Bytes[]): Bytes => field(5, ...inner.map((one) => field(1, one)));
  const wrapped = (depth: number, inner: Bytes): Bytes => (depth === 0 ? inner : list(wrapped(depth - 1, inner)));
  const json = (depth: number, inner: string): string => (depth === 0 ? inner : json(depth - 1, `{"arrayValue":{"values":[${inner}]}}`));

  it("have minimal lengths all the same", () => {
    const sizes = [5000, 17_000, 10, 4090, 4096, 4100, 130_000, 0, 300, 16_384, 2_097_140, 6000];
    for (const depth of [1, 4, 7]) {
      for (const outer of [0, 5]) {
        const texts = sizes.map((size, i) => String.fromCharCode(0x61 + i).repeat(size));
        const wanted = valueOf(wrapped(outer, list(...texts.map((text) => wrapped(depth, field(1, text))))));
        const inner = texts.map((text) => json(depth, `{"stringValue":"${text}"}`)).join(",");
        // Twice, and after a small one: what is guessed from the message before differs.
        for (const before of ["{}", "{}", '{"stringValue":"x"}']) {
          value(before);
          const made = value(json(outer, `{"arrayValue":{"values":[${inner}]}}`));
          expect(made.length).toBe(wanted.length);
          expect(made.every((byte, i) => byte === wanted[i])).toBe(true);
        }
      }
    }
  });
});

/** Every UTF-16 unit as an escape. */
function escapedWhole(text: string): string {
  let made = "";
  for (let i = 0; i < text.length; i++) made += `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`;
  return `"${made}"`;
}
