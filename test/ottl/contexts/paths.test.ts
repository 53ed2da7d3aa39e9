/** What the paths of each context give, take and refuse, one by one. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../../src/base/signal.ts";
import * as contexts from "../../../src/ottl/contexts/contexts.ts";
import { type Context, type Operand, Place } from "../../../src/ottl/contract.ts";
import { Id, StatementError, Time, type Value } from "../../../src/ottl/value.ts";
import { textAt } from "../../../src/otlp/text.ts";
import { lentEngine } from "../../harness/engine.ts";
import { judge, type Plain } from "../../harness/judge.ts";
import { list } from "../../harness/multiset.ts";
import { computed, operandIn, type Part, pathIn, runSteps, stepIn } from "./scene.ts";

const TRACE_ID = new Uint8Array(16).map((_, index) => index + 1);
const SPAN_ID = new Uint8Array(8).map((_, index) => 0xf0 + index);

function spans(...all: readonly Plain[]): Uint8Array {
  const items = all.map((span) => ({ traceId: TRACE_ID, spanId: SPAN_ID, ...span }));
  return judge("traces").encode({ resourceSpans: [{ resource: {}, scopeSpans: [{ spans: items }] }] });
}

function log(record: Plain): Uint8Array {
  return judge("logs").encode({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
}

function metric(...metrics: readonly Plain[]): Uint8Array {
  return judge("metrics").encode({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
}

const SIGNALS: Readonly<Record<string, Signal>> = {
  span: "traces",
  spanevent: "traces",
  log: "logs",
  metric: "metrics",
  datapoint: "metrics",
  exemplar: "metrics",
  profile: "profiles",
};

interface Used {
  /** What `get` gave after `use`, for each message of the context's level. */
  readonly values: Value[];
  readonly errors: string[];
  readonly out: Plain;
}

/** Uses a path of a context on a request, and reads it. */
function use(
  context: Context,
  bytes: Uint8Array,
  parts: readonly Part[],
  { set, root = context.name, key }: { readonly set?: Value; readonly root?: string; readonly key?: (value: Value) => Operand } = {},
): Used {
  const engine = lentEngine(16 << 20);
  const signal = SIGNALS[context.name] ?? "traces";
  const path = operandIn(engine, context, root, parts, key);
  const values: Value[] = [];
  const errors: string[] = [];
  const step = stepIn(context, [path], (subject) => {
    try {
      if (set !== undefined) path.set?.(subject, set);
      values.push(path.get(subject));
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      errors.push(error.message);
    }
  });
  const { bytes: after } = runSteps(engine, signal, bytes, [step]);
  return { values, errors, out: judge(signal).toObject(after) };
}

function spanOf(out: Plain): Plain {
  return list(list(list(out, "resourceSpans")[0], "scopeSpans")[0], "spans")[0] ?? {};
}

const { SPAN_CONTEXT, SPAN_EVENT_CONTEXT, LOG_CONTEXT, METRIC_CONTEXT, DATA_POINT_CONTEXT, EXEMPLAR_CONTEXT, PROFILE_CONTEXT } = contexts;

