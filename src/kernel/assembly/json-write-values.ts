/** Values as OTLP/JSON has them. Each function returns where its text ends; those that may fill the output return 0 then. */
import { special } from "./json-text";
import { behind, outLimit, setBehind, skipField, tagAt, varint } from "./json-write";
import { writeAnyValue, writeKeyValue } from "./json-writers";

// The address goes out as a double: JavaScript takes a high bit for a sign.
@external("env", "formatDouble")
declare function formatDouble(value: f64, at: f64): i32;

const HEX_DIGITS: usize = memory.data<u8>([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);
/** Base64's alphabet. */
const DIGITS: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
  81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99, 100, 101, 102,
  103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118,
  119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);
const E8: u64 = 100_000_000;
const E16: u64 = 10_000_000_000_000_000;
/** Doubles of up to so many digits are the only ones that their digits read as. */
const SHORT_MAX: f64 = 1e15;

/** An attribute: key first and one-byte lengths, as nearly all have, or as the generated writer does it. */
export function writeAttribute(at: usize, end: usize, out: usize): usize {
  const keySize = <usize>load<u8>(at, 1);
  const value = at + 2 + keySize;
  if (value < end && load<u8>(at) == 0x0a && keySize - 1 < 127 && load<u8>(value) == 0x12) {
    const size = <usize>load<u8>(value, 1);
    if (size < 128 && value + 2 + size == end) {
      // {"key":"
      store<u64>(out, 0x223a2279656b227b);
      out = writeText(at + 2, keySize, out + 8);
      if (out == 0) return 0;
      // ","value":
      store<u64>(out, 0x65756c6176222c22);
      store<u16>(out, 0x3a22, 8);
      out = writeAnyValue(value + 2, end, out + 10);
      if (out == 0) return 0;
      store<u8>(out, 0x7d);
      return out + 1;
    }
  }
  return writeKeyValue(at, end, out);
}

/** Text between quotes: sixteen bytes at a time while nothing needs an escape. */
export function writeText(at: usize, size: usize, out: usize): usize {
  if (out + size > outLimit + 128) return 0;
  const end = at + size;
  while (true) {
    const text = v128.load(at);
    v128.store(out, text);
    const left = end - at;
    let found = special(text);
    if (left < 16) found &= (1 << <i32>left) - 1;
    if (found == 0) {
      if (left <= 16) return out + left;
      at += 16;
      out += 16;
      continue;
    }
    const plain = <usize>ctz(found);
    at += plain;
    out = writeEscape(load<u8>(at), out + plain);
    at++;
    if (out + (end - at) > outLimit + 128) return 0;
  }
}

function writeEscape(byte: u32, out: usize): usize {
  const short: u32 = byte == 0x0a ? 0x6e : byte == 0x09 ? 0x74 : byte == 0x0d ? 0x72 : byte == 0x08 ? 0x62 : byte == 0x0c ? 0x66 : byte > 0x1f ? byte : 0;
  if (short != 0) {
    store<u16>(out, 0x5c | (short << 8));
    return out + 2;
  }
  // \u00
  store<u32>(out, 0x3030755c);
  store<u8>(out, load<u8>(HEX_DIGITS + (byte >> 4)), 4);
  store<u8>(out, load<u8>(HEX_DIGITS + (byte & 15)), 5);
  return out + 6;
}

/** The text fields with this tag in [at, end) as the rest of a JSON list; the first run ends at `behind`. */
export function writeTexts(at: usize, end: usize, tag: u32, out: usize): usize {
  let run: usize = 0;
  while (at < end) {
    if (out > outLimit) return 0;
    if (tagAt(at) != tag) {
      if (run == 0) run = at;
      at = skipField(at);
      continue;
    }
    const size = <usize>varint(behind);
    store<u8>(out, 0x22);
    at = behind + size;
    out = writeText(behind, size, out + 1);
    if (out == 0) return 0;
    store<u16>(out, 0x2c22);
    out += 2;
  }
  store<u16>(out - 1, 0x2c5d);
  setBehind(run == 0 ? end : run);
  return out + 1;
}

