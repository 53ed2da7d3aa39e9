/** Functions that call lambdas. */
import { describe, expect, it } from "vitest";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import type { Subject } from "../../../src/ottl/subject.ts";
import { Duration, isList, StatementError, type Value } from "../../../src/ottl/value.ts";
import { call, named } from "./harness.ts";

const run = (name: string, args: Readonly<Record<string, unknown>>) => call(named(SECOND, name), args);
const big = (_subject: Subject, _key: Value, value: Value): Value => typeof value === "bigint" && value > 1n;
const list: Value = [1n, 2n, 3n];
const map: Value = new Map<string, Value>([
  ["a", 1n],
  ["b", 2n],
  ["c", 3n],
]);

describe("All, Any, Filter, Find", () => {
  it.each<[string, Value, Value]>([
    ["All", list, false],
    ["All", map, false],
    ["All", [2n], true],
    ["All", [], true],
    ["Any", list, true],
    ["Any", new Map(), false],
    ["Filter", list, [2n, 3n]],
    ["Filter", map, new Map([...(map as Map<string, Value>)].slice(1))],
    ["Find", list, 2n],
    ["Find", map, 2n],
    ["Find", [1n], null],
  ])("%s of %s", (name, source, wanted) => {
    expect(run(name, { source, predicate: big })).toEqual(wanted);
  });

  it("count lists by whole numbers, and ask no more than they must", () => {
    const seen: Value[] = [];
    const predicate = (_subject: Subject, key: Value): Value => {
      seen.push(key);
      return key === 1n;
    };
    expect(run("Any", { source: list, predicate })).toBe(true);
    expect(seen).toEqual([0n, 1n]);
  });

  it("Find gives what the mapper makes of the entry found", () => {
    const mapper = (_subject: Subject, key: Value, value: Value): Value => [key, value];
    expect(run("Find", { source: map, predicate: big, mapper })).toEqual(["b", 2n]);
  });

  it.each(["All", "Any", "Filter", "Find"])("%s fails on what is neither list nor map, and on a predicate that gives no bool", (name) => {
    expect(() => run(name, { source: "abc", predicate: big })).toThrow(StatementError);
    expect(() => run(name, { source: list, predicate: () => 1n })).toThrow(StatementError);
  });
});

describe("MapEach, MapKeys", () => {
  it("MapEach makes each value anew", () => {
    const mapper = (_subject: Subject, key: Value, value: Value): Value => [key, value];
    expect(run("MapEach", { source: ["x"], mapper })).toEqual([[0n, "x"]]);
    expect(run("MapEach", { source: new Map([["k", "x"]]), mapper })).toEqual(new Map([["k", ["k", "x"]]]));
  });

  it("MapEach fails on what telemetry cannot hold", () => {
    expect(() => run("MapEach", { source: list, mapper: () => [new Duration(1n)] })).toThrow(StatementError);
  });

  it("MapKeys lets the later of two values stand, in the earlier's place", () => {
    const keys = new Map<Value, Value>([
      ["a", "x"],
      ["b", "y"],
      ["c", "x"],
    ]);
    const mapper = (_subject: Subject, key: Value): Value => keys.get(key) ?? "";
    expect([...(run("MapKeys", { source: map, key_mapper: mapper }) as Map<string, Value>)]).toEqual([
      ["x", 3n],
      ["y", 2n],
    ]);
    expect(() => run("MapKeys", { source: map, key_mapper: () => 1n })).toThrow(StatementError);
  });
});

describe("Reduce", () => {
  const sum = (_subject: Subject, before: Value, _key: Value, value: Value): Value => Number(before) + Number(value);

  it("begins with the seed, which stays when there is nothing", () => {
    expect(run("Reduce", { source: map, seed: 10, accumulator: sum })).toBe(16);
    expect(run("Reduce", { source: [], seed: "s", accumulator: sum })).toBe("s");
  });

  it("cannot nest as deep as the list is long", () => {
    const source = Array.from({ length: 100_000 }, () => 1n);
    const accumulator = (_subject: Subject, before: Value): Value => [before];
    expect(() => run("Reduce", { source, seed: null, accumulator })).toThrow("64 deep");
    expect(run("Reduce", { source: source.slice(0, 64), seed: null, accumulator })).toSatisfy(isList);
    expect(() => run("Reduce", { source: source.slice(0, 65), seed: null, accumulator })).toThrow("64 deep");
  });

  it("cannot double what it has for ever", () => {
    const accumulator = (_subject: Subject, before: Value): Value => [before, before];
    expect(() => run("Reduce", { source: Array.from({ length: 50 }, () => 1n), seed: "x", accumulator })).toThrow("grows past");
    const text = (_subject: Subject, before: Value): Value => (typeof before === "string" ? before.repeat(2) : "");
    expect(() => run("Reduce", { source: Array.from({ length: 50 }, () => 1n), seed: "x", accumulator: text })).toThrow("grows past");
  });
});

describe("a lambda that gives nil", () => {
  it.each(["MapEach", "Find", "Reduce"])("is an error in %s", (name) => {
    const lambdas = { MapEach: { mapper: () => null }, Find: { predicate: () => true, mapper: () => null }, Reduce: { seed: 0n, accumulator: () => null } };
    expect(() => run(name, { source: list, ...lambdas[name as keyof typeof lambdas] })).toThrow("it is nil");
  });
});

describe("When", () => {
  it("computes the value that is chosen, and only that", () => {
    const never = () => {
      throw new StatementError("not to be asked");
    };
    expect(run("When", { condition: () => true, true_value: 1n, false_value: never })).toBe(1n);
    expect(run("When", { condition: () => false, true_value: never, false_value: null })).toBeNull();
    expect(() => run("When", { condition: () => null, true_value: 1n, false_value: 2n })).toThrow(StatementError);
  });
});