describe("every context", () => {
  const PATHS: Readonly<Record<string, string>> = {
    resource: "attributes dropped_attributes_count schema_url cache",
    scope: "name version attributes dropped_attributes_count schema_url cache",
    span:
      "trace_id trace_id.string span_id span_id.string parent_span_id parent_span_id.string trace_state name kind kind.string kind.deprecated_string start_time_unix_nano end_time_unix_nano " +
      "start_time end_time attributes dropped_attributes_count events dropped_events_count links dropped_links_count status status.code status.message flags cache",
    spanevent: "time_unix_nano time name attributes dropped_attributes_count event_index cache",
    metric: "name description unit type aggregation_temporality is_monotonic data_points metadata cache",
    datapoint:
      "attributes start_time_unix_nano time_unix_nano start_time time value_double value_int exemplars flags count sum bucket_counts explicit_bounds scale zero_count positive " +
      "positive.offset positive.bucket_counts negative negative.offset negative.bucket_counts quantile_values cache",
    exemplar: "time_unix_nano time double_value int_value trace_id trace_id.string span_id span_id.string filtered_attributes cache",
    log: "time_unix_nano observed_time_unix_nano time observed_time severity_number severity_text body body.string attributes dropped_attributes_count flags trace_id trace_id.string span_id span_id.string event_name cache",
    profile:
      "sample_type sample time_unix_nano time duration_unix_nano duration period_type period profile_id profile_id.string attribute_indices dropped_attributes_count original_payload_format original_payload cache",
    otelcol: "client.addr client.metadata client.auth.attributes grpc.metadata",
  };

  it.each(contexts.CONTEXTS.map((context) => [context.name, context] as const))("%s has the Collector's paths, and its parents'", (name, context) => {
    const engine = lentEngine(16 << 20);
    for (const root of context.roots) {
      const paths = (PATHS[root === "instrumentation_scope" ? "scope" : root] ?? "").split(" ");
      expect(paths.length).toBeGreaterThan(2);
      for (const path of paths) {
        const found = pathIn(engine, context, root, path.split("."));
        if (root !== name && path === "cache") expect(found, `${root}.${path}`).toHaveProperty("message");
        else expect(found, `${root}.${path}`).toHaveProperty("get");
      }
    }
  });

  it("refuses other paths, keys and parts where there are none, and says where", () => {
    const engine = lentEngine(16 << 20);
    const refusal = (...parts: readonly Part[]) => pathIn(engine, SPAN_CONTEXT, "span", parts);
    expect(refusal("nam")).toMatchObject({ segment: 0, known: expect.arrayContaining(["name"]) });
    expect(refusal("status", "cod")).toMatchObject({ segment: 1, known: ["code", "message"] });
    expect(refusal("name", "string")).toMatchObject({ segment: 1 });
    expect(refusal(["name", "k"])).toMatchObject({ segment: 0 });
    expect(refusal("toString")).toMatchObject({ segment: 0 });
    expect(pathIn(engine, PROFILE_CONTEXT, "profile", [["attributes", "k"]])).toMatchObject({ message: expect.stringContaining("dictionary") });
    expect(pathIn(engine, SPAN_EVENT_CONTEXT, "span", ["events"])).toMatchObject({ set: undefined });
  });

  it("knows the enums of its signal", () => {
    expect(SPAN_CONTEXT.enums.get("SPAN_KIND_SERVER")).toBe(2n);
    expect(SPAN_EVENT_CONTEXT.enums.get("STATUS_CODE_ERROR")).toBe(2n);
    expect(LOG_CONTEXT.enums.get("SEVERITY_NUMBER_FATAL4")).toBe(24n);
    expect(METRIC_CONTEXT.enums.get("METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM")).toBe(4n);
    expect(METRIC_CONTEXT.enums.get("FLAG_NO_RECORDED_VALUE")).toBeUndefined();
    expect(DATA_POINT_CONTEXT.enums.get("FLAG_NO_RECORDED_VALUE")).toBe(1n);
    expect(DATA_POINT_CONTEXT.enums.get("AGGREGATION_TEMPORALITY_CUMULATIVE")).toBe(2n);
    expect(EXEMPLAR_CONTEXT.enums.size).toBe(0);
  });
});

describe("ids", () => {
  it("are given whole, and in hexadecimal; absent ones are zeros", () => {
    expect(use(SPAN_CONTEXT, spans({}), ["trace_id"]).values).toEqual([new Id("trace", TRACE_ID)]);
    expect(use(SPAN_CONTEXT, spans({}), ["span_id", "string"]).values).toEqual(["f0f1f2f3f4f5f6f7"]);
    expect(use(SPAN_CONTEXT, spans({}), ["parent_span_id", "string"]).values).toEqual(["0".repeat(16)]);
    expect(use(LOG_CONTEXT, log({}), ["trace_id"]).values).toEqual([new Id("trace", new Uint8Array(16))]);
  });

  it("are set from hexadecimal of the right length; zeros remove them", () => {
    const set = (value: Value) => use(SPAN_CONTEXT, spans({ parentSpanId: SPAN_ID }), ["parent_span_id", "string"], { set: value });
    expect(spanOf(set("00ff00ff00FF00ff").out)["parentSpanId"]).toEqual(Uint8Array.of(0, 255, 0, 255, 0, 255, 0, 255));
    expect(spanOf(set("0".repeat(16)).out)).not.toHaveProperty("parentSpanId");
    expect(set("00").errors).toEqual([expect.stringContaining("16 hexadecimal digits")]);
    expect(set("zz".repeat(8)).errors).toEqual([expect.stringContaining("not hexadecimal")]);
    expect(set(5n).errors).toEqual([expect.stringContaining("int64")]);
    expect(use(SPAN_CONTEXT, spans({}), ["trace_id"], { set: new Id("span", SPAN_ID) }).errors).toHaveLength(1);
  });

  it("that were set are seen by the steps behind", () => {
    const engine = lentEngine(16 << 20);
    const id = operandIn(engine, SPAN_CONTEXT, "span", ["trace_id"]);
    const other = new Uint8Array(16).fill(0xab);
    const seen: unknown[] = [];
    const set = stepIn(SPAN_CONTEXT, [id], (subject) => id.set?.(subject, new Id("trace", other)));
    const look = stepIn(SPAN_CONTEXT, [id], ({ cursor }) => void seen.push(cursor.traceTop, cursor.bytes.slice(cursor.traceId, cursor.traceId + 16)));
    runSteps(engine, "traces", spans({}), [set, look]);
    expect(seen).toEqual([0xabab, other]);
  });
});

