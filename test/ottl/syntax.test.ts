import { describe, expect, it } from "vitest";
import { caretText, type Reading } from "../../src/ottl/syntax/issue.ts";
import { STATEMENT_CHARS_MAX } from "../../src/ottl/syntax/lexer.ts";
import { DEPTH_MAX, parseCondition, parseStatement, parseValue } from "../../src/ottl/syntax/parser.ts";

/** The tree without places, and the lists flattened to what a reader would write. */
function shape(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value: unknown) => {
      if (key === "offset" || key === "length" || key === "nameExtent") return undefined;
      if (typeof value === "bigint") return `${value}n`;
      return value instanceof Uint8Array ? [...value] : value;
    }),
  );
}

function valueOf(text: string): unknown {
  const { value, issue } = parseValue(text);
  return issue === undefined ? shape(value) : `${issue.offset}+${issue.length} ${issue.message}`;
}

function issueOf(outcome: Reading<unknown>): string {
  const { issue } = outcome;
  return issue === undefined ? "accepted" : `${issue.offset}+${issue.length} ${issue.message}`;
}

describe("literals", () => {
  it.each([
    ["1", { kind: "int", value: "1n" }],
    ["9223372036854775807", { kind: "int", value: "9223372036854775807n" }],
    ["010", { kind: "int", value: "8n" }],
    ["1.5", { kind: "float", value: 1.5 }],
    [".5e-1", { kind: "float", value: 0.05 }],
    ["1.", { kind: "float", value: 1 }],
    ["true", { kind: "bool", value: true }],
    ["nil", { kind: "nil" }],
    ["0x0aFF", { kind: "bytes", value: [10, 255] }],
    ["KIND_ONE", { kind: "enum", name: "KIND_ONE" }],
    [`"a\\"b\\\\c\\n\\t\\x41\\101\\u00e9\\U0001F600"`, { kind: "string", value: 'a"b\\c\n\tAA\u00e9\u{1f600}' }],
    [`"\\xff"`, { kind: "string", value: "\u00ff" }],
    [`"\u{1f600} \u4e2d"`, { kind: "string", value: "\u{1f600} \u4e2d" }],
    [`"line\nbreak"`, { kind: "string", value: "line\nbreak" }],
    ["[]", { kind: "list", items: [] }],
    [
      `{"a": 1, "b": [nil]}`,
      {
        kind: "map",
        entries: [
          { key: "a", value: { kind: "int", value: "1n" } },
          { key: "b", value: { kind: "list", items: [{ kind: "nil" }] } },
        ],
      },
    ],
  ])("%s", (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it("takes lists and maps without the commas that the Collector does not ask for", () => {
    expect(valueOf('["a" "b", "c"]')).toEqual(valueOf('["a", "b", "c"]'));
    expect(valueOf('{"a":1 "b":2,}')).toEqual(valueOf('{"a":1, "b":2}'));
  });
});

describe("operators", () => {
  it("binds products before sums, sums before comparisons, not before and before or", () => {
    expect(valueOf("1 + 2 * 3 - x")).toMatchObject({
      first: { value: "1n" },
      rest: [
        { operator: "+", operand: { kind: "math", first: { value: "2n" }, rest: [{ operator: "*", operand: { value: "3n" } }] } },
        { operator: "-", operand: { kind: "path" } },
      ],
    });
    const { value } = parseCondition('not a.b == 1 and true or a.c < 2 + 3 * 4 and Foo("x")');
    expect(shape(value)).toMatchObject({
      kind: "logic",
      operator: "or",
      terms: [
        { kind: "logic", operator: "and", terms: [{ kind: "not", operand: { kind: "compare", operator: "==" } }, { kind: "bool" }] },
        {
          kind: "logic",
          operator: "and",
          terms: [{ kind: "compare", operator: "<", right: { kind: "math", rest: [{ operator: "+", operand: { kind: "math" } }] } }, { kind: "call" }],
        },
      ],
    });
  });

  it("tells conditions and arithmetic in parentheses apart, however deep", () => {
    expect(issueOf(parseCondition("((a.b + 1)) * 2 == 3 and ((a.b == 1) or (true))"))).toBe("accepted");
    expect(issueOf(parseCondition("(a.b)"))).toContain("Expected a condition");
    expect(issueOf(parseCondition("(true) == a.b"))).toContain("Expected a value");
  });

  it("keeps a row of ten thousand operators one node", () => {
    const { value } = parseValue(`1${" + 1".repeat(10_000)}`);
    expect(value).toMatchObject({ kind: "math", rest: { length: 10_000 } });
    expect(parseCondition(`true${" or true".repeat(7_000)}`).value).toMatchObject({ kind: "logic", terms: { length: 7_001 } });
  });
});

describe("calls, paths and lambdas", () => {
  it("reads paths with keys of every kind", () => {
    expect(valueOf('span.attributes["a"][0][item.key][Len(x.y) - 1].z')).toMatchObject({
      kind: "path",
      segments: [
        { name: "span", keys: [] },
        { name: "attributes", keys: [{ kind: "string" }, { kind: "int" }, { kind: "path" }, { kind: "math" }] },
        { name: "z" },
      ],
    });
  });

  it("reads named arguments, function names and lambdas", () => {
    const { value } = parseStatement('do_it(a.b, with = ToLower, each = (_, v) => v["x"] == 1, isOn=true) where Foo()["k"][0] != nil');
    expect(shape(value)).toMatchObject({
      editor: {
        name: "do_it",
        args: [
          { name: "" },
          { name: "with", value: { kind: "function", name: "ToLower" } },
          { name: "each", value: { kind: "lambda", parameters: [{ name: "_" }, { name: "v" }], body: { kind: "compare" } } },
          { name: "isOn" },
        ],
      },
      where: { kind: "compare", left: { kind: "call", keys: [{ kind: "string" }, { kind: "int" }] } },
    });
  });

  it("gives each node its place", () => {
    const text = 'set(span.name, "x")  where  span.kind == 1';
    const { value } = parseStatement(text);
    expect(text.slice(value?.editor.offset, (value?.editor.offset ?? 0) + (value?.editor.length ?? 0))).toBe('set(span.name, "x")');
    expect(text.slice(value?.where?.offset, (value?.where?.offset ?? 0) + (value?.where?.length ?? 0))).toBe("span.kind == 1");
    const [, second] = value?.editor.args ?? [];
    expect(second).toMatchObject({ offset: 15, length: 3 });
  });
});

describe("what is refused, and where", () => {
  it.each([
    ["", "0+0 Expected an editor, as in set(...), found the end"],
    ["set(", "4+0 Expected a value, found the end"],
    ["set(a.b", "7+0 Expected a comma or the closing parenthesis of the arguments, found the end"],
    ["set(a.)", '6+1 Expected a field\'s name in small letters, found ")"'],
    ["Set(a.b)", "0+3 A statement begins with an editor, found the converter Set"],
    ["set(int(1))", "4+3 A converter's name begins with a capital letter, found int"],
    ['set(a.b)["k"]', "9+3 Only paths and converters may be indexed, not editors"],
    ["set(a.b) where a.c = 1", '19+1 Expected an operator or the end, found "="'],
    ["set(a.b) where a.c", "15+3 Expected a condition (a comparison, true, false or a converter), found the path a.c"],
    ["set(a.b) when true", '9+4 Expected "where" or the end of the statement, found "when"'],
    ["set(a.b) where a.c == 1)", '23+1 Expected an operator or the end, found ")"'],
    ['set(a.b, "x)', "9+1 A string does not end"],
    ['set(a.b, "\\d+")', "10+2 Unknown escape \\d in a string"],
    ['set(a.b, "\\ud800")', "10+2 Unknown escape \\u in a string"],
    ["set(a.b, 'x')", '9+1 Unexpected character "\'"'],
    ["set(a.b, \0)", "9+1 Unexpected character U+0000"],
    ["set(a.b,\u00a01)", "8+1 Unexpected character U+00A0"],
    ["set(a.b, \u{1f600})", '9+2 Unexpected character "\u{1f600}"'],
    ["set(a.b, 9223372036854775808)", '9+19 "9223372036854775808" does not fit in 64 bits'],
    ["set(a.b, 089)", '9+3 "089" begins with 0, so it is octal, and has other digits'],
    ["set(a.b, 0x123)", "9+5 Bytes are written as pairs of hexadecimal digits, found an odd number of them"],
    ['set(a.b, "a" + 1)', "9+3 Only ints, floats, paths and converters can be computed with, found a string"],
    ["set(a.b, KIND + 1)", "9+4 Only ints, floats, paths and converters can be computed with, found the enum KIND"],
    ["set(a.b, --1)", '10+1 Expected a value, found "-"'],
    ['set(a.b, ("x"))', "10+3 Parentheses hold a condition or arithmetic, found a string"],
    ["set(a.b) where 1 == 2 == 3", '22+2 Expected and, or, or the end, found "=="'],
    ["set(a.b) where not not true", '19+3 Expected a condition, found "not"'],
    ["set(a.b, a.c == 1)", "9+8 Expected a value, found a condition"],
    ["set(a.b, each=(v) => (w) => 1)", "21+8 A lambda cannot give another lambda"],
    ["set(a.b, aB.c)", "9+2 A path is written in small letters, found aB"],
    ["set(a.b, [1, ])", '13+1 Expected a value, found "]"'],
    ["set(a.b, {a: 1})", '10+1 Expected a key in double quotes or the closing "}" of the map, found "a"'],
  ])("%j", (text, expected) => {
    expect(issueOf(parseStatement(text))).toBe(expected);
  });
});

describe("hostile texts", () => {
  it.each([
    ["(", "("],
    ["[", "["],
    ["{", '{"k":'],
    ["calls", "Foo("],
    ["keys", "a[b"],
    ["lambdas", "(v) => Foo("],
    ["signs in parentheses", "-("],
    ["not in parentheses", "not ("],
  ])("refuses %s nested deeper than the limit, at the place", (_name, open) => {
    const { issue } = parseStatement(`set(${open.repeat(3000)}`);
    expect(issue?.message).toContain(`deeper than ${DEPTH_MAX}`);
    expect(issue?.offset).toBeLessThan(open.length * (DEPTH_MAX + 1) + 4);
  });

  it("takes brackets up to the limit", () => {
    const nested = (count: number): string => `${"(".repeat(count)}1${")".repeat(count)}`;
    expect(issueOf(parseValue(nested(DEPTH_MAX)))).toBe("accepted");
    expect(issueOf(parseValue(nested(DEPTH_MAX + 1)))).toContain("deeper");
  });

  it("takes texts up to the limit", () => {
    const text = (length: number): string => `"${"x".repeat(length - 2)}"`;
    expect(issueOf(parseValue(text(STATEMENT_CHARS_MAX)))).toBe("accepted");
    expect(parseValue(text(STATEMENT_CHARS_MAX + 1)).issue).toMatchObject({ offset: STATEMENT_CHARS_MAX, length: 1 });
    expect(parseStatement("set(".repeat(1 << 18)).issue?.offset).toBe(STATEMENT_CHARS_MAX);
  });

  it("reads ten thousand arguments, and refuses them unclosed", () => {
    expect(parseStatement(`set(${"1,".repeat(9_999)}1)`).value?.editor.args).toHaveLength(10_000);
    expect(issueOf(parseStatement(`set(${"1,".repeat(10_000)}`))).toBe("20004+0 Expected a value, found the end");
  });

  it("ends for every prefix and every changed character of a statement, with a place within it", () => {
    const text = 'set(span.attributes["a"][0], [1.5, {"k": -x.y * 0x0a}], f = (_, v) => v == "\\u00e9") where not (Foo(nil)["b"] != KIND or true)';
    for (let at = 0; at <= text.length; at++) {
      for (const change of ["", '"', "\\", "(", ")", "\0", "\ud800", "=", "é"]) {
        const broken = text.slice(0, at) + change + (change === "" ? "" : text.slice(at + 1));
        const { issue } = parseStatement(broken);
        if (issue === undefined) continue;
        expect(issue.offset).toBeGreaterThanOrEqual(0);
        expect(issue.offset + issue.length).toBeLessThanOrEqual(broken.length + 1);
        expect(caretText(broken, issue.offset, issue.length)).toContain("^");
      }
    }
  });
});

describe("caretText", () => {
  it("shows the line and marks the place", () => {
    expect(caretText("set(a.b, aB.c)", 9, 2)).toBe("set(a.b, aB.c)\n         ^^");
    expect(caretText("first\n\tsecond line", 7, 6)).toBe("\tsecond line\n\t^^^^^^");
    expect(caretText("set(", 4, 0)).toBe("set(\n    ^");
  });

  it("cuts long lines, hides control characters and counts characters, not units", () => {
    const [line = "", carets = ""] = caretText(`${"x".repeat(500)}!${"y".repeat(500)}`, 500, 1).split("\n");
    expect(line.length).toBeLessThan(130);
    expect(line.charAt(carets.indexOf("^"))).toBe("!");
    expect(caretText("\u{1f600}\u001b[31m!", 7, 1)).toBe("\u{1f600} [31m!\n      ^");
  });
});
