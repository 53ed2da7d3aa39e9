/** ParseInt: an integer of 64 bits in a base from 2 to 36, or by its prefix in base 0. */
import { define, type OttlFunction } from "../../contract.ts";
import { StatementError } from "../../value.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
/** Digits that 64 bits can have, with some to spare for noughts. */
const DIGITS_MAX = 4096;

export const parseInt: OttlFunction = define(
  "ParseInt",
  [
    { name: "target", kind: "string_getter" },
    { name: "base", kind: "int_getter" },
  ],
  ({ target, base }) =>
    (subject) => {
      const text = target(subject);
      const radix = base(subject);
      if (radix !== 0n && (radix < 2n || radix > 36n)) throw new StatementError(`Cannot read an integer in base ${radix}: it is not from 2 to 36`);
      const value = integerOf(text, Number(radix));
      if (value === undefined || value < INT_MIN || value > INT_MAX)
        throw new StatementError(`Cannot read an integer from ${JSON.stringify(text.slice(0, 64))} in base ${radix}`);
      return value;
    },
);

const PREFIXES: Readonly<Record<string, number>> = { x: 16, b: 2, o: 8 };

function integerOf(text: string, base: number): bigint | undefined {
  const signed = text.startsWith("-") || text.startsWith("+");
  const body = signed ? text.slice(1) : text;
  let digits = body;
  let radix = base;
  if (base === 0) {
    const prefix = body.startsWith("0") && body.length > 2 ? PREFIXES[body.charAt(1).toLowerCase()] : undefined;
    radix = prefix ?? (body.startsWith("0") && body.length > 1 ? 8 : 10);
    // Underscores stand between digits, or behind the prefix.
    if (/^_|__|_$/.test(body)) return undefined;
    digits = (prefix === undefined ? body : body.slice(2)).replaceAll("_", "");
  }
  if (digits === "" || digits.length > DIGITS_MAX) return undefined;
  let value = 0n;
  for (const char of digits) {
    const digit = digitOf(char);
    if (digit >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(digit);
  }
  return text.startsWith("-") ? -value : value;
}

function digitOf(char: string): number {
  if (char >= "0" && char <= "9") return char.charCodeAt(0) - 48;
  const low = char.toLowerCase();
  return low >= "a" && low <= "z" && low.length === 1 ? low.charCodeAt(0) - 87 : Infinity;
}