describe("numbers and enums", () => {
  it("wrap as the Collector's do, and have their exact sign", () => {
    expect(use(SPAN_CONTEXT, spans({ endTimeUnixNano: "18446744073709551615" }), ["end_time_unix_nano"]).values).toEqual([-1n]);
    expect(use(SPAN_CONTEXT, spans({}), ["kind"], { set: -2n }).values).toEqual([-2n]);
    expect(use(SPAN_CONTEXT, spans({}), ["dropped_links_count"], { set: -1n }).values).toEqual([0xffffffffn]);
    expect(use(SPAN_CONTEXT, spans({}), ["status", "code"], { set: 2n }).values).toEqual([2n]);
    expect(use(SPAN_CONTEXT, spans({}), ["flags"], { set: -1n }).errors).toHaveLength(1);
    expect(use(SPAN_CONTEXT, spans({}), ["start_time"], { set: new Time(2n ** 64n + 5n) }).values).toEqual([new Time(5n)]);
  });

  it("have names", () => {
    expect(use(SPAN_CONTEXT, spans({ kind: 2 }), ["kind", "string"]).values).toEqual(["Server"]);
    expect(use(SPAN_CONTEXT, spans({ kind: 2 }), ["kind", "deprecated_string"]).values).toEqual(["SPAN_KIND_SERVER"]);
    expect(use(SPAN_CONTEXT, spans({}), ["kind"], { set: -7n }).errors).toEqual([]);
    expect(spanOf(use(SPAN_CONTEXT, spans({ kind: 2 }), ["kind", "string"], { set: "Consumer" }).out)["kind"]).toBe(5);
    expect(use(SPAN_CONTEXT, spans({}), ["kind", "string"], { set: "consumer" }).errors).toEqual([expect.stringContaining('"consumer"')]);
  });

  it("refuse values of another type, and nil", () => {
    for (const value of ["1", 1.5, null, true]) expect(use(SPAN_CONTEXT, spans({}), ["kind"], { set: value }).errors, String(value)).toHaveLength(1);
    expect(use(SPAN_CONTEXT, spans({}), ["name"], { set: 1n }).errors).toHaveLength(1);
  });
});

