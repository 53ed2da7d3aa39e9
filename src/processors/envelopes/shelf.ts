/** What one origin has on hold: a tree of leaves, and what it costs. */
import type { Envelope, PlainOrigin, Share } from "../../pipeline/stage.ts";
import type { Origins } from "../../pipeline/batching/origins.ts";
import { Branch, type Leaf, write, type Written } from "./tree.ts";

/** Bytes that a leaf counts for besides what it says of itself, and its share of the branches around it. */
export const LEAF_OVERHEAD_BYTES = 512;
/** Of a request that is written: well below what the pool's largest block takes. */
const REQUEST_BYTES_MAX = 4 << 20;

/** A leaf that arrives, with the way to its place. */
export interface Arrival<Kept extends Leaf> {
  /** The branch that it belongs to, below the root; made when it is not there. */
  place(root: Branch<Kept>): Branch<Kept>;
  /** The whole of its way, as one key. */
  readonly key: string;
  /** Its key below its branch. */
  readonly leafKey: string;
  /** What it becomes: itself, or joined with what is there. `before` is undefined for the first. */
  join(before: Kept | undefined): Kept;
  /** What it takes, bytes, at the most. */
  readonly bytes: number;
}

export interface Taken {
  readonly written: readonly Written[];
  readonly leaves: number;
  readonly bytes: number;
  readonly id: string;
  readonly origin: PlainOrigin;
  /** The entries that it is made of; none where nothing is kept. */
  readonly madeOf: readonly Share[];
}

export class Shelf<Kept extends Leaf> {
  readonly #origins: Origins;
  #weight = { bytes: 0 };
  #root = new Branch<Kept>(0, [], this.#weight);
  /** Bytes of each leaf, by its key. */
  readonly #costs = new Map<string, number>();
  #bytes = 0;
  #madeOf: Share[] = [];
  #id = "";
  #origin: PlainOrigin | undefined;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  get leaves(): number {
    return this.#costs.size;
  }

  get bytes(): number {
    return this.#bytes + this.#weight.bytes;
  }

  /** What these would add, each key counted once, and the branches that they bring not at all. */
  growthOf(arrivals: readonly Arrival<Kept>[]): { readonly leaves: number; readonly bytes: number } {
    const fresh = new Set<string>();
    let bytes = 0;
    for (const { key, bytes: own } of arrivals) {
      const known = this.#costs.get(key);
      if (known === undefined && !fresh.has(key)) fresh.add(key);
      bytes += Math.max(0, own + key.length + LEAF_OVERHEAD_BYTES - (known ?? 0));
    }
    return { leaves: fresh.size, bytes };
  }

  /** How many leaves were new. The envelope is the one that they came in. */
  put(arrivals: readonly Arrival<Kept>[], { id, items, origin, entry }: Envelope): number {
    const own = this.#origins.own(origin);
    if (entry !== undefined) this.#madeOf.push({ entry, items });
    if (this.#origin === undefined) this.#id = id;
    this.#origin = this.#origin === undefined ? own : this.#origins.shared(this.#origin, own);
    const before = this.#costs.size;
    for (const arrival of arrivals) this.#add(arrival);
    return this.#costs.size - before;
  }

  /** Takes out everything; undefined when there is nothing. */
  take(): Taken | undefined {
    const origin = this.#origin;
    if (origin === undefined || this.#costs.size === 0) return undefined;
    const taken = { written: write(this.#root, REQUEST_BYTES_MAX), leaves: this.#costs.size, bytes: this.bytes, id: this.#id, origin, madeOf: this.#madeOf };
    this.#madeOf = [];
    this.#weight = { bytes: 0 };
    this.#root = new Branch<Kept>(0, [], this.#weight);
    this.#costs.clear();
    this.#bytes = 0;
    this.#origin = undefined;
    return taken;
  }

  #add(arrival: Arrival<Kept>): void {
    const branch = arrival.place(this.#root);
    const before = branch.leaves.get(arrival.leafKey);
    const after = arrival.join(before);
    if (after === before) return;
    branch.leaves.set(arrival.leafKey, after);
    const cost = arrival.bytes + arrival.key.length + LEAF_OVERHEAD_BYTES;
    this.#bytes += cost - (this.#costs.get(arrival.key) ?? 0);
    this.#costs.set(arrival.key, cost);
  }
}
