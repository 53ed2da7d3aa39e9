/** The tape against the judge's own reading of the same bytes: every record, in every order of fields. */
import { beforeAll, describe, expect, it } from "vitest";
import { payload, type Payload, type PayloadOptions } from "../../bench/payloads.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import { FLAG_NO_TRACE_STATE } from "../../src/kernel/kernel.ts";
import { MEMORY_KINDS, type MemoryKind } from "../harness/kernel.ts";
import { judgeOf, type Plain } from "../harness/judge.ts";
import { Bench, type TapeRecord } from "./support.ts";

interface Shape {
  readonly folder: string;
  readonly group: string;
  readonly groups: string;
  readonly scopeGroup: string;
  readonly scopes: string;
  readonly item: string;
  readonly items: string;
}

const SHAPES: Readonly<Record<Signal, Shape>> = {
  traces: { folder: "trace.v1", group: "ResourceSpans", groups: "resourceSpans", scopeGroup: "ScopeSpans", scopes: "scopeSpans", item: "Span", items: "spans" },
  metrics: {
    folder: "metrics.v1",
    group: "ResourceMetrics",
    groups: "resourceMetrics",
    scopeGroup: "ScopeMetrics",
    scopes: "scopeMetrics",
    item: "Metric",
    items: "metrics",
  },
  logs: {
    folder: "logs.v1",
    group: "ResourceLogs",
    groups: "resourceLogs",
    scopeGroup: "ScopeLogs",
    scopes: "scopeLogs",
    item: "LogRecord",
    items: "logRecords",
  },
  profiles: {
    folder: "profiles.v1development",
    group: "ResourceProfiles",
    groups: "resourceProfiles",
    scopeGroup: "ScopeProfiles",
    scopes: "scopeProfiles",
    item: "Profile",
    items: "profiles",
  },
};
/** By the number of the metric's data field: its key, the list's message, the point's message. */
const DATA: Readonly<Record<number, readonly [key: string, list: string, point: string]>> = {
  5: ["gauge", "Gauge", "NumberDataPoint"],
  7: ["sum", "Sum", "NumberDataPoint"],
  9: ["histogram", "Histogram", "HistogramDataPoint"],
  10: ["exponentialHistogram", "ExponentialHistogram", "ExponentialHistogramDataPoint"],
  11: ["summary", "Summary", "SummaryDataPoint"],
};
const VARIANTS: readonly PayloadOptions[] = [
  { order: "ascending" },
  { order: "descending" },
  { order: "interleaved" },
  { order: "interleaved", unknown: true },
  { order: "ascending", unknown: true, resources: 1 },
];

interface Setting {
  readonly bench: Bench;
  readonly bytes: Uint8Array;
  readonly shape: Shape;
  readonly tape: readonly TapeRecord[];
}

/** One record, walked by hand beside the judge's object of the same message. */
function checkRecord({ bench, bytes, shape, tape }: Setting, at: number, level: number, message: string, object: Plain): TapeRecord {
  const record = tape[at];
  if (record === undefined) throw new RangeError(`no record ${at}`);
  expect(record.level).toBe(level);
  expect(record.flags).toBe(message === "Span" && !("traceState" in object) ? FLAG_NO_TRACE_STATE : 0);
  expect(judgeOf(`opentelemetry.proto.${shape.folder}.${message}`).toObject(bytes.slice(record.body, record.end))).toEqual(object);
  // The tag and the length stand between the first two addresses.
  const header = bytes.slice(record.tag, record.body);
  let size = 0;
  for (let i = header.length - 1; i > 0; i--) size = size * 128 + ((header[i] ?? 0) & 0x7f);
  expect(size).toBe(record.end - record.body);
  expect(bench.kernel.tapeCount()).toBe(tape.length);
  return record;
}

/** A part that words 5 to 7 name, or its absence. */
function checkPart({ bench, bytes }: Setting, { words }: TapeRecord, message: string, object: unknown): void {
  const [tag, body, end] = words;
  if (object === undefined) {
    expect(words).toEqual([0, 0, 0]);
    return;
  }
  expect(tag).toBeLessThan(body);
  const part = bytes.slice(body - bench.start, end - bench.start);
  expect(judgeOf(`opentelemetry.proto.${message}`).toObject(part)).toEqual(object);
}

function checkTraceId({ bench }: Setting, { words, top }: TapeRecord, id: unknown): void {
  const found = bench.kernel.bytes.slice(words[0], words[0] + 16);
  if (id === undefined) expect([words[0], top]).toEqual([0, 0]);
  else expect([found, top]).toEqual([id, new DataView(found.buffer).getUint16(9)]);
}

function checkKeys(low: number, high: number, attributes: unknown): void {
  const set = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  for (const { key } of list(attributes)) {
    const bytes = new TextEncoder().encode(typeof key === "string" ? key : "");
    const bit = (bytes.length * 7 + (bytes.at(-1) ?? 0)) & 63;
    expect((set >> BigInt(bit)) & 1n, String(key)).toBe(1n);
  }
}

function list(value: unknown): Plain[] {
  return Array.isArray(value) ? value : [];
}

