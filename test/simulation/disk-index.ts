/** Which spans the disk has, for whom: kept up with each change, so that every acknowledgement can be looked up. */
import {
  BODY_PREFIX,
  DEAD_PREFIX,
  placeOf,
  PROGRESS_PREFIX,
  progressKey,
  QUEUE_PREFIX,
  readEntryKey,
  readLetterKey,
  seqOfBody,
} from "../../src/delivery/durable/keys.ts";
import { type Ranges, readRanges } from "../../src/delivery/durable/progress.ts";
import { numbersIn } from "./items.ts";

export class DiskIndex {
  /** Bodies by span, with its place in each. */
  readonly #bodies = new Map<number, Map<number, number>>();
  /** What of an entry is over, by key. */
  readonly #over = new Map<string, Ranges>();
  /** Bodies that a destination waits for. */
  readonly #entries = new Map<string, Set<number>>();
  /** Spans in dead letters, by exporter; a letter may be there twice. Requests are small enough for letters of one row. */
  readonly #dead = new Map<string, Map<number, number>>();

  put(key: string, value: Uint8Array): void {
    if (key.startsWith(BODY_PREFIX)) this.#body(seqOfBody(key), numbersIn(value));
    else if (key.startsWith(PROGRESS_PREFIX)) this.#over.set(key, readRanges(value));
    else if (key.startsWith(QUEUE_PREFIX)) this.#entry(key, true);
    else if (key.startsWith(DEAD_PREFIX)) this.#letter(key, value, 1);
  }

  delete(key: string, value: Uint8Array): void {
    if (key.startsWith(BODY_PREFIX)) for (const number of numbersIn(value)) this.#bodies.get(number)?.delete(seqOfBody(key));
    else if (key.startsWith(PROGRESS_PREFIX)) this.#over.delete(key);
    else if (key.startsWith(QUEUE_PREFIX)) this.#entry(key, false);
    else if (key.startsWith(DEAD_PREFIX)) this.#letter(key, value, -1);
  }

  isStored(exporter: string, number: number): boolean {
    const place = placeOf(exporter, "traces");
    const entries = this.#entries.get(place);
    if (entries === undefined) return false;
    for (const [seq, at] of this.#bodies.get(number) ?? []) {
      const over = this.#over.get(progressKey(place, seq)) ?? [];
      if (entries.has(seq) && !over.some(([from, to]) => at >= from && at < to)) return true;
    }
    return false;
  }

  isDead(exporter: string, number: number): boolean {
    return (this.#dead.get(exporter)?.get(number) ?? 0) > 0;
  }

  #body(seq: number, numbers: readonly number[]): void {
    for (const [at, number] of numbers.entries()) {
      const bodies = this.#bodies.get(number) ?? new Map<number, number>();
      this.#bodies.set(number, bodies);
      bodies.set(seq, at);
    }
  }

  #entry(key: string, there: boolean): void {
    const entry = readEntryKey(key);
    if (entry === undefined) return;
    const entries = setIn(this.#entries, entry.place);
    if (there) entries.add(entry.kept.seq);
    else entries.delete(entry.kept.seq);
  }

  #letter(key: string, value: Uint8Array, count: 1 | -1): void {
    const exporter = readLetterKey(key)?.exporter ?? "";
    const dead = this.#dead.get(exporter) ?? new Map<number, number>();
    this.#dead.set(exporter, dead);
    for (const number of numbersIn(value)) dead.set(number, (dead.get(number) ?? 0) + count);
  }
}

function setIn<Key>(sets: Map<Key, Set<number>>, key: Key): Set<number> {
  const known = sets.get(key) ?? new Set<number>();
  sets.set(key, known);
  return known;
}
