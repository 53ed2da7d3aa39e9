/**
 * Splitting, regrouping, routing and sharding are this one primitive: one walk, any number of
 * outputs. Each output wraps the parents again around its children, with their unknown fields; a
 * metric is divided by data point, a profiles request repeats its dictionary.
 *
 * Law: the multiset of (resource, scope, leaf item) does not change. Parents without any leaf are in
 * no output. Order within an output is that of the chunk.
 */
import { SluiceError } from "../base/errors.ts";
import type { Memory } from "../base/memory.ts";
import type { Signal } from "../base/signal.ts";
import { Chunk, type Range } from "../wire/chunk.ts";
import { skipVarint, varintSize, writeVarint } from "../wire/varint.ts";
import type { Engine } from "./engine.ts";
import * as tape from "./tape.ts";

export interface Part {
  readonly key: number;
  /** The caller's to release. */
  readonly chunk: Chunk;
  /** Leaf items in it. */
  readonly items: number;
}

/** The key of a leaf: a small integer of the caller's choice. `record` is the word index of the leaf's tape record. */
export type KeyOf = (words: Int32Array, record: number) => number;

/**
 * Divides the chunk by `keyOf` at the leaf level (spans, log records, profiles, data points), or by
 * whole metrics with `level` "item". Outputs come in the order in which their keys first appear.
 * Throws `over_budget` when the pool has no room; nothing is held then.
 */
export function partition(engine: Engine, signal: Signal, chunk: Chunk, keyOf: KeyOf, level: "leaf" | "item" = "leaf"): Part[] {
  const leaf = level === "item" ? tape.ITEM_LEVEL : tape.leafLevel(signal);
  const range = chunk.contiguous(engine.pool);
  const records = engine.index(signal, chunk, tape.leafLevel(signal));
  const { keys, order, bounds } = sortByKey(records, leaf, keyOf);
  const writer = new PartWriter(engine.kernel, records, range, leaf, signal === "metrics");
  const parts: Part[] = [];
  try {
    for (let index = 0; index < keys.length; index++) {
      const from = bounds[index] ?? 0;
      const to = bounds[index + 1] ?? 0;
      const size = writer.measure(order, from, to);
      const block = engine.pool.take(size);
      if (block === undefined) {
        throw new SluiceError("over_budget", "Cannot divide a batch: no room in the pool", { retryable: true });
      }
      writer.write(order, from, to, block.start);
      parts.push({ key: keys[index] ?? 0, chunk: Chunk.of(engine.kernel, block.start, block.start + size, block), items: writer.items(order, from, to) });
    }
  } catch (error) {
    for (const part of parts) part.chunk.release();
    throw error;
  }
  return parts;
}

interface Sorted {
  readonly keys: readonly number[];
  /** Record numbers of the leaves, key by key, in chunk order. */
  readonly order: Int32Array;
  /** Where each key's leaves begin in `order`; one more entry ends the last. */
  readonly bounds: Int32Array;
}

/** A counting sort of the leaves by key, stable. */
function sortByKey(records: tape.Tape, leaf: number, keyOf: KeyOf): Sorted {
  const { words, base, count } = records;
  const ordinals = new Map<number, number>();
  const keys: number[] = [];
  const ordinalOf = new Int32Array(count).fill(-1);
  const totals: number[] = [];
  for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) {
    if (((words[at] ?? 0) & 0xff) !== leaf) continue;
    const key = keyOf(words, at);
    let ordinal = ordinals.get(key);
    if (ordinal === undefined) {
      ordinal = keys.length;
      ordinals.set(key, ordinal);
      keys.push(key);
      totals.push(0);
    }
    ordinalOf[record] = ordinal;
    totals[ordinal] = (totals[ordinal] ?? 0) + 1;
  }
  const bounds = new Int32Array(keys.length + 1);
  totals.forEach((total, index) => (bounds[index + 1] = (bounds[index] ?? 0) + total));
  const next = bounds.slice();
  const order = new Int32Array(bounds[keys.length] ?? 0);
  for (let record = 0; record < count; record++) {
    const ordinal = ordinalOf[record] ?? -1;
    if (ordinal < 0) continue;
    const place = next[ordinal] ?? 0;
    order[place] = record;
    next[ordinal] = place + 1;
  }
  return { keys, order, bounds };
}

