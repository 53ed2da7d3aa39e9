/** Doubles by `%e %f %g %x %b` and `%v`, digit for digit as Go writes them. */
import { padded, paddedBlank, type Verb } from "./sprintf-verb.ts";

/** Undefined for a verb that doubles have not. */
export function formatFloat(verb: Verb, value: number): string | undefined {
  if (!"vbgGxXfFeE".includes(verb.verb)) return undefined;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? "-" : verb.plus ? "+" : verb.blank ? " " : "";
  if (Number.isNaN(value)) return paddedBlank(`${sign}NaN`, verb);
  if (!Number.isFinite(value)) return paddedBlank(`${sign === "" ? "+" : sign}Inf`, verb);
  const size = Math.abs(value);
  const text = digitsBy(verb, size);
  const shown = "EGX".includes(verb.verb) ? text.toUpperCase() : text;
  if (sign === "" || !verb.zero || verb.minus) return padded(sign + shown, verb);
  return sign + shown.padStart(verb.width - sign.length, "0");
}

function digitsBy({ verb, precision, sharp }: Verb, size: number): string {
  switch (verb) {
    case "b":
      return mantissaAndPower(size);
    case "x":
    case "X": {
      const text = hexadecimal(size, precision);
      return sharp ? withPoint(text, verb === "x" ? (precision ?? 6) : 0, "p") : text;
    }
    case "f":
    case "F":
    case "e":
    case "E": {
      const text = verb === "f" || verb === "F" ? fixed(size, precision ?? 6) : exponent(size, precision ?? 6);
      return sharp ? withPoint(text, 0, "e") : text;
    }
    default: {
      const text = general(size, precision);
      return sharp ? withPoint(text, precision ?? 6, "e") : text;
    }
  }
}

/** `4503599627370496p-52`. */
function mantissaAndPower(value: number): string {
  const [mantissa, power] = partsOf(value);
  return `${mantissa}p${power < 0 ? "-" : "+"}${Math.abs(power)}`;
}

const FRACTION_BITS = 52;
const FRACTION_DIGITS = FRACTION_BITS / 4;

/** `0x1.8p+00`: one digit before the point, rounded half to even. */
function hexadecimal(value: number, precision: number | undefined): string {
  if (value === 0) return `0x0${precision === undefined || precision === 0 ? "" : `.${"0".repeat(precision)}`}p+00`;
  const [mantissa, two] = partsOf(value);
  const missing = FRACTION_BITS + 1 - mantissa.toString(2).length;
  const places = Math.min(precision ?? FRACTION_DIGITS, FRACTION_DIGITS);
  const rounded = roundedQuotient(mantissa << BigInt(missing), 1n << BigInt(4 * (FRACTION_DIGITS - places)));
  // Rounding may have carried into a second digit; what follows are noughts.
  const carried = rounded >> BigInt(4 * places) > 1n;
  const fraction = rounded.toString(16).slice(1);
  const digits = precision === undefined ? fraction.replace(/0+$/, "") : fraction.padEnd(precision, "0");
  return `0x1${digits === "" ? "" : `.${digits}`}p${signed(two - missing + FRACTION_BITS + (carried ? 1 : 0))}`;
}

/** An exponent: its sign, and two digits at least. */
function signed(power: number): string {
  return `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** Exact to any number of places: the double is a whole number over a power of two. */
function fixed(value: number, places: number): string {
  const [mantissa, power] = partsOf(value);
  if (power >= 0) {
    const whole = String(mantissa << BigInt(power));
    return places === 0 ? whole : `${whole}.${"0".repeat(places)}`;
  }
  const scaled = roundedQuotient(mantissa * 10n ** BigInt(places), 1n << BigInt(-power));
  const digits = String(scaled).padStart(places + 1, "0");
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** Half goes to the even digit. */
function roundedQuotient(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  const twice = (value % by) * 2n;
  return twice > by || (twice === by && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function partsOf(value: number): readonly [bigint, number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const power = Number(bits >> 52n) & 0x7ff;
  const fraction = bits & ((1n << 52n) - 1n);
  return power === 0 ? [fraction, -1074] : [fraction | (1n << 52n), power - 1075];
}

function exponent(value: number, places: number): string {
  const [digits, power] = significant(value, places + 1);
  return joined(digits, power);
}

/** The first digits of the value, rounded half to even, and the power of ten of the first. */
function significant(value: number, count: number): readonly [string, number] {
  if (value === 0) return ["0".repeat(count), 0];
  let power = Math.floor(Math.log10(value));
  for (;;) {
    const digits = scaledDigits(value, count - 1 - power);
    // The logarithm may be off by one, or the rounding may have carried.
    if (digits.length === count) return [digits, power];
    power += digits.length > count ? 1 : -1;
  }
}

/** The value times ten to a power, rounded to a whole number. */
function scaledDigits(value: number, power: number): string {
  const [mantissa, two] = partsOf(value);
  const up = mantissa * (power > 0 ? 10n ** BigInt(power) : 1n) * (two > 0 ? 1n << BigInt(two) : 1n);
  const down = (power < 0 ? 10n ** BigInt(-power) : 1n) * (two < 0 ? 1n << BigInt(-two) : 1n);
  return String(roundedQuotient(up, down));
}

function joined(digits: string, power: number): string {
  return `${digits.charAt(0)}${digits.length > 1 ? `.${digits.slice(1)}` : ""}e${signed(power)}`;
}

/** From this power of ten on the shortest form has an exponent. */
const SHORT_POWER_MAX = 6;

/** What `#` asks for: a point always, and noughts up to so many digits before the exponent, which begins with `mark`. */
function withPoint(text: string, count: number, mark: "e" | "p"): string {
  const [head = "", tail] = text.split(mark);
  const given = head.replace(".", "").replace(/^0+/, "").length;
  const missing = Math.max(0, count - Math.max(given, head === "0" ? 1 : 0));
  return `${head}${head.includes(".") ? "" : "."}${"0".repeat(missing)}${tail === undefined ? "" : `${mark}${tail}`}`;
}

/** The shorter of the two forms: with an exponent below 1e-4 and from as many digits on as are asked for. */
function general(value: number, precision: number | undefined): string {
  if (precision === undefined) {
    const [digits, power] = shortest(value);
    return power < -4 || power >= SHORT_POWER_MAX ? joined(digits, power) : plainDigits(digits, power);
  }
  const count = Math.max(precision, 1);
  const [all, power] = significant(value, count);
  const digits = all.replace(/0+$/, "") || "0";
  return power < -4 || power >= count ? joined(digits, power) : plainDigits(digits, power);
}

/** The fewest digits that read back the same. */
function shortest(value: number): readonly [string, number] {
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  return [mantissa.replace(".", ""), Number(power)];
}

function plainDigits(digits: string, power: number): string {
  if (power < 0) return `0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  return digits.length > power + 1 ? `${whole}.${digits.slice(power + 1)}` : whole;
}
