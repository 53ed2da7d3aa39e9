/**
 * The laws of editing on bytes, judged by decode, edit, encode: random rows of rules run fused, and
 * one after the other, and on the judge's objects; all three must say the same.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { encodeAnyValue } from "../../src/otlp/any-value.ts";
import type { Attributes } from "../../src/otlp/attributes.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { isText } from "../../src/otlp/text.ts";
import type { Batch } from "../../src/pipeline/batch.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Run } from "../../src/pipeline/run.ts";
import { type Level, planRuns, type Step } from "../../src/pipeline/step.ts";
import { admitted, batchBytes, batchOf, lentEngine, testEngine } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { runsHere } from "../harness/runs.ts";

type Editable = Record<string, unknown>;
type Pair = { key: string; value?: Editable };

/** A rule twice: as a step on bytes, and as a function on the judge's objects. */
interface Rule {
  readonly name: string;
  step(engine: Engine): Step;
  /** Edits one message in place; false drops it. Called per message of `level`, with the messages around it. */
  edit(at: { resource: Editable; scope: Editable; item: Editable; point: Editable }): boolean;
  readonly level: Level;
}

const NAME_FIELD: Partial<Record<Signal, number>> = { traces: 5, metrics: 1, logs: 3 };
const NAME_KEY: Partial<Record<Signal, string>> = { traces: "name", metrics: "name", logs: "severityText" };

function pairs(message: Editable): Pair[] {
  if (!Array.isArray(message["attributes"])) message["attributes"] = [];
  return message["attributes"] as Pair[]; // made an array above; the judge's entries are KeyValues
}

function upsertPair(message: Editable, key: string, value: string): void {
  const all = pairs(message);
  const found = all.find((pair) => pair.key === key);
  if (found === undefined) all.push({ key, value: { stringValue: value } });
  else found.value = { stringValue: value };
}

function upsert(engine: Engine, key: string, value: string): (attributes: Attributes) => void {
  const text = engine.text(key);
  const range = engine.constant(encodeAnyValue(value));
  return (attributes) => {
    const entry = attributes.find(text);
    if (entry < 0) attributes.add(text.start, text.end, range.start, range.end);
    else attributes.set(entry, range.start, range.end);
  };
}

function step(level: Level, parts: Pick<Step, "run"> & Partial<Step>): Step {
  return { component: "test", level, reads: [level], writes: [level], drops: false, dropReason: "test", ...parts };
}

/** The levels that are on the tape. */
type Taped = Exclude<Level, "event" | "exemplar">;

/** The view of a level. */
const viewOf = { resource: "resource", scope: "scope", item: "item", point: "point" } as const;

function upsertRule(level: Taped, key: string, value: string): Rule {
  return {
    name: `upsert ${level} ${key}=${value}`,
    level,
    step: (engine) => {
      const apply = upsert(engine, key, value);
      return step(level, { run: (cursor) => (apply(cursor[viewOf[level]].attributes), true) });
    },
    edit: (at) => (upsertPair(at[level], key, value), true),
  };
}

function removeRule(level: Taped, key: string): Rule {
  return {
    name: `remove ${level} ${key}`,
    level,
    step: (engine) => {
      const text = engine.text(key);
      return step(level, {
        run: ({ [viewOf[level]]: { attributes } }) => {
          const entry = attributes.find(text);
          if (entry >= 0) attributes.remove(entry);
          return true;
        },
      });
    },
    edit: (at) => {
      const all = pairs(at[level]);
      const index = all.findIndex((pair) => pair.key === key);
      if (index >= 0) all.splice(index, 1);
      return true;
    },
  };
}

function dropRule(level: Taped, key: string): Rule {
  return {
    name: `drop ${level} with ${key}`,
    level,
    step: (engine) => {
      const text = engine.text(key);
      return step(level, { drops: true, writes: [], run: (cursor) => cursor[viewOf[level]].attributes.find(text) < 0 });
    },
    edit: (at) => !pairs(at[level]).some((pair) => pair.key === key),
  };
}

