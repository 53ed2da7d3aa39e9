/** UUID (version 4) and UUIDv7 (RFC 9562), from the host's random numbers and clock. */
import { define, type OttlFunction, type Tools } from "../contract.ts";
import { toHex } from "./text/bytes.ts";

export const ID_FUNCTIONS: readonly OttlFunction[] = [
  define("UUID", [], (_, tools) => ({ run: () => uuidText(randomBytes(tools), 4), pure: false })),
  define("UUIDv7", [], (_, tools) => ({ run: () => uuidText(withTime(randomBytes(tools), tools.now()), 7), pure: false })),
];

function randomBytes(tools: Tools): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => Math.floor(tools.random() * 256));
}

/** Milliseconds since 1970 in 48 bits; then, in 12 bits behind the version, the fraction of a millisecond. */
function withTime(bytes: Uint8Array, now: bigint): Uint8Array {
  const milliseconds = now / 1_000_000n;
  for (let place = 0; place < 6; place++) bytes[place] = Number((milliseconds >> BigInt(8 * (5 - place))) & 0xffn);
  const fraction = Number(((now % 1_000_000n) * 4096n) / 1_000_000n);
  bytes[6] = fraction >> 8;
  bytes[7] = fraction & 0xff;
  return bytes;
}

function uuidText(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
