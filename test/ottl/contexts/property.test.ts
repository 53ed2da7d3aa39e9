/**
 * Setting through paths is decode, edit, encode: random rows of sets in every context, fused and one
 * after the other, against the judge's objects; fields ascending, descending, and with unknown ones between.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../../../bench/payloads.ts";
import type { Signal } from "../../../src/base/signal.ts";
import * as contexts from "../../../src/ottl/contexts/contexts.ts";
import type { Context } from "../../../src/ottl/contract.ts";
import { Id, isList, isMap, Time, type Value } from "../../../src/ottl/value.ts";
import { lentEngine } from "../../harness/engine.ts";
import { judge } from "../../harness/judge.ts";
import { type At, type Editable, normal, operandIn, part, type Part, runSteps, stepIn, visit } from "./scene.ts";
import { runsHere } from "../../harness/runs.ts";

interface Op {
  readonly context: Context;
  readonly root: string;
  readonly parts: readonly Part[];
  readonly value: Value;
  readonly edit: (at: At) => void;
}

/** A message by its place in the walk, and the paths that set it. */
type Field = readonly [path: readonly Part[], target: (at: At) => Editable | undefined, key: string, kind: keyof typeof VALUES];

const INT64 = fc.oneof(fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 300n, 2n ** 32n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const TEXT = fc.constantFrom("", "v", "naïve ✓", "x".repeat(300));

interface Kind {
  readonly values: fc.Arbitrary<Value>;
  /** What the judge shows; undefined when the field is removed. */
  readonly shown: (value: Value) => unknown;
}

const big = (value: Value): bigint => (typeof value === "bigint" ? value : 0n);
const unlessZero = (wrap: (value: bigint) => bigint, text: boolean) => (value: Value) => {
  const kept = wrap(big(value));
  return kept === 0n ? undefined : text ? String(kept) : Number(kept);
};

const VALUES = {
  text: { values: TEXT, shown: (value: Value) => (value === "" ? undefined : value) },
  uint32: { values: INT64, shown: unlessZero((value) => BigInt.asUintN(32, value), false) },
  int32: { values: INT64, shown: unlessZero((value) => BigInt.asIntN(32, value), false) },
  // Only known ones: the judge leaves out what the enum does not have.
  enum: { values: fc.constantFrom(0n, 1n, 2n), shown: unlessZero((value) => value, false) },
  flags: { values: fc.constantFrom(0n, 1n, 0xffffffffn), shown: unlessZero((value) => value, false) },
  fixed64: { values: INT64, shown: unlessZero((value) => BigInt.asUintN(64, value), true) },
  oneofInt: { values: INT64, shown: (value: Value) => String(big(value)) },
  double: { values: fc.double(), shown: (value: Value) => value },
  plainDouble: { values: fc.double(), shown: (value: Value) => (Object.is(value, 0) ? undefined : value) },
  bool: { values: fc.boolean(), shown: (value: Value) => (value === true ? true : undefined) },
  time: {
    values: INT64.map((nanos) => new Time(nanos)),
    shown: (value: Value) => unlessZero((nanos) => BigInt.asUintN(64, nanos), true)(value instanceof Time ? value.unixNano : 0n),
  },
  trace: { values: bytes(16).map((id) => new Id("trace", id)), shown: (value: Value) => (value instanceof Id ? value.bytes : undefined) },
  span: { values: bytes(8).map((id) => new Id("span", id)), shown: (value: Value) => (value instanceof Id ? value.bytes : undefined) },
  counts: {
    values: fc.array(INT64, { maxLength: 4 }),
    shown: (value: Value) => (isList(value) && value.length > 0 ? value.map((one) => String(BigInt.asUintN(64, big(one)))) : undefined),
  },
  bounds: { values: fc.array(fc.double(), { maxLength: 4 }), shown: (value: Value) => (isList(value) && value.length > 0 ? value : undefined) },
} satisfies Record<string, Kind>;

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length }).filter((id) => id.some((byte) => byte !== 0));
}

