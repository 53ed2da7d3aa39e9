/**
 * Text and attribute values as constants in the kernel's memory: what a rule compares with or
 * inserts is encoded once, when the configuration is read, and is from then on a range of addresses.
 */
import type { Range } from "../wire/chunk.ts";

/** UTF-8 text to compare with, and its place in a tape's 64-bit key set. */
export interface Text extends Range {
  readonly text: string;
  /** The bit of this key in the low, or the high, half of a key set. */
  readonly keyLow: number;
  readonly keyHigh: number;
}

/** The bit that the kernel sets for an attribute key of this length and last byte. */
export function keyBit(length: number, lastByte: number): number {
  return (length * 7 + lastByte) & 63;
}

/** The text that lies at [start, end) of the memory. */
export function textIn(bytes: Uint8Array, text: string, start: number, end: number): Text {
  const bit = keyBit(end - start, end === start ? 0 : (bytes[end - 1] ?? 0));
  return { start, end, text, keyLow: bit < 32 ? 1 << bit : 0, keyHigh: bit < 32 ? 0 : 1 << (bit - 32) };
}

/** False when a key set surely does not have this key. */
export function mayBeIn(low: number, high: number, key: Text): boolean {
  return (low & key.keyLow) !== 0 || (high & key.keyHigh) !== 0;
}

/** Whether [start, end) holds exactly the bytes of `text`. Compared from the end: keys differ there. */
export function isText(bytes: Uint8Array, start: number, end: number, text: Range): boolean {
  const length = end - start;
  if (length !== text.end - text.start) return false;
  for (let i = length - 1; i >= 0; i--) {
    if (bytes[start + i] !== bytes[text.start + i]) return false;
  }
  return true;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to here a loop is faster than a decoder, by far on Node and Deno; no slower on Bun. */
const SHORT_BYTES = 12;

/** The range as a string. Allocates: for people to read, not for rules. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_BYTES) return decoded(bytes, start, end);
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return decoded(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decoded(bytes: Uint8Array, start: number, end: number): string {
  // TextDecoder refuses shared memory in browsers, so the bytes are copied out first.
  return decoder.decode(bytes.slice(start, end));
}
