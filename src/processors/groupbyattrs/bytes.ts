/** Fields of a message as ranges of its bytes, and what they are compared by. */
import { after, readVarint, skipValue } from "../../wire/varint.ts";

/** A field, tag included: a view of the request's own bytes, or bytes that were made. */
export interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The fields in [start, end) but those of one number. The bytes were checked. */
export function fieldsBut(number: number, bytes: Uint8Array, start: number, end: number): Field[] {
  const fields: Field[] = [];
  for (let at = start; at < end;) {
    const from = at;
    const tag = readVarint(bytes, at);
    at = skipValue(bytes, after, tag);
    if (tag >>> 3 !== number) fields.push({ number: tag >>> 3, bytes: bytes.subarray(from, at) });
  }
  return fields;
}

/** The body of a field of wire type 2. */
export function bodyOf({ bytes }: Field): Uint8Array {
  readVarint(bytes, 0);
  const length = after;
  readVarint(bytes, length);
  return bytes.subarray(after);
}

export function sizeOf(fields: readonly Field[]): number {
  let size = 0;
  for (const { bytes } of fields) size += bytes.length;
  return size;
}

/** One text for fields in any order. */
export function keyOf(fields: readonly Field[]): string {
  return fields
    .map(({ bytes }) => latin1At(bytes, 0, bytes.length))
    .toSorted()
    .join("");
}

/** The length of [start, end), and its bytes as text of one unit each: no other ranges in a row have the same. */
export function latin1At(bytes: Uint8Array, start: number, end: number): string {
  let text = `${end - start}:`;
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
