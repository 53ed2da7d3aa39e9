/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every endpoint has a score for a key, and the
 * highest has the key. When an endpoint leaves, its keys alone move, to all others evenly; when one
 * comes, it takes its share from each. A score is 64 bits, two MurmurHash3 (x86, 32) under seeds from the
 * endpoint's name: the same on every gateway and runtime, so that gateways that share nothing agree.
 */

export interface Seed {
  readonly high: number;
  readonly low: number;
}

/** Any two: only that they differ, and stay, matters. */
const HIGH_SEED = 0x51a1ce01;
const LOW_SEED = 0x51a1ce02;

/** The seeds of an endpoint, from its name's UTF-16. */
export function seedOf(name: string): Seed {
  const bytes = new Uint8Array(name.length * 2);
  for (let at = 0; at < name.length; at++) {
    bytes[at * 2] = name.charCodeAt(at) & 0xff;
    bytes[at * 2 + 1] = name.charCodeAt(at) >>> 8;
  }
  return { high: murmur3(bytes, HIGH_SEED), low: murmur3(bytes, LOW_SEED) };
}

/** MurmurHash3_x86_32 of all bytes: 32 bits, unsigned. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const whole = bytes.length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scrambled(word(bytes, at, 4));
    hash = (hash << 13) | (hash >>> 19) | 0;
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (whole < bytes.length) hash ^= scrambled(word(bytes, whole, bytes.length - whole));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Little-endian. */
function word(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = (value << 8) | (bytes[at + index] ?? 0);
  return value;
}

function scrambled(value: number): number {
  const first = Math.imul(value, 0xcc9e2d51);
  return Math.imul((first << 15) | (first >>> 17), 0x1b873593);
}
