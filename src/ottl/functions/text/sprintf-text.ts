/** Texts and bytes by `%s %q %x %X` and `%v`. */
import { fromBytes, toBytes } from "./bytes.ts";
import { quote } from "./quote.ts";
import { padded, type Verb } from "./sprintf-verb.ts";

/** Undefined for a verb that texts have not. */
export function ofText(verb: Verb, value: string): string | undefined {
  switch (verb.verb) {
    case "s":
      return plainText(verb, value);
    case "v":
      return verb.syntax ? quoted(verb, cut(verb, value)) : plainText(verb, value);
    case "q":
      return quoted(verb, cut(verb, value));
    case "x":
    case "X":
      return hexOf(verb, toBytes(value));
    default:
      return undefined;
  }
}

export function plainText(verb: Verb, value: string): string {
  return padded(cut(verb, value), verb);
}

/** To as many characters as the precision says. */
function cut({ precision }: Verb, value: string): string {
  return precision === undefined ? value : Array.from(value).slice(0, precision).join("");
}

function quoted(verb: Verb, value: string): string {
  return padded(verb.sharp && !value.includes("`") && !hasControl(value) ? `\`${value}\`` : quote(value, verb.plus), verb);
}

function hasControl(text: string): boolean {
  return Array.from(text).some((char) => char !== "\t" && (char < " " || char === "\u007f" || char === "\ufeff"));
}

/** Bytes as the text that they are; what is no UTF-8 is a character a byte to the precision. */
export function bytesText(verb: Verb, bytes: Uint8Array): string {
  if (verb.precision === undefined) return padded(fromBytes(bytes), verb);
  const runes = runesOf(bytes).slice(0, verb.precision);
  return padded(runes.map((rune) => (typeof rune === "string" ? rune : "\ufffd")).join(""), verb);
}

/** `%q` of bytes: a byte that is no UTF-8 is `\xff`. */
export function quotedBytes(verb: Verb, bytes: Uint8Array): string {
  const runes = runesOf(bytes).slice(0, verb.precision);
  if (runes.every((rune) => typeof rune === "string")) return quoted(verb, runes.join(""));
  const text = runes.map((rune) => (typeof rune === "string" ? quote(rune, verb.plus).slice(1, -1) : `\\x${rune.toString(16)}`));
  return padded(`"${text.join("")}"`, verb);
}

/** Characters, and as numbers the bytes that belong to none. */
function runesOf(bytes: Uint8Array): (string | number)[] {
  const runes: (string | number)[] = [];
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const char = fromBytes(bytes.subarray(at, at + size));
    const isOne = String.fromCodePoint(char.codePointAt(0) ?? 0) === char && toBytes(char).length === size && at + size <= bytes.length;
    const isValid = isOne && (char !== "\ufffd" || lead === REPLACEMENT_LEAD);
    runes.push(isValid ? char : lead);
    at += isValid ? size : 1;
  }
  return runes;
}

/** What U+FFFD itself begins with. */
const REPLACEMENT_LEAD = 0xef;

/** `%x`: a blank between the bytes with the flag, 0x before with `#`. */
export function hexOf(verb: Verb, bytes: Uint8Array): string {
  const shown = verb.precision === undefined ? bytes : bytes.subarray(0, verb.precision);
  const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0"));
  const prefix = verb.sharp ? "0x" : "";
  const text = verb.blank ? pairs.map((pair) => prefix + pair).join(" ") : pairs.length === 0 ? "" : prefix + pairs.join("");
  return padded(verb.verb === "X" ? text.toUpperCase() : text, verb);
}
