/**
 * What the destinations on one storage keep there. A batch's body is stored once however many of them
 * wait for it, each has a reference of its own, and the body is deleted in the commit that deletes its
 * last reference. Invariant: no reference is kept without its body. A body without references, which
 * only a crash between two commits can leave behind, is removed after the next start. So is a note of what
 * is over (progress.ts) without its entry.
 *
 * Identity is the `Batch` object's: destinations of one fan-out share it. What they keep in one turn of
 * the event loop is one commit. Memory: a few hundred bytes for every body that is stored.
 */
import * as z from "zod";
import type { Change, Host, Storage } from "../../base/host.ts";
import { isDamaged, SluiceError } from "../../base/errors.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Counters } from "../../pipeline/counters.ts";
import { bytesOfBatch, type Stored, storedFrom, valuesOf } from "../../pipeline/stored.ts";
import { bytesIn } from "../queue/parcel.ts";
import {
  BODY_PREFIX,
  bodyKey,
  entryKey,
  type Kept,
  ownerOf,
  PROGRESS_PREFIX,
  progressKey,
  QUEUE_PREFIX,
  readEntryKey,
  SESSION_KEY,
  SESSION_NUMBERS,
  seqOfBody,
} from "./keys.ts";
import { bytesOfRanges, itemsIn, NOTHING_OVER, type Ranges, readRanges } from "./progress.ts";
import { Sweeper } from "./sweeper.ts";

/** Of the keys and values that are described in keys.ts and pipeline/stored.ts. */
const LAYOUT_VERSION = 1;
const PAGE_KEYS = 1000;
const NOTHING = new Uint8Array(0);
const NO_CHANGES: Change[] = [];
const DONE = Promise.resolve();

const sessionRecord = z.object({ version: z.number(), session: z.number().int().min(1) });

/** A batch that is stored, or about to be. */
interface Body {
  readonly seq: number;
  readonly rows: number;
  /** References, those that are about to be stored included. 0: it is gone. */
  holds: number;
  state: "gathering" | "writing" | "stored";
  /** Of its first commit. */
  readonly changes: Change[];
  committed: Promise<void>;
}

export interface DepotParts {
  readonly host: Pick<Host, "logger" | "sleep">;
  readonly counters: Counters;
}

const depots = new WeakMap<Storage, Promise<Depot>>();

export class Depot {
  readonly storage: Storage;
  readonly #parts: DepotParts;
  /** Deletes what is not needed any more. */
  readonly sweeper: Sweeper;
  readonly #batches = new WeakMap<Batch, Body>();
  readonly #bodies = new Map<number, Body>();
  readonly #found = new Map<string, Kept[]>();
  /** By the key where it is noted. */
  readonly #over = new Map<string, Ranges>();
  #session = 0;
  #last = 0;
  /** Of the removal of bodies that a crash left behind. */
  #tidied: Promise<void> = Promise.resolve();

  private constructor(storage: Storage, parts: DepotParts) {
    const { counters, host } = parts;
    this.storage = storage;
    this.#parts = parts;
    const failures = counters.counter("sluice_storage_sweep_failures");
    this.sweeper = new Sweeper({ storage, sleep: (ms) => host.sleep(ms), onFailure: () => failures.add(1) });
  }

  /** The same one for everyone with this storage. Rejects when it cannot be read, or has another layout. */
  static of(storage: Storage, parts: DepotParts): Promise<Depot> {
    let opening = depots.get(storage);
    if (opening === undefined) {
      opening = new Depot(storage, parts).#open();
      depots.set(storage, opening);
      opening.catch(() => depots.delete(storage));
    }
    return opening;
  }

  /** What was found of a place at the start, in order of arrival; once. */
  found(place: string): readonly Kept[] {
    const kept = this.#found.get(place) ?? [];
    this.#found.delete(place);
    return kept;
  }

  /** What nobody has asked for is told: all who would are there. It stays until somebody does. */
  tellUnclaimed(): void {
    const { counters, host } = this.#parts;
    for (const [place, kept] of this.#found) {
      const { exporter, signal } = ownerOf(place);
      const items = kept.reduce((sum, one) => sum + one.items - itemsIn(this.overOf(place, one)), 0);
      const bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
      counters.counter("sluice_exporter_unclaimed_entries", { exporter, data_type: signal }).add(kept.length);
      counters.counter("sluice_exporter_unclaimed_bytes", { exporter, data_type: signal }).add(bytes);
      const message = "configure the exporter again, with this storage, to deliver it";
      host.logger.log("warn", "A storage keeps telemetry that no exporter asks for", { exporter, signal, entries: kept.length, items, bytes, message });
    }
    this.#found.clear();
  }

