/**
 * Takes the attributes to group by out of the items of a batch, in one walk, and remembers which values
 * each item had: equal values are one set, a small number. Set 0 is that of items with none of them.
 */
import type { Signal } from "../../base/signal.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Text } from "../../otlp/text.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { Counters } from "../../pipeline/counters.ts";
import { Run } from "../../pipeline/run.ts";
import { latin1At } from "./bytes.ts";

/** By key, in the order of the settings: the body of the AnyValue, undefined where the item had no such attribute. */
export type Values = readonly (Uint8Array | undefined)[];

export class Sets {
  readonly keys: readonly Text[];
  readonly #run: Run;
  /** The values of each set. */
  #values: Values[] = [];
  /** The set of each leaf item of the batch, in the order of the tape. */
  #ofItems: number[] = [];
  readonly #byKey = new Map<string, number>();
  #last = 0;
  /** By key, where the item at hand has it in its attributes; -1: it has not. */
  readonly #entries: Int32Array;

  constructor(engine: Engine, signal: Signal, keys: readonly string[]) {
    this.keys = keys.map((key) => engine.text(key));
    this.#entries = new Int32Array(keys.length);
    const points = signal === "metrics";
    const level = points ? "point" : "item";
    const take = (cursor: Cursor): boolean => {
      this.#ofItems.push(this.#take(points ? cursor.point.attributes : cursor.item.attributes));
      return true;
    };
    const step = { component: "", level, reads: [level], writes: [level], drops: false, dropReason: "", run: take } as const;
    // Its own counters: it moves attributes, and drops nothing.
    this.#run = new Run(engine, signal, [step], new Counters());
  }

  /** The batch without those attributes: the same one, retained once more, where there were none. Throws `over_budget`. */
  take(batch: Batch): Batch {
    this.#values = [[]];
    this.#ofItems = [];
    this.#byKey.clear();
    this.#last = 0;
    return this.keys.length === 0 ? batch.retain() : this.#run.run(batch);
  }

  /** Of a leaf item of the batch that was taken last, by its place in the tape's order. */
  setOf(leaf: number): number {
    return this.#ofItems[leaf] ?? 0;
  }

  valuesOf(set: number): Values {
    return this.#values[set] ?? [];
  }

  /** Items that had any of the attributes. */
  get grouped(): number {
    let grouped = 0;
    for (const set of this.#ofItems) if (set !== 0) grouped++;
    return grouped;
  }

  #take(attributes: Attributes): number {
    const { keys } = this;
    let found = false;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      const entry = key === undefined ? -1 : attributes.find(key);
      this.#entries[index] = entry;
      found ||= entry >= 0;
    }
    if (!found) return 0;
    // Neighbours are alike more often than not.
    if (!this.#isLast(attributes)) this.#last = this.#setOf(attributes);
    for (const entry of this.#entries) if (entry >= 0) attributes.remove(entry);
    return this.#last;
  }

  #isLast(attributes: Attributes): boolean {
    const last = this.#values[this.#last];
    if (this.#last === 0 || last === undefined) return false;
    for (let index = 0; index < this.#entries.length; index++) {
      const entry = this.#entries[index] ?? -1;
      const value = last[index];
      if (entry < 0 !== (value === undefined)) return false;
      if (value !== undefined && !isAt(attributes.bytes, attributes.valueStart(entry), attributes.valueEnd(entry), value)) return false;
    }
    return true;
  }

  #setOf(attributes: Attributes): number {
    let key = "";
    for (const entry of this.#entries) {
      key += entry < 0 ? "-" : `${latin1At(attributes.bytes, attributes.valueStart(entry), attributes.valueEnd(entry))} `;
    }
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    // Copies: the bytes are those of the request.
    const values = Array.from(this.#entries, (entry) =>
      entry < 0 ? undefined : attributes.bytes.slice(attributes.valueStart(entry), attributes.valueEnd(entry)),
    );
    const set = this.#values.push(values) - 1;
    this.#byKey.set(key, set);
    return set;
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, value: Uint8Array): boolean {
  if (end - start !== value.length) return false;
  for (let index = 0; index < value.length; index++) if (bytes[start + index] !== value[index]) return false;
  return true;
}
