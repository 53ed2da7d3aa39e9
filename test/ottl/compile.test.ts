import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { compareValues } from "../../src/ottl/compile/compare.ts";
import { define, Place } from "../../src/ottl/contract.ts";
import { dialectOf } from "../../src/ottl/dialect.ts";
import { compileCondition, compileStatement, compileValue } from "../../src/ottl/statement.ts";
import { caretText } from "../../src/ottl/syntax/issue.ts";
import { Duration, Id, Time, type Value } from "../../src/ottl/value.ts";
import { type Rig, rig } from "./small-dialect.ts";
import { runsHere } from "../harness/runs.ts";

const OPERATORS = ["==", "!=", "<", "<=", ">", ">="] as const;
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** The value, or what it threw, or the issue. */
function evaluate(text: string, at: Rig = rig()): Value | string {
  const { value, issue } = compileValue(text, at.dialect, at.options);
  if (issue !== undefined) return `refused at ${issue.offset}: ${issue.message}`;
  try {
    return value.get(at.subject);
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : ""}`;
  }
}

function holds(text: string, at: Rig = rig()): boolean | string {
  const { value, issue } = compileCondition(text, at.dialect, at.options);
  if (issue !== undefined) return `refused at ${issue.offset}: ${issue.message}`;
  try {
    return value.test(at.subject);
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : ""}`;
  }
}

/** The first issue of a statement with its cure, or "accepted". */
function refused(text: string, at: Rig = rig()): string {
  const { issue } = compileStatement(text, at.dialect, at.options);
  return issue === undefined
    ? "accepted"
    : [`${issue.offset}+${issue.length}`, issue.message, ...(issue.cure === undefined ? [] : [`(${issue.cure})`])].join(" ");
}

function run(text: string, at: Rig): void {
  const { value, issue } = compileStatement(text, at.dialect, at.options);
  if (issue !== undefined) throw new Error(issue.message);
  value.run(at.subject);
}