/** Reads upwards: an attribute of the resource, copied to the item. */
function copyDownRule(key: string): Rule {
  return {
    name: `copy resource ${key} down`,
    level: "item",
    step: (engine) => {
      const text = engine.text(key);
      return step("item", {
        reads: ["item", "resource"],
        run: ({ resource, item }) => {
          const from = resource.attributes.find(text);
          if (from < 0) return true;
          const start = resource.attributes.valueStart(from);
          const end = resource.attributes.valueEnd(from);
          const to = item.attributes.find(text);
          if (to < 0) item.attributes.add(text.start, text.end, start, end);
          else item.attributes.set(to, start, end);
          return true;
        },
      });
    },
    edit: ({ resource, item }) => {
      const found = pairs(resource).find((pair) => pair.key === key);
      if (found === undefined) return true;
      const all = pairs(item);
      const own = all.find((pair) => pair.key === key);
      const value = structuredClone(found.value ?? {});
      if (own === undefined) all.push({ key, value });
      else own.value = value;
      return true;
    },
  };
}

/** Writes above its item: the last one wins, and the next item sees it. */
function countUpRule(): Rule {
  return {
    name: "count items into the resource",
    level: "item",
    step: (engine) => {
      const texts = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map((digit) => engine.constant(encodeAnyValue(digit)));
      const key = engine.text("count");
      return step("item", {
        reads: ["resource"],
        writes: ["resource"],
        run: ({ resource, bytes }) => {
          const { attributes } = resource;
          const entry = attributes.find(key);
          const now = entry < 0 ? -1 : texts.findIndex((text) => isText(bytes, attributes.valueStart(entry), attributes.valueEnd(entry), text));
          const next = texts[(now + 1) % 10];
          if (next === undefined) return true;
          if (entry < 0) attributes.add(key.start, key.end, next.start, next.end);
          else attributes.set(entry, next.start, next.end);
          return true;
        },
      });
    },
    edit: ({ resource }) => {
      const found = pairs(resource).find((pair) => pair.key === "count");
      const now = found === undefined ? -1 : Number(found.value?.["stringValue"]);
      upsertPair(resource, "count", String((now + 1) % 10));
      return true;
    },
  };
}

function renameRule(signal: Signal, name: string): Rule {
  return {
    name: `rename to ${name.slice(0, 8)}`,
    level: "item",
    step: (engine) => {
      const text = engine.constant(new TextEncoder().encode(name));
      return step("item", {
        run: ({ item }) => {
          item.setBytes(NAME_FIELD[signal] ?? 1, text.start, text.end);
          return true;
        },
      });
    },
    edit: ({ item }) => {
      item[NAME_KEY[signal] ?? "name"] = name;
      return true;
    },
  };
}

const NAMES: Readonly<Record<string, readonly [groups: string, scopes: string, items: string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
};

/** Applies one rule to the whole object, and removes parents that it emptied. */
function editWhole(signal: Signal, object: Editable, rule: Rule): void {
  const [groups = "", scopes = "", items = ""] = NAMES[signal] ?? [];
  const nothing: Editable = {};
  keepIf(object, groups, (group) => {
    const resource = part(group, "resource");
    if (rule.level === "resource") return rule.edit({ resource, scope: nothing, item: nothing, point: nothing });
    return keepIf(group, scopes, (scopeGroup) => {
      const scope = part(scopeGroup, "scope");
      if (rule.level === "scope") return rule.edit({ resource, scope, item: nothing, point: nothing });
      return keepIf(scopeGroup, items, (item) => {
        if (rule.level === "item") return rule.edit({ resource, scope, item, point: nothing });
        for (const shape of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]) {
          const data = item[shape];
          if (data !== undefined) return keepIf(data as Editable, "dataPoints", (point) => rule.edit({ resource, scope, item, point })); // a message
        }
        return true;
      });
    });
  });
}

