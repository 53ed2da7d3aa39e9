/**
 * A chunk: one valid serialized message as a list of pieces over retained blocks of the kernel's
 * memory. Immutable. `contiguous` lays it out as one range, once, and remembers it; whatever walks,
 * compresses or converts takes that, and only a gathered write sends the pieces.
 *
 * Ownership: made with one hold; the last release lets go of every block.
 */
import { SluiceError } from "../base/errors.ts";
import { gatherAll, type Memory } from "../base/memory.ts";
import type { Block, Pool } from "../base/pool.ts";

export interface Range {
  readonly start: number;
  readonly end: number;
}

export class Chunk {
  /** Pairs of absolute start and end. */
  readonly #pieces: Int32Array;
  readonly #blocks: Block[];
  readonly #memory: Memory;
  readonly length: number;
  #whole: Range | undefined;
  #holders = 1;

  /** Takes over `pieces`, and the caller's hold on each of `blocks`. */
  constructor(memory: Memory, pieces: Int32Array, blocks: readonly Block[]) {
    this.#memory = memory;
    this.#pieces = pieces;
    this.#blocks = [...blocks];
    this.length = lengthOf(pieces);
    if (pieces.length === 2) this.#whole = { start: pieces[0] ?? 0, end: pieces[1] ?? 0 };
    if (pieces.length === 0) this.#whole = { start: 0, end: 0 };
  }

  static of(memory: Memory, start: number, end: number, block: Block): Chunk {
    return new Chunk(memory, Int32Array.of(start, end), [block]);
  }

  /** The blocks that the pieces lie in, for a chunk that is made from parts of this one. */
  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  get pieces(): number {
    return this.#pieces.length / 2;
  }

  retain(): this {
    this.#check();
    this.#holders++;
    return this;
  }

  release(): void {
    this.#check();
    this.#holders--;
    if (this.#holders === 0) for (const block of this.#blocks) block.release();
  }

  /** Appends the pieces to `into`, as views. */
  slices(into: Uint8Array[]): void {
    this.#check();
    const pieces = this.#pieces;
    for (let i = 0; i < pieces.length; i += 2) into.push(this.#memory.bytes.subarray(pieces[i], pieces[i + 1]));
  }

  /** One range with the whole message. Throws `over_budget` when the pool has no room for the copy. */
  contiguous(pool: Pool): Range {
    this.#check();
    if (this.#whole !== undefined) return this.#whole;
    const block = pool.take(this.length);
    if (block === undefined) throw new SluiceError("over_budget", "Cannot lay out a batch: no room in the pool", { retryable: true });
    this.copyTo(this.#memory.bytes, block.start);
    this.#blocks.push(block);
    this.#whole = { start: block.start, end: block.start + this.length };
    return this.#whole;
  }

  /** The whole message, as bytes of the caller's own. */
  copy(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length);
    this.copyTo(bytes, 0);
    return bytes;
  }

  /** Copies the message to `target` at `at`; returns the address behind it. */
  copyTo(target: Uint8Array, at: number): number {
    this.#check();
    const pieces = this.#pieces;
    const { bytes } = this.#memory;
    if (target === bytes) return gatherAll(this.#memory, pieces, at);
    for (let i = 0; i < pieces.length; i += 2) {
      const start = pieces[i] ?? 0;
      const end = pieces[i + 1] ?? 0;
      this.#memory.copyOut(target, at, start, end);
      at += end - start;
    }
    return at;
  }

  #check(): void {
    if (this.#holders <= 0) throw new SluiceError("ownership", "Cannot use a chunk: it was released");
  }
}

/** Bytes in pairs of start and end. */
export function lengthOf(pieces: Int32Array): number {
  let length = 0;
  for (let i = 0; i < pieces.length; i += 2) length += (pieces[i + 1] ?? 0) - (pieces[i] ?? 0);
  return length;
}
