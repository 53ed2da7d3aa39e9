/**
 * What views and attribute lists do for every item, on bytes that were checked before: finding a
 * message's fields, reading its attributes into columns, finding a key, writing an attribute. The
 * columns lie in the memory; JavaScript reads and edits them there.
 */

import { keyBit } from "./attributes";

/** What `value` found: the body, of what is length-delimited without the length. */
let bodyAt: usize = 0;
/** What `readVarint` read. */
let varintRead: u32 = 0;

@inline
function readVarint(at: usize): usize {
  const byte = <u32>load<u8>(at);
  if (byte < 0x80) {
    varintRead = byte;
    return at + 1;
  }
  return readLongVarint(at);
}

function readLongVarint(at: usize): usize {
  let value: u32 = 0;
  let shift: u32 = 0;
  let byte: u32 = 0;
  do {
    byte = <u32>load<u8>(at++);
    if (shift < 32) value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte > 0x7f);
  varintRead = value;
  return at;
}

/** Behind the value of a field whose tag ended at `at`; its body is left in `bodyAt`. */
function value(at: usize, tag: u32): usize {
  const wire = tag & 7;
  if (wire == 2) {
    bodyAt = readVarint(at);
    return bodyAt + <usize>varintRead;
  }
  bodyAt = at;
  if (wire == 0) {
    while (load<u8>(at++) > 0x7f) {}
    return at;
  }
  if (wire == 1) return at + 8;
  if (wire == 5) return at + 4;
  return skipGroup(at);
}

function skipGroup(at: usize): usize {
  for (let depth = 1; depth > 0; ) {
    at = readVarint(at);
    const tag = varintRead;
    const wire = tag & 7;
    if (wire == 3) depth++;
    else if (wire == 4) depth--;
    else at = value(at, tag);
  }
  return at;
}

/** The number of the field that `field` read. */
let numberRead: u32 = 0;

/** Behind the field at `at`; its number is left in `numberRead`, its body in `bodyAt`. */
@inline
function field(at: usize): usize {
  const byte = <u32>load<u8>(at);
  if ((byte & 0x87) == 2 && load<u8>(at, 1) < 0x80) {
    bodyAt = at + 2;
    numberRead = byte >>> 3;
    return bodyAt + <usize>load<u8>(at, 1);
  }
  if ((byte & 0x87) == 1) {
    bodyAt = at + 1;
    numberRead = byte >>> 3;
    return at + 9;
  }
  const body = readVarint(at);
  const tag = varintRead;
  const next = value(body, tag);
  numberRead = tag >>> 3;
  return next;
}

/** Behind the field at `at`; `head` is what lies there. */
@inline
function skip(at: usize, head: u32): usize {
  // One byte of tag, one of size; eight bytes; a varint of one.
  if ((head & 0x8087) == 2) return at + 2 + <usize>((head >>> 8) & 0x7f);
  if ((head & 0x87) == 1) return at + 9;
  if ((head & 0x8087) == 0) return at + 2;
  const body = readVarint(at);
  return value(body, varintRead);
}

/**
 * Finds the fields of the message at [start, end). `slots` maps the field numbers 0 to 127 to rows,
 * 255 for none; a row of `out` is tag, body, end, where absent a tag of -1; `rows` of them. A repeated
 * field's row goes from its first tag and body to its last end.
 */
export function readFields(start: usize, end: usize, slots: usize, out: usize, rows: i32): void {
  for (let row = out, stop = out + <usize>rows * 12; row < stop; row += 12) store<i32>(row, -1);
  for (let at = start; at < end; ) {
    const from = at;
    at = field(at);
    if (numberRead > 127) continue;
    const slot = <usize>load<u8>(slots + numberRead);
    if (slot == 255) continue;
    const row = out + slot * 12;
    if (load<i32>(row) == -1) {
      store<u32>(row, <u32>from);
      store<u32>(row, <u32>bodyAt, 4);
    }
    store<u32>(row, <u32>at, 8);
  }
}

/** The same of one field that occurs once: reads no further than to it. Its row is at `out`. */
export function findField(start: usize, end: usize, number: u32, out: usize): void {
  store<i32>(out, -1);
  for (let at = start; at < end; ) {
    const from = at;
    at = field(at);
    if (numberRead != number) continue;
    store<u32>(out, <u32>from);
    store<u32>(out, <u32>bodyAt, 4);
    store<u32>(out, <u32>at, 8);
    return;
  }
}

/** Tags of `KeyValue.key` and `KeyValue.value`. */
const KEY: u32 = 0x0a;
const VALUE: u32 = 0x12;

/** Bytes of a column row of an attribute: state, old start and end, new start and end, key, value. */
const ROW: usize = 36;

