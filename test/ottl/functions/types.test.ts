/** Type tests, conversions, ids, and numbers. */
import { describe, expect, it } from "vitest";
import { BuildError } from "../../../src/ottl/contract.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { Duration, Id, StatementError, Time, type Value } from "../../../src/ottl/value.ts";
import { call, named } from "./harness.ts";

const of = (name: string, target: unknown) => call(named(SECOND, name), { target });

const VALUES: Readonly<Record<string, Value>> = {
  nil: null,
  bool: true,
  int: 7n,
  double: 7,
  string: "7",
  bytes: Uint8Array.of(7),
  list: [7n],
  map: new Map([["a", 7n]]),
  time: new Time(7n),
  duration: new Duration(7n),
  id: new Id("span", new Uint8Array(8)),
};

describe("Is*", () => {
  it.each([
    ["IsBool", "bool"],
    ["IsInt", "int"],
    ["IsDouble", "double"],
    ["IsString", "string"],
    ["IsList", "list"],
    ["IsMap", "map"],
  ])("%s is true of a %s alone", (name, kind) => {
    const yes = Object.keys(VALUES).filter((one) => of(name, () => VALUES[one] ?? null) === true);
    expect(yes).toEqual([kind]);
  });

  it("passes on what reading the value throws", () => {
    const fails = () => {
      throw new StatementError("x");
    };
    expect(() => of("IsInt", fails)).toThrow("x");
  });
});

describe("IsEmpty", () => {
  it.each<[string, Value]>([
    ["nil", null],
    ["text", ""],
    ["false", false],
    ["0", 0n],
    ["0.0", 0],
    ["bytes", new Uint8Array(0)],
    ["a list", []],
    ["a map", new Map()],
    ["an id", new Id("trace", new Uint8Array(16))],
    ["a duration", new Duration(0n)],
    ["the year 1", new Time(-62_135_596_800_000_000_000n)],
  ])("is true of %s that says nothing", (_, value) => {
    expect(of("IsEmpty", () => value)).toBe(true);
  });

  it.each<Value>([" ", true, -1n, NaN, Uint8Array.of(0), [null], new Map([["", null]]), new Id("span", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)), new Time(0n)])(
    "is false of %s",
    (value) => {
      expect(of("IsEmpty", () => value)).toBe(false);
    },
  );
});

describe("ids", () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, at) => at * 17);
  const ascii = (text: string) => new TextEncoder().encode(text);

  it.each([
    ["TraceID", "trace", 16],
    ["SpanID", "span", 8],
    ["ProfileID", "profile", 16],
  ] as const)("%s takes its bytes, or hexadecimal digits of either case", (name, kind, size) => {
    const wanted = new Id(kind, bytes.slice(0, size));
    const digits = "00112233445566778899aAbBcCdDeEfF".slice(0, size * 2);
    expect(of(name, bytes.slice(0, size))).toEqual(wanted);
    expect(of(name, ascii(digits))).toEqual(wanted);
    expect(of(name, () => ascii(digits))).toEqual(wanted);
  });

  it("refuses other lengths and other characters: a literal when configured", () => {
    for (const wrong of [new Uint8Array(7), new Uint8Array(9), ascii("001122334455667g"), null]) {
      expect(() => of("SpanID", wrong)).toThrow(BuildError);
      expect(() => of("SpanID", () => wrong)).toThrow(StatementError);
    }
  });
});

describe("conversions and Log", () => {
  it("hand on what their parameters make of the value, nil too", () => {
    expect([of("Int", () => 5n), of("Double", () => 5), of("String", () => "x"), of("Bool", () => false), of("Int", () => null)]).toEqual([
      5n,
      5,
      "x",
      false,
      null,
    ]);
  });

  it("Log is the natural logarithm of what is greater than 0", () => {
    expect(of("Log", () => Math.E)).toBe(1);
    expect(of("Log", () => NaN)).toBeNaN();
    for (const wrong of [0, -1, null]) expect(() => of("Log", () => wrong)).toThrow(StatementError);
  });
});