/** Measures, then writes, the messages around a row of leaves. Sizes found by `measure` are read by `write` in the same order. */
class PartWriter {
  readonly #memory: Memory;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #tape: tape.Tape;
  readonly #root: Residue;
  readonly #residues = new Map<number, Residue>();
  readonly #leaf: number;
  readonly #metrics: boolean;
  readonly #found = new Map<number, number>();
  readonly #sizes: number[] = [];
  #sizeAt = 0;

  constructor(memory: Memory, records: tape.Tape, range: Range, leaf: number, metrics: boolean) {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#tape = records;
    this.#words = records.words;
    this.#base = records.base;
    this.#leaf = leaf;
    this.#metrics = metrics;
    this.#root = residueOf(records, 0, records.count, range.start, range.end);
  }

  items(order: Int32Array, from: number, to: number): number {
    if (!this.#metrics || this.#leaf === tape.POINT_LEVEL) return to - from;
    let items = 0;
    for (let i = from; i < to; i++) items += tape.countLeaves(this.#tape, order[i] ?? 0, tape.POINT_LEVEL);
    return items;
  }

  measure(order: Int32Array, from: number, to: number): number {
    this.#sizes.length = 0;
    let size = this.#root.size;
    for (let i = from; i < to;) {
      const group = this.#ancestor(order[i] ?? 0, 0);
      const slot = this.#slot();
      let body = this.#residue(group).size;
      for (const stop = this.#next(group); i < to && (order[i] ?? 0) < stop;) {
        const scope = this.#ancestor(order[i] ?? 0, group + 1);
        const scopeSlot = this.#slot();
        let scopeBody = this.#residue(scope).size;
        for (const end = this.#next(scope); i < to && (order[i] ?? 0) < end;) {
          if (this.#leaf === tape.ITEM_LEVEL) {
            scopeBody += this.#fieldSize(order[i++] ?? 0);
            continue;
          }
          const metric = this.#ancestor(order[i] ?? 0, scope + 1);
          const metricSlot = this.#slot();
          const dataSlot = this.#slot();
          let data = this.#dataResidue(metric).size;
          for (const last = this.#next(metric); i < to && (order[i] ?? 0) < last; i++) data += this.#fieldSize(order[i] ?? 0);
          this.#sizes[dataSlot] = data;
          const whole = this.#metricResidue(metric).size + this.#dataTagSize(metric) + varintSize(data) + data;
          this.#sizes[metricSlot] = whole;
          scopeBody += this.#wrapped(metric, whole);
        }
        this.#sizes[scopeSlot] = scopeBody;
        body += this.#wrapped(scope, scopeBody);
      }
      this.#sizes[slot] = body;
      size += this.#wrapped(group, body);
    }
    return size;
  }

  write(order: Int32Array, from: number, to: number, at: number): number {
    this.#sizeAt = 0;
    at = this.#copy(this.#root, at);
    for (let i = from; i < to;) {
      const group = this.#ancestor(order[i] ?? 0, 0);
      at = this.#copy(this.#residue(group), this.#open(group, at));
      for (const stop = this.#next(group); i < to && (order[i] ?? 0) < stop;) {
        const scope = this.#ancestor(order[i] ?? 0, group + 1);
        at = this.#copy(this.#residue(scope), this.#open(scope, at));
        for (const end = this.#next(scope); i < to && (order[i] ?? 0) < end;) {
          if (this.#leaf === tape.ITEM_LEVEL) {
            at = this.#copyField(order[i++] ?? 0, at);
            continue;
          }
          const metric = this.#ancestor(order[i] ?? 0, scope + 1);
          at = this.#copy(this.#metricResidue(metric), this.#open(metric, at));
          at = this.#openTag(this.#word(metric, tape.PART_TAG_WORD), at);
          at = this.#copy(this.#dataResidue(metric), at);
          for (const last = this.#next(metric); i < to && (order[i] ?? 0) < last; i++) at = this.#copyField(order[i] ?? 0, at);
        }
      }
    }
    return at;
  }

  #word(record: number, word: number): number {
    return this.#words[this.#base + record * tape.RECORD_WORDS + word] ?? 0;
  }

  #next(record: number): number {
    return this.#word(record, tape.NEXT_WORD);
  }

  /** The record, among the siblings that begin with `first`, whose subtree holds `leaf`. Leaves ascend within a part, so the search goes on from the sibling found last. */
  #ancestor(leaf: number, first: number): number {
    const known = this.#found.get(first) ?? first;
    let record = known <= leaf ? known : first;
    while (this.#next(record) <= leaf) record = this.#next(record);
    this.#found.set(first, record);
    return record;
  }

  #slot(): number {
    return this.#sizes.push(0) - 1;
  }

  #fieldSize(record: number): number {
    return this.#word(record, tape.END_WORD) - this.#word(record, tape.TAG_WORD);
  }

