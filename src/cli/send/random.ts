/**
 * A seeded source of chance, the same on every runtime: small fast counting (sfc32), whose 128 bits of
 * state keep ids of different runs apart. Not for secrets.
 */
const WARM_UP = 15;

/** Seeded chance. */
export class Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  /** `seed`: a whole number from 0 to 2^53 - 1. */
  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    for (let i = 0; i < WARM_UP; i++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** From 0 up to, but not, 1. */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** A whole number from 0 up to, but not, `bound`. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** True in `percent` of 100 draws. */
  chance(percent: number): boolean {
    return this.uniform() * 100 < percent;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new RangeError("Cannot pick: the list is empty");
    return found;
  }

  /** Half below `median`, most within a factor of three of it, a few far above, as times of requests are. */
  longTail(median: number): number {
    const normal = this.uniform() + this.uniform() + this.uniform() - 1.5;
    return median * Math.exp(normal * 1.6);
  }

  /** An id: never all zero. */
  id(bytes: 8 | 16): Uint8Array {
    const made = new Uint8Array(bytes);
    const view = new DataView(made.buffer);
    for (let at = 0; at < bytes; at += 4) view.setUint32(at, this.next());
    if (made.every((byte) => byte === 0)) made[0] = 1;
    return made;
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.next().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }
}