describe("attributes", () => {
  const source = spans({
    attributes: [
      { key: "a", value: { stringValue: "x" } },
      { key: "m", value: { kvlistValue: { values: [{ key: "in", value: { arrayValue: { values: [{ intValue: "1" }, { boolValue: true }] } } }] } } },
      { key: "e", value: {} },
    ],
  });
  const get = (...parts: readonly Part[]) => use(SPAN_CONTEXT, source, parts);
  const attributesOf = (out: Plain) => Object.fromEntries(list(spanOf(out), "attributes").map(({ key, value }) => [String(key), value]));

  it("are found by literal and by computed keys, and looked into", () => {
    for (const key of [undefined, computed]) {
      const read = (...parts: readonly Part[]) => use(SPAN_CONTEXT, source, parts, key === undefined ? {} : { key });
      expect(read(["attributes", "a"]).values).toEqual(["x"]);
      expect(read(["attributes", "none"]).values).toEqual([null]);
      expect(read(["attributes", "e"]).values).toEqual([null]);
      expect(read(["attributes", "m", "in", 1n]).values).toEqual([true]);
      expect(read(["attributes", "m", "none", "deeper"]).values).toEqual([null]);
    }
  });

  it("say what cannot be looked up", () => {
    expect(get(["attributes", "m", "in", 2n]).errors).toEqual([expect.stringContaining("index 2")]);
    expect(get(["attributes", "m", "in", "x"]).errors).toEqual([expect.stringContaining("int64")]);
    expect(get(["attributes", "m", 0n]).errors).toEqual([expect.stringContaining("string")]);
    expect(get(["attributes", "a", "x"]).errors).toEqual([expect.stringContaining("only maps and lists")]);
    expect(get(["attributes", 1n]).errors).toHaveLength(1);
  });

  it("are made where they are missing, and lists filled up", () => {
    const set = (value: Value, ...keys: Value[]) => attributesOf(use(SPAN_CONTEXT, source, [["attributes", ...keys]], { set: value }).out);
    expect(set("v", "new", "b", 2n)["new"]).toEqual({
      kvlistValue: { values: [{ key: "b", value: { arrayValue: { values: [{}, {}, { stringValue: "v" }] } } }] },
    });
    expect(set(7n, "m", "in", 0n)["m"]).toMatchObject({
      kvlistValue: { values: [{ key: "in", value: { arrayValue: { values: [{ intValue: "7" }, { boolValue: true }] } } }] },
    });
    expect(set(false, "e", "k")["e"]).toEqual({ kvlistValue: { values: [{ key: "k", value: { boolValue: false } }] } });
    expect(attributesOf(use(SPAN_CONTEXT, source, [["attributes", "dyn"]], { set: 1.5, key: computed }).out)["dyn"]).toEqual({ doubleValue: 1.5 });
  });

  it("stay behind empty when they are given what they cannot hold, as in the Collector", () => {
    const { errors, out } = use(SPAN_CONTEXT, source, [["attributes", "t"]], { set: new Time(0n) });
    expect(errors).toHaveLength(1);
    expect(attributesOf(out)).toHaveProperty("t");
    expect(attributesOf(use(SPAN_CONTEXT, source, [["attributes", "a"]], { set: new Time(0n) }).out)["a"]).toEqual({ stringValue: "x" });
  });

  it("refuse a list that would fill the memory, and a value nested without end", () => {
    expect(use(SPAN_CONTEXT, source, [["attributes", "x", 2n ** 40n]], { set: 1n }).errors).toHaveLength(1);
    let deep: Value = 1n;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(use(SPAN_CONTEXT, source, [["attributes", "x"]], { set: deep }).errors).toHaveLength(1);
  });

  it("are read and set as a whole", () => {
    expect(get("attributes").values).toEqual([
      new Map<string, Value>([
        ["a", "x"],
        ["m", new Map([["in", [1n, true]]])],
        ["e", null],
      ]),
    ]);
    const { out } = use(SPAN_CONTEXT, source, ["attributes"], { set: new Map([["z", 1n]]) });
    expect(attributesOf(out)).toEqual({ z: { intValue: "1" } });
    expect(attributesOf(use(SPAN_CONTEXT, source, ["attributes"], { set: null }).out)).toEqual({});
    expect(use(SPAN_CONTEXT, source, ["attributes"], { set: "x" }).errors).toHaveLength(1);
  });

  it("are placed, and copied, as they lie", () => {
    const engine = lentEngine(16 << 20);
    const from = operandIn(engine, SPAN_CONTEXT, "span", [["attributes", "m"]]);
    const text = operandIn(engine, SPAN_CONTEXT, "span", [["attributes", "a"]]);
    const to = operandIn(engine, SPAN_CONTEXT, "resource", [["attributes", "copy"]]);
    const place = new Place();
    const step = stepIn(SPAN_CONTEXT, [from, to], (subject) => {
      text.place?.(subject, place);
      expect(textAt(engine.bytes, place.start, place.end)).toBe("x");
      from.place?.(subject, place);
      expect(place.kind).toBe(6);
      to.setBody?.(subject, place.valueStart, place.valueEnd);
      operandIn(engine, SPAN_CONTEXT, "span", [["attributes", "none"]]).place?.(subject, place);
      expect(place.kind).toBe(0);
      operandIn(engine, SPAN_CONTEXT, "span", ["name"]).place?.(subject, place);
      expect([place.kind, place.start === place.end]).toEqual([1, true]);
    });
    const out = judge("traces").toObject(runSteps(engine, "traces", source, [step]).bytes);
    const resource = list(out, "resourceSpans")[0]?.["resource"];
    expect(resource).toEqual({ attributes: [{ key: "copy", value: attributesOf(out)["m"] }] });
  });
});

