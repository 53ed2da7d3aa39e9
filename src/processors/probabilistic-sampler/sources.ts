/**
 * Where the hash takes an item's randomness from: its trace id, or for log records an attribute.
 * Nothing is allocated, unless the attribute is neither text nor bytes.
 */
import { BYTES_VALUE, decodeAnyValue, kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Text } from "../../otlp/text.ts";
import { after, readVarint } from "../../wire/varint.ts";
import { valueText } from "../../otlp/value-text.ts";
import type { Bits56 } from "./bits56.ts";
import { seedState, setHashed, setHashedTraceId } from "./randomness.ts";

/** What decided an item: the labels of the Collector's counter, in this order. */
export const MISSING = 0;
export const TRACE_ID_HASH = 1;
export const TRACE_ID_W3C = 2;
export const SAMPLING_RANDOMNESS = 3;
export const SAMPLING_PRIORITY = 4;
export const ATTRIBUTE = 5;

const encoder = new TextEncoder();

export class HashSource {
  readonly #state: number;
  readonly #traceId: boolean;
  readonly #attribute: Text | undefined;

  /** `attribute` "" is none; it is asked when the trace id is absent, or not to be used. */
  constructor(engine: Engine, seed: number, traceId: boolean, attribute: string) {
    this.#state = seedState(seed);
    this.#traceId = traceId;
    this.#attribute = attribute === "" ? undefined : engine.text(attribute);
  }

  /** Sets the randomness and says where it came from; MISSING: there is none. */
  read(cursor: Cursor, randomness: Bits56): number {
    if (this.#traceId && cursor.traceId !== 0) {
      setHashedTraceId(randomness, this.#state, cursor.bytes, cursor.traceId);
      return TRACE_ID_HASH;
    }
    const key = this.#attribute;
    if (key === undefined) return MISSING;
    return this.#readAttribute(cursor, key, randomness);
  }

  #readAttribute({ bytes, item: { attributes } }: Cursor, key: Text, randomness: Bits56): number {
    const entry = attributes.find(key);
    if (entry < 0) return MISSING;
    const start = attributes.valueStart(entry);
    const end = attributes.valueEnd(entry);
    const kind = kindOf(bytes, start, end);
    if (kind === STRING_VALUE || kind === BYTES_VALUE) {
      // Behind the tag that was read last, which is the value's.
      const length = readVarint(bytes, after);
      if (length === 0) return MISSING;
      setHashed(randomness, this.#state, bytes, after, after + length);
      return ATTRIBUTE;
    }
    const text = encoder.encode(valueText(decodeAnyValue(bytes, start, end)));
    if (text.length === 0) return MISSING;
    setHashed(randomness, this.#state, text, 0, text.length);
    return ATTRIBUTE;
  }
}
