/** Patterns in RE2's syntax: what they match, what is refused, and that none takes forever. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RE2JS } from "re2js";
import { find, groupsOf, matches, matchesBytes, namesOf, parsePattern, type Pattern, replaceAll, replaceEach } from "../../src/pattern/pattern.ts";
import { runsHere } from "../harness/runs.ts";

function pattern(text: string): Pattern {
  const parsed = parsePattern(text);
  if (typeof parsed === "string") throw new Error(`"${text}" ${parsed}`);
  return parsed;
}

const encoder = new TextEncoder();

/** The text between others in shared memory, as requests lie. */
function inBytes(found: Pattern, text: string): boolean {
  const encoded = encoder.encode(text);
  const bytes = new Uint8Array(new SharedArrayBuffer(encoded.length + 20)).fill(0x61);
  bytes.set(encoded, 10);
  return matchesBytes(found, bytes, 10, 10 + encoded.length);
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
    ["^a\\/b\\-c$", "a/b-c", true],
  ])("%j on %j: %j", (text, subject, expected) => {
    expect(matches(pattern(text), subject)).toBe(expected);
    expect(inBytes(pattern(text), subject)).toBe(expected);
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
      { numRuns: runsHere(3000) },
    );
  });

  it("agrees with the library on texts and on bytes", () => {
    const atom = fc.constantFrom("a", "K", "[^a]", ".", "(?s:.)", "(a|é)", "\\pL", "[а-я]", "\\d", "\\w", "\\s", "😀", "\\x{1F600}");
    const place = fc.constantFrom("^", "$", "\\b", "\\B", "(?m:^)", "(?m:$)", "\\A", "\\z");
    const repeated = fc.tuple(atom, fc.constantFrom("", "?", "*", "+", "{2,3}", "+?")).map((parts) => parts.join(""));
    const row = fc.array(fc.oneof({ arbitrary: repeated, weight: 4 }, place), { maxLength: 6 }).map((parts) => parts.join(""));
    const source = fc
      .tuple(fc.constantFrom("", "(?i)", "^"), row, fc.option(row, { nil: undefined }))
      .map(([flags, left, right]) => flags + (right === undefined ? left : `(?:${left}|${right})`));
    const text = fc
      .array(fc.constantFrom("a", "k", "K", "\u212a", "é", "É", "ж", "Ж", "1", "_", " ", "\n", "😀"), { maxLength: 8 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(source, text, (one, subject) => {
        const expected = RE2JS.compile(one).matcher(subject).find();
        expect([one, matches(pattern(one), subject), inBytes(pattern(one), subject)]).toEqual([one, expected, expected]);
      }),
      { numRuns: runsHere(600) },
    );
  });

  it("tells all cases of a letter, and only those", () => {
    const cased = Array.from({ length: 0x600 }, (_, code) => String.fromCodePoint(code)).filter((char) => /^\p{L}$/u.test(char));
    for (const char of cased) {
      const found = pattern(`^(?i:${char})$`);
      const compiled = RE2JS.compile(`^(?i:${char})$`);
      for (const other of [char.toLowerCase(), char.toUpperCase(), "k", "\u212a", "s", "ſ", "a"]) {
        expect([char, other, matches(found, other)]).toEqual([char, other, compiled.test(other)]);
      }
    }
  });

  it("starts again when it has too many states", () => {
    const found = pattern("(?:a|b)*a(?:a|b){17}$");
    let seed = 7;
    const text = Array.from({ length: 100_000 }, () => (((seed = (seed * 48271) % 0x7fffffff) & 64) === 0 ? "a" : "b")).join("");
    for (const end of [39_000, 40_000]) {
      const part = text.slice(0, end);
      expect(matches(found, part)).toBe(part.at(-18) === "a");
    }
  });

  it.each(["(a+)+$", "^(a|aa)*$", "(?:a?){30}a{30}$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$", "(?:a{0,30}){2}x", "^((a*)*)*$"])(
    "%j on 10 KB and on 1 MiB: no, and at once",
    (text) => {
      const found = pattern(text);
      for (const length of [10_000, 1 << 20]) {
        const subject = `${"a".repeat(length)}!`;
        // A search that backtracks never comes back: the suite's time-out is the judge.
        expect(matches(found, subject)).toBe(false);
        expect(inBytes(found, subject)).toBe(false);
        expect(groupsOf(found, subject)).toBeUndefined();
      }
    },
  );
});

