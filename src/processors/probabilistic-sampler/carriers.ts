/**
 * What carries an item's own sampling information: a span's tracestate, or a log record's attributes
 * `sampling.threshold` and `sampling.randomness`. A carrier is reused for every item: `read`, then the
 * setters, then `write` if the item is kept. `write` leaves an item alone that says the same already.
 */
import { kindOf, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { Cursor } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import { SPAN_TRACE_STATE } from "../../otlp/tables.ts";
import type { Text } from "../../otlp/text.ts";
import { after, readVarint } from "../../wire/varint.ts";
import { Bits56, DIGITS, readDigits, setAlways, setNever, writeDigits, writeThreshold } from "./bits56.ts";
import { TraceState, WRITTEN_BYTES_MAX } from "./trace-state.ts";

export interface Carrier {
  readonly randomness: Bits56;
  readonly threshold: Bits56;
  readonly hasRandomness: boolean;
  readonly hasThreshold: boolean;
  /** Reads the item's information. False when it has faults; the rest is there nevertheless. */
  read(cursor: Cursor): boolean;
  setRandomness(value: Bits56): void;
  clearThreshold(): void;
  /** Sets the threshold, unless that would raise the probability. */
  raiseThreshold(value: Bits56): void;
  write(cursor: Cursor): void;
}

export class SpanCarrier implements Carrier {
  readonly #state = new TraceState();
  readonly randomness = this.#state.randomness;
  readonly threshold = this.#state.threshold;
  /** Where a new tracestate is put together. */
  readonly #at: number;
  #start = 0;
  #end = 0;

  constructor(engine: Engine) {
    this.#at = engine.region(WRITTEN_BYTES_MAX);
  }

  get hasRandomness(): boolean {
    return this.#state.hasRandomness;
  }

  get hasThreshold(): boolean {
    return this.#state.hasThreshold;
  }

  read({ bytes, item }: Cursor): boolean {
    this.#start = Math.max(0, item.field(SPAN_TRACE_STATE));
    this.#end = Math.max(0, item.fieldEnd(SPAN_TRACE_STATE));
    return this.#state.read(bytes, this.#start, this.#end);
  }

  setRandomness(value: Bits56): void {
    this.#state.setRandomness(value);
  }

  clearThreshold(): void {
    this.#state.clearThreshold();
  }

  raiseThreshold(value: Bits56): void {
    this.#state.raiseThreshold(value);
  }

  write({ bytes, item }: Cursor): void {
    const end = this.#state.write(bytes, this.#at);
    if (!areEqual(bytes, this.#at, end, this.#start, this.#end)) item.setBytes(SPAN_TRACE_STATE, this.#at, end);
  }
}

/** An AnyValue's string field. */
const STRING_TAG = (STRING_VALUE << 3) | 2;
/** Tag and length before the digits. */
const VALUE_HEAD_BYTES = 2;

export class RecordCarrier implements Carrier {
  readonly randomness = new Bits56();
  readonly threshold = new Bits56();
  hasRandomness = false;
  hasThreshold = false;
  readonly #randomnessKey: Text;
  readonly #thresholdKey: Text;
  /** Where a new value is put together. */
  readonly #at: number;
  #randomnessSet = false;
  #thresholdSet = false;
  #thresholdCleared = false;

  constructor(engine: Engine) {
    this.#randomnessKey = engine.text("sampling.randomness");
    this.#thresholdKey = engine.text("sampling.threshold");
    this.#at = engine.region(VALUE_HEAD_BYTES + DIGITS);
  }

  read(cursor: Cursor): boolean {
    this.hasRandomness = false;
    this.hasThreshold = false;
    this.#randomnessSet = false;
    this.#thresholdSet = false;
    this.#thresholdCleared = false;
    setAlways(this.threshold);
    let sound = true;
    if (findText(cursor, this.#thresholdKey)) {
      this.hasThreshold = readDigits(this.threshold, cursor.bytes, textStart, textEnd);
      sound = this.hasThreshold;
    }
    if (findText(cursor, this.#randomnessKey)) {
      this.hasRandomness = textEnd - textStart === DIGITS && readDigits(this.randomness, cursor.bytes, textStart, textEnd);
      sound &&= this.hasRandomness;
    }
    return sound;
  }

  setRandomness(value: Bits56): void {
    this.randomness.copy(value);
    this.hasRandomness = true;
    this.#randomnessSet = true;
  }

  clearThreshold(): void {
    setNever(this.threshold);
    this.hasThreshold = false;
    this.#thresholdCleared = true;
  }

  raiseThreshold(value: Bits56): void {
    if (this.hasThreshold && this.threshold.above(value)) return;
    this.threshold.copy(value);
    this.hasThreshold = true;
    this.#thresholdSet = true;
  }

  write({ bytes, item: { attributes } }: Cursor): void {
    const body = this.#at + VALUE_HEAD_BYTES;
    if (this.#randomnessSet) this.#put(bytes, attributes, this.#randomnessKey, writeDigits(bytes, body, this.randomness));
    if (this.#thresholdSet) this.#put(bytes, attributes, this.#thresholdKey, writeThreshold(bytes, body, this.threshold));
    else if (this.#thresholdCleared) {
      const entry = attributes.find(this.#thresholdKey);
      if (entry >= 0) attributes.remove(entry);
    }
  }

  /** Sets the attribute to the digits that end at `end`. */
  #put(bytes: Uint8Array, attributes: Attributes, key: Text, end: number): void {
    bytes[this.#at] = STRING_TAG;
    bytes[this.#at + 1] = end - this.#at - VALUE_HEAD_BYTES;
    const entry = attributes.find(key);
    if (entry < 0) attributes.add(key.start, key.end, this.#at, end);
    else if (!areEqual(bytes, this.#at, end, attributes.valueStart(entry), attributes.valueEnd(entry))) attributes.set(entry, this.#at, end);
  }
}

/** What `findText` found: results without an allocation. */
let textStart = 0;
let textEnd = 0;

/** Whether the record has this attribute as a string that is not empty. */
function findText({ bytes, item: { attributes } }: Cursor, key: Text): boolean {
  const entry = attributes.find(key);
  if (entry < 0) return false;
  if (kindOf(bytes, attributes.valueStart(entry), attributes.valueEnd(entry)) !== STRING_VALUE) return false;
  // Behind the tag that was read last, which is the value's.
  const length = readVarint(bytes, after);
  textStart = after;
  textEnd = after + length;
  return length > 0;
}

function areEqual(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let at = start, other = otherStart; at < end; at++, other++) if (bytes[at] !== bytes[other]) return false;
  return true;
}
