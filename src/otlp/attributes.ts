/**
 * The attributes of one message, as they are after every edit so far: the list is read once, edits
 * change its columns, and later steps read the same columns, which is how a step sees what the steps
 * before it left. `flush` turns the difference into edits of the script.
 *
 * Duplicate keys are kept; `find` and the edits by key touch the first, as the Collector does.
 * Nothing is allocated per attribute: the columns are kept and grow only for a longer list than ever.
 */
import type { EditScript } from "../wire/script.ts";
import type { Scratch } from "../wire/scratch.ts";
import { after, readVarint, skipValue, varintSize, writeVarint } from "../wire/varint.ts";
import { isText, type Text } from "./text.ts";

const STRIDE = 9;
const STATE = 0;
/** Where the attribute stands in the chunk, tag included. */
const OLD_START = 1;
const OLD_END = 2;
/** The field as it is now: in the chunk, or in scratch. */
const NEW_START = 3;
const NEW_END = 4;
const KEY_START = 5;
const KEY_END = 6;
const VALUE_START = 7;
const VALUE_END = 8;

const ORIGINAL = 0;
const REPLACED = 1;
const ADDED = 2;
const REMOVED = 3;
/** Added, then removed: nothing to flush. */
const VOID = 4;

export class Attributes {
  readonly bytes: Uint8Array;
  readonly #scratch: Scratch;
  #columns = new Int32Array(32 * STRIDE);
  #count = 0;
  #changed = false;
  #tag = 0;

  constructor(bytes: Uint8Array, scratch: Scratch) {
    this.bytes = bytes;
    this.#scratch = scratch;
  }

  /** Reads the repeated KeyValue field with tag `tag` out of [start, end), which may hold other fields too. */
  read(tag: number, start: number, end: number): void {
    const bytes = this.bytes;
    this.#count = 0;
    this.#changed = false;
    this.#tag = tag;
    for (let at = start; at < end; ) {
      const found = readVarint(bytes, at);
      const body = after;
      const next = skipValue(bytes, body, found);
      if (found === tag) {
        readVarint(bytes, body);
        this.#add(ORIGINAL, at, next, after);
      }
      at = next;
    }
  }

  /** Entries, removed ones included: ask `live` of each. */
  get count(): number {
    return this.#count;
  }

  get changed(): boolean {
    return this.#changed;
  }

  live(entry: number): boolean {
    return this.#column(entry, STATE) < REMOVED;
  }

  keyStart(entry: number): number {
    return this.#column(entry, KEY_START);
  }

  keyEnd(entry: number): number {
    return this.#column(entry, KEY_END);
  }

  /** Body of the AnyValue; start equals end when it is empty or absent. */
  valueStart(entry: number): number {
    return this.#column(entry, VALUE_START);
  }

  valueEnd(entry: number): number {
    return this.#column(entry, VALUE_END);
  }

  /** The first live entry with this key, or -1. */
  find(key: Text): number {
    const columns = this.#columns;
    for (let entry = 0, at = 0; entry < this.#count; entry++, at += STRIDE) {
      if ((columns[at + STATE] ?? 0) >= REMOVED) continue;
      if (isText(this.bytes, columns[at + KEY_START] ?? 0, columns[at + KEY_END] ?? 0, key)) return entry;
    }
    return -1;
  }

  remove(entry: number): void {
    const at = entry * STRIDE + STATE;
    const state = this.#columns[at] ?? 0;
    if (state >= REMOVED) return;
    this.#columns[at] = state === ADDED ? VOID : REMOVED;
    this.#changed = true;
  }

  /** Gives the entry a new value: the AnyValue body at [valueStart, valueEnd), which is copied. */
  set(entry: number, valueStart: number, valueEnd: number): void {
    const at = entry * STRIDE;
    const columns = this.#columns;
    const start = this.#write(columns[at + KEY_START] ?? 0, columns[at + KEY_END] ?? 0, valueStart, valueEnd);
    this.#place(at, start);
    if (columns[at + STATE] === ORIGINAL) columns[at + STATE] = REPLACED;
    this.#changed = true;
  }

