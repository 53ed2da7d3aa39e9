/**
 * Numbers as the Collector's language reads and writes them, so that converted values are the same to
 * the last character. Differences to JavaScript: hexadecimal and underscored literals are read, blanks
 * are not, what overflows is an error, and minus zero has a sign.
 */
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const DECIMAL = /^[+-]?(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]_?([0-9a-fA-F](?:_?[0-9a-fA-F])*)?(?:\.([0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?[pP]([+-]?\d(?:_?\d)*)$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;
/** Bits of a mantissa that are kept before rounding; the rest only breaks ties. */
const MANTISSA_BITS = 64;

/** A decimal or hexadecimal literal, inf or nan; undefined when it is none, or too large for a double. */
export function parseDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text.replaceAll("_", ""));
    return Number.isFinite(value) ? value : undefined;
  }
  const infinity = INFINITY.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  return parseHexadecimal(text.replaceAll("_", "") === text || HEXADECIMAL.test(text) ? text : "");
}

function parseHexadecimal(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", power] = HEXADECIMAL.exec(text)?.map((part: string | undefined) => (part ?? "").replaceAll("_", "")) ?? [];
  if (power === undefined || whole + fraction === "") return undefined;
  let mantissa = BigInt(`0x${whole}${fraction}`);
  let exponent = Number(power) - fraction.length * 4;
  const excess = mantissa.toString(2).length - MANTISSA_BITS;
  if (excess > 0) {
    const cut = mantissa & ((1n << BigInt(excess)) - 1n);
    mantissa = (mantissa >> BigInt(excess)) | (cut === 0n ? 0n : 1n);
    exponent += excess;
  }
  // In two steps, so that neither power overflows on its own.
  const half = Math.trunc(exponent / 2);
  const value = Number(mantissa) * 2 ** half * 2 ** (exponent - half);
  if (!Number.isFinite(value)) return undefined;
  return sign === "-" ? -value : value;
}

/** Decimal digits with an optional sign, within 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value >= INT_MIN && value <= INT_MAX ? value : undefined;
}

/** A double cut to a 64-bit integer; what does not fit is the least one, as on the Collector's usual machines. */
export function toInt64(value: number): bigint {
  const cut = Math.trunc(value);
  return cut >= -(2 ** 63) && cut < 2 ** 63 ? BigInt(cut) : INT_MIN;
}

/** The shortest text that reads back the same, exponents below 1e-6 and from 1e21 on. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
