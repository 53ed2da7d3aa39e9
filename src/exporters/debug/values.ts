/**
 * Values as the Collector prints them: attributes, doubles in its two notations, timestamps. Go's
 * formats where they differ from JavaScript's.
 */
import { isMessage, list, type Message, messages, number, scalarText, text, type Value } from "../../otlp/read.ts";

/** Kinds of an AnyValue: its field in OTLP/JSON, and its name in detailed output. */
const KINDS = [
  ["stringValue", "Str"],
  ["boolValue", "Bool"],
  ["intValue", "Int"],
  ["doubleValue", "Double"],
  ["arrayValue", "Slice"],
  ["kvlistValue", "Map"],
  ["bytesValue", "Bytes"],
] as const;

/** What an AnyValue is called: `Str`, `Int`, ..., `Empty`. */
export function kindName(value: Message): string {
  return KINDS.find(([field]) => value[field] !== undefined)?.[1] ?? "Empty";
}

/** An AnyValue as text: scalars plainly, bytes in base64, lists and maps as JSON with sorted keys. */
export function valueText(value: Message): string {
  if (value["stringValue"] !== undefined) return text(value, "stringValue");
  if (value["doubleValue"] !== undefined) return jsonDouble(number(value, "doubleValue"));
  if (value["bytesValue"] instanceof Uint8Array) return base64(value["bytesValue"]);
  const json = jsonOf(value);
  return json === undefined || json === "null" ? "" : json;
}

/** Undefined where a number has no form in JSON: then nothing of the value is printed. */
function jsonOf(value: Message): string | undefined {
  if (value["stringValue"] !== undefined) return quoted(text(value, "stringValue"));
  if (value["boolValue"] !== undefined || value["intValue"] !== undefined) return scalarText(value["boolValue"] ?? value["intValue"]);
  if (value["doubleValue"] !== undefined) {
    const double = number(value, "doubleValue");
    return Number.isFinite(double) ? jsonDouble(double) : undefined;
  }
  if (value["bytesValue"] instanceof Uint8Array) return `"${base64(value["bytesValue"])}"`;
  if (isMessage(value["arrayValue"])) return wrapped("[", list(value["arrayValue"], "values").map(itemJson), "]");
  if (isMessage(value["kvlistValue"])) return jsonMap(value["kvlistValue"]);
  return "null";
}

function itemJson(item: Value): string | undefined {
  return isMessage(item) ? jsonOf(item) : "null";
}

/** Of several pairs with one key the last counts. */
function jsonMap(pairs: Message): string | undefined {
  const last = new Map<string, Value | undefined>();
  for (const pair of messages(pairs, "values")) last.set(text(pair, "key"), pair["value"]);
  const keys = [...last.keys()].toSorted(byCodePoints);
  const parts = keys.map((key) => {
    const json = itemJson(last.get(key) ?? "");
    return json === undefined ? undefined : `${quoted(key)}:${json}`;
  });
  return wrapped("{", parts, "}");
}

function wrapped(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(",")}${close}`;
}

/** JSON's text with the two separators escaped that JavaScript leaves alone. */
function quoted(raw: string): string {
  return JSON.stringify(raw)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}

/** The order of UTF-8 bytes; JavaScript's own would place surrogates before U+E000. */
function byCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  const at = left.findIndex((point, index) => point !== right[index]);
  return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

/** A double as in JSON, minus zero with its sign. */
function jsonDouble(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

const EXPONENT_FROM = 6;

/** A double as Go's `%v`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e6 on. */
export function shortest(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < EXPONENT_FROM) return jsonDouble(value);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const DIGITS = 6;
/** Digits that a tie at the seventh cannot reach past: a double that small has none there. */
const EXACT_DIGITS = 100;

/** A double as Go's `%f`: six digits after the point, ties to even. */
export function fixed(value: number): string {
  if (!Number.isFinite(value)) return shortest(value);
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (size >= 1e21) return `${sign}${BigInt(size)}.000000`;
  // Half a millionth more than an even number of them is a tie; the product is exact where it is one.
  if (!Number.isInteger(size * 2e6)) return sign + size.toFixed(DIGITS);
  const exact = size.toFixed(EXACT_DIGITS);
  const cut = exact.length - EXACT_DIGITS + DIGITS;
  // A tie behind an even digit stays; toFixed would have rounded it up.
  if (/^[02468]50*$/.test(exact.slice(cut - 1))) return sign + exact.slice(0, cut);
  return sign + size.toFixed(DIGITS);
}

const NANOS = 1_000_000_000n;

/** A time in nanoseconds since 1970, as `2024-11-21 00:00:00.123 +0000 UTC`. From 2^63 on it counts down to 1970, as there. */
export function timeText(nanos: bigint): string {
  const signed = BigInt.asIntN(64, nanos);
  const rest = ((signed % NANOS) + NANOS) % NANOS;
  const date = new Date(Number((signed - rest) / 1_000_000n));
  const fraction = rest === 0n ? "" : `.${String(rest).padStart(9, "0").replace(/0+$/, "")}`;
  return `${date.toISOString().slice(0, 19).replace("T", " ")}${fraction} +0000 UTC`;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function base64(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [bits >>> 18, (bits >>> 12) & 63, (bits >>> 6) & 63, bits & 63].map((six) => ALPHABET.charAt(six)).join("");
    const known = Math.min(bytes.length - at, 3) + 1;
    out += digits.slice(0, known).padEnd(4, "=");
  }
  return out;
}

/** Characters that a terminal would obey, line breaks and tabs apart, in the notation of JSON. */
export function harmless(raw: string): string {
  return raw.replaceAll(/(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
