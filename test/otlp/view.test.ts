/** Views against the judge: every field of every item, in every order, by one view that moves along. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import type { Signal } from "../../src/base/signal.ts";
import { encodeAnyValue } from "../../src/otlp/any-value.ts";
import { Cursor } from "../../src/otlp/cursor.ts";
import type { FieldSchema } from "../../src/otlp/tables.ts";
import * as tables from "../../src/otlp/tables.ts";
import { ITEM_LEVEL, BODY_WORD, END_WORD, LEVEL_WORD, RECORD_WORDS, TAG_WORD } from "../../src/otlp/tape.ts";
import { textAt } from "../../src/otlp/text.ts";
import { View } from "../../src/otlp/view.ts";
import { EditScript } from "../../src/wire/script.ts";
import { Scratch } from "../../src/wire/scratch.ts";
import { admitted, testEngine } from "../harness/engine.ts";
import { judge, judgeOf, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";

function valueOf(view: View, { number, kind }: FieldSchema): unknown {
  if (!view.has(number)) return undefined;
  const wide = (low: number, high: number) => ((BigInt(high) << 32n) | BigInt(low)).toString();
  switch (kind) {
    case "string":
      return textAt(view.bytes, view.field(number), view.fieldEnd(number));
    case "bytes":
      return view.bytes.slice(view.field(number), view.fieldEnd(number));
    case "fixed64":
      return wide(view.fixedLow(number), view.fixedHigh(number));
    case "fixed32":
      return view.fixedLow(number);
    case "uint64":
      return wide(view.varint(number), view.varintHigh(number));
    default:
      return view.varint(number);
  }
}

const SCALARS = new Set(["string", "bytes", "fixed64", "fixed32", "uint64", "uint32", "enum"]);

function items(signal: Signal, bytes: Uint8Array): Plain[] {
  const names = { traces: ["resourceSpans", "scopeSpans", "spans"], logs: ["resourceLogs", "scopeLogs", "logRecords"] } as const;
  const [groups, scopes, leafs] = names[signal === "logs" ? "logs" : "traces"];
  return list(judge(signal).toObject(bytes), groups)
    .flatMap((group) => list(group, scopes))
    .flatMap((scope) => list(scope, leafs));
}

describe("View", () => {
  it.each([
    ["traces", tables.Span],
    ["logs", tables.LogRecord],
  ] as const)("reads every scalar field of %s as the judge does, absent ones included", (signal, schema) => {
    for (const order of ["ascending", "descending", "interleaved"] as const) {
      const engine = testEngine();
      const { bytes } = payload(signal, { items: 60, order, unknown: order === "interleaved" });
      const { chunk } = admitted(engine, signal, bytes);
      const cursor = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), signal);
      const { words, base, count } = engine.index(signal, chunk, ITEM_LEVEL);
      const wanted = items(signal, bytes);
      let seen = 0;
      for (let at = base; at < base + count * RECORD_WORDS; at += RECORD_WORDS) {
        if (((words[at + LEVEL_WORD] ?? 0) & 0xff) !== ITEM_LEVEL) continue;
        // With all fields found in one pass, and with each looked for alone.
        for (const anew of [false, true]) {
          cursor.item.at(words[at + TAG_WORD] ?? 0, words[at + BODY_WORD] ?? 0, words[at + END_WORD] ?? 0);
          for (const field of schema.fields) {
            if (anew) cursor.item.at(words[at + TAG_WORD] ?? 0, words[at + BODY_WORD] ?? 0, words[at + END_WORD] ?? 0);
            if (SCALARS.has(field.kind) && !field.repeated)
              expect(valueOf(cursor.item, field), `${field.name} of item ${seen}`).toEqual(wanted[seen]?.[field.jsonName]);
            else expect(cursor.item.has(field.number), `${field.name} of item ${seen}`).toBe(field.jsonName in (wanted[seen] ?? {}));
          }
        }
        seen++;
      }
      expect(seen).toBe(60);
      chunk.release();
    }
  });

  it("forgets the message before: a field that this one lacks is absent", () => {
    const engine = testEngine();
    const { encode } = judgeOf("opentelemetry.proto.trace.v1.Span");
    const full = encode({ name: "full", traceState: "a=b", kind: 2 });
    const bare = encode({ name: "bare" });
    const at = engine.constant(new Uint8Array([...full, ...bare])).start;
    const { item } = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "traces");
    item.at(at, at, at + full.length);
    expect(item.has(tables.SPAN_TRACE_STATE)).toBe(true);
    item.at(at, at + full.length, at + full.length + bare.length);
    expect([
      item.has(tables.SPAN_TRACE_STATE),
      item.field(tables.SPAN_TRACE_STATE),
      item.fieldEnd(tables.SPAN_TRACE_STATE),
      item.varint(tables.SPAN_KIND),
    ]).toEqual([false, -1, -1, 0]);
  });

  it.each(["never", "before", "behind"] as const)("sets a field that it is known to lack, and reads the others %s that", (reads) => {
    const engine = testEngine();
    const { encode, toObject } = judgeOf("opentelemetry.proto.trace.v1.Span");
    const bytes = encode({ name: "n", kind: 2, attributes: [{ key: "a", value: { intValue: "1" } }] });
    const at = engine.constant(Uint8Array.of(0x12, bytes.length, ...bytes)).start;
    const [start, end] = [at + 2, at + 2 + bytes.length];
    const scratch = new Scratch(engine.pool);
    const script = new EditScript();
    const view = new View(engine.desk(scratch, script), tables.Span, undefined, 2);
    const others = () => [
      view.varint(tables.SPAN_KIND),
      textAt(view.bytes, view.field(tables.SPAN_NAME), view.fieldEnd(tables.SPAN_NAME)),
      view.attributes.count,
    ];
    for (const [text, wanted] of [
      ["x=y", "x=y"],
      ["", undefined],
    ] as const) {
      script.reset(at, end);
      view.at(at, start, end);
      view.setLacked(tables.SPAN_TRACE_STATE);
      expect([view.has(tables.SPAN_TRACE_STATE), view.fieldTag(tables.SPAN_TRACE_STATE)]).toEqual([false, -1]);
      if (reads === "before") expect(others()).toEqual([2, "n", 1]);
      view.setContent(tables.SPAN_TRACE_STATE, new TextEncoder().encode("first"));
      if (text === "") view.clear(tables.SPAN_TRACE_STATE);
      else view.setContent(tables.SPAN_TRACE_STATE, new TextEncoder().encode(text));
      expect(view.has(tables.SPAN_TRACE_STATE)).toBe(wanted !== undefined);
      if (reads === "behind") expect(others()).toEqual([2, "n", 1]);
      expect(view.has(tables.SPAN_TRACE_STATE)).toBe(wanted !== undefined);
      if (wanted !== undefined) expect(textAt(view.bytes, view.field(tables.SPAN_TRACE_STATE), view.fieldEnd(tables.SPAN_TRACE_STATE))).toBe(wanted);
      view.flush();
      script.apply(scratch);
      const pieces = script.pieces();
      const edited: number[] = [];
      for (let piece = 0; piece < pieces.length; piece += 2) edited.push(...engine.bytes.subarray(pieces[piece], pieces[piece + 1]));
      const { traceState, name, kind } = toObject(Uint8Array.from(edited).subarray(2));
      expect({ traceState, name, kind }).toEqual({ traceState: wanted, name: "n", kind: 2 });
    }
    scratch.drop();
    view.close();
  });

  it("takes more attributes than it has room for, and gives the room back", () => {
    const engine = testEngine();
    const attributes = Array.from({ length: 1000 }, (_, i) => ({ key: `key.${i}`, value: { intValue: String(i) } }));
    const bytes = judgeOf("opentelemetry.proto.trace.v1.Span").encode({ attributes });
    const at = engine.constant(bytes).start;
    const cursor = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "traces");
    cursor.item.at(at, at, at + bytes.length);
    expect(cursor.item.attributes.count).toBe(1000);
    const last = engine.text("key.999");
    expect(cursor.item.attributes.find(last)).toBe(999);
    const value = engine.constant(encodeAnyValue("new"));
    const key = engine.text("another");
    cursor.item.attributes.add(key.start, key.end, value.start, value.end);
    expect(cursor.item.attributes.find(key)).toBe(1000);
    expect(engine.pool.blocks).toBeGreaterThan(0);
    cursor.close();
    expect(engine.pool.blocks).toBe(1);
  });

  it.each([0, 3, 63, 64, 65, 1000])("adds to a list of %i that nobody has read yet: what was there comes first", (length) => {
    const engine = testEngine();
    const attributes = Array.from({ length }, (_, i) => ({ key: `key.${i}`, value: { intValue: String(i) } }));
    const bytes = judgeOf("opentelemetry.proto.trace.v1.Span").encode({ name: "before", attributes, kind: 2 });
    const at = engine.constant(bytes).start;
    const value = engine.constant(encodeAnyValue("new"));
    const keys = Array.from({ length: 70 }, (_, i) => engine.text(`added.${i}`));
    const cursor = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "traces");
    for (const count of [1, 70]) {
      cursor.item.at(at, at, at + bytes.length);
      const entries = cursor.item.attributes;
      for (const key of keys.slice(0, count)) entries.add(key.start, key.end, value.start, value.end);
      expect(entries.count).toBe(length + count);
      const names = Array.from({ length: entries.count }, (_, entry) => textAt(entries.bytes, entries.keyStart(entry), entries.keyEnd(entry)));
      expect(names).toEqual([...attributes.map(({ key }) => key), ...keys.slice(0, count).map(({ text }) => text)]);
    }
    cursor.close();
    expect(engine.pool.blocks).toBe(1);
  });

  it("knows which keys it has, from the tape, before the list is read and behind it", () => {
    const engine = testEngine();
    const bytes = judgeOf("opentelemetry.proto.trace.v1.Span").encode({ attributes: [{ key: "there", value: { boolValue: true } }] });
    const at = engine.constant(bytes).start;
    const [value, added, other] = [engine.constant(encodeAnyValue(1n)), engine.text("added"), engine.text("another")];
    const there = engine.text("there");
    const cursor = new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "traces");
    const told = () => [cursor.item.mayHave(added), cursor.item.mayHave(other)];
    const { item } = cursor;
    item.at(at, at, at + bytes.length);
    expect([told(), item.attributes.find(there), item.attributes.find(added)]).toEqual([[true, true], 0, -1]);
    const turn = () => {
      item.at(at, at, at + bytes.length);
      item.setKeys(there.keyLow, there.keyHigh);
    };
    turn();
    expect([told(), item.mayHave(there), item.attributes.find(there)]).toEqual([[false, false], true, 0]);
    turn();
    cursor.item.attributes.add(added.start, added.end, value.start, value.end);
    expect(told()).toEqual([true, false]);
    expect([cursor.item.attributes.find(added), cursor.item.attributes.find(other)]).toEqual([1, -1]);
    turn();
    expect([told(), cursor.item.attributes.find(added)]).toEqual([[false, false], -1]);
    cursor.close();
  });
});