  /** Never given twice, also not after a restart, and ever larger. */
  nextSeq(): number {
    this.#last++;
    return this.#session * SESSION_NUMBERS + this.#last;
  }

  /** Resolves when a reference of this place is kept, with the body and with `more`. Rejects with nothing kept. The caller holds the batch until then. */
  async keep(batch: Batch, place: string, more: readonly Change[] = []): Promise<Kept> {
    for (;;) {
      const known = this.#batches.get(batch);
      const body = known === undefined || known.holds === 0 ? this.#begin(batch) : known;
      const kept = { seq: body.seq, items: batch.items, bytes: bytesIn(batch), rows: body.rows, arrivedMs: Math.floor(batch.origin.arrivedMs) };
      const changes: Change[] = [{ kind: "put", key: entryKey(place, kept), value: NOTHING }, ...more];
      if (body.state === "gathering") {
        body.holds++;
        for (const change of changes) body.changes.push(change);
        await body.committed;
        return kept;
      }
      if (body.state === "stored") {
        await this.#refer(body, changes);
        return kept;
      }
      // Were the body's commit to fail, a reference of another commit would refer to nothing.
      await body.committed.catch(() => undefined);
    }
  }

  /** What of an entry is over. */
  overOf(place: string, { seq }: Kept): Ranges {
    return (this.#over.size > 0 ? this.#over.get(progressKey(place, seq)) : undefined) ?? NOTHING_OVER;
  }

  /** Keeps, soon, what of a stored entry is over, while not all of it is. */
  note(place: string, { seq }: Kept, over: Ranges): void {
    const key = progressKey(place, seq);
    this.#over.set(key, over);
    this.sweeper.note(key, bytesOfRanges(over));
  }

  /** Lets go of a reference, and of the body with the last one: soon, or when the next process finds it. */
  release(place: string, kept: Kept): void {
    const body = this.#bodies.get(kept.seq);
    const changes: Change[] = [{ kind: "delete", key: entryKey(place, kept) }];
    if (this.#over.size > 0 && this.#over.delete(progressKey(place, kept.seq))) changes.push({ kind: "delete", key: progressKey(place, kept.seq) });
    this.sweeper.sweep(body === undefined ? changes : changes.concat(this.#drop(body)));
  }

  /** The batch; undefined where what is stored is damaged. Rejects when it cannot be read, or checked, now. */
  async read({ rows, seq }: Kept, engine: Engine): Promise<Stored | undefined> {
    return storedFrom(engine, await Promise.all(Array.from({ length: rows }, (_, row) => this.storage.get(bodyKey(seq, row)))));
  }

  /** Resolves when nothing is left to be deleted. */
  async idle(): Promise<void> {
    await this.#tidied;
    await this.sweeper.idle();
  }

  async #open(): Promise<this> {
    const before = sessionOf(await this.storage.get(SESSION_KEY));
    this.#session = before + 1;
    const value = new TextEncoder().encode(JSON.stringify({ version: LAYOUT_VERSION, session: this.#session }));
    await this.storage.commit([{ kind: "put", key: SESSION_KEY, value }]);
    const notes = await this.#notes();
    for await (const key of keysOf(this.storage, QUEUE_PREFIX)) this.#find(key, notes);
    this.#tidied = this.#tidy(notes);
    return this;
  }

  async #notes(): Promise<Map<string, Ranges>> {
    const notes = new Map<string, Ranges>();
    for await (const key of keysOf(this.storage, PROGRESS_PREFIX)) notes.set(key, readRanges(await this.#noteAt(key)));
    return notes;
  }

  async #noteAt(key: string): Promise<Uint8Array> {
    try {
      return (await this.storage.get(key)) ?? NOTHING;
    } catch (error) {
      if (!isDamaged(error)) throw error;
      // As one that says nothing: the entry is sent whole.
      return NOTHING;
    }
  }

  /** Takes out its note. */
  #find(key: string, notes: Map<string, Ranges>): void {
    const entry = readEntryKey(key);
    if (entry === undefined) return;
    const { kept, place } = entry;
    if (notes.size > 0) this.#findOver(progressKey(place, kept.seq), kept, notes);
    const body = this.#bodies.get(kept.seq);
    if (body !== undefined) body.holds++;
    else this.#bodies.set(kept.seq, { seq: kept.seq, rows: kept.rows, holds: 1, state: "stored", changes: NO_CHANGES, committed: DONE });
    const found = this.#found.get(place);
    if (found === undefined) this.#found.set(place, [kept]);
    else found.push(kept);
  }

  /** A note that leaves nothing of the entry is none: rather twice than not at all. */
  #findOver(key: string, { items }: Kept, notes: Map<string, Ranges>): void {
    const over = notes.get(key);
    if (over === undefined || itemsIn(over) >= items || (over.at(-1)?.[1] ?? Infinity) > items) return;
    this.#over.set(key, over);
    notes.delete(key);
  }

  /** Removes notes, and bodies of earlier sessions, that belong to nothing. */
  async #tidy(notes: ReadonlyMap<string, Ranges>): Promise<void> {
    for (const key of notes.keys()) this.sweeper.sweep([{ kind: "delete", key }]);
    const first = this.#session * SESSION_NUMBERS;
    // What is found is all there ever will be of these sessions.
    const needed = new Set(this.#bodies.keys());
    try {
      for await (const key of keysOf(this.storage, BODY_PREFIX)) {
        const seq = seqOfBody(key);
        if (seq < first && !needed.has(seq)) this.sweeper.sweep([{ kind: "delete", key }]);
      }
    } catch {
      // They take up room, and nothing else: the next start looks again.
    }
  }

  /** The body, as one whose commit is made when this turn of the event loop is over. */
  #begin(batch: Batch): Body {
    const seq = this.nextSeq();
    const changes: Change[] = valuesOf(bytesOfBatch(batch)).map((value, row) => ({ kind: "put", key: bodyKey(seq, row), value, given: true }));
    const body: Body = { seq, rows: changes.length, holds: 0, state: "gathering", changes, committed: DONE };
    body.committed = this.#write(batch, body);
    this.#batches.set(batch, body);
    this.#bodies.set(seq, body);
    return body;
  }

  async #write(batch: Batch, body: Body): Promise<void> {
    await Promise.resolve();
    body.state = "writing";
    try {
      await this.storage.commit(body.changes.splice(0));
      body.state = "stored";
    } catch (error) {
      body.holds = 0;
      this.#bodies.delete(body.seq);
      this.#batches.delete(batch);
      throw error;
    }
  }

  /** One more reference to a body that is stored. */
  async #refer(body: Body, changes: readonly Change[]): Promise<void> {
    body.holds++;
    try {
      await this.storage.commit(changes);
    } catch (error) {
      const rows = this.#drop(body);
      if (rows.length > 0) this.sweeper.sweep(rows);
      throw error;
    }
  }

  /** One reference less: what that deletes besides. */
  #drop(body: Body): Change[] {
    body.holds--;
    if (body.holds > 0) return [];
    this.#bodies.delete(body.seq);
    return Array.from({ length: body.rows }, (_, row) => ({ kind: "delete", key: bodyKey(body.seq, row) }));
  }
}

/** The session before this one. Throws `config` for a layout of another version. */
function sessionOf(value: Uint8Array | undefined): number {
  if (value === undefined) return 0;
  const { session, version } = sessionRecord.parse(JSON.parse(new TextDecoder().decode(value)));
  if (version === LAYOUT_VERSION) return session;
  throw new SluiceError("config", `Cannot use a storage: it has layout ${version}, and this version of Sluice reads layout ${LAYOUT_VERSION}`, {
    cure: "Run the version of Sluice that wrote it until its queues are empty, or name another storage",
  });
}

/** All keys with this prefix, in order, a page at a time. */
export async function* keysOf(storage: Pick<Storage, "list">, prefix: string): AsyncGenerator<string, undefined> {
  let after: string | undefined;
  for (;;) {
    const keys = await storage.list(prefix, PAGE_KEYS, after);
    yield* keys;
    after = keys.at(-1);
    if (after === undefined || keys.length < PAGE_KEYS) return undefined;
  }
}
