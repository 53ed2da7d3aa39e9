/**
 * Protobuf's base-128 integers on plain offsets (protobuf encoding guide, "Base 128 Varints").
 * Readers here serve bytes that the kernel has checked: they trust the framing and read no further
 * than it says. Lengths and tags fit 32 bits there; 64-bit values come as two halves.
 */

/** Where the last `readVarint` ended: a second result without an allocation. */
export let after = 0;

/** The low 32 bits of the varint at `at`, unsigned; `after` is the address behind it. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at++] ?? 0;
  if (byte < 0x80) {
    after = at;
    return byte;
  }
  let value = byte & 0x7f;
  for (let shift = 7; shift < 70; shift += 7) {
    byte = bytes[at++] ?? 0;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  after = at;
  return value >>> 0;
}

/** The high 32 bits of the varint at `at`, unsigned. */
export function readVarintHigh(bytes: Uint8Array, at: number): number {
  let high = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index] ?? 0;
    const bits = byte & 0x7f;
    if (index === 4) high |= bits >>> 4;
    else if (index > 4) high |= bits << (index * 7 - 32);
    if (byte < 0x80) break;
  }
  return high >>> 0;
}

/** The address behind the varint at `at`. */
export function skipVarint(bytes: Uint8Array, at: number): number {
  while ((bytes[at++] ?? 0) >= 0x80);
  return at;
}

/** Bytes that `value` (0 to 2^32 - 1) takes. */
export function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Writes `value` (0 to 2^32 - 1) in canonical form; returns the address behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** Protobuf's wire types (encoding guide, "Message Structure"). */
export const VARINT = 0;
export const I64 = 1;
export const LEN = 2;
export const SGROUP = 3;
export const EGROUP = 4;
export const I32 = 5;

/**
 * The address behind the value of a field whose tag (`tag`) ended at `at`. Groups are skipped with a
 * counter, not with calls.
 */
export function skipValue(bytes: Uint8Array, at: number, tag: number): number {
  switch (tag & 7) {
    case VARINT:
      return skipVarint(bytes, at);
    case I64:
      return at + 8;
    case LEN: {
      const length = readVarint(bytes, at);
      return after + length;
    }
    case I32:
      return at + 4;
    default:
      return skipGroup(bytes, at);
  }
}

function skipGroup(bytes: Uint8Array, at: number): number {
  for (let depth = 1; depth > 0;) {
    const tag = readVarint(bytes, at);
    at = after;
    const type = tag & 7;
    if (type === SGROUP) depth++;
    else if (type === EGROUP) depth--;
    else at = skipValue(bytes, at, tag);
  }
  return at;
}
