/** Editors of text: replace_* and truncate_all. What they set the target to; undefined: left alone. */
import { describe, expect, test } from "vitest";
import { BuildError } from "../../../src/ottl/contract.ts";
import { FIRST } from "../../../src/ottl/functions/first.ts";
import { type Value, StatementError } from "../../../src/ottl/value.ts";
import { call, edited, named, nobody, operand } from "./harness.ts";

const upper = (_subject: unknown, value: Value): Value => (typeof value === "string" ? value.toUpperCase() : null);
const number = (): Value => 1n;
const map = (entries: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> => new Map(Object.entries(entries));

describe("replace_pattern", () => {
  const fn = named(FIRST, "replace_pattern");

  test.each([
    ["a1b22", String.raw`\d+`, "#", "a#b#"],
    ["kv=1", String.raw`(?P<k>\w+)=(\d)`, "$2=${k}$$", "1=kv$"],
    ["ab", "(a)(b)", "$1x$2", "b"],
    ["ab", "(a)(b)", "${1}x${2}", "axb"],
    ["日本", "本", "x", "日x"],
    ["abc", "", "-", "-a-b-c-"],
  ])("%j by %j and %j is %j", (text, regexPattern, replacement, wanted) => {
    expect(edited(fn, text, { regex_pattern: regexPattern, replacement })).toBe(wanted);
  });

  test("leaves alone what does not match, what is no text and what is nil", () => {
    expect(edited(fn, "abc", { regex_pattern: "x", replacement: "y" })).toBeUndefined();
    expect(edited(fn, 5n, { regex_pattern: "5", replacement: "y" })).toBeUndefined();
    expect(edited(fn, null, { regex_pattern: "", replacement: "y" })).toBeUndefined();
  });

  test("a function changes each replacement where it stands", () => {
    const args = { regex_pattern: String.raw`world(\d)`, replacement: "w$1", function: upper };
    expect(edited(fn, "hello world1 and world2, w1", args)).toBe("hello W1 and W2, w1");
    expect(edited(fn, "world1", { ...args, replacement_format: "<%s>" })).toBe("<W1>");
    expect(() => edited(fn, "world1", { ...args, function: number })).toThrow(StatementError);
  });

  test.each(["<>", "%d", "%s%d", "%%s", "a\n%s"])("refuses the format %j", (format) => {
    expect(() => edited(fn, "x", { regex_pattern: "x", replacement: "y", function: upper, replacement_format: format })).toThrow(StatementError);
  });

  test("a literal pattern that is not sound is refused when it is built, another when it is met", () => {
    const target = operand("x");
    expect(() => call(fn, { target, regex_pattern: "(", replacement: "" })).toThrow(BuildError);
    expect(() => call(fn, { target, regex_pattern: () => "(", replacement: "" })).toThrow(StatementError);
  });

  test("patterns that differ from item to item are each read once", () => {
    let pattern = "a";
    const set: Value[] = [];
    const target = operand(() => "ab", { set: (_subject, value) => void set.push(value) });
    const operation = fn.build({ target, regex_pattern: () => pattern, replacement: () => "x" } as never, undefined as never);
    operation.run(nobody);
    pattern = "b";
    operation.run(nobody);
    expect(set).toEqual(["xb", "ax"]);
  });
});

describe("replace_all_patterns", () => {
  const fn = named(FIRST, "replace_all_patterns");
  const before = map({ one: "hello world", two: "hello", three: 3n, four: "" });

  test("changes values", () => {
    const after = edited(fn, before, { mode: "value", regex_pattern: "hello", replacement: "bye" });
    expect(after).toEqual(map({ one: "bye world", two: "bye", three: 3n, four: "" }));
  });

  test("changes keys; the one that comes later takes the place of another", () => {
    expect(edited(fn, before, { mode: "key", regex_pattern: "^t", replacement: "T_" })).toEqual(
      map({ one: "hello world", T_wo: "hello", T_hree: 3n, four: "" }),
    );
    expect(edited(fn, before, { mode: "key", regex_pattern: "^(one|two)$", replacement: "same" })).toEqual(map({ same: "hello", three: 3n, four: "" }));
  });

  test("a value whose function fails stays, a key goes", () => {
    const args = { regex_pattern: "hello|two", replacement: "x", function: number };
    expect(edited(fn, before, { mode: "value", ...args })).toBeUndefined();
    expect(edited(fn, before, { mode: "key", ...args })).toEqual(map({ one: "hello world", three: 3n, four: "" }));
  });

  test("sets nothing without a match, refuses other modes and what is no map", () => {
    expect(edited(fn, before, { mode: "value", regex_pattern: "zzz", replacement: "" })).toBeUndefined();
    expect(edited(fn, before, { mode: "key", regex_pattern: "zzz", replacement: "" })).toBeUndefined();
    expect(() => edited(fn, before, { mode: "both", regex_pattern: "", replacement: "" })).toThrow(BuildError);
    expect(() => edited(fn, "text", { mode: "key", regex_pattern: "", replacement: "" })).toThrow(StatementError);
  });
});

describe("replace_match and replace_all_matches", () => {
  test.each([
    ["hello*", "hello world", true],
    ["hello*", "say hello", false],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[!a-c]x", "dx", true],
    ["[xyz]", "y", true],
    ["{one,two*}", "twofold", true],
    ["{one,two}", "three", false],
    [String.raw`a\*`, "a*", true],
    [String.raw`a\*`, "ab", false],
    ["a.c", "abc", false],
    ["**/x", "a/b/x", true],
    ["", "", true],
    ["*", "line\nline", true],
    ["日?", "日本", true],
    ["a,b", "a,b", true],
    ["a}", "a}", true],
  ])("%j against %j: %j", (pattern, text, wanted) => {
    expect(edited(named(FIRST, "replace_match"), text, { pattern, replacement: "new" })).toBe(wanted ? "new" : undefined);
  });

  test.each(["[a", "{a", "[", "[]", "[a-", "[z-a]"])("refuses %j", (pattern) => {
    expect(() => edited(named(FIRST, "replace_match"), "x", { pattern, replacement: "" })).toThrow(BuildError);
  });

  test("a function changes the replacement", () => {
    expect(edited(named(FIRST, "replace_match"), "abc", { pattern: "a*", replacement: "new", function: upper, replacement_format: "<%s>" })).toBe("<NEW>");
    expect(edited(named(FIRST, "replace_match"), 5n, { pattern: "*", replacement: "new" })).toBeUndefined();
  });

  test("all values of a map", () => {
    const before = map({ a: "x1", b: "y", c: 1n, d: "x2" });
    const fn = named(FIRST, "replace_all_matches");
    expect(edited(fn, before, { pattern: "x*", replacement: "-" })).toEqual(map({ a: "-", b: "y", c: 1n, d: "-" }));
    expect(edited(fn, before, { pattern: "z*", replacement: "-" })).toBeUndefined();
  });
});

describe("truncate_all", () => {
  const fn = named(FIRST, "truncate_all");

  test("cuts texts that are longer in bytes, between characters", () => {
    const before = map({ short: "abc", long: "abcdef", wide: "日本語", other: 123456n });
    expect(edited(fn, before, { limit: 4n })).toEqual(map({ short: "abc", long: "abcd", wide: "日", other: 123456n }));
    expect(edited(fn, before, { limit: 5n, truncation_marker: ".." })).toEqual(map({ short: "abc", long: "abc..", wide: "日..", other: 123456n }));
    expect(edited(fn, before, { limit: 0n })).toEqual(map({ short: "", long: "", wide: "", other: 123456n }));
  });

  test("within a character U+FFFD stands for what is left of it", () => {
    expect(edited(fn, map({ wide: "日本" }), { limit: 4n, utf8_safe: false })).toEqual(map({ wide: "日\ufffd" }));
  });

  test("at the limit nothing is set; wrong limits are refused", () => {
    expect(edited(fn, map({ a: "abcd" }), { limit: 4n })).toBeUndefined();
    expect(() => edited(fn, map({}), { limit: -1n })).toThrow(BuildError);
    expect(() => edited(fn, map({}), { limit: 1n, truncation_marker: "..." })).toThrow(BuildError);
  });
});
