/**
 * Paths to attributes: the whole map, one attribute, and what is inside of it. One attribute is found by
 * the bytes of its key, and no other is decoded; of duplicate keys the first counts.
 */
import { BYTES_VALUE, decodeAnyValue, encodeAnyValue, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { RuleMemory } from "../../otlp/engine.ts";
import { sharedStaging, Staging } from "../../otlp/staging.ts";
import { type Text, textAt } from "../../otlp/text.ts";
import type { Range } from "../../wire/chunk.ts";
import { after, readVarint, skipValue } from "../../wire/varint.ts";
import type { Operand, Place } from "../contract.ts";
import type { Subject } from "../subject.ts";
import type { Value } from "../value.ts";
import { expectMap, expectPlain } from "./expect.ts";
import { getNested, setNested, textKey } from "./nested.ts";
import { type Spot, spotOperand } from "./operand.ts";
import type { Entry } from "./paths.ts";

const encoder = new TextEncoder();

/** The path `attributes`, with and without keys, of a message that has some. */
export function attributesEntry(spot: Spot): Entry {
  return {
    whole: ({ engine }) => allAttributes(spot, engine),
    keyed: (keys, { engine }) => oneAttribute(spot, keys, engine),
  };
}

function allAttributes(spot: Spot, engine: RuleMemory): Operand {
  const rooms = roomsOf(engine);
  const attributes = (subject: Subject): Attributes => spot.view(subject).attributes;
  return spotOperand(spot, {
    attributes,
    get: (subject) => {
      const all = attributes(subject);
      const { bytes } = all;
      const map = new Map<string, Value>();
      for (let entry = 0; entry < all.count; entry++) {
        if (!all.live(entry)) continue;
        const key = textAt(bytes, all.keyStart(entry), all.keyEnd(entry));
        if (!map.has(key)) map.set(key, decodeAnyValue(bytes, all.valueStart(entry), all.valueEnd(entry)));
      }
      return map;
    },
    set: (subject, value) => {
      // Everything is read before anything is written: the map may be this very one.
      const pairs = Array.from(expectMap(value), ([key, inner]) => [encoder.encode(key), encodeAnyValue(expectPlain(inner))] as const);
      const all = attributes(subject);
      for (let entry = 0; entry < all.count; entry++) all.remove(entry);
      for (const [key, body] of pairs) addPair(rooms, all, key, body);
    },
  });
}

function oneAttribute(spot: Spot, keys: readonly Operand[], engine: RuleMemory): Operand {
  const [first] = keys;
  const name = first?.constant?.value;
  const one = typeof name === "string" ? new KnownKey(spot, engine.text(name), engine) : new ComputedKey(spot, first, engine);
  const decoded = (subject: Subject): Value => {
    const attributes = spot.view(subject).attributes;
    const entry = one.find(subject);
    return entry < 0 ? null : decodeAnyValue(attributes.bytes, attributes.valueStart(entry), attributes.valueEnd(entry));
  };
  if (keys.length === 1) {
    return spotOperand(spot, {
      get: decoded,
      set: (subject, value) => setOne(one, subject, () => value),
      place: (subject, place) => {
        const entry = one.find(subject);
        if (entry < 0) return placeNothing(place);
        const { attributes } = spot.view(subject);
        placeValue(attributes.bytes, attributes.valueStart(entry), attributes.valueEnd(entry), place);
      },
      setBody: (subject, start, end) => one.put(subject, one.find(subject), start, end),
    });
  }
  return spotOperand(spot, {
    // Below an attribute that is not there is nothing, whatever the keys.
    get: (subject) => (one.find(subject) < 0 ? null : getNested(decoded(subject), keys, 1, subject)),
    set: (subject, value) => setOne(one, subject, () => setNested(decoded(subject), keys, 1, subject, value)),
  });
}

/** An attribute that was not there stays behind empty when the value is none that it can hold, as in the Collector. */
function setOne(key: AttributeKey, subject: Subject, make: () => Value): void {
  let body: Uint8Array;
  try {
    body = encodeAnyValue(expectPlain(make()));
  } catch (error) {
    const entry = key.find(subject);
    if (entry < 0) key.put(subject, entry, 0, 0);
    throw error;
  }
  key.putBytes(subject, key.find(subject), body);
}

interface AttributeKey {
  /** The entry, or -1. */
  find(subject: Subject): number;
  /** Sets the entry, or adds one for -1. */
  put(subject: Subject, entry: number, start: number, end: number): void;
  putBytes(subject: Subject, entry: number, body: Uint8Array): void;
}

/** A key that is known when configured: its bytes lie in the memory. */
class KnownKey implements AttributeKey {
  readonly #spot: Spot;
  readonly #text: Text;
  readonly #rooms: Rooms;

  constructor(spot: Spot, text: Text, engine: RuleMemory) {
    this.#spot = spot;
    this.#text = text;
    this.#rooms = roomsOf(engine);
  }

  find(subject: Subject): number {
    return this.#spot.view(subject).attributes.find(this.#text);
  }

  put(subject: Subject, entry: number, start: number, end: number): void {
    const { attributes } = this.#spot.view(subject);
    if (entry < 0) attributes.add(this.#text.start, this.#text.end, start, end);
    else attributes.set(entry, start, end);
  }

  putBytes(subject: Subject, entry: number, body: Uint8Array): void {
    withStaged(this.#rooms.value, body, ({ start, end }) => this.put(subject, entry, start, end));
  }
}

/** A key that is computed for each item. */
class ComputedKey implements AttributeKey {
  readonly #spot: Spot;
  readonly #key: Operand | undefined;
  readonly #rooms: Rooms;

  constructor(spot: Spot, key: Operand | undefined, engine: RuleMemory) {
    this.#spot = spot;
    this.#key = key;
    this.#rooms = roomsOf(engine);
  }

  find(subject: Subject): number {
    const { attributes } = this.#spot.view(subject);
    return withStaged(this.#rooms.key, this.#bytes(subject), (key) => attributes.findBytes(key));
  }

  put(subject: Subject, entry: number, start: number, end: number): void {
    const { attributes } = this.#spot.view(subject);
    if (entry >= 0) return attributes.set(entry, start, end);
    withStaged(this.#rooms.key, this.#bytes(subject), (key) => attributes.add(key.start, key.end, start, end));
  }

  putBytes(subject: Subject, entry: number, body: Uint8Array): void {
    const { attributes } = this.#spot.view(subject);
    if (entry < 0) addPair(this.#rooms, attributes, this.#bytes(subject), body);
    else withStaged(this.#rooms.value, body, ({ start, end }) => attributes.set(entry, start, end));
  }

  #bytes(subject: Subject): Uint8Array {
    return encoder.encode(this.#key === undefined ? "" : textKey(this.#key, subject));
  }
}

/** Room for what comes from outside the memory: one pair serves all paths over an engine, since each use ends before the next begins. */
interface Rooms {
  readonly key: Staging;
  readonly value: Staging;
}

const known = new WeakMap<RuleMemory, Rooms>();

function roomsOf(engine: RuleMemory): Rooms {
  const found = known.get(engine);
  if (found !== undefined) return found;
  const made = { key: new Staging(engine), value: sharedStaging(engine) };
  known.set(engine, made);
  return made;
}

function addPair({ key, value }: Rooms, attributes: Attributes, name: Uint8Array, body: Uint8Array): void {
  withStaged(key, name, (at) => withStaged(value, body, (from) => attributes.add(at.start, at.end, from.start, from.end)));
}

function withStaged<T>(staging: Staging, bytes: Uint8Array, use: (range: Range) => T): T {
  staging.place(bytes);
  try {
    return use(staging);
  } finally {
    staging.done();
  }
}

export function placeNothing(place: Place): void {
  place.kind = 0;
  place.valueStart = -1;
  place.valueEnd = -1;
}

/** Fills the place for the AnyValue at [start, end). */
export function placeValue(bytes: Uint8Array, start: number, end: number, place: Place): void {
  place.kind = 0;
  place.valueStart = start;
  place.valueEnd = end;
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const value = after;
    const kind = tag >>> 3;
    if (kind >= STRING_VALUE && kind <= BYTES_VALUE) {
      place.kind = kind;
      if (kind !== STRING_VALUE && kind !== BYTES_VALUE) return;
      const length = readVarint(bytes, value);
      place.start = after;
      place.end = after + length;
      return;
    }
    at = skipValue(bytes, value, tag);
  }
}
