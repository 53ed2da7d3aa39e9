/** Patterns in RE2's syntax on the host's engine: what they match, and what is refused so that none takes forever. */
import { describe, expect, it } from "vitest";
import { groupsOf, matches, parsePattern, PATTERN_CHARS_MAX, type Pattern } from "../../src/processors/attribute-actions/pattern.ts";

function pattern(text: string): Pattern {
  const parsed = parsePattern(text);
  if (typeof parsed === "string") throw new Error(`"${text}" ${parsed}`);
  return parsed;
}

describe("matching", () => {
  it.each([
    ["^a$", "a", true],
    ["^a$", "a\n", false],
    ["a.c", "a\nc", false],
    ["a.c", "a\rc", true],
    ["(?s)a.c", "a\nc", true],
    ["(?m)^b$", "a\nb\nc", true],
    ["(?m)^b$", "a\rb\rc", false],
    ["\\Ab\\z", "b", true],
    ["(?i)straße", "STRAßE", true],
    ["\\s", "\u00a0", false],
    ["\\s", "\f", true],
    ["[\\s]", "\t", true],
    ["^[^\\s]+$", "a\u00a0", true],
    ["^[]a]+$", "]a", true],
    ["^[a\\-z]+$", "-", true],
    ["^[[:alpha:][:digit:]_]+$", "a1_", true],
    ["^\\pL+$", "äß", true],
    ["^\\p{Greek}+$", "αβ", true],
    ["^\\PL$", "1", true],
    ["^\\p{^L}$", "1", true],
    ["^\\x41\\x{1F600}$", "A😀", true],
    ["^.$", "😀", true],
    ["^\\Qa.b\\E$", "a.b", true],
    ["^a{,2}$", "a{,2}", true],
    ["^a{2}$", "aa", true],
    ["^a{1,}?$", "aaa", true],
    ["x{", "x{", true],
    ["^(?:\\d{1,3}\\.){3}\\d{1,3}$", "127.0.0.1", true],
    ["a/b\\-c\\_?", "a/b-c", undefined],
    ["^a\\/b\\-c$", "a/b-c", true],
  ])("%j on %j: %j", (text, subject, expected) => {
    if (expected === undefined) expect(typeof parsePattern(text)).toBe("string");
    else expect(matches(pattern(text), subject)).toBe(expected);
  });

  it("gives groups in order, whatever they are called", () => {
    const found = pattern("(?P<1st>a)(?<b_2>x)?(?:c)(?P<d>d*)");
    expect(found.names).toEqual(["1st", "b_2", "d"]);
    expect(groupsOf(found, "acdd")).toEqual(["a", "", "dd"]);
    expect(groupsOf(found, "x")).toBeUndefined();
  });

  it("looks at no text that is longer than its limit", () => {
    expect(matches(pattern("x"), "x".repeat(PATTERN_CHARS_MAX))).toBe(true);
    expect(matches(pattern("x"), "x".repeat(PATTERN_CHARS_MAX + 1))).toBe(false);
  });
});

describe("refusals", () => {
  it.each([
    ["(a+)+", "repeats, without a bound"],
    ["(?:a|b)*", "repeats, without a bound"],
    ["(?:a?b)+", "repeats, without a bound"],
    ["(?:(?:a{1,2}))*", "repeats, without a bound"],
    ["(?:a*){5}", "repeats an unbounded repetition more than 4 times"],
    ["(?:(?P<x>a)?b){2}", "captures inside a repetition"],
    ["a*".repeat(11), "more than 10 unbounded repetitions"],
    ["(a)\\1", "refers back to a group"],
    ["(?=a)", "uses lookaround"],
    ["(?!a)", "uses lookaround"],
    ["(?<=a)", "uses lookaround"],
    ["(?<!a)", "uses lookaround"],
    ["a(?i)b", "sets flags inside"],
    ["(?i:a)", "sets flags inside"],
    ["(?U)a", "sets flags inside"],
    ["*a", "nothing before it"],
    ["a**", "nothing before it"],
    ["a{2}{3}", "nothing before it"],
    ["a{3,2}", "ends below its start"],
    ["a{1001}", "more than 1000 times"],
    ["(a", 'has a "("'],
    ["a)", 'has a ")"'],
    ["[a", 'has a "["'],
    ["a\\", "ends in a backslash"],
    ["\\C", "uses \\C"],
    ["[[:^alpha:]]", "which is not available"],
    ["[[:letters:]]", "which is not available"],
    ["\\p{Nowhere}", "is not valid"],
    ["[b-a]", "is not valid"],
    ["(?P<a>x)(?P<a>y)", "has two groups"],
  ])("%j", (text, words) => {
    expect(parsePattern(text)).toContain(words);
  });
});
