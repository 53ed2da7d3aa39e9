/**
 * An attribute's value as text, as the Collector's `AsString` makes it: scalars plainly, bytes in
 * base64, lists and maps as JSON with sorted keys.
 */
import type { Plain } from "./any-value.ts";
import { doubleText } from "../base/go-numbers.ts";

/** The value as text; nothing for an empty value. */
export function valueText(value: Plain): string {
  if (value === null) return "";
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return doubleText(value);
    default:
      return value instanceof Uint8Array ? base64(value) : (json(value) ?? "");
  }
}

/** Undefined when a number in it cannot be said in JSON: then the whole text is empty. */
function json(value: Plain): string | undefined {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? doubleText(value) : undefined;
    default:
      if (value instanceof Uint8Array) return `"${base64(value)}"`;
      return isMap(value) ? jsonMap(value) : wrapped("[", value.map(json), "]");
  }
}

function jsonMap(map: ReadonlyMap<string, Plain>): string | undefined {
  const keys = [...map.keys()].toSorted(byCodePoints);
  const entries = keys.map((key) => {
    const value = json(map.get(key) ?? null);
    return value === undefined ? undefined : `${quoted(key)}:${value}`;
  });
  return wrapped("{", entries, "}");
}

function wrapped(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(",")}${close}`;
}

/** `instanceof` does not narrow a readonly map. */
function isMap(value: readonly Plain[] | ReadonlyMap<string, Plain>): value is ReadonlyMap<string, Plain> {
  return value instanceof Map;
}

/** JSON's text, with the two line separators escaped that JavaScript leaves as they are. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (separator) => (separator === "\u2028" ? "\\u2028" : "\\u2029"));
}

/** The order of UTF-8's bytes, which is that of code points. */
export function byCodePoints(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The bytes in base64, padded (RFC 4648, section 4). */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET.charAt(bits >>> 18) + ALPHABET.charAt((bits >>> 12) & 63);
    text += (left > 1 ? ALPHABET.charAt((bits >>> 6) & 63) : "=") + (left > 2 ? ALPHABET.charAt(bits & 63) : "=");
  }
  return text;
}