const group = (at: At) => at.group;
const resource = (at: At) => at.resource;
const scope = (at: At) => at.scope;
const scopeGroup = (at: At) => at.scopeGroup;
const item = (at: At) => at.item;
const point = (at: At) => at.point;
const inner = (at: At) => at.inner;
const has = (at: At, ...shapes: string[]) => shapes.some((shape) => at.item[shape] !== undefined);
const ofShape =
  (get: (at: At) => Editable, ...shapes: string[]) =>
  (at: At) =>
    has(at, ...shapes) ? get(at) : undefined;

const RESOURCE: readonly Field[] = [
  [["dropped_attributes_count"], resource, "droppedAttributesCount", "uint32"],
  [["schema_url"], group, "schemaUrl", "text"],
];
const SCOPE: readonly Field[] = [
  [["name"], scope, "name", "text"],
  [["version"], scope, "version", "text"],
  [["dropped_attributes_count"], scope, "droppedAttributesCount", "uint32"],
  [["schema_url"], scopeGroup, "schemaUrl", "text"],
];
const SPAN: readonly Field[] = [
  [["name"], item, "name", "text"],
  [["trace_state"], item, "traceState", "text"],
  [["kind"], item, "kind", "enum"],
  [["trace_id"], item, "traceId", "trace"],
  [["span_id"], item, "spanId", "span"],
  [["parent_span_id"], item, "parentSpanId", "span"],
  [["start_time_unix_nano"], item, "startTimeUnixNano", "fixed64"],
  [["end_time"], item, "endTimeUnixNano", "time"],
  [["dropped_attributes_count"], item, "droppedAttributesCount", "uint32"],
  [["dropped_events_count"], item, "droppedEventsCount", "uint32"],
  [["dropped_links_count"], item, "droppedLinksCount", "uint32"],
  [["flags"], item, "flags", "flags"],
  [["status", "code"], (at) => part(at.item, "status"), "code", "enum"],
  [["status", "message"], (at) => part(at.item, "status"), "message", "text"],
];
const EVENT: readonly Field[] = [
  [["name"], inner, "name", "text"],
  [["time_unix_nano"], inner, "timeUnixNano", "fixed64"],
  [["dropped_attributes_count"], inner, "droppedAttributesCount", "uint32"],
];
const LOG: readonly Field[] = [
  [["severity_number"], item, "severityNumber", "enum"],
  [["severity_text"], item, "severityText", "text"],
  [["time"], item, "timeUnixNano", "time"],
  [["observed_time_unix_nano"], item, "observedTimeUnixNano", "fixed64"],
  [["flags"], item, "flags", "uint32"],
  [["trace_id"], item, "traceId", "trace"],
  [["span_id"], item, "spanId", "span"],
  [["event_name"], item, "eventName", "text"],
];
const METRIC: readonly Field[] = [
  [["name"], item, "name", "text"],
  [["description"], item, "description", "text"],
  [["unit"], item, "unit", "text"],
  [["aggregation_temporality"], ofShape((at) => at.data, "sum", "histogram", "exponentialHistogram"), "aggregationTemporality", "enum"],
  [["is_monotonic"], ofShape((at) => at.data, "sum"), "isMonotonic", "bool"],
];
const POINT: readonly Field[] = [
  [["start_time_unix_nano"], point, "startTimeUnixNano", "fixed64"],
  [["time"], point, "timeUnixNano", "time"],
  [["flags"], point, "flags", "uint32"],
];
/** Set only where the shape has them: elsewhere it is an error. */
const SHAPED: readonly (readonly [shapes: readonly string[], fields: readonly Field[]])[] = [
  [
    ["gauge", "sum"],
    [
      [["value_int"], point, "asInt", "oneofInt"],
      [["value_double"], point, "asDouble", "double"],
    ],
  ],
  [
    ["histogram"],
    [
      [["bucket_counts"], point, "bucketCounts", "counts"],
      [["explicit_bounds"], point, "explicitBounds", "bounds"],
      [["sum"], point, "sum", "double"],
      [["count"], point, "count", "fixed64"],
    ],
  ],
  [
    ["exponentialHistogram"],
    [
      [["scale"], point, "scale", "int32"],
      [["zero_count"], point, "zeroCount", "fixed64"],
      [["positive", "offset"], (at) => part(at.point, "positive"), "offset", "int32"],
      [["negative", "bucket_counts"], (at) => part(at.point, "negative"), "bucketCounts", "counts"],
    ],
  ],
  [
    ["summary"],
    [
      [["sum"], point, "sum", "plainDouble"],
      [["count"], point, "count", "fixed64"],
    ],
  ],
];
const EXEMPLAR: readonly Field[] = [
  [["time_unix_nano"], inner, "timeUnixNano", "fixed64"],
  [["int_value"], inner, "asInt", "oneofInt"],
  [["double_value"], inner, "asDouble", "double"],
  [["trace_id"], inner, "traceId", "trace"],
];