describe("arithmetic", () => {
  it.each([
    ["1 + 2 * 3 - 4 / 3", 6n],
    ["7 / -2", -3n],
    ["9223372036854775807 + 1", INT_MIN],
    ["-9223372036854775807 - 2", INT_MAX],
    ["(-9223372036854775807 - 1) / -1", INT_MIN],
    ["4611686018427387904 * 2", INT_MIN],
    ["1 + 0.5", 1.5],
    ["3 / 2.0", 1.5],
    ["-(2 - 5)", 3n],
    ["+5", 5n],
    ["1 / 0", "failed: Cannot divide by zero"],
    ["1.0 / 0", "failed: Cannot divide by zero"],
    ["1 + item.name", "failed: Cannot compute int64 + nil"],
    ["-item.name", "failed: Cannot negate a value of type nil"],
  ])("%s", (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it("computes with times and durations", () => {
    expect(evaluate("Now() + Second()")).toEqual(new Time(1_000_000_005n));
    expect(evaluate("Second() + Now()")).toEqual(new Time(1_000_000_005n));
    expect(evaluate("Now() - Second()")).toEqual(new Time(-999_999_995n));
    expect(evaluate("Now() - Now() - Second()")).toEqual(new Duration(-1_000_000_000n));
    expect(evaluate("Second() + Second()")).toEqual(new Duration(2_000_000_000n));
    expect(evaluate("Now() * 2")).toBe("failed: Cannot compute time.Time * int64");
    expect(evaluate("Second() - Now()")).toBe("failed: Cannot compute time.Duration - time.Time");
    const at = rig();
    at.fields.set("time", new Time(-(2n ** 70n)));
    expect(evaluate("item.time - Now()", at)).toEqual(new Duration(INT_MIN));
  });
});

describe("comparison", () => {
  const time = (nanos: bigint): Time => new Time(nanos, nanos % 2n === 0n ? "UTC" : "+02:00");
  const id = (last: number): Id => new Id("span", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, last));
  it.each<[Value, string, Value]>([
    [null, "== <= >=", null],
    [null, "!=", 1n],
    ["", "!=", null],
    [new Uint8Array(0), "== <= >=", null],
    [new Uint8Array(0), "!=", "x"],
    [1n, "== <= >=", 1],
    [1n, "!= < <=", 1.5],
    [INT_MAX, "== <= >=", 2 ** 63],
    [NaN, "!=", NaN],
    [1n, "!=", "1"],
    [true, "!= > >=", false],
    [true, "!=", 1n],
    ["a", "!= < <=", "b"],
    ["\u{1f600}", "!= > >=", "\ufffd"],
    ["ab", "!= > >=", "a"],
    [Uint8Array.of(1, 2), "!= < <=", Uint8Array.of(2)],
    [Uint8Array.of(1), "!=", "\u0001"],
    [time(1n), "!= < <=", time(2n)],
    [time(2n), "== <= >=", new Time(2n, "+05:00")],
    [new Duration(1n), "!= < <=", new Duration(2n)],
    [new Duration(1n), "!=", 1n],
    [id(1), "==", id(1)],
    [id(1), "!=", id(2)],
    [id(1), "!=", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)],
    [[1n, "a"], "==", [1n, "a"]],
    [[1n], "!=", [1]],
    [[1n], "!=", [1n, 2n]],
    [new Map([["a", 1n]]), "==", new Map([["a", 1n]])],
    [new Map<string, Value>([["a", null]]), "!=", new Map<string, Value>([["b", null]])],
    [new Map(), "!=", []],
  ])("%o %s %o", (a, expected, b) => {
    const held = OPERATORS.filter((operator) => compareValues(a, operator, b));
    expect(held.toSorted()).toEqual(expected.split(" ").toSorted());
    const mirrored = expected.replaceAll(/[<>]/g, (sign) => (sign === "<" ? ">" : "<"));
    expect(OPERATORS.filter((operator) => compareValues(b, operator, a)).toSorted()).toEqual(mirrored.split(" ").toSorted());
  });

  it("decides on bytes what it can, and says the same", () => {
    const at = rig();
    const scalar = fc.oneof(
      fc.constantFrom<Value>(
        null,
        "",
        "a",
        "b",
        "\u{1f600}",
        new Uint8Array(0),
        Uint8Array.of(1),
        true,
        false,
        0n,
        1n,
        -1n,
        INT_MIN,
        INT_MAX,
        2n ** 53n + 1n,
        0,
        1.5,
        -0,
        NaN,
        Infinity,
      ),
      fc.bigInt(INT_MIN, INT_MAX),
      fc.double(),
      fc.string(),
      fc.constant<Value>([1n]),
    );
    const literal = fc.constantFrom(
      "nil",
      '""',
      '"a"',
      '"\u{1f600}"',
      "0",
      "1",
      "-1",
      "9223372036854775807",
      "9007199254740993",
      "0.0",
      "1.5",
      "-2.5",
      "true",
      "false",
      "KIND_ONE",
    );
    fc.assert(
      fc.property(scalar, literal, fc.constantFrom(...OPERATORS), fc.boolean(), (value, text, operator, swapped) => {
        at.fields.set("attributes", new Map([["k", value]]));
        const constant = evaluate(text, at);
        const path = 'item.attributes["k"]';
        const before = at.uses.gets;
        const held = holds(swapped ? `${text} ${operator} ${path}` : `${path} ${operator} ${text}`, at);
        expect(held).toBe(swapped ? compareValues(constant, operator, value) : compareValues(value, operator, constant));
        const ordersText = typeof constant === "string" && operator !== "==" && operator !== "!=";
        expect(at.uses.gets - before).toBe(ordersText ? 1 : 0);
      }),
      // Each condition keeps its constant in the engine's memory.
      { numRuns: runsHere(1500) },
    );
  });
});

