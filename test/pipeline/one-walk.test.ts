/** Fusing, counted: processors of one rule each, however many, are one walk with one script that is applied once. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { filter } from "../../src/processors/filter.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { resource } from "../../src/processors/resource.ts";
import { span } from "../../src/processors/span.ts";
import { transform } from "../../src/processors/transform.ts";
import { judge } from "../harness/judge.ts";
import { leaves } from "../harness/multiset.ts";
import { lentEngine } from "../harness/engine.ts";
import { gateOf, type Row, step } from "../processors/gate.ts";

type Make = (index: number) => Row[number];

const ROWS: readonly (readonly [name: string, signal: "traces" | "metrics" | "logs", make: Make])[] = [
  ["attributes", "traces", (index) => step(attributes, { actions: [{ key: `k${index}`, action: "insert", value: index }] })],
  ["attributes", "metrics", (index) => step(attributes, { actions: [{ key: `k${index}`, action: "insert", value: index }] })],
  ["resource", "logs", (index) => step(resource, { attributes: [{ key: `k${index}`, action: "upsert", value: index }] })],
  [
    "transform",
    "traces",
    (index) =>
      step(transform, {
        trace_statements: [`set(span.attributes["k${index}"], span.attributes["k${index - 1}"])`, `set(span.attributes["k${index}"], ${index})`],
      }),
  ],
  ["transform", "metrics", (index) => step(transform, { metric_statements: [`set(datapoint.attributes["k${index}"], metric.name)`] })],
  ["transform", "logs", (index) => step(transform, { log_statements: [`set(log.attributes["k${index}"], resource.attributes["service.name"])`] })],
  ["filter", "traces", (index) => step(filter, { trace_conditions: [`span.kind == ${index === 0 ? 1 : 9 + index}`] })],
  ["filter", "logs", (index) => step(filter, { log_conditions: [`log.severity_number == ${index === 0 ? 9 : 100 + index}`] })],
  ["redaction", "logs", (index) => step(redaction, { allow_all_keys: true, blocked_values: [index === 0 ? "[0-9]" : `never ${index}`] })],
  ["span", "traces", (index) => step(span, { name: { to_attributes: { rules: [index === 0 ? "^(?P<verb>[A-Z]+) " : `(?P<k${index}>/[a-z]+)`] } } })],
  [
    "of every kind",
    "traces",
    (index) =>
      [
        step(resource, { attributes: [{ key: `k${index}`, action: "insert", value: "r" }] }),
        step(attributes, { actions: [{ key: `k${index}`, action: "insert", from_attribute: "http.route" }] }),
        step(filter, { trace_conditions: [`span.attributes["k0"] == "/healthz" and span.kind == ${index}`] }),
        step(transform, { trace_statements: [`set(span.attributes["t${index}"], span.name)`] }),
        step(span, { status: { code: "Ok" } }),
      ][index % 5] ?? step(span, { status: { code: "Ok" } }),
  ],
];

describe.each(ROWS)("processors: %s, %s", (_, signal, make) => {
  it.each([1, 3, 5, 10])("%i of one rule each: one walk, one apply", async (count) => {
    const row = Array.from({ length: count }, (_unused, index) => make(index));
    const gate = gateOf(signal, row);
    const { bytes } = payload(signal, { items: 60, resources: 3, seed: 12 });
    const sent = await gate.send(bytes);
    expect(gate.walks()).toEqual([{ walked: 1, applied: 1 }]);
    // Each did its part: the same as one gateway behind the other.
    let wanted: Uint8Array = bytes;
    for (const one of row) wanted = (await gateOf(signal, [one], lentEngine()).send(wanted)).bytes ?? new Uint8Array();
    expect(sent.bytes).not.toEqual(Uint8Array.from(bytes));
    expect(leaves(signal, sent.bytes ?? new Uint8Array())).toEqual(leaves(signal, wanted));
    await gate.send(bytes);
    expect(gate.walks()).toEqual([{ walked: 2, applied: 2 }]);
    expect(judge(signal).decode(sent.bytes ?? new Uint8Array())).toBeDefined();
  });
});

it("what changes nothing is walked, and applies nothing", async () => {
  const gate = gateOf("traces", [step(attributes, { actions: [{ key: "none", action: "delete" }] }), step(filter, { trace_conditions: ["span.kind == 99"] })]);
  const { bytes } = payload("traces", { items: 60, resources: 3, seed: 12 });
  const sent = await gate.send(bytes);
  expect(sent.bytes).toEqual(Uint8Array.from(bytes));
  expect(gate.walks()).toEqual([{ walked: 1, applied: 0 }]);
});

it("what must not share a walk does not: a rule on resources behind one of spans that wrote to them", async () => {
  const gate = gateOf("traces", [
    step(transform, { trace_statements: [{ context: "span", statements: ['set(resource.attributes["n"], span.name)'] }] }),
    step(transform, { trace_statements: ['set(resource.attributes["m"], resource.attributes["n"])'] }),
  ]);
  const { object } = payload("traces", { items: 20, resources: 2, seed: 12 });
  const sent = await gate.send(object);
  expect(gate.walks()).toEqual([
    { walked: 1, applied: 1 },
    { walked: 1, applied: 1 },
  ]);
  expect(new TextDecoder().decode(sent.bytes).split("\u0001m\u0012").length).toBe(3);
});
