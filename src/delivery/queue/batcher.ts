/**
 * What waits to become batches, by whose it is: requests of one tenant and of one set of metadata
 * values lie in a shard, in order of arrival. Batches end where the Collector's do (exporterhelper
 * 0.159, queuebatch/partition_batcher.go): at the first request with which they have `minSize`; with a
 * `maxSize` none is larger, and a request that lies across an end is divided there.
 *
 * A batch is formed when there is a consumer for it, not before: what waits stays as it came. A
 * request of many batches is halved on the way to the one that is needed, so that of its parts, each
 * with its parents around it, few exist at a time.
 */
import { isOverBudget } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { cutOf, divided } from "../../pipeline/batching/cut.ts";
import { countsByBytes } from "../../pipeline/batching/fit.ts";
import { Origins } from "../../pipeline/batching/origins.ts";
import { joined, lengthOf } from "../../pipeline/envelope.ts";
import type { Envelope, PlainOrigin } from "../../pipeline/stage.ts";
import type { Entry } from "./entry.ts";
import { Fifo } from "./fifo.ts";
import type { BatchSettings } from "./settings.ts";
import type { Share } from "./shipment.ts";

/** A batch takes up no more than this part of the queue: the others need room while it is under way. */
const BATCH_SHARE = 4;

/** A request, or a part of one. */
interface Load {
  readonly requests: readonly Uint8Array[];
  readonly items: number;
  readonly bytes: number;
  /** In units of the batcher's sizer. */
  readonly size: number;
  readonly entry: Entry;
  /** Its first item among those of the request. */
  readonly from: number;
  readonly id: string;
  /** It is all of the request. */
  readonly whole: boolean;
  readonly origin: PlainOrigin;
  /** Items of each batch that it is to be divided into; undefined: nobody has looked yet. */
  readonly plan: readonly number[] | undefined;
  /** Whether its last part may be joined by what follows. */
  readonly joinable: boolean;
}

export interface Shard {
  readonly key: string;
  readonly loads: Fifo<Load>;
  size: number;
  bytes: number;
  /** When the first load has waited long enough, monotonic ms. */
  dueMs: number;
  watched: boolean;
}

/** A batch that leaves. */
export interface Formed {
  readonly envelope: Envelope;
  readonly shares: readonly Share[];
}

export interface BatcherParts {
  readonly settings: BatchSettings;
  /** The queue's. */
  readonly heldBytesMax: number;
  readonly signal: Signal;
  readonly engine: Engine;
  readonly monotonicMs: () => number;
}

