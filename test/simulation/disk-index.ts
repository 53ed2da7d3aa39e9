/** Which spans the disk has, for whom: kept up with each change, so that every acknowledgement can be looked up. */
import { BODY_PREFIX, DEAD_PREFIX, placeOf, QUEUE_PREFIX, readEntryKey, readLetterKey, seqOfBody } from "../../src/delivery/durable/keys.ts";
import { numbersIn } from "./items.ts";

export class DiskIndex {
  /** Bodies by span. */
  readonly #bodies = new Map<number, Set<number>>();
  /** Bodies that a destination waits for. */
  readonly #entries = new Map<string, Set<number>>();
  /** Spans in dead letters, by exporter; a letter may be there twice. Requests are small enough for letters of one row. */
  readonly #dead = new Map<string, Map<number, number>>();

  put(key: string, value: Uint8Array): void {
    if (key.startsWith(BODY_PREFIX)) for (const number of numbersIn(value)) setIn(this.#bodies, number).add(seqOfBody(key));
    else if (key.startsWith(QUEUE_PREFIX)) this.#entry(key, true);
    else if (key.startsWith(DEAD_PREFIX)) this.#letter(key, value, 1);
  }

  delete(key: string, value: Uint8Array): void {
    if (key.startsWith(BODY_PREFIX)) for (const number of numbersIn(value)) this.#bodies.get(number)?.delete(seqOfBody(key));
    else if (key.startsWith(QUEUE_PREFIX)) this.#entry(key, false);
    else if (key.startsWith(DEAD_PREFIX)) this.#letter(key, value, -1);
  }

  isStored(exporter: string, number: number): boolean {
    const entries = this.#entries.get(placeOf(exporter, "traces"));
    if (entries === undefined) return false;
    for (const seq of this.#bodies.get(number) ?? []) if (entries.has(seq)) return true;
    return false;
  }

  isDead(exporter: string, number: number): boolean {
    return (this.#dead.get(exporter)?.get(number) ?? 0) > 0;
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
