/**
 * An attribute whose key and value the configuration says: encoded once, as a whole field, so that an
 * edit that puts it into a message points at it and writes nothing. Fields that are placed one after the
 * other lie end to end, and what is inserted of them together is one piece.
 */
import type { Range } from "../wire/chunk.ts";
import { delimited } from "../wire/message.ts";
import { varintSize } from "../wire/varint.ts";
import { encodeAnyValue, encodeKeyValue, type Plain } from "./any-value.ts";
import type { RuleMemory } from "./engine.ts";
import { type Text, textIn } from "./text.ts";

/** Stands for a tag until it is known. */
const NO_TAG = 0;

export class ConstantAttribute {
  readonly key: Text;
  /** The AnyValue's body. */
  readonly value: Range;
  /** Behind the field. */
  readonly end: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;

  /** Throws `config` when there is no room for constants. */
  constructor(memory: RuleMemory, key: string, value: Plain) {
    const pair = encodeKeyValue(key, value);
    const { start, end } = memory.constant(delimited(NO_TAG, pair));
    const keyLength = new TextEncoder().encode(key).length;
    const keyStart = end - pair.length + 1 + varintSize(keyLength);
    this.key = textIn(memory.bytes, key, keyStart, keyStart + keyLength);
    this.value = { start: end - encodeAnyValue(value).length, end };
    this.end = end;
    this.#bytes = memory.bytes;
    this.#start = start;
    this.#bytes[start] = NO_TAG;
  }

  /** Where the field starts, for the lists whose tag, of one byte, was asked for first; 0 for lists with another one. */
  fieldFor(tag: number): number {
    const known = this.#bytes[this.#start];
    if (known === tag) return this.#start;
    if (known !== NO_TAG) return 0;
    // Nothing points at it yet.
    this.#bytes[this.#start] = tag;
    return this.#start;
  }
}
