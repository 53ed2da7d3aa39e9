/**
 * The one memory that requests, scratch and constants lie in: the kernel's. Its size is fixed, so the
 * view stays valid. JavaScript's own copies crawl where it is shared between threads: what is more than a
 * field is copied by the functions here.
 */
export interface Memory extends Copies {
  /** All of it; addresses are absolute. May be shared between threads. */
  readonly bytes: Uint8Array;
  /** Copies `length` bytes, overlapping or not. */
  copy(to: number, from: number, length: number): void;
  /** Lays pieces, pairs of start and end, end to end at `at`, where none of them lies; returns the address behind them. */
  copyPieces(pieces: Int32Array, at: number): number;
}

/** Between a memory and bytes that lie elsewhere. */
export interface Copies {
  /** Copies `piece` to the address `at`. */
  copyIn(at: number, piece: Uint8Array): void;
  /** Copies what lies from `start` to before `end` to `at` of `target`. */
  copyOut(target: Uint8Array, at: number, start: number, end: number): void;
}

/** JavaScript's own, which are quick in plain memory. */
export function plainCopies(bytes: Uint8Array): Copies {
  return {
    copyIn: (at, piece) => bytes.set(piece, at),
    copyOut: (target, at, start, end) => target.set(bytes.subarray(start, end), at),
  };
}

/** Plain bytes as a memory, where there is no kernel: for tests. */
export function plainMemory(size: number): Memory {
  const bytes = new Uint8Array(size);
  const copyPieces = (pieces: Int32Array, at: number): number => {
    for (let i = 0; i < pieces.length; i += 2) {
      bytes.copyWithin(at, pieces[i] ?? 0, pieces[i + 1] ?? 0);
      at += (pieces[i + 1] ?? 0) - (pieces[i] ?? 0);
    }
    return at;
  };
  return { bytes, ...plainCopies(bytes), copy: (to, from, length) => void bytes.copyWithin(to, from, from + length), copyPieces };
}
