/**
 * The canonical form: what the door makes of a well-framed request whose content needs mending, so
 * that no view, editor or writer behind it has to cope (laws 5 and 6 of ARCHITECTURE.md).
 *
 * - A singular field occurs once: messages are merged, of scalars and oneofs the last counts
 *   (protobuf encoding guide, "Last One Wins").
 * - A span without valid ids of its own is cut. A bad id of a parent, link, exemplar or log is cleared.
 * - Text that is not UTF-8 is repaired with U+FFFD.
 * - Indices into a profiles dictionary are removed from the other signals (OTLP 1.10).
 *
 * Unknown fields and groups stay where they are, bit for bit. This is the rare path, yet a request may
 * be all damage: nothing is allocated per field, and what needs no mending is copied in runs. Calls
 * nest as deep as the kernel's depth limit allows, no deeper.
 */
import type { Memory } from "../base/memory.ts";
import type { Signal } from "../base/signal.ts";
import { after, LEN, readVarint, skipValue, skipVarint, varintSize, writeVarint } from "../wire/varint.ts";
import type { Repairs } from "./admission.ts";
import { REQUESTS } from "./path.ts";
import { AnyValue, type FieldSchema, KeyValue, type MessageSchema, ProfileLink, Span } from "./tables.ts";
import { invalidAt, writeRepaired } from "./utf8.ts";

/** Mending makes a request at most this many times as long: every byte of its text a U+FFFD. Without text to repair it never grows. */
export const GROWTH_MAX = 3;

interface Mended {
  readonly end: number;
  readonly repairs: Repairs;
}

/**
 * Writes the canonical form of the request at [start, end), checked by the kernel, to `target`, where
 * at least GROWTH_MAX times its length is free, or its length when no text is to be repaired. Returns where it ends and what was mended.
 */
export function canonical(memory: Memory, signal: Signal, start: number, end: number, target: number): Mended {
  const mender = new Mender(memory, signal);
  const at = mender.write(shapeOf(REQUESTS[signal]), start, end, NOTHING_MORE, target);
  return { end: at, repairs: mender.repairs };
}

interface Body {
  readonly start: number;
  readonly end: number;
}

const NOTHING_MORE: readonly Body[] = [];

/** A field as the mender needs it. */
interface Entry {
  readonly field: FieldSchema;
  /** Of a singular field, from 0; the members of a oneof share one. -1: repeated. */
  readonly slot: number;
  /** Whether the field may have to be dropped for what it holds. */
  readonly suspect: boolean;
}

/** A message as the mender needs it. */
interface Shape {
  readonly schema: MessageSchema;
  /** By field number. */
  readonly entries: readonly (Entry | undefined)[];
}

/** More than any message has, and the bits of a number. */
const SLOTS = 32;
/** Messages in one another: 64 values of up to three messages each, and what is around them. */
const LEVELS = 256;

class Mender {
  readonly repairs = { spansCut: 0, idsCleared: 0, textsRepaired: 0, fieldsMerged: 0, indicesCleared: 0 };
  readonly #memory: Memory;
  readonly #bytes: Uint8Array;
  readonly #signal: Signal;
  /** For each message that is being written, `SLOTS` addresses: the tag of the last occurrence in each slot; 0: none. */
  readonly #lastAt = new Int32Array(SLOTS * LEVELS);
  #level = -1;

  constructor(memory: Memory, signal: Signal) {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#signal = signal;
  }

  /** Writes the message whose body is [start, end) and `more` behind it; returns the address behind it, or -1 for a span that is cut. */
  write(shape: Shape, start: number, end: number, more: readonly Body[], at: number): number {
    const base = ++this.#level * SLOTS;
    this.#lastAt.fill(0, base, base + SLOTS);
    let twice = this.#scan(shape, start, end, base, 0);
    for (const body of more) twice = this.#scan(shape, body.start, body.end, base, twice);
    if (shape.schema === Span && !this.#isValidSpan(shape, base)) {
      this.repairs.spansCut++;
      at = -1;
    } else {
      const bodies = twice === 0 ? NOTHING_MORE : [{ start, end }, ...more];
      at = this.#emit(shape, start, end, base, bodies, at);
      for (const body of more) at = this.#emit(shape, body.start, body.end, base, bodies, at);
    }
    this.#level--;
    return at;
  }