function asPlain(value: unknown): Plain {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function checkTape(setting: Setting, signal: Signal, object: Plain): void {
  const { shape, tape } = setting;
  let at = 0;
  for (const group of list(object[shape.groups])) {
    const groupRecord = checkRecord(setting, at, 1, shape.group, group);
    checkPart(setting, groupRecord, "resource.v1.Resource", group["resource"]);
    at++;
    for (const scope of list(group[shape.scopes])) {
      const scopeRecord = checkRecord(setting, at, 2, shape.scopeGroup, scope);
      checkPart(setting, scopeRecord, "common.v1.InstrumentationScope", scope["scope"]);
      at++;
      for (const item of list(scope[shape.items])) at = checkItem(setting, signal, at, item);
      expect(scopeRecord.next).toBe(at);
    }
    expect(groupRecord.next).toBe(at);
  }
  expect(at).toBe(tape.length);
}

/** Returns the index behind the item's subtree. */
function checkItem(setting: Setting, signal: Signal, at: number, item: Plain): number {
  const record = checkRecord(setting, at, 3, setting.shape.item, item);
  let next = at + 1;
  if (signal === "metrics") {
    next = checkPoints(setting, record, next, item);
  } else if (signal === "profiles") {
    expect(record.words).toEqual([0, 0, 0]);
  } else {
    checkTraceId(setting, record, item["traceId"]);
    checkKeys(record.words[1], record.words[2], item["attributes"]);
  }
  expect(record.next).toBe(next);
  return next;
}

function checkPoints(setting: Setting, record: TapeRecord, at: number, metric: Plain): number {
  const found = Object.entries(DATA).find(([, [key]]) => key in metric);
  if (found === undefined) {
    expect(record.words).toEqual([0, 0, 0]);
    return at;
  }
  const [number, [key, message, pointMessage]] = found;
  checkPart(setting, record, `metrics.v1.${message}`, metric[key]);
  let next = at;
  for (const point of list(asPlain(metric[key])["dataPoints"])) {
    const pointRecord = checkRecord(setting, next, 4, pointMessage, point);
    checkKeys(pointRecord.words[0], pointRecord.words[1], point["attributes"]);
    expect(pointRecord.words[2]).toBe(Number(number));
    next++;
    expect(pointRecord.next).toBe(next);
  }
  return next;
}

/** What `index` should leave: the check's tape down to a level, without key sets. */
function expectedIndex(tape: readonly TapeRecord[], signal: Signal, depth: number): TapeRecord[] {
  const kept = tape.map(({ level }) => level <= depth);
  const before = [0];
  for (const keep of kept) before.push((before.at(-1) ?? 0) + (keep ? 1 : 0));
  const all = -1;
  return tape.flatMap((record, i) => {
    if (!kept[i]) return [];
    const [a, b, c] = record.words;
    const withKeys = record.level === 3 && (signal === "traces" || signal === "logs");
    const words: TapeRecord["words"] = withKeys ? [a, all, all] : record.level === 4 ? [all, all, c] : [a, b, c];
    return [{ ...record, flags: 0, next: before[record.next] ?? 0, words }];
  });
}

function made(signal: Signal, options: PayloadOptions): Payload {
  return payload(signal, { items: signal === "profiles" ? 5 : 40, resources: 3, ...options });
}

for (const kind of ["plain", "shared"] satisfies MemoryKind[]) {
  describe.runIf(MEMORY_KINDS.includes(kind))(`the tape, ${kind} memory`, () => {
    let bench: Bench;
    beforeAll(() => void (bench = new Bench(kind)));
    for (const signal of SIGNALS) {
      for (const options of VARIANTS) {
        it(`is the judge's structure: ${signal}, ${JSON.stringify(options)}`, () => {
          const { bytes, items } = made(signal, options);
          const object = judgeOf(`opentelemetry.proto.collector.${SHAPES[signal].folder}.${requestName(signal)}`).toObject(bytes);
          expect(bench.check(signal, bytes)).toEqual({ result: 0, repairs: 0, errorAt: -1, items });
          const tape = bench.tape();
          checkTape({ bench, bytes, shape: SHAPES[signal], tape }, signal, object);
          for (const depth of [1, 2, 3, 4]) {
            expect(bench.index(signal, bytes.length, depth)).toBe(0);
            expect(bench.tape(), `index to ${depth}`).toEqual(expectedIndex(tape, signal, depth));
          }
        });
      }
    }
  });
}

function requestName(signal: Signal): string {
  return {
    traces: "ExportTraceServiceRequest",
    metrics: "ExportMetricsServiceRequest",
    logs: "ExportLogsServiceRequest",
    profiles: "ExportProfilesServiceRequest",
  }[signal];
}

describe("two memories", () => {
  it.runIf(MEMORY_KINDS.includes("shared"))("give the same tapes", () => {
    const plain = new Bench("plain");
    const shared = new Bench("shared");
    for (const signal of SIGNALS) {
      const { bytes } = made(signal, { order: "descending" });
      plain.check(signal, bytes);
      shared.check(signal, bytes);
      expect(plain.start).toBe(shared.start);
      expect(shared.tape()).toEqual(plain.tape());
    }
  });
});
