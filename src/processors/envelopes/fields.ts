/**
 * A message outside of the pool as the list of its fields, in the order of the wire: what a stage
 * changes in an envelope. Lossless: a field that nobody replaces is copied as it is, unknown ones too.
 * Nothing is decoded until it is asked for.
 *
 * Invariant: the bytes were checked by the kernel, and each singular field occurs once.
 */
import { doubleAt, signed64 } from "../../otlp/any-value.ts";
import { textAt } from "../../otlp/text.ts";
import { word } from "../../otlp/view.ts";
import { after, I64, LEN, readVarint, readVarintHigh, skipValue, VARINT, varintSize, writeVarint } from "../../wire/varint.ts";

export interface Field {
  readonly number: number;
  /** Protobuf's wire type. */
  readonly wire: number;
  readonly bytes: Uint8Array;
  /** Where its tag is, where its value begins (its body, when it has a length), and where it ends. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export type Fields = readonly Field[];

const encoder = new TextEncoder();

/** The fields of the message at [start, end). They refer to `bytes`, which must not change. */
export function fieldsOf(bytes: Uint8Array, start = 0, end: number = bytes.length): Field[] {
  const fields: Field[] = [];
  for (let at = start; at < end;) {
    const tag = at;
    const key = readVarint(bytes, at);
    let value = after;
    at = skipValue(bytes, value, key);
    if ((key & 7) === LEN) {
      readVarint(bytes, value);
      value = after;
    }
    fields.push({ number: key >>> 3, wire: key & 7, bytes, tag, start: value, end: at });
  }
  return fields;
}

/** The fields of a message in a field; none when it is absent. */
export function inside(field: Field | undefined): Field[] {
  return field === undefined ? [] : fieldsOf(field.bytes, field.start, field.end);
}

export function find(fields: Fields, number: number): Field | undefined {
  return fields.find((field) => field.number === number);
}

/** The whole field's bytes, tag included. */
export function sizeOf(fields: Fields): number {
  let size = 0;
  for (const { tag, end } of fields) size += end - tag;
  return size;
}

/** The message's bytes, a copy. */
export function encode(fields: Fields): Uint8Array {
  const bytes = new Uint8Array(sizeOf(fields));
  writeAll(bytes, 0, fields);
  return bytes;
}

/** The same fields over bytes of their own: what is kept for long must not keep a whole request alive. */
export function copied(fields: Fields): Field[] {
  return fieldsOf(encode(fields));
}

/** A field with a message of these fields. */
export function messageField(number: number, fields: Fields): Field {
  const length = sizeOf(fields);
  const { bytes, start } = header(number, length);
  writeAll(bytes, start, fields);
  return { number, wire: LEN, bytes, tag: 0, start, end: bytes.length };
}

export function bytesField(number: number, body: Uint8Array): Field {
  const { bytes, start } = header(number, body.length);
  bytes.set(body, start);
  return { number, wire: LEN, bytes, tag: 0, start, end: bytes.length };
}

export function textField(number: number, text: string): Field {
  return bytesField(number, encoder.encode(text));
}

/** An unsigned integer, or a signed one as its 64 bits. */
export function varintField(number: number, value: bigint): Field {
  const key = (number << 3) | VARINT;
  const bytes = new Uint8Array(varintSize(key) + 10);
  const start = writeVarint(bytes, 0, key);
  const end = writeVarint64(bytes, start, BigInt.asUintN(64, value));
  return { number, wire: VARINT, bytes, tag: 0, start, end };
}

export function fixed64Field(number: number, value: bigint): Field {
  const { view, field } = eight(number);
  view.setBigUint64(field.start, BigInt.asUintN(64, value), true);
  return field;
}

export function doubleField(number: number, value: number): Field {
  const { view, field } = eight(number);
  view.setFloat64(field.start, value, true);
  return field;
}

/** A packed list of 64-bit integers of eight bytes each. */
export function packedFixed64(number: number, values: readonly bigint[]): Field {
  const { bytes, start } = header(number, values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setBigUint64(start + index * 8, BigInt.asUintN(64, value), true));
  return { number, wire: LEN, bytes, tag: 0, start, end: bytes.length };
}

/** A packed list of doubles. */
export function packedDoubles(number: number, values: readonly number[]): Field {
  const { bytes, start } = header(number, values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat64(start + index * 8, value, true));
  return { number, wire: LEN, bytes, tag: 0, start, end: bytes.length };
}

/** A packed list of unsigned integers as varints. */
export function packedVarints(number: number, values: readonly bigint[]): Field {
  const body = new Uint8Array(values.length * 10);
  let end = 0;
  for (const value of values) end = writeVarint64(body, end, BigInt.asUintN(64, value));
  return bytesField(number, body.subarray(0, end));
}

/** `fields` with this one in the place of the one with its number, or at the end. */
export function withField(fields: Fields, field: Field): Field[] {
  const at = fields.findIndex(({ number }) => number === field.number);
  return at < 0 ? [...fields, field] : fields.with(at, field);
}

/** `fields` without those of these numbers; the list itself when there are none. */
export function without(fields: Fields, ...numbers: readonly number[]): Fields {
  return fields.some(({ number }) => numbers.includes(number)) ? fields.filter(({ number }) => !numbers.includes(number)) : fields;
}

/** Eight bytes as an unsigned integer; 0 when absent. */
export function fixed64Of(field: Field | undefined): bigint {
  return field === undefined ? 0n : (BigInt(word(field.bytes, field.start + 4)) << 32n) | BigInt(word(field.bytes, field.start));
}

/** Eight bytes as a signed integer; 0 when absent. */
export function sfixed64Of(field: Field | undefined): bigint {
  return BigInt.asIntN(64, fixed64Of(field));
}

/** 0 when absent. */
export function doubleOf(field: Field | undefined): number {
  return field === undefined ? 0 : doubleAt(field.bytes, field.start);
}

/** The low 32 bits of a varint, unsigned; 0 when absent. */
export function varintOf(field: Field | undefined): number {
  return field === undefined ? 0 : readVarint(field.bytes, field.start);
}

/** A varint as a signed integer of 64 bits; 0 when absent. */
export function int64Of(field: Field | undefined): bigint {
  return field === undefined ? 0n : signed64(readVarint(field.bytes, field.start), readVarintHigh(field.bytes, field.start));
}

/** A sint32; 0 when absent. */
export function sint32Of(field: Field | undefined): number {
  const zigzag = varintOf(field);
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

export function sint32Field(number: number, value: number): Field {
  return varintField(number, BigInt(((value << 1) ^ (value >> 31)) >>> 0));
}

/** Empty when absent. */
export function textOf(field: Field | undefined): string {
  return field === undefined ? "" : textAt(field.bytes, field.start, field.end);
}

/** A list of eight-byte integers, packed or not. */
export function fixed64s(fields: Fields, number: number): bigint[] {
  return listOf(fields, number, I64, (bytes, at) => (BigInt(word(bytes, at + 4)) << 32n) | BigInt(word(bytes, at)));
}

/** A list of doubles, packed or not. */
export function doubles(fields: Fields, number: number): number[] {
  return listOf(fields, number, I64, doubleAt);
}

/** A list of unsigned varints, packed or not. */
export function varints(fields: Fields, number: number): bigint[] {
  return listOf(fields, number, VARINT, (bytes, at) => BigInt.asUintN(64, signed64(readVarint(bytes, at), readVarintHigh(bytes, at))));
}

function listOf<Value>(fields: Fields, number: number, wire: number, read: (bytes: Uint8Array, at: number) => Value): Value[] {
  const values: Value[] = [];
  for (const field of fields) {
    if (field.number !== number) continue;
    if (field.wire !== LEN) values.push(read(field.bytes, field.start));
    else {
      for (let at = field.start; at < field.end; at = skipValue(field.bytes, at, wire)) values.push(read(field.bytes, at));
    }
  }
  return values;
}

function header(number: number, length: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly start: number } {
  const key = (number << 3) | LEN;
  const bytes = new Uint8Array(varintSize(key) + varintSize(length) + length);
  return { bytes, start: writeVarint(bytes, writeVarint(bytes, 0, key), length) };
}

function eight(number: number): { readonly view: DataView; readonly field: Field } {
  const key = (number << 3) | I64;
  const start = varintSize(key);
  const bytes = new Uint8Array(start + 8);
  writeVarint(bytes, 0, key);
  return { view: new DataView(bytes.buffer), field: { number, wire: I64, bytes, tag: 0, start, end: start + 8 } };
}

function writeAll(bytes: Uint8Array, at: number, fields: Fields): void {
  for (const field of fields) {
    bytes.set(field.bytes.subarray(field.tag, field.end), at);
    at += field.end - field.tag;
  }
}

function writeVarint64(bytes: Uint8Array, at: number, value: bigint): number {
  while (value >= 0x80n) {
    bytes[at++] = Number(value & 0x7fn) | 0x80;
    value >>= 7n;
  }
  bytes[at++] = Number(value);
  return at;
}
