import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { FLAG_BAD_ID, FLAG_NO_TRACE_STATE, REPAIR_OTHER_ID, REPAIR_OWN_ID, REPAIR_STRINDEX, REPAIR_TEXT, REPAIR_TWICE } from "../../src/kernel/kernel.ts";
import { MESSAGES } from "../../src/otlp/tables.ts";
import { counting, field, fixed64, join, number, of, tag, type Bytes } from "../harness/bytes.ts";
import { Bench } from "./support.ts";

const bench = new Bench();
const TRACE = counting(16);
const SPAN = counting(8);
const IDS = join(field(1, TRACE), field(2, SPAN));

function item(...content: readonly Uint8Array[]): Bytes {
  return field(1, field(2, field(2, ...content)));
}

function repairs(bytes: Uint8Array, signal: Signal = "traces"): number {
  const { result, repairs: found } = bench.check(signal, bytes);
  expect(result).toBe(found === 0 ? 0 : 1);
  return found;
}

function dictionaryLink(trace: Uint8Array, span: Uint8Array): Bytes {
  return field(2, field(4, field(1, trace), field(2, span)));
}

/** A field of this wire type with an empty or zero value. */
function one(fieldNumber: number, wire: number): Bytes {
  return join(tag(fieldNumber, wire), [of(1), counting(8), of(0), of(), of(), counting(4)][wire] ?? of());
}

/** Bad ids of a kind: wrong lengths, and all zero. */
function badIds(length: number): Bytes[] {
  return [counting(1), counting(length - 1), counting(length + 1), counting(32), new Uint8Array(length)];
}

describe("a span's own ids", () => {
  it("are missing, of the wrong length or zero: the span is marked", () => {
    const spans = [
      item(),
      item(field(1, TRACE)),
      item(field(2, SPAN)),
      item(field(1), field(2, SPAN)),
      ...badIds(16).map((id) => item(field(1, id), field(2, SPAN))),
      ...badIds(8).map((id) => item(field(1, TRACE), field(2, id))),
      ...badIds(8).map((id) => item(field(2, id), field(1, TRACE))),
    ];
    for (const bytes of spans) {
      expect(repairs(bytes)).toBe(REPAIR_OWN_ID);
      expect(bench.tape()[2]?.flags).toBe(FLAG_BAD_ID | FLAG_NO_TRACE_STATE);
    }
  });

  it("mark their own span only", () => {
    const bytes = field(1, field(2, field(2, IDS), field(2, field(1, TRACE)), field(2, IDS)));
    expect(repairs(bytes)).toBe(REPAIR_OWN_ID);
    expect(bench.tape().map(({ flags }) => flags & FLAG_BAD_ID)).toEqual([0, 0, 0, FLAG_BAD_ID, 0]);
  });

  it("are well in any order, and with a zero byte in them", () => {
    expect(repairs(item(field(2, SPAN), field(5, "name"), field(1, TRACE)))).toBe(0);
    expect(repairs(item(field(1, new Uint8Array(15), of(1)), field(2, of(1), new Uint8Array(7))))).toBe(0);
    expect(bench.tape()[2]?.flags).toBe(FLAG_NO_TRACE_STATE);
  });
});

describe("another's id", () => {
  it("is of the wrong length or zero: to be cleared", () => {
    const cases: [Signal, (id: Uint8Array) => Bytes, number][] = [
      ["traces", (id) => item(IDS, field(4, id)), 8],
      ["traces", (id) => item(IDS, field(13, field(1, id))), 16],
      ["traces", (id) => item(IDS, field(13, field(2, id))), 8],
      ["logs", (id) => item(field(9, id)), 16],
      ["logs", (id) => item(field(10, id)), 8],
      ["metrics", (id) => item(field(5, field(1, field(5, field(5, id))))), 16],
      ["metrics", (id) => item(field(5, field(1, field(5, field(4, id))))), 8],
    ];
    for (const [signal, wrap, length] of cases) {
      for (const id of badIds(length)) expect(repairs(wrap(id), signal)).toBe(REPAIR_OTHER_ID);
      expect(repairs(wrap(of()), signal)).toBe(0);
      expect(repairs(wrap(counting(length)), signal)).toBe(0);
    }
  });

  it("may be zero in a profiles dictionary, whose first entry is", () => {
    expect(repairs(dictionaryLink(new Uint8Array(16), new Uint8Array(8)), "profiles")).toBe(0);
    expect(repairs(dictionaryLink(counting(3), new Uint8Array(8)), "profiles")).toBe(REPAIR_OTHER_ID);
  });
});

