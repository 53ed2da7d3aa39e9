/** The values of tokens that are numbers or bytes. */
import { quote, refuse } from "./issue.ts";
import type { Token } from "./lexer.ts";

const INT_MAX = 2n ** 63n - 1n;

/** A leading zero means octal, as it does for the Collector. */
export function intOf(token: Token): bigint {
  const { text } = token;
  if (/^0\d/.test(text)) {
    if (/[89]/.test(text)) refuse(`${quote(text)} begins with 0, so it is octal, and has other digits`, token, "Leave out the leading zeros");
    return within64(BigInt(`0o${text}`), token);
  }
  return within64(BigInt(text), token);
}

function within64(value: bigint, token: Token): bigint {
  return value > INT_MAX ? refuse(`${quote(token.text)} does not fit in 64 bits`, token) : value;
}

/** Refuses what is no finite double. */
export function floatOf(token: Token): number {
  const value = Number(token.text);
  return Number.isFinite(value) ? value : refuse(`${quote(token.text)} does not fit in a double`, token);
}

/** Pairs of hexadecimal digits behind `0x`. */
export function bytesOf(token: Token): Uint8Array {
  const digits = token.text.slice(2);
  if (digits.length % 2 === 1) refuse("Bytes are written as pairs of hexadecimal digits, found an odd number of them", token);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
