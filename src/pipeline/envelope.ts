/**
 * Between batches in the pool and envelopes outside of it: what a stage is given is copied out, what
 * it passes on is copied in again, and checked again unless it is made of what was checked.
 */
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import type { Engine } from "../otlp/engine.ts";
import { Chunk } from "../wire/chunk.ts";
import { Batch } from "./batch.ts";
import type { Envelope } from "./stage.ts";

/** Copies the batch's requests out of the pool: an envelope outlives the batch, and may leave the process. */
export function envelopeOf({ chunks, id, items, origin, signal }: Batch): Envelope {
  return { signal, requests: chunks.map((chunk) => chunk.copy()), items, id, origin };
}

/** A batch, held by the caller, of what a stage passes on. Throws `over_budget`, and `internal` when a stage made a damaged request. */
export function batchFrom(engine: Engine, envelope: Envelope): Batch {
  const { signal, requests, id, origin } = envelope;
  if (envelope.checked === true) return new Batch({ signal, chunks: laidOut(engine, signal, requests), id, items: envelope.items, origin });
  const chunks: Chunk[] = [];
  let items = 0;
  try {
    for (const request of requests) {
      const admission = admit(engine, signal, request);
      chunks.push(admission.chunk);
      items += admission.items;
    }
  } catch (error) {
    for (const chunk of chunks) chunk.release();
    throw error;
  }
  return new Batch({ signal, chunks, id, items, origin });
}

/** Whether every request is well framed, and all have the items that the envelope says: of what was stored. Throws `over_budget`. */
export function isSound(engine: Engine, { items, requests, signal }: Envelope): boolean {
  let found = 0;
  for (const request of requests) {
    const block = takeBlock(engine, request.length);
    engine.kernel.copyIn(block.start, request);
    const admission = engine.admitAsIs(signal, block.start, block.start + request.length, block);
    if (admission?.kind === "malformed") return false;
    // What a rule has written may be text that admission would mend: it is whole all the same.
    found += engine.kernel.items();
    if (admission === undefined) block.release();
    else admission.chunk.release();
  }
  return found === items;
}

/** Serialized bytes of requests, as the Collector's `bytes` sizer counts them. */
export function lengthOf(requests: readonly Uint8Array[]): number {
  return requests.reduce((sum, request) => sum + request.length, 0);
}

/** Requests that were checked before, end to end as one chunk, which the caller holds. Not for profiles. Throws `over_budget`. */
export function joined(engine: Engine, requests: readonly Uint8Array[]): Chunk {
  const block = takeBlock(engine, lengthOf(requests));
  let at = block.start;
  for (const request of requests) {
    engine.kernel.copyIn(at, request);
    at += request.length;
  }
  return Chunk.of(engine.kernel, block.start, at, block);
}

/** Profiles have a dictionary a request and are never laid end to end: a chunk each. */
function laidOut(engine: Engine, signal: Signal, requests: readonly Uint8Array[]): Chunk[] {
  if (signal !== "profiles") return [joined(engine, requests)];
  const chunks: Chunk[] = [];
  try {
    for (const request of requests) chunks.push(joined(engine, [request]));
  } catch (error) {
    for (const chunk of chunks) chunk.release();
    throw error;
  }
  return chunks;
}

function admit(engine: Engine, signal: Signal, request: Uint8Array) {
  const block = takeBlock(engine, request.length);
  engine.kernel.copyIn(block.start, request);
  const admission = engine.admit(signal, block.start, block.start + request.length, block);
  if (admission.kind === "malformed") throw new SluiceError("internal", `Cannot take a stage's batch: ${admission.message}`);
  return admission;
}

function takeBlock(engine: Engine, bytes: number) {
  const block = engine.pool.take(bytes);
  if (block === undefined) throw new SluiceError("over_budget", "Cannot take a stage's batch: no room in the pool", { retryable: true });
  return block;
}
