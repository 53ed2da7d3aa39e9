/**
 * Wildcards of replace_match: `*` and `**` any text, `?` one character, `[abc]`, `[a-z]`, `[!abc]` one
 * of a set, `{one,two}` alternatives, a backslash before what is meant as it is. Turned into a pattern
 * of src/pattern, so that matching takes linear time. The whole text must match.
 */
import { matches, parsePattern } from "../../../pattern/pattern.ts";

export interface Glob {
  matches(text: string): boolean;
}

const DEPTH_MAX = 32;

/** What matches, or why there is nothing, as words behind "the pattern". */
export function parseGlob(text: string): Glob | string {
  const source = toPattern(Array.from(text));
  if (typeof source === "string") {
    const pattern = parsePattern(`\\A(?s:${source})\\z`);
    return typeof pattern === "string" ? pattern : { matches: (value) => matches(pattern, value) };
  }
  return source.why;
}

function toPattern(chars: readonly string[]): string | { readonly why: string } {
  let source = "";
  let depth = 0;
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? "";
    if (char === "\\") source += literal(chars[++i] ?? "");
    else if (char === "*") source += chars[i - 1] === "*" ? "" : ".*";
    else if (char === "?") source += ".";
    else if (char === "{") {
      if (++depth > DEPTH_MAX) return { why: `has braces more than ${DEPTH_MAX} deep` };
      source += "(?:";
    } else if (char === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (char === "," && depth > 0) source += "|";
    else if (char === "[") {
      const set = readSet(chars, i);
      if (set === undefined) return { why: "has a set in brackets that is not sound" };
      source += set.source;
      i = set.end;
    } else source += literal(char);
  }
  return depth === 0 ? source : { why: "has a brace that is not closed" };
}

/** `[a-z]` with one range, or `[abc]`; not both. */
function readSet(chars: readonly string[], start: number): { readonly source: string; readonly end: number } | undefined {
  let at = start + 1;
  const not = chars[at] === "!" ? "^" : "";
  if (not !== "") at++;
  const low = chars[at];
  const high = chars[at + 2];
  if (low !== undefined && chars[at + 1] === "-" && high !== undefined) {
    if (chars[at + 3] !== "]" || high < low) return undefined;
    return { source: `[${not}${literal(low)}-${literal(high)}]`, end: at + 3 };
  }
  let set = "";
  for (; chars[at] !== "]"; at++) {
    if (chars[at] === "\\") at++;
    const char = chars[at];
    if (char === undefined) return undefined;
    set += literal(char);
  }
  return set === "" ? undefined : { source: `[${not}${set}]`, end: at };
}

/** Everything in ASCII that is neither a letter nor a digit may be escaped. */
function literal(char: string): string {
  return /^[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/.test(char) ? `\\${char}` : char;
}