/**
 * Reads the attributes with the one-byte tag `tag` in [start, end) to rows at `out`, at most `max` of
 * them, and the set of the keys in those rows to `set`. Returns how many there are, which may be more.
 */
export function readAttributes(start: usize, end: usize, tag: u32, out: usize, max: i32, set: usize): i32 {
  const shape = tag | (KEY << 16);
  let count = 0;
  let row = out;
  let keys: u64 = 0;
  for (let at = start; at < end; ) {
    // tag, size below 128, key tag, key size below 128
    const head = load<u32>(at);
    if ((head & 0x80ff80ff) == shape) {
      const next = at + 2 + <usize>((head >>> 8) & 0x7f);
      const size = head >>> 24;
      // The key's last byte (or its size, 0), value tag, value size below 128. Of an empty attribute the key is a neighbour's.
      const last = at + 3 + <usize>size;
      const word = last < next ? load<u32>(last) : 0;
      if ((word & 0x80ff00) == VALUE << 8 && last + 3 + <usize>((word >>> 16) & 0x7f) == next) {
        if (count++ < max) {
          storePlace(row, at, next);
          storeFound(row, at + 4, last + 1, last + 3, next);
          keys |= keyBit(size, word & 0xff);
          row += ROW;
        }
        at = next;
        continue;
      }
    }
    if ((head & 0xff) != tag) {
      at = skip(at, head);
      continue;
    }
    const body = readVarint(at + 1);
    const next = body + <usize>varintRead;
    if (count++ < max) {
      storePlace(row, at, next);
      locate(row, body, next);
      const key = <usize>load<u32>(row, 20);
      const keyEnd = <usize>load<u32>(row, 24);
      keys |= keyBit(keyEnd - key, keyEnd == key ? 0 : <u32>load<u8>(keyEnd - 1));
      row += ROW;
    }
    at = next;
  }
  store<u64>(set, keys);
  return count;
}

/** An attribute that nobody has changed: it has no new place. */
@inline
function storePlace(row: usize, at: usize, next: usize): void {
  store<u32>(row, 0);
  store<u32>(row, <u32>at, 4);
  store<u32>(row, <u32>next, 8);
}

@inline
function storeFound(row: usize, key: usize, keyEnd: usize, body: usize, bodyEnd: usize): void {
  store<u32>(row, <u32>key, 20);
  store<u32>(row, <u32>keyEnd, 24);
  store<u32>(row, <u32>body, 28);
  store<u32>(row, <u32>bodyEnd, 32);
}

/** Leaves key and value of the KeyValue at [start, end) in the row; empty where absent. */
function locate(row: usize, start: usize, end: usize): void {
  storeFound(row, start, start, end, end);
  for (let at = start; at < end; ) {
    const body = readVarint(at);
    const tag = varintRead;
    at = value(body, tag);
    if (tag == KEY) {
      store<u32>(row, <u32>bodyAt, 20);
      store<u32>(row, <u32>at, 24);
    } else if (tag == VALUE) {
      store<u32>(row, <u32>bodyAt, 28);
      store<u32>(row, <u32>at, 32);
    }
  }
}

/** The first row from `out` on with a state below 3 (live) and the key at [keyStart, keyEnd), or -1. */
export function findAttribute(out: usize, count: i32, keyStart: usize, keyEnd: usize): i32 {
  const length = keyEnd - keyStart;
  for (let index = 0, row = out; index < count; index++, row += ROW) {
    const start = <usize>load<u32>(row, 20);
    if (<usize>load<u32>(row, 24) - start == length && load<u32>(row) < 3 && same(start, keyStart, length)) return index;
  }
  return -1;
}

/** From the end: keys of one length differ there. */
function same(a: usize, b: usize, length: usize): bool {
  if (length >= 8) {
    while (length > 8) {
      length -= 8;
      if (load<u64>(a + length) != load<u64>(b + length)) return false;
    }
    return load<u64>(a) == load<u64>(b);
  }
  while (length > 0) {
    length--;
    if (load<u8>(a + length) != load<u8>(b + length)) return false;
  }
  return true;
}

