/**
 * Copies into and out of the request memory, which is shared: JavaScript's own copies go word by word
 * there, a quarter of the speed. Two of Buffer's functions end in a plain memcpy: `fill` with a buffer
 * as its value, and `copy` out of a Buffer over the memory (docs/decisions/006). On Deno `fill` goes
 * byte by byte, 2 ns each, and `set` into plain memory is the memcpy; on Bun they cost the same.
 */
import type { Copies } from "../../base/memory.ts";
import { runtimeName } from "../name.ts";

/** Freeing costs about a microsecond. */
const FREED_BYTES_MIN = 16 * 1024;

const FILLS = runtimeName() === "node";

/** A Buffer over the same bytes. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Copies `piece` to `at` in `memory`. */
export function copyIn(memory: Buffer, at: number, piece: Uint8Array): void {
  if (!FILLS) memory.set(piece, at);
  // Buffer refuses to fill with nothing.
  else if (piece.length > 0) memory.fill(piece, at, at + piece.length);
}

/** Of a memory that is shared. */
export function sharedCopies(bytes: Uint8Array): Copies {
  const memory = bufferOver(bytes);
  return {
    copyIn: (at, piece) => copyIn(memory, at, piece),
    copyOut: (target, at, start, end) => void memory.copy(target, at, start, end),
  };
}

/** The slices end to end, in a new buffer of `length` bytes. */
export function gather(slices: readonly Uint8Array[], length: number): Buffer {
  const whole = Buffer.allocUnsafe(length);
  let at = 0;
  for (const slice of slices) {
    bufferOver(slice).copy(whole, at);
    at += slice.length;
  }
  return whole;
}

/**
 * Frees a buffer at once, all of which was copied and which nobody else has. Left to the collector such
 * buffers make V8 mark its whole heap every 64 MiB, a fifth of the CPU of a gateway; and JavaScriptCore
 * hardly counts them: a dozen bombs left 500 MiB. What may lie in Buffer's own pool is left alone.
 */
export function freeCopied(bytes: Uint8Array): void {
  const { buffer } = bytes;
  const alone = bytes.length === buffer.byteLength || buffer.byteLength > Buffer.poolSize;
  if (alone && buffer instanceof ArrayBuffer && buffer.byteLength >= FREED_BYTES_MIN) buffer.transfer(0);
}
