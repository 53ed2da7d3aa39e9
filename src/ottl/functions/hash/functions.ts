/** Digests and hashes of text: MD5, SHA1, SHA256, SHA512, FNV, Murmur3Hash, Murmur3Hash128, XXH3, XXH128. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { define, type OttlFunction } from "../../contract.ts";
import type { Value } from "../../value.ts";
import { toBytes, toHex } from "../text/bytes.ts";
import { fnv1a64 } from "./fnv.ts";
import { murmur3of128, murmur3of32 } from "./murmur3.ts";
import { xxh128, xxh3 } from "./xxh3.ts";

export const HASH_FUNCTIONS: readonly OttlFunction[] = [
  hash("MD5", (bytes) => toHex(md5(bytes))),
  hash("SHA1", (bytes) => toHex(sha1(bytes))),
  hash("SHA256", (bytes) => toHex(sha256(bytes))),
  hash("SHA512", (bytes) => toHex(sha512(bytes))),
  hash("FNV", fnv1a64),
  // Little-endian, unlike the others.
  hash("Murmur3Hash", (bytes) => toHex(littleEndian(BigInt(murmur3of32(bytes)), 4))),
  hash("Murmur3Hash128", (bytes) =>
    murmur3of128(bytes)
      .map((half) => toHex(littleEndian(half, 8)))
      .join(""),
  ),
  hash("XXH3", (bytes) => hex64(xxh3(bytes))),
  hash("XXH128", (bytes) => xxh128(bytes).map(hex64).join("")),
];

function hash(name: string, of: (bytes: Uint8Array) => Value): OttlFunction {
  return define(
    name,
    [{ name: "target", kind: "string_getter" }],
    ({ target }) =>
      (subject) =>
        of(toBytes(target(subject))),
  );
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, place) => Number((value >> BigInt(8 * place)) & 0xffn));
}