describe("fields that are no attributes", () => {
  it("compare by their halves, and say the same", () => {
    const at = rig();
    const whole = fc.oneof(fc.constantFrom<Value>(null, 0n, 1n, -1n, INT_MIN, INT_MAX, 2n ** 32n, -(2n ** 32n), true, false), fc.bigInt(INT_MIN, INT_MAX));
    const literal = fc.constantFrom("nil", "0", "1", "-1", "4294967296", "-4294967297", "9223372036854775807", "0.5", "1.0", "true", "false");
    fc.assert(
      fc.property(whole, literal, fc.constantFrom(...OPERATORS), (value, text, operator) => {
        at.fields.set("count", value);
        const before = at.uses.gets;
        expect(holds(`item.count ${operator} ${text}`, at)).toBe(compareValues(value, operator, evaluate(text, at)));
        expect(at.uses.gets).toBe(before);
      }),
      { numRuns: runsHere(500) },
    );
  });
});

describe("conditions", () => {
  it.each([
    ["true and not false", true],
    ["not (true or false)", false],
    ['Same(true) and 1 < 2 and "a" != nil', true],
    ["Same(1)", "failed: Cannot use Same as a condition: it gave int64, not bool"],
    ["Same(item.name)", "failed: Cannot use Same as a condition: it gave nil, not bool"],
    ['Same(false) and Fail("no")', false],
    ['Same(true) or Fail("no")', true],
    ['Fail("first") or true', true],
    ['Fail("first") and false', false],
    ['Fail("first") or Same(true)', "failed: first"],
    ["KIND_TWO == 2", true],
  ])("%s", (text, expected) => {
    expect(holds(text)).toBe(expected);
  });
});

describe("values", () => {
  it("builds lists and maps, the last of two equal keys", () => {
    const at = rig();
    at.fields.set("name", "x");
    expect(evaluate('[1, item.name, [nil], {"a": 1, "a": item.name}]', at)).toEqual([1n, "x", [null], new Map([["a", "x"]])]);
  });

  it.each([
    ['Same([1, {"a": [10, 20]}])[1]["a"][item.count]', 20n],
    ["Same(0x0102)[1]", 2n],
    ['Same({"a": nil})["a"]', null],
    ['Same({"a": 1})["b"]', "failed: Cannot index a map: it has no such key"],
    ["Same([1])[1]", "failed: Cannot index a list of 1 with 1: out of bounds"],
    ["Same([1])[-1]", "failed: Cannot index a list of 1 with -1: out of bounds"],
    ['Same([1])["a"]', "failed: Cannot index a value of type list with a string"],
    ["Same({})[0]", "failed: Cannot index a value of type map with an int"],
    ["Same([1])[item.name]", "failed: Cannot index with a value of type nil: it must be a string or an int"],
    ["Same([1])[1.5]", "failed: Cannot index with a value of type float64: it must be a string or an int"],
  ])("%s", (text, expected) => {
    const at = rig();
    at.fields.set("count", 1n);
    expect(evaluate(text, at)).toEqual(expected);
  });

  it("computes once what is made of constants alone, unless it differs from call to call or fails", () => {
    const at = rig();
    const calls = (text: string): number => {
      const { value } = compileValue(text, at.dialect, at.options);
      const before = at.uses.calls;
      for (let i = 0; i < 3; i++) value?.get(at.subject);
      return at.uses.calls - before;
    };
    expect(calls('Same(UPPER("a"))')).toBe(0);
    expect(calls("Same(item.name)")).toBe(3);
    expect(calls("Impure(1)")).toBe(3);
    expect(calls("Same(Impure(1))")).toBe(6);
    expect(compileValue("Same([1, 2])[0] + 1", at.dialect, at.options).value?.constant).toEqual({ value: 2n });
    expect(compileValue("Now()", at.dialect, at.options).value?.constant).toBeUndefined();
    expect(evaluate("1 / 0")).toBe("failed: Cannot divide by zero");
  });
});

