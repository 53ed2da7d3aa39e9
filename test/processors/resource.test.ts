/** The resource processor against a real Collector's record (test/differential/record-resource.ts), and what is Sluice's own. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { resource } from "../../src/processors/resource.ts";
import { RESOURCE_CASES, resourceLines, resourceRequest } from "../differential/resource-cases.ts";
import recorded from "../fixtures/resource/collector-0.159.json" with { type: "json" };
import { judge, type Plain } from "../harness/judge.ts";
import { build, faultsOf } from "./support.ts";

const request = judge("traces").encode(resourceRequest());
const before = resourceLines(judge("traces").toObject(request));

describe("the Collector's actions", () => {
  it("has a record of every case", () => {
    expect(recorded.cases.map(({ name }) => name)).toEqual(RESOURCE_CASES.map(({ name }) => name));
  });

  it.each(RESOURCE_CASES.map((one, index) => ({ ...one, expected: recorded.cases[index] })))("$name", ({ attributes, expected }) => {
    const changed = new Map(Object.entries(expected?.changed ?? {}));
    const after = build(resource, { attributes }, "traces").run(request);
    const wanted = before.map((lines, index) => changed.get(String(index)) ?? lines);
    expect(resourceLines(judge("traces").toObject(after.bytes))).toEqual(wanted);
    expect(after.items).toBe(before.length);
  });
});

const withResource = (attributes: readonly Plain[]): Plain => ({ resource: { attributes } });
const withText = (length: number) => judge("traces").encode({ resourceSpans: [withResource([{ key: "k", value: { stringValue: "x".repeat(length) } }])] });
const added = [{ key: "env", action: "upsert", value: "prod" }];

describe("every signal", () => {
  const span = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1) };
  it.each<[Signal, Plain]>([
    ["traces", { resourceSpans: [{ ...withResource([]), scopeSpans: [{ spans: [span] }] }, { scopeSpans: [{ spans: [span] }] }] }],
    ["metrics", { resourceMetrics: [{ ...withResource([]), scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [{ asDouble: 1 }] } }] }] }] }],
    ["logs", { resourceLogs: [{ ...withResource([]), scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }] }] }] }],
    ["profiles", { resourceProfiles: [{ ...withResource([]), scopeProfiles: [{ profiles: [{}] }] }] }],
  ])("%s: a resource without attributes, or none at all, gets one", (signal, message) => {
    const bytes = judge(signal).encode(message);
    const after = JSON.stringify(judge(signal).toObject(build(resource, { attributes: added }, signal).run(bytes).bytes));
    expect(after.match(/"key":"env","value":{"stringValue":"prod"}/g)).toHaveLength(signal === "traces" ? 2 : 1);
  });
});

describe("what is left alone", () => {
  it.each([
    [[{ key: "absent", action: "delete" }]],
    [[{ key: "absent", action: "update", value: 1 }]],
    [[{ key: "absent", action: "hash", pattern: "^absent" }]],
    [[{ key: "absent", action: "convert", converted_type: "int" }]],
    [[{ key: "copy", action: "insert", from_attribute: "absent" }]],
  ])("%j changes no byte", (attributes) => {
    const after = build(resource, { attributes }, "traces").run(request);
    expect(after.changed).toBe(false);
    expect(after.bytes).toEqual(request);
  });

  it("runs a pattern on a text of any length", () => {
    const { run } = build(resource, { attributes: [{ key: "k", action: "extract", pattern: "(?P<found>x+)" }] }, "traces");
    const lines = resourceLines(judge("traces").toObject(run(withText(1 << 20)).bytes));
    expect(lines[0]?.map((line) => line.length).toSorted()).toEqual([1_048_597, 1_048_601]);
  });
});

describe("values made by a rule", () => {
  it.each([100, 511, 513, 20_000])("takes %i bytes of text, and gives the pool back what it borrowed", (length) => {
    const bytes = judge("traces").encode({ resourceSpans: [withResource([{ key: "k", value: { bytesValue: new Uint8Array(length) } }])] });
    const built = build(resource, { attributes: [{ key: "k", action: "convert", converted_type: "string" }] }, "traces");
    const lines = resourceLines(judge("traces").toObject(built.run(bytes).bytes));
    expect(lines[0]?.[0]).toHaveLength('k: {"stringValue":""}'.length + Math.ceil(length / 3) * 4);
    const used = built.engine.pool.inUse;
    built.run(bytes);
    expect(built.engine.pool.inUse).toBe(used);
  });
});

describe("settings", () => {
  it.each<[Record<string, unknown> | undefined, string]>([
    [undefined, "attributes: at least one action is needed"],
    [{ action: "insert", value: 1 }, "attributes.0.key: insert needs a key"],
    [{ action: "delete" }, "attributes.0.key: delete needs a key, a pattern, or both"],
    [{ key: "k", action: "insert" }, "attributes.0.action: insert needs a value, a from_attribute, a from_context or a default_value"],
    [{ key: "k", action: "insert", value: null }, "attributes.0.action: insert needs a value, a from_attribute, a from_context or a default_value"],
    [{ key: "k", action: "upsert", value: 1, from_attribute: "a" }, "attributes.0.from_attribute: upsert takes a value or a from_attribute, not both"],
    [{ key: "k", action: "insert", value: 1, pattern: "x" }, "attributes.0.pattern: insert takes no pattern"],
    [{ key: "k", action: "insert", value: 1, converted_type: "int" }, "attributes.0.converted_type: insert takes no converted_type"],
    [{ key: "k", action: "hash", value: 1 }, "attributes.0.value: hash takes no value"],
    [{ key: "k", action: "extract" }, "attributes.0.pattern: extract needs a pattern with named groups, for example ^(?P<scheme>[a-z]+)://"],
    [{ key: "k", action: "extract", pattern: "x" }, "attributes.0.pattern: the pattern has no named group, for example (?P<scheme>[a-z]+)"],
    [
      { key: "k", action: "extract", pattern: "(?P<a>x)(y)" },
      "attributes.0.pattern: the pattern has a group without a name: write (?P<name>...), or (?:...) to capture nothing",
    ],
    [{ key: "k", action: "extract", pattern: "(?P<a>x", from_attribute: "" }, 'attributes.0.pattern: the pattern has a "(" without its ")"'],
    [{ key: "k", action: "convert" }, "attributes.0.converted_type: convert needs a converted_type: int, double or string"],
  ])("refuses %j", (action, message) => {
    expect(faultsOf(resource, { attributes: action === undefined ? [] : [action] })).toContain(message);
  });

  it("names an unknown key, action and type", () => {
    expect(faultsOf(resource, { attributes: [{ key: "k", action: "remove" }] })[0]).toMatch(/^attributes\.0\.action: /);
    expect(faultsOf(resource, { attributes: [{ key: "k", action: "convert", converted_type: "long" }] })[0]).toMatch(/^attributes\.0\.converted_type: /);
    expect(faultsOf(resource, { attributes: [{ key: "k", action: "delete", regexp: "x" }] })[0]).toMatch(/regexp/);
  });
});
