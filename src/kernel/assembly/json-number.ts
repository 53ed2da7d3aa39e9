/**
 * JSON's numbers, and those that OTLP/JSON writes as strings.
 *
 *     number = [ "-" ] ( "0" | "1".."9" { digit } ) [ "." digit { digit } ] [ ( "e" | "E" ) [ "+" | "-" ] digit { digit } ]
 *
 * Integers are exact: digits go into 64 bits, and a number with a fraction or an exponent is one only
 * if its value is. In a string an integer is `[ "-" ] digit { digit }`. Doubles of up to 15 digits and
 * small powers of ten are exact with one multiplication or division; the host parses the rest.
 */
import { NUMBER, fail, textEnd, wrongType } from "./json-state";
import { viewAt, viewEnd, viewString } from "./json-text";

// Addresses go out as doubles: JavaScript takes a high bit for a sign.
@external("env", "parseDouble")
declare function parseDouble(start: f64, end: f64): f64;

/** What an integer may be. */
export const I32: i32 = 0;
export const U32: i32 = 1;
export const I64: i32 = 2;
export const U64: i32 = 3;

/** Longer text is no number that anyone means; the host would take its time over it. */
const NUMBER_BYTES_MAX: usize = 1024;
const EXPONENT_MAX: i32 = 100_000;
const EXACT_MAX: u64 = 1 << 53;
/** 64 bits of ones, divided by ten; the remainder is 5. */
const TENTH: u64 = 1844674407370955161;
/** 10^0 to 10^22, all of which are exact. */
const POWERS: usize = memory.data<f64>([1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22]);

/** What `readInteger` read: two's complement for the signed kinds. */
export let integer: u64 = 0;
/** What `readDouble` read. */
export let real: f64 = 0;

export function setNumber(value: u64): void {
  integer = value;
}

/** What `scanNumber` read. */
let magnitude: u64 = 0;
let exponent: i32 = 0;
/** More digits than 64 bits hold. */
let lossy: bool = false;

