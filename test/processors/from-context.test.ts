/**
 * `from_context`: what actions take of a batch's origin. The first cases are the Collector's answers, taken by
 * hand from 0.159: `otelcol --config` with otlp receivers (one with include_metadata, one without, one
 * followed by `batch` with metadata_keys: [x-team]), these actions in `resource`, `debug` in detail; and
 * `curl -H 'X-Team: red' -H 'X-Empty;' -H 'X-Two: one' -H 'X-Two: two, three' --data-binary @trace.json`.
 */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { decodeAnyValue } from "../../src/otlp/any-value.ts";
import type { CursorOrigin } from "../../src/otlp/cursor.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Run } from "../../src/pipeline/run.ts";
import { ContextValue } from "../../src/processors/attribute-actions/from-context.ts";
import { attributes } from "../../src/processors/attributes.ts";
import { Origins } from "../../src/pipeline/batching/origins.ts";
import { resource } from "../../src/processors/resource.ts";
import { admitted, batchBytes } from "../harness/engine.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { ORIGIN } from "./stage-rig.ts";
import { build, type Built, faultsOf } from "./support.ts";

const RED = { ...ORIGIN, headers: { "x-team": "red", "x-empty": "" } };
const requestOf = (...attributesOf: readonly Plain[]): Uint8Array => judge("traces").encode({ resourceSpans: [{ resource: { attributes: attributesOf } }] });
const EMPTY = requestOf();
const keyed = (value: string): Plain => ({ key: "k", value: { stringValue: value } });

/** What comes out of one batch of these requests, a chunk each; one message after the other. */
function sender({ engine, steps }: Built, signal: Signal = "traces") {
  const run = new Run(engine, signal, steps, new Counters());
  return (origin: Batch["origin"], ...requests: readonly Uint8Array[]): string => {
    const admissions = requests.map((bytes) => admitted(engine, signal, bytes));
    const batch = new Batch({ signal, chunks: admissions.map(({ chunk }) => chunk), id: "r", items: admissions.length, origin });
    const after = run.run(batch);
    const text = JSON.stringify(judge(signal).toObject(batchBytes(after)));
    after.release();
    batch.release();
    return text;
  };
}

/** The values that attributes "k" have after one action on a resource. */
function taken(action: object, origin: Partial<Batch["origin"]>, request: Uint8Array = EMPTY): string[] {
  const send = sender(build(resource, { attributes: [{ key: "k", action: "upsert", ...action }] }, "traces"));
  return valuesIn(send({ ...ORIGIN, ...origin }, request));
}