describe("replacing", () => {
  // As Go's Regexp.ReplaceAllString has it.
  it.each([
    ["a*", "baac", "X", "XbXcX"],
    ["|b", "abc", "-", "-a-b-c-"],
    ["b*", "é😀", "-", "-é-😀-"],
    ["x", "abc", "-", "abc"],
    ["(?P<a>x)(y)?", "axybx", "[$a|$2|${a}z|$az|$$|$]", "a[x|y|xz||$|$]b[x||xz||$|$]"],
    ["(a)(b)", "ab", "$2$1", "ba"],
    ["(a)(b)", "ab", "$1x$0", "ab"],
    ["(a)(b)", "ab", "${1}x$0", "axab"],
    ["(a)", "a", "${1", "${1"],
    ["(a)", "a", "$01$3$99999999999", ""],
    ["(?P<01>a)", "a", "$01", "a"],
    ["^", "ab", "x", "xab"],
    ["$", "ab", "x", "abx"],
    ["(?m)^", "a\nb", "x", "xa\nxb"],
    ["\\bb", "ab b", "x", "ab x"],
  ])("%j in %j by %j: %j", (text, subject, template, expected) => {
    expect(replaceAll(pattern(text), subject, template)).toBe(expected);
  });

  it("shows a function where each match lies", () => {
    const seen: number[][] = [];
    expect(replaceEach(pattern("(b)|(c)"), "abc", (places) => (seen.push([...places]), "*"))).toBe("a**");
    expect(seen).toEqual([
      [1, 2, 1, 2, -1, -1],
      [2, 3, -1, -1, 2, 3],
    ]);
  });

  it("finds from a place on, with what stands before in view", () => {
    expect([...(find(pattern("\\bb"), "b ab b", 1) ?? [])]).toEqual([5, 6]);
    expect(find(pattern("^b"), "bb", 1)).toBeUndefined();
    expect(namesOf(pattern("(?P<x>a)(b)(?<y>c)"))).toEqual(["x", "", "y"]);
  });

  it("does not make a text of any length", () => {
    expect(() => replaceAll(pattern("a"), "a".repeat(2000), "x".repeat(40_000))).toThrow(/Cannot replace in a text/);
  });
});

describe("refusals", () => {
  it.each([
    ["(a)\\1", "refers back to a group"],
    ["(?=a)", "uses lookaround"],
    ["(?!a)", "uses lookaround"],
    ["(?<=a)", "uses lookaround"],
    ["(?<!a)", "uses lookaround"],
    ["(?:a{1000}){1000}", "more than 1000 times"],
    ["(?x)a", 'begins with "(?x"'],
    ["(?P<a-b>x)", "whose name is none"],
    ["(?i)*", "nothing before it"],
    ["*a", "nothing before it"],
    ["a**", "repetition of a repetition"],
    ["a{2}{3}", "repetition of a repetition"],
    ["a{3,2}", "ends below its start"],
    ["a{1001}", "more than 1000 times"],
    ["(a", 'has a "("'],
    ["a)", 'has a ")"'],
    ["[a", 'has a "["'],
    ["a\\", "ends in a backslash"],
    ["\\C", 'uses "\\C"'],
    ["[[:letters:]]", "no class of characters"],
    ["\\p{Nowhere}", "no class of characters"],
    ["[b-a]", "no class of characters"],
    ["(?P<a>x)(?P<a>y)", "has two groups"],
  ])("%j", (text, words) => {
    expect(parsePattern(text)).toContain(words);
  });

  it.each([
    ["too many instructions", "(?:a{30}){33}".repeat(25), "is too large"],
    ["groups too deep", "(".repeat(1001) + ")".repeat(1001), "nests more than"],
    ["groups much too deep", "(".repeat(100_000) + ")".repeat(100_000), "nests more than"],
    ["groups without an end", "(".repeat(100_000), 'has a "("'],
    ["a megabyte of stars", "*".repeat(1 << 20), "nothing before it"],
  ])("%s", (_, text, words) => {
    const refusal = parsePattern(text);
    expect(refusal).toContain(words);
    expect(typeof refusal === "string" && refusal.length).toBeLessThan(200);
  });
});
