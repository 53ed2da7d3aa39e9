/** What one metric of `count` has counted below one resource, by the values of its attributes. */
import { decodeAnyValue, DOUBLE_VALUE, INT_VALUE, kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Text } from "../../otlp/text.ts";
import type { Test } from "../conditions.ts";
import type { Cursor } from "../../otlp/cursor.ts";

export type CountedValue = string | bigint | number;

export interface CountedAttribute {
  readonly key: Text;
  readonly fallback: CountedValue | undefined;
}

/** A metric that counts. */
export interface Counting {
  readonly name: string;
  readonly description: string;
  /** Undefined: everything. */
  readonly test: Test | undefined;
  readonly attributes: readonly CountedAttribute[];
}

/** One data point to be. */
export interface Count {
  readonly attributes: ReadonlyMap<string, CountedValue>;
  items: number;
}

export class Tally {
  readonly counting: Counting;
  readonly #counts = new Map<string, Count>();

  constructor(counting: Counting) {
    this.counting = counting;
  }

  get counts(): Iterable<Count> {
    return this.#counts.values();
  }

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  clear(): void {
    this.#counts.clear();
  }

  /** Counts the item that the cursor is at, by the first of `around` that has an attribute. Throws StatementError. */
  add(cursor: Cursor, around: readonly Attributes[]): void {
    const { attributes, test } = this.counting;
    const values: CountedValue[] = [];
    for (const attribute of attributes) {
      const value = valueOf(attribute, around);
      if (value === undefined) return;
      values.push(value);
    }
    if (test !== undefined && !test(cursor)) return;
    const key = values.map((value) => `${typeof value} ${String(value).length} ${value}`).join(" ");
    const known = this.#counts.get(key);
    if (known !== undefined) known.items++;
    else this.#counts.set(key, { attributes: new Map(attributes.map((attribute, index) => [attribute.key.text, values[index] ?? ""])), items: 1 });
  }
}

/** As in the Collector, integers and doubles stay what they are; of other values that are no text, the text is empty. */
function valueOf({ key, fallback }: CountedAttribute, around: readonly Attributes[]): CountedValue | undefined {
  for (const attributes of around) {
    const entry = attributes.find(key);
    if (entry < 0) continue;
    const start = attributes.valueStart(entry);
    const end = attributes.valueEnd(entry);
    const kind = kindOf(attributes.bytes, start, end);
    if (kind !== STRING_VALUE && kind !== INT_VALUE && kind !== DOUBLE_VALUE) return "";
    const value = decodeAnyValue(attributes.bytes, start, end);
    return typeof value === "string" || typeof value === "bigint" || typeof value === "number" ? value : "";
  }
  return fallback;
}