@inline
function sizeOf(value: usize): usize {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function writeVarint(at: usize, number: usize): usize {
  while (number > 0x7f) {
    store<u8>(at++, <u8>(number | 0x80));
    number >>>= 7;
  }
  store<u8>(at, <u8>number);
  return at + 1;
}

/** Bytes that `writeAttribute` takes at the most besides key and value. */
export const ATTRIBUTE_OVERHEAD: i32 = 22;

/**
 * Writes an attribute field with this tag at `to`: key at [keyStart, keyEnd), AnyValue body at
 * [valueStart, valueEnd). Leaves its row at `row`, all but the state and the old place; returns its end.
 */
export function writeAttribute(to: usize, tag: u32, keyStart: usize, keyEnd: usize, valueStart: usize, valueEnd: usize, row: usize): usize {
  const key = keyEnd - keyStart;
  const body = valueEnd - valueStart;
  let at = writeVarint(writeVarint(to, tag), 2 + sizeOf(key) + key + sizeOf(body) + body);
  store<u8>(at, 0x0a);
  at = writeVarint(at + 1, key);
  copyUp(at, keyStart, key);
  store<u32>(row, <u32>to, 12);
  store<u32>(row, <u32>at, 20);
  at += key;
  store<u32>(row, <u32>at, 24);
  store<u8>(at, 0x12);
  at = writeVarint(at + 1, body);
  copyUp(at, valueStart, body);
  store<u32>(row, <u32>at, 28);
  at += body;
  store<u32>(row, <u32>at, 32);
  store<u32>(row, <u32>at, 16);
  return at;
}

/**
 * Copies `length` bytes, overlapping or not. By vectors: in shared memory `memory.copy` goes byte by
 * byte wherever the two places are not aligned alike.
 */
export function copy(to: usize, from: usize, length: usize): void {
  if (to <= from || to >= from + length) copyUp(to, from, length);
  else copyDown(to, from, length);
}

/** What is read last is read before anything is written: the ends of a copy may overlap. */
function copyUp(to: usize, from: usize, length: usize): void {
  if (length < 16) return copyFew(to, from, length);
  const last = v128.load(from + length - 16);
  const lastTo = to + length - 16;
  for (; length >= 64; length -= 64, to += 64, from += 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; length >= 16; length -= 16, to += 16, from += 16) v128.store(to, v128.load(from));
  v128.store(lastTo, last);
}

/** Under 16 bytes. */
@inline
function copyFew(to: usize, from: usize, length: usize): void {
  if (length >= 8) {
    const head = load<u64>(from);
    const tail = load<u64>(from + length - 8);
    store<u64>(to, head);
    store<u64>(to + length - 8, tail);
  } else if (length >= 4) {
    const head = load<u32>(from);
    const tail = load<u32>(from + length - 4);
    store<u32>(to, head);
    store<u32>(to + length - 4, tail);
  } else {
    for (; length > 0; length--) store<u8>(to++, load<u8>(from++));
  }
}

/** Bytes of what one `gather` or `splice` takes at the most. They lie behind what the module itself holds. */
const ROOM_BYTES: usize = 1 << 15;

/** Where `gather` and `splice` find what they take. */
export function roomAt(): usize {
  return (__heap_base + 15) & ~15;
}

/** The first address that the module itself does not use. */
export function heapBase(): usize {
  return roomAt() + ROOM_BYTES;
}

/** Lays `count` pieces, a start and an end each, end to end at `to`, where none of them lies; returns the address behind them. */
export function gather(count: i32, to: usize): usize {
  const pieces = roomAt();
  for (let at = pieces, stop = pieces + (<usize>count << 3); at < stop; at += 8) {
    const from = <usize>load<u32>(at);
    const length = <usize>load<u32>(at, 4) - from;
    copyUp(to, from, length);
    to += length;
  }
  return to;
}

/** Bytes of an operation: start and end of what it takes the place of, of what it puts there, and whose it is. */
const OPERATION: usize = 20;
/** What an operation puts there that does nothing. */
const UNSET: u32 = 0xffffffff;

/**
 * Lays what `count` operations leave of a message end to end at `to`, in their order. The first word of
 * the room is where they have come to in the message, and is left there for those that follow.
 */
export function splice(count: i32, to: usize): usize {
  const room = roomAt();
  let cursor = <usize>load<u32>(room);
  for (let at = room + 4, stop = at + <usize>count * OPERATION; at < stop; at += OPERATION) {
    const piece = load<u32>(at, 8);
    if (piece == UNSET) continue;
    const start = <usize>load<u32>(at);
    if (start > cursor) {
      copyUp(to, cursor, start - cursor);
      to += start - cursor;
    }
    const end = <usize>load<u32>(at, 4);
    if (end > cursor) cursor = end;
    const length = <usize>load<u32>(at, 12) - <usize>piece;
    copyUp(to, <usize>piece, length);
    to += length;
  }
  store<u32>(room, <u32>cursor);
  return to;
}

function copyDown(to: usize, from: usize, length: usize): void {
  to += length;
  from += length;
  for (; length >= 16; length -= 16) {
    to -= 16;
    from -= 16;
    v128.store(to, v128.load(from));
  }
  for (; length > 0; length--) store<u8>(--to, load<u8>(--from));
}
