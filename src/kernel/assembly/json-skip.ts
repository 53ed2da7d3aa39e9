/**
 * Members that nobody knows: checked as JSON, to any breadth and to a bounded depth, without
 * recursion. Nothing is written.
 */
import { DEPTH, SYNTAX, TRUNCATED, badWord, fail, isWord, textEnd } from "./json-state";
import { scanNumber } from "./json-number";
import { next, skipString } from "./json-text";

/** With the object around them: 128. */
const DEPTH_MAX: usize = 127;
const OBJECT_END: u32 = 0x7d;

/** How each open list or object ends. */
const open: usize = memory.data(128);

/** Behind the value at `at`. */
export function skipValue(at: usize): usize {
  let depth: usize = 0;
  while (true) {
    if (at >= textEnd) return fail(TRUNCATED, textEnd);
    const byte = <u32>load<u8>(at);
    if (byte == 0x22) {
      at = skipString(at);
    } else if (byte == 0x5b || byte == 0x7b) {
      if (depth == DEPTH_MAX) return fail(DEPTH, at);
      const close = byte + 2;
      store<u8>(open + depth, close);
      depth++;
      at = next(at + 1);
      // Not at its end yet: its first value is next.
      if (load<u8>(at) != close) {
        if (close == OBJECT_END) {
          at = skipKey(at);
          if (at == 0) return 0;
        }
        continue;
      }
      at++;
      depth--;
    } else {
      at = skipPlain(at);
    }
    if (at == 0) return 0;
    // Behind a value: the ends of whatever ends here, then a comma.
    while (true) {
      if (depth == 0) return at;
      at = next(at);
      const after = <u32>load<u8>(at);
      const close = <u32>load<u8>(open + depth - 1);
      if (after == 0x2c) {
        at = next(at + 1);
        if (close == OBJECT_END) {
          at = skipKey(at);
          if (at == 0) return 0;
        }
        break;
      }
      if (after != close || at >= textEnd) return fail(SYNTAX, at);
      at++;
      depth--;
    }
  }
}

function skipKey(at: usize): usize {
  if (at >= textEnd || load<u8>(at) != 0x22) return fail(SYNTAX, at);
  at = skipString(at);
  if (at == 0) return 0;
  at = next(at);
  return load<u8>(at) == 0x3a ? next(at + 1) : fail(SYNTAX, at);
}

/** Behind a number, true, false or null. */
function skipPlain(at: usize): usize {
  const byte = <u32>load<u8>(at);
  if (byte - 0x30 < 10 || byte == 0x2d) return scanNumber(at, textEnd);
  if (isWord(at)) return at + (byte == 0x66 ? 5 : 4);
  return badWord(at);
}
