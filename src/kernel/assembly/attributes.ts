/**
 * Attributes, which are most of every request. The usual shape is taken whole:
 *
 *     tag size | 0a keySize key | 12 valueSize | 0a textSize text     one-byte sizes, each filling its parent
 *
 * A comparison proves the four bytes before the key and one those between key and text; the high bits of
 * all bytes together prove that it is ASCII. The same holds for an int, a bool and a double, and for the
 * order of the Collector, which writes the value before the key. Whatever else goes through the generated
 * `checkKeyValue`, which takes every legal form.
 */
import { findField, roomAt, readAttributes } from "./edit";
import { ATTRIBUTES, ATTRIBUTES_MAX, VALUE_DEPTH_MAX, fail, keys, setKeys, strideEnd } from "./state";
import { checkKeyValue } from "./walkers";
import { lengthRead, overrun, readLength } from "./wire";

/** Key tag, of `KeyValue.key`. */
const KEY: u32 = 0x0a;
/** Tag of `KeyValue.value`, and behind its size the tag of `AnyValue.string_value`. */
const VALUE: u32 = 0x12;
/** Value tag, value size and string tag of an empty string; each byte of text adds one to the size. */
const TEXT_HEAD: u32 = 0x0a0212;
const STRING: u32 = 0x0a;
const BOOL: u32 = 0x10;
const INT: u32 = 0x18;
const DOUBLE: u32 = 0x21;

/** The bit of a key in an item's key set: by its length and last byte. */
@inline
export function keyBit(size: usize, last: u32): u64 {
  // The shift itself is modulo 64.
  return (<u64>1) << (<u64>(<u32>size * 7 + last));
}

/** Adds a key that was met outside the usual shape. */
export function noteKey(at: usize, end: usize): void {
  setKeys(keys | keyBit(end - at, at == end ? 0 : <u32>load<u8>(end - 1)));
}

/**
 * A run of attributes in one message, from `at` on, where the first one's `tag` of one byte stands, for
 * as long as that tag comes again. Returns where it ends, or 0.
 * The inner loop has no calls: a call would spill every register around it.
 */
export function attributeRun(at: usize, end: usize, tag: u32, depth: i32): usize {
  const shape = tag | (KEY << 16);
  // Values at the limit go the slow way, to be refused.
  const fastEnd = depth < VALUE_DEPTH_MAX ? min(end, strideEnd) : 0;
  let set = keys;
  while (true) {
    while (true) {
      // tag, size below 128, key tag, key size
      const head = load<u32>(at);
      if ((head & 0x00ff80ff) != shape) break;
      const stop = at + 2 + <usize>load<u8>(at, 1);
      if (stop > fastEnd) break;
      const keySize = head >>> 24;
      // The key's last byte (or its size, 0), value tag, value size, kind; behind them a string's size.
      const last = at + 3 + <usize>keySize;
      const word = load<u32>(last);
      const textSize = <u32>load<u8>(last, 4);
      if (last + 5 + <usize>textSize == stop) {
        if (word >>> 8 != (textSize << 8) + TEXT_HEAD) break;
        if (i8x16.bitmask(highBytes(at, stop)) != 0) break;
      } else {
        // Bytes of the number itself. Wraps around where the key is longer than the attribute.
        const rest = <u32>(stop - last - 4);
        if (((word >>> 8) & 0xffff) != VALUE + ((rest + 1) << 8)) break;
        const kind = word >>> 24;
        if (kind == INT || kind == BOOL) {
          const stops = ~load<u64>(last, 4) & 0x8080808080808080;
          if (<u32>(ctz(stops) >>> 3) != rest - 1 || rest > 8) break;
        } else if (kind != DOUBLE || rest != 8) break;
        if (!isPlainKey(at + 4, last + 1, keySize)) break;
      }
      set |= keyBit(keySize, word & 0xff);
      at = stop;
    }
    if (at >= end || load<u8>(at) != tag) break;
    setKeys(set);
    const reversed = reversedRun(at, fastEnd, tag);
    at = reversed != at ? reversed : oneAttribute(at + 1, end, depth);
    if (at == 0) return 0;
    set = keys;
  }
  setKeys(set);
  return at;
}

