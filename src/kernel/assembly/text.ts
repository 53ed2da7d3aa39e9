/**
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Sixteen bytes at
 * a time while all is ASCII, one character at a time where it is not.
 * Reads past `end`, within the memory; what it finds there is masked and decides nothing.
 */
import { strideEnd } from "./state";

export function isText(at: usize, end: usize): bool {
  const size = end - at;
  // Most names and keys, without a branch on the size.
  if (size <= 32 && at <= strideEnd) {
    const odd = <u64>(<u32>i8x16.bitmask(v128.load(at)) | (<u32>i8x16.bitmask(v128.load(at, 16)) << 16));
    if ((odd & ((1 << <u64>size) - 1)) == 0) return true;
  }
  return isLongText(at, end);
}

function isLongText(at: usize, end: usize): bool {
  while (at < end) {
    const left = end - at;
    const odd = i8x16.bitmask(v128.load(at));
    if (left < 16) {
      if ((odd & ((1 << <i32>left) - 1)) == 0) return true;
    } else if (odd == 0) {
      at += 16;
      continue;
    }
    at = characters(at, end);
    if (at == 0) return false;
  }
  return true;
}

/** Behind the next characters, up to eight of ASCII in a row or `end`; 0 when one is malformed. */
function characters(at: usize, end: usize): usize {
  for (let plain = 0; plain < 8 && at < end; ) {
    const lead = <u32>load<u8>(at);
    if (lead < 0x80) {
      at++;
      plain++;
      continue;
    }
    const size = characterSize(lead, at, end - at);
    if (size == 0) return 0;
    at += size;
    plain = 0;
  }
  return at;
}

/** Bytes of the character that begins with `lead`, which is not ASCII; 0 when it is none. */
function characterSize(lead: u32, at: usize, left: usize): usize {
  if (lead < 0xe0) {
    if (lead < 0xc2 || left < 2) return 0;
    return isTrail(load<u8>(at, 1)) ? 2 : 0;
  }
  const second = <u32>load<u8>(at, 1);
  if (lead < 0xf0) {
    if (left < 3 || !isTrail(second) || !isTrail(load<u8>(at, 2))) return 0;
    if (lead == 0xe0) return second < 0xa0 ? 0 : 3;
    return lead == 0xed && second > 0x9f ? 0 : 3;
  }
  if (lead > 0xf4 || left < 4 || !isTrail(second) || !isTrail(load<u8>(at, 2)) || !isTrail(load<u8>(at, 3))) return 0;
  if (lead == 0xf0) return second < 0x90 ? 0 : 4;
  return lead == 0xf4 && second > 0x8f ? 0 : 4;
}

@inline
function isTrail(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}
