/**
 * The escapes of a string, which are Go's: `\a \b \f \n \r \t \v \\ \"`, `\ooo`, `\xhh`, `\uhhhh`,
 * `\Uhhhhhhhh`. `\xff` is the character U+00FF, as it is for the Collector.
 */
import { refuse } from "./issue.ts";

const SINGLE: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", '"': '"' };
const NUMERIC = /\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;

/** `text` is what stands between the quotes, from `offset` of the statement on. */
export function unquote(text: string, offset: number): string {
  if (!text.includes("\\")) return text;
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\\", at);
    if (next < 0) {
      parts.push(text.slice(at));
      break;
    }
    parts.push(text.slice(at, next));
    const letter = text.charAt(next + 1);
    if (Object.hasOwn(SINGLE, letter)) {
      parts.push(SINGLE[letter] ?? "");
      at = next + 2;
      continue;
    }
    const code = numericAt(text, next);
    if (code === undefined) badEscape(letter, offset + next);
    parts.push(String.fromCodePoint(code));
    at = NUMERIC.lastIndex;
  }
  return parts.join("");
}

/** The character that a numeric escape says; leaves NUMERIC.lastIndex behind it. */
function numericAt(text: string, at: number): number | undefined {
  NUMERIC.lastIndex = at;
  const [, octal, byte, short, long] = NUMERIC.exec(text) ?? [];
  if (octal !== undefined) {
    const code = Number.parseInt(octal, 8);
    return code < 256 ? code : undefined;
  }
  const hex = byte ?? short ?? long;
  if (hex === undefined) return undefined;
  const code = Number.parseInt(hex, 16);
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? undefined : code;
}

function badEscape(letter: string, offset: number): never {
  const escape = `\\${/[\p{C}\p{Z}]/u.test(letter) ? "" : letter}`;
  refuse(`Unknown escape ${escape} in a string`, { offset, length: 2 }, `Write a backslash of the text itself as two: \\${escape}`);
}
