/**
 * What a conversion from OTLP/JSON leaves behind, and its bounds: the end of the text, the output's
 * limits, the first failure. Readers take a cursor into the text and one into the output; they return
 * the first and leave the second in `written`. A cursor of 0 is a failure.
 *
 * A reader may look at up to 16 bytes behind the text, and a token may even end there, which no check
 * in the hot path tells: every loop asks whether it is past `textEnd`, `fail` turns whatever went
 * wrong there into "truncated", and the entry refuses a document that ends behind its text.
 */

/** The codes of `readJson`; ../json-errors.ts says them in words. */
export const SYNTAX: i32 = -1;
export const TRUNCATED: i32 = -2;
export const DEPTH: i32 = -3;
export const NUMBER: i32 = -4;
export const HEX: i32 = -5;
export const BASE64: i32 = -6;
export const ENUM: i32 = -7;
export const TYPE: i32 = -8;
export const TEXT: i32 = -9;
export const TRAILING: i32 = -10;
export const FULL: i32 = -99;

/** Bytes that one member, the vectors behind it and the lengths and gaps of all open messages may take. */
const SLACK: usize = 4096;

export let textEnd: usize = 0;
/** The output's cursor, where a reader left it. */
export let written: usize = 0;
export let outEnd: usize = 0;
/** The last place where a member may begin. */
export let outLimit: usize = 0;
export let failure: i32 = 0;
export let failedAt: usize = 0;

/** False when the output is too small for anything. */
export function begin(end: usize, out: usize, limit: usize): bool {
  textEnd = end;
  written = out;
  outEnd = limit;
  failure = 0;
  failedAt = 0;
  if (limit < out || limit - out < SLACK) return false;
  outLimit = limit - SLACK;
  return true;
}

@inline
export function setWritten(out: usize): void {
  written = out;
}

/** Keeps `size` bytes at the output's end for something else. */
export function lowerLimit(size: usize): void {
  outEnd -= size;
  outLimit -= size;
}

/**
 * Returns 0, which is never a cursor. What fails behind the text fails because the text ends. (That it
 * calls itself keeps the optimizer from pasting it into every reader: 100 KB.)
 */
export function fail(code: i32, at: usize): usize {
  if (at > textEnd) return fail(code, textEnd);
  failure = at == textEnd && code != FULL ? TRUNCATED : code;
  failedAt = at;
  return 0;
}

/** A list or a message cannot go on: the text ended, or the output is full. */
export function stop(at: usize): usize {
  return fail(at >= textEnd ? TRUNCATED : FULL, at);
}

/** The value at `at` is not what its field takes; or it is no value. */
export function wrongType(at: usize): usize {
  const byte = <u32>load<u8>(at);
  const begins = byte == 0x22 || byte == 0x5b || byte == 0x7b || byte == 0x2d || byte - 0x30 < 10;
  return begins || isWord(at) ? fail(TYPE, at) : badWord(at);
}

/** Whether true, false or null begins here. */
export function isWord(at: usize): bool {
  const word = load<u32>(at);
  return word == 0x65757274 || word == 0x6c6c756e || (word == 0x736c6166 && load<u8>(at, 4) == 0x65);
}

/** No value begins at `at`, unless the text ends within true, false or null. */
export function badWord(at: usize): usize {
  const first = load<u8>(at);
  const word: u64 = first == 0x74 ? 0x65757274 : first == 0x6e ? 0x6c6c756e : first == 0x66 ? 0x65736c6166 : 0;
  const left = textEnd - at;
  if (left > 4) return fail(SYNTAX, at);
  const mask = ((<u64>1) << (left << 3)) - 1;
  return fail(SYNTAX, ((load<u64>(at) ^ word) & mask) == 0 ? textEnd : at);
}
