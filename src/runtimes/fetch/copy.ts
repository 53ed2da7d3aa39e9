/**
 * Copies into the request memory. In shared memory JavaScript's own `set` goes word by word, and
 * Buffer's `fill` does not (docs/decisions/006); in plain memory `set` is a plain memcpy.
 */
import type { Memory } from "../../base/memory.ts";
import { bufferOver, copyIn } from "../node/copy.ts";

/** Copies a piece to an absolute address. */
export type Copier = (at: number, piece: Uint8Array) => void;

const copiers = new WeakMap<Memory, Copier>();

/** The fast way into this memory, remembered with it. */
export function copierOf(memory: Memory): Copier {
  let copier = copiers.get(memory);
  if (copier === undefined) {
    copier = makeCopier(memory.bytes);
    copiers.set(memory, copier);
  }
  return copier;
}

function makeCopier(bytes: Uint8Array): Copier {
  if (bytes.buffer instanceof ArrayBuffer) return (at, piece) => bytes.set(piece, at);
  const memory = bufferOver(bytes);
  return (at, piece) => copyIn(memory, at, piece);
}
