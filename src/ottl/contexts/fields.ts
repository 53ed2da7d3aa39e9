/**
 * Paths to singular fields, by their kind in the generated tables. A field that is set to its default is
 * removed, but where presence says something (oneofs, `optional`): what the Collector would write.
 */
import { BOOL_VALUE, doubleAt, INT_VALUE, signed64, STRING_VALUE } from "../../otlp/any-value.ts";
import type { MessageSchema } from "../../otlp/tables.ts";
import { textAt } from "../../otlp/text.ts";
import type { View } from "../../otlp/view.ts";
import type { Operand, Place } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { Id, StatementError, Time, type Value } from "../value.ts";
import { expectBool, expectBytes, expectDouble, expectId, expectInt, expectText, expectTime } from "./expect.ts";
import { type Spot, spotOperand } from "./operand.ts";

/** A field's number in the message that the view stands on; 0 where the message has no such field. */
export type NumberOf = (view: View) => number;

export function fieldNumber(schema: MessageSchema, name: string): number {
  return schema.fields.find((field) => field.name === name)?.number ?? 0;
}

/** The same name in several messages. */
export function numberIn(schemas: readonly MessageSchema[], name: string): NumberOf {
  const [only] = schemas;
  if (only !== undefined && schemas.length === 1) {
    const number = fieldNumber(only, name);
    return () => number;
  }
  const numbers = new Map(schemas.map((schema) => [schema.name, fieldNumber(schema, name)]));
  return ({ shape }) => numbers.get(shape.name) ?? 0;
}

/** Sets by `write`; the number is the field's. A message without such a field cannot be set. */
function setting(spot: Spot, numberOf: NumberOf, write: (view: View, number: number, value: Value) => void): (subject: Subject, value: Value) => void {
  return (subject, value) => {
    const view = spot.view(subject);
    const number = numberOf(view);
    if (number === 0) throw new StatementError(`Cannot set a field that ${view.shape.name} does not have`);
    write(view, number, value);
  };
}

const encoder = new TextEncoder();

export function text(spot: Spot, numberOf: NumberOf): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      return readText(view, numberOf(view));
    },
    set: setting(spot, numberOf, (view, number, value) => setText(view, number, expectText(value))),
    place: (subject, place) => {
      const view = spot.view(subject);
      placeText(view, numberOf(view), place);
    },
  });
}

export function readText(view: View, number: number): string {
  const start = view.field(number);
  return start < 0 ? "" : textAt(view.bytes, start, view.fieldEnd(number));
}

export function setText(view: View, number: number, value: string): void {
  if (value === "") view.clear(number);
  else view.setContent(number, encoder.encode(value));
}

export function placeText(view: View, number: number, place: Place): void {
  const start = view.field(number);
  place.kind = STRING_VALUE;
  place.valueStart = -1;
  place.valueEnd = -1;
  place.start = Math.max(start, 0);
  place.end = start < 0 ? place.start : view.fieldEnd(number);
}

export function bytes(spot: Spot, numberOf: NumberOf): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const start = view.field(numberOf(view));
      return start < 0 ? new Uint8Array(0) : view.bytes.slice(start, view.fieldEnd(numberOf(view)));
    },
    set: setting(spot, numberOf, (view, number, value) => {
      const content = expectBytes(value);
      if (content.length === 0) view.clear(number);
      else view.setContent(number, content);
    }),
  });
}

/** How an integer lies in a message. */
interface Whole {
  readonly low: (view: View, number: number) => number;
  readonly high: (view: View, number: number) => number;
  readonly write: (view: View, number: number, low: number, high: number) => void;
}

const signOf = (low: number): number => (low < 0 ? -1 : 0);
const unzigzag = (low: number): number => (low >>> 1) ^ -(low & 1);

