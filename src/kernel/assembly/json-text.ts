/**
 * JSON's tokens that are text: white space, strings and keys.
 *
 *     string = '"' { any byte from 0x20 but '"' and '\' | '\' ( one of "\/bfnrt | u hex hex hex hex ) } '"'
 *
 * Strings are copied sixteen bytes at a time up to the first escape. Text that is not UTF-8 is
 * copied as it is: the check behind the conversion repairs it. Half of a surrogate pair is U+FFFD.
 */
import { FULL, SYNTAX, TEXT, TRUNCATED, fail, outLimit, setWritten, textEnd, wrongType } from "./json-state";

const SCRATCH_BYTES: usize = 512;
const scratch: usize = memory.data(544);

/** The key that `readKey` read, without quotes and escapes. */
export let keyAt: usize = 0;
export let keySize: usize = 0;
/** The string that `viewString` read, without quotes and escapes. */
export let viewAt: usize = 0;
export let viewEnd: usize = 0;

/** Where the next token begins. */
@inline
export function next(at: usize): usize {
  return load<u8>(at) > 0x20 ? at : skipSpace(at);
}

/** 32 bytes at a time, which also makes it too large for the optimizer to paste into every reader. */
function skipSpace(at: usize): usize {
  while (at < textEnd) {
    let other = <u32>notSpace(v128.load(at));
    if (other == 0 && at + 16 < textEnd) {
      at += 16;
      other = <u32>notSpace(v128.load(at));
    }
    if (other != 0) return min<usize>(at + <usize>ctz(other), textEnd);
    at += 16;
  }
  return textEnd;
}

@inline
function notSpace(text: v128): i32 {
  const blank = v128.or(i8x16.eq(text, i8x16.splat(0x20)), i8x16.eq(text, i8x16.splat(0x09)));
  const line = v128.or(i8x16.eq(text, i8x16.splat(0x0a)), i8x16.eq(text, i8x16.splat(0x0d)));
  return ~i8x16.bitmask(v128.or(blank, line)) & 0xffff;
}

/** A bit for each of sixteen bytes that ends a run of plain text: a quote, a backslash, a control. */
@inline
export function special(text: v128): i32 {
  return i8x16.bitmask(v128.or(v128.or(i8x16.eq(text, i8x16.splat(0x22)), i8x16.eq(text, i8x16.splat(0x5c))), i8x16.lt_u(text, i8x16.splat(0x20))));
}

/** The first special byte, or `textEnd`. */
export function plainEnd(at: usize): usize {
  while (at < textEnd) {
    const found = special(v128.load(at));
    if (found != 0) {
      at += ctz(found);
      return at < textEnd ? at : textEnd;
    }
    at += 16;
  }
  return textEnd;
}

/** Copies text with vectors: up to 15 bytes more than `size` are read and written. */
@inline
export function copyText(to: usize, from: usize, size: usize): void {
  for (let done: usize = 0; done < size; done += 16) v128.store(to + done, v128.load(from + done));
}

/** A member's key and its colon. Returns where the value begins. */
export function readKey(at: usize): usize {
  if (at >= textEnd || load<u8>(at) != 0x22) return fail(SYNTAX, at);
  const from = at + 1;
  const found = special(v128.load(from));
  const size = <usize>ctz(found);
  if (found != 0 && load<u8>(from + size) == 0x22) {
    keyAt = from;
    keySize = size;
    at = from + size + 1;
  } else {
    at = viewString(at);
    if (at == 0) return 0;
    keyAt = viewAt;
    keySize = viewEnd - viewAt;
  }
  if (at < textEnd) at = next(at);
  if (at >= textEnd || load<u8>(at) != 0x3a) return fail(SYNTAX, at);
  at = next(at + 1);
  return at < textEnd ? at : fail(TRUNCATED, at);
}

/**
 * Behind the string that begins at `at`, whose text is then between `viewAt` and `viewEnd`. Escapes,
 * rare in keys, ids and numbers, are undone in a scratch of our own; longer text than it is "".
 */
export function viewString(at: usize): usize {
  viewAt = at + 1;
  viewEnd = plainEnd(viewAt);
  if (viewEnd < textEnd && load<u8>(viewEnd) == 0x22) return viewEnd + 1;
  const after = skipString(at);
  if (after == 0) return 0;
  const size = after - 1 - viewAt;
  viewEnd = size > SCRATCH_BYTES ? scratch : unescape(viewAt, after - 1, scratch);
  viewAt = scratch;
  return after;
}

/** Behind the string that begins at `at`. */
export function skipString(at: usize): usize {
  at++;
  while (true) {
    at = plainEnd(at);
    if (at >= textEnd) return fail(TRUNCATED, textEnd);
    const byte = load<u8>(at);
    if (byte == 0x22) return at + 1;
    if (byte != 0x5c) return fail(TEXT, at);
    const size = escapeSize(at);
    if (size == 0) return badEscape(at);
    at += size;
  }
}

/** The escape at `at` is none, unless the text ends in it. */
function badEscape(at: usize): usize {
  let digit = at + 2;
  if (load<u8>(at, 1) == 0x75) while (digit < textEnd && hexDigit(load<u8>(digit)) < 16) digit++;
  return fail(TEXT, digit >= textEnd && load<u8>(at, 1) == 0x75 ? textEnd : at + 1);
}

/** Bytes of the escape at `at`: 2 or 6; 0 when it is none. */
function escapeSize(at: usize): usize {
  const byte = <u32>load<u8>(at, 1);
  if (byte == 0x75) return hexUnit(at + 2) < 0 ? 0 : 6;
  return simpleEscape(byte) == 0 ? 0 : 2;
}

