/**
 * A batch divided among the endpoints of a destination, by key, and by halves where one of them finds
 * its part too large. Ownership: the caller holds what it is given; on an error nothing is held.
 */
import type { Engine } from "../../otlp/engine.ts";
import { partition } from "../../otlp/partition.ts";
import * as tape from "../../otlp/tape.ts";
import { Batch } from "../../pipeline/batch.ts";
import type { Chunk } from "../../wire/chunk.ts";
import type { Placement } from "../balance.ts";
import type { Keys } from "./keys.ts";

/** A part, and the endpoint where its items belong; undefined: they have no key. */
export interface Shard {
  readonly batch: Batch;
  readonly endpoint: string | undefined;
}

/** By the place of each item's key. What belongs to one endpoint as a whole is the batch itself, in its original bytes. Throws `over_budget`. */
export function divided(engine: Engine, batch: Batch, keys: Keys, { names, of }: Placement): Shard[] {
  const places = keys.placesOf(batch, of);
  const [first = -1] = places;
  if (places.every((place) => place === first)) return [{ batch: batch.retain(), endpoint: names[first] }];
  return parts(engine, batch, places).map(({ key, part }) => ({ batch: part, endpoint: names[key] }));
}

/** Two parts of about half the items each; undefined where there is nothing to divide. A metric stays whole. Throws `over_budget`. */
export function halves(engine: Engine, batch: Batch): readonly Batch[] | undefined {
  const places: number[] = [];
  for (const chunk of batch.chunks) {
    const { words, base, count } = engine.index(batch.signal, chunk, tape.leafLevel(batch.signal));
    for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) if (((words[at] ?? 0) & 0xff) === tape.ITEM_LEVEL) places.push(0);
  }
  if (places.length < 2) return undefined;
  return parts(engine, batch, places.fill(1, places.length >> 1)).map(({ part }) => part);
}

/** By a key for each item, in the order of the tape. */
function parts(engine: Engine, { chunks, id, origin, signal }: Batch, places: readonly number[]): { readonly key: number; readonly part: Batch }[] {
  const loads = new Map<number, { readonly chunks: Chunk[]; items: number }>();
  let next = 0;
  try {
    for (const chunk of chunks) {
      for (const { key, chunk: part, items } of partition(engine, signal, chunk, () => places[next++] ?? 0, "item")) {
        const load = loads.get(key) ?? { chunks: [], items: 0 };
        loads.set(key, load);
        load.chunks.push(part);
        load.items += items;
      }
    }
  } catch (error) {
    for (const load of loads.values()) for (const chunk of load.chunks) chunk.release();
    throw error;
  }
  return [...loads].map(([key, load]) => ({ key, part: new Batch({ signal, chunks: load.chunks, id, items: load.items, origin }) }));
}
