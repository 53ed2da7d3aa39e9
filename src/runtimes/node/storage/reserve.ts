/**
 * Room on the disk that nobody else gets: a file of zeros beside the storage. On a full disk even a
 * delete has to be written first, so that a queue that filled the disk could never be emptied. Then the
 * file goes, and its room is for what makes room; everything else is refused until the disk has twice
 * as much again.
 */
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const LOG_BYTES_MAX = 16 << 20;
/** Of a disk that the log may have: with the reserve, which is twice as much and wants that much beside it, a fifth of a small one. */
const LOG_SHARE = 32;
const PIECE_BYTES = 1 << 20;

/** What a storage's log may have in this directory, before it is copied into the file. */
export function logBytesIn(directory: string): number {
  const { blocks, bsize } = statfsSync(directory);
  return Math.min(LOG_BYTES_MAX, Math.floor((blocks * bsize) / LOG_SHARE));
}

export class Reserve {
  readonly #path: string;
  readonly #bytes: number;
  #state: "none" | "held" | "released";

  /** `bytes`: as much as the log can have, and what it was to bring into the database. */
  constructor(path: string, bytes: number = 2 * logBytesIn(dirname(path))) {
    this.#path = path;
    this.#bytes = bytes;
    this.#state = statSync(path, { throwIfNoEntry: false })?.size === bytes ? "held" : "none";
  }

  /** Whether it was released, and cannot be taken again yet: that is tried. */
  isTight(): boolean {
    return this.#state === "released" && !this.take();
  }

  /** Takes the room where there is twice as much. Whether it is held now. Writes the file: some tens of milliseconds. */
  take(): boolean {
    if (this.#state === "held") return true;
    if (this.#freeBytes() < 2 * this.#bytes) return false;
    try {
      this.#write();
      this.#state = "held";
      return true;
    } catch {
      // Others were faster to take the room.
      rmSync(this.#path, { force: true });
      return false;
    }
  }

  /** Gives the room away, if it is the disk that is full. Whether what failed for want of room may be tried once more. */
  release(): boolean {
    if (this.#state === "released" || this.#freeBytes() >= this.#bytes) return false;
    rmSync(this.#path, { force: true });
    this.#state = "released";
    return true;
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    return bavail * bsize;
  }

  #write(): void {
    const file = openSync(this.#path, "w", 0o600);
    try {
      const zeros = new Uint8Array(PIECE_BYTES);
      for (let at = 0; at < this.#bytes; at += PIECE_BYTES) writeSync(file, zeros, 0, Math.min(PIECE_BYTES, this.#bytes - at));
    } finally {
      closeSync(file);
    }
  }
}
