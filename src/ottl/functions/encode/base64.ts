/** Base64 (RFC 4648) in four forms: padded or not, with `+/` or `-_`. */
import { StatementError } from "../../value.ts";

export type Base64Form = "base64" | "base64-raw" | "base64-url" | "base64-raw-url";

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;

export function isBase64Form(name: string): name is Base64Form {
  return name === "base64" || name === "base64-raw" || name === "base64-url" || name === "base64-raw-url";
}

export function encodeBase64(bytes: Uint8Array, form: Base64Form): string {
  const alphabet = form.endsWith("url") ? URL_SAFE : STANDARD;
  const pad = form.includes("raw") ? "" : "=";
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet.charAt(bits >>> 18) + alphabet.charAt((bits >>> 12) & 63);
    text += (left > 1 ? alphabet.charAt((bits >>> 6) & 63) : pad) + (left > 2 ? alphabet.charAt(bits & 63) : pad);
  }
  return text;
}

/** The bytes. Line ends are skipped; anything else outside the form is a StatementError. Bits left over are not looked at. */
export function decodeBase64(text: string, form: Base64Form): Uint8Array {
  const values = form.endsWith("url") ? URL_SAFE_VALUES : STANDARD_VALUES;
  const body = text.replaceAll("\n", "").replaceAll("\r", "");
  const length = form.includes("raw") ? body.length : lengthUnpadded(body);
  if (length % 4 === 1) throw damaged(length);
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  for (let at = 0, out = 0; at < length; at++) {
    const value = values[body.charCodeAt(at)] ?? -1;
    if (value < 0) throw damaged(at);
    bits = (bits << 6) | value;
    if (at % 4 > 0) bytes[out++] = (bits >> (6 - 2 * (at % 4))) & 0xff;
  }
  return bytes;
}

function lengthUnpadded(body: string): number {
  if (body.length % 4 !== 0) throw damaged(body.length);
  if (body.endsWith("==")) return body.length - 2;
  return body.endsWith("=") ? body.length - 1 : body.length;
}

function damaged(at: number): StatementError {
  return new StatementError(`Cannot decode base64: it is damaged at character ${at}`);
}

const STANDARD_VALUES = valuesOf(STANDARD);
const URL_SAFE_VALUES = valuesOf(URL_SAFE);

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}
