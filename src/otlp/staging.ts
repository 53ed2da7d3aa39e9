/**
 * Room in the memory for a value that a rule makes, until `Attributes` has copied it: a few hundred
 * bytes of its own, a block of the pool for what is longer.
 *
 * Ownership: a block is held from `place` to `done`, which follows in the same call.
 */
import { SluiceError } from "../base/errors.ts";
import type { Block } from "../base/pool.ts";
import type { RuleMemory } from "./engine.ts";

const OWN_BYTES = 512;

export class Staging {
  start = 0;
  end = 0;
  readonly #engine: RuleMemory;
  readonly #own: number;
  #block: Block | undefined;

  constructor(engine: RuleMemory) {
    this.#engine = engine;
    this.#own = engine.region(OWN_BYTES);
  }

  /** Puts the bytes at [start, end). Throws `over_budget` when the pool has no room. */
  place(bytes: Uint8Array): void {
    this.start = this.#own;
    if (bytes.length > OWN_BYTES) {
      this.#block = this.#engine.pool.take(bytes.length);
      if (this.#block === undefined) throw new SluiceError("over_budget", "Cannot set an attribute: no room in the pool", { retryable: true });
      this.start = this.#block.start;
    }
    this.#engine.bytes.set(bytes, this.start);
    this.end = this.start + bytes.length;
  }

  /** The bytes were copied. */
  done(): void {
    this.#block?.release();
    this.#block = undefined;
  }
}
