/** What waits to become one batch: loads in order of arrival, their size, and when they are due. */
import type { Envelope, PlainOrigin, Share } from "../../pipeline/stage.ts";
import { lengthOf } from "../../pipeline/envelope.ts";
import type { Load } from "../../pipeline/batching/cut.ts";
import type { Origins } from "../../pipeline/batching/origins.ts";

/** A batch that is complete, on its way out of the shard. */
export interface Taken extends Load {
  readonly bytes: number;
  readonly id: string;
  readonly origin: PlainOrigin;
  /** The entries that it is made of; none where nothing is kept. */
  readonly madeOf: readonly Share[];
}

/** Bytes that each waiting load counts for besides its own: so many tiny requests have their bound, too. */
const LOAD_OVERHEAD_BYTES = 512;

/** What holding it costs. */
export function bytesOf({ requests }: Pick<Load, "requests">): number {
  return LOAD_OVERHEAD_BYTES + lengthOf(requests);
}

export class Shard {
  readonly key: string;
  /** Whether someone will send what waits when it is due. */
  watched = false;
  readonly #origins: Origins;
  #loads: Load[] = [];
  #madeOf: Share[] = [];
  #items = 0;
  #bytes = 0;
  #dueMs = 0;
  #id = "";
  #origin: PlainOrigin | undefined;

  constructor(key: string, origins: Origins) {
    this.key = key;
    this.#origins = origins;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of what waits has waited long enough, monotonic ms. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** A load out of the envelope. `dueMs` counts for the first one. */
  add(load: Load, { id, origin, entry }: Pick<Envelope, "id" | "origin" | "entry">, dueMs: number): void {
    const own = this.#origins.own(origin);
    if (this.#origin === undefined) {
      this.#dueMs = dueMs;
      this.#id = id;
    }
    this.#origin = this.#origin === undefined ? own : this.#origins.shared(this.#origin, own);
    this.#loads.push(load);
    if (entry !== undefined) this.#madeOf.push({ entry, items: load.items });
    this.#items += load.items;
    this.#bytes += bytesOf(load);
  }

  /** Takes out everything; undefined when nothing waits. The id is the first request's. */
  take(): Taken | undefined {
    const origin = this.#origin;
    if (origin === undefined) return undefined;
    const taken = {
      requests: this.#loads.flatMap(({ requests }) => requests),
      items: this.#items,
      bytes: this.#bytes,
      id: this.#id,
      origin,
      madeOf: this.#madeOf,
    };
    this.#loads = [];
    this.#madeOf = [];
    this.#items = 0;
    this.#bytes = 0;
    this.#origin = undefined;
    return taken;
  }
}
