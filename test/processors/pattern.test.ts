/** Patterns in RE2's syntax: what they match, what is refused, and that none takes forever. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupsOf, matches, parsePattern, type Pattern } from "../../src/processors/attribute-actions/pattern.ts";

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
    ["^a(?i)b$", "aB", true],
    ["^(?i:a)b$", "AB", false],
    ["^(?i:a)b$", "Ab", true],
    ["^(?:(?i)a|b)c$", "Bc", true],
    ["^(?:(?i)a|b)c$", "BC", false],
    ["(?i)^a(?-i)b$", "Ab", true],
    ["(?i)^a(?-i)b$", "AB", false],
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

  it("keeps what a group caught in an earlier round, as RE2 does and the host does not", () => {
    expect(groupsOf(pattern("(?:(?P<a>x)|y)*"), "xy")).toEqual(["x"]);
    expect(groupsOf(pattern("(?P<outer>a(?P<inner>b)?)+"), "aba")).toEqual(["a", "b"]);
  });

  it("agrees with the host where both mean the same", () => {
    const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", ".", "(?:ab|a)", "(a|b)", "(ab)", "^", "$", "\\b", "(?:)");
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "?", "*", "+", "{2}", "{1,2}", "??", "*?", "+?"))
      .filter(([one, times]) => times === "" || !["^", "$", "\\b", "(?:)"].includes(one));
    const row = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.map((parts) => parts.join("")).join(""));
    const source = fc.tuple(row, fc.option(row, { nil: undefined })).map(([left, right]) => (right === undefined ? left : `${left}|${right}`));
    fc.assert(
      fc.property(source, fc.stringMatching(/^[abc]{0,8}$/), (text, subject) => {
        const found: readonly (string | undefined)[] | null = new RegExp(text, "u").exec(subject);
        expect(groupsOf(pattern(text), subject)).toEqual(found?.slice(1).map((group) => group ?? ""));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["(a+)+$", "^(a|aa)*$", "(?:a?){30}a{30}$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$", "(?:a{0,1000}){2}x", "^((a*)*)*$"])(
    "%j takes time that grows with the text only",
    (text) => {
      const found = pattern(text);
      const started = performance.now();
      expect(matches(found, `${"a".repeat(Math.min(found.charsMax - 1, 2000))}!`)).toBe(false);
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );

  it("looks at no text that is too long for it", () => {
    const found = pattern("x$");
    expect(matches(found, "x".repeat(found.charsMax))).toBe(true);
    expect(matches(found, "x".repeat(found.charsMax + 1))).toBe(false);
  });
});

describe("refusals", () => {
  it.each([
    ["(a)\\1", "refers back to a group"],
    ["(?=a)", "uses lookaround"],
    ["(?!a)", "uses lookaround"],
    ["(?<=a)", "uses lookaround"],
    ["(?<!a)", "uses lookaround"],
    ["(?:a{1000}){1000}", "is too large"],
    ["(".repeat(300) + ")".repeat(300), "nests more than"],
    ["(?x)a", 'begins with "(?"'],
    ["(?P<a-b>x)", 'begins with "(?"'],
    ["(?i)*", "nothing before it"],
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
