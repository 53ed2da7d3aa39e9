/** Whole numbers by `%d %b %o %O %x %X %c %q %U` and `%v`. */
import { isPrintable, quote } from "./quote.ts";
import { padded, paddedBlank, type Verb } from "./sprintf-verb.ts";

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

/** Undefined for a verb that whole numbers have not. */
export function ofInteger(verb: Verb, value: bigint, signed = true): string | undefined {
  if (verb.verb === "c" || verb.verb === "q" || verb.verb === "U") return ofCodePoint(verb, value);
  // What has no sign is hexadecimal in Go's source.
  const source = verb.syntax && !signed && verb.verb === "v";
  const radix = source ? 16 : RADIX[verb.verb];
  if (radix === undefined) return undefined;
  const { precision, zero, minus, plus, blank } = verb;
  if (precision === 0 && value === 0n) return paddedBlank("", verb);
  const sign = value < 0n ? "-" : plus ? "+" : blank ? " " : "";
  // With a precision a nought does not fill.
  const size = precision ?? (zero && !minus ? verb.width - sign.length : 0);
  const digits = (value < 0n ? -value : value).toString(radix).padStart(size, "0");
  const text = sign + lead(verb.verb, radix, digits, verb.sharp || source) + digits;
  return paddedBlank(verb.verb === "X" ? text.toUpperCase() : text, verb);
}

function lead(verb: string, radix: number, digits: string, sharp: boolean): string {
  if (!sharp) return verb === "O" ? "0o" : "";
  if (radix === 16) return "0x";
  if (radix === 2) return "0b";
  const nought = radix === 8 && !digits.startsWith("0") ? "0" : "";
  return verb === "O" ? `0o${nought}` : nought;
}

function ofCodePoint(verb: Verb, value: bigint): string {
  const isPoint = value >= 0n && value <= 0x10ffffn;
  const isChar = isPoint && !(value >= 0xd800n && value <= 0xdfffn);
  const char = String.fromCodePoint(isChar ? Number(value) : 0xfffd);
  if (verb.verb === "c") return padded(char, verb);
  if (verb.verb === "q") return padded(quote(char, verb.plus, "'"), verb);
  const hex = BigInt.asUintN(64, value)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, verb.precision ?? 4), "0");
  return paddedBlank(`U+${hex}${verb.sharp && isChar && isPrintable(char) ? ` '${char}'` : ""}`, verb);
}
