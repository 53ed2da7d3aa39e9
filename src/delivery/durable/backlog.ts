/**
 * What waits in the storage alone, in order, and its way back into memory: read ahead as far as there
 * is room for it there, given on one after the other. What cannot be read now keeps its place, and is
 * tried again in a second; what is damaged every time is given up after `DAMAGED_TRIES`.
 */
import { isDamaged, isOverBudget } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { Fifo } from "../queue/fifo.ts";
import type { Depot } from "./depot.ts";
import type { Kept } from "./keys.ts";
import { type Ranges, restOf } from "./progress.ts";

/** A storage that failed is asked again after this time. */
export const STORAGE_RETRY_MS = 1000;

/**
 * Times that the storage says of an entry that it is damaged, a second apart at the least: a disk or a cable
 * that misreads does so once, or for a moment. What else can fail (no memory, a disk that does not answer,
 * a lock, a storage that has ended) says nothing of the entry, and is tried for as long as it takes.
 */
export const DAMAGED_TRIES = 10;

/** What a request takes up. */
export interface Size {
  readonly items: number;
  /** In units of the sizer. */
  readonly size: number;
  /** Its own, and what each entry counts for. */
  readonly bytes: number;
}

/** An entry in the storage. */
export interface StoredEntry extends Size {
  readonly kept: Kept;
  /** What of it an earlier process was done with: what is left is its size. */
  readonly over: Ranges;
  /** When it arrived, monotonic ms. */
  readonly startMs: number;
}

export interface BacklogParts {
  readonly engine: Engine;
  readonly sleep: Host["sleep"];
  /** Bytes that are read at a time; an entry that is larger is read alone. */
  readonly readBytesMax: number;
  /** Whether there is room in memory for these many bytes more. */
  readonly hasRoom: (bytes: number) => boolean;
  readonly onRead: (entry: StoredEntry, envelope: Envelope) => void;
  /** What the storage has of it is no batch, or cannot be read any more. */
  readonly onDamaged: (entry: StoredEntry) => void;
  readonly onFailure: (error: unknown) => void;
}

type Reading = { readonly kind: "read"; readonly envelope: Envelope | undefined } | { readonly kind: "failed"; readonly error: unknown };

export class Backlog {
  readonly #parts: BacklogParts;
  readonly #waiting = new Fifo<StoredEntry>();
  /** Could not be read, in order. */
  #unread: StoredEntry[] = [];
  /** How often each was found damaged. */
  readonly #damaged = new Map<StoredEntry, number>();
  #size = 0;
  #bytes = 0;
  #readingBytes = 0;
  /** Gives on what was read, one after the other. */
  #giving: Promise<void> = Promise.resolve();
  #pausing = false;
  #stopped = false;
  #depot: Depot | undefined;

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  /** Whether a new entry has nothing before it. */
  get empty(): boolean {
    return this.#waiting.length + this.#unread.length === 0 && this.#readingBytes === 0;
  }

  get first(): StoredEntry | undefined {
    return this.#waiting.first;
  }

  /** In units of the sizer, of what waits and is not being read. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: StoredEntry): void {
    this.#waiting.push(entry);
    this.#grew(entry, 1);
  }

  /** Takes out the oldest that is not being read. */
  shift(): StoredEntry | undefined {
    const entry = this.#waiting.shift();
    if (entry !== undefined) this.#grew(entry, -1);
    return entry;
  }

  open(depot: Depot): void {
    this.#depot = depot;
  }

  /** Nothing is read from now on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Reads what there is room for. */
  refill(): void {
    const depot = this.#depot;
    if (depot === undefined || this.#stopped || this.#pausing) return;
    for (let { first } = this.#waiting; first !== undefined && this.#hasRoom(first.bytes); { first } = this.#waiting) {
      this.shift();
      this.#readingBytes += first.bytes;
      const entry = first;
      const reading = readingOf(depot, entry, this.#parts.engine);
      this.#giving = this.#giving.then(async () => this.#give(entry, await reading));
    }
  }

  #hasRoom(bytes: number): boolean {
    const { hasRoom, readBytesMax } = this.#parts;
    return hasRoom(this.#readingBytes + bytes) && (this.#readingBytes === 0 || this.#readingBytes + bytes <= readBytesMax);
  }

  #give(entry: StoredEntry, reading: Reading): void {
    const { onDamaged, onFailure, onRead } = this.#parts;
    this.#readingBytes -= entry.bytes;
    if (this.#stopped) this.#unread.push(entry);
    else if (reading.kind === "failed" && this.#isLost(entry, reading.error)) onDamaged(entry);
    else if (reading.kind === "failed") {
      this.#unread.push(entry);
      // For want of memory here: the storage is well.
      if (!isOverBudget(reading.error)) onFailure(reading.error);
      if (!this.#pausing) void this.#pause();
    } else {
      if (this.#damaged.size > 0) this.#damaged.delete(entry);
      if (reading.envelope === undefined) onDamaged(entry);
      else onRead(entry, reading.envelope);
    }
  }

  #isLost(entry: StoredEntry, error: unknown): boolean {
    if (!isDamaged(error)) return false;
    const tries = (this.#damaged.get(entry) ?? 0) + 1;
    this.#damaged.set(entry, tries);
    return tries >= DAMAGED_TRIES && this.#damaged.delete(entry);
  }

  async #pause(): Promise<void> {
    this.#pausing = true;
    await this.#parts.sleep(STORAGE_RETRY_MS);
    this.#pausing = false;
    for (const entry of this.#unread.toReversed()) {
      this.#waiting.unshift(entry);
      this.#grew(entry, 1);
    }
    this.#unread = [];
    this.refill();
  }

  #grew({ bytes, size }: Size, count: 1 | -1): void {
    this.#size += count * size;
    this.#bytes += count * bytes;
  }
}

async function readingOf(depot: Depot, { kept, over }: StoredEntry, engine: Engine): Promise<Reading> {
  try {
    const stored = await depot.read(kept, engine);
    return { kind: "read", envelope: stored && restOf(engine, stored.envelope, over) };
  } catch (error) {
    return { kind: "failed", error };
  }
}
