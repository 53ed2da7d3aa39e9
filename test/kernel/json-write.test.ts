/** What the JSON writer writes, rule by rule. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { field, fixed32, fixed64, join, number, of, tag, varint, group, type Bytes } from "../harness/bytes.ts";
import { base64Of, hexOf, JsonBench } from "./json-support.ts";

const bench = new JsonBench();

function write(signal: Signal, bytes: Uint8Array): string {
  return String(bench.write(signal, bytes));
}

const item = (...fields: Bytes[]): Bytes => field(1, field(2, field(2, ...fields)));
const inside = (text: string): string => text.slice(text.lastIndexOf('":[{') + 4, -7);
const span = (...fields: Bytes[]): string => trim(write("traces", item(...fields)), '{"resourceSpans":[{"scopeSpans":[{"spans":[{', "}]}]}]}");
const log = (...fields: Bytes[]): string => trim(write("logs", item(...fields)), '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{', "}]}]}]}");
const metric = (...fields: Bytes[]): string => trim(write("metrics", item(...fields)), '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{', "}]}]}]}");
const value = (...fields: Bytes[]): string => trim(log(field(5, ...fields)), '"body":', "");

function trim(text: string, before: string, after: string): string {
  expect(text.startsWith(before) && text.endsWith(after), text).toBe(true);
  return text.slice(before.length, text.length - after.length);
}

function double(fieldNumber: number, real: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, real, true);
  return join(tag(fieldNumber, 1), bytes);
}

describe("a request", () => {
  it("is an object, even an empty one", () => {
    expect(write("traces", of())).toBe("{}");
    expect(write("logs", field(1))).toBe('{"resourceLogs":[{}]}');
    expect(write("metrics", join(field(1), field(1)))).toBe('{"resourceMetrics":[{},{}]}');
    expect(write("profiles", join(field(2), field(1)))).toBe('{"dictionary":{},"resourceProfiles":[{}]}');
    expect(inside(write("traces", item(field(5, "a"))))).toBe('"name":"a"');
  });
});

describe("ids and bytes", () => {
  it("are lower-case hexadecimal, and base64 with padding", () => {
    for (const size of [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 89 + 250) & 0xff);
      expect(span(field(1, bytes), field(2, bytes), field(4, bytes))).toBe(
        `"traceId":"${hexOf(bytes)}","spanId":"${hexOf(bytes)}","parentSpanId":"${hexOf(bytes)}"`,
      );
      expect(value(field(7, bytes))).toBe(`{"bytesValue":"${base64Of(bytes)}"}`);
    }
    expect(span(field(1), field(2))).toBe("");
    expect(value(field(7))).toBe('{"bytesValue":""}');
  });
});

describe("numbers", () => {
  it("of 64 bits are text", () => {
    for (let digits = 1; digits <= 20; digits++) {
      for (const edge of [10n ** BigInt(digits - 1), 10n ** BigInt(digits) - 1n, 1234567890123456789n % 10n ** BigInt(digits)]) {
        if (edge > 2n ** 64n - 1n || edge === 0n) continue;
        expect(span(fixed64(7, edge))).toBe(`"startTimeUnixNano":"${edge}"`);
        expect(value(number(3, BigInt.asIntN(64, edge)))).toBe(`{"intValue":"${BigInt.asIntN(64, edge)}"}`);
        expect(value(number(3, -edge))).toBe(`{"intValue":"${BigInt.asIntN(64, -edge)}"}`);
      }
    }
    expect(span(fixed64(7, 2n ** 64n - 1n))).toBe('"startTimeUnixNano":"18446744073709551615"');
    expect(value(number(3, -(2n ** 63n)))).toBe('{"intValue":"-9223372036854775808"}');
    expect(value(number(3, 0))).toBe('{"intValue":"0"}');
  });

  it("of 32 bits, and enums, are numbers", () => {
    expect(span(fixed32(16, 4294967295), number(10, 4294967295), number(6, 3))).toBe('"flags":4294967295,"droppedAttributesCount":4294967295,"kind":3');
    expect(span(number(6, -1))).toBe('"kind":-1');
    expect(value(number(8, -5))).toBe('{"stringValueStrindex":-5}');
    expect(metric(field(10, field(1, number(6, 4294967295), field(8, number(1, 4294967294)))))).toBe(
      '"exponentialHistogram":{"dataPoints":[{"scale":-2147483648,"positive":{"offset":2147483647}}]}',
    );
  });

  it("that are doubles are the shortest text, as JavaScript has it", () => {
    const values = [
      0,
      -0,
      1,
      -1,
      0.5,
      0.1,
      0.3,
      12.34,
      -99.95,
      1e21,
      1e-7,
      123456.789012,
      1 / 3,
      2 ** 53,
      2 ** 53 - 1,
      -(2 ** 60),
      5e-324,
      1.7976931348623157e308,
      0.1 + 0.2,
      1e15 + 0.5,
      999999999999999.9,
      0.000001,
      0.001,
      1.005,
      4.35,
      731.082,
      1e14 - 0.01,
      123456789.123456,
      0.0009999,
    ];
    for (let i = 1; i < 3000; i++) values.push(i / 100, i / 1000 + 1e6, Math.sqrt(i), i * 1e-6);
    for (const real of values) expect(value(double(4, real))).toBe(`{"doubleValue":${Object.is(real, -0) ? "-0" : String(real)}}`);
  });

  it("that are none are text", () => {
    expect(value(double(4, Number.NaN))).toBe('{"doubleValue":"NaN"}');
    expect(value(double(4, Infinity))).toBe('{"doubleValue":"Infinity"}');
    expect(value(double(4, -Infinity))).toBe('{"doubleValue":"-Infinity"}');
  });

  it("may come in long varints", () => {
    expect(span(join(tag(6, 0), varint(2, 5)))).toBe('"kind":2');
    expect(value(join(tag(3, 0), varint(300, 9)))).toBe('{"intValue":"300"}');
    expect(span(join(varint(5 * 8 + 2, 3), varint(1, 4), of(0x61)))).toBe('"name":"a"');
    expect(log(join(varint(6 * 8 + 2, 2), varint(0)), field(6), join(varint(6 * 8 + 2, 5), varint(0, 2)))).toBe('"attributes":[{},{},{}]');
  });
});

describe("presence", () => {
  it("of zeros is kept where it is known, and only there", () => {
    expect(value(field(1))).toBe('{"stringValue":""}');
    expect(value(number(2, 0))).toBe('{"boolValue":false}');
    expect(value(number(2, 1))).toBe('{"boolValue":true}');
    expect(value(double(4, 0))).toBe('{"doubleValue":0}');
    expect(value(field(5))).toBe('{"arrayValue":{}}');
    expect(value(field(6))).toBe('{"kvlistValue":{}}');
    expect(value()).toBe("{}");
    expect(metric(field(9, field(1, double(5, 0), double(11, 0), double(12, 0), fixed64(4, 0n))))).toBe(
      '"histogram":{"dataPoints":[{"sum":0,"min":0,"max":0}]}',
    );
    expect(metric(field(5, field(1, fixed64(6, 0n)), field(1, double(4, 0))))).toBe('"gauge":{"dataPoints":[{"asInt":"0"},{"asDouble":0}]}');
    expect(metric(field(7, number(3, 0), number(2, 0)))).toBe('"sum":{}');
    expect(metric(field(11, field(1, double(5, 0)), field(1, double(5, -0))))).toBe('"summary":{"dataPoints":[{},{"sum":-0}]}');
    expect(span(field(5), number(6, 0), fixed64(7, 0n), field(3), fixed32(16, 0), field(15))).toBe('"status":{}');
  });
});

describe("lists", () => {
  it("are whole wherever their elements are", () => {
    const a = field(9, field(1, "a"));
    const b = field(9, field(1, "b"));
    const c = field(9, field(1, "c"));
    const wanted = '"attributes":[{"key":"a"},{"key":"b"},{"key":"c"}]';
    expect(span(a, b, c, field(5, "n"))).toBe(`${wanted},"name":"n"`);
    expect(span(a, field(5, "n"), b, number(6, 1), c)).toBe(`${wanted},"name":"n","kind":1`);
    expect(span(a, field(1000, "n"), b, field(11), c, field(11), group(77, number(1, 5), group(3)))).toBe(`${wanted},"events":[{},{}]`);
    expect(write("traces", join(field(1, field(3, "x")), field(7, "?"), field(1, field(3, "y"))))).toBe(
      '{"resourceSpans":[{"schemaUrl":"x"},{"schemaUrl":"y"}]}',
    );
    const table = (text: string): Bytes => field(5, text);
    expect(write("profiles", field(2, table(""), field(4), table('"'), field(4), table("größe")))).toBe(
      '{"dictionary":{"stringTable":["","\\"","größe"],"linkTable":[{},{}]}}',
    );
  });

  it("of numbers may be packed, or not, or both", () => {
    const bounds = join(field(7, double(1, 0.5).slice(1), double(1, 2).slice(1)), double(7, -1));
    const counts = join(fixed64(6, 3n), field(6, of(4, 0, 0, 0, 0, 0, 0, 0)));
    expect(metric(field(9, field(1, bounds, counts, fixed64(4, 7n), double(7, 9))))).toBe(
      '"histogram":{"dataPoints":[{"explicitBounds":[0.5,2,-1,9],"bucketCounts":["3","4"],"count":"7"}]}',
    );
    expect(metric(field(9, field(1, field(6), field(7))))).toBe('"histogram":{"dataPoints":[{}]}');
    expect(metric(field(10, field(1, field(8, field(2, varint(1), varint(300)), field(2), number(2, 0)))))).toBe(
      '"exponentialHistogram":{"dataPoints":[{"positive":{"bucketCounts":["1","300","0"]}}]}',
    );
    expect(write("profiles", item(field(11, varint(1), varint(-1))))).toContain('"attributeIndices":[1,-1]');
  });
});

describe("text", () => {
  it("is escaped as JSON asks, and otherwise copied", () => {
    const samples = ["plain", "größe 見つかりません 🚀", '"', "\\", "/", "\u0000\u0001\u001f\b\f\n\r\t\u007f\u2028", '""""""""""""""""""""""""', "a\nb", "\n"];
    for (const sample of samples) {
      for (const size of [0, 1, 7, 14, 15, 16, 17, 31, 32, 33, 127, 128, 1000]) {
        const text = `${"x".repeat(size)}${sample}${"y".repeat(size % 37)}`;
        expect(span(field(5, text))).toBe(`"name":${JSON.stringify(text)}`);
        expect(log(field(6, field(1, text), field(2, field(1, text))))).toBe(
          `"attributes":[{"key":${JSON.stringify(text)},"value":{"stringValue":${JSON.stringify(text)}}}]`,
        );
        expect(log(field(6, field(2, field(1, text)), field(1, text)))).toBe(
          `"attributes":[{"value":{"stringValue":${JSON.stringify(text)}},"key":${JSON.stringify(text)}}]`,
        );
      }
    }
  });
});

describe("the output's end", () => {
  it("is never passed", () => {
    const attribute = field(9, field(1, "key"), field(2, field(1, "value\n")));
    const requests = [
      item(field(5, "x".repeat(3000))),
      item(field(5, "\u0001".repeat(3000))),
      item(...Array.from({ length: 200 }, () => attribute)),
      join(...Array.from({ length: 2000 }, () => field(1))),
      item(field(9, field(1, "k"), field(2, field(7, new Uint8Array(4000))))),
      item(field(1, new Uint8Array(3000))),
      item(field(5, "x".repeat(600)), ...Array.from({ length: 40 }, () => join(fixed64(7, 2n ** 64n - 1n), fixed32(16, 4294967295)))),
    ];
    let deep = field(1, "x");
    for (let i = 1; i < 64; i++) deep = field(6, field(1, field(1, "k"), field(2, deep)));
    requests.push(item(field(9, field(1, "k"), field(2, deep)), field(5, "x".repeat(2000))));
    for (const bytes of requests) {
      const whole = write("traces", bytes).length;
      for (let room = 0; room < whole + 1200; room += room > 600 ? 13 : 61) {
        bench.fillOutput(0xa5, room + 1200);
        const text = bench.write("traces", bytes, room);
        if (room < whole) expect(text).toBe(-1);
        if (room >= whole + 600) expect(text).toHaveLength(whole);
        for (let i = 0; i < 32; i++) expect(bench.byteBehind(room, i)).toBe(0xa5);
      }
    }
  });
});
