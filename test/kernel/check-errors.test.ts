import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import {
  ATTRIBUTES_MAX,
  FAIL_ATTRIBUTES,
  FAIL_DEPTH,
  FAIL_FIELD_NUMBER,
  FAIL_GROUP,
  FAIL_KNOWN_TYPE,
  FAIL_LENGTH,
  FAIL_PACKED,
  FAIL_TAPE,
  FAIL_TRUNCATED,
  FAIL_VARINT,
  FAIL_WIRE_TYPE,
} from "../../src/kernel/kernel.ts";
import { MESSAGES, type MessageSchema } from "../../src/otlp/tables.ts";
import { counting, field, fixed32, fixed64, group, join, number, of, tag, varint, type Bytes } from "../harness/bytes.ts";
import { Bench } from "./support.ts";

const bench = new Bench();
const IDS = join(field(1, counting(16)), field(2, counting(8)));

/** A traces request with one span that has good ids and this. */
function span(...content: readonly Uint8Array[]): Bytes {
  return field(1, field(2, field(2, IDS, ...content)));
}

function metric(...content: readonly Uint8Array[]): Bytes {
  return field(1, field(2, field(2, ...content)));
}

/** A metrics request with one histogram point. */
function point(...content: readonly Uint8Array[]): Bytes {
  return metric(field(9, field(1, ...content)));
}

/** A metrics request with one run of exponential buckets. */
function buckets(...content: readonly Uint8Array[]): Bytes {
  return metric(field(10, field(1, field(8, ...content))));
}

/** A tag in five bytes. */
function longTag(fieldNumber: number, wire: number): Bytes {
  return varint(fieldNumber * 8 + wire, 5);
}

/** Groups in groups. */
function nestedGroups(depth: number): Bytes {
  const starts = Array.from({ length: depth }, (_, i) => tag(20 + i, 3));
  const ends = Array.from({ length: depth }, (_, i) => tag(20 + depth - 1 - i, 4));
  return join(...starts, number(1, 1), ...ends);
}

function result(bytes: Uint8Array, signal: Signal = "traces"): number {
  return bench.check(signal, bytes).result;
}

describe("what is well framed", () => {
  it("is an empty request", () => {
    expect(bench.check("traces", of())).toEqual({ result: 0, repairs: 0, errorAt: -1, items: 0 });
  });

  it("is an empty group, scope group or metric", () => {
    expect(result(field(1))).toBe(0);
    expect(result(field(1, field(2)))).toBe(0);
    expect(result(metric(), "metrics")).toBe(0);
  });

  it("has unknown fields and groups at every level", () => {
    const strange = join(number(99, 5), fixed64(98, 7n), fixed32(97, 3), field(96, "abc"), group(95, number(1, 1), group(2)), number(536_870_911, 1));
    const value = field(2, strange, field(1, "v"), strange);
    const attribute = field(9, strange, field(1, "k"), strange, value, strange);
    const event = field(11, strange, field(3, field(1, "k"), value));
    const all = join(strange, field(1, strange, field(1, strange), field(2, strange, field(2, IDS, strange, attribute, event))), strange);
    expect(bench.check("traces", all)).toEqual({ result: 0, repairs: 0, errorAt: -1, items: 1 });
  });

  it("has varints longer than they need be", () => {
    const key = join(longTag(1, 2), varint(1, 3), of(0x6b));
    const value = join(longTag(2, 2), varint(2 + 9, 10), longTag(3, 0), varint(5, 6));
    const attribute = join(longTag(9, 2), varint(key.length + value.length, 4), key, value);
    expect(bench.check("traces", span(attribute, attribute, join(longTag(6, 0), varint(3, 10))))).toEqual({ result: 0, repairs: 0, errorAt: -1, items: 1 });
  });

  it("has the largest varints", () => {
    expect(result(span(join(tag(10, 0), varint(2n ** 64n - 1n))))).toBe(0);
  });

  it("has attributes with values of every size, on either side of the key", () => {
    const spans: Bytes[] = [];
    for (let bits = 0n; bits < 64n; bits++) {
      const value = field(2, number(3, 1n << bits));
      for (const key of ["", "k", "a.key.of.sixteen", "a.key.that.has.more.than.thirty.two.letters"]) {
        spans.push(field(9, field(1, key), value), field(9, value, field(1, key)));
      }
    }
    for (let length = 0; length < 140; length++) {
      const text = field(2, field(1, "x".repeat(length)));
      const key = field(1, "y".repeat(length));
      spans.push(field(9, field(1, "k"), text), field(9, text, field(1, "k")), field(9, key, field(2, fixed64(4, 1n))), field(9, field(2, number(2, 1)), key));
    }
    spans.push(field(9), field(9, field(2)), field(9, field(2), field(1, "k")), field(9, field(1, "k"), field(2)), field(9, field(2, field(1)), field(1)));
    expect(bench.check("traces", span(...spans))).toEqual({ result: 0, repairs: 0, errorAt: -1, items: 1 });
    for (const one of spans) expect(result(span(one))).toBe(0);
  });

  it("has packed and unpacked numbers", () => {
    expect(result(point(field(6, counting(16)), field(7, counting(8))), "metrics")).toBe(0);
    expect(result(point(fixed64(6, 1n), fixed64(6, 2n), fixed64(7, 3n)), "metrics")).toBe(0);
    expect(result(buckets(field(2, varint(1), varint(300), varint(2n ** 63n))), "metrics")).toBe(0);
    expect(result(buckets(field(2, counting(100)), number(2, 5)), "metrics")).toBe(0);
  });
});

