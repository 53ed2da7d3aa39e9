/**
 * What overrides the percentage: a span's attribute `sampling.priority` (0 drops it, more keeps it,
 * anything else leaves it to the percentage), and a log record's attribute of a configured name, a
 * percentage of its own. They count in every mode, and even where the item's information has faults.
 */
import { decodeAnyValue, DOUBLE_VALUE, doubleAt, INT_VALUE, kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Text } from "../../otlp/text.ts";
import { after, readVarint, readVarintHigh } from "../../wire/varint.ts";
import { parseDouble } from "../../base/go-numbers.ts";
import { type Bits56, setAlways, setNever, setProbability } from "./bits56.ts";

/** Sets the item's own threshold, if it has one: true. */
export interface Priority {
  applies(cursor: Cursor, threshold: Bits56): boolean;
}

export class SpanPriority implements Priority {
  readonly #key: Text;

  constructor(engine: Engine) {
    this.#key = engine.text("sampling.priority");
  }

  applies(cursor: Cursor, threshold: Bits56): boolean {
    if (!cursor.item.mayHave(this.#key)) return false;
    const value = numberOf(cursor, this.#key, true);
    if (value === 0) setNever(threshold);
    else if (value > 0) setAlways(threshold);
    else return false;
    return true;
  }
}

export class RecordPriority implements Priority {
  readonly #key: Text;
  readonly #precision: number;

  constructor(engine: Engine, key: string, precision: number) {
    this.#key = engine.text(key);
    this.#precision = precision;
  }

  applies(cursor: Cursor, threshold: Bits56): boolean {
    if (!cursor.item.mayHave(this.#key)) return false;
    const probability = numberOf(cursor, this.#key, false) / 100;
    return probability !== 0 && setProbability(threshold, probability, this.#precision);
  }
}

export class NoPriority implements Priority {
  applies(): boolean {
    return false;
  }
}

/** The attribute as a number; not a number when it is absent or none. Only text allocates. */
function numberOf({ bytes, item: { attributes } }: Cursor, key: Text, texts: boolean): number {
  const entry = attributes.find(key);
  if (entry < 0) return NaN;
  const start = attributes.valueStart(entry);
  const end = attributes.valueEnd(entry);
  const kind = kindOf(bytes, start, end);
  // Behind the tag that was read last, which is the value's.
  const at = after;
  if (kind === INT_VALUE) return (readVarintHigh(bytes, at) | 0) * 2 ** 32 + readVarint(bytes, at);
  if (kind === DOUBLE_VALUE) return doubleAt(bytes, at);
  if (kind !== STRING_VALUE || !texts) return NaN;
  const text = decodeAnyValue(bytes, start, end);
  return typeof text === "string" ? (parseDouble(text) ?? NaN) : NaN;
}