/** Sixteen digits for eight bytes; ids of any size. */
export function writeHex(at: usize, size: usize, out: usize): usize {
  if (out + size * 2 > outLimit + 128) return 0;
  const digits = v128.load(HEX_DIGITS);
  for (let done: usize = 0; done < size; done += 8) {
    const bytes = v128.load64_zero(at + done);
    const high = i8x16.swizzle(digits, i8x16.shr_u(bytes, 4));
    const low = i8x16.swizzle(digits, v128.and(bytes, i8x16.splat(15)));
    v128.store(out + done * 2, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  }
  return out + size * 2;
}

export function writeBase64(at: usize, size: usize, out: usize): usize {
  if (out + ((size + 2) / 3) * 4 > outLimit + 128) return 0;
  const end = at + size;
  for (; at + 3 <= end; at += 3) {
    const three = (<u32>load<u8>(at) << 16) | (<u32>load<u8>(at, 1) << 8) | <u32>load<u8>(at, 2);
    store<u8>(out, digit(three >> 18));
    store<u8>(out, digit((three >> 12) & 63), 1);
    store<u8>(out, digit((three >> 6) & 63), 2);
    store<u8>(out, digit(three & 63), 3);
    out += 4;
  }
  if (at == end) return out;
  const two = (<u32>load<u8>(at) << 8) | (end - at == 2 ? <u32>load<u8>(at, 1) : 0);
  store<u8>(out, digit(two >> 10));
  store<u8>(out, digit((two >> 4) & 63), 1);
  store<u8>(out, end - at == 2 ? digit((two << 2) & 63) : 0x3d, 2);
  store<u8>(out, 0x3d, 3);
  return out + 4;
}

@inline
function digit(value: u32): u8 {
  return load<u8>(DIGITS + value);
}

export function writeBool(value: bool, out: usize): usize {
  // true, false
  store<u32>(out, value ? 0x65757274 : 0x736c6166);
  store<u8>(out, 0x65, 4);
  return out + (value ? 4 : 5);
}

export function writeSigned(value: i64, out: usize): usize {
  if (value >= 0) return writeUnsigned(<u64>value, out);
  store<u8>(out, 0x2d);
  return writeUnsigned(0 - <u64>value, out + 1);
}

/** Eight digits at a time, without a loop. */
export function writeUnsigned(value: u64, out: usize): usize {
  if (value < 10) {
    store<u8>(out, <u8>value + 0x30);
    return out + 1;
  }
  if (value < E8) return writeFirst(<u32>value, out);
  if (value < E16) {
    const high = value / E8;
    out = writeFirst(<u32>high, out);
    store<u64>(out, ascii(<u32>(value - high * E8)));
    return out + 8;
  }
  const high = value / E16;
  const rest = value - high * E16;
  const middle = rest / E8;
  out = writeFirst(<u32>high, out);
  store<u64>(out, ascii(<u32>middle));
  store<u64>(out, ascii(<u32>(rest - middle * E8)), 8);
  return out + 16;
}

/** One to eight digits. */
@inline
function writeFirst(value: u32, out: usize): usize {
  const digits = eightDigits(value);
  const zeros = ctz(digits) >> 3;
  store<u64>(out, (digits + 0x3030303030303030) >> (zeros << 3));
  return out + 8 - <usize>zeros;
}

@inline
function ascii(value: u32): u64 {
  return eightDigits(value) + 0x3030303030303030;
}

/** The eight digits of a number, the first in the lowest byte: halves, then pairs, then digits, side by side. */
@inline
function eightDigits(value: u32): u64 {
  const upper = value / 10_000;
  const halves = <u64>upper | (<u64>(value - upper * 10_000) << 32);
  const hundreds = ((halves * 10_486) >> 20) & 0x0000007f0000007f;
  const pairs = hundreds | ((halves - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((pairs - tens * 10) << 8);
}

/**
 * The shortest text that reads back the same. A whole number is its digits. One with up to six decimals
 * and fifteen digits is found by trying: m / 10^k is rounded once, as reading the text is, and no other
 * text so short comes to the same double. The host writes the rest.
 */
export function writeDouble(value: f64, out: usize): usize {
  const size = abs<f64>(value);
  if (size < 9007199254740992 && trunc<f64>(value) == value && (value != 0 || reinterpret<u64>(value) == 0)) return writeSigned(<i64>value, out);
  if (size >= 0.001 && size < 1e14) {
    let power: f64 = 10;
    for (let decimals = 1; decimals <= 6; decimals++) {
      const scaled = nearest<f64>(size * power);
      if (scaled >= SHORT_MAX) break;
      if (scaled / power == size) return writeDecimal(value < 0, <u64>scaled, <u64>power, decimals, out);
      power *= 10;
    }
  }
  return out + formatDouble(value, <f64>out);
}

function writeDecimal(negative: bool, scaled: u64, power: u64, decimals: i32, out: usize): usize {
  if (negative) store<u8>(out++, 0x2d);
  const whole = scaled / power;
  out = writeUnsigned(whole, out);
  store<u8>(out, 0x2e);
  // The last `decimals` of eight digits.
  store<u64>(out, ascii(<u32>(scaled - whole * power)) >> ((8 - <u64>decimals) << 3), 1);
  return out + 1 + decimals;
}