describe("damage", () => {
  it("-1: a tag, a varint, a length or a value is cut off", () => {
    expect(bench.check("traces", of(0x8a))).toMatchObject({ result: FAIL_TRUNCATED });
    expect(bench.check("traces", of(0x0a))).toMatchObject({ result: FAIL_TRUNCATED });
    expect(bench.check("traces", of(0x0a, 0x80))).toMatchObject({ result: FAIL_TRUNCATED });
    expect(result(span(of(0x30)))).toBe(FAIL_TRUNCATED);
    expect(result(span(of(0x30, 0x80)))).toBe(FAIL_TRUNCATED);
    expect(result(span(of(0x39, 1, 2, 3, 4, 5, 6, 7)))).toBe(FAIL_TRUNCATED);
    expect(result(span(of(0x85, 0x01, 1, 2, 3)))).toBe(FAIL_TRUNCATED);
    expect(result(span(join(tag(90, 5), of(1, 2, 3))))).toBe(FAIL_TRUNCATED);
    expect(result(metric(field(10, field(1, field(8, field(2, of(0x80)))))), "metrics")).toBe(FAIL_TRUNCATED);
  });

  it("-2: wire type 6 or 7", () => {
    for (const wire of [6, 7]) for (const fieldNumber of [1, 5, 99, 100_000]) expect(result(span(tag(fieldNumber, wire)))).toBe(FAIL_WIRE_TYPE);
    expect(result(span(join(tag(99, 3), tag(1, 7))))).toBe(FAIL_WIRE_TYPE);
  });

  it("-3: field number 0, or above 2^29 - 1", () => {
    expect(result(span(of(0x00, 0x00)))).toBe(FAIL_FIELD_NUMBER);
    expect(result(span(of(0x80, 0x00, 0x00)))).toBe(FAIL_FIELD_NUMBER);
    expect(result(span(join(varint(2n ** 32n), of(0))))).toBe(FAIL_FIELD_NUMBER);
    expect(result(span(join(tag(99, 3), of(0, 0), tag(99, 4))))).toBe(FAIL_FIELD_NUMBER);
  });

  it("-4: a varint over 10 bytes, or above 64 bits", () => {
    const over = of(...Array.from({ length: 10 }, () => 0x80), 0x00);
    const high = of(...Array.from({ length: 9 }, () => 0xff), 0x02);
    for (const bad of [over, high]) {
      expect(result(span(join(tag(6, 0), bad)))).toBe(FAIL_VARINT);
      expect(result(span(join(tag(90, 0), bad)))).toBe(FAIL_VARINT);
      expect(result(span(join(tag(5, 2), bad)))).toBe(FAIL_VARINT);
      expect(result(span(bad))).toBe(FAIL_VARINT);
      expect(result(metric(field(10, field(1, field(8, field(2, bad))))), "metrics")).toBe(FAIL_VARINT);
      // As an attribute's int, which has a fast path of its own.
      expect(result(span(field(9, field(1, "a.key.of.some.length"), field(2, tag(3, 0), bad))))).toBe(FAIL_VARINT);
      expect(result(span(field(9, field(2, tag(3, 0), bad), field(1, "a.key.of.some.length"))))).toBe(FAIL_VARINT);
    }
  });

  it("-5: a length that reaches past the message around it", () => {
    expect(bench.check("traces", of(0x0a, 0x01))).toMatchObject({ result: FAIL_LENGTH, errorAt: 2 });
    for (const size of [2n ** 31n - 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(result(join(tag(1, 2), varint(size)))).toBe(FAIL_LENGTH);
      expect(result(span(join(tag(90, 2), varint(size))))).toBe(FAIL_LENGTH);
      expect(result(span(join(tag(9, 2), varint(size))))).toBe(FAIL_LENGTH);
    }
    // One past the parent, with room in the grandparent.
    const key = join(tag(1, 2), varint(2), of(0x6b));
    expect(result(join(span(join(tag(9, 2), varint(key.length), key)), field(99, "room")))).toBe(FAIL_LENGTH);
    const text = join(tag(1, 2), varint(30), of(0x76));
    expect(result(span(field(9, field(1, "key"), field(2, text)), field(5, "a name of more than thirty characters")))).toBe(FAIL_LENGTH);
  });

  it("-6: a known field with another wire type, each field, each type", () => {
    const paths: Readonly<Record<string, (inner: Uint8Array) => Bytes>> = {
      "opentelemetry.proto.trace.v1.ResourceSpans": (inner) => field(1, inner),
      "opentelemetry.proto.resource.v1.Resource": (inner) => field(1, field(1, inner)),
      "opentelemetry.proto.trace.v1.ScopeSpans": (inner) => field(1, field(2, inner)),
      "opentelemetry.proto.trace.v1.Span": (inner) => field(1, field(2, field(2, inner))),
      "opentelemetry.proto.trace.v1.Span.Event": (inner) => span(field(11, inner)),
      "opentelemetry.proto.trace.v1.Span.Link": (inner) => span(field(13, inner)),
      "opentelemetry.proto.trace.v1.Status": (inner) => span(field(15, inner)),
      "opentelemetry.proto.common.v1.KeyValue": (inner) => span(field(9, inner)),
      "opentelemetry.proto.common.v1.AnyValue": (inner) => span(field(9, field(2, inner))),
      "opentelemetry.proto.common.v1.ArrayValue": (inner) => span(field(9, field(2, field(5, inner)))),
    };
    for (const [name, wrap] of Object.entries(paths)) {
      const schema: MessageSchema | undefined = MESSAGES[name]?.();
      for (const one of schema?.fields ?? []) {
        for (const wire of [0, 1, 2, 3, 5].filter((other) => other !== one.wire && !(one.packed && other === 2))) {
          const value = [of(0), counting(8), of(0), tag(one.number, 4), of(), counting(4)][wire] ?? of();
          expect(result(wrap(join(tag(one.number, wire), value))), `${name}.${one.name} with wire type ${wire}`).toBe(FAIL_KNOWN_TYPE);
        }
      }
    }
  });

  it("-7: AnyValues nested 65 deep; 64 are well", () => {
    const inList = (depth: number): Bytes => (depth === 1 ? field(1, "x") : field(5, field(1, inList(depth - 1))));
    const inMap = (depth: number): Bytes => (depth === 1 ? number(3, 1) : field(6, field(1, field(1, "k"), field(2, inMap(depth - 1)))));
    for (const nest of [inList, inMap]) {
      expect(result(span(field(9, field(1, "k"), field(2, nest(64)))))).toBe(0);
      expect(result(span(field(9, field(1, "k"), field(2, nest(65)))))).toBe(FAIL_DEPTH);
      expect(result(field(1, field(2, field(2, field(5, nest(64))))), "logs")).toBe(0);
      expect(result(field(1, field(2, field(2, field(5, nest(65))))), "logs")).toBe(FAIL_DEPTH);
    }
  });

  it("-7: unknown groups nested 101 deep; 100 are well", () => {
    expect(result(nestedGroups(100))).toBe(0);
    expect(result(span(nestedGroups(100)))).toBe(0);
    expect(result(span(nestedGroups(101)))).toBe(FAIL_DEPTH);
  });

  it("-7: half a million open groups, or 10,000 nested lists, stop at the limit", () => {
    const deep = new Uint8Array(1_000_000).fill(0x9b);
    for (let i = 1; i < deep.length; i += 2) deep[i] = 0x01;
    expect(bench.check("traces", deep)).toMatchObject({ result: FAIL_DEPTH, errorAt: 200 });
    // Each claims what is left behind its own header of five bytes.
    const lists: Uint8Array[] = [];
    for (let left = 99_995; left > 0; left -= 10) lists.push(join(tag(5, 2), varint(left, 4)), join(tag(1, 2), varint(left - 5, 4)));
    expect(result(span(field(9, field(2, ...lists))))).toBe(FAIL_DEPTH);
  });

  it("-8: an end of a group without its start, or the reverse", () => {
    expect(result(tag(20, 4))).toBe(FAIL_GROUP);
    expect(result(span(tag(5, 4)))).toBe(FAIL_GROUP);
    expect(result(span(join(tag(20, 3), tag(21, 4))))).toBe(FAIL_GROUP);
    expect(result(span(join(tag(20, 3), number(1, 1))))).toBe(FAIL_GROUP);
    expect(result(span(join(tag(20, 3), tag(21, 3), tag(20, 4), tag(21, 4))))).toBe(FAIL_GROUP);
  });

  it("-9: a packed run of the wrong length", () => {
    for (const fieldNumber of [6, 7]) {
      for (const length of [1, 7, 9, 12]) {
        expect(result(metric(field(9, field(1, field(fieldNumber, counting(length))))), "metrics")).toBe(FAIL_PACKED);
      }
    }
  });

  it("-10: more records than the tape has room for", () => {
    const two = field(1, field(2, field(2, IDS), field(2, IDS)));
    expect(bench.check("traces", two, 4).result).toBe(0);
    expect(bench.check("traces", two, 3).result).toBe(FAIL_TAPE);
    expect(bench.check("traces", two, 0).result).toBe(FAIL_TAPE);
    bench.place(two);
    expect(bench.index("traces", two.length, 3, 4)).toBe(0);
    expect(bench.index("traces", two.length, 3, 3)).toBe(FAIL_TAPE);
  });

  const many = (tagByte: number, count: number) => new Uint8Array(2 * count).map((_, index) => (index % 2 === 0 ? tagByte : 0));
  const lists: readonly (readonly [where: string, signal: Signal, tagByte: number, request: (count: number) => Bytes])[] = [
    ["a resource", "logs", 0x0a, (count) => field(1, field(1, many(0x0a, count)))],
    ["a scope", "metrics", 0x1a, (count) => field(1, field(2, field(1, many(0x1a, count))))],
    ["a span", "traces", 0x4a, (count) => span(many(0x4a, count))],
    ["a span, in two runs", "traces", 0x4a, (count) => span(many(0x4a, 100), field(5, "name"), many(0x4a, count - 100))],
    ["an event", "traces", 0x1a, (count) => span(field(11, field(2, "event"), many(0x1a, count)))],
    ["a link", "traces", 0x22, (count) => span(field(13, IDS, many(0x22, count)))],
    ["a log record", "logs", 0x32, (count) => field(1, field(2, field(2, many(0x32, count))))],
    ["a map", "logs", 0x0a, (count) => field(1, field(2, field(2, field(5, field(6, many(0x0a, count))))))],
    ["a metric's metadata", "metrics", 0x62, (count) => metric(many(0x62, count))],
    ["a number's point", "metrics", 0x3a, (count) => metric(field(5, field(1, many(0x3a, count))))],
    ["a histogram's point", "metrics", 0x4a, (count) => point(many(0x4a, count))],
    ["an exponential histogram's point", "metrics", 0x0a, (count) => metric(field(10, field(1, many(0x0a, count))))],
    ["a summary's point", "metrics", 0x3a, (count) => metric(field(11, field(1, many(0x3a, count))))],
    ["an exemplar", "metrics", 0x3a, (count) => point(field(8, many(0x3a, count)))],
  ];
  it.each(lists)("-11: more attributes than one message may have, or entries than a map may: %s", (_, signal, tagByte, request) => {
    expect(result(request(ATTRIBUTES_MAX), signal)).toBe(0);
    const over = request(ATTRIBUTES_MAX + 1);
    // The tag of the first one.
    expect(bench.check(signal, over)).toMatchObject({ result: FAIL_ATTRIBUTES, errorAt: Buffer.from(over).indexOf(Uint8Array.of(tagByte, 0, tagByte, 0)) });
    // Damage behind it is damage that comes first.
    expect(result(join(request(ATTRIBUTES_MAX), of(0x07)), signal)).toBe(FAIL_WIRE_TYPE);
  });

  it("is found wherever it lies", () => {
    const good = span(field(9, field(1, "key"), field(2, field(1, "value"))));
    const { result: code, errorAt } = bench.check("traces", join(good, good, span(of(0x07))));
    expect(code).toBe(FAIL_WIRE_TYPE);
    expect(errorAt).toBe(good.length * 2 + span().length);
  });
});
