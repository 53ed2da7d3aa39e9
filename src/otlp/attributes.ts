/**
 * The attributes of one message, as they are after every edit so far: the list is read once, and not
 * before somebody looks at it, edits change its columns, and later steps read the same columns, which is
 * how a step sees what the steps before it left. Flushing turns the difference into edits of the script.
 *
 * Duplicate keys are kept; `find` and the edits by key touch the first, as the Collector does.
 * The columns lie in the kernel's memory, which fills them; nothing is allocated per attribute. A list
 * that is longer than its columns borrows a block of the pool until the next one is read.
 */
import { SluiceError } from "../base/errors.ts";
import type { Block } from "../base/pool.ts";
import { ATTRIBUTE_OVERHEAD, ATTRIBUTE_WORDS } from "../kernel/kernel.ts";
import type { Range } from "../wire/chunk.ts";
import type { EditScript } from "../wire/script.ts";
import type { ConstantAttribute } from "./constant-attribute.ts";
import { keyBit, mayBeIn, type Text } from "./text.ts";
import type { Desk } from "./view.ts";

/** Rows that every list has room for. */
const ROWS = 64;
const ROW_BYTES = ATTRIBUTE_WORDS * 4;

const STATE = 0;
/** Where the attribute stands in the chunk, tag included. */
const OLD_START = 1;
const OLD_END = 2;
/** The field as it is now, of one that was changed or added: in scratch, or a constant. */
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
  readonly #desk: Desk;
  readonly #words: Int32Array;
  /** Address of the columns that the list always has. */
  readonly #home: number;
  /** Address of the set of the keys that were read. */
  readonly #set: number;
  #at: number;
  #capacity = ROWS;
  #borrowed: Block | undefined;
  /** Rows; of a list that is not read yet, those that were added. */
  #count = 0;
  /** Of these, the rows that were read: what was added stands behind them. */
  #came = 0;
  /** Of those, where the first one stands that was changed, and the last. */
  #firstChanged = 0;
  #lastChanged = -1;
  #changed = false;
  #tag = 0;
  /** Where the list stands that is not read yet. */
  #unread = false;
  #start = 0;
  #end = 0;
  /** Keys that it may have, as the kernel's sets of keys: what the tape says it came with, and what was added. */
  #keysLow = 0;
  #keysHigh = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.bytes = desk.bytes;
    this.#words = desk.kernel.words;
    this.#home = desk.region(ROWS * ROW_BYTES);
    this.#set = desk.region(8);
    this.#at = this.#home;
  }

  /**
   * Turns to the repeated KeyValue field with tag `tag` in [start, end), which may hold other fields too.
   * The keys there are of the kernel's set `keysLow`, `keysHigh`; -1 where they are not known.
   */
  at(tag: number, start: number, end: number, keysLow: number, keysHigh: number): void {
    this.#giveBack();
    this.#changed = false;
    this.#count = 0;
    this.#forgetChanges();
    this.#tag = tag;
    this.#unread = true;
    this.#start = start;
    this.#end = end;
    this.#keysLow = keysLow;
    this.#keysHigh = keysHigh;
  }

  /** Entries, removed ones included: ask `live` of each. Throws `over_budget`. */
  get count(): number {
    this.#read();
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

  /** False when there surely is no attribute with this key: known without reading the list. */
  mayHave(key: Text): boolean {
    return mayBeIn(this.#keysLow, this.#keysHigh, key);
  }

  /** The first live entry with this key, or -1. Throws `over_budget`. */
  find(key: Text): number {
    return this.mayHave(key) ? this.findBytes(key) : -1;
  }

  /** The same of a key that is not known before. */
  findBytes(key: Range): number {
    this.#read();
    return this.#count === 0 ? -1 : this.#desk.kernel.findAttribute(this.#at, this.#count, key.start, key.end);
  }

  remove(entry: number): void {
    const at = this.#row(entry) + STATE;
    const state = this.#words[at] ?? 0;
    if (state >= REMOVED) return;
    this.#words[at] = state === ADDED ? VOID : REMOVED;
    this.#change(entry);
  }

  /** Gives the entry a new value: the AnyValue body at [valueStart, valueEnd), which is copied. */
  set(entry: number, valueStart: number, valueEnd: number): void {
    const at = this.#row(entry);
    const words = this.#words;
    this.#write(at, words[at + KEY_START] ?? 0, words[at + KEY_END] ?? 0, valueStart, valueEnd);
    if (words[at + STATE] === ORIGINAL) words[at + STATE] = REPLACED;
    this.#change(entry);
  }

  /** Appends an attribute; key and AnyValue body are copied. */
  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const bit = keyBit(keyEnd - keyStart, keyEnd === keyStart ? 0 : (this.bytes[keyEnd - 1] ?? 0));
    const at = this.#append(bit < 32 ? 1 << bit : 0, bit < 32 ? 0 : 1 << (bit - 32));
    this.#write(at, keyStart, keyEnd, valueStart, valueEnd);
  }

  /** Gives the entry, whose key is the constant's, its value; -1: appends it. Nothing is copied where its field has this list's tag. */
  put(entry: number, constant: ConstantAttribute): void {
    const { end, key, value } = constant;
    const field = constant.fieldFor(this.#tag);
    if (field === 0) return entry < 0 ? this.add(key.start, key.end, value.start, value.end) : this.set(entry, value.start, value.end);
    const words = this.#words;
    const at = entry < 0 ? this.#append(key.keyLow, key.keyHigh) : this.#row(entry);
    if (entry >= 0) {
      if (words[at + STATE] === ORIGINAL) words[at + STATE] = REPLACED;
      this.#change(entry);
    }
    words[at + NEW_START] = field;
    words[at + NEW_END] = end;
    words[at + KEY_START] = key.start;
    words[at + KEY_END] = key.end;
    words[at + VALUE_START] = value.start;
    words[at + VALUE_END] = value.end;
  }

  /** Records in `node` what was removed or replaced. `flushNew` follows. */
  flushOld(script: EditScript, node: number): void {
    const words = this.#words;
    for (let at = this.#row(this.#firstChanged), last = this.#row(this.#lastChanged); at <= last; at += ATTRIBUTE_WORDS) {
      const state = words[at + STATE];
      if (state === REMOVED) script.cut(node, words[at + OLD_START] ?? 0, words[at + OLD_END] ?? 0);
      else if (state === REPLACED) {
        script.replace(node, words[at + OLD_START] ?? 0, words[at + OLD_END] ?? 0, words[at + NEW_START] ?? 0, words[at + NEW_END] ?? 0);
      }
    }
  }

  /** Records what was added to `node`, whose body ends at `end`. */
  flushNew(script: EditScript, node: number, end: number): void {
    const words = this.#words;
    for (let at = this.#row(this.#came), stop = this.#row(this.#count); at < stop; at += ATTRIBUTE_WORDS) {
      if (words[at + STATE] === ADDED) script.insert(node, end, words[at + NEW_START] ?? 0, words[at + NEW_END] ?? 0);
    }
    this.#changed = false;
  }

  /** Copies every live attribute, with its tag, to `at`: for a message that is written anew. Returns where they end. */
  copyTo(at: number): number {
    this.#read();
    const words = this.#words;
    for (let row = this.#row(0), stop = this.#row(this.#count); row < stop; row += ATTRIBUTE_WORDS) {
      const state = words[row + STATE] ?? 0;
      if (state >= REMOVED) continue;
      const start = words[row + (state === ORIGINAL ? OLD_START : NEW_START)] ?? 0;
      const length = (words[row + (state === ORIGINAL ? OLD_END : NEW_END)] ?? 0) - start;
      this.#desk.kernel.copy(at, start, length);
      at += length;
    }
    return at;
  }

  /** What `copyTo` would write, bytes. */
  get size(): number {
    this.#read();
    const words = this.#words;
    let size = 0;
    for (let row = this.#row(0), stop = this.#row(this.#count); row < stop; row += ATTRIBUTE_WORDS) {
      const state = words[row + STATE] ?? 0;
      if (state === ORIGINAL) size += (words[row + OLD_END] ?? 0) - (words[row + OLD_START] ?? 0);
      else if (state < REMOVED) size += (words[row + NEW_END] ?? 0) - (words[row + NEW_START] ?? 0);
    }
    return size;
  }

  /** Reads the list, if nobody has: what was added to it stands behind. */
  #read(): void {
    if (!this.#unread) return;
    const { kernel } = this.#desk;
    const added = this.#count;
    for (;;) {
      const room = this.#capacity - added;
      const aside = this.#at + room * ROW_BYTES;
      this.#move(aside, this.#at, added);
      const read = kernel.readAttributes(this.#start, this.#end, this.#tag, this.#at, room, this.#set);
      if (read <= room) {
        this.#move(this.#at + read * ROW_BYTES, aside, added);
        this.#count = read + added;
        this.#came = this.#firstChanged = read;
        this.#unread = false;
        if (added === 0) this.#narrowKeys();
        return;
      }
      this.#move(this.#at, aside, added);
      this.#borrow(read + added + ROWS);
    }
  }

  #move(to: number, from: number, rows: number): void {
    if (rows > 0) this.#desk.kernel.copy(to, from, rows * ROW_BYTES);
  }

  /** What may be there is what is there, now that it is known. */
  #narrowKeys(): void {
    this.#keysLow = this.#words[this.#set >> 2] ?? 0;
    this.#keysHigh = this.#words[(this.#set >> 2) + 1] ?? 0;
  }

  /** A row for an attribute with a key of this set; returns where its columns are among the words. */
  #append(keyLow: number, keyHigh: number): number {
    if (this.#count === this.#capacity) this.#borrow(this.#capacity * 2);
    const at = this.#row(this.#count++);
    this.#words[at + STATE] = ADDED;
    this.#keysLow |= keyLow;
    this.#keysHigh |= keyHigh;
    this.#changed = true;
    return at;
  }

  #change(entry: number): void {
    this.#changed = true;
    if (entry >= this.#came) return;
    if (entry < this.#firstChanged) this.#firstChanged = entry;
    if (entry > this.#lastChanged) this.#lastChanged = entry;
  }

  #forgetChanges(): void {
    this.#came = 0;
    this.#firstChanged = 0;
    this.#lastChanged = -1;
  }

  #row(entry: number): number {
    return (this.#at >> 2) + entry * ATTRIBUTE_WORDS;
  }

  #column(entry: number, column: number): number {
    return this.#words[this.#row(entry) + column] ?? 0;
  }

  #write(row: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const { kernel, scratch } = this.#desk;
    const to = scratch.reserve(ATTRIBUTE_OVERHEAD + keyEnd - keyStart + valueEnd - valueStart);
    scratch.take(kernel.writeAttribute(to, this.#tag, keyStart, keyEnd, valueStart, valueEnd, row << 2));
  }

  /** Moves the columns to a block with room for `rows`. */
  #borrow(rows: number): void {
    const { kernel, pool } = this.#desk;
    const block = pool.take(rows * ROW_BYTES);
    if (block === undefined) {
      throw new SluiceError("over_budget", "Cannot read a list of attributes: no room in the pool", { retryable: true });
    }
    kernel.copy(block.start, this.#at, this.#count * ROW_BYTES);
    this.#borrowed?.release();
    this.#borrowed = block;
    this.#at = block.start;
    this.#capacity = rows;
  }

  /** Goes back to the columns that the list always has. */
  #giveBack(): void {
    if (this.#borrowed === undefined) return;
    this.#borrowed.release();
    this.#borrowed = undefined;
    this.#at = this.#home;
    this.#capacity = ROWS;
  }

  /** Lets go of what was borrowed: the walk is over. */
  close(): void {
    this.#giveBack();
    this.#unread = false;
    this.#count = 0;
    this.#forgetChanges();
  }
}