  #tagSize(record: number): number {
    const tag = this.#word(record, tape.TAG_WORD);
    return skipVarint(this.#bytes, tag) - tag;
  }

  #dataTagSize(metric: number): number {
    const tag = this.#word(metric, tape.PART_TAG_WORD);
    return skipVarint(this.#bytes, tag) - tag;
  }

  #wrapped(record: number, body: number): number {
    return this.#tagSize(record) + varintSize(body) + body;
  }

  #open(record: number, at: number): number {
    return this.#openTag(this.#word(record, tape.TAG_WORD), at);
  }

  /** Writes the tag that stands at `tag`, and the next measured size. */
  #openTag(tag: number, at: number): number {
    const end = skipVarint(this.#bytes, tag);
    this.#memory.copy(at, tag, end - tag);
    return writeVarint(this.#bytes, at + end - tag, this.#sizes[this.#sizeAt++] ?? 0);
  }

  #copyField(record: number, at: number): number {
    const start = this.#word(record, tape.TAG_WORD);
    const end = this.#word(record, tape.END_WORD);
    this.#memory.copy(at, start, end - start);
    return at + end - start;
  }

  #copy(residue: Residue, at: number): number {
    const { ranges } = residue;
    for (let i = 0; i < ranges.length; i += 2) {
      const start = ranges[i] ?? 0;
      const end = ranges[i + 1] ?? 0;
      this.#memory.copy(at, start, end - start);
      at += end - start;
    }
    return at;
  }

  /** What a group, or a scope group, has besides its children. */
  #residue(record: number): Residue {
    return this.#remember(record, () =>
      residueOf(this.#tape, record + 1, this.#next(record), this.#word(record, tape.BODY_WORD), this.#word(record, tape.END_WORD)),
    );
  }

  /** What a metric has besides its data. */
  #metricResidue(metric: number): Residue {
    return this.#remember(metric, () => {
      const ranges: number[] = [];
      addRange(ranges, this.#word(metric, tape.BODY_WORD), this.#word(metric, tape.PART_TAG_WORD));
      addRange(ranges, this.#word(metric, tape.PART_END_WORD), this.#word(metric, tape.END_WORD));
      return { ranges, size: sizeOf(ranges) };
    });
  }

  /** What a metric's data has besides its points: temporality and whatever is unknown. */
  #dataResidue(metric: number): Residue {
    return this.#remember(-1 - metric, () =>
      residueOf(this.#tape, metric + 1, this.#next(metric), this.#word(metric, tape.PART_BODY_WORD), this.#word(metric, tape.PART_END_WORD)),
    );
  }

  #remember(key: number, make: () => Residue): Residue {
    let found = this.#residues.get(key);
    if (found === undefined) {
      found = make();
      this.#residues.set(key, found);
    }
    return found;
  }
}

interface Residue {
  /** Pairs of start and end. */
  readonly ranges: readonly number[];
  readonly size: number;
}

/** The body [start, end) without the fields of the sibling records from `first` to `stop`. */
function residueOf(records: tape.Tape, first: number, stop: number, start: number, end: number): Residue {
  const ranges: number[] = [];
  let cursor = start;
  for (let record = first; record < stop;) {
    const at = records.base + record * tape.RECORD_WORDS;
    addRange(ranges, cursor, records.words[at + tape.TAG_WORD] ?? 0);
    cursor = records.words[at + tape.END_WORD] ?? 0;
    record = records.words[at + tape.NEXT_WORD] ?? stop;
  }
  addRange(ranges, cursor, end);
  return { ranges, size: sizeOf(ranges) };
}

function addRange(ranges: number[], start: number, end: number): void {
  if (end > start) ranges.push(start, end);
}

function sizeOf(ranges: readonly number[]): number {
  let size = 0;
  for (let i = 0; i < ranges.length; i += 2) size += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0);
  return size;
}
