import { describe, expect, it } from "vitest";
import { BuildError, define } from "../../src/ottl/contract.ts";
import { dialectOf } from "../../src/ottl/dialect.ts";
import { type ErrorMode, type Group, sequenceConditions, sequenceStatements } from "../../src/ottl/sequence.ts";
import { StatementError } from "../../src/ottl/value.ts";
import { type Rig, rig } from "./small-dialect.ts";

function runAll(at: Rig, group: Group): void {
  const { sequence, issues } = sequenceStatements(group, at.dialect, at.options);
  if (issues !== undefined) throw new Error(issues.map(({ message }) => message).join());
  sequence.run(at.subject);
}

const FAILING = ['set(item.name, "before")', 'fail("because")', "set(item.count, 1)"];

describe("statements in a row", () => {
  it.each<[ErrorMode, unknown, readonly string[]]>([
    ["ignore", 1n, ['warn: Cannot run statement "fail(\\"because\\")": because']],
    ["silent", 1n, []],
  ])("go on after an error under %s", (errorMode, count, logged) => {
    const at = rig();
    runAll(at, { statements: FAILING, errorMode });
    expect(at.fields.get("name")).toBe("before");
    expect(at.fields.get("count")).toBe(count);
    expect(at.logged).toEqual(logged);
  });

  it("stop at the first error under propagate", () => {
    const at = rig();
    expect(() => runAll(at, { statements: FAILING, errorMode: "propagate" })).toThrow(
      new StatementError('Cannot run statement "fail(\\"because\\")": because'),
    );
    expect(at.fields.get("name")).toBe("before");
    expect(at.fields.get("count")).toBeUndefined();
    expect(at.logged).toEqual([]);
  });

  it("let an error through that is no statement's, whatever the mode", () => {
    const at = rig();
    const broken = define("broken", [], () => () => {
      throw new RangeError("a defect");
    });
    const dialect = dialectOf(at.dialect.context, [broken]);
    const { sequence } = sequenceStatements({ statements: ["broken()"], errorMode: "silent" }, dialect, at.options);
    expect(() => sequence?.run(at.subject)).toThrow("a defect");
  });

  it("run when one of the group's conditions holds; one that fails counts for nothing", () => {
    const at = rig();
    const group: Group = {
      statements: ['set(item.name, "ran")'],
      conditions: ['Same(item.flag) == "x"', 'Fail("no")', "item.count == 1"],
      errorMode: "ignore",
    };
    runAll(at, group);
    expect(at.fields.get("name")).toBeUndefined();
    at.fields.set("count", 1n);
    runAll(at, group);
    expect(at.fields.get("name")).toBe("ran");
    expect(at.logged).toEqual(Array.from({ length: 2 }, () => 'warn: Cannot test condition "Fail(\\"no\\")": no'));
    expect(() => runAll(at, { ...group, errorMode: "propagate" })).toThrow("Cannot test condition");
  });

  it("begin with an empty cache", () => {
    const at = rig();
    at.subject.cache = new Map([["k", 1n]]);
    runAll(at, { statements: ["set(item.count, 1)"], errorMode: "propagate" });
    expect(at.subject.cache.size).toBe(0);
  });

  it("declare the levels, and whether they write above the item", () => {
    const at = rig();
    const of = (statements: readonly string[], conditions: readonly string[] = []): unknown => {
      const { sequence } = sequenceStatements({ statements, conditions, errorMode: "propagate" }, at.dialect, at.options);
      return sequence && { reads: sequence.reads, writes: sequence.writes, above: sequence.writesAbove, context: sequence.context, level: sequence.level };
    };
    expect(of(["set(item.name, 1)"], ["group.name == nil"])).toEqual({
      reads: ["resource", "item"],
      writes: ["item"],
      above: false,
      context: "item",
      level: "item",
    });
    expect(of(["set(item.name, 1)", "set(group.name, 1)"])).toMatchObject({ writes: ["item", "resource"], above: true });
    expect(of(["set_group(1)"])).toMatchObject({ writes: ["resource"], above: true });
  });

  it("report every text that is wrong, with its list and its place", () => {
    const at = rig();
    const refusing = define("refuse", [], () => {
      throw new BuildError("It cannot be built", "Leave it out");
    });
    const dialect = dialectOf(at.dialect.context, [...at.dialect.functions.values(), refusing]);
    const { issues } = sequenceStatements(
      { statements: ["set(item.name, 1)", "set(item.name, )", "refuse()"], conditions: ["true", "item.name"], errorMode: "propagate" },
      dialect,
      at.options,
    );
    expect(issues?.map(({ list, index, offset, text, cure }) => ({ list, index, offset, text, cure }))).toEqual([
      { list: "conditions", index: 1, offset: 0, text: "item.name", cure: "Compare it: item.name == true" },
      { list: "statements", index: 1, offset: 15, text: "set(item.name, )", cure: undefined },
      { list: "statements", index: 2, offset: 0, text: "refuse()", cure: "Leave it out" },
    ]);
  });
});

describe("conditions in a row", () => {
  const held = (conditions: readonly string[], operator: "and" | "or", errorMode: ErrorMode = "silent"): boolean => {
    const at = rig();
    const { sequence } = sequenceConditions(conditions, errorMode, at.dialect, at.options, operator);
    if (sequence === undefined) throw new Error("refused");
    return sequence.test(at.subject);
  };

  it.each<[readonly string[], boolean, boolean]>([
    [[], false, false],
    [["true"], true, true],
    [["false"], false, false],
    [["true", "false"], true, false],
    [['Fail("x")', "true"], true, true],
    [['Fail("x")', "false"], false, false],
    [['Fail("x")', 'Fail("y")'], false, false],
  ])("%j: or %s, and %s", (conditions, or, and) => {
    expect(held(conditions, "or")).toBe(or);
    expect(held(conditions, "and")).toBe(and);
  });

  it("throw under propagate, unless what stands before decides", () => {
    expect(() => held(['Fail("x")', "true"], "or", "propagate")).toThrow('Cannot test condition "Fail(\\"x\\")": x');
    expect(held(["true", 'Fail("x")'], "or", "propagate")).toBe(true);
    expect(held(["false", 'Fail("x")'], "and", "propagate")).toBe(false);
  });
});
