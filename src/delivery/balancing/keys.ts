/**
 * What an item's endpoint is chosen by, found on the tape: nothing is allocated by an item.
 *
 * As in the Collector's `load_balancing` exporter the default is the trace id, and for metrics, which
 * have none, the service. What has no key has none here: it goes in turns.
 */
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import * as tape from "../../otlp/tape.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Chunk } from "../../wire/chunk.ts";
import { after, LEN, readVarint, skipValue } from "../../wire/varint.ts";
import type { RoutingKey } from "./settings.ts";

const TRACE_ID_BYTES = 16;
/** Resource.attributes, KeyValue.key and KeyValue.value, as tags. */
const ATTRIBUTES_TAG = (1 << 3) | LEN;
const KEY_TAG = (1 << 3) | LEN;
const VALUE_TAG = (2 << 3) | LEN;
const SERVICE_NAME = new TextEncoder().encode("service.name");
const NO_KEY = -1;

/** The place of a key, an integer from 0. */
export type PlaceOf = (key: Uint8Array) => number;

export class Keys {
  readonly #engine: Engine;
  readonly #routingKey: RoutingKey | undefined;
  readonly #traceId = new Uint8Array(TRACE_ID_BYTES);
  /** Of the batch at hand. */
  readonly #places: number[] = [];

  /** `routingKey` undefined: by signal. */
  constructor(engine: Engine, routingKey: RoutingKey | undefined) {
    this.#engine = engine;
    this.#routingKey = routingKey;
  }

  /** The place of each item of the batch, in the order of the tape; -1 for one without a key. Metrics are items as a whole. Good until the next call. */
  placesOf(batch: Batch, placeOf: PlaceOf): readonly number[] {
    this.#places.length = 0;
    for (const chunk of batch.chunks) this.#find(batch.signal, chunk, placeOf);
    return this.#places;
  }

  #find(signal: Signal, chunk: Chunk, placeOf: PlaceOf): void {
    const byTrace = (this.#routingKey ?? "traceID") === "traceID" && (signal === "traces" || signal === "logs");
    const { words, base, count } = this.#engine.index(signal, chunk, tape.leafLevel(signal));
    let place = NO_KEY;
    for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) {
      const level = (words[at] ?? 0) & 0xff;
      if (level === tape.GROUP_LEVEL && !byTrace) place = this.#ofResource(words, at, placeOf);
      if (level !== tape.ITEM_LEVEL) continue;
      if (byTrace) place = this.#ofTrace(words[at + tape.TRACE_ID_WORD] ?? 0, placeOf, place);
      this.#places.push(place);
    }
  }

  /** `before` is the place of the item before, which most often is of the same trace. */
  #ofTrace(address: number, placeOf: PlaceOf, before: number): number {
    if (address === 0) return NO_KEY;
    const { bytes } = this.#engine;
    let same = before !== NO_KEY;
    for (let index = 0; index < TRACE_ID_BYTES; index++) {
      const byte = bytes[address + index] ?? 0;
      if (this.#traceId[index] === byte) continue;
      this.#traceId[index] = byte;
      same = false;
    }
    return same ? before : placeOf(this.#traceId);
  }

  #ofResource(words: Int32Array, group: number, placeOf: PlaceOf): number {
    if ((words[group + tape.PART_TAG_WORD] ?? 0) === 0) return NO_KEY;
    const start = words[group + tape.PART_BODY_WORD] ?? 0;
    const end = words[group + tape.PART_END_WORD] ?? 0;
    const { bytes } = this.#engine;
    const key = this.#routingKey === "resource" ? bytes.subarray(start, end) : serviceName(bytes, start, end);
    return key === undefined || key.length === 0 ? NO_KEY : placeOf(key);
  }
}

/** The value of `service.name` as it is on the wire, of a resource's body. */
function serviceName(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const body = after;
    at = skipValue(bytes, body, tag);
    if (tag !== ATTRIBUTES_TAG) continue;
    const length = readVarint(bytes, body);
    const value = valueOf(bytes, after, after + length, SERVICE_NAME);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The value of a KeyValue whose key is this one. */
function valueOf(bytes: Uint8Array, start: number, end: number, key: Uint8Array): Uint8Array | undefined {
  let found = false;
  let value: Uint8Array | undefined;
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const body = after;
    at = skipValue(bytes, body, tag);
    if (tag !== KEY_TAG && tag !== VALUE_TAG) continue;
    const length = readVarint(bytes, body);
    if (tag === KEY_TAG) found = length === key.length && key.every((byte, index) => bytes[after + index] === byte);
    else value = bytes.subarray(after, after + length);
  }
  return found ? value : undefined;
}
