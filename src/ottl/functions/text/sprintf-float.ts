/** Doubles by `%e %f %g` and `%v`, digit for digit as Go writes them. */
import type { Verb } from "./sprintf.ts";

/** With its sign, before it is filled up to its width. */
export function formatFloat(verb: Verb, value: number): string {
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? "-" : verb.plus ? "+" : verb.blank ? " " : "";
  if (Number.isNaN(value)) return `${sign}NaN`;
  if (!Number.isFinite(value)) return `${sign === "" ? "+" : sign}Inf`;
  const size = Math.abs(value);
  const low = verb.verb.toLowerCase();
  let text: string;
  if (low === "f") text = fixed(size, verb.precision ?? 6);
  else if (low === "e") text = exponent(size, verb.precision ?? 6);
  else text = general(size, verb.precision);
  if (verb.sharp) text = withPoint(text, low === "g" || low === "v" ? (verb.precision ?? 6) : 0);
  return sign + (verb.verb === "E" || verb.verb === "G" ? text.toUpperCase() : text);
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
  const size = String(Math.abs(power)).padStart(2, "0");
  return `${digits.charAt(0)}${digits.length > 1 ? `.${digits.slice(1)}` : ""}e${power < 0 ? "-" : "+"}${size}`;
}

/** From this power of ten on the shortest form has an exponent. */
const SHORT_POWER_MAX = 6;

/** What `#` asks for: a point always, and noughts up to so many digits. */
function withPoint(text: string, count: number): string {
  const [head = "", tail] = text.split("e");
  const given = head.replace(".", "").replace(/^0+/, "").length;
  const missing = Math.max(0, count - Math.max(given, head === "0" ? 1 : 0));
  return `${head}${head.includes(".") ? "" : "."}${"0".repeat(missing)}${tail === undefined ? "" : `e${tail}`}`;
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
