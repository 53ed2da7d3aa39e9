/**
 * Room for the bytes that edits bring: blocks of the pool, filled from the front. What is written
 * stays where it is, so a range in it is a piece for an edit script.
 *
 * Ownership: holds its blocks until `hand`, which gives those that were written to the caller (the
 * chunk that is made of the pieces); an unwritten block is kept for the next run.
 */
import { SluiceError } from "../base/errors.ts";
import type { Block, Pool } from "../base/pool.ts";
import { varintSize, writeVarint } from "./varint.ts";

export class Scratch {
  readonly bytes: Uint8Array;
  readonly #pool: Pool;
  #blocks: Block[] = [];
  #at = 0;
  #end = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.bytes = pool.memory.bytes;
  }

  /** The address of `size` free bytes. They are taken by `take`, or overwritten by the next `reserve`. */
  reserve(size: number): number {
    if (this.#end - this.#at < size) this.#grow(size);
    return this.#at;
  }

  /** Takes what was reserved, up to the address `end`. */
  take(end: number): void {
    this.#at = end;
  }

  /** Copies the range to scratch and returns its new address. */
  copy(start: number, end: number): number {
    const at = this.reserve(end - start);
    this.#pool.memory.copy(at, start, end - start);
    this.#at = at + (end - start);
    return at;
  }

  /** Writes a length-delimited field around the range; returns its address. It ends at `end`. */
  field(tag: number, start: number, end: number): number {
    const length = end - start;
    const at = this.reserve(varintSize(tag) + varintSize(length) + length);
    let to = writeVarint(this.bytes, at, tag);
    to = writeVarint(this.bytes, to, length);
    this.#pool.memory.copy(to, start, length);
    this.#at = to + length;
    return at;
  }

  /** The address behind the last byte that was taken. */
  get end(): number {
    return this.#at;
  }

  /** Gives the blocks to the caller, who releases them. */
  hand(): readonly Block[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#at = 0;
    this.#end = 0;
    return blocks;
  }

  /** Gives the blocks back: nothing refers to what was written. */
  drop(): void {
    for (const block of this.hand()) block.release();
  }

  #grow(size: number): void {
    const block = this.#pool.take(Math.max(size, 16_000));
    if (block === undefined) {
      throw new SluiceError("over_budget", "Cannot record an edit: no room in the pool", { retryable: true });
    }
    this.#blocks.push(block);
    this.#at = block.start;
    this.#end = block.end;
  }
}
