/**
 * OTLP/JSON to protobuf, without an object in between: one pass over the text writes the fields in the
 * order of their keys, with packed numbers and minimal lengths. What the result says is checked
 * afterwards, as any other protobuf is: the length of ids, UTF-8.
 *
 * A liberal reader (OTLP/JSON, and proto3's JSON): lowerCamelCase and snake_case keys, unknown keys
 * ignored, null is absent, integers as numbers or strings, enums as numbers or names, base64 of both
 * alphabets. Of a key that comes twice the last counts, but it does so behind the conversion: both are
 * written, and the check has repeated scalars and oneofs reduced to the last, messages merged, lists
 * laid end to end, as protobuf does.
 *
 * `readJson` returns the bytes that it wrote, or a code below 0, which ../json-errors.ts explains;
 * `jsonErrorAt` is then the address of the offending byte. Needs 16 readable bytes behind the text.
 */
import { beginLengths, closeGaps } from "./json-length";
import { readRequest } from "./json-readers";
import { FULL, TRAILING, begin, fail, failedAt, failure, textEnd, written } from "./json-state";
import { next } from "./json-text";

export function readJson(signal: i32, start: usize, end: usize, out: usize, outEnd: usize): i32 {
  if (!begin(end, out, outEnd)) {
    fail(FULL, start);
    return failure;
  }
  beginLengths();
  let at = start;
  // The byte order mark, which RFC 8259 lets a reader ignore.
  if (end - at > 2 && (load<u32>(at) & 0xffffff) == 0xbfbbef) at += 3;
  if (at < end) at = next(at);
  at = readRequest(signal, at, out);
  if (at == 0) return failure;
  if (at < textEnd) at = next(at);
  if (at != textEnd) {
    fail(TRAILING, at);
    return failure;
  }
  closeGaps();
  return <i32>(written - out);
}

/** The address where the last `readJson` failed; 0 when it did not. A double, which JavaScript never takes for negative. */
export function jsonErrorAt(): f64 {
  return failure == 0 ? 0 : <f64>failedAt;
}