describe("text", () => {
  const good = ["", "a", "plain text that fills more than sixteen bytes", "größe", "見つかりません", "🚀", "\u0000", "\ud7ff\ue000\uffff", "\u{10ffff}"];
  const bad = [
    of(0xff),
    of(0x80),
    of(0xc0, 0x80),
    of(0xc1, 0xbf),
    of(0xe0, 0x80, 0x80),
    of(0xe0, 0x9f, 0xbf),
    of(0xed, 0xa0, 0x80),
    of(0xed, 0xbf, 0xbf),
    of(0xf0, 0x80, 0x80, 0x80),
    of(0xf0, 0x8f, 0xbf, 0xbf),
    of(0xf4, 0x90, 0x80, 0x80),
    of(0xf5, 0x80, 0x80, 0x80),
    of(0xc3),
    of(0xe6, 0x97),
    of(0xf0, 0x9f, 0x9a),
    of(0xc3, 0x41),
    of(0xe6, 0x97, 0x41),
    of(0xf0, 0x9f, 0x9a, 0x41),
  ];
  const places: [string, Signal, (...text: readonly (Uint8Array | string)[]) => Bytes][] = [
    ["span name", "traces", (...text) => item(IDS, field(5, ...text))],
    ["trace state", "traces", (...text) => item(IDS, field(3, ...text))],
    ["attribute's key", "traces", (...text) => item(IDS, field(9, field(1, ...text), field(2, field(1, "value"))))],
    ["attribute's key before an int", "traces", (...text) => item(IDS, field(9, field(1, ...text), field(2, number(3, 300))))],
    ["attribute's key before a double", "traces", (...text) => item(IDS, field(9, field(1, ...text), field(2, fixed64(4, 300n))))],
    ["attribute's value", "traces", (...text) => item(IDS, field(9, field(1, "key"), field(2, field(1, ...text))))],
    ["attribute's key behind its value", "traces", (...text) => item(IDS, field(9, field(2, field(1, "value")), field(1, ...text)))],
    ["attribute's key behind an int", "traces", (...text) => item(IDS, field(9, field(2, number(3, 300)), field(1, ...text)))],
    ["attribute's value before its key", "traces", (...text) => item(IDS, field(9, field(2, field(1, ...text)), field(1, "key")))],
    ["value in a list", "traces", (...text) => item(IDS, field(9, field(1, "key"), field(2, field(5, field(1, field(1, ...text))))))],
    ["key in a map", "logs", (...text) => item(field(5, field(6, field(1, field(1, ...text), field(2, field(1, "v"))))))],
    ["log body", "logs", (...text) => item(field(5, field(1, ...text)))],
    ["schema URL", "logs", (...text) => field(1, field(3, ...text))],
    ["scope name", "metrics", (...text) => field(1, field(2, field(1, field(1, ...text))))],
    ["entity's key", "metrics", (...text) => field(1, field(1, field(3, field(3, ...text))))],
    ["metric unit", "metrics", (...text) => item(field(3, ...text))],
    ["string table", "profiles", (...text) => field(2, field(5, ...text))],
  ];

  for (const [name, signal, wrap] of places) {
    it(`is UTF-8, or reported: ${name}`, () => {
      for (const padding of ["", "abc", "fifteen bytes..", "sixteen bytes...", "an attribute of forty bytes, or nearly so", "x".repeat(150)]) {
        for (const text of good) {
          expect(repairs(wrap(padding, text), signal)).toBe(0);
          expect(repairs(wrap(text, padding), signal)).toBe(0);
        }
        for (const text of bad) {
          expect(repairs(wrap(padding, text), signal)).toBe(REPAIR_TEXT);
          expect(repairs(wrap(text, padding), signal)).toBe(REPAIR_TEXT);
          expect(repairs(wrap("größe ", text, padding, "🚀"), signal)).toBe(REPAIR_TEXT);
        }
      }
    });
  }

  it("is not what is in bytes", () => {
    expect(repairs(item(IDS, field(9, field(1, "k"), field(2, field(7, of(0xff, 0xfe))))))).toBe(0);
  });
});

