/**
 * Where the randomness of an item comes from: the last 7 bytes of its trace id (W3C Trace Context 2),
 * or the Collector's hash of a trace id or an attribute: FNV-1a of 32 bits over the seed (4 bytes,
 * little-endian) and the bytes. 14 bits of the hash decide; the others only fill up the 56.
 */
import type { Bits56 } from "./bits56.ts";

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BUCKETS = 0x4000;
const TRACE_ID_BYTES = 16;

/** The hash after the seed, from which each item's goes on. */
export function seedState(seed: number): number {
  let hash = FNV_BASIS;
  for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((seed >>> shift) & 0xff), FNV_PRIME);
  return hash;
}

/** Sets the randomness that the hash of [start, end) gives. */
export function setHashed(randomness: Bits56, state: number, bytes: Uint8Array, start: number, end: number): void {
  let hash = state;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  const bucket = hash & (BUCKETS - 1);
  const spare = hash >>> 18;
  const filling = spare ^ (spare << 10);
  // From the top: 14 bits of the bucket counted downwards, 28 of filling, 14 of the bucket.
  randomness.set(((BUCKETS - 1 - bucket) << 10) | (filling >>> 18), ((filling << 14) | bucket) >>> 0);
}

/**
 * The hash decides by buckets: a percentage keeps this many of 16,384. Both factors and the product
 * are single precision, as they always were: a tier with the same seed decides the same.
 */
export function bucketsKept(percentage: number): number {
  return Math.floor(Math.fround(Math.fround(percentage) * Math.fround(BUCKETS / 100)));
}

/** The threshold over the hash's randomness that keeps this many buckets. */
export function setBuckets(threshold: Bits56, kept: number): void {
  threshold.set((BUCKETS - kept) << 10, 0);
}

/** Sets the randomness that the trace id at `at` carries. */
export function setFromTraceId(randomness: Bits56, bytes: Uint8Array, at: number): void {
  const high = ((bytes[at + 9] ?? 0) << 16) | ((bytes[at + 10] ?? 0) << 8) | (bytes[at + 11] ?? 0);
  const low = ((bytes[at + 12] ?? 0) << 24) | ((bytes[at + 13] ?? 0) << 16) | ((bytes[at + 14] ?? 0) << 8) | (bytes[at + 15] ?? 0);
  randomness.set(high, low >>> 0);
}

/** Sets the hash's randomness of the trace id at `at`. */
export function setHashedTraceId(randomness: Bits56, state: number, bytes: Uint8Array, at: number): void {
  setHashed(randomness, state, bytes, at, at + TRACE_ID_BYTES);
}
