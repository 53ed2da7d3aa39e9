/**
 * A view: a reusable cursor over one message. It finds the message's fields in one pass, whatever
 * their order, and hands them out as addresses; setting a field writes the new one to scratch and
 * points the view at it, so that whoever reads next reads through the edits. `flush` records in the
 * script what changed. Nothing is allocated per message.
 *
 * Invariant: the bytes were checked by the kernel and each singular field occurs once (canonical
 * form). A repeated field is found as the span from its first to behind its last occurrence.
 */
import type { Pool } from "../base/pool.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { EditScript } from "../wire/script.ts";
import type { Scratch } from "../wire/scratch.ts";
import { after, I32, I64, LEN, readVarint, readVarintHigh, skipValue, skipVarint, VARINT, varintSize, writeVarint } from "../wire/varint.ts";
import { Attributes } from "./attributes.ts";
import { mayBeIn, type Text } from "./text.ts";
import { copyFields, writeDouble, writeVarint64, writeWord } from "./field-bytes.ts";

/** What a view needs to know of its message: a generated table has it (tables.ts). */
export interface Shape {
  readonly name: string;
  readonly fields: readonly ShapeField[];
}

export interface ShapeField {
  readonly number: number;
  readonly name: string;
  readonly repeated: boolean;
}

const STRIDE = 3;
const TAG = 0;
const BODY = 1;
const END = 2;
const ABSENT = -1;
/** A set of all keys. */
const UNKNOWN = -1;
/** No field has this number. */
const NONE = 0;
/** Field numbers that a view can find: OTLP's own end at 16. */
const FIELDS_MAX = 128;
/** Under these names a message has its attributes. */
const ATTRIBUTES = new Set(["attributes", "filtered_attributes", "metadata"]);

/** What the views of one walk share. */
export interface Desk {
  readonly bytes: Uint8Array;
  readonly kernel: Kernel;
  readonly pool: Pool;
  /** Takes bytes of the memory for good; the address is a multiple of 4. */
  region(size: number): number;
  readonly scratch: Scratch;
  readonly script: EditScript;
}

export class View {
  readonly shape: Shape;
  readonly bytes: Uint8Array;
  readonly #desk: Desk;
  readonly #parent: View | undefined;
  /** This message's field number in its parent, for a message that has to be made. */
  readonly #number: number;
  readonly #slotOf: Int8Array;
  /** The rows that the kernel fills: in its memory, and as words of it. */
  readonly #slotsAt: number;
  readonly #slotMapAt: number;
  readonly #slots: Int32Array;
  /** The row of the field that was looked for alone. */
  readonly #soughtAt: number;
  readonly #soughtRow: Int32Array;
  /** The fields as they stand in the chunk, for those that were set. */
  readonly #old: Int32Array;
  readonly #attributesTag: number;
  /** Slots of repeated fields, a bit each. */
  readonly #repeated: number;
  /** The kernel's set of the keys of the attributes that it came with; -1 where that is not known. */
  #keysLow = UNKNOWN;
  #keysHigh = UNKNOWN;
  #attributes: Attributes | undefined;
  #attributesRead = false;
  #indexed = false;
  /** The field that was looked for alone, before the rest: steps often want no more than one. */
  #sought = NONE;
  /** The field that it came without. */
  #lacked = NONE;
  #changed = 0;
  #node = ABSENT;
  #lengthStart = 0;
  #start = 0;
  #end = 0;
  #present = false;