/** Whether eight bytes are digits. */
@inline
function allDigits(text: u64): bool {
  return ((text & 0xf0f0f0f0f0f0f0f0) | (((text + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333;
}

/** The value of eight digits. */
@inline
function eightDigits(text: u64): u64 {
  text -= 0x3030303030303030;
  text = text * 10 + (text >> 8);
  return (((text & 0x000000ff000000ff) * 0x000f424000000064 + ((text >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32) & 0xffffffff;
}

/** An integer of the kind, bare or in a string, into `integer`. Returns behind it. */
export function readInteger(at: usize, kind: i32): usize {
  const first = load<u8>(at);
  const quoted = first == 0x22;
  // Near the end of the text, where vectors would read too far.
  if (at + 32 > textEnd) return quoted ? readQuotedInteger(at, kind) : readLongInteger(at, kind);
  let p = at + <usize>quoted;
  const negative = load<u8>(p) == 0x2d;
  p += <usize>negative;
  const digits = p;
  let value: u64 = 0;
  let text = load<u64>(p);
  if (allDigits(text)) {
    value = eightDigits(text);
    p += 8;
    text = load<u64>(p);
    if (allDigits(text)) {
      value = value * 100_000_000 + eightDigits(text);
      p += 8;
    }
  }
  for (let digit = <u32>load<u8>(p) - 0x30; digit < 10 && p - digits < 19; digit = <u32>load<u8>(p) - 0x30) {
    value = value * 10 + digit;
    p++;
  }
  const stop = load<u8>(p);
  if (quoted) {
    if (stop != 0x22 || p == digits) return readQuotedInteger(at, kind);
    p++;
  } else {
    if (p == digits) return readLongInteger(at, kind);
    const goesOn = stop == 0x2e || (stop | 0x20) == 0x65 || <u32>stop - 0x30 < 10;
    if (goesOn || (load<u8>(digits) == 0x30 && p - digits > 1)) return readLongInteger(at, kind);
  }
  return setInteger(value, negative, kind) ? p : fail(NUMBER, at);
}

/** Whether the value fits; it is then in `integer`. */
function setInteger(value: u64, negative: bool, kind: i32): bool {
  const n = <u64>negative;
  if (kind == U64) {
    if (negative && value != 0) return false;
  } else if (kind == I64) {
    if (value > 0x7fffffffffffffff + n) return false;
  } else if (kind == I32) {
    if (value > 0x7fffffff + n) return false;
  } else if (value > 0xffffffff || (negative && value != 0)) {
    return false;
  }
  integer = negative ? 0 - value : value;
  return true;
}

/** An integer in a string that is long, escaped or none. */
function readQuotedInteger(at: usize, kind: i32): usize {
  const after = viewString(at);
  if (after == 0) return 0;
  const negative = viewAt < viewEnd && load<u8>(viewAt) == 0x2d;
  let p = viewAt + <usize>negative;
  if (p >= viewEnd) return fail(NUMBER, at);
  let value: u64 = 0;
  for (; p < viewEnd; p++) {
    const digit = <u64>load<u8>(p) - 0x30;
    if (digit > 9 || value > TENTH || (value == TENTH && digit > 5)) return fail(NUMBER, at);
    value = value * 10 + digit;
  }
  return setInteger(value, negative, kind) ? after : fail(NUMBER, at);
}

/** A bare number with a fraction, an exponent or many digits, as an integer. */
function readLongInteger(at: usize, kind: i32): usize {
  if (!beginsNumber(at)) return wrongType(at);
  const after = scanNumber(at, textEnd);
  if (after == 0) return 0;
  let value = magnitude;
  if (value != 0) {
    if (lossy) return fail(NUMBER, at);
    // The last digit is not 0: a negative exponent leaves a fraction.
    if (exponent < 0 || exponent > 19) return fail(NUMBER, at);
    for (; exponent > 0; exponent--) {
      if (value > TENTH) return fail(NUMBER, at);
      value *= 10;
    }
  }
  return setInteger(value, load<u8>(at) == 0x2d, kind) ? after : fail(NUMBER, at);
}

/**
 * Behind the bare number at `at`, which ends by `end`. Leaves its digits without zeros at either side in
 * `magnitude` (what 64 bits hold, else `lossy`) and the power of ten that they are multiplied with.
 */
export function scanNumber(at: usize, end: usize): usize {
  let p = at + <usize>(load<u8>(at) == 0x2d);
  magnitude = 0;
  lossy = false;
  const whole = p;
  let zeros = 0;
  let count = 0;
  let point: usize = 0;
  let scale = 0;
  for (; p < end; p++) {
    const digit = <u32>load<u8>(p) - 0x30;
    if (digit > 9) {
      if (digit != <u32>-2 || point != 0 || p == whole) break;
      point = p;
      continue;
    }
    if (point != 0) scale--;
    if (digit == 0) {
      zeros += <i32>(count != 0);
      continue;
    }
    count += zeros + 1;
    if (count > 20) {
      lossy = true;
    } else {
      for (; zeros > 0; zeros--) magnitude *= 10;
      lossy = magnitude > TENTH || (magnitude == TENTH && digit > 5);
      if (!lossy) magnitude = magnitude * 10 + digit;
    }
    zeros = 0;
  }
  const digitsEnd = p;
  if (digitsEnd == whole || digitsEnd == point + 1) return fail(NUMBER, p < end ? p : end);
  if (load<u8>(whole) == 0x30 && digitsEnd - whole > 1 && point != whole + 1) return fail(NUMBER, whole + 1);
  exponent = scale + zeros;
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = p < end ? <u32>load<u8>(p) : 0;
    if (sign == 0x2b || sign == 0x2d) p++;
    const from = p;
    let power = 0;
    for (; p < end; p++) {
      const digit = <u32>load<u8>(p) - 0x30;
      if (digit > 9) break;
      if (power < EXPONENT_MAX) power = power * 10 + digit;
    }
    if (p == from) return fail(NUMBER, p < end ? p : end);
    if (power >= EXPONENT_MAX) lossy = true;
    exponent += sign == 0x2d ? -power : power;
  }
  return p;
}

/** `true` or `false`, into `integer`. Returns behind it. */
export function readBool(at: usize): usize {
  const word = load<u32>(at);
  if (word == 0x65757274) {
    integer = 1;
    return at + 4;
  }
  if (word != 0x736c6166 || load<u8>(at, 4) != 0x65) return wrongType(at);
  integer = 0;
  return at + 5;
}

/** A double, bare or in a string, into `real`. Returns behind it. */
export function readDouble(at: usize): usize {
  if (load<u8>(at) == 0x22) return readQuotedDouble(at);
  if (!beginsNumber(at)) return wrongType(at);
  const after = scanNumber(at, textEnd);
  if (after == 0) return 0;
  return setReal(at, after) ? after : fail(NUMBER, at);
}

@inline
function beginsNumber(at: usize): bool {
  return <u32>load<u8>(at) - 0x30 < 10 || load<u8>(at) == 0x2d;
}

/** The value of the number that was just scanned. */
function setReal(at: usize, end: usize): bool {
  const negative = load<u8>(at) == 0x2d;
  if (!lossy && magnitude <= EXACT_MAX && exponent >= -22 && exponent <= 22) {
    const value = <f64>magnitude;
    const power = load<f64>(POWERS + (<usize>abs(exponent) << 3));
    real = copysign(exponent < 0 ? value / power : value * power, negative ? -1.0 : 1.0);
    return true;
  }
  if (magnitude == 0) {
    real = negative ? -0.0 : 0.0;
    return true;
  }
  if (end - at > NUMBER_BYTES_MAX) return false;
  real = parseDouble(<f64>at, <f64>end);
  return isFinite(real);
}

function readQuotedDouble(at: usize): usize {
  const after = viewString(at);
  if (after == 0) return 0;
  const from = viewAt;
  const size = viewEnd - from;
  if (size == 3 && (load<u32>(from) & 0xffffff) == 0x4e614e) {
    real = NaN;
    return after;
  }
  const negative = size > 0 && load<u8>(from) == 0x2d;
  const word = from + <usize>negative;
  // "Infinity"
  if (size - <usize>negative == 8 && load<u64>(word) == 0x7974696e69666e49) {
    real = negative ? -Infinity : Infinity;
    return after;
  }
  if (size == 0) return fail(NUMBER, at);
  if (scanNumber(from, viewEnd) != viewEnd || !setReal(from, viewEnd)) return fail(NUMBER, at);
  return after;
}