describe("arguments", () => {
  it("are taken by place and by name, in snake case or camel case", () => {
    expect(evaluate('Kinds("a", 1, 1.5, true, KIND_TWO, ["x", "y"])')).toEqual(
      new Map<string, Value>([
        ["text", "a"],
        ["whole", 1n],
        ["real", 1.5],
        ["switch_on", true],
        ["kind", 2n],
        ["names", ["x", "y"]],
      ]),
    );
    expect(evaluate('Kinds("a", switch_on = false, whole=2)["switch_on"]')).toBe(false);
    expect(evaluate('Kinds("a", switchOn = true)')).toEqual(evaluate('Kinds(switch_on = true, text = "a")'));
  });

  it.each([
    ["set(item.name)", "0+14 set takes 2 arguments, found 1 (Write set(target, value))"],
    ["set(item.name, 1, 2)", "0+20 set takes 2 arguments, found 3 (Write set(target, value))"],
    [`set(${"1,".repeat(9999)}1)`, "0+20004 set takes 2 arguments, found 10000 (Write set(target, value))"],
    ["set(target = item.name, 1)", "24+1 An argument without a name stands behind one with a name"],
    ["set(item.name, target = item.name)", "15+18 target is given twice to set"],
    ["set(item.name, valeu = 1)", '15+5 Unknown argument of set "valeu" (Did you mean "value"?)'],
    ['set("x", 1)', "4+3 target must be a path, found a string"],
    ["set((item.count), 1)", "4+12 target must be a path, found an expression in parentheses"],
    ["set(item.fixed, 1)", "4+10 This path can be read and not written"],
    ["set(item.name, (v) => v)", "15+8 A lambda is an argument of a function that takes one"],
    ["set(item.name, Kinds(1))", "21+1 text must be a string that is written out, found an int"],
    ["set(item.name, Kinds(whole = -1))", "29+2 whole must be an int that is written out, found arithmetic"],
    ["set(item.name, Kinds(real = 1))", "28+1 real must be a float that is written out, found an int"],
    ["set(item.name, Kinds(switch_on = 1))", "33+1 switch_on must be true or false, found an int"],
    ["set(item.name, Kinds(kind = 1))", "28+1 kind must be an enum, found an int"],
    ["set(item.name, Kinds(kind = KIND_TOW))", '28+8 Unknown enum "KIND_TOW" (Did you mean "KIND_TWO"?)'],
    ['set(item.name, Kinds(names = "a"))', "29+3 names must be a list, found a string (Write it in brackets: [...])"],
    ["set(item.name, Kinds(names = [1]))", "30+1 names must be a string that is written out, found an int"],
    ["set(item.name, StringGetter(1))", "28+1 Expected string, got int64"],
    ["set(item.name, StringGetter(nil))", "28+3 Expected string, got nil"],
    ["set(item.name, IntGetter([1]))", "25+3 Expected int64, got list"],
    ['set(item.name, FloatLike("x"))', "25+3 Cannot read a text as float64"],
    ["set(item.name, ToLowr(1))", '15+6 Unknown function "ToLowr" (Did you mean "ToLower"?)'],
    ["sat(item.name, 1)", '0+3 Unknown function "sat" (Did you mean "set"?)'],
    ["set(item.nmae, 1)", '9+4 Unknown path nmae (Did you mean "name"?)'],
    ["set(name, 1)", "4+4 The path name does not say its context (Write item.name)"],
    ["set(itme.name, 1)", '4+4 The path itme.name names the context "itme", which is not at hand in item (Did you mean "item"?)'],
    ["set(item.name, Apply(1, Same, 2))", "15+17 Apply takes 2 arguments, found 3 (Write Apply(value, with_function))"],
    ["set(item.name, Apply(1, Nope))", '24+4 Unknown function "Nope" (Did you mean "Now"?)'],
    ["set(item.name, Apply(1, Kinds))", "24+5 Kinds does not take one value, so it cannot be handed over"],
    ["set(item.name, Apply(1, item.name))", "24+9 with_function must be a converter's name, found the path item.name"],
    ["set(item.name, MapEach([1], (v) => v))", "28+8 each must be a lambda of 2, found one of 1"],
    ["set(item.name, MapEach([1], (v, v) => v))", "32+1 A lambda has two parameters v"],
    ["set(item.name, MapEach([1], (_, v) => v.x))", '38+3 v is a parameter of the lambda and has no fields (Index it: v["..."])'],
    ["set(item.name, MapEach([1], (_, v) => 1)) where item.name == v", "61+1 The path v does not say its context (Write item.v)"],
    ["set(item.name, ToLower)", "15+7 Expected a value, found the function name ToLower"],
  ])("%s", (text, expected) => {
    expect(refused(text)).toBe(expected);
  });

  it("leave to each item what is computed of a wrong type", () => {
    expect(refused("set(item.name, StringGetter(Same(1)))")).toBe("accepted");
    expect(evaluate("StringGetter(Same(1))")).toBe("failed: Expected string, got int64");
    expect(evaluate("StringGetter(item.name)")).toBe("failed: Expected string, got nil");
  });

  it("convert as the like-getters do", () => {
    const texts: readonly (readonly [string, Value])[] = [
      ["StringLike(nil)", null],
      ["StringLike(1)", "1"],
      ["StringLike(1.0)", "1"],
      ["StringLike(true)", "true"],
      ["StringLike(0x0aff)", "0aff"],
      ['StringLike({"b": [1, 2.5, nil], "a": "<&>"})', '{"a":"\\u003c\\u0026\\u003e","b":[1,2.5,null]}'],
      ["StringLike(Second())", "1000000000"],
      ["StringLike(Now())", '"1970-01-01T00:00:00.000000005Z"'],
      ['IntLike("12")', 12n],
      ['IntLike("1.5")', null],
      ["IntLike(2.9)", 2n],
      ["IntLike(true)", 1n],
      ["IntLike(nil)", null],
      ['FloatLike("1e3")', 1000],
      ["FloatLike(false)", 0],
      ['BoolLike("T")', true],
      ["BoolLike(0.0)", false],
      ["BytesLike(1)", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)],
      ["BytesLike(true)", Uint8Array.of(1)],
      ['BytesLike("é")', Uint8Array.of(0xc3, 0xa9)],
      ["TimeGetter(Now())", new Time(5n)],
      ["DurationGetter(Second())", new Duration(1_000_000_000n)],
    ];
    for (const [text, expected] of texts) expect(evaluate(text), text).toEqual(expected);
    expect(evaluate('BoolLike(Same("yes"))')).toBe("failed: Cannot read a text as bool");
    expect(evaluate("IntLike(Same([1]))")).toBe("failed: Expected a value like int64, got list");
  });

  it("hand over functions and lambdas, which see their own parameters and those around", () => {
    expect(evaluate('Apply("aB", UPPER)')).toBe("AB");
    expect(evaluate('Apply("aB", ToLower)')).toBe("ab");
    expect(evaluate("Apply(1, ToLower)")).toBe("failed: Expected string, got int64");
    expect(evaluate("MapEach([5, 6], (i, v) => v * 10 + i)")).toEqual([50n, 61n]);
    expect(evaluate("MapEach([5, 6], (_, v) => v > 5 and v < 9)")).toEqual([false, true]);
    expect(evaluate("MapEach([[1, 2], [3]], (_, row) => MapEach(row, (i, _) => row[i] + 1))")).toEqual([[2n, 3n], [4n]]);
    expect(evaluate('MapEach([{"k": "V"}], (_, v) => Apply(v["k"], ToLower))')).toEqual(["v"]);
    expect(evaluate('MapEach([1], (_, v) => v["k"])')).toBe("failed: Cannot index a value of type int64 with a string");
  });
});