/**
 * The same for attributes with the value before the key:
 *
 *     tag size | 12 valueSize | 0a textSize text | 0a keySize key
 *
 * Returns where the run of this shape ends: at `at` itself where there is none.
 */
function reversedRun(at: usize, fastEnd: usize, tag: u32): usize {
  const shape = tag | (VALUE << 16);
  let set = keys;
  while (true) {
    // tag, size below 128, value tag, value size
    const head = load<u32>(at);
    if ((head & 0x00ff80ff) != shape) break;
    const stop = at + 2 + <usize>load<u8>(at, 1);
    if (stop > fastEnd) break;
    const valueSize = head >>> 24;
    const key = at + 4 + <usize>valueSize;
    const keySize = <u32>load<u8>(key, 1);
    if (load<u8>(key) != KEY || key + 2 + <usize>keySize != stop) break;
    const kind = <u32>load<u8>(at, 4);
    if (kind == STRING) {
      if (<u32>load<u8>(at, 5) + 2 != valueSize) break;
      if (i8x16.bitmask(highBytes(at, stop)) != 0) break;
    } else {
      const size = valueSize - 1;
      if (kind == INT || kind == BOOL) {
        const stops = ~load<u64>(at, 5) & 0x8080808080808080;
        if (<u32>(ctz(stops) >>> 3) != size - 1 || size > 8) break;
      } else if (kind != DOUBLE || size != 8) break;
      if (!isPlainKey(key + 2, stop, keySize)) break;
    }
    // The size of an empty key stands where its last byte would.
    set |= keyBit(keySize, load<u8>(stop - 1));
    at = stop;
  }
  setKeys(set);
  return at;
}

/**
 * All bytes from the size at `at + 1` to `stop`, or-ed together: a high bit where one is not ASCII.
 * Of attributes under 16 bytes it sees some neighbours too, which can only make it say so in vain.
 */
@inline
function highBytes(at: usize, stop: usize): v128 {
  let all = v128.or(v128.load(at, 2), v128.load(stop - 16));
  if (stop - at > 34) {
    all = v128.or(all, v128.or(v128.load(at, 18), v128.load(stop - 32)));
    if (stop - at > 66) {
      all = v128.or(all, v128.or(v128.load(at, 34), v128.load(at, 50)));
      all = v128.or(all, v128.or(v128.load(stop - 48), v128.load(stop - 64)));
    }
  }
  return all;
}

/** Whether a key of at most 32 bytes is ASCII. */
@inline
function isPlainKey(at: usize, end: usize, size: u32): bool {
  const odd = i8x16.bitmask(v128.load(at));
  if (size < 16) return (odd & ((1 << size) - 1)) == 0;
  if (size > 32) return false;
  return (odd | i8x16.bitmask(v128.load(end - 16))) == 0;
}

/** False where the message at [start, end), which is sound so far as it goes, has more attributes than one may. */
export function areFew(start: usize, end: usize, tag: u32): bool {
  if (readAttributes(start, end, tag, 0, 0, roomAt()) <= ATTRIBUTES_MAX) return true;
  findField(start, end, tag >>> 3, roomAt());
  fail(ATTRIBUTES, <usize>load<u32>(roomAt()));
  return false;
}

/** An attribute of any legal form; `at` stands on its size, behind the tag. */
export function oneAttribute(at: usize, end: usize, depth: i32): usize {
  let size = <usize>load<u8>(at++);
  if (size > 0x7f) {
    at = readLength(at - 1, end);
    if (at == 0) return 0;
    size = lengthRead;
  }
  const stop = at + size;
  if (stop > end) return <usize>overrun(at, end);
  return checkKeyValue(at, stop, depth) ? stop : 0;
}
