/**
 * The 56-bit numbers of OpenTelemetry's consistent probability sampling (specification, "TraceState:
 * Probability Sampling"): a randomness in [0, 2^56), and a rejection threshold in [0, 2^56], where 2^56
 * means never. An item is kept when threshold <= randomness.
 * Held as two halves, upper 24 (25 for never) and lower 32 bits, in objects that are reused.
 */
export class Bits56 {
  high = 0;
  low = 0;

  set(high: number, low: number): void {
    this.high = high;
    this.low = low;
  }

  copy(other: Bits56): void {
    this.high = other.high;
    this.low = other.low;
  }

  above(other: Bits56): boolean {
    return this.high > other.high || (this.high === other.high && this.low > other.low);
  }

  get isNever(): boolean {
    return this.high === NEVER_HIGH;
  }
}

const NEVER_HIGH = 0x1000000;
const TWO_32 = 0x100000000;
const TWO_56 = 2 ** 56;
/** Hex digits of 56 bits. */
export const DIGITS = 14;
/** The least probability that can be said. */
export const PROBABILITY_MIN = 2 ** -56;

/** Keeps everything. */
export function setAlways(bits: Bits56): void {
  bits.set(0, 0);
}

/** As a threshold: keeps nothing. */
export function setNever(bits: Bits56): void {
  bits.set(NEVER_HIGH, 0);
}

/** As a randomness: kept by every threshold but never. */
export function setAll(bits: Bits56): void {
  bits.set(0xffffff, 0xffffffff);
}

/** The probability that a threshold stands for, rounded to a double. */
export function probabilityOf(threshold: Bits56): number {
  const borrow = threshold.low === 0 ? 0 : 1;
  const high = NEVER_HIGH - threshold.high - borrow;
  const low = borrow === 0 ? 0 : TWO_32 - threshold.low;
  return (high * TWO_32 + low) / TWO_56;
}

/**
 * Sets the threshold for a probability, rounded to `precision` hex digits (1 to 14), not counting the
 * leading digits 0 or f that a very large or small probability brings. False: out of [2^-56, 1].
 */
export function setProbability(threshold: Bits56, probability: number, precision: number): boolean {
  if (!(probability >= PROBABILITY_MIN && probability <= 1)) return false;
  if (probability === 1) {
    setAlways(threshold);
    return true;
  }
  const extra = Math.max(leadingDigits(probability), leadingDigits(1 - probability));
  const scaled = Math.round(probability * TWO_56);
  const scaledLow = scaled % TWO_32;
  const scaledHigh = (scaled - scaledLow) / TWO_32;
  const borrow = scaledLow === 0 ? 0 : 1;
  threshold.set(NEVER_HIGH - scaledHigh - borrow, borrow === 0 ? 0 : TWO_32 - scaledLow);
  roundTo(threshold, Math.min(DIGITS, precision + extra));
  return true;
}

/** Rounds to the nearest value with `digits` hex digits, half upwards. */
function roundTo(bits: Bits56, digits: number): void {
  const shift = 4 * (DIGITS - digits);
  if (shift === 0) return;
  const half = shift - 1;
  let { high, low } = bits;
  if (half >= 32) high += 2 ** (half - 32);
  else {
    low += 2 ** half;
    if (low >= TWO_32) {
      low -= TWO_32;
      high++;
    }
  }
  if (shift >= 32) {
    low = 0;
    high -= high % 2 ** (shift - 32);
  } else low -= low % 2 ** shift;
  bits.set(high, low);
}

const double = new DataView(new ArrayBuffer(8));

/** Whole hex digits of zeros behind the point: -exponent / 4, towards zero, with the fraction in [1/2, 1). */
function leadingDigits(fraction: number): number {
  double.setFloat64(0, fraction);
  const exponent = ((double.getUint32(0) >>> 20) & 0x7ff) - 1022;
  return Math.trunc(exponent / -4);
}

/** Writes all 14 digits; returns the address behind them. */
export function writeDigits(bytes: Uint8Array, at: number, { high, low }: Bits56): number {
  for (let digit = 0; digit < 6; digit++) bytes[at + digit] = hexCode((high >>> (20 - digit * 4)) & 15);
  for (let digit = 6; digit < DIGITS; digit++) bytes[at + digit] = hexCode((low >>> (52 - digit * 4)) & 15);
  return at + DIGITS;
}

/** Writes a threshold below never without its trailing zeros, "0" for always; returns the address behind it. */
export function writeThreshold(bytes: Uint8Array, at: number, threshold: Bits56): number {
  let end = writeDigits(bytes, at, threshold);
  while (end > at + 1 && bytes[end - 1] === 0x30) end--;
  return end;
}

/** Reads hex digits, of either case, as the leading ones of 14. False when there are others, or too many, or none. */
export function readDigits(bits: Bits56, bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || end - start > DIGITS) return false;
  let high = 0;
  let low = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const value = start + digit < end ? hexValue(bytes[start + digit] ?? 0) : 0;
    if (value < 0) return false;
    if (digit < 6) high = high * 16 + value;
    else low = low * 16 + value;
  }
  bits.set(high, low);
  return true;
}

/** Without a branch, which random digits would take by chance. */
function hexCode(value: number): number {
  return value + 0x30 + (((9 - value) >> 31) & 0x27);
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