const OTHER: Readonly<Record<string, string>> = { asInt: "asDouble", asDouble: "asInt" };

function setField(context: Context, root: string, [parts, target, key, kind]: Field): fc.Arbitrary<Op> {
  const { values, shown }: Kind = VALUES[kind];
  return values.map((value) => ({
    context,
    root,
    parts,
    value,
    edit: (at) => {
      const message = target(at);
      if (message === undefined) return;
      const other = OTHER[key];
      if (other !== undefined) delete message[other];
      const seen = shown(value);
      if (seen === undefined) delete message[key];
      else message[key] = seen;
    },
  }));
}

const PLAIN: fc.Arbitrary<Value> = fc.oneof(
  TEXT,
  INT64,
  fc.double(),
  fc.boolean(),
  fc.uint8Array({ maxLength: 4 }),
  fc.array(fc.oneof(TEXT, INT64), { maxLength: 3 }),
  fc.constant(
    new Map<string, Value>([
      ["a", 1n],
      ["b", ["x", null]],
    ]),
  ),
);

/** As the judge shows an AnyValue. */
function shownValue(value: Value): Editable {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "bigint") return { intValue: String(value) };
  if (typeof value === "number") return { doubleValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (value instanceof Uint8Array) return { bytesValue: value };
  if (isMap(value)) return { kvlistValue: { values: Array.from(value, ([key, one]) => ({ key, value: shownValue(one) })) } };
  return { arrayValue: { values: isList(value) ? value.map(shownValue) : [] } };
}

function setAttribute(context: Context, root: string, target: (at: At) => Editable, list = "attributes"): fc.Arbitrary<Op> {
  return fc.tuple(fc.constantFrom("n", "service.name", "http.method", "k".repeat(140)), PLAIN).map(([key, value]) => ({
    context,
    root,
    parts: [[list === "filteredAttributes" ? "filtered_attributes" : list, key]],
    value,
    edit: (at) => {
      const message = target(at);
      message[list] = Array.isArray(message[list]) ? message[list] : [];
      const all = message[list] as Editable[]; // made a list above; the judge's KeyValues
      const found = all.find((pair) => pair["key"] === key);
      if (found === undefined) all.push({ key, value: shownValue(value) });
      else found["value"] = shownValue(value);
    },
  }));
}

type Reach = readonly [root: string, fields: readonly Field[], attributes?: (at: At) => Editable, list?: string];

const ABOVE: readonly Reach[] = [
  ["resource", RESOURCE, resource],
  ["scope", SCOPE, scope],
];

