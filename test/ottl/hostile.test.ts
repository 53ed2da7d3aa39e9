/**
 * Bad statements and bad items: every text is taken or refused with its place, whatever its size and
 * nesting; every item that a statement cannot work on is dealt with as the error mode says; the
 * pipeline is well behind each, and no block is held (docs/hostile-input.md).
 */
import { describe, expect, it } from "vitest";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { filter } from "../../src/processors/filter.ts";
import { transform } from "../../src/processors/transform.ts";
import type { Plain } from "../harness/judge.ts";
import { judge } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { expectWell, gateOf, type Gate, type Row, showCost, step } from "../processors/gate.ts";

const A = "span.attributes";
const text = (key: string, value: string): Plain => ({ key, value: { stringValue: value } });
const spanOf = (...attributes: readonly Plain[]): Plain => ({
  traceId: new Uint8Array(16).fill(1),
  spanId: new Uint8Array(8).fill(2),
  name: "n",
  kind: 2,
  attributes,
});
const traces = (...spans: readonly Plain[]): Plain => ({ resourceSpans: [{ resource: { attributes: [text("r", "v")] }, scopeSpans: [{ spans }] }] });
const GOOD = traces(spanOf(text("a", "x"), { key: "n", value: { intValue: "1" } }));

/** What the schema says of the settings: `path: message` lines. */
function issuesOf<Config>({ schema }: ProcessorDefinition<Config>, settings: object): string[] {
  return schema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

const statements = (...all: readonly string[]) => ({ trace_statements: all, error_mode: "ignore" });
const conditions = (...all: readonly string[]) => ({ trace_conditions: all, error_mode: "ignore" });
const nested = (open: string, inner: string, close: string, times: number) => open.repeat(times) + inner + close.repeat(times);

describe("texts that nest thousands deep, or are as long as can be", () => {
  const DEPTHS = [64, 65, 5000, 20_000];
  const NESTED: readonly (readonly [name: string, text: (times: number) => string])[] = [
    ["parentheses", (times) => `set(${A}["a"], ${nested("(", "1 + 1", ")", times)})`],
    ["lists", (times) => `set(${A}["a"], ${nested("[", "1", "]", times)})`],
    ["maps", (times) => `set(${A}["a"], ${nested('{"a":', "1", "}", times)})`],
    ["calls", (times) => `set(${A}["a"], ${nested("Len(", '"a"', ")", times)})`],
    ["keys in keys", (times) => `set(${A}["a"], ${nested(`${A}[`, '"a"', "]", times)})`],
    ["lambdas", (times) => `set(${A}["a"], ${nested("(x) => (", "1", ")", times)})`],
    ["open parentheses", (times) => `set(${A}["a"], ${"(".repeat(times)}`],
    ["closed brackets", (times) => `set(${A}["a"], 1${"]".repeat(times)})`],
    ["fields behind one another", (times) => `set(span${".a".repeat(times)}, 1)`],
  ];

  it.each(NESTED)("%s", async (_, make) => {
    for (const depth of DEPTHS) {
      const one = make(depth);
      const issues = issuesOf(transform, statements(one));
      expect(
        issues.every((issue) => /^trace_statements\.0: [A-Z]/.test(issue) && issue.length < 400),
        `${depth}: ${issues.join().slice(0, 400)}`,
      ).toBe(true);
      if (depth > 65) expect(issues.length, String(depth)).toBeGreaterThan(0);
      if (issues.length === 0) await runs([step(transform, statements(one))], GOOD);
    }
  });

  const ROWS: readonly (readonly [name: string, text: (times: number) => string])[] = [
    ["set on an attribute", (times) => `set(${A}["a"]${'["a"]'.repeat(times)}, 1)`],
    ["set on a new attribute", (times) => `set(${A}["new"]${'["a"]'.repeat(times)}, 1)`],
    ["set on a list", (times) => `set(${A}["new"]${"[1]".repeat(times)}, 1)`],
    ["set on the cache", (times) => `set(span.cache["new"]${'["a"]'.repeat(times)}, 1)`],
    ["set on a text", (times) => `set(${A}["a"]${'["a"]'.repeat(times)}, 1)`],
    ["read of nothing", (times) => `set(${A}["b"], ${A}["none"]${'["a"]'.repeat(times)})`],
    ["read of a map", (times) => `set(${A}["b"], ParseJSON("{}")${'["a"]'.repeat(times)})`],
  ];
  it.each(ROWS)("a row of keys, %s: it fails on the item, if at all", async (_, make) => {
    for (const times of [63, 64, 5000, 12_000]) {
      const gate = await runs([step(transform, statements(make(times)))], GOOD);
      expect(gate.log.every((line) => line.startsWith("warn: Cannot run statement") && line.length < 400)).toBe(true);
    }
  });

  const LONG: readonly (readonly [name: string, where: string])[] = [
    ["and", Array.from({ length: 4000 }, () => "true").join(" and ")],
    ["or", Array.from({ length: 4000 }, (_, index) => `span.kind == ${index}`).join(" or ")],
    ["sums", `${Array.from({ length: 10_000 }, () => "1").join(" + ")} == 10000`],
    ["not in parentheses", nested("not (", "true", ")", 60)],
    ["minus", `${nested("-(", "1 + 0", ")", 60)} == 1`],
    ["a list", `Len([${Array.from({ length: 20_000 }, () => "1").join(",")}]) == 20000`],
    ["digits", `1${"0".repeat(60_000)} == 1`],
    ["a text", `span.name == "${"x".repeat(60_000)}"`],
    ["escapes", `span.name == "${"\\\\".repeat(30_000)}"`],
  ];
  it.each(LONG)("a condition of many: %s", async (_, where) => {
    const issues = issuesOf(filter, conditions(where));
    if (issues.length === 0) await runs([step(filter, conditions(`not (${where}) and false`))], GOOD);
    else expect(issues.every((issue) => issue.length < 400)).toBe(true);
  });

  it.each([
    ["blanks", " ".repeat(1 << 20)],
    ["a text", `set(${A}["a"], "${"x".repeat(1 << 20)}")`],
    ["brackets", "(".repeat(1 << 20)],
    ["quotes", '"'.repeat(1 << 20)],
    ["backslashes", `set(${A}["a"], "${"\\".repeat(1 << 20)}`],
    ["dots", `set(span${".name".repeat(1 << 18)}, 1)`],
    ["no characters of a statement", "\u0000\ud800é".repeat(1 << 18)],
  ])("a megabyte of %s is refused", (_, one) => {
    const issues = issuesOf(transform, statements(one));
    expect(issues).toHaveLength(1);
    expect(issues[0]?.length).toBeLessThan(400);
  });
});

/** Runs on a request, and after it on a good one. */
async function runs(row: Row, message: Plain): Promise<Gate> {
  const gate = gateOf("traces", row);
  const { outcome } = await gate.send(message);
  expect(outcome.kind).toBe("accepted");
  await expectWell(gate, "traces", row, GOOD);
  return gate;
}

describe("patterns that a search which goes back never ends on, over 100 KB", () => {
  const LENGTH = 100_000;
  const subject = `${"a".repeat(LENGTH)}!`;
  const PATTERNS = ["(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^((a*)*)*$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$", "(?:a?){30}a{30}$"];
  const RULES: readonly (readonly [name: string, make: (pattern: string) => Row[number], done: (span: Plain) => boolean])[] = [
    [
      "IsMatch",
      (pattern) => step(transform, statements(`set(span.name, "matched") where IsMatch(${A}["long"], "${pattern}")`)),
      (span) => span["name"] === "n",
    ],
    [
      "replace_pattern",
      (pattern) => step(transform, statements(`replace_pattern(${A}["long"], "${pattern}", "$1")`)),
      (span) => textIn(span, "long") === subject,
    ],
    [
      "replace_all_patterns",
      (pattern) => step(transform, statements(`replace_all_patterns(${A}, "value", "${pattern}", "x")`)),
      (span) => textIn(span, "long") === subject,
    ],
    [
      "replace_pattern by a pattern from the item",
      (pattern) => step(transform, statements(`set(${A}["p"], "${pattern}")`, `replace_pattern(${A}["long"], ${A}["p"], "$1")`)),
      (span) => textIn(span, "long") === subject,
    ],
    [
      "ExtractPatterns",
      (pattern) => step(transform, statements(`merge_maps(${A}, ExtractPatterns(${A}["long"], "(?P<got>x)|${pattern}"), "upsert")`)),
      (span) => textIn(span, "long") === subject,
    ],
    ["delete_matching_keys", (pattern) => step(transform, statements(`delete_matching_keys(${A}, "${pattern}")`)), (span) => textIn(span, subject) === "key"],
    ["filter", (pattern) => step(filter, conditions(`IsMatch(${A}["long"], "${pattern}")`)), (span) => textIn(span, "long") === subject],
  ];
  const textIn = (span: Plain, key: string) => (list(span, "attributes").find((pair) => pair["key"] === key)?.["value"] as Plain | undefined)?.["stringValue"]; // an AnyValue

  it.each(RULES)("%s", async (name, make, done) => {
    for (const pattern of PATTERNS) {
      const row = [make(pattern)];
      const gate = gateOf("traces", row);
      const { outcome, bytes, ms } = await gate.send(traces(spanOf(text("long", subject), text(subject, "key"))));
      showCost(`${name}, ${pattern}`, ms);
      expect(outcome.kind, pattern).toBe("accepted");
      const [span = {}] = spansIn(bytes);
      expect(done(span), pattern).toBe(true);
      await expectWell(gate, "traces", row, GOOD);
    }
  });

  it("a wildcard of many stars", async () => {
    const row = [step(transform, statements(`replace_match(${A}["long"], "${"*a".repeat(60)}b", "x")`))];
    const gate = gateOf("traces", row);
    const { bytes, ms } = await gate.send(traces(spanOf(text("long", subject))));
    showCost("replace_match", ms);
    expect(textIn(spansIn(bytes)[0] ?? {}, "long")).toBe(subject);
    await expectWell(gate, "traces", row, GOOD);
  });
});

function spansIn(bytes: Uint8Array | undefined): readonly Plain[] {
  const groups = bytes === undefined ? [] : list(judge("traces").toObject(bytes), "resourceSpans");
  return groups.flatMap((group) => list(group, "scopeSpans").flatMap((scope) => list(scope, "spans")));
}

describe("what is not there", () => {
  it.each([
    `set(${A}["b"], ${A}["none"])`,
    `set(${A}["b"], ${A}["none"]["deeper"]["still"])`,
    `set(${A}["b"], resource.attributes["none"])`,
    `set(${A}["b"], scope.attributes["none"])`,
    `set(${A}["b"], span.cache["none"])`,
    `set(${A}["b"], span.trace_state["none"]) where false`,
    `delete_key(${A}, "none")`,
    `delete_key(scope.attributes, "none")`,
    `keep_matching_keys(scope.attributes, "none")`,
    `truncate_all(scope.attributes, 1)`,
    `replace_pattern(${A}["none"], "a", "b")`,
    `replace_match(${A}["none"], "*", "b")`,
  ])("changes nothing: %s", async (statement) => {
    const row = [step(transform, { ...statements(statement), error_mode: "propagate" })];
    const gate = gateOf("traces", row);
    const { outcome, bytes } = await gate.send(GOOD);
    expect(outcome.kind).toBe("accepted");
    expect(judge("traces").toObject(bytes ?? new Uint8Array())).toEqual(judge("traces").toObject(judge("traces").encode(GOOD)));
    await expectWell(gate, "traces", row, GOOD);
  });
});

describe("what fails on an item", () => {
  const FAILING = [
    `set(span.kind, ${A}["a"])`,
    `set(span.name, ${A}["n"])`,
    `set(${A}["b"], ${A}["a"] + 1)`,
    `set(${A}["b"], 1 / (${A}["n"] - 1))`,
    `set(${A}["b"], ${A}["a"]["x"])`,
    `set(${A}["a"]["x"], 1)`,
    `set(${A}["b"], Len(${A}["n"]))`,
    `set(${A}["b"], ParseJSON(${A}["a"]))`,
    `set(${A}["b"], Substring(${A}["a"], 5, 9))`,
    `set(${A}["b"], Time(${A}["a"], "%Y"))`,
    `set(${A}["b"], Hex(span.kind / 0))`,
    `merge_maps(${A}, ${A}["a"], "upsert")`,
    `replace_pattern(${A}["a"], ${A}["bad"], "x")`,
    `append(${A}["n"], span.trace_id)`,
    `set(${A}["b"], span.start_time)`,
    `set(${A}["l"][70000], 1)`,
    `set(span.trace_id, ${A}["a"])`,
  ];
  const BAD = traces(spanOf(text("a", "x"), { key: "n", value: { intValue: "1" } }, text("bad", "(")));
  const row = (statement: string, mode: string): Row => [
    step(transform, { error_mode: mode, trace_statements: [`set(${A}["before"], 1)`, statement, `set(${A}["after"], 1)`] }),
  ];
  const keysOf = (bytes: Uint8Array | undefined) => list(spansIn(bytes)[0], "attributes").map(({ key }) => key);

  it.each(FAILING)("%s", async (statement) => {
    for (const mode of ["ignore", "silent"]) {
      const gate = gateOf("traces", row(statement, mode));
      const { outcome, bytes } = await gate.send(BAD);
      expect(outcome).toEqual({ kind: "accepted" });
      expect(keysOf(bytes), mode).toEqual(expect.arrayContaining(["before", "after"]));
      if (mode === "silent") expect(gate.log).toEqual([]);
      else expect(gate.log).toEqual([expect.stringMatching(/^warn: Cannot run statement ".*": ./)]);
      await expectWell(gate, "traces", row(statement, mode), traces(spanOf()));
    }
    const gate = gateOf("traces", row(statement, "propagate"));
    const { outcome, bytes } = await gate.send(BAD);
    expect(outcome).toEqual({ kind: "refused", status: 500, message: expect.stringMatching(/^Cannot run statement ".*": ./) });
    expect(bytes).toBeUndefined();
    await expectWellAfterRefusal(gate);
  });

  /** The statement fails on that request, too: the next one is told so, and one that nothing fails on passes. */
  async function expectWellAfterRefusal(gate: Gate): Promise<void> {
    expect((await gate.send(BAD)).outcome.kind).toBe("refused");
    expect((await gate.send({ resourceSpans: [{ scopeSpans: [{ scope: { name: "s" }, spans: [] }] }] })).outcome.kind).toBe("accepted");
  }

  it("is said once an item, and a sender's text in it is bounded", async () => {
    const gate = gateOf("traces", [step(transform, statements(`set(${A}["b"], Int(${A}["long"]) + ParseJSON(${A}["long"]))`))]);
    await gate.send(traces(...Array.from({ length: 5 }, () => spanOf(text("long", "x".repeat(1 << 20))))));
    expect(gate.log).toHaveLength(5);
    expect(gate.log.every((line) => line.length < 2000)).toBe(true);
  });

  it("a filter: a failing condition drops nothing, or refuses the request", async () => {
    const condition = `Len(${A}["n"]) > 0`;
    for (const mode of ["ignore", "silent", "propagate"]) {
      const gate = gateOf("traces", [step(filter, { error_mode: mode, trace_conditions: [condition] })]);
      const { outcome, bytes } = await gate.send(GOOD);
      if (mode === "propagate") expect(outcome).toEqual({ kind: "refused", status: 500, message: expect.stringMatching(/^Cannot test condition ".*": ./) });
      else expect(spansIn(bytes)).toHaveLength(1);
      expect(gate.log.length, mode).toBe(mode === "ignore" ? 1 : 0);
      expect((await gate.send(traces(spanOf({ key: "n", value: { stringValue: "" } })))).outcome).toEqual({ kind: "accepted" });
    }
  });
});