export class Batcher {
  readonly #parts: BatcherParts;
  readonly #origins: Origins;
  readonly #shards = new Map<string, Shard>();
  /** Those that have a batch, complete or due, in the order of their turns. */
  readonly #ready = new Set<Shard>();
  /** At this many bytes a batch is complete; none that is joined is larger. */
  readonly #bytesMax: number;
  #loads = 0;
  #lastBatch = 0;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.#origins = new Origins(parts.settings.metadataKeys, 0);
    // It must fit into a block of the pool, too.
    this.#bytesMax = Math.min(parts.heldBytesMax / BATCH_SHARE, parts.engine.pool.largest / 2);
  }

  get empty(): boolean {
    return this.#loads === 0;
  }

  /** The shard that it waits in, when nobody watches its time yet: the caller does then, until `dueOf` says that nothing waits. */
  add({ id, items, origin, requests }: Envelope, entry: Entry): Shard | undefined {
    // Not limited: every origin has a key.
    const key = this.#origins.keyOf(origin) ?? origin.tenant;
    let shard = this.#shards.get(key);
    if (shard === undefined) {
      shard = { key, loads: new Fifo(), size: 0, bytes: 0, dueMs: 0, watched: false };
      this.#shards.set(key, shard);
    }
    if (shard.loads.length === 0) shard.dueMs = this.#dueMs();
    const own = this.#origins.own(origin);
    const load: Load = { requests, items, ...this.#sizesOf(requests, items), entry, from: 0, id, whole: true, origin: own, plan: undefined, joinable: true };
    shard.loads.push(load);
    this.#grew(shard, load, 1);
    if (this.#isReady(shard)) this.#ready.add(shard);
    if (shard.watched) return undefined;
    shard.watched = true;
    return shard;
  }

  /** Milliseconds until what waits in the shard is due, at most 0 when it is; undefined, and no longer watched: nothing waits. */
  dueOf(shard: Shard): number | undefined {
    if (shard.loads.length > 0) {
      if (this.#isReady(shard)) this.#ready.add(shard);
      return shard.dueMs - this.#parts.monotonicMs();
    }
    shard.watched = false;
    this.#ready.delete(shard);
    if (this.#shards.get(shard.key) === shard) this.#shards.delete(shard.key);
    return undefined;
  }

  /** From now on whatever waits is due. */
  hurry(): void {
    for (const shard of this.#shards.values()) {
      shard.dueMs = -Infinity;
      if (shard.loads.length > 0) this.#ready.add(shard);
    }
  }

  /** The next batch that is complete or due. Throws `over_budget` when the pool has no room to divide; nothing is changed then. */
  take(): Formed | undefined {
    for (const shard of this.#ready) {
      if (shard.loads.length > 0) {
        const formed = this.#form(shard);
        // The others' turn comes before its next.
        this.#ready.delete(shard);
        if (shard.loads.length > 0 && this.#isReady(shard)) this.#ready.add(shard);
        return formed;
      }
      this.#ready.delete(shard);
    }
    return undefined;
  }

  /** Everything that waits, for nobody to send. */
  abandon(): Share[] {
    const shares: Share[] = [];
    for (const { loads } of this.#shards.values()) {
      for (let load = loads.shift(); load !== undefined; load = loads.shift()) shares.push({ entry: load.entry, from: load.from, items: load.items });
    }
    this.#ready.clear();
    this.#loads = 0;
    return shares;
  }

  #isReady({ bytes, dueMs, loads, size }: Shard): boolean {
    const { first } = loads;
    if (first?.plan !== undefined && (first.plan.length > 1 || !first.joinable)) return true;
    return size >= this.#parts.settings.minSize || bytes >= this.#bytesMax || dueMs <= this.#parts.monotonicMs();
  }

  #form(shard: Shard): Formed {
    const { minSize } = this.#parts.settings;
    const picked: Load[] = [];
    let size = 0;
    let bytes = 0;
    try {
      for (let load = shard.loads.first; load !== undefined; load = shard.loads.first) {
        if (picked.length > 0 && bytes + load.bytes > this.#bytesMax) break;
        const part = this.#frontOf(shard, load.plan === undefined ? this.#planned(load, size) : load);
        if (part === undefined) break;
        picked.push(part);
        size += part.size;
        bytes += part.bytes;
        if (!part.joinable || size >= minSize) break;
      }
    } catch (error) {
      this.#putBack(shard, picked);
      if (isOverBudget(error) || picked.length + shard.loads.length === 0) throw error;
      // What cannot be divided leaves as it is.
      const first = shard.loads.first;
      if (first !== undefined) this.#replace(shard, [{ ...first, plan: [first.items], joinable: false }]);
      return this.#form(shard);
    }
    if (shard.dueMs !== -Infinity) shard.dueMs = this.#dueMs();
    return this.#formed(picked);
  }

  /** Takes the load, or its first part, out of the shard; undefined when it is for the next batch. */
  #frontOf(shard: Shard, load: Load): Load | undefined {
    if (load.plan?.[0] === 0) {
      this.#replace(shard, [{ ...load, plan: load.plan.slice(1) }]);
      return undefined;
    }
    let front = load;
    const rest: Load[] = [];
    while (front.plan !== undefined && front.plan.length > 1) {
      const [first, second] = this.#split(front, front.plan);
      rest.push(second);
      front = first;
    }
    this.#replace(shard, rest.toReversed());
    return front;
  }

  /** Puts these in the place of the first. */
  #replace(shard: Shard, loads: readonly Load[]): void {
    const gone = shard.loads.shift();
    if (gone !== undefined) this.#grew(shard, gone, -1);
    this.#putBack(shard, loads);
  }

  #putBack(shard: Shard, loads: readonly Load[]): void {
    for (const load of loads.toReversed()) {
      shard.loads.unshift(load);
      this.#grew(shard, load, 1);
    }
  }

  #grew(shard: Shard, { bytes, size }: Load, count: 1 | -1): void {
    shard.size += count * size;
    shard.bytes += count * bytes;
    this.#loads += count;
  }

  /** With a plan: what is over the end of the batch that has `ahead` already is to be divided. */
  #planned(load: Load, ahead: number): Load {
    const { maxSize, minSize, sizer } = this.#parts.settings;
    if (maxSize === 0 || ahead + load.size <= maxSize) return { ...load, plan: [load.items] };
    if (sizer === "bytes") return { ...load, plan: this.#countsByBytes(load, maxSize - ahead, maxSize) };
    const { kept, sent } = cutOf(ahead, load.items, { sendItems: Math.max(1, minSize), maxItems: maxSize });
    return { ...load, plan: kept > 0 ? [...sent, kept] : sent };
  }

  #countsByBytes({ requests }: Load, firstBytes: number, maxBytes: number): number[] {
    const { engine, signal } = this.#parts;
    const chunk = joined(engine, requests);
    try {
      return countsByBytes(engine, signal, chunk, firstBytes, maxBytes);
    } finally {
      chunk.release();
    }
  }

  /** In the middle of its plan. */
  #split(load: Load, plan: readonly number[]): readonly [Load, Load] {
    const { engine, signal } = this.#parts;
    const middle = plan.length >> 1;
    const plans = [plan.slice(0, middle), plan.slice(middle)];
    const counts = plans.map((sizes) => sizes.reduce((sum, size) => sum + size, 0));
    const parts = [...divided(engine, signal, load, counts)];
    const part = (index: 0 | 1, from: number, joinable: boolean): Load => {
      const { items = 0, requests = [] } = parts[index] ?? {};
      return { ...load, from, requests, items, ...this.#sizesOf(requests, items), whole: false, plan: plans[index], joinable };
    };
    const first = part(0, load.from, false);
    return [first, part(1, load.from + first.items, load.joinable)];
  }

  #formed(picked: readonly Load[]): Formed {
    const [first] = picked;
    const origin = picked.slice(1).reduce((shared, load) => this.#origins.shared(shared, load.origin), first?.origin ?? NO_ORIGIN);
    const items = picked.reduce((sum, load) => sum + load.items, 0);
    this.#lastBatch++;
    const envelope: Envelope = {
      signal: this.#parts.signal,
      requests: picked.flatMap(({ requests }) => requests),
      items,
      checked: true,
      id: picked.length === 1 && first?.whole === true ? first.id : `${first?.id ?? ""}.${this.#lastBatch.toString(36)}`,
      origin,
    };
    return { envelope, shares: picked.map(({ entry, from, items: count }) => ({ entry, from, items: count })) };
  }

  #sizesOf(requests: readonly Uint8Array[], items: number) {
    const bytes = lengthOf(requests);
    return { bytes, size: this.#parts.settings.sizer === "bytes" ? bytes : items };
  }

  #dueMs(): number {
    return this.#parts.monotonicMs() + this.#parts.settings.flushMs;
  }
}

const NO_ORIGIN: PlainOrigin = { receiver: "", peer: "", tenant: "", arrivedMs: 0, headers: {} };
