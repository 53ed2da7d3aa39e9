/**
 * attributes, span and redaction on generated payloads: what they make of the bytes is what decoding,
 * editing objects and encoding would give, for fields in any order; unknown fields stay.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { redaction } from "../../src/processors/redaction.ts";
import { span } from "../../src/processors/span.ts";
import { lentEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { build } from "./support.ts";
import { runsHere } from "../harness/runs.ts";

type Editable = Record<string, unknown>;
interface Pair {
  key: string;
  value?: Editable;
}

const ORDERS = ["ascending", "descending", "interleaved"] as const;
const NAMES: Readonly<Record<string, readonly [groups: string, scopes: string, items: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
};

interface Around {
  readonly resource: Editable;
  readonly scope: Editable;
  readonly item: Editable;
}

/** Every item, or data point, with what is above it. */
function each(signal: Signal, object: Editable, edit: (owner: Editable, around: Around) => void): void {
  const [groups = "", scopes = "", items = ""] = NAMES[signal] ?? [];
  for (const group of editables(object, groups)) {
    for (const scopeGroup of editables(group, scopes)) {
      for (const item of editables(scopeGroup, items)) {
        const around = { resource: part(group, "resource"), scope: part(scopeGroup, "scope"), item };
        if (signal !== "metrics") edit(item, around);
        for (const shape of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]) {
          for (const point of editables(item[shape], "dataPoints")) edit(point, around);
        }
      }
    }
  }
}

function editables(of: unknown, key: string): Editable[] {
  return list(of, key) as unknown as Editable[]; // the judge's plain objects, copied before
}

function part(message: Editable, key: string): Editable {
  return (message[key] ?? {}) as Editable; // a message
}

function pairsOf(message: Editable): Pair[] {
  if (!Array.isArray(message["attributes"])) message["attributes"] = [];
  return message["attributes"] as Pair[]; // an array, made above where there was none
}

function put(pairs: Pair[], key: string, value: Editable): void {
  const found = pairs.find((pair) => pair.key === key);
  if (found === undefined) pairs.push({ key, value });
  else found.value = value;
}

/** Alike but for the order of keys, and for empty and absent lists and messages. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${value.join(".")}`;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, normal(inner)] as const)
    .filter(([key, inner]) => !(isEmpty(inner) && (Array.isArray(inner) || key === "status")) && !(key === "name" && inner === ""))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function objectOf(signal: Signal, bytes: Uint8Array): Editable {
  return structuredClone<Editable>(judge(signal).toObject(bytes));
}

/** Keys that occur, one that does not, and texts of names. */
function keysIn(signal: Signal, object: Editable): string[] {
  const keys = new Set(["none", "new"]);
  each(signal, object, (owner) => pairsOf(owner).forEach(({ key }) => keys.add(key)));
  return [...keys];
}

type Action = { readonly key: string; readonly action: string; readonly value?: string; readonly from_attribute?: string };

function act(pairs: Pair[], { key, action, value, from_attribute: from }: Action): void {
  const index = pairs.findIndex((pair) => pair.key === key);
  if (action === "delete") {
    if (index >= 0) pairs.splice(index, 1);
    return;
  }
  const source = from === undefined ? undefined : pairs.find((pair) => pair.key === from);
  if (from !== undefined && source === undefined) return;
  if (index >= 0 ? action === "insert" : action === "update") return;
  put(pairs, key, source === undefined ? { stringValue: value ?? "" } : structuredClone(source.value ?? {}));
}

describe.each(["traces", "metrics", "logs"] as const)("attributes, %s", (signal) => {
  it.each(ORDERS)("fields %s", (order) => {
    const { bytes } = payload(signal, { items: 24, resources: 3, seed: 5, order, unknown: order === "interleaved" });
    const key = fc.constantFrom(...keysIn(signal, objectOf(signal, bytes)));
    const setting = fc.constantFrom("insert", "update", "upsert");
    const action: fc.Arbitrary<Action> = fc.oneof(
      fc.record({ key, action: setting, value: fc.constantFrom("", "v", "x".repeat(600)) }),
      fc.record({ key, action: setting, from_attribute: key }),
      fc.record({ key, action: fc.constant("delete") }),
    );
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 5 }), (actions) => {
        const wanted = objectOf(signal, bytes);
        each(signal, wanted, (owner) => actions.forEach((one) => act(pairsOf(owner), one)));
        const { run, engine } = build(attributes, { actions }, signal, lentEngine());
        const before = engine.pool.inUse;
        expect(normal(judge(signal).toObject(run(bytes).bytes))).toEqual(normal(wanted));
        expect(engine.pool.inUse).toBe(before);
      }),
      { seed: 20261121, numRuns: runsHere(30) },
    );
  });

  it("keeps unknown fields", () => {
    const { bytes } = payload(signal, { items: 10, order: "interleaved", unknown: true });
    const added = build(attributes, { actions: [{ key: "new", action: "insert", value: "v" }] }, signal, lentEngine()).run(bytes).bytes;
    const back = build(attributes, { actions: [{ key: "new", action: "delete" }] }, signal, lentEngine()).run(added).bytes;
    expect(added.length).toBeGreaterThan(bytes.length);
    expect(back.toSorted()).toEqual(bytes.toSorted());
  });
});

