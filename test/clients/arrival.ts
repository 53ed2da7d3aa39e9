/**
 * What must have arrived after a client sent one of everything: two spans with an event and a status,
 * a counter and a histogram, a log record. Every 64-bit value to the last digit, every id.
 */
import { expect } from "vitest";
import type { Plain } from "../harness/judge.ts";
import { STAMP } from "./gateway.ts";
import type { Sink } from "./sink.ts";

/** What a client prints when it is done. */
export interface Sent {
  readonly service: string;
  /** An integer that a double cannot hold, where the SDK can say one; decimal. */
  readonly long: string;
  /** Nanoseconds since 1970, decimal. */
  readonly start: string;
  readonly end: string;
  /** Hexadecimal. */
  readonly traceId: string;
  readonly parentId: string;
  readonly childId: string;
}

export function expectEverything(sink: Sink, sent: Sent): void {
  expectTraces(sink.arrived("traces"), sent);
  expectMetrics(sink.arrived("metrics"), sent);
  expectLogs(sink.arrived("logs"), sent);
}

function expectTraces(requests: readonly Plain[], sent: Sent): void {
  const groups = requests.flatMap((request) => list(request["resourceSpans"]));
  for (const group of groups) expectResource(group, sent);
  const scopes = groups.flatMap((group) => list(group["scopeSpans"]));
  for (const scope of scopes) expectScope(scope);
  const spans = scopes.flatMap((scope) => list(scope["spans"]));
  expect(spans.map(({ name }) => String(name)).toSorted(byText)).toEqual(["child", "parent"]);
  const parent = named(spans, "parent");
  expect(hex(parent["traceId"])).toBe(sent.traceId);
  expect(hex(parent["spanId"])).toBe(sent.parentId);
  expect(hex(parent["parentSpanId"])).toBe("");
  const child = named(spans, "child");
  expect(hex(child["traceId"])).toBe(sent.traceId);
  expect(hex(child["spanId"])).toBe(sent.childId);
  expect(hex(child["parentSpanId"])).toBe(sent.parentId);
  expect(child).toMatchObject({
    kind: 2,
    startTimeUnixNano: sent.start,
    endTimeUnixNano: sent.end,
    status: { code: 2, message: "broken" },
  });
  expect(attributesOf(child)).toEqual({
    text: { stringValue: "Größe 漢字 🚀" },
    long: { intValue: sent.long },
    double: { doubleValue: 0.1 },
    flag: { boolValue: true },
    list: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } },
  });
  const [event = {}] = list(child["events"]);
  expect(event).toMatchObject({ name: "note", timeUnixNano: String(BigInt(sent.start) + 5n) });
  expect(attributesOf(event)).toEqual({ "event.long": { intValue: sent.long } });
}

function expectMetrics(requests: readonly Plain[], sent: Sent): void {
  const groups = requests.flatMap((request) => list(request["resourceMetrics"]));
  for (const group of groups) expectResource(group, sent);
  const scopes = groups.flatMap((group) => list(group["scopeMetrics"]));
  // An SDK may report on itself in a scope of its own.
  const metrics = scopes.filter((scope) => plain(scope["scope"])["name"] === "client.scope").flatMap((scope) => list(scope["metrics"]));
  expect(metrics.map(({ name }) => String(name)).toSorted(byText)).toEqual(["client.latency", "client.requests"]);
  const requestsMetric = named(metrics, "client.requests");
  expect(requestsMetric).toMatchObject({
    unit: "1",
    sum: { isMonotonic: true, aggregationTemporality: 2 },
  });
  const [point = {}, ...more] = list(plain(requestsMetric["sum"])["dataPoints"]);
  expect(more).toEqual([]);
  expect(point["asInt"]).toBe(sent.long);
  expect(attributesOf(point)).toEqual({ route: { stringValue: "/a" } });
  const [latency = {}] = list(plain(named(metrics, "client.latency")["histogram"])["dataPoints"]);
  expect(latency).toMatchObject({ count: "3", sum: 321.5, min: 1.5, max: 300 });
  const counts = latency["bucketCounts"];
  expect(Array.isArray(counts) ? counts.reduce((sum, count) => sum + Number(count), 0) : 0).toBe(3);
}

function expectLogs(requests: readonly Plain[], sent: Sent): void {
  const groups = requests.flatMap((request) => list(request["resourceLogs"]));
  for (const group of groups) expectResource(group, sent);
  const scopes = groups.flatMap((group) => list(group["scopeLogs"]));
  for (const scope of scopes) expectScope(scope);
  const [record = {}, ...more] = scopes.flatMap((scope) => list(scope["logRecords"]));
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    timeUnixNano: sent.start,
    severityNumber: 13,
    severityText: "WARN",
    body: { stringValue: "line Größe" },
  });
  expect(attributesOf(record)).toEqual({ long: { intValue: sent.long } });
  expect(hex(record["traceId"])).toBe(sent.traceId);
  expect(hex(record["spanId"])).toBe(sent.parentId);
}

function expectResource(group: Plain, sent: Sent): void {
  expect(attributesOf(plain(group["resource"]))).toMatchObject({
    "service.name": { stringValue: sent.service },
    "client.long": { intValue: sent.long },
    [STAMP.key]: { stringValue: STAMP.value },
  });
}

function expectScope(scope: Plain): void {
  expect(scope["scope"]).toMatchObject({ name: "client.scope", version: "1.2.3" });
}

function attributesOf(message: Plain): Plain {
  return Object.fromEntries(list(message["attributes"]).map(({ key, value }) => [String(key), value]));
}

function named(messages: readonly Plain[], name: string): Plain {
  return messages.find((message) => message["name"] === name) ?? {};
}

function hex(id: unknown): string {
  return id instanceof Uint8Array ? Buffer.from(id).toString("hex") : "";
}

function plain(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

/** The judge's objects are plain throughout. */
function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null;
}

function list(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? value.map(plain) : [];
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