describe("a function's own fast form", () => {
  it("is given the place of what it is called with, and constants as such", () => {
    const at = rig();
    const place = new Place();
    const kind = define("KindOf", [{ name: "value", kind: "string_like" }], ({ value }) => {
      const fill = value.operand?.place;
      if (value.constant !== undefined) return () => "constant";
      if (fill === undefined) return () => "computed";
      return (subject) => {
        fill(subject, place);
        return BigInt(place.kind);
      };
    });
    const dialect = dialectOf(at.dialect.context, [...at.dialect.functions.values(), kind]);
    at.fields.set("attributes", new Map<string, Value>([["k", "text"]]));
    const of = (text: string): unknown => compileValue(text, dialect, at.options).value?.get(at.subject);
    expect(of('KindOf(item.attributes["k"])')).toBe(1n);
    expect(of('KindOf(item.attributes["none"])')).toBe(0n);
    expect(of("KindOf(item.name)")).toBe("computed");
    expect(of('KindOf(UPPER("a"))')).toBe("constant");
    expect(at.uses.gets).toBe(0);
  });

  it("cannot take more of the engine's memory than there is for constants", () => {
    const at = rig();
    const long = "x".repeat(60_000);
    const row = Array.from({ length: 20 }, () => compileCondition(`item.attributes["k"] == "${long}"`, at.dialect, at.options));
    expect(row[0]?.issue).toBeUndefined();
    expect(row.at(-1)?.issue?.message).toContain("1 MiB of constants");
  });
});

