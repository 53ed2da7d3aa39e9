/**
 * Protobuf's wire format: varints, tags, lengths, and what is skipped because nobody knows it.
 *
 *     message = { tag value }    tag = varint (number << 3 | type)
 *     type 0 varint, 1 eight bytes, 2 length and bytes, 3 group start, 4 group end, 5 four bytes
 *
 * A function that moves the cursor returns where it went, or 0 after a failure. Cursors may run past
 * `end` by less than a stride before it shows: callers compare at the end of each message.
 */
import { DEPTH, FIELD_NUMBER, GROUP, GROUP_DEPTH_MAX, KNOWN_TYPE, LENGTH, PACKED, TRUNCATED, VARINT, WIRE_TYPE, fail } from "./state";

/** The field numbers of the open groups. */
const groups: usize = memory.data(400);

/** What `readTag` read. */
export let tagRead: u32 = 0;
/** What `readLength` read. */
export let lengthRead: usize = 0;

/** Behind the varint. */
export function skipVarint(at: usize, end: usize): usize {
  const from = at;
  for (let left = 9; left > 0; left--) {
    if (at >= end) return fail(TRUNCATED, from);
    if (load<u8>(at++) < 0x80) return at;
  }
  if (at >= end) return fail(TRUNCATED, from);
  return load<u8>(at) > 1 ? fail(VARINT, from) : at + 1;
}

/** Behind the tag, which it leaves in `tagRead`. */
export function readTag(at: usize, end: usize): usize {
  const after = skipVarint(at, end);
  if (after == 0) return 0;
  const value = varintValue(at);
  if (value > 0xffffffff) return fail(FIELD_NUMBER, at);
  tagRead = <u32>value;
  return after;
}

/** Behind the length, which it leaves in `lengthRead` and which ends by `end`. */
export function readLength(at: usize, end: usize): usize {
  const after = skipVarint(at, end);
  if (after == 0) return 0;
  const value = varintValue(at);
  if (value > <u64>(end - after)) return fail(LENGTH, at);
  lengthRead = <usize>value;
  return after;
}

/** The value of a varint that `skipVarint` accepted. */
function varintValue(at: usize): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  let byte: u64 = 0;
  do {
    byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte > 0x7f);
  return value;
}

/** A cursor or a body went past `end`: which of the two failures. `body` is where the body began. */
export function overrun(body: usize, end: usize): bool {
  fail(body > end ? TRUNCATED : LENGTH, body > end ? end : body);
  return false;
}

/** The message's last value is cut off at `end`. */
export function cut(end: usize): bool {
  fail(TRUNCATED, end);
  return false;
}

/** Behind a field that the message does not know. `known` has a bit for each number it does know. */
export function skipField(tag: u32, from: usize, at: usize, end: usize, known: u32): usize {
  const number = tag >>> 3;
  const wire = tag & 7;
  if (wire > 5) return fail(WIRE_TYPE, from);
  if (number == 0) return fail(FIELD_NUMBER, from);
  if (wire == 4) return fail(GROUP, from);
  if (number < 32 && (known >>> number) & 1) return fail(KNOWN_TYPE, from);
  return wire == 3 ? skipGroup(number, from, at, end) : skipValue(wire, from, at, end);
}

function skipValue(wire: u32, from: usize, at: usize, end: usize): usize {
  if (wire == 0) return skipVarint(at, end);
  if (wire == 2) {
    const body = readLength(at, end);
    return body == 0 ? 0 : body + lengthRead;
  }
  const size: usize = wire == 1 ? 8 : 4;
  return at + size > end ? fail(TRUNCATED, from) : at + size;
}

/** Behind the end of the group whose start tag was read. */
function skipGroup(number: u32, from: usize, at: usize, end: usize): usize {
  let depth = 1;
  store<u32>(groups, number);
  while (at < end) {
    from = at;
    at = readTag(at, end);
    if (at == 0) return 0;
    const wire = tagRead & 7;
    const inner = tagRead >>> 3;
    if (wire > 5) return fail(WIRE_TYPE, from);
    if (inner == 0) return fail(FIELD_NUMBER, from);
    if (wire == 3) {
      if (depth == GROUP_DEPTH_MAX) return fail(DEPTH, from);
      store<u32>(groups + ((<usize>depth) << 2), inner);
      depth++;
    } else if (wire == 4) {
      depth--;
      if (load<u32>(groups + ((<usize>depth) << 2)) != inner) return fail(GROUP, from);
      if (depth == 0) return at;
    } else {
      at = skipValue(wire, from, at, end);
      if (at == 0) return 0;
    }
  }
  return fail(GROUP, from);
}

/** A packed run of varints that fills [at, end). */
export function checkVarints(at: usize, end: usize): bool {
  while (at < end) {
    if (end - at >= 16 && i8x16.bitmask(v128.load(at)) == 0) {
      at += 16;
    } else if (load<u8>(at) < 0x80) {
      at++;
    } else {
      at = skipVarint(at, end);
      if (at == 0) return false;
    }
  }
  return true;
}

/** A packed run of values of `size` bytes. */
@inline
export function checkFixed(at: usize, end: usize, size: usize): bool {
  if (((end - at) & (size - 1)) == 0) return true;
  fail(PACKED, at);
  return false;
}
