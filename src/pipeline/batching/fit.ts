/**
 * How many leaf items of a request fit into messages of at most so many bytes, in order: the rule of
 * the Collector's batcher with `sizer: bytes` (exporterhelper 0.159, queuebatch/*_batch.go). Whole
 * parents are taken while they fit; the first that does not is entered, with room set aside for its
 * own fields and for a length as long as all that is left; there the message ends. An item that fits
 * into no message has one of its own, where the Collector drops it.
 *
 * One walk over the tape for all messages: what was taken is not looked at again.
 */
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import * as tape from "../../otlp/tape.ts";
import type { Chunk } from "../../wire/chunk.ts";
import { varintSize } from "../../wire/varint.ts";

/** A tag of one byte: all of the fields in question have one. */
const TAG_BYTES = 1;
/** Groups, scopes, metrics, points. */
const DEPTH_MAX = 4;

/** Leaf items of each message: `firstBytes` for the first, which may have none, `maxBytes` for the others. Throws `over_budget`. */
export function countsByBytes(engine: Engine, signal: Signal, chunk: Chunk, firstBytes: number, maxBytes: number): number[] {
  const fitter = new Fitter(engine.index(signal, chunk, tape.leafLevel(signal)), tape.leafLevel(signal));
  const counts: number[] = [];
  for (let capacity = firstBytes; !fitter.done; capacity = maxBytes) counts.push(fitter.take(capacity, counts.length === 0 && firstBytes < maxBytes ? 0 : 1));
  return counts;
}

/** Bytes that a field of this length takes in its parent. */
function fieldBytes(length: number): number {
  return TAG_BYTES + varintSize(length) + length;
}

class Fitter {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #count: number;
  readonly #leaf: number;
  /** Records before it were taken. */
  #next = 0;
  /** At each depth, a record before which all siblings were taken. */
  readonly #from: number[] = Array.from({ length: DEPTH_MAX + 1 }, () => 0);
  /** At each depth, the record that was entered last, and what it has besides its children. */
  readonly #entered: number[] = Array.from({ length: DEPTH_MAX }, () => -1);
  readonly #residues: number[] = Array.from({ length: DEPTH_MAX }, () => 0);

  constructor({ base, count, words }: tape.Tape, leaf: number) {
    this.#words = words;
    this.#base = base;
    this.#count = count;
    this.#leaf = leaf;
    this.#skipEmpty();
  }

  get done(): boolean {
    return this.#next >= this.#count;
  }

  /** Takes as many leaves as fit, and `least` in any case. */
  take(capacity: number, least: number): number {
    let taken = this.#fill(0, this.#count, 0, capacity);
    while (taken < least && !this.done) {
      if (this.#isLeaf(this.#next)) taken++;
      this.#next++;
    }
    this.#skipEmpty();
    return taken;
  }

  /** What is behind the last leaf has none. */
  #skipEmpty(): void {
    while (!this.done && !this.#isLeaf(this.#next)) {
      if (this.#leavesIn(this.#next) > 0) return;
      this.#next = this.#word(this.#next, tape.NEXT_WORD);
    }
  }

  /** The children in [first, stop), as far as they fit. */
  #fill(first: number, stop: number, depth: number, capacity: number): number {
    let taken = 0;
    let left = capacity;
    let record = this.#resume(first, stop, depth);
    for (; record < stop && left > 0; record = this.#after(record)) {
      if (this.#after(record) <= this.#next) continue;
      const size = fieldBytes(this.#remaining(record, depth, left));
      if (size > left) {
        if (this.#isLeaf(record)) break;
        const room = left - (fieldBytes(left) - left) - this.#shell(record, depth);
        taken += this.#fill(record + 1, this.#after(record), depth + 1, room);
        break;
      }
      taken += this.#leavesIn(record);
      this.#next = this.#after(record);
      left -= size;
    }
    this.#from[depth] = record;
    return taken;
  }

  #resume(first: number, stop: number, depth: number): number {
    const from = this.#from[depth] ?? 0;
    return from >= first && from < stop ? from : first;
  }

  /** Length of what is left of a message; past `limit` any length past it. */
  #remaining(record: number, depth: number, limit: number): number {
    if (record >= this.#next) return this.#length(record);
    const stop = this.#after(record);
    let children = 0;
    for (let child = this.#resume(record + 1, stop, depth + 1); child < stop && children <= limit; child = this.#after(child)) {
      if (this.#after(child) > this.#next) children += fieldBytes(this.#remaining(child, depth + 1, limit));
    }
    const residue = this.#residue(record, depth);
    if (!this.#isMetric(record)) return residue + children;
    const data = this.#dataResidue(record, residue) + children;
    return residue - this.#dataResidue(record, residue) + fieldBytes(data);
  }

  /** Length of a message without its children, the data of a metric around its points included. */
  #shell(record: number, depth: number): number {
    const residue = this.#residue(record, depth);
    return this.#isMetric(record) ? residue + TAG_BYTES + 1 : residue;
  }

  /** Bytes of a message besides its children; of a metric without the tag and the length of its data. */
  #residue(record: number, depth: number): number {
    if (this.#entered[depth] === record) return this.#residues[depth] ?? 0;
    let residue = this.#length(record);
    if (this.#isMetric(record)) residue -= this.#word(record, tape.PART_BODY_WORD) - this.#word(record, tape.PART_TAG_WORD);
    const stop = this.#after(record);
    for (let child = record + 1; child < stop; child = this.#after(child)) residue -= this.#word(child, tape.END_WORD) - this.#word(child, tape.TAG_WORD);
    this.#entered[depth] = record;
    this.#residues[depth] = residue;
    return residue;
  }

  /** Of a metric's residue, what lies in its data. */
  #dataResidue(record: number, residue: number): number {
    const outside = this.#length(record) - (this.#word(record, tape.PART_END_WORD) - this.#word(record, tape.PART_TAG_WORD));
    return residue - outside;
  }

  #leavesIn(record: number): number {
    let leaves = 0;
    const stop = this.#after(record);
    for (let one = Math.max(record, this.#next); one < stop; one++) if (this.#isLeaf(one)) leaves++;
    return leaves;
  }

  #isLeaf(record: number): boolean {
    return (this.#word(record, tape.LEVEL_WORD) & 0xff) === this.#leaf;
  }

  #isMetric(record: number): boolean {
    return this.#leaf === tape.POINT_LEVEL && (this.#word(record, tape.LEVEL_WORD) & 0xff) === tape.ITEM_LEVEL;
  }

  #length(record: number): number {
    return this.#word(record, tape.END_WORD) - this.#word(record, tape.BODY_WORD);
  }

  #after(record: number): number {
    return this.#isLeaf(record) ? record + 1 : this.#word(record, tape.NEXT_WORD);
  }

  #word(record: number, word: number): number {
    return this.#words[this.#base + record * tape.RECORD_WORDS + word] ?? 0;
  }
}
