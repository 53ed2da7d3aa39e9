/** What of the first half needs more than the Collector's answers: clocks, places in memory, limits. */
import { describe, expect, test } from "vitest";
import { INT_VALUE, STRING_VALUE } from "../../../src/otlp/any-value.ts";
import { BuildError, type Place } from "../../../src/ottl/contract.ts";
import { FIRST } from "../../../src/ottl/functions/first.ts";
import { PATTERNS } from "../../../src/ottl/functions/grok/patterns.ts";
import { expandGrok } from "../../../src/ottl/functions/grok/expand.ts";
import { JSON_DEPTH_MAX } from "../../../src/ottl/functions/parse/json.ts";
import { XML_DEPTH_MAX } from "../../../src/ottl/functions/xml/parse.ts";
import { StatementError, Time, type Value } from "../../../src/ottl/value.ts";
import { parsePattern } from "../../../src/pattern/pattern.ts";
import { built, call, engine, named, nobody, operand, tools } from "./harness.ts";

const fn = (name: string): (typeof FIRST)[number] => named(FIRST, name);

describe("from the clock and at random", () => {
  test("Now is the host's time", () => {
    const now = call(fn("Now"), {});
    expect(now instanceof Time && now.unixNano).toBe(tools.now());
  });

  test("UUIDs have their version and variant, version 7 its milliseconds", () => {
    expect(call(fn("UUID"), {})).toBe("80808080-8080-4080-8080-808080808080");
    expect(call(fn("UUIDv7"), {})).toBe(
      `${(1_700_000_000_123)
        .toString(16)
        .padStart(12, "0")
        .replace(/^(.{8})/, "$1-")}-7751-8080-808080808080`.replace("7751", (0x7000 + Math.floor((456_789 * 4096) / 1_000_000)).toString(16)),
    );
  });

  test("they are not computed ahead", () => {
    for (const name of ["Now", "UUID", "UUIDv7"]) expect(fn(name).build({} as never, tools).pure).toBe(false);
    expect(fn("MD5").build({ target: () => "" } as never, tools).pure).toBeUndefined();
  });

  test("a time without a year is of this year, or of the last when it lies more than a week ahead", () => {
    // The tools' clock stands at 2023-11-14.
    const year = (text: string): Value => call(fn("Year"), { time: call(fn("Time"), { time: text, format: "%b %d", location: "UTC" }) });
    expect(year("Nov 14")).toBe(2023n);
    expect(year("Nov 21")).toBe(2023n);
    expect(year("Nov 22")).toBe(2022n);
    expect(year("Jan 01")).toBe(2023n);
  });
});

describe("IsMatch on bytes", () => {
  const text = "GET /api/日本";
  const { start, end } = engine.constant(new TextEncoder().encode(text));
  const getting = (kind: number): ReturnType<typeof operand> =>
    operand(() => (kind === STRING_VALUE ? "never asked" : 42n), {
      place: (_subject, place: Place) => {
        place.kind = kind;
        place.start = start;
        place.end = end;
      },
    });
  const matching = (kind: number, pattern: string): Value => {
    const source = getting(kind);
    const target = Object.assign(() => (kind === STRING_VALUE ? "never asked" : "42"), { operand: source });
    return fn("IsMatch")
      .build({ target, pattern: Object.assign(() => pattern, { constant: { value: pattern } }) } as never, tools)
      .run(nobody);
  };

  test("a text is looked at where it lies", () => {
    expect(matching(STRING_VALUE, "^GET /api/.本$")).toBe(true);
    expect(matching(STRING_VALUE, "^POST")).toBe(false);
    expect(matching(STRING_VALUE, "never")).toBe(false);
  });

  test("nothing never matches, another value by its text", () => {
    expect(matching(0, "")).toBe(false);
    expect(matching(INT_VALUE, "^42$")).toBe(true);
  });
});