describe("paths without their context", () => {
  it("belong to the context itself, unless they begin with one above", () => {
    const at = rig(false);
    at.fields.set("name", "own").set("group.name", "above");
    expect(evaluate("name", at)).toBe("own");
    expect(evaluate("item.name", at)).toBe("own");
    expect(evaluate("group.name", at)).toBe("above");
    expect(compileValue("group.name", at.dialect, at.options).value?.reads).toEqual(["resource"]);
  });
});

describe("statements", () => {
  it("set, where their condition holds", () => {
    const at = rig();
    run('set(item.name, "x") where item.count == 1', at);
    expect(at.fields.get("name")).toBeUndefined();
    at.fields.set("count", 1n);
    run('set(item.name, "x") where item.count == 1', at);
    expect(at.fields.get("name")).toBe("x");
    run("set(item.name, nil)", at);
    run("set(item.name, item.ratio)", at);
    expect(at.fields.get("name")).toBe("x");
  });

  it("copy attributes and constants as bytes, without decoding", () => {
    const at = rig();
    at.fields.set("attributes", new Map([["from", "text"]]));
    run('set(item.attributes["to"], item.attributes["from"])', at);
    run('set(item.attributes["constant"], "c")', at);
    run('set(item.attributes["none"], item.attributes["missing"])', at);
    expect(at.fields.get("attributes")).toEqual(new Map(Object.entries({ from: "text", to: "text", constant: "c" })));
    expect(at.uses).toMatchObject({ gets: 0, bodies: 2 });
    expect(() => run('set(item.attributes["t"], Now())', at)).toThrow("Cannot store a time");
  });

  it("say what they read and write", () => {
    const at = rig();
    const levels = (text: string): unknown => {
      const { value } = compileStatement(text, at.dialect, at.options);
      return { reads: value?.reads, writes: value?.writes };
    };
    expect(levels("set(item.name, group.name) where group.count == 1")).toEqual({ reads: ["item", "resource"], writes: ["item"] });
    expect(levels("set(group.name, item.attributes[group.name])")).toEqual({ reads: ["resource", "item"], writes: ["resource"] });
    expect(levels("set_group(MapEach([1], (_, v) => item.name))")).toEqual({ reads: ["item"], writes: ["resource"] });
  });

  it("show their faults in place", () => {
    const text = "set(item.name, ToLowr(item.name))";
    const at = rig();
    const { issue } = compileStatement(text, at.dialect, at.options);
    expect(caretText(text, issue?.offset ?? 0, issue?.length ?? 0)).toBe(`${text}\n               ^^^^^^`);
  });
});