describe("a singular field", () => {
  const containers: readonly [string, Signal, (inner: Uint8Array) => Bytes][] = [
    ["opentelemetry.proto.trace.v1.ResourceSpans", "traces", (inner) => field(1, inner)],
    ["opentelemetry.proto.trace.v1.ScopeSpans", "traces", (inner) => field(1, field(2, inner))],
    ["opentelemetry.proto.resource.v1.Resource", "traces", (inner) => field(1, field(1, inner))],
    ["opentelemetry.proto.common.v1.InstrumentationScope", "traces", (inner) => field(1, field(2, field(1, inner)))],
    ["opentelemetry.proto.common.v1.EntityRef", "traces", (inner) => field(1, field(1, field(3, inner)))],
    ["opentelemetry.proto.trace.v1.Span", "traces", (inner) => item(inner)],
    ["opentelemetry.proto.trace.v1.Span.Event", "traces", (inner) => item(IDS, field(11, inner))],
    ["opentelemetry.proto.trace.v1.Span.Link", "traces", (inner) => item(IDS, field(13, inner))],
    ["opentelemetry.proto.trace.v1.Status", "traces", (inner) => item(IDS, field(15, inner))],
    ["opentelemetry.proto.common.v1.KeyValue", "traces", (inner) => item(IDS, field(9, inner))],
    ["opentelemetry.proto.common.v1.AnyValue", "traces", (inner) => item(IDS, field(9, field(2, inner)))],
    ["opentelemetry.proto.logs.v1.LogRecord", "logs", (inner) => item(inner)],
    ["opentelemetry.proto.metrics.v1.Metric", "metrics", (inner) => item(inner)],
    ["opentelemetry.proto.metrics.v1.Sum", "metrics", (inner) => item(field(7, inner))],
    ["opentelemetry.proto.metrics.v1.NumberDataPoint", "metrics", (inner) => item(field(5, field(1, inner)))],
    ["opentelemetry.proto.metrics.v1.HistogramDataPoint", "metrics", (inner) => item(field(9, field(1, inner)))],
    ["opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint", "metrics", (inner) => item(field(10, field(1, inner)))],
    ["opentelemetry.proto.metrics.v1.SummaryDataPoint", "metrics", (inner) => item(field(11, field(1, inner)))],
    ["opentelemetry.proto.metrics.v1.Exemplar", "metrics", (inner) => item(field(5, field(1, field(5, inner))))],
    ["opentelemetry.proto.profiles.v1development.Profile", "profiles", (inner) => item(inner)],
    ["opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest", "profiles", (inner) => Uint8Array.from(inner)],
  ];

  for (const [name, signal, wrap] of containers) {
    it(`twice in ${name} is reported, once or repeated is not`, () => {
      const fields = MESSAGES[name]?.().fields ?? [];
      expect(fields.length).toBeGreaterThan(0);
      for (const { number: fieldNumber, wire, repeated, oneof, name: fieldName } of fields) {
        const single = one(fieldNumber, wire);
        const between = field(900, "unknown");
        expect(repairs(wrap(single), signal) & REPAIR_TWICE, fieldName).toBe(0);
        for (const bytes of [join(single, single), join(single, between, single), join(single, one(900, 0), one(900, 5), single)]) {
          expect(repairs(wrap(bytes), signal) & REPAIR_TWICE, fieldName).toBe(repeated ? 0 : REPAIR_TWICE);
        }
        for (const other of fields) {
          if (other.number === fieldNumber) continue;
          const both = repairs(wrap(join(single, one(other.number, other.wire))), signal) & REPAIR_TWICE;
          expect(both, `${fieldName} and ${other.name}`).toBe(oneof !== undefined && oneof === other.oneof ? REPAIR_TWICE : 0);
        }
      }
    });
  }
});

describe("a string index", () => {
  it("is reported outside profiles", () => {
    expect(repairs(item(IDS, field(9, number(3, 5), field(2, field(1, "v")))))).toBe(REPAIR_STRINDEX);
    expect(repairs(item(IDS, field(9, field(1, "k"), field(2, number(8, 5)))))).toBe(REPAIR_STRINDEX);
    expect(repairs(item(field(5, number(8, 5))), "logs")).toBe(REPAIR_STRINDEX);
  });

  it("is in its place in profiles", () => {
    const resource = field(1, field(1, field(1, number(3, 5), field(2, number(8, 5)))));
    expect(repairs(resource, "profiles")).toBe(0);
  });
});
