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
 * Unknown fields and groups stay where they are, bit for bit. This is the rare path: it allocates.
 * Calls nest as deep as the kernel's depth limit allows, no deeper.
 */
import type { Memory } from "../base/memory.ts";
import type { Signal } from "../base/signal.ts";
import { after, LEN, readVarint, skipValue, skipVarint, varintSize, writeVarint } from "../wire/varint.ts";
import { type Repairs } from "./admission.ts";
import { REQUESTS } from "./path.ts";
import { AnyValue, type FieldSchema, KeyValue, type MessageSchema, ProfileLink, Span } from "./tables.ts";
import { repairedText } from "./utf8.ts";

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
  const at = mender.write(REQUESTS[signal], [{ start, end }], target);
  return { end: at, repairs: mender.repairs };
}

interface Body {
  readonly start: number;
  readonly end: number;
}

interface Occurrence {
  readonly field: FieldSchema | undefined;
  readonly tag: number;
  readonly tagStart: number;
  readonly bodyStart: number;
  readonly end: number;
}

class Mender {
  readonly repairs = { spansCut: 0, idsCleared: 0, textsRepaired: 0, fieldsMerged: 0, indicesCleared: 0 };
  readonly #memory: Memory;
  readonly #bytes: Uint8Array;
  readonly #signal: Signal;

  constructor(memory: Memory, signal: Signal) {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#signal = signal;
  }

  /** Writes the message whose body is `bodies` laid end to end; returns the address behind it, or -1 for a span that is cut. */
  write(schema: MessageSchema, bodies: readonly Body[], at: number): number {
    const occurrences = bodies.flatMap((body) => this.#read(schema, body));
    const last = lastOf(occurrences);
    if (schema === Span && !this.#isValidSpan(last)) {
      this.repairs.spansCut++;
      return -1;
    }
    for (const [index, occurrence] of occurrences.entries()) {
      const { field } = occurrence;
      if (field !== undefined && this.#isDropped(schema, field, occurrence)) continue;
      if (field === undefined || field.repeated) at = this.#writeField(field, [occurrence], occurrence, at);
      else if (last.get(slotOf(field)) !== occurrence) this.repairs.fieldsMerged++;
      else at = this.#writeField(field, mergedWith(occurrences, index, field), occurrence, at);
    }
    return at;
  }

  #read(schema: MessageSchema, body: Body): Occurrence[] {
    const found: Occurrence[] = [];
    for (let at = body.start; at < body.end;) {
      const tag = readVarint(this.#bytes, at);
      const value = after;
      const end = skipValue(this.#bytes, value, tag);
      const field = schema.fields.find(({ number }) => number === tag >>> 3);
      found.push({ field, tag, tagStart: at, bodyStart: (tag & 7) === LEN ? skipVarint(this.#bytes, value) : value, end });
      at = end;
    }
    return found;
  }

  #writeField(field: FieldSchema | undefined, occurrences: readonly Occurrence[], one: Occurrence, at: number): number {
    const message = field?.message?.();
    if (message !== undefined) {
      return this.#writeMessage(
        message,
        occurrences.map(({ bodyStart, end }) => ({ start: bodyStart, end })),
        one.tag,
        at,
      );
    }
    const text = field?.utf8 === true ? repairedText(this.#bytes, one.bodyStart, one.end) : undefined;
    if (text === undefined) {
      this.#memory.copy(at, one.tagStart, one.end - one.tagStart);
      return at + one.end - one.tagStart;
    }
    this.repairs.textsRepaired++;
    at = writeVarint(this.#bytes, writeVarint(this.#bytes, at, one.tag), text.length);
    this.#bytes.set(text, at);
    return at + text.length;
  }

  /** The body is written first, behind room for the shortest length, and moved when its length takes more. */
  #writeMessage(schema: MessageSchema, bodies: readonly Body[], tag: number, at: number): number {
    const lengthAt = writeVarint(this.#bytes, at, tag);
    const end = this.write(schema, bodies, lengthAt + 1);
    if (end < 0) return at;
    const length = end - lengthAt - 1;
    const shift = varintSize(length) - 1;
    if (shift > 0) this.#memory.copy(lengthAt + 1 + shift, lengthAt + 1, length);
    writeVarint(this.#bytes, lengthAt, length);
    return end + shift;
  }

  #isDropped(schema: MessageSchema, field: FieldSchema, { bodyStart, end }: Occurrence): boolean {
    if (this.#isBadId(schema, field, bodyStart, end)) {
      this.repairs.idsCleared++;
      return true;
    }
    const index = (schema === AnyValue || schema === KeyValue) && field.name.endsWith("_strindex");
    if (!index || this.#signal === "profiles") return false;
    this.repairs.indicesCleared++;
    return true;
  }

  /**
   * Whether the field is an id that is cleared; a span's own decide about the span instead. Of profiles
   * only a link's length counts, as in the kernel: entry 0 of the dictionary is zeros by design.
   */
  #isBadId(schema: MessageSchema, field: FieldSchema, start: number, end: number): boolean {
    if (field.idBytes === undefined || start === end) return false;
    if (this.#signal === "profiles") return schema === ProfileLink && end - start !== field.idBytes;
    return !(schema === Span && !field.name.startsWith("parent")) && !this.#isId(field, start, end);
  }

  #isValidSpan(last: ReadonlyMap<string, Occurrence>): boolean {
    return Span.fields
      .filter(({ idBytes, name }) => idBytes !== undefined && !name.startsWith("parent"))
      .every((field) => {
        const found = last.get(slotOf(field));
        return found !== undefined && this.#isId(field, found.bodyStart, found.end);
      });
  }

  #isId(field: FieldSchema, start: number, end: number): boolean {
    return end - start === field.idBytes && this.#bytes.subarray(start, end).some((byte) => byte !== 0);
  }
}

/** Singular fields by number; the members of a oneof share one slot. */
function slotOf(field: FieldSchema): string {
  return field.oneof ?? String(field.number);
}

function lastOf(occurrences: readonly Occurrence[]): ReadonlyMap<string, Occurrence> {
  const last = new Map<string, Occurrence>();
  for (const occurrence of occurrences) {
    if (occurrence.field !== undefined && !occurrence.field.repeated) last.set(slotOf(occurrence.field), occurrence);
  }
  return last;
}

/**
 * What a singular message is merged from: all occurrences up to this, the last one. A member of a
 * oneof begins anew when another member came in between.
 */
function mergedWith(occurrences: readonly Occurrence[], index: number, field: FieldSchema): readonly Occurrence[] {
  const merged: Occurrence[] = [];
  for (const occurrence of occurrences.slice(0, index + 1)) {
    if (occurrence.field === undefined || occurrence.field.repeated || slotOf(occurrence.field) !== slotOf(field)) continue;
    if (occurrence.field !== field) merged.length = 0;
    else merged.push(occurrence);
  }
  return merged;
}
