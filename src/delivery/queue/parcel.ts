/**
 * What one delivery carries: a batch in the pool, or an envelope outside of it.
 *
 * Who holds what: a parcel of a batch retains it until it is parked or closed; a parcel of an envelope
 * has no block of the pool, and each attempt lays it out in one of its own. Whatever waits is parked,
 * so that the budget of bytes in flight is for what is in flight: a block is a power of two of at
 * least 16 KiB, and a thousand waiting requests of 1 MB would be the whole of it. The compressed body
 * in which a request arrived does not survive parking.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { type Part, partition } from "../../otlp/partition.ts";
import * as tape from "../../otlp/tape.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { batchFrom, envelopeOf, joined, lengthOf } from "../../pipeline/envelope.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { Chunk } from "../../wire/chunk.ts";

export class Parcel {
  readonly items: number;
  #batch: Batch | undefined;
  #envelope: Envelope | undefined;

  private constructor(items: number, batch: Batch | undefined, envelope: Envelope | undefined) {
    this.items = items;
    this.#batch = batch;
    this.#envelope = envelope;
  }

  /** Serialized; none once it was closed. */
  get bytes(): number {
    return this.#batch === undefined ? lengthOf(this.#envelope?.requests ?? []) : bytesIn(this.#batch);
  }

  /** Retains the batch. */
  static ofBatch(batch: Batch): Parcel {
    return new Parcel(batch.items, batch.retain(), undefined);
  }

  /** The envelope's requests were checked before. */
  static ofEnvelope(envelope: Envelope): Parcel {
    return new Parcel(envelope.items, undefined, { ...envelope, checked: true });
  }

  /** The batch, for one attempt: the caller's to release. Throws `over_budget`. */
  open(engine: Engine): Batch {
    if (this.#batch !== undefined) return this.#batch.retain();
    if (this.#envelope !== undefined) return batchFrom(engine, this.#envelope);
    throw new SluiceError("ownership", "Cannot open a parcel: it was closed");
  }

  /** Gives the pool's blocks back, with a copy of what is in them. */
  park(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#envelope = { ...envelopeOf(batch), checked: true };
    this.#batch = undefined;
    batch.release();
  }

  /** What it carries, outside of the pool. */
  envelope(): Envelope {
    this.park();
    if (this.#envelope === undefined) throw new SluiceError("ownership", "Cannot read a parcel: it was closed");
    return this.#envelope;
  }

  /** Lets go of everything; a second time it does nothing. */
  close(): void {
    this.#batch?.release();
    this.#batch = undefined;
    this.#envelope = undefined;
  }

  /**
   * The same items in two parcels, of about half the bytes each, and this one closed; undefined when it
   * is a single item. Throws `over_budget`, and is whole then.
   */
  halves(engine: Engine): readonly [Parcel, Parcel] | undefined {
    if (this.items < 2) return undefined;
    this.park();
    const envelope = this.#envelope;
    if (envelope === undefined) return undefined;
    const parts = envelope.requests.length > 1 && envelope.signal === "profiles" ? halvesOfList(engine, envelope) : halvesOfOne(engine, envelope);
    if (parts !== undefined) this.close();
    return parts;
  }
}

/** Serialized bytes of a batch, as the Collector's `bytes` sizer counts them. */
export function bytesIn(batch: Batch): number {
  return batch.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function halvesOfOne(engine: Engine, envelope: Envelope): readonly [Parcel, Parcel] | undefined {
  const batch = batchFrom(engine, envelope);
  try {
    const [chunk] = batch.chunks;
    const parts = chunk === undefined ? [] : halve(engine, envelope, chunk);
    const [first, second] = parts.map(({ chunk: part, items }) => {
      const request = part.copy();
      part.release();
      return Parcel.ofEnvelope({ ...envelope, requests: [request], items });
    });
    return first === undefined || second === undefined ? undefined : [first, second];
  } finally {
    batch.release();
  }
}

/** The middle by bytes of the items alone; each part has one of them at least: the first item is in one, the last is past the middle. */
function halve(engine: Engine, { signal }: Envelope, chunk: Chunk): Part[] {
  const leaf = tape.leafLevel(signal);
  const { words, base, count } = engine.index(signal, chunk, leaf);
  let total = 0;
  for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) {
    if (((words[at] ?? 0) & 0xff) === leaf) total += sizeAt(words, at);
  }
  let index = 0;
  let passed = 0;
  return partition(engine, signal, chunk, (found, at) => {
    const size = sizeAt(found, at);
    const later = index > 0 && passed * 2 + size >= total;
    index++;
    passed += size;
    return later ? 1 : 0;
  });
}

function sizeAt(words: Int32Array, at: number): number {
  return (words[at + tape.END_WORD] ?? 0) - (words[at + tape.TAG_WORD] ?? 0);
}

/** Profiles are whole requests, each with its dictionary. */
function halvesOfList(engine: Engine, envelope: Envelope): readonly [Parcel, Parcel] {
  const middle = envelope.requests.length >> 1;
  const before = envelope.requests.slice(0, middle).reduce((sum, request) => sum + leavesIn(engine, envelope.signal, request), 0);
  const part = (from: number, to: number | undefined, items: number) => Parcel.ofEnvelope({ ...envelope, requests: envelope.requests.slice(from, to), items });
  return [part(0, middle, before), part(middle, undefined, envelope.items - before)];
}

/** Leaf items of a request that was checked before. Throws `over_budget`. */
export function leavesIn(engine: Engine, signal: Signal, request: Uint8Array): number {
  const chunk = joined(engine, [request]);
  try {
    const leaf = tape.leafLevel(signal);
    const { words, base, count } = engine.index(signal, chunk, leaf);
    let leaves = 0;
    for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) if (((words[at] ?? 0) & 0xff) === leaf) leaves++;
    return leaves;
  } finally {
    chunk.release();
  }
}
