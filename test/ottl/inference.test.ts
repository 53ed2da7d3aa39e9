import { describe, expect, it } from "vitest";
import { type Context, define, type OttlFunction } from "../../src/ottl/contract.ts";
import { type Dialect, dialectOf } from "../../src/ottl/dialect.ts";
import { inferDialect, type Texts } from "../../src/ottl/inference.ts";

function fake(name: string): OttlFunction {
  return define(name, [], () => () => null);
}

function context(name: string, above: readonly string[], enums: readonly string[] = []): Context {
  return {
    name,
    level: "item",
    roots: [name, ...above],
    enums: new Map(enums.map((one, index) => [one, BigInt(index)])),
    path: () => ({ message: "not asked for here", segment: 0, known: [] }),
  };
}

const COMMON = ["set", "Len", "SHA256"].map(fake);
const SCOPES = ["scope", "instrumentation_scope", "resource"];
const METRICS: readonly Dialect[] = [
  dialectOf(context("resource", []), COMMON),
  dialectOf(context("scope", ["instrumentation_scope", "resource"]), COMMON),
  dialectOf(context("metric", SCOPES, ["DELTA"]), [...COMMON, fake("copy_metric")]),
  dialectOf(context("datapoint", ["metric", ...SCOPES], ["DELTA", "FLAG_NONE"]), [...COMMON, fake("merge_points")]),
];

function inferred(texts: Texts): string {
  const { dialect, issues } = inferDialect(METRICS, texts);
  return (
    dialect?.context.name ?? issues?.map(({ list, index, offset, message, cure }) => `${list}[${index}]@${offset} ${message} (${cure ?? ""})`).join("; ") ?? ""
  );
}

describe("the context of a group", () => {
  it.each<[string, Texts, string]>([
    ["is the one that is named", { statements: ["set(resource.a, 1)"] }, "resource"],
    ["is the most specific one that is named, wherever", { statements: ["set(resource.a, 1)", "set(metric.a, 1) where datapoint.b == 1"] }, "datapoint"],
    ["counts conditions", { statements: ["set(resource.a, 1)"], conditions: ["metric.name == nil"] }, "metric"],
    ["counts keys and arguments", { statements: ["set(resource.a[Len(scope.name)], 1)"] }, "scope"],
    ["counts values", { values: ["scope.name"] }, "scope"],
    ["is beneath when an enum is only known there", { statements: ["set(metric.a, FLAG_NONE)"] }, "datapoint"],
    ["is beneath when a function is only known there", { statements: ["merge_points()"], conditions: ["resource.a == 1"] }, "datapoint"],
    ["is the most specific beneath that has all", { statements: ["set(resource.a, DELTA)"] }, "datapoint"],
    ["is beneath as far as functions allow", { statements: ["copy_metric() where resource.a == DELTA"] }, "metric"],
    ["takes the name of a function that is handed over for no enum", { statements: ["set(scope.a, SHA256)"] }, "scope"],
    ["does not take a lambda's parameter for a context", { statements: ["set(scope.a, Len((metric) => metric.x))"] }, "scope"],
    ["does not take a single name for a context", { statements: ["set(datapoint, scope.a)"] }, "scope"],
  ])("%s", (_name, texts, expected) => {
    expect(inferred(texts)).toBe(expected);
  });

  it.each<[string, Texts, string]>([
    [
      "no path says one",
      { statements: ["set(a, 1)", "set(b, 1)"] },
      "statements[0]@0 No path says which context this is for (Begin paths with one of resource, scope, metric, datapoint)",
    ],
    ["it is unknown", { statements: ["set(metirc.a, 1)"] }, 'statements[0]@4 There is no context "metirc" here (Did you mean "metric"?)'],
    [
      "it belongs to another signal",
      { conditions: ["true", "span.a == 1"] },
      'conditions[1]@0 There is no context "span" here (Known here: resource, scope, metric, datapoint)',
    ],
    [
      "nothing has the function",
      { statements: ["set(scope.a, 1)", "set(scope.a, Lenn(1))"] },
      'statements[1]@13 Unknown function "Lenn" in the context scope (Did you mean "Len"?)',
    ],
    [
      "the function belongs elsewhere",
      { statements: ["copy_metric() where datapoint.a == 1"] },
      'statements[0]@0 Unknown function "copy_metric" in the context datapoint (It is there in metric)',
    ],
    [
      "nothing has the enum",
      { statements: ["set(datapoint.a, FLAG_NON)"] },
      'statements[0]@17 Unknown enum "FLAG_NON" in the context datapoint (Did you mean "FLAG_NONE"?)',
    ],
    ["a text is broken", { statements: ["set(scope.a, 1)", "set("] }, "statements[1]@4 Expected a value, found the end ()"],
  ])("is refused when %s", (_name, texts, expected) => {
    expect(inferred(texts)).toBe(expected);
  });
});
