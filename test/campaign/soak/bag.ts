/** Chance without luck: everything in the bag is drawn once, in any order, before it is filled again. */
import type { Random } from "../../../bench/random.ts";

export class Bag<T> {
  readonly #all: readonly T[];
  readonly #random: Random;
  #left: T[] = [];

  constructor(all: readonly T[], random: Random) {
    this.#all = all;
    this.#random = random;
  }

  draw(): T {
    if (this.#left.length === 0) this.#left = [...this.#all];
    const [drawn] = this.#left.splice(this.#random.below(this.#left.length), 1);
    if (drawn === undefined) throw new RangeError("Cannot draw: the bag is empty");
    return drawn;
  }
}
