/** Which fields statements and conditions name, as `sluice explain` prints them. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { dialectsOf } from "../../src/ottl/dialects.ts";
import { CHECKING, compileConditions, compileEachCondition, compileStatements } from "../../src/ottl/settings.ts";

function statement(signal: Signal, text: string, context?: string) {
  const { sequence, issues } = compileStatements({ context, conditions: [], statements: [text] }, "ignore", dialectsOf(signal), CHECKING);
  if (sequence === undefined) throw new Error(issues.map(({ message }) => message).join());
  const { reads, writes } = sequence.fields;
  return { reads, writes };
}

describe("the fields of statements", () => {
  it.each<readonly [text: string, reads: readonly string[], writes: readonly string[]]>([
    ['set(span.name, "x")', [], ["span.name"]],
    [
      'set(resource.attributes["a"], span.attributes["b"]["c"][0]) where span.kind == SPAN_KIND_SERVER',
      ['span.attributes["b"]["c"][0]', "span.kind"],
      ['resource.attributes["a"]'],
    ],
    ['delete_key(span.attributes, "a")', ["span.attributes"], ["span.attributes"]],
    ['replace_pattern(span.name, "a", span.status.message)', ["span.name", "span.status.message"], ["span.name"]],
    [
      "set(span.attributes[span.name], Concat([scope.name, scope.version], span.trace_state))",
      ["span.name", "scope.name", "scope.version", "span.trace_state"],
      ["span.attributes[...]"],
    ],
    ['set(span.name, "root") where IsRootSpan() and span.name != "root"', ["IsRootSpan()", "span.name"], ["span.name"]],
    // The statements' own notebook is no field of the telemetry.
    ['set(span.cache["a"], span.attributes["b"])', ['span.attributes["b"]'], []],
    ['set(spanevent.name, spanevent.cache["x"]) where span.name == "a\\nb"', ["span.name"], ["spanevent.name"]],
  ])("%s", (text, reads, writes) => {
    expect(statement("traces", text)).toEqual({ reads, writes });
  });

  it("have their context in front in the older form, too", () => {
    expect(statement("logs", 'set(attributes["a"], resource.attributes["b"]) where body == "x"', "log")).toEqual({
      reads: ['resource.attributes["b"]', "log.body"],
      writes: ['log.attributes["a"]'],
    });
  });

  it("are those of conditions and statements together, each once", () => {
    const group = {
      conditions: ['span.name == "a"'],
      statements: ['set(span.name, "b")', "set(span.name, span.attributes[span.name])", 'set(span.kind, 1) where span.name == "c"'],
    };
    const { sequence } = compileStatements(group, "ignore", dialectsOf("traces"), CHECKING);
    expect(sequence?.fields).toEqual({ reads: ["span.name", "span.attributes[...]"], writes: ["span.name", "span.kind"] });
  });
});

describe("the fields of conditions", () => {
  it("are read, none is written", () => {
    const { sequence } = compileConditions({ conditions: ['datapoint.attributes["a"] == metric.name'] }, "ignore", dialectsOf("metrics"), CHECKING);
    expect(sequence?.fields).toEqual({ reads: ['datapoint.attributes["a"]', "metric.name"], writes: [] });
  });

  it("are those of the context that each condition is for", () => {
    const conditions = ['log.severity_text == "x"', 'resource.attributes["a"] == "y"'];
    const { sequences } = compileEachCondition({ conditions }, "ignore", dialectsOf("logs"), CHECKING);
    expect(sequences.map(({ context, fields }) => [context, fields.reads])).toEqual([
      ["resource", ['resource.attributes["a"]']],
      ["log", ["log.severity_text"]],
    ]);
  });
});
