/**
 * The request pool: a buddy allocator over one address range of the kernel's memory. Its capacity is
 * the budget of bytes in flight: when nothing fits, `take` says so and the door answers 503.
 * A block is counted: whoever keeps it past its call retains it, and the last release gives it back.
 * Blocks are powers of two from 16 KiB; buddies merge again, so that a small rush never makes a
 * large body impossible for good.
 */
import { SluiceError } from "./errors.ts";
import type { Memory } from "./memory.ts";

const SMALLEST_LOG2 = 14;
/**
 * Bytes that the kernel may read behind a body (16-byte vector loads), whatever they are: the next
 * block's, or those kept free at the end of the range. In the blocks themselves they would make a body
 * of exactly 16 MiB, the limit on Workers, take 32.
 */
export const PADDING = 16;
const POISON = 0xdb;

export class Block {
  /** Absolute address in the kernel's memory. */
  readonly start: number;
  /** Bytes that may be used. */
  readonly capacity: number;
  readonly #pool: Pool;
  #holders = 1;

  constructor(pool: Pool, start: number, capacity: number) {
    this.#pool = pool;
    this.start = start;
    this.capacity = capacity;
  }

  get end(): number {
    return this.start + this.capacity;
  }

  get live(): boolean {
    return this.#holders > 0;
  }

  retain(): this {
    this.check();
    this.#holders++;
    return this;
  }

  release(): void {
    this.check();
    this.#holders--;
    if (this.#holders === 0) this.#pool.giveBack(this);
  }

  /** Throws when the block was given back already: a use after release. */
  check(): void {
    if (this.#holders <= 0) throw new SluiceError("ownership", "Cannot use a buffer: it was released");
  }
}

export interface PoolOptions {
  /** Overwrite what is given back, so that a use after release shows. For tests. Default false. */
  readonly poison?: boolean;
}

export class Pool {
  readonly memory: Memory;
  readonly #from: number;
  readonly #capacity: number;
  readonly #poison: boolean;
  /** Free block starts by size class, relative to `#from`. */
  readonly #free: number[][];
  /** Size class of each allocated or free block, by its smallest-unit index; 0 where none starts. */
  readonly #classAt: Uint8Array;
  readonly #freeAt: Uint8Array;
  readonly #classes: number;
  #inUse = 0;
  #blocks = 0;
  #peak = 0;

  /** Manages the addresses from `from` to `to`, of which the last `PADDING` are in no block. */
  constructor(memory: Memory, from: number, to: number, options: PoolOptions = {}) {
    this.memory = memory;
    this.#from = Math.ceil(from / 64) * 64;
    const units = (to - PADDING - this.#from) >>> SMALLEST_LOG2;
    if (units < 1) throw new SluiceError("internal", "Cannot make a pool: the range is under 16 KiB");
    this.#capacity = units * (1 << SMALLEST_LOG2);
    this.#poison = options.poison ?? false;
    this.#classes = 32 - Math.clz32(units);
    this.#free = Array.from({ length: this.#classes }, () => []);
    this.#classAt = new Uint8Array(units);
    this.#freeAt = new Uint8Array(units);
    for (let unit = 0, rest = units; rest > 0;) {
      const size = 31 - Math.clz32(rest);
      this.#addFree(unit, size);
      unit += 1 << size;
      rest -= 1 << size;
    }
  }

  /** The budget, bytes. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The most that one block can hold when nothing else is held, bytes. */
  get largest(): number {
    return 1 << (this.#classes - 1 + SMALLEST_LOG2);
  }

  /** Bytes in blocks that are held now. */
  get inUse(): number {
    return this.#inUse;
  }

  /** The most bytes that were ever held at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Blocks held now; 0 when every retain met its release. */
  get blocks(): number {
    return this.#blocks;
  }

  /** A block of at least `size` bytes, or undefined when the budget is spent. */
  take(size: number): Block | undefined {
    const units = Math.max(1, Math.ceil(size / (1 << SMALLEST_LOG2)));
    const wanted = units === 1 ? 0 : 32 - Math.clz32(units - 1);
    let found = wanted;
    while (found < this.#classes && this.#free[found]?.length === 0) found++;
    const unit = this.#free[found]?.pop();
    if (unit === undefined) return undefined;
    this.#freeAt[unit] = 0;
    while (found > wanted) {
      found--;
      this.#addFree(unit + (1 << found), found);
    }
    this.#classAt[unit] = wanted;
    const capacity = (1 << wanted) << SMALLEST_LOG2;
    this.#inUse += capacity;
    this.#blocks++;
    if (this.#inUse > this.#peak) this.#peak = this.#inUse;
    return new Block(this, this.#from + (unit << SMALLEST_LOG2), capacity);
  }

  /** For `Block.release` alone: the last holder let go. */
  giveBack(block: Block): void {
    let unit = (block.start - this.#from) >>> SMALLEST_LOG2;
    let size = this.#classAt[unit] ?? 0;
    const capacity = (1 << size) << SMALLEST_LOG2;
    if (this.#poison) this.memory.bytes.fill(POISON, block.start, block.start + capacity);
    this.#inUse -= capacity;
    this.#blocks--;
    for (;;) {
      const buddy = unit ^ (1 << size);
      if (this.#freeAt[buddy] !== 1 || this.#classAt[buddy] !== size) break;
      this.#dropFree(buddy, size);
      unit = Math.min(unit, buddy);
      size++;
    }
    this.#addFree(unit, size);
  }

  #addFree(unit: number, size: number): void {
    this.#classAt[unit] = size;
    this.#freeAt[unit] = 1;
    this.#free[size]?.push(unit);
  }

  #dropFree(unit: number, size: number): void {
    this.#freeAt[unit] = 0;
    const list = this.#free[size] ?? [];
    const at = list.lastIndexOf(unit);
    list[at] = list[list.length - 1] ?? 0;
    list.pop();
  }
}
