/** Messages put together from parts that lie outside of the memory. For what is small: everything is copied. */
import { LEN, varintSize, writeVarint } from "./varint.ts";

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