function valuesIn(text: string): string[] {
  return [...text.matchAll(/"key":"k","value":{"stringValue":"([^"]*)"}/g)].map(([, value = ""]) => value);
}

describe("the Collector's answers", () => {
  const HEADERS = { host: "127.0.0.1:24318", "x-team": "red", "x-empty": "" };
  const KEPT = { peer: "127.0.0.1:51000", headers: HEADERS };
  const NOT_KEPT = { peer: "127.0.0.1:51000", headers: {} };
  const BATCHED = { peer: "", headers: { "x-team": "red" } };
  it.each<[string, string, string, string]>([
    ["metadata.X-Team", "red", "d", "red"],
    ["x-team", "red", "d", "red"],
    ["metadata.x-empty", "", "d", "d"],
    ["metadata.x-other", "d", "d", "d"],
    ["metadata.host", "127.0.0.1:24318", "d", "d"],
    ["Metadata.x-team", "d", "d", "d"],
    ["client.address", "127.0.0.1", "127.0.0.1", ""],
  ])("%s: %j where headers are kept, %j where not, %j behind batch", (from, kept, notKept, batched) => {
    const found = [KEPT, NOT_KEPT, BATCHED].map((origin) => taken({ from_context: from, default_value: "d" }, origin));
    expect(found).toEqual([[kept], [notKept], [batched]]);
  });
});

describe("a header", () => {
  it("in several lines comes with commas between them, and is taken so", () => {
    expect(taken({ from_context: "metadata.x-two" }, { headers: { "x-two": "one, two, three" } })).toEqual(["one, two, three"]);
  });

  it("that is empty is a value; one that is absent leaves all as it was, or gives the default", () => {
    expect(taken({ from_context: "metadata.x-empty", default_value: "d" }, RED)).toEqual([""]);
    expect(taken({ from_context: "metadata.x-other" }, RED)).toEqual([]);
    expect(taken({ from_context: "metadata.x-other", default_value: "d" }, RED)).toEqual(["d"]);
    expect(taken({ from_context: "metadata.x-team", default_value: "d" }, { headers: {} })).toEqual(["d"]);
    expect(taken({ from_context: "metadata.toString" }, RED)).toEqual([]);
  });

  it.each([
    ["insert", ["red"], ["old"]],
    ["update", [], ["red"]],
    ["upsert", ["red"], ["red"]],
  ])("%s: %j where it is absent, %j where it is present", (action, absent, present) => {
    expect(taken({ action, from_context: "metadata.x-team" }, RED)).toEqual(absent);
    expect(taken({ action, from_context: "metadata.x-team" }, RED, requestOf(keyed("old")))).toEqual(present);
  });

  it.each([0, 500, 508, 509, 510, 520, 16_000])("may have %i characters", (length) => {
    const team = "x".repeat(length);
    expect(taken({ from_context: "metadata.x-team" }, { headers: { "x-team": team } })).toEqual([team]);
  });
});

describe("client.address", () => {
  it.each([
    ["127.0.0.1:51000", "127.0.0.1"],
    ["::1:51000", "::1"],
    ["2001:db8::7:4430", "2001:db8::7"],
    ["::ffff:10.0.0.1:9", "10.0.0.1"],
    ["203.0.113.9:", "203.0.113.9"],
    ["", ""],
  ])("of the peer %j is %j", (peer, address) => {
    expect(taken({ from_context: "client.address", default_value: "d" }, { peer })).toEqual([address]);
  });

  it("on Workers is the peer, which has no port there", () => {
    const encoded = new ContextValue("client.address", "workers").of({ peer: "2001:db8::7", headers: {} });
    expect(decodeAnyValue(encoded ?? new Uint8Array(0), 0, encoded?.length ?? 0)).toBe("2001:db8::7");
  });
});

describe("batches", () => {
  it("have each their own value, in every chunk", () => {
    const send = sender(build(resource, { attributes: [{ key: "k", action: "upsert", from_context: "metadata.x-team" }] }, "traces"));
    const blue = { ...ORIGIN, headers: { "x-team": "blue" } };
    expect(valuesIn(send(RED, EMPTY, requestOf(keyed("old")), EMPTY))).toEqual(["red", "red", "red"]);
    expect(valuesIn(send(blue, EMPTY))).toEqual(["blue"]);
    expect(valuesIn(send({ ...ORIGIN }, requestOf(keyed("old"))))).toEqual(["old"]);
    expect(valuesIn(send(RED, EMPTY))).toEqual(["red"]);
  });

  it("encode it once", () => {
    let reads = 0;
    const headers = new Proxy<Record<string, string>>({ "x-team": "red" }, { get: (target, name) => (reads++, Reflect.get(target, name)) });
    const value = new ContextValue("metadata.x-team", "test");
    const origin: CursorOrigin = { peer: "", headers };
    const first = value.of(origin);
    expect([value.of(origin) === first, value.of(origin) === first, reads]).toEqual([true, true, 1]);
    expect(value.of({ ...origin }) === first).toBe(false);
  });

  it("that were joined have what their requests share: the headers that were named, and no address", () => {
    const origins = new Origins(["X-Team"], 0);
    const one = { ...RED, peer: "10.0.0.1:1" };
    const joined = origins.shared(origins.own(one), origins.own({ ...one, peer: "10.0.0.2:1" }));
    expect(taken({ from_context: "metadata.x-team", default_value: "d" }, joined)).toEqual(["red"]);
    expect(taken({ from_context: "metadata.x-empty", default_value: "d" }, joined)).toEqual(["d"]);
    expect(taken({ from_context: "client.address", default_value: "d" }, joined)).toEqual([""]);
  });
});

describe("items", () => {
  const span = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1) };
  it.each<[Signal, Plain]>([
    ["traces", { resourceSpans: [{ scopeSpans: [{ spans: [span, span] }] }] }],
    ["metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } }] }] }] }],
    ["logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }, {}] }] }] }],
  ])("%s: each gets it, beside other actions", (signal, message) => {
    const actions = [
      { key: "k", action: "insert", from_context: "metadata.x-team" },
      { key: "copy", action: "insert", from_attribute: "k" },
      { key: "k", action: "hash" },
    ];
    const text = sender(build(attributes, { actions }, signal), signal)(RED, judge(signal).encode(message));
    expect(text.match(/"key":"copy","value":{"stringValue":"red"}/g)).toHaveLength(2);
    // SHA-256 of "red".
    expect(valuesIn(text)).toEqual(Array(2).fill("b1f51a511f1da0cd348b8f8598db32e61cb963e5fc69e2b41485bf99590ed75a"));
  });
});

describe("settings", () => {
  const faults = (action: object) => faultsOf(resource, { attributes: [{ key: "k", ...action }] });
  it.each<[object, string]>([
    [
      { action: "insert", from_context: "auth.subject" },
      'attributes.0.from_context: "auth.subject" is not available: there are no authenticators yet; a header that names the sender is metadata.<header>',
    ],
    [{ action: "insert", from_context: "metadata." }, "attributes.0.from_context: metadata. needs the name of a header, for example metadata.x-tenant"],
    [
      { action: "insert", from_context: "metadata.a", value: 1 },
      "attributes.0.from_context: insert takes a value, a from_attribute or a from_context, not two of them",
    ],
    [
      { action: "upsert", from_context: "metadata.a", from_attribute: "a" },
      "attributes.0.from_context: upsert takes a value, a from_attribute or a from_context, not two of them",
    ],
    [{ action: "extract", pattern: "(?P<a>x)", from_context: "metadata.a" }, "attributes.0.from_context: extract takes no from_context"],
    [{ action: "convert", converted_type: "int", from_context: "metadata.a" }, "attributes.0.from_context: convert takes no from_context"],
  ])("refuses %j", (action, message) => {
    expect(faults(action)).toEqual([message]);
  });

  it.each(["delete", "hash"])("%s may have one, which says nothing, as in the Collector", (action) => {
    expect(faults({ action, from_context: "auth.subject" })).toEqual([]);
  });
});