describe("span", () => {
  it.each(ORDERS)("fields %s", (order) => {
    const { bytes } = payload("traces", { items: 24, resources: 3, seed: 6, order, unknown: order === "interleaved" });
    const key = fc.constantFrom(...keysIn("traces", objectOf("traces", bytes)));
    const status = fc.option(fc.constantFrom({ code: "Ok" }, { code: "Error", description: "bad" }, { code: "Unset" }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 2 }), fc.constantFrom("", "::"), status, (keys, separator, wantedStatus) => {
        const wanted = objectOf("traces", bytes);
        each("traces", wanted, (one) => {
          const values = keys.map((name) => pairsOf(one).find((pair) => pair.key === name));
          if (values.every((pair) => pair !== undefined)) one["name"] = values.map((pair) => scalarText(pair?.value ?? {})).join(separator);
          if (wantedStatus !== undefined) one["status"] = statusOf(wantedStatus);
        });
        const settings = { name: { from_attributes: keys, separator }, ...(wantedStatus === undefined ? {} : { status: wantedStatus }) };
        expect(normal(judge("traces").toObject(build(span, settings, "traces", lentEngine()).run(bytes).bytes))).toEqual(normal(wanted));
      }),
      { seed: 20261121, numRuns: runsHere(30) },
    );
  });
});

function statusOf({ code, description }: { readonly code: string; readonly description?: string }): Editable {
  const number = ["Unset", "Ok", "Error"].indexOf(code);
  return { ...(number === 0 ? {} : { code: number }), ...(description === undefined ? {} : { message: description }) };
}

/** As the payloads have them: no double of theirs needs an exponent. */
function scalarText(value: Editable): string {
  const [kind, inner] = Object.entries(value)[0] ?? [];
  return kind === "stringValue" || kind === "intValue" || kind === "doubleValue" || kind === "boolValue" ? String(inner) : "<unknown-attribute-type>";
}

describe.each(["traces", "metrics", "logs"] as const)("redaction, %s", (signal) => {
  it.each(ORDERS)("fields %s", (order) => {
    const { bytes } = payload(signal, { items: 24, resources: 3, seed: 7, order, unknown: order === "interleaved" });
    const key = fc.constantFrom(...keysIn(signal, objectOf(signal, bytes)));
    const settings = fc.record({
      allowed_keys: fc.array(key, { maxLength: 6 }),
      ignored_keys: fc.array(key, { maxLength: 2 }),
      blocked_values: fc.subarray(["GET", "[0-9]+", "e"]),
    });
    fc.assert(
      fc.property(settings, (one) => {
        const wanted = objectOf(signal, bytes);
        const done = new Set<Editable>();
        const redact = (message: Editable) => {
          if (!done.has(message)) redactPairs(message, one);
          done.add(message);
        };
        each(signal, wanted, (owner, { resource, scope }) => {
          for (const message of [resource, scope, owner, ...editables(owner, "events")]) redact(message);
        });
        const out = objectOf(signal, build(redaction, one, signal, lentEngine()).run(bytes).bytes);
        // Bodies have cases of their own.
        for (const object of [wanted, out]) each(signal, object, (owner) => delete owner["body"]);
        expect(normal(out)).toEqual(normal(wanted));
      }),
      { seed: 20261121, numRuns: runsHere(30) },
    );
  });
});

interface Redaction {
  readonly allowed_keys: readonly string[];
  readonly ignored_keys: readonly string[];
  readonly blocked_values: readonly string[];
}

function redactPairs(message: Editable, settings: Redaction): void {
  if (!Array.isArray(message["attributes"])) return;
  const kept = pairsOf(message).filter(({ key }) => settings.ignored_keys.includes(key) || settings.allowed_keys.includes(key));
  for (const pair of kept) {
    const text = pair.value?.["stringValue"];
    if (typeof text !== "string" || settings.ignored_keys.includes(pair.key)) continue;
    pair.value = { stringValue: settings.blocked_values.reduce((masked, pattern) => masked.replace(new RegExp(pattern, "g"), "****"), text) };
  }
  message["attributes"] = kept;
}
