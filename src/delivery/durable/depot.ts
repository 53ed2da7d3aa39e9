/**
 * What the destinations on one storage keep there. A batch's body is stored once however many of them
 * wait for it, each has a reference of its own, and the body is deleted in the commit that deletes its
 * last reference. Invariant: no reference is kept without its body. A body without references, which
 * only a crash between two commits can leave behind, is removed after the next start.
 *
 * Identity is the `Batch` object's: destinations of one fan-out share it. What they keep in one turn of
 * the event loop is one commit. Memory: a few hundred bytes for every body that is stored.
 */
import * as z from "zod";
import type { Change, Host, Storage } from "../../base/host.ts";
import { SluiceError } from "../../base/errors.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Counters } from "../../pipeline/counters.ts";
import { bytesIn } from "../queue/parcel.ts";
import { BODY_PREFIX, bodyKey, entryKey, type Kept, QUEUE_PREFIX, readEntryKey, SESSION_KEY, SESSION_NUMBERS, seqOfBody } from "./keys.ts";
import { readRows, rowsOfBatch, type Stored } from "./rows.ts";
import { Sweeper } from "./sweeper.ts";

/** Of the keys and values that are described in keys.ts and rows.ts. */
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
  readonly host: Pick<Host, "sleep">;
  readonly counters: Counters;
}

const depots = new WeakMap<Storage, Promise<Depot>>();

export class Depot {
  readonly storage: Storage;
  /** Deletes what is not needed any more. */
  readonly sweeper: Sweeper;
  readonly #batches = new WeakMap<Batch, Body>();
  readonly #bodies = new Map<number, Body>();
  readonly #found = new Map<string, Kept[]>();
  #session = 0;
  #last = 0;
  /** Of the removal of bodies that a crash left behind. */
  #tidied: Promise<void> = Promise.resolve();

  private constructor(storage: Storage, { counters, host }: DepotParts) {
    this.storage = storage;
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

  /** Lets go of a reference, and of the body with the last one: soon, or when the next process finds it. */
  release(place: string, kept: Kept): void {
    const body = this.#bodies.get(kept.seq);
    this.sweeper.sweep([{ kind: "delete", key: entryKey(place, kept) }, ...(body === undefined ? [] : this.#drop(body))]);
  }

  /** The batch; undefined where what is stored is damaged. Rejects when it cannot be read now. */
  async read({ rows, seq }: Kept): Promise<Stored | undefined> {
    return readRows(await Promise.all(Array.from({ length: rows }, (_, row) => this.storage.get(bodyKey(seq, row)))));
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
    for await (const key of keysOf(this.storage, QUEUE_PREFIX)) this.#find(key);
    this.#tidied = this.#tidy();
    return this;
  }

  #find(key: string): void {
    const entry = readEntryKey(key);
    if (entry === undefined) return;
    const { kept, place } = entry;
    const body = this.#bodies.get(kept.seq);
    if (body !== undefined) body.holds++;
    else this.#bodies.set(kept.seq, { seq: kept.seq, rows: kept.rows, holds: 1, state: "stored", changes: NO_CHANGES, committed: DONE });
    const found = this.#found.get(place);
    if (found === undefined) this.#found.set(place, [kept]);
    else found.push(kept);
  }

  /** Removes bodies of earlier sessions that nothing refers to. */
  async #tidy(): Promise<void> {
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
    const changes: Change[] = rowsOfBatch(batch).map((value, row) => ({ kind: "put", key: bodyKey(seq, row), value }));
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
export async function* keysOf(storage: Storage, prefix: string): AsyncGenerator<string, undefined> {
  let after: string | undefined;
  for (;;) {
    const keys = await storage.list(prefix, PAGE_KEYS, after);
    yield* keys;
    after = keys.at(-1);
    if (after === undefined || keys.length < PAGE_KEYS) return undefined;
  }
}
