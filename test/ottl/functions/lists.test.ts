/** Functions of lists. */
import { describe, expect, it } from "vitest";
import { BuildError } from "../../../src/ottl/contract.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { StatementError, Time, type Value } from "../../../src/ottl/value.ts";
import { call, edited, named } from "./harness.ts";

const run = (name: string, args: Readonly<Record<string, unknown>>) => call(named(SECOND, name), args);

describe("append", () => {
  const append = named(SECOND, "append");

  it.each<[Value, Value]>([
    [null, ["x"]],
    [[], ["x"]],
    [
      [1n, 2n],
      [1n, 2n, "x"],
    ],
    ["a", ["a", "x"]],
    [1.5, [1.5, "x"]],
    [Uint8Array.of(1), [Uint8Array.of(1), "x"]],
  ])("to %s", (before, after) => {
    expect(edited(append, before, { value: "x" })).toEqual(after);
  });

  it("adds value and values in this order, nil too", () => {
    expect(edited(append, [0n], { value: 1n, values: [2n, null, [3n]] })).toEqual([0n, 1n, 2n, null, [3n]]);
  });

  it("needs one of them, and refuses maps and times", () => {
    expect(() => edited(append, [], {})).toThrow(BuildError);
    for (const wrong of [new Map(), new Time(0n)]) expect(() => edited(append, [], { value: () => wrong })).toThrow(StatementError);
    expect(() => edited(append, new Map(), { value: 1n })).toThrow(StatementError);
  });
});

describe("delete_index", () => {
  const remove = named(SECOND, "delete_index");
  const letters = ["a", "b", "c"];

  it.each<[bigint, bigint | undefined, string]>([
    [0n, undefined, "bc"],
    [2n, undefined, "ab"],
    [0n, 2n, "c"],
    [1n, 3n, "a"],
    [0n, 3n, ""],
    [1n, 1n, "abc"],
  ])("from %s to %s leaves %s", (start, end, left) => {
    expect(edited(remove, letters, { start_index: start, end_index: end })).toEqual(left.split(""));
  });

  it.each([
    [3n, undefined],
    [-1n, undefined],
    [2n, 1n],
    [1n, 4n],
  ])("from %s to %s is an error, and nothing is set", (start, end) => {
    expect(() => edited(remove, letters, { start_index: start, end_index: end })).toThrow(StatementError);
  });

  it("of an empty list only nothing can be deleted", () => {
    expect(edited(remove, [], { start_index: 0n, end_index: 0n })).toEqual([]);
    expect(() => edited(remove, [], { start_index: 0n })).toThrow(StatementError);
  });
});

describe("ContainsValue", () => {
  it.each<[Value, boolean]>([
    [1, true],
    [2n, true],
    ["a", true],
    ["1", false],
    [null, true],
    [["x"], true],
    [["y"], false],
    [true, false],
  ])("%s: %s", (item, wanted) => {
    expect(run("ContainsValue", { target: [1n, 2, "a", null, ["x"]], item })).toBe(wanted);
  });
});

describe("SliceToMap", () => {
  const target: Value = [
    new Map<string, Value>([
      ["id", new Map([["name", "a"]])],
      ["v", 1n],
    ]),
    new Map<string, Value>([
      ["id", new Map([["name", "b"]])],
      ["v", 2n],
    ]),
  ];

  it("uses indices and whole entries without paths", () => {
    expect(run("SliceToMap", { target: ["x", "y"] })).toEqual(
      new Map([
        ["0", "x"],
        ["1", "y"],
      ]),
    );
  });

  it("follows the paths of keys and values", () => {
    expect(run("SliceToMap", { target, key_path: ["id", "name"], value_path: ["v"] })).toEqual(
      new Map([
        ["a", 1n],
        ["b", 2n],
      ]),
    );
  });

  it("fails where there is nothing, no map, or no text for a key", () => {
    for (const keyPath of [["none"], ["v"], ["v", "x"], []]) expect(() => run("SliceToMap", { target, key_path: keyPath })).toThrow(StatementError);
    expect(() => run("SliceToMap", { target: ["x"], value_path: ["v"] })).toThrow(StatementError);
  });
});

describe("Coalesce and Len", () => {
  it("Coalesce gives the first that is not nil, and asks no further", () => {
    const never = () => {
      throw new StatementError("not to be asked");
    };
    expect(run("Coalesce", { values: [null, () => null, "", never] })).toBe("");
    expect(run("Coalesce", { values: [null] })).toBeNull();
    expect(() => run("Coalesce", { values: [] })).toThrow(BuildError);
  });

  it.each<[Value, bigint]>([
    ["héé😀", 9n],
    [["a", null], 2n],
    [new Map([["a", 1n]]), 1n],
    [new Uint8Array(5), 5n],
  ])("Len of %s", (target, length) => {
    expect(run("Len", { target })).toBe(length);
  });

  it.each<Value>([null, 1n, 1.5, true, new Time(0n)])("Len fails on %s", (target) => {
    expect(() => run("Len", { target })).toThrow(StatementError);
  });
});

describe("Sort", () => {
  it.each<[string, Value, Value]>([
    ["whole numbers beyond a double", [3n, 9007199254740993n, 9007199254740992n], [3n, 9007199254740992n, 9007199254740993n]],
    ["numbers of both kinds", [3n, 2.5, -Infinity, NaN, Infinity], [NaN, -Infinity, 2.5, 3n, Infinity]],
    ["text by its bytes", ["\u{10000}", "\uffff", "b", "B"], ["B", "b", "\uffff", "\u{10000}"]],
    ["a mixture by its text", [10n, "9", true, null], [null, 10n, "9", true]],
    ["bytes stay", [Uint8Array.of(2), Uint8Array.of(1)], [Uint8Array.of(2), Uint8Array.of(1)]],
    ["maps stay", ["b", new Map(), "a"], ["b", new Map(), "a"]],
    ["nothing", [], []],
  ])("%s", (_, target, wanted) => {
    expect(run("Sort", { target })).toEqual(wanted);
  });

  it("goes down as well, and leaves its argument as it is", () => {
    const target: Value = [1n, 3n, 2n];
    expect(run("Sort", { target, order: "desc" })).toEqual([3n, 2n, 1n]);
    expect(target).toEqual([1n, 3n, 2n]);
  });

  it("refuses other orders when configured, and what is no list", () => {
    expect(() => run("Sort", { target: [], order: "up" })).toThrow(BuildError);
    expect(() => run("Sort", { target: "cab" })).toThrow(StatementError);
  });
});
