/**
 * XXH3 of 64 and of 128 bits, seed 0 and the default secret, as its specification has it
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). Three ways by length: up to 16
 * bytes, up to 240, and stripes of 64 bytes in blocks of 1024 beyond. Plain and exact, not fast.
 */
import { SECRET } from "./xxh3-secret.ts";

const MASK = (1n << 64n) - 1n;
const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const STRIPE = 64;
/** Stripes until the secret is used up: (192 - 64) / 8. */
const STRIPES_PER_BLOCK = 16;
const SHORT_MAX = 16;
const MIDDLE_MAX = 128;
const LONG_FROM = 241;

const secret = viewOf(SECRET);

/** The high half first. */
export type Hash128 = readonly [high: bigint, low: bigint];

export function xxh3(bytes: Uint8Array): bigint {
  const length = bytes.length;
  const input = viewOf(bytes);
  if (length <= SHORT_MAX) return shortOf64(input, length);
  if (length < LONG_FROM) return avalanche(middleOf64(input, length));
  return merge(accumulate(input, length), 11, BigInt(length) * PRIME64_1);
}

export function xxh128(bytes: Uint8Array): Hash128 {
  const length = bytes.length;
  const input = viewOf(bytes);
  if (length <= SHORT_MAX) return shortOf128(input, length);
  if (length < LONG_FROM) return middleOf128(input, length);
  const lanes = accumulate(input, length);
  const low = merge(lanes, 11, BigInt(length) * PRIME64_1);
  return [merge(lanes, SECRET.length - 64 - 11, ~(BigInt(length) * PRIME64_2)), low];
}

function shortOf64(input: DataView, length: number): bigint {
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64));
  if (length <= 3) return avalanche64(combined(input, length) ^ (BigInt(secret32(0) ^ secret32(4)) & 0xffffffffn));
  if (length <= 8) {
    const first = BigInt(input.getUint32(0, true));
    const last = BigInt(input.getUint32(length - 4, true));
    let mixed = secret64(8) ^ secret64(16) ^ (last + (first << 32n));
    mixed ^= rotate(mixed, 49n) ^ rotate(mixed, 24n);
    mixed = (mixed * PRIME_MX2) & MASK;
    mixed ^= (mixed >> 35n) + BigInt(length);
    mixed = (mixed * PRIME_MX2) & MASK;
    return mixed ^ (mixed >> 28n);
  }
  const low = secret64(24) ^ secret64(32) ^ input.getBigUint64(0, true);
  const high = secret64(40) ^ secret64(48) ^ input.getBigUint64(length - 8, true);
  return avalanche(BigInt(length) + swap64(low) + high + folded(low, high));
}

function shortOf128(input: DataView, length: number): Hash128 {
  if (length === 0) return [avalanche64(secret64(80) ^ secret64(88)), avalanche64(secret64(64) ^ secret64(72))];
  if (length <= 3) {
    const low = combined(input, length);
    const high = rotate32(swap32(low), 13n);
    return [avalanche64(high ^ (BigInt(secret32(8) ^ secret32(12)) & 0xffffffffn)), avalanche64(low ^ (BigInt(secret32(0) ^ secret32(4)) & 0xffffffffn))];
  }
  return length <= 8 ? upTo8(input, length) : upTo16(input, length);
}

function upTo8(input: DataView, length: number): Hash128 {
  const first = BigInt(input.getUint32(0, true));
  const last = BigInt(input.getUint32(length - 4, true));
  const keyed = secret64(16) ^ secret64(24) ^ (first + (last << 32n));
  const product = keyed * (PRIME64_1 + BigInt(length << 2));
  let low = product & MASK;
  let high = (product >> 64n) & MASK;
  high = (high + (low << 1n)) & MASK;
  low ^= high >> 3n;
  low ^= low >> 35n;
  low = (low * PRIME_MX2) & MASK;
  low ^= low >> 28n;
  return [avalanche(high), low];
}

function upTo16(input: DataView, length: number): Hash128 {
  const flipLow = secret64(32) ^ secret64(40);
  const flipHigh = secret64(48) ^ secret64(56);
  const first = input.getBigUint64(0, true);
  const last = input.getBigUint64(length - 8, true);
  const product = (first ^ last ^ flipLow) * PRIME64_1;
  let low = ((product & MASK) + (BigInt(length - 1) << 54n)) & MASK;
  const keyed = last ^ flipHigh;
  const high = ((product >> 64n) + keyed + (keyed & 0xffffffffn) * (PRIME32_2 - 1n)) & MASK;
  low ^= swap64(high);
  const final = low * PRIME64_2;
  return [avalanche((final >> 64n) + high * PRIME64_2), avalanche(final)];
}

/** One to three bytes and their number in 32 bits. */
function combined(input: DataView, length: number): bigint {
  const bits = (input.getUint8(length - 1) | (length << 8) | (input.getUint8(0) << 16) | (input.getUint8(length >> 1) << 24)) >>> 0;
  return BigInt(bits);
}

