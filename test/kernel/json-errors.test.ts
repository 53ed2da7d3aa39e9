/** What the JSON reader refuses, with the code and the offending byte. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import {
  JSON_BASE64,
  JSON_DEPTH,
  JSON_ENUM,
  JSON_ERRORS,
  JSON_FULL,
  JSON_HEX,
  JSON_NUMBER,
  JSON_SYNTAX,
  JSON_TEXT,
  JSON_TRAILING,
  JSON_TRUNCATED,
  JSON_TYPE,
} from "../../src/kernel/json-errors.ts";
import { join, utf8 } from "../harness/bytes.ts";
import { JsonBench } from "./json-support.ts";

const bench = new JsonBench(48 << 20);

/** The mark stands before the offending byte. */
function refused(signal: Signal, marked: string, code: number): void {
  const at = marked.indexOf("¦");
  const { result, errorAt } = bench.read(signal, marked.replace("¦", ""));
  expect([result, errorAt], marked.slice(0, 300)).toEqual([code, at]);
  expect(JSON_ERRORS[result]).toBeTypeOf("string");
}

const span = (members: string, code: number): void => {
  refused("traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`, code);
  // Far from the end, where vectors are used.
  refused("traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}],"x":"${"y".repeat(300)}"}`, code);
};
const value = (text: string, code: number): void => {
  refused("logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${text}}]}]}]}`, code);
  span(`"attributes":[{"key":"k","value":${text}}]`, code);
};

describe("text that is not JSON", () => {
  it("is refused where it goes wrong", () => {
    const cases: readonly (readonly [text: string, code: number])[] = [
      ["¦", JSON_TRUNCATED],
      ["  \n¦", JSON_TRUNCATED],
      ["¦x", JSON_SYNTAX],
      ["¦[]", JSON_TYPE],
      ["¦null", JSON_TYPE],
      ['¦"{}"', JSON_TYPE],
      ["¦12", JSON_TYPE],
      ["{¦,}", JSON_SYNTAX],
      ["{¦a:1}", JSON_SYNTAX],
      ["{¦'a':1}", JSON_SYNTAX],
      ['{"a"¦ 1}'.replace("¦ ", " ¦"), JSON_SYNTAX],
      ['{"a":¦}', JSON_SYNTAX],
      ['{"a":1¦ "b":2}'.replace("¦ ", " ¦"), JSON_SYNTAX],
      ['{"a":1,¦}', JSON_SYNTAX],
      ['{"a":1¦]', JSON_SYNTAX],
      ['{"a":[1¦}}', JSON_SYNTAX],
      ['{"a":[1,¦]}', JSON_SYNTAX],
      ['{"a":{"b":1,¦}}', JSON_SYNTAX],
      ['{"a":{¦1:1}}', JSON_SYNTAX],
      ['{"a":¦tru}', JSON_SYNTAX],
      ['{"a":¦NaN}', JSON_SYNTAX],
      ['{"a":¦Infinity}', JSON_SYNTAX],
      ['{"a":0¦x1}', JSON_SYNTAX],
      ['{"a":0¦1}', JSON_NUMBER],
      ['{"a":1.¦}', JSON_NUMBER],
      ['{"a":¦.5}', JSON_SYNTAX],
      ['{"a":¦+5}', JSON_SYNTAX],
      ['{"a":-¦}', JSON_NUMBER],
      ['{"a":1e¦}', JSON_NUMBER],
      ['{"a":1e+¦}', JSON_NUMBER],
      ['{"a":1¦/* note */}', JSON_SYNTAX],
      ["¦// note\n{}", JSON_SYNTAX],
      ['{"resourceSpans":[{}¦;{}]}', JSON_SYNTAX],
      ['{"resourceSpans":[{},¦]}', JSON_SYNTAX],
      ['{"resourceSpans":[¦,]}', JSON_SYNTAX],
      ['{"resourceSpans":[{}¦}', JSON_SYNTAX],
      ["{}¦x", JSON_TRAILING],
      ["{} \n ¦{}", JSON_TRAILING],
      ["{}¦\u0000", JSON_TRAILING],
      ["{}¦,", JSON_TRAILING],
    ];
    for (const [text, code] of cases) refused("traces", text, code);
  });

  it("is refused in another encoding", () => {
    const wide = Uint8Array.from(Array.from('{"resourceSpans":[]}', (letter) => [letter.charCodeAt(0), 0]).flat());
    expect(bench.read("traces", wide)).toMatchObject({ result: JSON_SYNTAX, errorAt: 1 });
    expect(bench.read("traces", join(Uint8Array.of(0xff, 0xfe), wide))).toMatchObject({ result: JSON_SYNTAX, errorAt: 0 });
    expect(bench.read("traces", Uint8Array.of(0xef, 0xbb, 0xbf))).toMatchObject({ result: JSON_TRUNCATED, errorAt: 3 });
  });

  it("ends too early", () => {
    for (const text of [
      "{",
      '{"',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":tr',
      '{"a":nul',
      '{"a":"\\',
      '{"a":"\\u12',
      '{"a":[',
      '{"a":{"b":1',
      '{"resourceSpans":[',
      '{"resourceSpans":[{}',
      '{"resourceSpans":[{},',
      '{"resourceSpans":nul',
      '{"resourceSpans":[{"schemaUrl":"abc',
      '{"resourceSpans":[{"schemaUrl":"abc\\',
    ]) {
      refused("traces", `${text}¦`, JSON_TRUNCATED);
    }
  });
});

describe("a value of the wrong type", () => {
  it("is refused where it begins", () => {
    for (const [name, wrong] of [
      ["name", ["1", "true", "[]", "{}"]],
      ["traceId", ["1", "{}", "[]"]],
      ["kind", ["true", "[]", "{}"]],
      ["startTimeUnixNano", ["true", "[]", "{}"]],
      ["attributes", ["{}", '"a"', "1"]],
      ["events", ["{}", '"a"', "1", "[1]".replace("[1]", "false")]],
      ["status", ["[]", '"a"', "1"]],
      ["flags", ["true"]],
    ] as const) {
      for (const one of wrong) span(`"${name}":¦${one}`, JSON_TYPE);
    }
    span('"attributes":[¦1]', JSON_TYPE);
    span('"attributes":[{"key":¦5,"value":{}}]', JSON_TYPE);
    span('"attributes":[{"key":"k","value":¦"v"}]', JSON_TYPE);
    span('"events":[{},¦[]]', JSON_TYPE);
    value('{"boolValue":¦"true"}', JSON_TYPE);
    value('{"boolValue":¦1}', JSON_TYPE);
    value('{"stringValue":¦1}', JSON_TYPE);
    value('{"arrayValue":¦[]}', JSON_TYPE);
    value('{"doubleValue":¦true}', JSON_TYPE);
    value('{"bytesValue":¦5}', JSON_TYPE);
    refused("metrics", '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"explicitBounds":[1,¦null]}]}}]}]}]}', JSON_TYPE);
    refused("profiles", '{"dictionary":{"stringTable":["",¦1]}}', JSON_TYPE);
  });
});

describe("a number", () => {
  it("that is no integer, or does not fit, is refused", () => {
    const never = ["1.5", "1e-1", "1e400", "1e99999999999", "0.1e0", "99999999999999999999", "12345678901234567890123", "1e20"];
    for (const text of never) {
      span(`"startTimeUnixNano":¦${text}`, JSON_NUMBER);
      span(`"kind":¦${text}`, JSON_NUMBER);
      value(`{"intValue":¦${text}}`, JSON_NUMBER);
    }
    for (const text of ["1e3", "0x10", " 1", "1 ", "", "-", "+1", "1.0", "99999999999999999999", "18446744073709551616", "abc", "१"]) {
      span(`"startTimeUnixNano":¦"${text}"`, JSON_NUMBER);
      span(`"flags":¦"${text}"`, JSON_NUMBER);
      value(`{"intValue":¦"${text}"}`, JSON_NUMBER);
    }
    for (const text of ["-1", '"-1"', "18446744073709551616", '"18446744073709551616"']) span(`"endTimeUnixNano":¦${text}`, JSON_NUMBER);
    for (const text of ["9223372036854775808", '"9223372036854775808"', "-9223372036854775809", '"-9223372036854775809"'])
      value(`{"intValue":¦${text}}`, JSON_NUMBER);
    for (const text of ["-1", "4294967296", '"4294967296"', '"-1"']) span(`"flags":¦${text}`, JSON_NUMBER);
    for (const text of ["2147483648", "-2147483649"]) span(`"kind":¦${text}`, JSON_NUMBER);
    span('"kind":0¦1', JSON_NUMBER);
    span('"startTimeUnixNano":-¦', JSON_NUMBER);
  });

  it("that no double holds is refused", () => {
    for (const text of ["1e999", "-1e400", '"1e999"', '"0x1"', '"nan"', '"inf"', '"+Infinity"', '" 1"', '""', '"1_0"', '"."', '"-"', '"1e"', '"01"'])
      value(`{"doubleValue":¦${text}}`, JSON_NUMBER);
    value('{"doubleValue":¦NaN}', JSON_SYNTAX);
    value('{"doubleValue":¦Infinity}', JSON_SYNTAX);
    value('{"doubleValue":-¦Infinity}', JSON_NUMBER);
    value(`{"doubleValue":¦0.${"123456789".repeat(200)}}`, JSON_NUMBER);
  });
});

describe("an id, bytes, an enum, an escape", () => {
  it("that is none is refused", () => {
    for (const id of [
      "0",
      "abc",
      "0g",
      "zz",
      "0123456789abcdeg",
      "0123456789abcdef0123456789abcde",
      "0123456789abcdef0123456789abcdeg",
      "AAECAwQFBgcICQoLDA0ODw==",
      " 0",
      "0x00",
      `${"ab".repeat(40)}é`,
    ]) {
      for (const key of ["traceId", "spanId", "parentSpanId"]) span(`"${key}":¦"${id}"`, JSON_HEX);
    }
    for (const text of ["A", "AAAAA", "A=", "AA=", "AAA==", "A===", "====", "=", "AA*A", "AAA ", "AA==AA==", "é"])
      value(`{"bytesValue":¦"${text}"}`, JSON_BASE64);
    for (const name of ["", "SERVER", "span_kind_server", "2", "SPAN_KIND_SERVER ", "STATUS_CODE_OK"]) span(`"kind":¦"${name}"`, JSON_ENUM);
    for (const [before, after] of [
      ["\\", "x"],
      ["\\", "'"],
      ["ab\\n\\", "0"],
      ["\\", "u12"],
      ["\\", "u12g4"],
      ["", "\n"],
      ["tab", "\t"],
    ] as const) {
      span(`"name":"${before}¦${after}"`, JSON_TEXT);
      span(`"name":"${"x".repeat(100)}${before}¦${after}"`, JSON_TEXT);
      span(`"${before}¦${after}":1`, JSON_TEXT);
      span(`"x":"${before}¦${after}"`, JSON_TEXT);
      value(`{"stringValue":"${before}¦${after}"}`, JSON_TEXT);
    }
  });
});

describe("depth", () => {
  const nested = (depth: number, inner: string): string => `${'{"arrayValue":{"values":['.repeat(depth - 1)}${inner}${"]}}".repeat(depth - 1)}`;
  const mapped = (depth: number, inner: string): string =>
    `${'{"kvlistValue":{"values":[{"key":"k","value":'.repeat(depth - 1)}${inner}${"}]}}".repeat(depth - 1)}`;
  const log = (body: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`;

  it("of values is 64", () => {
    for (const [nest, leaf] of [
      [nested, "{}"],
      [nested, '{"stringValue":"x"}'],
      [mapped, '{"stringValue":"x"}'],
      [mapped, "{}"],
    ] as const) {
      expect(bench.read("logs", log(nest(64, leaf))).result).toBeGreaterThan(0);
      refused("logs", log(nest(65, `¦${leaf}`)), JSON_DEPTH);
      refused("logs", `${log(nest(65, `¦${leaf}`)).slice(0, -1)},"x":"${"y".repeat(200)}"}`, JSON_DEPTH);
      const attribute = (text: string): string => log(`{}}],"x":[{"y":1}]},{"logRecords":[{"attributes":[{"key":"k","value":${text}}]`);
      expect(bench.read("logs", attribute(nest(64, leaf))).errorAt).toBe(undefined);
      refused("logs", attribute(nest(65, `¦${leaf}`)), JSON_DEPTH);
    }
  });

  it("of what nobody knows is 128 with the object around it", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ['[{"a":', "}]"],
    ] as const) {
      const levels = open.length > 5 ? 2 : 1;
      const fit = Math.floor(127 / levels);
      const inner = open === '{"a":' ? "1" : levels === 2 ? "[]" : "";
      expect(bench.read("traces", `{"x":${open.repeat(fit)}${inner}${close.repeat(fit)}}`).result).toBe(0);
    }
    refused("traces", `{"x":${"[".repeat(127)}¦[`, JSON_DEPTH);
    refused("traces", `{"x":${'{"a":'.repeat(127)}¦{`, JSON_DEPTH);
  });

  it("fails fast, ten million deep", () => {
    // A reader that looked back at what is open would take hours: the test's own time ends it.
    const bombs = ['{"x":', '{"resourceLogs":', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":'];
    for (const before of bombs) {
      for (const unit of ["[", '{"a":', '{"arrayValue":{"values":[']) {
        const text = utf8(before + unit.repeat(Math.floor(10_000_000 / unit.length)));
        bench.place(text);
        const { result } = bench.readPlaced("logs", text.length);
        expect([JSON_DEPTH, JSON_TYPE, JSON_TRUNCATED]).toContain(result);
      }
    }
  });
});

describe("large texts", () => {
  it("of numbers, blanks and strings take time by their length only", () => {
    // Here, too: by the square of their length they would take hours.
    const texts = [
      `{"x":[${"1,".repeat(4_000_000)}1]}`,
      `{"x":${"1".repeat(10_000_000)}}`,
      `{"x":1e${"9".repeat(10_000_000)}}`,
      `{"x":0.${"0".repeat(10_000_000)}}`,
      `{${" ".repeat(10_000_000)}}`,
      `{"x":"${"y".repeat(10_000_000)}"}`,
      `{"x":"${"\\u0041".repeat(1_500_000)}"}`,
      `{${'"x":1,'.repeat(1_500_000)}"x":1}`,
    ];
    for (const text of texts) {
      const bytes = utf8(text);
      bench.place(bytes);
      expect(bench.readPlaced("logs", bytes.length).result).toBe(0);
    }
  });

  it("deep inside values are not moved once a level", () => {
    const inside = `{"stringValue":"${"x".repeat(10_000_000)}"}`;
    const bytes = utf8(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${'{"arrayValue":{"values":['.repeat(63)}${inside}${"]}}".repeat(63)}}]}]}]}`);
    bench.place(bytes);
    // Moved once a level it is 1.2 GB each time; the fastest of five is not a pause of the machine's.
    const times = Array.from({ length: 5 }, () => {
      const from = performance.now();
      expect(bench.readPlaced("logs", bytes.length).result).toBeGreaterThan(10_000_000);
      return performance.now() - from;
    });
    expect(Math.min(...times)).toBeLessThan(300);
  });
});

describe("the output's end", () => {
  it("is never passed", () => {
    const texts = [
      `{"resourceSpans":[{"schemaUrl":"${"x".repeat(20_000)}"}]}`,
      `{"resourceSpans":[{"scopeSpans":[{"spans":[${'{"name":"a","attributes":[{"key":"k","value":{"stringValue":"v"}}]},'.repeat(800)}{}]}]}]}`,
      `{"resourceSpans":[${"{},".repeat(9000)}{}]}`,
      `{"resourceSpans":[{"schemaUrl":"${"\\n".repeat(12_000)}"}]}`,
    ];
    for (const text of texts) {
      const bytes = utf8(text);
      bench.place(bytes);
      const whole = bench.readPlaced("traces", bytes.length).result;
      expect(whole).toBeGreaterThan(9000);
      // Text with escapes wants room for itself as it stands.
      const enough = Math.max(whole, bytes.length) + 5000;
      for (const room of [0, 1, 4095, 4096, 5000, 8000, whole - 1, whole, whole + 3000, enough]) {
        bench.fillOutput(0xa5, room + 4096);
        const { result } = bench.readPlaced("traces", bytes.length, room);
        if (room < whole) expect(result).toBe(JSON_FULL);
        if (room === enough) expect(result).toBe(whole);
        for (let i = 0; i < 64; i++) expect(bench.byteBehind(room, i)).toBe(0xa5);
      }
    }
  });
});