/** What the Collector's setters keep of an int64: 32 bits of either sign, or all. */
const WHOLE: Readonly<Record<"int32" | "uint32" | "sint32" | "fixed32" | "varint64" | "fixed64", Whole>> = {
  int32: {
    low: (view, number) => view.varint(number) | 0,
    high: (view, number) => signOf(view.varint(number) | 0),
    write: (view, number, low) => view.setVarint64(number, low, signOf(low)),
  },
  uint32: {
    low: (view, number) => view.varint(number),
    high: () => 0,
    write: (view, number, low) => view.setVarint(number, low >>> 0),
  },
  sint32: {
    low: (view, number) => unzigzag(view.varint(number)),
    high: (view, number) => signOf(unzigzag(view.varint(number))),
    write: (view, number, low) => view.setVarint(number, ((low << 1) ^ (low >> 31)) >>> 0),
  },
  fixed32: {
    low: (view, number) => view.fixedLow(number),
    high: () => 0,
    write: (view, number, low) => view.setFixed32(number, low),
  },
  varint64: {
    low: (view, number) => view.varint(number),
    high: (view, number) => view.varintHigh(number),
    write: (view, number, low, high) => view.setVarint64(number, low, high),
  },
  fixed64: {
    low: (view, number) => view.fixedLow(number),
    high: (view, number) => view.fixedHigh(number),
    write: (view, number, low, high) => view.setFixed64(number, low, high),
  },
};

export type WholeKind = keyof typeof WHOLE;

export interface WholeOptions {
  /** In a oneof: written even when 0, and the other field, of this name, goes. */
  readonly instead?: NumberOf;
  /** Throws for what the Collector refuses. */
  readonly check?: (value: bigint) => void;
}

/** An integer as int64; nil where the message has no such field. */
export function whole(spot: Spot, numberOf: NumberOf, kind: WholeKind, { instead, check }: WholeOptions = {}): Operand {
  const { low, high, write } = WHOLE[kind];
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      return number === 0 ? null : signed64(low(view, number), high(view, number));
    },
    set: setting(spot, numberOf, (view, number, value) => {
      const given = expectInt(value);
      check?.(given);
      const halves = BigInt.asUintN(64, given);
      const lowHalf = Number(halves & 0xffffffffn) | 0;
      const highHalf = Number(halves >> 32n) | 0;
      const isZero = lowHalf === 0 && (highHalf === 0 || (kind !== "varint64" && kind !== "fixed64"));
      if (instead !== undefined) view.clear(instead(view));
      if (isZero && instead === undefined) view.clear(number);
      else write(view, number, lowHalf, highHalf);
    }),
    place: (subject, place) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      place.valueStart = -1;
      place.valueEnd = -1;
      place.kind = number === 0 ? 0 : INT_VALUE;
      if (number === 0) return;
      place.low = low(view, number);
      place.high = high(view, number);
    },
  });
}

/** Nanoseconds since 1970 in a fixed64 field, as time.Time. */
export function time(spot: Spot, numberOf: NumberOf): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      return number === 0 ? null : new Time(signed64(view.fixedLow(number), view.fixedHigh(number)));
    },
    set: setting(spot, numberOf, (view, number, value) => {
      const nanos = BigInt.asUintN(64, expectTime(value).unixNano);
      if (nanos === 0n) view.clear(number);
      else view.setFixed64(number, Number(nanos & 0xffffffffn), Number(nanos >> 32n));
    }),
  });
}

/** A double; nil where the message has no such field. `keep`: written even when 0. */
export function double(spot: Spot, numberOf: NumberOf, { instead, keep }: { readonly instead?: NumberOf; readonly keep?: NumberOf } = {}): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      if (number === 0) return null;
      const at = view.field(number);
      return at < 0 ? 0 : doubleAt(view.bytes, at);
    },
    set: setting(spot, numberOf, (view, number, value) => {
      const given = expectDouble(value);
      if (instead !== undefined) view.clear(instead(view));
      if (Object.is(given, 0) && instead === undefined && (keep === undefined || keep(view) === 0)) view.clear(number);
      else view.setDouble(number, given);
    }),
  });
}

