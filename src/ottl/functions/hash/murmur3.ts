/** MurmurHash3 with seed 0: of 32 bits, and of 128 bits in its form for 64-bit machines (public domain, Austin Appleby). */
const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

export function murmur3of32(bytes: Uint8Array): number {
  let hash = 0;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const block = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash = (Math.imul(rotate32(hash ^ scramble32(block), 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | (bytes[at] ?? 0);
  if (whole < bytes.length) hash ^= scramble32(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble32(block: number): number {
  return Math.imul(rotate32(Math.imul(block, C1), 15), C2);
}

function rotate32(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

const LONG_C1 = 0x87c37b91114253d5n;
const LONG_C2 = 0x4cf5ad432745937fn;
const MASK = (1n << 64n) - 1n;

/** The two halves of 64 bits. */
export function murmur3of128(bytes: Uint8Array): readonly [bigint, bigint] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let h1 = 0n;
  let h2 = 0n;
  const whole = bytes.length & ~15;
  for (let at = 0; at < whole; at += 16) {
    h1 ^= scrambleFirst(view.getBigUint64(at, true));
    h1 = ((rotate64(h1, 27n) + h2) * 5n + 0x52dce729n) & MASK;
    h2 ^= scrambleSecond(view.getBigUint64(at + 8, true));
    h2 = ((rotate64(h2, 31n) + h1) * 5n + 0x38495ab5n) & MASK;
  }
  h2 ^= scrambleSecond(tailOf(bytes, whole + 8, bytes.length));
  h1 ^= scrambleFirst(tailOf(bytes, whole, Math.min(whole + 8, bytes.length)));
  const length = BigInt(bytes.length);
  h1 ^= length;
  h2 ^= length;
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  h1 = finish64(h1);
  h2 = finish64(h2);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  return [h1, h2];
}

function tailOf(bytes: Uint8Array, start: number, end: number): bigint {
  let tail = 0n;
  for (let at = end - 1; at >= start; at--) tail = (tail << 8n) | BigInt(bytes[at] ?? 0);
  return tail;
}

function scrambleFirst(block: bigint): bigint {
  return (rotate64((block * LONG_C1) & MASK, 31n) * LONG_C2) & MASK;
}

function scrambleSecond(block: bigint): bigint {
  return (rotate64((block * LONG_C2) & MASK, 33n) * LONG_C1) & MASK;
}

function rotate64(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function finish64(value: bigint): bigint {
  let mixed = ((value ^ (value >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  mixed = ((mixed ^ (mixed >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
  return mixed ^ (mixed >> 33n);
}
