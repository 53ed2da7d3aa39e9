/** What each processor says that its steps read and write, for `sluice explain`. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import type { Step } from "../../src/pipeline/step.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { filter } from "../../src/processors/filter.ts";
import { memoryLimiter } from "../../src/processors/memory-limiter.ts";
import { probabilisticSampler } from "../../src/processors/probabilistic-sampler.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { resource } from "../../src/processors/resource.ts";
import { span } from "../../src/processors/span.ts";
import { transform } from "../../src/processors/transform.ts";
import { testEngine } from "../harness/engine.ts";
import { build } from "./support.ts";

function stepsOf<Config>(definition: ProcessorDefinition<Config>, settings: unknown, signal: Signal): readonly Step[] {
  return build(definition, settings, signal, testEngine(16 << 20)).steps;
}

/** Level, what is read, what is written: a row a step. */
function fieldsOf<Config>(definition: ProcessorDefinition<Config>, settings: unknown, signal: Signal) {
  return stepsOf(definition, settings, signal).map(({ level, fields }) => [level, fields?.reads, fields?.writes]);
}

describe("attributes and resource", () => {
  const actions = [
    { key: "a", action: "insert", value: 1 },
    { key: "b", action: "upsert", from_attribute: "c" },
    { key: "d", action: "delete", pattern: "^secret" },
    { key: "e", action: "hash" },
    { key: "f", action: "extract", pattern: "(?P<g>x)(?P<h>y)" },
    { key: "i", action: "convert", converted_type: "int" },
    { key: "a", action: "update", value: 2 },
  ];
  const of = (owner: string, ...keys: string[]) => keys.map((key) => `${owner}.attributes["${key}"]`);

  it("name what every action looks at and sets, once", () => {
    const writes = [...of("resource", "a", "b", "d"), 'resource.attributes matching "^secret"', ...of("resource", "e", "g", "h", "i")];
    expect(fieldsOf(resource, { attributes: actions }, "profiles")).toEqual([["resource", of("resource", "c", "e", "f", "i"), writes]]);
  });

  it.each([
    ["traces", "span", "item"],
    ["logs", "log", "item"],
    ["metrics", "datapoint", "point"],
  ] as const)("of %s are those of the %s", (signal, owner, level) => {
    expect(fieldsOf(attributes, { actions: [{ key: "e", action: "hash" }] }, signal)).toEqual([[level, of(owner, "e"), of(owner, "e")]]);
  });

  it("read what include and exclude match", () => {
    const include = { match_type: "strict", services: ["s"], span_names: ["n"], span_kinds: ["SPAN_KIND_SERVER"], libraries: [{ name: "l", version: "1" }] };
    const exclude = { match_type: "strict", attributes: [{ key: "k" }], resources: [{ key: "r" }], libraries: [{ name: "l" }] };
    const act = [{ key: "e", action: "delete" }];
    expect(fieldsOf(attributes, { include, exclude, actions: act }, "traces")).toEqual([
      [
        "item",
        ['resource.attributes["service.name"]', "span.name", "span.kind", "scope.name", "scope.version", 'resource.attributes["r"]', 'span.attributes["k"]'],
        of("span", "e"),
      ],
    ]);
    const logs = { match_type: "strict", log_bodies: ["b"], log_severity_texts: ["t"], log_severity_number: { min: 9 } };
    expect(fieldsOf(attributes, { include: logs, actions: act }, "logs")[0]?.[1]).toEqual(["log.body", "log.severity_text", "log.severity_number"]);
    expect(fieldsOf(attributes, { include: { match_type: "strict", metric_names: ["m"] }, actions: act }, "metrics")[0]?.[1]).toEqual(["metric.name"]);
  });
});

describe("span", () => {
  it("names the name, what it is made of, and what is made of it", () => {
    const name = { from_attributes: ["a", "b"], to_attributes: { rules: ["(?P<c>x)"] } };
    expect(fieldsOf(span, { name, status: { code: "Ok" } }, "traces")).toEqual([
      ["item", ['span.attributes["a"]', 'span.attributes["b"]', "span.name"], ["span.name", 'span.attributes["c"]', "span.status"]],
    ]);
  });

  it("leaves the name out where it is kept", () => {
    const name = { to_attributes: { rules: ["(?P<c>x)"], keep_original_name: true } };
    expect(fieldsOf(span, { name }, "traces")).toEqual([["item", ["span.name"], ['span.attributes["c"]']]]);
  });
});