  /**
   * A view of messages of this shape inside `parent` (undefined: directly in the chunk), where they
   * are field `number`.
   */
  constructor(desk: Desk, shape: Shape, parent: View | undefined, number: number) {
    this.#desk = desk;
    this.bytes = desk.bytes;
    this.shape = shape;
    this.#parent = parent;
    this.#number = number;
    const words = shape.fields.length * STRIDE;
    this.#slotMapAt = desk.region(FIELDS_MAX);
    this.#slotsAt = desk.region(words * 4);
    this.#slots = desk.kernel.words.subarray(this.#slotsAt >> 2, (this.#slotsAt >> 2) + words);
    this.#soughtAt = desk.region(STRIDE * 4);
    this.#soughtRow = desk.kernel.words.subarray(this.#soughtAt >> 2, (this.#soughtAt >> 2) + STRIDE);
    this.#slotOf = new Int8Array(FIELDS_MAX).fill(ABSENT);
    shape.fields.forEach((field, slot) => (this.#slotOf[field.number] = slot));
    this.bytes.set(new Uint8Array(this.#slotOf.buffer), this.#slotMapAt);
    this.#old = new Int32Array(words);
    const attributes = shape.fields.find((field) => ATTRIBUTES.has(field.name));
    this.#attributesTag = attributes === undefined ? 0 : (attributes.number << 3) | LEN;
    this.#repeated = shape.fields.reduce((bits, field, slot) => (field.repeated ? bits | (1 << slot) : bits), 0);
  }

  /** Moves the view to the message whose field starts at `tagStart` and whose body is [start, end). */
  at(tagStart: number, start: number, end: number): void {
    this.#lengthStart = tagStart;
    this.#start = start;
    this.#end = end;
    this.#present = true;
    this.#indexed = false;
    this.#sought = NONE;
    this.#lacked = NONE;
    this.#keysLow = UNKNOWN;
    this.#keysHigh = UNKNOWN;
    this.#attributesRead = false;
    this.#changed = 0;
    this.#node = ABSENT;
  }

  /** What the tape says of the message that the view was moved to: the set of its attributes' keys. */
  setKeys(low: number, high: number): void {
    this.#keysLow = low;
    this.#keysHigh = high;
  }

  /** The same: a field, one that occurs once, which it surely does not have. */
  setLacked(number: number): void {
    this.#lacked = number;
  }

  /** Whether it surely came without this field. Something may have set it since. */
  lacked(number: number): boolean {
    return number === this.#lacked;
  }

  /** Moves the view to a message that its parent does not have. Setting something makes it. */
  absent(): void {
    this.at(0, 0, 0);
    this.#present = false;
  }

  get present(): boolean {
    return this.#present;
  }

  /** The message's body. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Address of the value of a field: of its varint, its fixed bytes, or the body of what is length-delimited; -1 when absent. */
  field(number: number): number {
    return this.#slot(number, BODY);
  }

  /** Address behind the value of a field; -1 when absent. */
  fieldEnd(number: number): number {
    return this.#slot(number, END);
  }

  /** Address of a field's tag (a repeated field: of the first); -1 when absent. */
  fieldTag(number: number): number {
    return this.#slot(number, TAG);
  }

  has(number: number): boolean {
    return this.#slot(number, BODY) !== ABSENT;
  }

  /** A varint field's low 32 bits, unsigned; 0 when absent. */
  varint(number: number): number {
    const at = this.#slot(number, BODY);
    return at === ABSENT ? 0 : readVarint(this.bytes, at);
  }

  /** A varint field's high 32 bits, unsigned; 0 when absent. */
  varintHigh(number: number): number {
    const at = this.#slot(number, BODY);
    return at === ABSENT ? 0 : readVarintHigh(this.bytes, at);
  }

  /** The low half of a fixed64 field, or a fixed32 field; unsigned, 0 when absent. */
  fixedLow(number: number): number {
    const at = this.#slot(number, BODY);
    return at === ABSENT ? 0 : word(this.bytes, at);
  }

  /** The high half of a fixed64 field, unsigned; 0 when absent. */
  fixedHigh(number: number): number {
    const at = this.#slot(number, BODY);
    return at === ABSENT ? 0 : word(this.bytes, at + 4);
  }

  /** The message's attributes. */
  get attributes(): Attributes {
    this.#attributes ??= new Attributes(this.#desk);
    if (!this.#attributesRead) {
      const tag = this.#attributesTag;
      // One pass over the message either way: from the first to behind the last, where they are known.
      const from = this.#indexed ? Math.max(0, this.fieldTag(tag >>> 3)) : this.#start;
      const end = this.#indexed ? Math.max(0, this.fieldEnd(tag >>> 3)) : this.#end;
      this.#attributes.at(tag, from, end, this.#keysLow, this.#keysHigh);
      this.#attributesRead = true;
    }
    return this.#attributes;
  }

  /** Whether a field was set since the view was moved here. */
  get fieldsChanged(): boolean {
    return this.#changed !== 0;
  }

  /** Whether the attributes were changed since the view was moved here. */
  get attributesChanged(): boolean {
    return this.#attributesRead && this.#attributes?.changed === true;
  }

  /** False when the message surely has no attribute with this key: known without reading its attributes. */
  mayHave(key: Text): boolean {
    if (this.#attributesRead) return this.#attributes?.mayHave(key) === true;
    return mayBeIn(this.#keysLow, this.#keysHigh, key);
  }

  /** Sets a length-delimited field to the bytes at [start, end), which are copied. */
  setBytes(number: number, start: number, end: number): void {
    const length = end - start;
    const tag = (number << 3) | LEN;
    const { scratch } = this.#desk;
    const at = scratch.field(tag, start, end);
    const body = at + varintSize(tag) + varintSize(length);
    this.#set(number, at, body, body + length);
  }

  /** Sets a varint field to a value of up to 32 bits, unsigned. */
  setVarint(number: number, value: number): void {
    const tag = (number << 3) | VARINT;
    const { scratch } = this.#desk;
    const at = scratch.reserve(10);
    const body = writeVarint(this.bytes, at, tag);
    const end = writeVarint(this.bytes, body, value);
    scratch.take(end);
    this.#set(number, at, body, end);
  }

  /** Sets a varint field to 64 bits, given as halves. A negative int32 or enum has a high half of ones. */
  setVarint64(number: number, low: number, high: number): void {
    const body = this.#head((number << 3) | VARINT, 20);
    this.#take(number, body, writeVarint64(this.bytes, body, low >>> 0, high >>> 0));
  }

  /** Sets a fixed64 or sfixed64 field, given as halves. */
  setFixed64(number: number, low: number, high: number): void {
    const body = this.#head((number << 3) | I64, 18);
    writeWord(this.bytes, body, low);
    writeWord(this.bytes, body + 4, high);
    this.#take(number, body, body + 8);
  }

  setFixed32(number: number, value: number): void {
    const body = this.#head((number << 3) | I32, 14);
    writeWord(this.bytes, body, value);
    this.#take(number, body, body + 4);
  }

  setDouble(number: number, value: number): void {
    const body = this.#head((number << 3) | I64, 18);
    writeDouble(this.bytes, body, value);
    this.#take(number, body, body + 8);
  }

  /** Sets a length-delimited field to bytes from outside the memory: text, ids, a message that was made anew. */
  setContent(number: number, content: Uint8Array): void {
    const tag = (number << 3) | LEN;
    const { scratch } = this.#desk;
    const at = scratch.reserve(10 + content.length);
    const body = writeVarint(this.bytes, writeVarint(this.bytes, at, tag), content.length);
    this.bytes.set(content, body);
    scratch.take(body + content.length);
    this.#set(number, at, body, body + content.length);
  }

  /** Sets a field, a repeated one with all its occurrences, to whole fields that lie in scratch, tags included. */
  setFields(number: number, start: number, end: number): void {
    if (start === end) return this.clear(number);
    const tag = readVarint(this.bytes, start);
    let body = after;
    if ((tag & 7) === LEN) body = skipVarint(this.bytes, body);
    this.#set(number, start, body, end);
  }

  /** The same with bytes from outside the memory. */
  setFieldsFrom(number: number, fields: Uint8Array): void {
    const { scratch } = this.#desk;
    const start = scratch.reserve(fields.length);
    this.bytes.set(fields, start);
    scratch.take(start + fields.length);
    this.setFields(number, start, start + fields.length);
  }

  /** Removes a field, a repeated one with all its occurrences. */
  clear(number: number): void {
    if (this.has(number)) this.#set(number, ABSENT, ABSENT, ABSENT);
  }

  /** The script's node of this message, with those above it; opened on first use. */
  node(): number {
    if (this.#node === ABSENT) {
      const parent = this.#parent === undefined ? 0 : this.#parent.node();
      this.#node = this.#desk.script.open(parent, skipVarint(this.bytes, this.#lengthStart), this.#start, this.#end);
    }
    return this.#node;
  }

  /** Whether the node was opened, so that dropping the message must discard it. */
  get opened(): boolean {
    return this.#node !== ABSENT;
  }

  /** Records what was set since the view was moved here: in the order of the places, most often, what is new last. */
  flush(): void {
    const attributes = this.attributesChanged ? this.#attributes : undefined;
    if (this.#changed === 0 && attributes === undefined) return;
    if (!this.#present) return this.#make();
    const { script } = this.#desk;
    const node = this.node();
    if (this.#changed !== 0) this.#flushOld(script, node);
    attributes?.flushOld(script, node);
    if (this.#changed !== 0) this.#flushNew(script, node);
    attributes?.flushNew(script, node, this.#end);
  }

  /** What stands in the message: other bytes in its place, or none. */
  #flushOld(script: EditScript, node: number): void {
    for (let slot = 0, bits = this.#changed; bits !== 0; slot++, bits >>>= 1) {
      const at = slot * STRIDE;
      const oldTag = this.#old[at + TAG] ?? ABSENT;
      if ((bits & 1) === 0 || oldTag === ABSENT) continue;
      const oldEnd = this.#old[at + END] ?? ABSENT;
      const tag = this.#slots[at + TAG] ?? ABSENT;
      if (this.#isRepeated(slot)) this.#cutEach(node, this.shape.fields[slot]?.number ?? 0, oldTag, oldEnd);
      else if (tag === ABSENT) script.cut(node, oldTag, oldEnd);
      else script.replace(node, oldTag, oldEnd, tag, this.#slots[at + END] ?? ABSENT);
    }
  }

  /** What is put behind the rest. */
  #flushNew(script: EditScript, node: number): void {
    for (let slot = 0, bits = this.#changed; bits !== 0; slot++, bits >>>= 1) {
      const at = slot * STRIDE;
      const tag = this.#slots[at + TAG] ?? ABSENT;
      if ((bits & 1) === 0 || tag === ABSENT) continue;
      if (this.#old[at + TAG] === ABSENT || this.#isRepeated(slot)) script.insert(node, this.#end, tag, this.#slots[at + END] ?? ABSENT);
    }
    this.#changed = 0;
  }

  #isRepeated(slot: number): boolean {
    return (this.#repeated & (1 << slot)) !== 0;
  }

  /**
   * Writes the message as it is now to scratch as one whole field: what was not set stays in its place,
   * unknown fields too, what was set stands behind. Returns where the field starts; it ends at
   * `scratch.end`. The view is left as it was.
   */
  compose(): number {
    if (!this.#indexed) this.#index();
    const { scratch, kernel } = this.#desk;
    const attributes = this.attributesChanged ? this.#attributes : undefined;
    let room = 10 + this.#end - this.#start + (attributes?.size ?? 0);
    for (let slot = 0, bits = this.#changed; bits !== 0; slot++, bits >>>= 1) {
      const at = slot * STRIDE;
      if ((bits & 1) !== 0) room += (this.#slots[at + END] ?? 0) - (this.#slots[at + TAG] ?? 0);
    }
    const from = scratch.reserve(room);
    const left = (field: number): boolean =>
      (attributes !== undefined && field === this.#attributesTag >>> 3) ||
      ((this.#slotOf[field] ?? ABSENT) >= 0 && (this.#changed & (1 << (this.#slotOf[field] ?? 0))) !== 0);
    const body = from + 10;
    let to = copyFields(kernel, this.#start, this.#end, body, left);
    for (let slot = 0, bits = this.#changed; bits !== 0; slot++, bits >>>= 1) {
      const tag = this.#slots[slot * STRIDE + TAG] ?? ABSENT;
      if ((bits & 1) === 0 || tag === ABSENT) continue;
      const end = this.#slots[slot * STRIDE + END] ?? 0;
      kernel.copy(to, tag, end - tag);
      to += end - tag;
    }
    to = attributes?.copyTo(to) ?? to;
    const tag = (this.#number << 3) | LEN;
    const start = body - varintSize(tag) - varintSize(to - body);
    writeVarint(this.bytes, writeVarint(this.bytes, start, tag), to - body);
    scratch.take(to);
    return start;
  }

  /** Moves the view to a message that is a whole field, at its tag: one that `compose` wrote. */
  atField(tagStart: number): void {
    readVarint(this.bytes, tagStart);
    const length = readVarint(this.bytes, after);
    this.at(tagStart, after, after + length);
  }

  /** Writes a message that was absent as a new field at the front of its parent. */
  #make(): void {
    const parent = this.#parent;
    if (parent === undefined) return;
    const { script, scratch } = this.#desk;
    const attributes = this.#attributesRead ? this.#attributes : undefined;
    let length = attributes?.size ?? 0;
    if (!this.#indexed) this.#index();
    for (let at = 0; at < this.#slots.length; at += STRIDE) {
      if (this.#slots[at + TAG] !== ABSENT) length += (this.#slots[at + END] ?? 0) - (this.#slots[at + TAG] ?? 0);
    }
    const tag = (this.#number << 3) | LEN;
    const start = scratch.reserve(varintSize(tag) + varintSize(length) + length);
    let to = writeVarint(this.bytes, writeVarint(this.bytes, start, tag), length);
    for (let at = 0; at < this.#slots.length; at += STRIDE) {
      const from = this.#slots[at + TAG] ?? ABSENT;
      if (from === ABSENT) continue;
      const end = this.#slots[at + END] ?? 0;
      this.#desk.kernel.copy(to, from, end - from);
      to += end - from;
    }
    to = attributes?.copyTo(to) ?? to;
    scratch.take(to);
    this.#changed = 0;
    script.insert(parent.node(), parent.start, start, to);
  }

  #cutEach(node: number, number: number, start: number, end: number): void {
    for (let at = start; at < end;) {
      const tag = readVarint(this.bytes, at);
      const next = skipValue(this.bytes, after, tag);
      if (tag >>> 3 === number) this.#desk.script.cut(node, at, next);
      at = next;
    }
  }

  /** Begins a field in scratch with at most `room` bytes; returns where its value goes. */
  #head(tag: number, room: number): number {
    return writeVarint(this.bytes, this.#desk.scratch.reserve(room), tag);
  }

  /** Takes the field whose value at [body, end) follows what `#head` began. */
  #take(number: number, body: number, end: number): void {
    const { scratch } = this.#desk;
    const at = scratch.end;
    scratch.take(end);
    this.#set(number, at, body, end);
  }

  #slot(number: number, column: number): number {
    const slot = this.#slotOf[number] ?? ABSENT;
    if (slot === ABSENT) return ABSENT;
    if (!this.#indexed) {
      if (number === this.#lacked) return this.#isChanged(slot) ? (this.#slots[slot * STRIDE + column] ?? ABSENT) : ABSENT;
      if (number === this.#sought || this.#seek(number, slot)) return this.#soughtRow[TAG] === ABSENT ? ABSENT : (this.#soughtRow[column] ?? ABSENT);
      this.#index();
    }
    // The tag alone says whether a field is there: the kernel leaves the rest of an absent one's row as it was.
    if (this.#slots[slot * STRIDE + TAG] === ABSENT) return ABSENT;
    return this.#slots[slot * STRIDE + column] ?? ABSENT;
  }

  /** Looks for a field alone; false where another one was before it, or where it may occur more than once. */
  #seek(number: number, slot: number): boolean {
    if (this.#sought !== NONE || this.#isRepeated(slot)) return false;
    this.#sought = number;
    this.#desk.kernel.findField(this.#start, this.#end, number, this.#soughtAt);
    return true;
  }

  #set(number: number, tag: number, body: number, end: number): void {
    const known = this.#indexed || number === this.#lacked;
    if (!known) this.#index();
    const slot = this.#slotOf[number] ?? ABSENT;
    if (slot === ABSENT) return;
    const at = slot * STRIDE;
    if (!this.#isChanged(slot)) {
      this.#changed |= 1 << slot;
      this.#old[at + TAG] = this.#indexed ? (this.#slots[at + TAG] ?? ABSENT) : ABSENT;
      this.#old[at + END] = this.#indexed ? (this.#slots[at + END] ?? ABSENT) : ABSENT;
    }
    this.#slots[at + TAG] = tag;
    this.#slots[at + BODY] = body;
    this.#slots[at + END] = end;
  }

  #isChanged(slot: number): boolean {
    return (this.#changed & (1 << slot)) !== 0;
  }

  #index(): void {
    this.#indexed = true;
    const slots = this.#slots;
    // Before this only the field that was lacking may have been set.
    const at = (this.#slotOf[this.#lacked] ?? ABSENT) * STRIDE;
    const tag = slots[at + TAG] ?? ABSENT;
    const body = slots[at + BODY] ?? ABSENT;
    const end = slots[at + END] ?? ABSENT;
    this.#desk.kernel.readFields(this.#start, this.#end, this.#slotMapAt, this.#slotsAt, this.shape.fields.length);
    if (this.#changed === 0) return;
    slots[at + TAG] = tag;
    slots[at + BODY] = body;
    slots[at + END] = end;
  }

  /** Lets go of what the view borrowed: the walk is over. */
  close(): void {
    this.#attributes?.close();
  }
}

/** The little-endian 32-bit word at `at`, unsigned. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
