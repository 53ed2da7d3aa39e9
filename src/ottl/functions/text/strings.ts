/** Functions that cut, join and compare text: Concat, Split, Substring, Has*, Trim*, Index, IsValidLuhn. */
import { define, type OttlFunction } from "../../contract.ts";
import { isList, StatementError, typeName, type Value } from "../../value.ts";
import { compareValues } from "../../compile/compare.ts";
import { boundaryBefore, byteLength, fromBytes, isAscii, isContinuation, toBytes } from "./bytes.ts";

const TARGET = { name: "target", kind: "string_getter" } as const;

export const STRING_FUNCTIONS: readonly OttlFunction[] = [
  define(
    "Concat",
    [
      { name: "vals", kind: "string_like", list: true },
      { name: "delimiter", kind: "string_getter" },
    ],
    ({ vals, delimiter }) =>
      (subject) => {
        const between = delimiter(subject);
        let joined = "";
        for (let i = 0; i < vals.length; i++) joined += (i === 0 ? "" : between) + (vals[i]?.(subject) ?? "<nil>");
        return joined;
      },
  ),
  define("Split", [TARGET, { name: "delimiter", kind: "string_getter" }], ({ target, delimiter }) => (subject) => {
    const text = target(subject);
    const between = delimiter(subject);
    return between === "" ? Array.from(text) : text.split(between);
  }),
  define(
    "Substring",
    [TARGET, { name: "start", kind: "int_getter" }, { name: "length", kind: "int_getter" }, { name: "utf8_safe", kind: "bool", optional: true }],
    ({ target, start, length, utf8_safe: whole = false }) =>
      (subject) =>
        substring(target(subject), start(subject), length(subject), whole),
  ),
  define(
    "HasPrefix",
    [TARGET, { name: "prefix", kind: "string_getter" }],
    ({ target, prefix }) =>
      (subject) =>
        target(subject).startsWith(prefix(subject)),
  ),
  define(
    "HasSuffix",
    [TARGET, { name: "suffix", kind: "string_getter" }],
    ({ target, suffix }) =>
      (subject) =>
        target(subject).endsWith(suffix(subject)),
  ),
  define("Trim", [TARGET, { name: "replacement", kind: "string", optional: true }], ({ target, replacement = " " }) => {
    const cut = new Set(Array.from(replacement));
    return (subject) => trim(target(subject), cut);
  }),
  define("TrimPrefix", [TARGET, { name: "prefix", kind: "string_getter" }], ({ target, prefix }) => (subject) => {
    const text = target(subject);
    const start = prefix(subject);
    return text.startsWith(start) ? text.slice(start.length) : text;
  }),
  define("TrimSuffix", [TARGET, { name: "suffix", kind: "string_getter" }], ({ target, suffix }) => (subject) => {
    const text = target(subject);
    const end = suffix(subject);
    return text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
  }),
  define(
    "Index",
    [
      { name: "target", kind: "getter" },
      { name: "value", kind: "getter" },
    ],
    ({ target, value }) =>
      (subject) =>
        indexOf(target.get(subject), value.get(subject)),
  ),
  define("IsValidLuhn", [{ name: "target", kind: "string_like" }], ({ target }) => (subject) => {
    const text = target(subject);
    if (text === null) throw new StatementError("Cannot check a number by Luhn's rule: there is none");
    return isValidLuhn(text);
  }),
];

/**
 * Bytes [start, start + length) of the text's UTF-8. `whole`: what would cut a character is left out;
 * otherwise a cut character becomes U+FFFD.
 */
function substring(text: string, start: bigint, length: bigint, whole: boolean): string {
  if (start < 0n) throw new StatementError(`Cannot take a substring: its start ${start} is negative`);
  if (length <= 0n) throw new StatementError(`Cannot take a substring: its length ${length} is not positive`);
  const ascii = isAscii(text);
  const bytes = ascii ? undefined : toBytes(text);
  const size = bytes?.length ?? text.length;
  if (start + length > BigInt(size)) throw new StatementError(`Cannot take a substring: ${start} and ${length} bytes more lie past the text's ${size}`);
  let from = Number(start);
  let to = Number(start + length);
  if (bytes === undefined) return text.slice(from, to);
  if (whole) {
    while (from < bytes.length && isContinuation(bytes[from])) from++;
    to = Math.max(from, boundaryBefore(bytes, to));
  }
  return fromBytes(bytes.subarray(from, to));
}

function trim(text: string, cut: ReadonlySet<string>): string {
  let start = 0;
  let end = text.length;
  while (start < end) {
    const char = String.fromCodePoint(text.codePointAt(start) ?? 0);
    if (!cut.has(char)) break;
    start += char.length;
  }
  while (end > start) {
    const pair = end - start > 1 && (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00;
    const char = text.slice(end - (pair ? 2 : 1), end);
    if (!cut.has(char)) break;
    end -= char.length;
  }
  return text.slice(start, end);
}

/** The byte at which a text begins in a text, or an item's place in a list; -1 when it is not there. */
function indexOf(target: Value, value: Value): bigint {
  if (typeof target === "string") {
    if (typeof value !== "string") throw new StatementError(`Cannot look for a value of type ${typeName(value)} in a text: only text is in it`);
    const at = target.indexOf(value);
    return at < 0 ? -1n : BigInt(byteLength(target.slice(0, at)));
  }
  if (!isList(target)) throw new StatementError(`Cannot look into a value of type ${typeName(target)}: it is neither text nor a list`);
  return BigInt(target.findIndex((item) => compareValues(item, "==", value)));
}

/** Luhn's check digit (ISO/IEC 7812-1); blanks do not count. */
function isValidLuhn(text: string): boolean {
  const digits = text.replaceAll(" ", "");
  if (digits === "") return false;
  let sum = 0;
  for (let i = digits.length - 1, place = 0; i >= 0; i--, place++) {
    const digit = digits.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) throw new StatementError("Cannot check a number by Luhn's rule: it has a character that is no digit");
    const weighed = place % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}