describe("filter and transform", () => {
  it("name the paths of their rules", () => {
    const settings = { trace_conditions: ['span.attributes["a"] == "x"', 'resource.attributes["b"] == "y"'] };
    expect(fieldsOf(filter, settings, "traces")).toEqual([
      ["resource", ['resource.attributes["b"]'], []],
      ["item", ['span.attributes["a"]'], []],
    ]);
    const groups = [
      { context: "metric", statements: ['convert_sum_to_gauge() where name == "a"'] },
      { context: "datapoint", statements: ["set(flags, 0)"] },
    ];
    expect(fieldsOf(transform, { metric_statements: groups }, "metrics")).toEqual([
      ["item", ["convert_sum_to_gauge()", "metric.name"], ["convert_sum_to_gauge()"]],
      ["point", [], ["datapoint.flags"]],
    ]);
  });

  it("name what the oldest form matches", () => {
    const logs = {
      include: { match_type: "strict", resource_attributes: [{ key: "a", value: "b" }], record_attributes: [{ key: "c", value: "d" }], bodies: ["e"] },
    };
    expect(fieldsOf(filter, { logs }, "logs")).toEqual([["item", ["log.body", 'resource.attributes["a"]', 'log.attributes["c"]'], []]]);
  });
});

describe("redaction", () => {
  it("names all attributes of every level, and bodies", () => {
    const all = (...names: string[]) => [names, names];
    expect(fieldsOf(redaction, { allow_all_keys: true }, "logs")).toEqual([
      ["resource", ...all("resource.attributes (all)")],
      ["scope", ...all("scope.attributes (all)")],
      ["item", ...all("log.attributes (all)", "log.body")],
    ]);
    expect(fieldsOf(redaction, { allow_all_keys: true }, "traces").map(([, reads]) => reads)).toContainEqual(["spanevent.attributes (all)"]);
    expect(fieldsOf(redaction, { allow_all_keys: true }, "metrics").map(([, reads]) => reads)).toContainEqual(["datapoint.attributes (all)"]);
  });
});

describe("samplers and the memory limiter", () => {
  it("name what decides and where the threshold is left", () => {
    expect(fieldsOf(probabilisticSampler, { sampling_percentage: 10 }, "traces")).toEqual([
      ["item", ["span.trace_id", "span.trace_state", 'span.attributes["sampling.priority"]'], ["span.trace_state"]],
    ]);
    const own = ['log.attributes["sampling.threshold"]', 'log.attributes["sampling.randomness"]'];
    const settings = { sampling_percentage: 10, attribute_source: "record", from_attribute: "a", sampling_priority: "p" };
    expect(fieldsOf(probabilisticSampler, settings, "logs")).toEqual([["item", ['log.attributes["a"]', 'log.attributes["p"]', ...own], own]]);
    // Only the hash asks the attribute; the other modes go by the trace id.
    expect(fieldsOf(probabilisticSampler, { ...settings, mode: "equalizing" }, "logs")).toEqual([
      ["item", ["log.trace_id", 'log.attributes["p"]', ...own], own],
    ]);
  });

  it("look at no field to see how much memory is in use", () => {
    expect(fieldsOf(memoryLimiter, { check_interval: "1s", limit_mib: 10 }, "logs")).toEqual([["resource", [], []]]);
  });
});

describe("every step", () => {
  it.each<readonly [string, readonly Step[]]>([
    ["attributes", stepsOf(attributes, { actions: [{ key: "a", action: "hash" }] }, "logs")],
    ["filter", stepsOf(filter, { log_conditions: ['log.body == "x"'] }, "logs")],
    ["transform", stepsOf(transform, { log_statements: ['set(log.body, resource.attributes["a"])'] }, "logs")],
    ["redaction", stepsOf(redaction, { allow_all_keys: true }, "logs")],
  ])("of %s names no field to write where it writes no level", (_name, steps) => {
    for (const { fields, writes } of steps) expect((fields?.writes.length ?? -1) > 0).toBe(writes.length > 0);
    expect(steps.length).toBeGreaterThan(0);
  });
});
