/**
 * Paths into a message that occurs once: `status.code`, `positive.offset`. Setting writes that message
 * anew, small as it is, with its other fields and the unknown ones, and makes it where it is missing.
 */
import { INT_VALUE, STRING_VALUE } from "../../otlp/any-value.ts";
import { textAt } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import { delimited } from "../../wire/message.ts";
import { after, LEN, readVarint, skipValue, VARINT, writeVarint } from "../../wire/varint.ts";
import { writeVarint64 } from "../../otlp/field-bytes.ts";
import type { Operand } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { StatementError, type Value } from "../value.ts";
import { expectInt, expectText } from "./expect.ts";
import type { NumberOf } from "./fields.ts";
import { packedField, readNumbers } from "./messages.ts";
import { type Spot, spotOperand } from "./operand.ts";

/** Where a field is: field `number` in the message that is the view's field `parent`. */
export interface Inner {
  readonly spot: Spot;
  readonly parent: NumberOf;
  readonly number: number;
}

const encoder = new TextEncoder();

/** Where the value found by `find` ends. */
let foundEnd = 0;

/** Start of the field's value, its body where it has a length; -1 when absent. The last counts. */
function find(view: View, parent: number, number: number): number {
  const { bytes } = view;
  const stop = view.fieldEnd(parent);
  let found = -1;
  for (let at = view.field(parent); at >= 0 && at < stop;) {
    const tag = readVarint(bytes, at);
    const value = after;
    at = skipValue(bytes, value, tag);
    if (tag >>> 3 !== number) continue;
    if ((tag & 7) === LEN) readVarint(bytes, value);
    found = (tag & 7) === LEN ? after : value;
    foundEnd = at;
  }
  return found;
}

/** Puts a whole field, or nothing, in the place of the one there is. */
function put({ spot, parent, number }: Inner, subject: Subject, field: Uint8Array): void {
  const view = spot.view(subject);
  const outer = parent(view);
  if (outer === 0) throw new StatementError(`Cannot set a field that ${view.shape.name} does not have`);
  const { bytes } = view;
  const stop = view.fieldEnd(outer);
  const pieces: Uint8Array[] = [];
  for (let at = view.field(outer); at >= 0 && at < stop;) {
    const tag = readVarint(bytes, at);
    const next = skipValue(bytes, after, tag);
    if (tag >>> 3 !== number) pieces.push(bytes.subarray(at, next));
    at = next;
  }
  pieces.push(field);
  const body = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const piece of pieces) {
    body.set(piece, to);
    to += piece.length;
  }
  view.setContent(outer, body);
}

/** An integer of 32 bits, an enum's or (`zigzag`) a sint32; nil where the message has no such part. */
export function innerWhole(inner: Inner, zigzag = false): Operand {
  const { spot, parent, number } = inner;
  const read = (view: View): number => {
    const at = find(view, parent(view), number);
    const raw = at < 0 ? 0 : readVarint(view.bytes, at);
    return zigzag ? (raw >>> 1) ^ -(raw & 1) : raw | 0;
  };
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      return parent(view) === 0 ? null : BigInt(read(view));
    },
    set: (subject, value) => {
      const given = Number(BigInt.asIntN(32, expectInt(value)));
      put(inner, subject, given === 0 ? new Uint8Array(0) : varintField(number, zigzag ? ((given << 1) ^ (given >> 31)) >>> 0 : given));
    },
    place: (subject, place) => {
      const view = spot.view(subject);
      place.valueStart = -1;
      place.valueEnd = -1;
      place.kind = parent(view) === 0 ? 0 : INT_VALUE;
      if (place.kind === 0) return;
      place.low = read(view);
      place.high = place.low >> 31;
    },
  });
}

/** A negative value is one of 64 bits, as protobuf has it for int32. */
function varintField(number: number, value: number): Uint8Array {
  const out = new Uint8Array(20);
  const body = writeVarint(out, 0, (number << 3) | VARINT);
  return out.slice(0, writeVarint64(out, body, value >>> 0, value < 0 ? 0xffffffff : 0));
}

export function innerText(inner: Inner): Operand {
  const { spot, parent, number } = inner;
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const start = find(view, parent(view), number);
      return start < 0 ? "" : textAt(view.bytes, start, foundEnd);
    },
    set: (subject, value) => {
      const given = expectText(value);
      put(inner, subject, given === "" ? new Uint8Array(0) : delimited(number, encoder.encode(given)));
    },
    place: (subject, place) => {
      const view = spot.view(subject);
      const start = find(view, parent(view), number);
      place.kind = STRING_VALUE;
      place.valueStart = -1;
      place.valueEnd = -1;
      place.start = Math.max(start, 0);
      place.end = start < 0 ? place.start : foundEnd;
    },
  });
}

/** A packed list of uint64, as int64. */
export function innerNumbers(inner: Inner): Operand {
  const { spot, parent, number } = inner;
  return spotOperand(spot, {
    get: (subject): Value => {
      const view = spot.view(subject);
      const outer = parent(view);
      return outer === 0 ? null : readNumbers(view.bytes, view.field(outer), view.fieldEnd(outer), number, "varint64");
    },
    set: (subject, value) => put(inner, subject, packedField(number, value, "varint64")),
  });
}
