/** What masked text becomes: `****`, or a hash of it in hexadecimal. */
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { RedactionSettings } from "./settings.ts";

export type Mask = (text: string) => string;

const encoder = new TextEncoder();

export function maskOf({ hash_function: name, hmac_key: secret }: RedactionSettings): Mask {
  const key = encoder.encode(secret);
  switch (name) {
    case "sha1":
      return hashing(sha1);
    case "sha3":
      return hashing(sha3_256);
    case "md5":
      return hashing(md5);
    case "hmac-sha256":
      return hashing((text) => hmac(sha256, key, text));
    case "hmac-sha512":
      return hashing((text) => hmac(sha512, key, text));
    default:
      return () => "****";
  }
}

function hashing(hash: (text: Uint8Array) => Uint8Array): Mask {
  return (text) => bytesToHex(hash(encoder.encode(text)));
}
