/**
 * Format strings in Go's manner, for Format: `%v %s %q %d %x %X %o %O %b %c %U %t %T %e %E %f %F %g %G`
 * and `%%`, with the flags `+ - # 0` and blank, a width and a precision. Compiled once; everything
 * else (`%p`, `*`, numbered arguments) is refused. A value of a wrong type is written as Go writes it:
 * `%!d(string=text)`. Lists and maps are written as JSON. Limit: width and precision of 1000.
 */
import { durationText } from "../time/duration.ts";
import { writeTime } from "../time/write.ts";
import { parseLayout } from "../time/layout.ts";
import { Duration, Id, Time, typeName, type Value } from "../../value.ts";
import { likeString } from "../../compile/convert.ts";
import { fromBytes, toBytes, toHex } from "./bytes.ts";
import { formatFloat } from "./sprintf-float.ts";
import { quote } from "./quote.ts";

export interface Verb {
  readonly verb: string;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly zero: boolean;
  readonly blank: boolean;
  /** In characters; 0: none. */
  readonly width: number;
  readonly precision: number | undefined;
}

type Piece = string | Verb;

const SIZE_MAX = 1000;
const VERBS = "vsqdxXoObcUtTeEfFgG";

/** The pieces, or why the format cannot be used. */
export function parseFormat(format: string): readonly Piece[] | string {
  const pieces: Piece[] = [];
  let text = "";
  for (let i = 0; i < format.length; i++) {
    if (format.charAt(i) !== "%") {
      text += format.charAt(i);
      continue;
    }
    const spec = readSpec(format, i + 1);
    if (typeof spec === "string") return spec;
    i = spec.end;
    if (spec.verb.verb === "%") {
      text += "%";
      continue;
    }
    if (text !== "") pieces.push(text);
    text = "";
    pieces.push(spec.verb);
  }
  if (text !== "") pieces.push(text);
  return pieces;
}

function readSpec(format: string, start: number): { readonly verb: Verb; readonly end: number } | string {
  let i = start;
  const flags = new Set<string>();
  while ("+-# 0".includes(format.charAt(i) || "x")) flags.add(format.charAt(i++));
  const readNumber = (): number => {
    let value = 0;
    while (format.charAt(i) >= "0" && format.charAt(i) <= "9" && value <= SIZE_MAX) value = value * 10 + Number(format.charAt(i++));
    return value;
  };
  const width = readNumber();
  let precision: number | undefined;
  if (format.charAt(i) === ".") {
    i++;
    precision = readNumber();
  }
  const verb = format.charAt(i);
  if (verb === "") return "it ends within a verb";
  if (width > SIZE_MAX || (precision ?? 0) > SIZE_MAX) return `a width or precision is above ${SIZE_MAX}`;
  if (verb !== "%" && !VERBS.includes(verb)) return `%${verb} is not supported`;
  const minus = flags.has("-");
  return {
    verb: { verb, plus: flags.has("+"), minus, sharp: flags.has("#"), zero: flags.has("0") && !minus, blank: flags.has(" "), width, precision },
    end: i,
  };
}

export function sprintf(pieces: readonly Piece[], values: readonly Value[]): string {
  let text = "";
  let next = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else if (next >= values.length) text += `%!${piece.verb}(MISSING)`;
    else text += written(piece, values[next++] ?? null);
  }
  if (next >= values.length) return text;
  return `${text}%!(EXTRA ${values
    .slice(next)
    .map((value) => (value === null ? "<nil>" : `${goType(value)}=${plain(value)}`))
    .join(", ")})`;
}

function goType(value: Value): string {
  return value instanceof Uint8Array ? "[]uint8" : value === null ? "<nil>" : typeName(value);
}

function written(verb: Verb, value: Value): string {
  if (verb.verb === "T") return padded(goType(value), verb);
  if (value === null) return verb.verb === "v" ? padded("<nil>", verb) : `%!${verb.verb}(<nil>)`;
  return body(verb, value) ?? `%!${verb.verb}(${goType(value)}=${plain(value)})`;
}

/** As `%v` has it. */
function plain(value: Value): string {
  return value === null
    ? "<nil>"
    : (body({ verb: "v", plus: false, minus: false, sharp: false, zero: false, blank: false, width: 0, precision: undefined }, value) ?? "");
}

/** Undefined for a verb that does not fit the value. */
function body(verb: Verb, value: Exclude<Value, null>): string | undefined {
  switch (typeof value) {
    case "string":
      return ofText(verb, value);
    case "boolean":
      return verb.verb === "t" || verb.verb === "v" ? padded(String(value), verb) : undefined;
    case "bigint":
      return ofInteger(verb, value);
    case "number":
      return "veEfFgG".includes(verb.verb) ? number(formatFloat(verb, value), verb, Number.isFinite(value)) : undefined;
    default:
      return ofObject(verb, value);
  }
}

function ofObject(verb: Verb, value: Exclude<Value, null | string | boolean | bigint | number>): string | undefined {
  if (value instanceof Uint8Array) return ofBytes(verb, value);
  if (value instanceof Duration) return "vsqxX".includes(verb.verb) ? ofText(verb, durationText(value)) : ofInteger(verb, value.nanos);
  if (value instanceof Time) return ofText(verb, timeText(value));
  if (value instanceof Id) return ofText(verb, toHex(value.bytes));
  return ofText(verb, likeString(value) ?? "");
}