function part(message: Editable, key: string): Editable {
  message[key] ??= {};
  return message[key] as Editable; // a message, or the one just made
}

/** Keeps the children for which `keep` holds; false when there were some and none is left. */
function keepIf(message: Editable, key: string, keep: (child: Editable) => boolean): boolean {
  const children = list(message, key) as readonly Editable[]; // the judge's plain objects
  if (children.length === 0) return true;
  const kept = children.filter(keep);
  message[key] = kept;
  return kept.length > 0;
}

/** Objects alike but for the order of keys, and for empty and absent messages and lists. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${Array.from(value).join(".")}`;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, normal(inner)] as const)
    .filter(([key, inner]) => !(isEmpty(inner) && (Array.isArray(inner) || key === "resource" || key === "scope")))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function runAll(engine: Engine, signal: Signal, batch: Batch, rows: readonly (readonly Step[])[]): { batch: Batch; runs: Run[] } {
  const runs: Run[] = [];
  for (const row of rows) {
    const run = new Run(engine, signal, row, new Counters());
    runs.push(run);
    const next = run.run(batch);
    batch.release();
    batch = next;
  }
  return { batch, runs };
}

function check(signal: Signal, source: Uint8Array, rules: readonly Rule[], fused: boolean): { items: number; out: Uint8Array; unknown: number } {
  const engine = lentEngine();
  const steps = rules.map((rule) => rule.step(engine));
  const { batch } = runAll(engine, signal, batchOf(signal, admitted(engine, signal, source)), fused ? planRuns(steps) : steps.map((one) => [one]));
  const out = batchBytes(batch);
  const { items } = batch;
  batch.release();
  expect(engine.pool.blocks).toBe(0);
  const again = admitted(engine, signal, out);
  expect(again.unchanged).toBe(true);
  expect(again.items).toBe(items);
  again.chunk.release();
  return { items, out, unknown: 0 };
}

function model(signal: Signal, source: Uint8Array, rules: readonly Rule[]): unknown {
  const object: Editable = structuredClone<Editable>(judge(signal).toObject(source));
  for (const rule of rules) editWhole(signal, object, rule);
  return normal(object);
}

function keysIn(signal: Signal, object: Plain): { resource: string[]; item: string[] } {
  const [groups = "", scopes = "", items = ""] = NAMES[signal] ?? [];
  const group = list(object, groups)[0];
  const found = list(list(group, scopes)[0], items).flatMap((item) => {
    const data = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].flatMap((shape) => list(item[shape], "dataPoints"));
    return [item, ...data].flatMap((one) => list(one, "attributes"));
  });
  const names = (of: readonly Plain[]) => [...new Set(of.map(({ key }) => String(key)))].slice(0, 4);
  return { resource: names(list(group?.["resource"], "attributes")), item: names(found) };
}

function ruleArbitrary(signal: Signal, object: Plain): fc.Arbitrary<Rule> {
  const keys = keysIn(signal, object);
  const resourceKey = fc.constantFrom("n", "count", ...keys.resource);
  const itemKey = fc.constantFrom("n", "count", ...keys.item);
  const value = fc.constantFrom("", "v", "x".repeat(200));
  const lowest: Taped = signal === "metrics" ? "point" : "item";
  return fc.oneof(
    fc.tuple(resourceKey, value).map(([key, text]) => upsertRule("resource", key, text)),
    fc.tuple(itemKey, value).map(([key, text]) => upsertRule("scope", key, text)),
    fc.tuple(itemKey, value).map(([key, text]) => upsertRule(lowest, key, text)),
    resourceKey.map((key) => removeRule("resource", key)),
    itemKey.map((key) => removeRule(lowest, key)),
    itemKey.map((key) => dropRule(lowest, key)),
    resourceKey.map((key) => dropRule("resource", key)),
    value.map((text) => renameRule(signal, text)),
    fc.constant(countUpRule()),
    ...(signal === "metrics" ? [] : [resourceKey.map(copyDownRule)]),
  );
}

describe("Run", () => {
  describe.each(["traces", "metrics", "logs"] as const)("%s", (signal) => {
    it.each(["ascending", "descending", "interleaved"] as const)("equals decode, edit, encode, fused and unfused; fields %s", (order) => {
      const { bytes, object } = payload(signal, { items: 24, resources: 3, seed: 9, order, unknown: order === "interleaved" });
      fc.assert(
        fc.property(fc.array(ruleArbitrary(signal, object), { minLength: 1, maxLength: 6 }), (rules) => {
          const wanted = model(signal, bytes, rules);
          const fused = check(signal, bytes, rules, true);
          const unfused = check(signal, bytes, rules, false);
          const names = rules.map(({ name }) => name).join(", ");
          expect(normal(judge(signal).toObject(fused.out)), names).toEqual(wanted);
          expect(normal(judge(signal).toObject(unfused.out)), names).toEqual(wanted);
          expect(fused.items).toBe(unfused.items);
        }),
        { seed: 20261121, numRuns: runsHere(60) },
      );
    });
  });

  it("runs neighbouring steps in one walk, with one script and one apply", () => {
    const engine = testEngine();
    const rules = Array.from({ length: 10 }, (_, i) => upsertRule("item", `key.${i}`, "v"));
    const rows = planRuns(rules.map((rule) => rule.step(engine)));
    expect(rows.length).toBe(1);
    const { batch, runs } = runAll(engine, "traces", batchOf("traces", admitted(engine, "traces", payload("traces", { items: 50 }).bytes)), rows);
    expect(runs.map(({ walked, applied }) => ({ walked, applied }))).toEqual([{ walked: 1, applied: 1 }]);
    batch.release();
  });

  it("gives back the same batch, untouched, when nothing changed", () => {
    const engine = testEngine();
    const { bytes } = payload("traces", { items: 50 });
    const batch = batchOf("traces", admitted(engine, "traces", bytes));
    const run = new Run(engine, "traces", [removeRule("item", "no such key").step(engine)], new Counters());
    expect(run.run(batch)).toBe(batch);
    expect(run.applied).toBe(0);
    batch.release();
    batch.release();
    expect(engine.pool.blocks).toBe(0);
  });

  it("keeps every unknown field of what it edits", () => {
    const { bytes } = payload("traces", { items: 10, order: "interleaved", unknown: true });
    const { out } = check("traces", bytes, [upsertRule("item", "n", "v"), upsertRule("resource", "n", "v")], true);
    const back = check("traces", out, [removeRule("item", "n"), removeRule("resource", "n")], true);
    expect(back.out.toSorted()).toEqual(new Uint8Array(bytes).toSorted());
  });

  it("counts what each step took and passed on", () => {
    const engine = testEngine();
    const counters = new Counters();
    const { bytes, items } = payload("traces", { items: 40 });
    const drop = upsertRule("item", "n", "v").step(engine);
    const run = new Run(
      engine,
      "traces",
      [drop, dropRule("item", "n").step(engine), dropRule("item", "n").step(engine)].map((one, i) => ({ ...one, component: `step/${i}` })),
      counters,
    );
    const batch = batchOf("traces", admitted(engine, "traces", bytes));
    const out = run.run(batch);
    expect(out.items).toBe(0);
    const of = (name: string, processor: string) => counters.total(name, { processor });
    expect([0, 1, 2].map((i) => [of("otelcol_processor_incoming_items", `step/${i}`), of("otelcol_processor_outgoing_items", `step/${i}`)])).toEqual([
      [items, items],
      [items, 0],
      [0, 0],
    ]);
    expect(of("sluice_processor_dropped_items", "step/1")).toBe(items);
    batch.release();
    out.release();
    expect(engine.pool.blocks).toBe(0);
  });
});
