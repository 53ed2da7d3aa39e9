/** Fields and their values on plain offsets: what views, and rules that make a message anew, write and copy. */
import type { Kernel } from "../kernel/kernel.ts";
import { after, readVarint, skipValue } from "../wire/varint.ts";

const conversion = new DataView(new ArrayBuffer(8));

/** Writes 64 bits, given as unsigned halves, as a varint; returns the address behind it. At most 10 bytes. */
export function writeVarint64(bytes: Uint8Array, at: number, low: number, high: number): number {
  while (high !== 0 || low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/** Writes a little-endian 32-bit word. */
export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/** Writes a little-endian double. */
export function writeDouble(bytes: Uint8Array, at: number, value: number): void {
  conversion.setFloat64(0, value, true);
  writeWord(bytes, at, conversion.getUint32(0, true));
  writeWord(bytes, at + 4, conversion.getUint32(4, true));
}

/** Copies the fields of [start, end) to `to`, but for those whose number `left` says; returns where they end. */
export function copyFields(kernel: Kernel, start: number, end: number, to: number, left: (field: number) => boolean): number {
  const { bytes } = kernel;
  let from = start;
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const next = skipValue(bytes, after, tag);
    if (left(tag >>> 3)) {
      kernel.copy(to, from, at - from);
      to += at - from;
      from = next;
    }
    at = next;
  }
  kernel.copy(to, from, end - from);
  return to + end - from;
}
