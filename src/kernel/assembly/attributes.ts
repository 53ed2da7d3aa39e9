/**
 * Attributes, which are most of every request. The usual shape is taken whole:
 *
 *     tag size | 0a keySize key | 12 valueSize | 0a textSize text     one-byte sizes, each filling its parent
 *
 * A comparison proves the four bytes before the key and one those between key and text; the high bits of
 * all bytes together prove that it is ASCII. The same holds for an int, a bool and a double. Whatever else goes through the generated
 * `checkKeyValue`, which takes every legal form.
 */
import { keys, setKeys, strideEnd } from "./state";
import { checkKeyValue } from "./walkers";
import { lengthRead, overrun, readLength } from "./wire";

/** Key tag, of `KeyValue.key`. */
const KEY: u32 = 0x0a;
/** Tag of `KeyValue.value`, and behind its size the tag of `AnyValue.string_value`. */
const VALUE: u32 = 0x12;
/** Value tag, value size and string tag of an empty string; each byte of text adds one to the size. */
const TEXT_HEAD: u32 = 0x0a0212;
const BOOL: u32 = 0x10;
const INT: u32 = 0x18;
const DOUBLE: u32 = 0x21;

/** The bit of a key in an item's key set: by its length and last byte. */
// @ts-ignore: decorator
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
  const fastEnd = min(end, strideEnd);
  let set = keys;
  while (true) {
    while (true) {
      // tag, size below 128, key tag, key size
      const head = load<u32>(at);
      if ((head & 0x00ff80ff) != shape) break;
      const stop = at + 2 + <usize>load<u8>(at, 1);
      if (stop > fastEnd) break;
      const keySize = head >>> 24;
      const value = at + 4 + <usize>keySize;
      // value tag, value size, kind, and of a string its size
      const word = load<u32>(value);
      const textSize = <u32>load<u8>(value, 3);
      if (value + 4 + <usize>textSize == stop) {
        if (word != textSize * 0x01000100 + TEXT_HEAD) break;
        if (i8x16.bitmask(highBytes(at, stop)) != 0) break;
      } else {
        const rest = <u32>(stop - value);
        if ((word & 0xffff) != VALUE + ((rest - 2) << 8)) break;
        const kind = (word >>> 16) & 0xff;
        if (kind == INT || kind == BOOL) {
          const stops = ~load<u64>(value, 3) & 0x8080808080808080;
          if (<u32>(ctz(stops) >>> 3) != rest - 4 || rest > 11) break;
        } else if (kind != DOUBLE || rest != 11) break;
        if (!isPlainKey(at + 4, value, keySize)) break;
      }
      set |= keyBit(keySize, load<u8>(value - 1));
      at = stop;
    }
    if (at >= end || load<u8>(at) != tag) break;
    setKeys(set);
    at = oneAttribute(at + 1, end, depth);
    if (at == 0) return 0;
    set = keys;
  }
  setKeys(set);
  return at;
}

/**
 * All bytes from the size at `at + 1` to `stop`, or-ed together: a high bit where one is not ASCII.
 * Of attributes under 16 bytes it sees some neighbours too, which can only make it say so in vain.
 */
// @ts-ignore: decorator
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
// @ts-ignore: decorator
@inline
function isPlainKey(at: usize, end: usize, size: u32): bool {
  const odd = i8x16.bitmask(v128.load(at));
  if (size < 16) return (odd & ((1 << size) - 1)) == 0;
  if (size > 32) return false;
  return (odd | i8x16.bitmask(v128.load(end - 16))) == 0;
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