export function bool(spot: Spot, numberOf: NumberOf): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      const number = numberOf(view);
      return number === 0 ? null : view.varint(number) !== 0;
    },
    set: setting(spot, numberOf, (view, number, value) => {
      if (expectBool(value)) view.setVarint(number, 1);
      else view.clear(number);
    }),
    place: (subject, place) => {
      const view = spot.view(subject);
      place.kind = numberOf(view) === 0 ? 0 : BOOL_VALUE;
      place.valueStart = -1;
      place.valueEnd = -1;
      place.low = view.varint(numberOf(view));
      place.high = 0;
    },
  });
}

const ID_BYTES: Readonly<Record<Id["kind"], number>> = { trace: 16, span: 8, profile: 16 };

export interface IdOptions {
  /** Called after the field was set. */
  readonly done?: (subject: Subject) => void;
  /** An id of zeros is refused. */
  readonly notEmpty?: true;
}

/** An id; absent and all zeros are the same. */
export function id(spot: Spot, numberOf: NumberOf, kind: Id["kind"], options: IdOptions = {}): Operand {
  return spotOperand(spot, {
    get: (subject) => new Id(kind, idAt(spot.view(subject), numberOf, kind)),
    set: (subject, value) => setId(subject, spot, numberOf, expectId(value, kind), options),
  });
}

/** The same in hexadecimal, lower case. */
export function idText(spot: Spot, numberOf: NumberOf, kind: Id["kind"], options: IdOptions = {}): Operand {
  return spotOperand(spot, {
    get: (subject) => Array.from(idAt(spot.view(subject), numberOf, kind), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    set: (subject, value) => setId(subject, spot, numberOf, parseId(expectText(value), kind), options),
  });
}

function idAt(view: View, numberOf: NumberOf, kind: Id["kind"]): Uint8Array {
  const number = numberOf(view);
  const start = view.field(number);
  const length = ID_BYTES[kind];
  return start < 0 || view.fieldEnd(number) - start !== length ? new Uint8Array(length) : view.bytes.slice(start, start + length);
}

function setId(subject: Subject, spot: Spot, numberOf: NumberOf, content: Uint8Array, { done, notEmpty }: IdOptions): void {
  const view = spot.view(subject);
  const isEmpty = content.every((byte) => byte === 0);
  if (isEmpty && notEmpty) throw new StatementError("Cannot set a profile id to zeros");
  if (isEmpty) view.clear(numberOf(view));
  else view.setContent(numberOf(view), content);
  done?.(subject);
}

function parseId(hex: string, kind: Id["kind"]): Uint8Array {
  const length = ID_BYTES[kind];
  if (hex.length !== length * 2) throw new StatementError(`Cannot read a ${kind} id: it must have ${length * 2} hexadecimal digits`);
  const out = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const byte = hex.slice(index * 2, index * 2 + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(byte)) throw new StatementError(`Cannot read a ${kind} id: ${JSON.stringify(byte)} is not hexadecimal`);
    out[index] = Number.parseInt(byte, 16);
  }
  return out;
}

/** An enum by names of its own, both ways; what has no name reads as `other`. */
export function enumText(spot: Spot, numberOf: NumberOf, names: readonly string[], other: string): Operand {
  return spotOperand(spot, {
    get: (subject) => {
      const view = spot.view(subject);
      return names[view.varint(numberOf(view))] ?? other;
    },
    set: setting(spot, numberOf, (view, number, value) => {
      const name = expectText(value);
      const found = names.indexOf(name);
      if (found < 0) throw new StatementError(`Cannot set a kind to ${JSON.stringify(name)}: known are ${names.join(", ")}`);
      if (found === 0) view.clear(number);
      else view.setVarint(number, found);
    }),
  });
}