const REACHES: Readonly<Record<"traces" | "metrics" | "logs", readonly (readonly [Context, readonly Reach[]])[]>> = {
  traces: [
    [contexts.RESOURCE_CONTEXT, [["resource", RESOURCE, resource]]],
    [contexts.SCOPE_CONTEXT, ABOVE],
    [contexts.SPAN_CONTEXT, [["span", SPAN, item], ...ABOVE]],
    [contexts.SPAN_EVENT_CONTEXT, [["spanevent", EVENT, inner], ["span", SPAN, item], ...ABOVE]],
  ],
  logs: [[contexts.LOG_CONTEXT, [["log", LOG, item], ["instrumentation_scope", SCOPE, scope], ...ABOVE]]],
  metrics: [
    [contexts.METRIC_CONTEXT, [["metric", METRIC, item, "metadata"], ...ABOVE]],
    [contexts.DATA_POINT_CONTEXT, [["datapoint", POINT, point], ["metric", METRIC, item, "metadata"], ...ABOVE]],
    [contexts.EXEMPLAR_CONTEXT, [["exemplar", EXEMPLAR, inner, "filteredAttributes"], ["datapoint", POINT, point], ["metric", METRIC], ...ABOVE]],
  ],
};

function opsOf(signal: "traces" | "metrics" | "logs"): fc.Arbitrary<Op> {
  const all = REACHES[signal].flatMap(([context, reaches]) =>
    reaches.flatMap(([root, fields, attributes, list]) => [
      ...fields.map((field) => setField(context, root, field)),
      ...(attributes === undefined ? [] : [setAttribute(context, root, attributes, list), setAttribute(context, root, attributes, list)]),
    ]),
  );
  return fc.oneof(...all);
}

function check(signal: Signal, source: Uint8Array, wanted: unknown, ops: readonly Op[], guard?: (at: number) => boolean): void {
  for (const fused of [true, false]) {
    const engine = lentEngine(16 << 20);
    const steps = ops.map(({ context, root, parts, value }) => {
      const target = operandIn(engine, context, root, parts);
      return stepIn(context, [target], (subject) => {
        if (guard === undefined || guard(subject.cursor.dataNumber)) target.set?.(subject, value);
      });
    });
    const out = runSteps(engine, signal, source, steps, fused);
    expect(normal(judge(signal).toObject(out.bytes)), ops.map(({ context, parts }) => `${context.name}: ${JSON.stringify(parts)}`).join("; ")).toEqual(wanted);
    expect(engine.pool.blocks).toBe(0);
  }
}

function model(signal: Signal, source: Uint8Array, ops: readonly Op[], guard: (at: At) => boolean = () => true): unknown {
  const object: Editable = structuredClone<Editable>(judge(signal).toObject(source));
  for (const op of ops) visit(signal, object, op.context.level, (at) => (guard(at) ? op.edit(at) : undefined));
  return normal(object);
}

const ORDERS = ["ascending", "descending", "interleaved"] as const;
const DATA: Readonly<Record<string, number>> = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 };

describe("paths of contexts", () => {
  describe.each(["traces", "metrics", "logs"] as const)("%s", (signal) => {
    it.each(ORDERS)("set what decode, edit, encode sets, fused and unfused; fields %s", (order) => {
      const { bytes: source } = payload(signal, { items: 14, resources: 2, seed: 5, order, unknown: order === "interleaved" });
      fc.assert(
        fc.property(fc.array(opsOf(signal), { minLength: 1, maxLength: 6 }), (ops) => check(signal, source, model(signal, source, ops), ops)),
        { seed: 20261121, numRuns: runsHere(25), endOnFailure: true },
      );
    });
  });

  it.each(SHAPED)("set the fields of data points of shape %s alone", (shapes, fields) => {
    const numbers = shapes.map((shape) => DATA[shape]);
    for (const order of ORDERS) {
      const { bytes: source } = payload("metrics", { items: 40, resources: 2, seed: 6, order, unknown: order === "interleaved" });
      const ops = fc.array(fc.oneof(...fields.map((field) => setField(contexts.DATA_POINT_CONTEXT, "datapoint", field))), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(ops, (row) => {
          const wanted = model("metrics", source, row, (at) => has(at, ...shapes));
          check("metrics", source, wanted, row, (data) => numbers.includes(data));
        }),
        { seed: 20261121, numRuns: runsHere(4), endOnFailure: true },
      );
    }
  });
});
