/**
 * Where in a JSON document a byte lies, in words: worked out after the kernel refused the document,
 * off the hot path. The document is damaged, so this reads brackets, strings and commas and trusts
 * nothing else; depth is a counter, and names are kept for the outermost levels only.
 */
import { textAt } from "./text.ts";

/** Levels that are named in a path; deeper nesting is shown as `...`. */
const NAMES_MAX = 24;
/** Of one key, bytes. */
const KEY_BYTES_MAX = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

interface Level {
  readonly list: boolean;
  index: number;
  key: string;
}

/**
 * The path of the value at, or before, the address `at` of the document that begins at `start`: for
 * example `resourceSpans[0].scopeSpans[2].spans[7].startTimeUnixNano`. Empty at the document's own level.
 */
export function jsonPathAt(bytes: Uint8Array, start: number, at: number): string {
  const levels: Level[] = [];
  let depth = 0;
  let lastText = start;
  let lastTextEnd = start;
  for (let place = start; place < at; place++) {
    const byte = bytes[place] ?? 0;
    const level = depth <= levels.length ? levels[depth - 1] : undefined;
    if (byte === QUOTE) {
      lastText = place + 1;
      place = stringEnd(bytes, place + 1, at);
      lastTextEnd = place;
    } else if (byte === COLON) {
      if (level !== undefined) level.key = textAt(bytes, lastText, Math.min(lastTextEnd, lastText + KEY_BYTES_MAX));
    } else if (byte === COMMA) {
      if (level !== undefined) {
        level.index++;
        level.key = "";
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth <= NAMES_MAX) levels[depth - 1] = { list: byte === 0x5b, index: 0, key: "" };
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth > 0) depth--;
      if (depth < levels.length) levels.length = depth;
    }
  }
  return written(levels, depth);
}

function written(levels: readonly Level[], depth: number): string {
  let path = "";
  for (const { list, index, key } of levels) {
    if (list) path += `[${index}]`;
    else if (key !== "") path += path === "" ? key : `.${key}`;
  }
  return depth > NAMES_MAX ? `${path}...` : path;
}

/** The closing quote, or the byte before `limit`. */
function stringEnd(bytes: Uint8Array, at: number, limit: number): number {
  while (at < limit && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, limit);
}