describe("trace_state", () => {
  const member = (state: string, key: string, set?: string) =>
    use(SPAN_CONTEXT, spans({ traceState: state }), [["trace_state", key]], set === undefined ? {} : { set });

  it("gives a member, an empty text for none, nil for what is no trace state", () => {
    expect(member("a=1, b=2", "b").values).toEqual(["2"]);
    expect(member("a=1", "c").values).toEqual([""]);
    expect(member("a", "a").values).toEqual([null]);
    expect(member("a=1,a=2", "a").values).toEqual([null]);
  });

  it("sets a member at the front, and leaves be what it cannot say", () => {
    const state = (...args: Parameters<typeof member>) => spanOf(member(...args).out)["traceState"];
    expect(state("a=1,b=2", "b", "3")).toBe("b=3,a=1");
    expect(state("a=1", "t@vendor", "x")).toBe("t@vendor=x,a=1");
    expect(state("a=1", "A", "x")).toBe("a=1");
    expect(state("a=1", "b", "x,y")).toBe("a=1");
    expect(state(Array.from({ length: 32 }, (_, index) => `k${index}=v`).join(","), "new", "x")).toMatch(/^new=x,k0=v.*k30=v$/);
  });
});

describe("events, links and status", () => {
  it("can be counted and put back, and not made of other things", () => {
    const source = spans({ events: [{ name: "a" }, { name: "b" }], links: [{ traceId: TRACE_ID, spanId: SPAN_ID }], status: { code: 2, message: "no" } });
    const events = use(SPAN_CONTEXT, source, ["events"]).values[0] ?? null;
    expect(events).toHaveLength(2);
    const back = spanOf(use(SPAN_CONTEXT, spans({ events: [{ name: "c" }] }), ["events"], { set: events }).out);
    expect(list(back, "events").map(({ name }) => name)).toEqual(["a", "b"]);
    expect(use(SPAN_CONTEXT, source, ["links"], { set: events }).errors).toHaveLength(1);
    expect(use(SPAN_CONTEXT, source, ["events"], { set: [1n] }).errors).toHaveLength(1);
    expect(spanOf(use(SPAN_CONTEXT, source, ["events"], { set: null }).out)).not.toHaveProperty("events");
    const status = use(SPAN_CONTEXT, source, ["status"]).values[0] ?? null;
    expect(spanOf(use(SPAN_CONTEXT, spans({}), ["status"], { set: status }).out)["status"]).toEqual({ code: 2, message: "no" });
    expect(use(SPAN_CONTEXT, source, [["attributes", "x"]], { set: status }).errors).toHaveLength(1);
  });
});

describe("log bodies", () => {
  it("are any value, looked into, and text", () => {
    const source = log({ body: { kvlistValue: { values: [{ key: "a", value: { arrayValue: { values: [{ intValue: "1" }] } } }] } } });
    expect(use(LOG_CONTEXT, source, [["body", "a", 0n]]).values).toEqual([1n]);
    expect(use(LOG_CONTEXT, source, ["body", "string"]).values).toEqual(['{"a":[1]}']);
    expect(use(LOG_CONTEXT, source, [["body", "b"]], { set: "new" }).values).toEqual(["new"]);
    expect(use(LOG_CONTEXT, source, ["body", "string"], { set: "plain" }).values).toEqual(["plain"]);
    expect(use(LOG_CONTEXT, source, ["body"], { set: [1n, "x"] }).values).toEqual([[1n, "x"]]);
    expect(use(LOG_CONTEXT, log({}), ["body"]).values).toEqual([null]);
    expect(use(LOG_CONTEXT, log({}), ["body", "string"]).values).toEqual([""]);
    expect(use(LOG_CONTEXT, log({ body: { stringValue: "x" } }), [["body", "a"]]).errors).toHaveLength(1);
    expect(use(LOG_CONTEXT, log({}), [["body", "a"]], { set: 1n }).errors).toHaveLength(1);
  });
});

