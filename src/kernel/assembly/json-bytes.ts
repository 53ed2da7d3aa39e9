/** Bytes as OTLP/JSON has them: ids in hexadecimal of either case, all others in base64. */
import { BASE64, FULL, HEX, TRUNCATED, fail, outLimit, setWritten, textEnd, wrongType } from "./json-state";
import { hexDigit, plainEnd, putLength, putTag, skipString, unescape, viewAt, viewEnd, viewString } from "./json-text";

/** Values of base64's digits, both alphabets; 255 for what is none. */
const SIX_BITS: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 62, 255, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, 255, 255, 255,
  255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 63,
  255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
]);

/** Sixteen hexadecimal digits as eight bytes in the low half; `hexValid` says whether they were. */
let hexValid: bool = false;

@inline
function eightBytes(text: v128): v128 {
  const digit = i8x16.sub(text, i8x16.splat(0x30));
  const letter = i8x16.sub(v128.or(text, i8x16.splat(0x20)), i8x16.splat(0x61));
  const isDigit = i8x16.lt_u(digit, i8x16.splat(10));
  const isLetter = i8x16.lt_u(letter, i8x16.splat(6));
  hexValid = i8x16.all_true(v128.or(isDigit, isLetter));
  const nibbles = v128.bitselect(digit, i8x16.add(letter, i8x16.splat(10)), isDigit);
  const pairs = v128.or(i16x8.shl(nibbles, 4), i16x8.shr_u(nibbles, 8));
  return i8x16.narrow_i16x8_u(v128.and(pairs, i16x8.splat(0xff)), i16x8.splat(0));
}

/** An id: its tag, its length, its bytes, whatever their number. Nothing when there are none. */
export function readHex(at: usize, out: usize, tag: u32, keep: bool): usize {
  if (load<u8>(at) != 0x22) return wrongType(at);
  const from = at + 1;
  // A span's id, a trace's id; not at the very end of the text, where the vectors would read too far.
  if (from + 33 > textEnd) return readOtherHex(at, out, tag, keep);
  const low = eightBytes(v128.load(from));
  if (!hexValid) return readOtherHex(at, out, tag, keep);
  if (load<u8>(from, 16) == 0x22) {
    out = putTag(out, tag);
    store<u8>(out, 8);
    v128.store(out + 1, low);
    setWritten(out + 9);
    return from + 17;
  }
  const high = eightBytes(v128.load(from, 16));
  if (!hexValid || load<u8>(from, 32) != 0x22) return readOtherHex(at, out, tag, keep);
  out = putTag(out, tag);
  store<u8>(out, 16);
  v128.store(out + 1, low);
  v128.store(out + 9, high);
  setWritten(out + 17);
  return from + 33;
}

function readOtherHex(at: usize, out: usize, tag: u32, keep: bool): usize {
  const after = viewString(at);
  if (after == 0) return 0;
  const size = (viewEnd - viewAt) >>> 1;
  setWritten(out);
  // Text with escapes that is too long for the scratch is no id.
  const lost = viewEnd == viewAt && after - at > 2;
  if (lost || ((viewEnd - viewAt) & 1) != 0) return fail(HEX, at);
  if (size == 0 && !keep) return after;
  if (size > outLimit - out) return fail(FULL, at);
  out = putLength(putTag(out, tag), size);
  for (let p = viewAt; p < viewEnd; p += 2) {
    const high = hexDigit(load<u8>(p));
    const low = hexDigit(load<u8>(p, 1));
    if ((high | low) > 15) return fail(HEX, at);
    store<u8>(out++, (high << 4) | low);
  }
  setWritten(out);
  return after;
}

/** A bytes field from base64, standard or URL-safe, padded or not. */
export function readBase64(at: usize, out: usize, tag: u32, keep: bool): usize {
  if (load<u8>(at) != 0x22) return wrongType(at);
  let from = at + 1;
  let stop = plainEnd(from);
  if (stop >= textEnd) return fail(TRUNCATED, textEnd);
  let after = stop + 1;
  if (load<u8>(stop) != 0x22) {
    // Some encoders escape "/".
    after = skipString(at);
    if (after == 0) return 0;
    const room = after - at + 32;
    if (room * 2 > outLimit - out) return fail(FULL, at);
    const to = out + room;
    stop = unescape(from, after - 1, to);
    from = to;
  }
  const size = withoutPadding(from, stop);
  if ((size & 3) == 1) return fail(BASE64, at);
  setWritten(out);
  if (size == 0 && !keep) return stop == from ? after : fail(BASE64, at);
  const bytes = (size >>> 2) * 3 + ((size & 3) * 3 >>> 2);
  if (bytes + 16 > outLimit - out) return fail(FULL, at);
  out = putLength(putTag(out, tag), bytes);
  setWritten(out + bytes);
  return decode(from, from + size, out) ? after : fail(BASE64, at);
}

/** Digits in [from, stop): padding must fill a group of four. 1, which is no size, when it does not. */
function withoutPadding(from: usize, stop: usize): usize {
  const size = stop - from;
  if (size == 0 || load<u8>(stop - 1) != 0x3d) return size;
  if ((size & 3) != 0) return 1;
  return load<u8>(stop - 2) == 0x3d ? size - 2 : size - 1;
}

/** Four digits become three bytes. */
function decode(at: usize, end: usize, out: usize): bool {
  let bad: u32 = 0;
  while (at + 4 <= end) {
    const a = sixBits(load<u8>(at));
    const b = sixBits(load<u8>(at, 1));
    const c = sixBits(load<u8>(at, 2));
    const d = sixBits(load<u8>(at, 3));
    bad |= a | b | c | d;
    const three = (a << 18) | (b << 12) | (c << 6) | d;
    store<u8>(out, three >> 16);
    store<u8>(out, three >> 8, 1);
    store<u8>(out, three, 2);
    at += 4;
    out += 3;
  }
  if (at < end) {
    const a = sixBits(load<u8>(at));
    const b = sixBits(load<u8>(at, 1));
    const c = end - at > 2 ? sixBits(load<u8>(at, 2)) : 0;
    bad |= a | b | c;
    store<u8>(out, (a << 2) | (b >> 4));
    if (end - at > 2) store<u8>(out, (b << 4) | (c >> 2), 1);
  }
  return bad < 64;
}

/** The value of a digit in either alphabet; 64 or more when it is none. */
function sixBits(byte: u32): u32 {
  return load<u8>(SIX_BITS + byte);
}
