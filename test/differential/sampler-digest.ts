/** A case's lines in little room. Equal digests are equal lines. */
import { sha256 } from "@noble/hashes/sha2.js";

/** A bit an item, the first four items in the first digit. */
export function keptOf(lines: readonly string[], items: number): string {
  const digits = new Uint8Array(Math.ceil(items / 4));
  for (const line of lines) {
    const number = Number(line.slice(0, line.indexOf(" ")));
    digits[number >> 2] = (digits[number >> 2] ?? 0) | (8 >> (number & 3));
  }
  return Array.from(digits, (digit) => digit.toString(16)).join("");
}

export function digestOf(lines: readonly string[]): string {
  const bytes = sha256(new TextEncoder().encode(lines.join("\n")));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