function middleOf64(input: DataView, length: number): bigint {
  let sum = BigInt(length) * PRIME64_1;
  if (length <= MIDDLE_MAX) {
    for (let pair = Math.floor((length - 1) / 32); pair >= 0; pair--) {
      sum += mixed16(input, pair * 16, pair * 32) + mixed16(input, length - (pair + 1) * 16, pair * 32 + 16);
    }
    return sum;
  }
  const rounds = length >> 4;
  for (let round = 0; round < 8; round++) sum += mixed16(input, round * 16, round * 16);
  sum = avalanche(sum);
  for (let round = 8; round < rounds; round++) sum += mixed16(input, round * 16, (round - 8) * 16 + 3);
  return sum + mixed16(input, length - 16, 136 - 17);
}

function middleOf128(input: DataView, length: number): Hash128 {
  let low = BigInt(length) * PRIME64_1;
  let high = 0n;
  const mix = (first: number, second: number, key: number): void => {
    low = ((low + mixed16(input, first, key)) & MASK) ^ ((input.getBigUint64(second, true) + input.getBigUint64(second + 8, true)) & MASK);
    high = ((high + mixed16(input, second, key + 16)) & MASK) ^ ((input.getBigUint64(first, true) + input.getBigUint64(first + 8, true)) & MASK);
  };
  if (length <= MIDDLE_MAX) {
    for (let pair = Math.floor((length - 1) / 32); pair >= 0; pair--) mix(pair * 16, length - (pair + 1) * 16, pair * 32);
  } else {
    for (let at = 0; at < 128; at += 32) mix(at, at + 16, at);
    low = avalanche(low);
    high = avalanche(high);
    for (let at = 128; at + 32 <= length; at += 32) mix(at, at + 16, at - 128 + 3);
    mix(length - 16, length - 32, 136 - 17 - 16);
  }
  const sum = low + high;
  return [-avalanche(low * PRIME64_1 + high * PRIME64_4 + BigInt(length) * PRIME64_2) & MASK, avalanche(sum)];
}

/** The eight lanes after all stripes. */
function accumulate(input: DataView, length: number): readonly bigint[] {
  const lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripes = Math.floor((length - 1) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % STRIPES_PER_BLOCK;
    stir(lanes, input, stripe * STRIPE, inBlock * 8);
    if (inBlock === STRIPES_PER_BLOCK - 1) scramble(lanes);
  }
  stir(lanes, input, length - STRIPE, SECRET.length - STRIPE - 7);
  return lanes;
}

function stir(lanes: bigint[], input: DataView, at: number, key: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = input.getBigUint64(at + lane * 8, true);
    const keyed = value ^ secret64(key + lane * 8);
    const neighbour = lane ^ 1;
    lanes[neighbour] = ((lanes[neighbour] ?? 0n) + value) & MASK;
    lanes[lane] = ((lanes[lane] ?? 0n) + (keyed & 0xffffffffn) * (keyed >> 32n)) & MASK;
  }
}

function scramble(lanes: bigint[]): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = lanes[lane] ?? 0n;
    lanes[lane] = ((value ^ (value >> 47n) ^ secret64(SECRET.length - STRIPE + lane * 8)) * PRIME32_1) & MASK;
  }
}

function merge(lanes: readonly bigint[], key: number, start: bigint): bigint {
  let sum = start & MASK;
  for (let pair = 0; pair < 4; pair++)
    sum += folded((lanes[pair * 2] ?? 0n) ^ secret64(key + pair * 16), (lanes[pair * 2 + 1] ?? 0n) ^ secret64(key + pair * 16 + 8));
  return avalanche(sum);
}

function mixed16(input: DataView, at: number, key: number): bigint {
  return folded(input.getBigUint64(at, true) ^ secret64(key), input.getBigUint64(at + 8, true) ^ secret64(key + 8));
}

/** The two halves of the product, one over the other. */
function folded(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK) ^ (product >> 64n);
}

function avalanche(value: bigint): bigint {
  let mixed = value & MASK;
  mixed = ((mixed ^ (mixed >> 37n)) * PRIME_MX1) & MASK;
  return mixed ^ (mixed >> 32n);
}

/** XXH64's own. */
function avalanche64(value: bigint): bigint {
  let mixed = ((value ^ (value >> 33n)) * PRIME64_2) & MASK;
  mixed = ((mixed ^ (mixed >> 29n)) * PRIME64_3) & MASK;
  return mixed ^ (mixed >> 32n);
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function rotate32(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (32n - by))) & 0xffffffffn;
}

function swap32(value: bigint): bigint {
  return ((value & 0xffn) << 24n) | ((value & 0xff00n) << 8n) | ((value >> 8n) & 0xff00n) | (value >> 24n);
}

function swap64(value: bigint): bigint {
  return (swap32(value & 0xffffffffn) << 32n) | swap32(value >> 32n);
}

function secret64(at: number): bigint {
  return secret.getBigUint64(at, true);
}

function secret32(at: number): number {
  return secret.getUint32(at, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
