/**
 * Writes protobuf from front to back into one growing buffer, for telemetry that is made up. A nested
 * message is opened with one byte for its length and moved once when that was too little, so lengths
 * are always canonical. Limit: 2 GiB, which no batch comes near.
 */
import { I32, I64, LEN, VARINT, varintSize, writeVarint } from "../../wire/varint.ts";

const FIRST_BYTES = 64 * 1024;
/** The most that a number, its tag included, takes. */
const NUMBER_BYTES_MAX = 16;

const encoder = new TextEncoder();

/** A writer of one message after another: fill it, `take` the bytes, fill it again. */
export class MessageWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Opens the message in `field`; give what this returns to `end`. */
  begin(field: number): number {
    this.#tag(field, LEN);
    return this.#at++;
  }

  /** Closes the message that `begin` opened, and writes its length. */
  end(mark: number): void {
    const length = this.#at - mark - 1;
    const more = varintSize(length) - 1;
    if (more > 0) {
      this.#room(more);
      this.#bytes.copyWithin(mark + 1 + more, mark + 1, this.#at);
      this.#at += more;
    }
    writeVarint(this.#bytes, mark, length);
  }

  /** A number from 0 to 2^32 - 1: uint32, enums, bool as 0 and 1. */
  varint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  /** An int64 from its value. */
  int64(field: number, value: bigint): void {
    this.#tag(field, VARINT);
    this.#varint64(BigInt.asUintN(64, value));
  }

  /** An sint32, in zigzag. */
  sint32(field: number, value: number): void {
    this.varint(field, ((value << 1) ^ (value >> 31)) >>> 0);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, I32);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** A fixed64 or an sfixed64. */
  fixed64(field: number, value: bigint): void {
    this.#tag(field, I64);
    this.#view.setBigUint64(this.#at, BigInt.asUintN(64, value), true);
    this.#at += 8;
  }

  double(field: number, value: number): void {
    this.#tag(field, I64);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, LEN);
    this.#at = writeVarint(this.#bytes, this.#at, value.length);
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Lone surrogates become U+FFFD, so that the text is always UTF-8. */
  text(field: number, value: string): void {
    const mark = this.begin(field);
    this.#room(value.length * 3);
    const ascii = writeAscii(this.#bytes, this.#at, value);
    this.#at += ascii ? value.length : encoder.encodeInto(value, this.#bytes.subarray(this.#at)).written;
    this.end(mark);
  }

  /** A packed run of fixed64. */
  packedFixed64(field: number, values: readonly number[]): void {
    this.#packedHead(field, values.length);
    for (const value of values) {
      this.#view.setBigUint64(this.#at, BigInt(value), true);
      this.#at += 8;
    }
  }

  /** A packed run of doubles. */
  packedDoubles(field: number, values: readonly number[]): void {
    this.#packedHead(field, values.length);
    for (const value of values) {
      this.#view.setFloat64(this.#at, value, true);
      this.#at += 8;
    }
  }

  /** A packed run of varints, each below 2^32. */
  packedVarints(field: number, values: readonly number[]): void {
    const mark = this.begin(field);
    for (const value of values) {
      this.#room(NUMBER_BYTES_MAX);
      this.#at = writeVarint(this.#bytes, this.#at, value);
    }
    this.end(mark);
  }

  /** What was written since the last time, as bytes of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return taken;
  }

  #packedHead(field: number, count: number): void {
    this.#tag(field, LEN);
    this.#at = writeVarint(this.#bytes, this.#at, count * 8);
    this.#room(count * 8);
  }

  #varint64(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  /** Makes room for a number behind the tag, too. */
  #tag(field: number, wireType: number): void {
    this.#room(NUMBER_BYTES_MAX);
    this.#at = writeVarint(this.#bytes, this.#at, ((field << 3) | wireType) >>> 0);
  }

  #room(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Short text is written faster so than by an encoder; false at the first character that is not ASCII. */
function writeAscii(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return false;
    bytes[at + i] = code;
  }
  return true;
}