  /** Notes the last occurrence in each slot; returns a bit for each slot that has several, and those of `twice`. */
  #scan(shape: Shape, start: number, end: number, base: number, twice: number): number {
    for (let from = start; from < end;) {
      const tag = readVarint(this.#bytes, from);
      const slot = shape.entries[tag >>> 3]?.slot ?? -1;
      if (slot >= 0) {
        if (this.#lastAt[base + slot] !== 0) twice |= 1 << slot;
        this.#lastAt[base + slot] = from;
      }
      from = skipValue(this.#bytes, after, tag);
    }
    return twice;
  }

  /** Writes the fields of [start, end). `bodies`: the whole message, when a singular field occurs twice in it. */
  #emit(shape: Shape, start: number, end: number, base: number, bodies: readonly Body[], at: number): number {
    let copied = start;
    for (let from = start; from < end;) {
      const tag = readVarint(this.#bytes, from);
      const value = after;
      const to = skipValue(this.#bytes, value, tag);
      const entry = shape.entries[tag >>> 3];
      if (entry !== undefined) {
        const body = (tag & 7) === LEN ? skipVarint(this.#bytes, value) : value;
        const action = this.#actionOn(shape, entry, from, body, to, base);
        if (action !== "copy") {
          at = this.#copy(copied, from, at);
          copied = to;
          if (action === "message") {
            const merged = bodies.length === 0 || entry.slot < 0 ? NOTHING_MORE : this.#merged(shape, bodies, entry, from);
            at = this.#writeMessage(entry, tag, merged[0]?.start ?? body, merged[0]?.end ?? to, merged.length > 1 ? merged.slice(1) : NOTHING_MORE, at);
          } else if (action === "repair") at = this.#writeText(tag, body, to, at);
        }
      }
      from = to;
    }
    return this.#copy(copied, end, at);
  }

  #actionOn(shape: Shape, { field, slot, suspect }: Entry, from: number, body: number, end: number, base: number): "copy" | "drop" | "message" | "repair" {
    if (suspect && this.#isDropped(shape.schema, field, body, end)) return "drop";
    if (slot >= 0 && this.#lastAt[base + slot] !== from) {
      this.repairs.fieldsMerged++;
      return "drop";
    }
    if (field.message !== undefined) return "message";
    return field.utf8 && invalidAt(this.#bytes, body, end) < end ? "repair" : "copy";
  }

  #copy(from: number, to: number, at: number): number {
    if (to > from) this.#memory.copy(at, from, to - from);
    return at + to - from;
  }

  #writeText(tag: number, start: number, end: number, at: number): number {
    this.repairs.textsRepaired++;
    const lengthAt = writeVarint(this.#bytes, at, tag);
    const room = varintSize(end - start);
    return this.#closed(lengthAt, room, writeRepaired(this.#bytes, start, end, lengthAt + room));
  }

  #writeMessage({ field }: Entry, tag: number, start: number, end: number, more: readonly Body[], at: number): number {
    if (field.message === undefined) return at;
    const lengthAt = writeVarint(this.#bytes, at, tag);
    const room = varintSize(end - start);
    const written = this.write(shapeOf(field.message()), start, end, more, lengthAt + room);
    return written < 0 ? at : this.#closed(lengthAt, room, written);
  }

  /** Writes the length of what lies behind `room` bytes at `lengthAt` up to `end`, and moves that when the length takes more, or fewer. */
  #closed(lengthAt: number, room: number, end: number): number {
    const length = end - lengthAt - room;
    const shift = varintSize(length) - room;
    if (shift !== 0) this.#memory.copy(lengthAt + room + shift, lengthAt + room, length);
    writeVarint(this.#bytes, lengthAt, length);
    return end + shift;
  }

  /**
   * What a singular message is merged from: all its occurrences in `bodies` up to the last, at `lastFrom`.
   * A member of a oneof begins anew when another member came in between.
   */
  #merged(shape: Shape, bodies: readonly Body[], { field, slot }: Entry, lastFrom: number): readonly Body[] {
    const found: Body[] = [];
    for (const body of bodies) {
      for (let from = body.start; from < body.end;) {
        const tag = readVarint(this.#bytes, from);
        const value = after;
        const end = skipValue(this.#bytes, value, tag);
        const other = shape.entries[tag >>> 3];
        if (other?.field === field) found.push({ start: skipVarint(this.#bytes, value), end });
        else if (other !== undefined && other.slot === slot) found.length = 0;
        if (from === lastFrom) return found;
        from = end;
      }
    }
    return found;
  }

  #isDropped(schema: MessageSchema, field: FieldSchema, start: number, end: number): boolean {
    if (field.idBytes === undefined) {
      if (this.#signal === "profiles") return false;
      this.repairs.indicesCleared++;
      return true;
    }
    if (!this.#isBadId(schema, field, start, end)) return false;
    this.repairs.idsCleared++;
    return true;
  }

  /**
   * Whether the field is an id that is cleared; a span's own decide about the span instead. Of profiles
   * only a link's length counts, as in the kernel: entry 0 of the dictionary is zeros by design.
   */
  #isBadId(schema: MessageSchema, field: FieldSchema, start: number, end: number): boolean {
    if (start === end) return false;
    if (this.#signal === "profiles") return schema === ProfileLink && end - start !== field.idBytes;
    return !isOwnId(schema, field) && !this.#isId(field, start, end);
  }

  #isValidSpan(shape: Shape, base: number): boolean {
    for (const entry of shape.entries) {
      if (entry === undefined || !isOwnId(shape.schema, entry.field)) continue;
      const from = this.#lastAt[base + entry.slot] ?? 0;
      if (from === 0) return false;
      const length = readVarint(this.#bytes, skipVarint(this.#bytes, from));
      if (!this.#isId(entry.field, after, after + length)) return false;
    }
    return true;
  }

  #isId(field: FieldSchema, start: number, end: number): boolean {
    if (end - start !== field.idBytes) return false;
    for (let at = start; at < end; at++) if (this.#bytes[at] !== 0) return true;
    return false;
  }
}

/** One of the two ids that a span must have. */
function isOwnId(schema: MessageSchema, field: FieldSchema): boolean {
  return schema === Span && field.idBytes !== undefined && !field.name.startsWith("parent");
}

const shapes = new Map<MessageSchema, Shape>();

function shapeOf(schema: MessageSchema): Shape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const slots = new Map<string, number>();
  const entries: (Entry | undefined)[] = [];
  for (const field of schema.fields) {
    const name = field.oneof ?? String(field.number);
    if (!field.repeated && !slots.has(name)) slots.set(name, slots.size);
    const index = (schema === AnyValue || schema === KeyValue) && field.name.endsWith("_strindex");
    while (entries.length <= field.number) entries.push(undefined);
    entries[field.number] = { field, slot: field.repeated ? -1 : (slots.get(name) ?? -1), suspect: field.idBytes !== undefined || index };
  }
  const shape = { schema, entries };
  shapes.set(schema, shape);
  return shape;
}
