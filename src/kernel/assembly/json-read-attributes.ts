/**
 * Lists of attributes, most of any request. One that is written as JSON encoders write it, without
 * white space, key first and one short plain value, is read whole in one go, its lengths known before
 * anything is written; every other one is left to the generated reader.
 *
 *     {"key":"...","value":{"stringValue":"..."}}     or intValue, boolValue, doubleValue
 */
import { bodyInside, close } from "./json-length";
import { I64, integer, readDouble, readInteger, real } from "./json-number";
import { readKeyValue } from "./json-readers";
import { SYNTAX, TRUNCATED, fail, outLimit, setWritten, stop, textEnd, written, wrongType } from "./json-state";
import { copyText, lengthWidth, next, plainEnd, putEight, putLength, putTag, putVarint, special } from "./json-text";

const NULL: u32 = 0x6c6c756e;
/** Bytes of text that must lie before the end for the fixed-size loads of the quick way. */
const QUICK_BYTES: usize = 128;

/** What the last length of an attribute took. */
const guess: usize = memory.data<u8>([1]);

/** Behind the list at `at`, each of whose elements is written with the tag. */
export function readAttributes(at: usize, out: usize, tag: u32, depth: i32): usize {
  if (load<u8>(at) != 0x5b) return wrongType(at);
  at = next(at + 1);
  setWritten(out);
  if (at < textEnd && load<u8>(at) == 0x5d) return at + 1;
  while (true) {
    if (at >= textEnd || out > outLimit) return stop(at);
    let after = at + QUICK_BYTES < textEnd && depth < 64 ? quick(at, out, tag) : 0;
    if (after == 0) {
      after = slow(at, out, tag, depth);
      if (after == 0) return 0;
    }
    out = written;
    at = next(after);
    if (at >= textEnd) return fail(TRUNCATED, at);
    const byte = load<u8>(at);
    if (byte == 0x5d) return at + 1;
    if (byte != 0x2c) return fail(SYNTAX, at);
    at = next(at + 1);
  }
}

function slow(at: usize, out: usize, tag: u32, depth: i32): usize {
  const lengthAt = putTag(out, tag);
  const body = bodyInside(lengthAt, depth, guess);
  if (load<u32>(at) == NULL) {
    setWritten(body);
    at += 4;
  } else {
    at = readKeyValue(at, body, depth);
    if (at == 0) return 0;
  }
  setWritten(close(lengthAt, body, guess));
  return at;
}

/** Behind the attribute at `at`, or 0 when it is not of the usual form; nothing has failed then. */
@inline
function quick(at: usize, out: usize, tag: u32): usize {
  // {"key":"
  if (load<u64>(at) != 0x223a2279656b227b) return 0;
  const key = at + 8;
  const first = v128.load(key);
  const second = v128.load(key, 16);
  const found = <u32>special(first) | (<u32>special(second) << 16);
  if (found == 0) return 0;
  const keySize = <usize>ctz(found);
  at = key + keySize;
  // ","value":{"
  if (load<u8>(at) != 0x22 || load<u64>(at, 1) != 0x2265756c6176222c || (load<u32>(at, 9) & 0xffffff) != 0x227b3a) return 0;
  at += 12;
  // stringValue":"
  if (load<u64>(at) == 0x6156676e69727473 && load<u64>(at, 6) == 0x223a2265756c6156) return quickText(at + 14, out, tag, keySize, first, second);
  return quickNumber(at, out, tag, keySize, first, second);
}

@inline
function quickText(at: usize, out: usize, tag: u32, keySize: usize, first: v128, second: v128): usize {
  const low = v128.load(at);
  const high = v128.load(at, 16);
  const found = <u32>special(low) | (<u32>special(high) << 16);
  const end = found != 0 ? at + <usize>ctz(found) : plainEnd(at + 32);
  if (end + 3 > textEnd || load<u8>(end) != 0x22 || load<u16>(end, 1) != 0x7d7d) return 0;
  const size = end - at;
  const value = size + 1 + lengthWidth(size);
  const whole = keySize + 2 + value + 1 + lengthWidth(value);
  if (whole + 16 > outLimit - out) return 0;
  out = putLength(putTag(out, tag), whole);
  out = putKey(out, keySize, first, second);
  store<u8>(out++, 0x12);
  out = putLength(out, value);
  store<u8>(out++, 0x0a);
  out = putLength(out, size);
  if (size <= 32) {
    v128.store(out, low);
    v128.store(out, high, 16);
  } else {
    copyText(out, at, size);
  }
  setWritten(out + size);
  return end + 3;
}

/** Keys of up to 32 bytes, which the two vectors hold. */
@inline
function putKey(out: usize, keySize: usize, first: v128, second: v128): usize {
  store<u8>(out, 0x0a);
  store<u8>(out, <u8>keySize, 1);
  v128.store(out, first, 2);
  v128.store(out, second, 18);
  return out + 2 + keySize;
}

/** With a key of up to 32 bytes all lengths take one byte. */
function quickNumber(at: usize, out: usize, tag: u32, keySize: usize, first: v128, second: v128): usize {
  const lengthAt = putTag(out, tag);
  const value = putKey(lengthAt + 1, keySize, first, second);
  let to = value + 2;
  const word = load<u64>(at);
  // intValue":
  if (word == 0x65756c6156746e69 && load<u16>(at, 8) == 0x3a22) {
    const from = at + 10;
    at = readInteger(from, I64);
    if (at == 0) return 0;
    store<u8>(to, 0x18);
    to = putVarint(to + 1, integer);
  } else if (word == 0x756c61566c6f6f62 && (load<u32>(at, 8) & 0xffffff) == 0x3a2265) {
    // boolValue":
    const text = load<u32>(at, 11);
    store<u8>(to, 0x10);
    store<u8>(to, <u8>(text == 0x65757274), 1);
    to += 2;
    if (text == 0x65757274) at += 15;
    else if (text == 0x736c6166 && load<u8>(at, 15) == 0x65) at += 16;
    else return 0;
  } else if (word == 0x6156656c62756f64 && load<u32>(at, 8) == 0x2265756c && load<u8>(at, 12) == 0x3a) {
    // doubleValue":
    const from = at + 13;
    at = readDouble(from);
    if (at == 0) return 0;
    store<u8>(to, 0x21);
    to = putEight(to + 1, reinterpret<u64>(real));
  } else {
    return 0;
  }
  if (at + 2 > textEnd || load<u16>(at) != 0x7d7d) return 0;
  store<u8>(lengthAt, <u8>(to - lengthAt - 1));
  store<u8>(value, 0x12);
  store<u8>(value, <u8>(to - value - 2), 1);
  setWritten(to);
  return at + 2;
}
