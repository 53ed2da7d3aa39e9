/** The language over real spans: what statements do on the bytes is what they say, done to decoded objects. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SPAN_CONTEXT } from "../../src/ottl/contexts/contexts.ts";
import { dialectOf } from "../../src/ottl/dialect.ts";
import { SECOND } from "../../src/ottl/functions/second.ts";
import { type Group, onCursor, sequenceStatements } from "../../src/ottl/sequence.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Run } from "../../src/pipeline/run.ts";
import { admitted, batchBytes, batchOf, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";

type Editable = Record<string, unknown>;
type Pair = { key: string; value: Editable };
type Edit = (span: Editable, attributes: Pair[]) => void;

/** The payload after the statements, as objects. */
function transformed(bytes: Uint8Array<ArrayBuffer>, group: Group): Plain {
  const engine = testEngine();
  const tools = { engine, runtime: "test" as const, now: () => 0n, random: () => 0, log: () => {} };
  const { sequence, issues } = sequenceStatements(group, dialectOf(SPAN_CONTEXT, SECOND), { tools, prefixed: true });
  if (issues !== undefined) throw new Error(issues.map(({ message }) => message).join());
  const { level, reads, writes } = sequence;
  const run = onCursor((subject) => {
    sequence.run(subject);
    return true;
  });
  const batch = batchOf("traces", admitted(engine, "traces", bytes));
  const after = new Run(engine, "traces", [{ component: "test", level, reads, writes, drops: false, dropReason: "", run }], new Counters()).run(batch);
  const result = judge("traces").toObject(batchBytes(after));
  after.release();
  batch.release();
  return result;
}

function edited(object: Plain, edit: Edit): Plain {
  const copy = structuredClone(object);
  for (const group of list(copy, "resourceSpans")) {
    for (const scope of list(group, "scopeSpans")) {
      for (const span of list(scope, "spans")) {
        // Made by the judge: attributes are KeyValues.
        const attributes = (span["attributes"] ?? []) as Pair[];
        const editable: Editable = span;
        edit(editable, attributes);
        if (attributes.length > 0) editable["attributes"] = attributes;
      }
    }
  }
  return copy;
}

function put(attributes: Pair[], key: string, value: Editable): void {
  const found = attributes.find((pair) => pair.key === key);
  if (found === undefined) attributes.push({ key, value });
  else found.value = value;
}

function valueOf(attributes: readonly Pair[], key: string): Editable | undefined {
  return attributes.find((pair) => pair.key === key)?.value;
}

const CASES: readonly (readonly [name: string, statements: readonly string[], edit: Edit])[] = [
  [
    "a literal where a text, an enum and nil agree",
    ['set(span.attributes["answer"], 42) where span.name == "POST /api/v1/orders" and span.kind != SPAN_KIND_SERVER and span.attributes["none"] == nil'],
    ({ name, kind }, attributes) => {
      if (name === "POST /api/v1/orders" && kind !== 2) put(attributes, "answer", { intValue: "42" });
    },
  ],
  [
    "a later statement sees what an earlier one set",
    [
      'set(span.attributes["kind"], span.kind * 10)',
      'set(span.attributes["kind"], span.attributes["kind"] + 1) where span.attributes["kind"] >= 30',
      'set(span.name, "renamed") where span.attributes["kind"] == 31',
    ],
    (span, attributes) => {
      const kind = Number(span["kind"]) * 10;
      put(attributes, "kind", { intValue: String(kind >= 30 ? kind + 1 : kind) });
      if (kind === 30) span["name"] = "renamed";
    },
  ],
  [
    "an attribute copied, and one deleted",
    [
      'set(span.attributes["copy"], span.attributes["http.request.method"])',
      'delete_key(span.attributes, "http.request.method") where span.attributes["copy"] == "GET"',
    ],
    (_span, attributes) => {
      const method = valueOf(attributes, "http.request.method");
      if (method === undefined) return;
      put(attributes, "copy", method);
      if (method["stringValue"] === "GET")
        attributes.splice(
          attributes.findIndex(({ key }) => key === "http.request.method"),
          1,
        );
    },
  ],
  [
    "lists, maps and the cache",
    ['set(span.cache["n"], Len(span.name))', 'set(span.attributes["made"], {"n": span.cache["n"], "l": [1.5, true]})'],
    ({ name }, attributes) => {
      const values = [{ doubleValue: 1.5 }, { boolValue: true }];
      const length = new TextEncoder().encode(String(name)).length;
      put(attributes, "made", {
        kvlistValue: {
          values: [
            { key: "n", value: { intValue: String(length) } },
            { key: "l", value: { arrayValue: { values } } },
          ],
        },
      });
    },
  ],
  [
    "nothing, where statements fail",
    ["set(span.name, 1)", 'set(span.attributes["x"], span.name + 1)', 'set(span.kind, "x") where span.kind / 0 == 1'],
    () => {},
  ],
];

describe.each(["ascending", "descending", "interleaved"] as const)("spans with fields %s", (order) => {
  it.each(CASES)("%s", (_name, statements, edit) => {
    const { bytes, object } = payload("traces", { items: 60, seed: 3, order, unknown: true });
    expect(transformed(bytes, { statements, errorMode: "silent" })).toEqual(edited(object, edit));
  });
});
