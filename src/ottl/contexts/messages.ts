/** Paths to what is repeated or a message of its own: events, points, exemplars, status, buckets, packed numbers. */
import { doubleAt, signed64 } from "../../otlp/any-value.ts";
import { writeDouble, writeVarint64 } from "../../otlp/field-bytes.ts";
import { type View, word } from "../../otlp/view.ts";
import type { Level } from "../../pipeline/step.ts";
import { concatenated, delimited } from "../../wire/message.ts";
import { after, LEN, readVarint, readVarintHigh, skipValue } from "../../wire/varint.ts";
import type { Operand } from "../contract.ts";
import { StatementError, typeName, type Value } from "../value.ts";
import { expectDouble, expectInt, expectList } from "./expect.ts";
import type { NumberOf } from "./fields.ts";
import { MessageList } from "./message-list.ts";
import { type Spot, spotOperand } from "./operand.ts";

/** Runs `use` with the start and end of each occurrence's value; of one that is length-delimited, its body. */
export function eachField(view: View, number: number, use: Use): void {
  eachIn(view.bytes, view.fieldTag(number), view.fieldEnd(number), number, use);
}

type Use = (start: number, end: number) => void;

/** The same among the fields at [from, stop); `from` -1: none. */
export function eachIn(bytes: Uint8Array, from: number, stop: number, number: number, use: Use): void {
  for (let at = from; at >= 0 && at < stop;) {
    const tag = readVarint(bytes, at);
    const value = after;
    const next = skipValue(bytes, value, tag);
    if (tag >>> 3 === number) {
      if ((tag & 7) === LEN) readVarint(bytes, value);
      use((tag & 7) === LEN ? after : value, next);
    }
    at = next;
  }
}

export interface MessagesOptions {
  /** The level of the messages, which a statement may walk too. */
  readonly level?: Level;
  /** In a context whose statements run on these messages, or below: they can be counted, not set. */
  readonly frozen?: true;
}

/** A repeated message as a value; nil where the message has no such field. */
export function messages(spot: Spot, numberOf: NumberOf, kind: (view: View) => string, { level, frozen }: MessagesOptions = {}): Operand {
  const levels = level === undefined ? [spot.level] : [spot.level, level];
  return spotOperand(spot, {
    // The exemplars' level is below all: a step that looks at its own peers counts as one that looks below itself (step.ts).
    reads: frozen ? [...levels, "exemplar"] : levels,
    writes: frozen ? [] : levels,
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      if (number === 0) return null;
      const found: Uint8Array[] = [];
      eachField(view, number, (start, end) => found.push(view.bytes.slice(start, end)));
      return new MessageList(kind(view), found);
    },
    set: frozen
      ? undefined
      : (subject, value) => {
          const view = spot.view(subject);
          const number = numberOf(view);
          if (number === 0) throw new StatementError(`Cannot set a field that ${view.shape.name} does not have`);
          const given = expectMessages(value, kind(view));
          view.setFieldsFrom(number, concatenated(given.map((body) => delimited(number, body))));
        },
  });
}

/** A message that occurs once, as a value. */
export function message(spot: Spot, numberOf: NumberOf, kind: string): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      if (number === 0) return null;
      const start = view.field(number);
      return new MessageList(kind, [start < 0 ? new Uint8Array(0) : view.bytes.slice(start, view.fieldEnd(number))]);
    },
    set: (subject, value) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      const [body] = value === null ? [] : expectMessages(value, kind);
      if (number === 0 || body === undefined) throw new StatementError(`Cannot set a ${kind} of ${view.shape.name} to a value of type ${typeName(value)}`);
      view.setContent(number, body);
    },
  });
}

function expectMessages(value: Value, kind: string): readonly Uint8Array[] {
  if (value === null) return [];
  if (value instanceof MessageList && value.kind === kind) return value;
  throw new StatementError(`Cannot set messages of kind ${kind} to a value of type ${typeName(value)}`);
}

/** How the numbers of a packed list lie. */
export type PackedKind = "double" | "fixed64" | "varint64" | "int32";

/** A packed list of numbers as a list; nil where the message has no such field. */
export function numbers(spot: Spot, numberOf: NumberOf, kind: PackedKind, settable = true): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      return number === 0 ? null : readNumbers(view.bytes, view.fieldTag(number), view.fieldEnd(number), number, kind);
    },
    set: settable
      ? (subject, value) => {
          const view = spot.view(subject);
          const number = numberOf(view);
          if (number === 0) throw new StatementError(`Cannot set a field that ${view.shape.name} does not have`);
          view.setFieldsFrom(number, packedField(number, value, kind));
        }
      : undefined,
  });
}

/** A whole packed field; nothing for an empty list. */
export function packedField(number: number, value: Value, kind: PackedKind): Uint8Array {
  const body = encodeNumbers(expectList(value), kind);
  return body.length === 0 ? body : delimited(number, body);
}

/** The numbers in field `number`, packed or one by one, among the fields at [from, stop). */
export function readNumbers(bytes: Uint8Array, from: number, stop: number, number: number, kind: PackedKind): Value[] {
  const list: Value[] = [];
  eachIn(bytes, from, stop, number, (start, end) => {
    for (let at = start; at < end;) at = readNumber(bytes, at, kind, list);
  });
  return list;
}

/** Appends the number at `at`; returns where it ends. */
function readNumber(bytes: Uint8Array, at: number, kind: PackedKind, list: Value[]): number {
  if (kind === "double") list.push(doubleAt(bytes, at));
  else if (kind === "fixed64") list.push(signed64(word(bytes, at), word(bytes, at + 4)));
  else {
    const low = readVarint(bytes, at);
    const end = after;
    list.push(kind === "int32" ? BigInt(low | 0) : signed64(low, readVarintHigh(bytes, at)));
    return end;
  }
  return at + 8;
}

function encodeNumbers(list: readonly Value[], kind: PackedKind): Uint8Array {
  const out = new Uint8Array(list.length * 10);
  let at = 0;
  for (const value of list) {
    if (kind === "double") {
      writeDouble(out, at, expectDouble(value));
      at += 8;
      continue;
    }
    const halves = BigInt.asUintN(64, expectInt(value));
    const low = Number(halves & 0xffffffffn);
    const high = Number(halves >> 32n);
    if (kind === "fixed64") {
      new DataView(out.buffer).setBigUint64(at, halves, true);
      at += 8;
    } else at = writeVarint64(out, at, low, kind === "int32" ? ((low | 0) < 0 ? 0xffffffff : 0) : high);
  }
  return out.slice(0, at);
}