describe("metrics and data points", () => {
  const sum = { name: "s", sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: "5" }, { asDouble: 1.5 }] } };
  const histogram = { name: "h", histogram: { aggregationTemporality: 1, dataPoints: [{ count: "3", bucketCounts: ["1", "2"], explicitBounds: [1.5] }] } };
  const exponential = { name: "e", exponentialHistogram: { dataPoints: [{ scale: -2, positive: { offset: -3, bucketCounts: ["1", "300"] } }] } };
  const all = metric(sum, { name: "g", gauge: { dataPoints: [{ asInt: "1" }] } }, histogram, exponential, { name: "none" });

  it("read what their shape has, and nil otherwise", () => {
    expect(use(METRIC_CONTEXT, all, ["type"]).values).toEqual([2n, 1n, 3n, 4n, 0n]);
    expect(use(METRIC_CONTEXT, all, ["aggregation_temporality"]).values).toEqual([2n, null, 1n, 0n, null]);
    expect(use(METRIC_CONTEXT, all, ["is_monotonic"]).values).toEqual([true, null, null, null, null]);
    expect(use(METRIC_CONTEXT, all, ["data_points"]).values.map((value) => (Array.isArray(value) ? value.length : value))).toEqual([2, 1, 1, 1, null]);
    expect(use(DATA_POINT_CONTEXT, all, ["value_int"]).values).toEqual([5n, 0n, 1n, null, null]);
    expect(use(DATA_POINT_CONTEXT, all, ["value_double"]).values).toEqual([0, 1.5, 0, null, null]);
    expect(use(DATA_POINT_CONTEXT, all, ["count"]).values).toEqual([null, null, null, 3n, 0n]);
    expect(use(DATA_POINT_CONTEXT, all, ["bucket_counts"]).values).toEqual([null, null, null, [1n, 2n], null]);
    expect(use(DATA_POINT_CONTEXT, all, ["explicit_bounds"]).values).toEqual([null, null, null, [1.5], null]);
    expect(use(DATA_POINT_CONTEXT, all, ["scale"]).values).toEqual([null, null, null, null, -2n]);
    expect(use(DATA_POINT_CONTEXT, all, ["positive", "offset"]).values).toEqual([null, null, null, null, -3n]);
    expect(use(DATA_POINT_CONTEXT, all, ["positive", "bucket_counts"]).values).toEqual([null, null, null, null, [1n, 300n]]);
    expect(use(DATA_POINT_CONTEXT, all, ["type"], { root: "metric" }).values).toEqual([2n, 2n, 1n, 3n, 4n]);
  });

  it("say where they cannot be set; a metric of another shape is left be", () => {
    expect(use(DATA_POINT_CONTEXT, all, ["scale"], { set: 1n }).errors).toHaveLength(4);
    expect(use(DATA_POINT_CONTEXT, all, ["explicit_bounds"], { set: [1n] }).errors).toHaveLength(5);
    expect(use(METRIC_CONTEXT, all, ["is_monotonic"], { set: false }).errors).toEqual([]);
    expect(use(METRIC_CONTEXT, all, ["is_monotonic"], { set: 1n }).errors).toHaveLength(5);
    expect(use(METRIC_CONTEXT, all, ["type"], { set: 1n })).toMatchObject({ errors: [], values: [2n, 1n, 3n, 4n, 0n] });
  });
});

describe("cache", () => {
  it("holds what attributes can hold", () => {
    expect(use(SPAN_CONTEXT, spans({}), [["cache", "a", "b"]], { set: 5n }).values).toEqual([5n]);
    expect(use(SPAN_CONTEXT, spans({}), ["cache"], { set: new Map([["x", 1n]]) }).values).toEqual([new Map([["x", 1n]])]);
    expect(use(SPAN_CONTEXT, spans({}), [["cache", "none"]]).values).toEqual([null]);
    expect(use(SPAN_CONTEXT, spans({}), [["cache", "t"]], { set: new Time(0n) }).errors).toHaveLength(1);
  });
});

describe("profiles", () => {
  it("read and set what is no index into the dictionary", () => {
    const id = new Uint8Array(16).fill(3);
    const bytes = judge("profiles").encode({
      resourceProfiles: [{ scopeProfiles: [{ profiles: [{ profileId: id, durationNano: "7", period: "-1", originalPayload: Uint8Array.of(1, 2) }] }] }],
    });
    expect(use(PROFILE_CONTEXT, bytes, ["profile_id"]).values).toEqual([new Id("profile", id)]);
    expect(use(PROFILE_CONTEXT, bytes, ["period"]).values).toEqual([-1n]);
    expect(use(PROFILE_CONTEXT, bytes, ["duration"], { set: 2n ** 62n }).values).toEqual([2n ** 62n]);
    expect(use(PROFILE_CONTEXT, bytes, ["duration"], { set: -1n }).errors).toHaveLength(1);
    expect(use(PROFILE_CONTEXT, bytes, ["original_payload"], { set: Uint8Array.of(9) }).values).toEqual([Uint8Array.of(9)]);
    expect(use(PROFILE_CONTEXT, bytes, ["profile_id", "string"], { set: "0".repeat(32) }).errors).toHaveLength(1);
  });
});