describe("limits", () => {
  test("JSON as deep as a value may be, and no deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    const run = built(fn("ParseJSON"), { target: nested(JSON_DEPTH_MAX) });
    expect(Array.isArray(run())).toBe(true);
    expect(() => call(fn("ParseJSON"), { target: nested(JSON_DEPTH_MAX + 1) })).toThrow(StatementError);
    expect(() => call(fn("ParseJSON"), { target: nested(1_000_000) })).toThrow(StatementError);
  });

  test("XML as deep as the limit, and no deeper", () => {
    const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
    expect(call(fn("RemoveXML"), { target: nested(XML_DEPTH_MAX), x_path: "/b" })).toBe(nested(XML_DEPTH_MAX));
    expect(() => call(fn("RemoveXML"), { target: nested(XML_DEPTH_MAX + 1), x_path: "/b" })).toThrow(StatementError);
    expect(() => call(fn("ParseXML"), { target: nested(100_000) })).toThrow(StatementError);
    expect(() => call(fn("ParseXML"), { target: nested(200) })).toThrow(StatementError);
  });

  test("an XPath that looks at every pair of nodes ends", () => {
    const target = `<a>${"<b/>".repeat(3000)}</a>`;
    expect(() => call(fn("GetXML"), { target, x_path: "//b[preceding-sibling::b = following-sibling::b]" })).toThrow(StatementError);
  });

  test("what is inserted again and again is bounded", () => {
    const target = `<a>${"<b/>".repeat(20_000)}</a>`;
    expect(() => call(fn("InsertXML"), { target, x_path: "/a/b", sub_document: `<c>${"x".repeat(10_000)}</c>` })).toThrow(/more than/);
  });

  test("many prefixes, attributes, values and quotes take time in proportion", () => {
    const count = 20_000;
    const numbers = Array.from({ length: count }, (_, index) => index);
    const target = `<a ${numbers.map((index) => `xmlns:p${index}="u" a${index}="v"`).join(" ")}>${numbers.map((index) => `<p${index}:b/>`).join("")}</a>`;
    expect(call(fn("RemoveXML"), { target, x_path: "//@* | //*[local-name()='b']" })).toBe("<a></a>");
    expect(() => call(fn("RemoveXML"), { target: `<?xml a=${"'".repeat(count * 5)}x?>`, x_path: "/a" })).toThrow(StatementError);
    const row = numbers.join(",");
    const parsed = call(fn("ParseCSV"), { target: `${row},0\n${row}`, header: `${row},${count}\n${row.replaceAll(",", "x,")}`.replace(/\n\d+/, "") });
    expect(parsed).toBeInstanceOf(Map);
    expect(() => call(fn("URL"), { uri: `http://[${":".repeat(count * 5)}x]/` })).toThrow(StatementError);
    expect(() => call(fn("Duration"), { duration: "1".repeat(count * 5) })).toThrow(StatementError);
  });

  test("an XPath nested too deep is refused", () => {
    expect(() => call(fn("GetXML"), { target: "<a/>", x_path: `${"(".repeat(100)}a${")".repeat(100)}` })).toThrow(BuildError);
    expect(() => call(fn("GetXML"), { target: "<a/>", x_path: "a".repeat(5000) })).toThrow(BuildError);
    expect(() => call(fn("GetXML"), { target: "<a/>", x_path: "id('x')" })).toThrow(/id\(\) is not supported/);
  });

  test("a Grok pattern that grows without end is refused", () => {
    const definitions = Array.from({ length: 30 }, (_, index) => `P${index}=%{P${index + 1}}%{P${index + 1}}`);
    expect(() => call(fn("ExtractGrokPatterns"), { target: "x", pattern: "%{P0}", pattern_definitions: [...definitions, "P30=x"] })).toThrow(BuildError);
  });

  test("a width past the limit is refused", () => {
    expect(call(fn("Format"), { format: "%1000d", vals: [1n] })).toHaveLength(1000);
    expect(() => call(fn("Format"), { format: "%1001d", vals: [1n] })).toThrow(BuildError);
    expect(call(fn("Format"), { format: "%*d", vals: [-1000n, 1n] })).toHaveLength(1000);
    expect(call(fn("Format"), { format: "%*%%.*[3]d", vals: [1001n, 1001n] })).toBe("%%!d(BADINDEX)");
    for (const format of ["%*d", "%.*d"])
      for (const size of [1001n, 1_000_000n]) expect(() => call(fn("Format"), { format, vals: [size, 1n] })).toThrow(StatementError);
    expect(call(fn("Format"), { format: "%*d", vals: [1_000_001n, 1n] })).toBe("%!(BADWIDTH)1");
  });
});

describe("tables", () => {
  test("every Grok pattern can be used", () => {
    for (const name of Object.keys(PATTERNS)) {
      const expanded = expandGrok(`%{${name}}`, new Map(), false);
      expect(typeof expanded === "string" ? expanded : undefined, name).toBeUndefined();
      const pattern = typeof expanded === "string" ? expanded : parsePattern(expanded.source);
      expect(typeof pattern === "string" ? pattern : undefined, name).toBeUndefined();
    }
  });

  test("a user agent is refused while it is built", () => {
    expect(() => call(fn("UserAgent"), { user_agent: () => "curl/8" })).toThrow(BuildError);
  });

  test("no function has two definitions", () => {
    expect(new Set(FIRST.map(({ name }) => name)).size).toBe(FIRST.length);
  });
});