/** What follows a backslash, as the byte that it means; 0 when nothing. */
function simpleEscape(byte: u32): u32 {
  if (byte == 0x22 || byte == 0x5c || byte == 0x2f) return byte;
  if (byte == 0x6e) return 0x0a;
  if (byte == 0x74) return 0x09;
  if (byte == 0x72) return 0x0d;
  if (byte == 0x62) return 0x08;
  return byte == 0x66 ? 0x0c : 0;
}

/** The value of four hexadecimal digits, or -1. */
function hexUnit(at: usize): i32 {
  const digits = (hexDigit(load<u8>(at)) << 12) | (hexDigit(load<u8>(at, 1)) << 8) | (hexDigit(load<u8>(at, 2)) << 4) | hexDigit(load<u8>(at, 3));
  return digits > 0xffff ? -1 : <i32>digits;
}

/** The value of a hexadecimal digit, or one whose bits stand above all others. */
export function hexDigit(byte: u32): u32 {
  const digit = byte - 0x30;
  if (digit < 10) return digit;
  const letter = (byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 0x10000;
}

/** Writes the text in [at, end), which `skipString` accepted, without its escapes. Returns where it ends; never longer. */
export function unescape(at: usize, end: usize, out: usize): usize {
  while (at < end) {
    const text = v128.load(at);
    const found = i8x16.bitmask(i8x16.eq(text, i8x16.splat(0x5c)));
    const size = min<usize>(found == 0 ? 16 : <usize>ctz(found), end - at);
    v128.store(out, text);
    at += size;
    out += size;
    if (at < end && load<u8>(at) == 0x5c) {
      const byte = <u32>load<u8>(at, 1);
      if (byte != 0x75) {
        store<u8>(out++, simpleEscape(byte));
        at += 2;
        continue;
      }
      let point = hexUnit(at + 2);
      at += 6;
      if ((point & 0xfc00) == 0xd800 && at + 6 <= end && load<u16>(at) == 0x755c) {
        const low = hexUnit(at + 2);
        if ((low & 0xfc00) == 0xdc00) {
          point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
          at += 6;
        }
      }
      out = putPoint(out, (point & ~0x7ff) == 0xd800 ? 0xfffd : point);
    }
  }
  return out;
}

/** One character as UTF-8. */
function putPoint(out: usize, point: u32): usize {
  if (point < 0x80) {
    store<u8>(out, point);
    return out + 1;
  }
  if (point < 0x800) {
    store<u8>(out, 0xc0 | (point >> 6));
    store<u8>(out, 0x80 | (point & 0x3f), 1);
    return out + 2;
  }
  if (point < 0x10000) {
    store<u8>(out, 0xe0 | (point >> 12));
    store<u8>(out, 0x80 | ((point >> 6) & 0x3f), 1);
    store<u8>(out, 0x80 | (point & 0x3f), 2);
    return out + 3;
  }
  store<u8>(out, 0xf0 | (point >> 18));
  store<u8>(out, 0x80 | ((point >> 12) & 0x3f), 1);
  store<u8>(out, 0x80 | ((point >> 6) & 0x3f), 2);
  store<u8>(out, 0x80 | (point & 0x3f), 3);
  return out + 4;
}

/**
 * A text field: its tag, its length, its bytes. With `keep` it is written even when it is empty.
 * Returns behind the string.
 */
export function readText(at: usize, out: usize, tag: u32, keep: bool): usize {
  if (load<u8>(at) != 0x22) return wrongType(at);
  const from = at + 1;
  const stop = plainEnd(from);
  if (stop >= textEnd) return fail(TRUNCATED, textEnd);
  if (load<u8>(stop) != 0x22) return readEscaped(at, out, tag);
  const size = stop - from;
  if (size == 0 && !keep) {
    setWritten(out);
    return stop + 1;
  }
  if (size > outLimit - out) return fail(FULL, at);
  out = putTag(out, tag);
  out = putLength(out, size);
  copyText(out, from, size);
  setWritten(out + size);
  return stop + 1;
}

/** A text field with escapes, which are never longer undone. */
function readEscaped(at: usize, out: usize, tag: u32): usize {
  const after = skipString(at);
  if (after == 0) return 0;
  const sizeMax = after - 1 - (at + 1);
  if (sizeMax + 16 > outLimit - out) return fail(FULL, at);
  out = putTag(out, tag);
  const body = out + lengthWidth(sizeMax);
  const size = unescape(at + 1, after - 1, body) - body;
  const to = putLength(out, size);
  if (to != body) memory.copy(to, body, size);
  setWritten(to + size);
  return after;
}

/** A tag of one or two bytes, which stand in `tag` with the first lowest. */
@inline
export function putTag(out: usize, tag: u32): usize {
  store<u16>(out, tag);
  return out + (tag > 0xff ? 2 : 1);
}

/** Bytes of a length as a varint. */
@inline
export function lengthWidth(size: usize): usize {
  return size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5;
}

@inline
export function putLength(out: usize, size: usize): usize {
  return size < 0x80 ? putShort(out, size) : putVarint(out, size);
}

@inline
function putShort(out: usize, value: usize): usize {
  store<u8>(out, <u8>value);
  return out + 1;
}

export function putVarint(out: usize, value: u64): usize {
  if (value < 0x80) {
    store<u8>(out, <u8>value);
    return out + 1;
  }
  store<u8>(out, <u8>value | 0x80);
  value >>= 7;
  if (value < 0x80) {
    store<u8>(out, <u8>value, 1);
    return out + 2;
  }
  store<u8>(out, <u8>value | 0x80, 1);
  return putVarint(out + 2, value >> 7);
}

@inline
export function putEight(out: usize, value: u64): usize {
  store<u64>(out, value);
  return out + 8;
}

@inline
export function putFour(out: usize, value: u32): usize {
  store<u32>(out, value);
  return out + 4;
}
