/**
 * State by key, bounded in entries and in bytes, its size told as a gauge. A change can be taken back
 * as long as nobody changed the entry after it.
 */
import type { Counter } from "../../pipeline/counters.ts";
import type { Books } from "./books.ts";

/** Bytes that an entry counts for besides its key and what it says of itself: the map's share, and objects' headers. */
export const ENTRY_OVERHEAD_BYTES = 200;

/** Immutable: an entry is replaced, never changed. */
export interface Entry {
  /** What it takes besides its key, bytes. */
  readonly bytes: number;
}

export interface Bounds {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

export class States<Kept extends Entry> {
  readonly #bounds: Bounds;
  readonly #entries = new Map<string, Kept>();
  readonly #entryGauge: Counter;
  readonly #byteGauge: Counter;
  #bytes = 0;

  constructor(bounds: Bounds, books: Books) {
    this.#bounds = bounds;
    this.#entryGauge = books.counter("sluice_processor_state_entries");
    this.#byteGauge = books.counter("sluice_processor_state_bytes");
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Kept | undefined {
    return this.#entries.get(key);
  }

  /** False, and nothing changes, when there is no room for it. */
  set(key: string, entry: Kept): boolean {
    const known = this.#entries.get(key);
    const growth = costOf(key, entry) - (known === undefined ? 0 : costOf(key, known));
    if (known === undefined && this.#entries.size >= this.#bounds.entriesMax) return false;
    if (growth > 0 && this.#bytes + growth > this.#bounds.bytesMax) return false;
    this.#entries.set(key, entry);
    this.#grow(growth, known === undefined ? 1 : 0);
    return true;
  }

  delete(key: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#entries.delete(key);
    this.#grow(-costOf(key, known), -1);
  }

  /** Deletes every entry that is stale. */
  sweep(isStale: (entry: Kept) => boolean): void {
    for (const [key, entry] of this.#entries) if (isStale(entry)) this.delete(key);
  }

  /** Puts back what was there before `written`, unless someone wrote since. */
  takeBack(key: string, written: Kept, before: Kept | undefined): void {
    if (this.#entries.get(key) !== written) return;
    this.delete(key);
    if (before !== undefined) this.set(key, before);
  }

  #grow(bytes: number, entries: number): void {
    this.#bytes += bytes;
    this.#byteGauge.add(bytes);
    this.#entryGauge.add(entries);
  }
}

function costOf(key: string, entry: Entry): number {
  return key.length + entry.bytes + ENTRY_OVERHEAD_BYTES;
}
