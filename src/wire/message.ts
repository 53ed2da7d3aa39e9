/** Messages put together from parts that lie outside of the memory. For what is small: everything is copied. */
import { I64, LEN, VARINT, varintSize, writeVarint } from "./varint.ts";

const encoder = new TextEncoder();

/** The parts, end to end. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A field of wire type 2. */
export function delimited(field: number, body: Uint8Array): Uint8Array {
  const tag = (field << 3) | LEN;
  const whole = new Uint8Array(varintSize(tag) + varintSize(body.length) + body.length);
  whole.set(body, writeVarint(whole, writeVarint(whole, 0, tag), body.length));
  return whole;
}

/** A string field. */
export function textField(field: number, value: string): Uint8Array {
  return delimited(field, encoder.encode(value));
}

/** A field of wire type 0. `value` is at most 2^32 - 1. */
export function varintField(field: number, value: number): Uint8Array {
  const tag = (field << 3) | VARINT;
  const bytes = new Uint8Array(varintSize(tag) + varintSize(value));
  writeVarint(bytes, writeVarint(bytes, 0, tag), value);
  return bytes;
}

/** A field of wire type 1 with an integer. */
export function fixed64Field(field: number, value: bigint): Uint8Array {
  return eightBytes(field, (view, at) => view.setBigUint64(at, value, true));
}

/** A field of wire type 1 with a double. */
export function doubleField(field: number, value: number): Uint8Array {
  return eightBytes(field, (view, at) => view.setFloat64(at, value, true));
}

function eightBytes(field: number, set: (view: DataView, at: number) => void): Uint8Array {
  const tag = (field << 3) | I64;
  const bytes = new Uint8Array(varintSize(tag) + 8);
  set(new DataView(bytes.buffer), writeVarint(bytes, 0, tag));
  return bytes;
}
