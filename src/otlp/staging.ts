/**
 * Room in the memory for a value that a rule makes, until `Attributes` has copied it: a few hundred
 * bytes of its own, a block of the pool for what is longer.
 *
 * Ownership: a block is held from `place` to `done`, which follows in the same call.
 */
import { SluiceError } from "../base/errors.ts";
import type { Block } from "../base/pool.ts";
import { encodeAnyValue, type Plain } from "./any-value.ts";
import type { Attributes } from "./attributes.ts";
import type { RuleMemory } from "./engine.ts";
import type { Text } from "./text.ts";

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

const shared = new WeakMap<RuleMemory, Staging>();

/** One for all rules over an engine that have one value staged at a time. */
export function sharedStaging(engine: RuleMemory): Staging {
  const staging = shared.get(engine) ?? new Staging(engine);
  shared.set(engine, staging);
  return staging;
}

/** Gives an entry another value. Throws `over_budget`. */
export function setAttribute(attributes: Attributes, entry: number, value: Plain, staging: Staging): void {
  staging.place(encodeAnyValue(value));
  try {
    attributes.set(entry, staging.start, staging.end);
  } finally {
    staging.done();
  }
}

/** Gives the attribute of this key a value, whether there was one or not. Throws `over_budget`. */
export function putAttribute(attributes: Attributes, key: Text, value: Plain, staging: Staging): void {
  const entry = attributes.find(key);
  if (entry >= 0) return setAttribute(attributes, entry, value, staging);
  staging.place(encodeAnyValue(value));
  try {
    return attributes.add(key.start, key.end, staging.start, staging.end);
  } finally {
    staging.done();
  }
}