function ofText(verb: Verb, value: string): string | undefined {
  const cut = verb.precision === undefined ? value : Array.from(value).slice(0, verb.precision).join("");
  switch (verb.verb) {
    case "s":
      return padded(cut, verb);
    case "v":
      return padded(verb.sharp ? quote(cut) : cut, verb);
    case "q":
      return padded(verb.sharp && !cut.includes("`") && !hasControl(cut) ? `\`${cut}\`` : quote(cut, verb.plus), verb);
    case "x":
    case "X":
      return hexOf(verb, toBytes(value));
    default:
      return undefined;
  }
}

function hasControl(text: string): boolean {
  return Array.from(text).some((char) => char !== "\t" && (char < " " || char === "\u007f" || char === "\ufeff"));
}

function ofBytes(verb: Verb, value: Uint8Array): string | undefined {
  switch (verb.verb) {
    case "s":
    case "q":
      return ofText(verb, fromBytes(value));
    case "x":
    case "X":
      return hexOf(verb, value);
    case "v":
    case "d":
      return `[${Array.from(value, (byte) => ofInteger({ ...verb, verb: "d" }, BigInt(byte))).join(" ")}]`;
    default:
      return undefined;
  }
}

/** `%x` of bytes: a blank between them with the flag, 0x before with `#`. */
function hexOf(verb: Verb, bytes: Uint8Array): string {
  const cut = verb.precision === undefined ? bytes : bytes.subarray(0, verb.precision);
  const pairs = Array.from(cut, (byte) => byte.toString(16).padStart(2, "0"));
  const prefix = verb.sharp ? "0x" : "";
  const text = verb.blank ? pairs.map((pair) => prefix + pair).join(" ") : pairs.length === 0 ? "" : prefix + pairs.join("");
  return padded(verb.verb === "X" ? text.toUpperCase() : text, verb);
}

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function ofInteger(verb: Verb, value: bigint): string | undefined {
  if (verb.verb === "c" || verb.verb === "q" || verb.verb === "U") return ofCodePoint(verb, value);
  const radix = RADIX[verb.verb];
  if (radix === undefined) return undefined;
  let digits = (value < 0n ? -value : value).toString(radix);
  if (verb.precision !== undefined) digits = value === 0n && verb.precision === 0 ? "" : digits.padStart(verb.precision, "0");
  const sign = value < 0n ? "-" : verb.plus ? "+" : verb.blank ? " " : "";
  if (digits === "" && verb.precision === 0) return padded("", verb);
  // With a precision a nought does not fill.
  if (verb.zero && verb.precision === undefined) digits = digits.padStart(verb.width - sign.length, "0");
  const text = sign + lead(verb, radix, digits) + digits;
  return padded(verb.verb === "X" ? text.toUpperCase() : text, { ...verb, zero: false });
}

function lead(verb: Verb, radix: number, digits: string): string {
  if (verb.verb === "O") return "0o";
  if (!verb.sharp) return "";
  if (radix === 16) return "0x";
  if (radix === 2) return "0b";
  return radix === 8 && !digits.startsWith("0") ? "0" : "";
}

function ofCodePoint(verb: Verb, value: bigint): string {
  const code = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn) ? Number(value) : 0xfffd;
  const char = String.fromCodePoint(code);
  if (verb.verb === "c") return padded(char, verb);
  if (verb.verb === "q") return padded(quote(char, verb.plus, "'"), verb);
  const hex = BigInt.asUintN(64, value)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, verb.precision ?? 4), "0");
  return padded(`U+${hex}${verb.sharp ? ` '${char}'` : ""}`, { ...verb, zero: false });
}

function number(text: string, verb: Verb, finite: boolean): string {
  if (!verb.zero || !finite) return padded(text, { ...verb, zero: false });
  const signed = /^[+\- ]/.test(text);
  return (signed ? text.charAt(0) : "") + text.slice(signed ? 1 : 0).padStart(verb.width - (signed ? 1 : 0), "0");
}

/** To the width, counted in characters. */
function padded(text: string, verb: Verb): string {
  const missing = verb.width - Array.from(text).length;
  if (verb.width === 0 || missing <= 0) return text;
  return verb.minus ? text + " ".repeat(missing) : (verb.zero ? "0" : " ").repeat(missing) + text;
}

const TIME_FIELDS = parseLayout("%Y-%m-%d %H:%M:%S.%s ", "write");
const OFFSET_FIELDS = parseLayout("%w", "write");
const ZONE_FIELDS = parseLayout("%Z", "write");

/** `2006-01-02 15:04:05.999 -0700 MST`. */
function timeText(time: Time): string {
  if (typeof TIME_FIELDS === "string" || typeof OFFSET_FIELDS === "string" || typeof ZONE_FIELDS === "string") return "";
  return `${writeTime(time, TIME_FIELDS)}${writeTime(time, OFFSET_FIELDS).slice(0, 5)} ${writeTime(time, ZONE_FIELDS)}`;
}
