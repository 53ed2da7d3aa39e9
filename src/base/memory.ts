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
  /** For what is given to `gather`: pieces, a start and an end each. */
  readonly room: Int32Array;
  /** Lays the first `count` pieces in the room end to end at `at`, where none of them lies; returns the address behind them. */
  gather(count: number, at: number): number;
}

/** Lays an edited message end to end: the kernel. */
export interface Splicer extends Pick<Memory, "room" | "gather"> {
  /**
   * Lays what the first `count` operations of an edit script, five words each, leave of a message at `at`;
   * returns the address behind that. They are in the room, from its second word on; the first is where
   * those before have come to in the message, and is left there for those that follow.
   */
  splice(count: number, at: number): number;
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

/** Lays any number of pieces, pairs of start and end, end to end at `at`, where none of them lies; returns the address behind them. */
export function gatherAll({ room, gather }: Pick<Memory, "room" | "gather">, pieces: Int32Array, at: number): number {
  for (let from = 0; from < pieces.length; from += room.length) {
    const some = pieces.length <= room.length ? pieces : pieces.subarray(from, from + room.length);
    room.set(some);
    at = gather(some.length / 2, at);
  }
  return at;
}

/** Plain bytes as a memory, where there is no kernel: for tests. */
export function plainMemory(size: number): Memory {
  const bytes = new Uint8Array(size);
  const room = new Int32Array(64);
  const gather = (count: number, at: number): number => {
    for (let i = 0; i < count * 2; i += 2) {
      bytes.copyWithin(at, room[i] ?? 0, room[i + 1] ?? 0);
      at += (room[i + 1] ?? 0) - (room[i] ?? 0);
    }
    return at;
  };
  return { bytes, ...plainCopies(bytes), copy: (to, from, length) => void bytes.copyWithin(to, from, from + length), room, gather };
}