  /** Appends an attribute; key and AnyValue body are copied. */
  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const start = this.#write(keyStart, keyEnd, valueStart, valueEnd);
    this.#add(ADDED, 0, 0, start);
    this.#place((this.#count - 1) * STRIDE, start);
    this.#changed = true;
  }

  /** Records the differences in `node`, whose body ends at `end`. */
  flush(script: EditScript, node: number, end: number): void {
    const columns = this.#columns;
    for (let at = 0, stop = this.#count * STRIDE; at < stop; at += STRIDE) {
      const state = columns[at + STATE];
      if (state === REMOVED) script.cut(node, columns[at + OLD_START] ?? 0, columns[at + OLD_END] ?? 0);
      else if (state === REPLACED) {
        script.replace(node, columns[at + OLD_START] ?? 0, columns[at + OLD_END] ?? 0, columns[at + NEW_START] ?? 0, columns[at + NEW_END] ?? 0);
      } else if (state === ADDED) script.insert(node, end, columns[at + NEW_START] ?? 0, columns[at + NEW_END] ?? 0);
    }
    this.#changed = false;
  }

  /** Bytes of every live attribute with its tag: for a message that is written anew. */
  copyTo(at: number): number {
    const columns = this.#columns;
    for (let row = 0, stop = this.#count * STRIDE; row < stop; row += STRIDE) {
      if ((columns[row + STATE] ?? 0) >= REMOVED) continue;
      const start = columns[row + NEW_START] ?? 0;
      const end = columns[row + NEW_END] ?? 0;
      this.bytes.copyWithin(at, start, end);
      at += end - start;
    }
    return at;
  }

  /** What `copyTo` would write, bytes. */
  get size(): number {
    const columns = this.#columns;
    let size = 0;
    for (let row = 0, stop = this.#count * STRIDE; row < stop; row += STRIDE) {
      if ((columns[row + STATE] ?? 0) < REMOVED) size += (columns[row + NEW_END] ?? 0) - (columns[row + NEW_START] ?? 0);
    }
    return size;
  }

  #column(entry: number, column: number): number {
    return this.#columns[entry * STRIDE + column] ?? 0;
  }

  /** Writes `tag length KeyValue` to scratch; returns its address, scratch.end is behind it. */
  #write(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): number {
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    const length = 2 + varintSize(keyLength) + keyLength + varintSize(valueLength) + valueLength;
    const start = this.#scratch.reserve(varintSize(this.#tag) + varintSize(length) + length);
    const bytes = this.bytes;
    let at = writeVarint(bytes, writeVarint(bytes, start, this.#tag), length);
    bytes[at++] = 0x0a;
    at = writeVarint(bytes, at, keyLength);
    bytes.copyWithin(at, keyStart, keyEnd);
    at += keyLength;
    bytes[at++] = 0x12;
    at = writeVarint(bytes, at, valueLength);
    bytes.copyWithin(at, valueStart, valueEnd);
    this.#scratch.take(at + valueLength);
    return start;
  }

  /** Points the row at the field that was written at `start`. */
  #place(at: number, start: number): void {
    readVarint(this.bytes, start);
    readVarint(this.bytes, after);
    this.#locate(at, after, this.#scratch.end);
    this.#columns[at + NEW_START] = start;
    this.#columns[at + NEW_END] = this.#scratch.end;
  }

  #add(state: number, start: number, end: number, body: number): void {
    const at = this.#count * STRIDE;
    if (at === this.#columns.length) {
      const larger = new Int32Array(this.#columns.length * 2);
      larger.set(this.#columns);
      this.#columns = larger;
    }
    const columns = this.#columns;
    columns[at + STATE] = state;
    columns[at + OLD_START] = start;
    columns[at + OLD_END] = end;
    columns[at + NEW_START] = start;
    columns[at + NEW_END] = end;
    this.#count++;
    if (state === ORIGINAL) this.#locate(at, body, end);
  }

  /** Finds key (1) and value (2) in the KeyValue body at [body, end). */
  #locate(at: number, body: number, end: number): void {
    const bytes = this.bytes;
    const columns = this.#columns;
    columns[at + KEY_START] = body;
    columns[at + KEY_END] = body;
    columns[at + VALUE_START] = end;
    columns[at + VALUE_END] = end;
    for (let place = body; place < end; ) {
      const tag = readVarint(bytes, place);
      const value = after;
      place = skipValue(bytes, value, tag);
      if (tag !== 0x0a && tag !== 0x12) continue;
      readVarint(bytes, value);
      const column = tag === 0x0a ? KEY_START : VALUE_START;
      columns[at + column] = after;
      columns[at + column + 1] = place;
    }
  }
}
