/**
 * What a storage's thread does with its file. Commits that wait together are one transaction, and one
 * fsync. When that fails, each is tried alone: the failure of one is its own. On a full disk only what
 * makes room is taken, from the room that was kept for it.
 */
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DELETE, GET, LIST, PUT } from "../../sqlite-schema.ts";
import { DISK_FULL, type Fault, faultOf, isFull } from "./faults.ts";
import type { PackedCommit } from "./messages.ts";
import { numberOf } from "./open.ts";
import { logBytesIn, type Reserve } from "./reserve.ts";

/** Free room, in logs, beyond which it is given back, where it is half of the file or more. */
const FREE_LOGS_MAX = 2;
/** What is kept of it: the next backlog finds it. */
const FREE_LOGS_KEPT = 0.5;
/** Given back in one go: a few milliseconds. */
const STEP_BYTES = 2 << 20;
/** What a commit that deletes may put in the place of it on a full disk. */
const NOTE_BYTES_MAX = 4096;
const NOTHING = new ArrayBuffer(0);

export class Database {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #reserve: Pick<Reserve, "isTight" | "take" | "release">;
  readonly #pageBytes: number;
  readonly #logBytes: number;
  readonly #statements: Readonly<Record<"put" | "delete" | "get" | "list", StatementSync>>;
  #shrinking = false;

  /** Takes it over. */
  constructor(database: DatabaseSync, path: string, reserve: Pick<Reserve, "isTight" | "take" | "release">) {
    this.#database = database;
    this.#path = path;
    this.#reserve = reserve;
    this.#pageBytes = numberOf(database, "page_size");
    this.#logBytes = logBytesIn(dirname(path));
    this.#statements = { put: database.prepare(PUT), delete: database.prepare(DELETE), get: database.prepare(GET), list: database.prepare(LIST) };
  }

  /** What became of each: undefined is kept. */
  commit(group: readonly PackedCommit[]): readonly (Fault | undefined)[] {
    const tried = this.#isTight() ? group.filter((one) => makesRoom(one)) : group;
    const kept = new Set(tried.length > 1 && this.#attempt(tried) === undefined ? tried : []);
    return group.map((one) => (kept.has(one) ? undefined : this.#commitAlone(one)));
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#statements.get.get(key)?.["value"];
    return value instanceof Uint8Array ? value : undefined;
  }

  list(prefix: string, limit: number, after: string): string[] {
    const keys: string[] = [];
    for (const row of this.#statements.list.iterate(prefix, after, limit)) {
      const key = String(row["key"]);
      if (!key.startsWith(prefix)) break;
      keys.push(key);
    }
    return keys;
  }

  /** What there is time for when nobody asks: takes the reserve, gives back a step of what is free, if it is much. Whether there is more to do. */
  tidy(): boolean {
    this.#reserve.take();
    return this.#shrink();
  }

  /** Senders that come again and again leave no time in which nobody asks: what is free is given back before they are refused. */
  #isTight(): boolean {
    if (!this.#reserve.isTight()) return false;
    try {
      while (this.#shrink());
    } catch {
      // There is no room for that either: what makes room comes first.
    }
    return this.#reserve.isTight();
  }

  #shrink(): boolean {
    const free = numberOf(this.#database, "freelist_count") * this.#pageBytes;
    this.#shrinking ||= free > FREE_LOGS_MAX * this.#logBytes && free * 2 >= numberOf(this.#database, "page_count") * this.#pageBytes;
    if (!this.#shrinking) return false;
    if (free > FREE_LOGS_KEPT * this.#logBytes) {
      // Gives back a page a row, which Deno's `exec` does not ask for.
      this.#database.prepare(`PRAGMA incremental_vacuum(${STEP_BYTES / this.#pageBytes})`).all();
      return true;
    }
    this.#shrinking = false;
    // The file itself becomes shorter only now.
    this.#emptyLog();
    return false;
  }

  close(): void {
    this.#database.close();
  }

  #commitAlone(commit: PackedCommit): Fault | undefined {
    if (this.#reserve.isTight() && !makesRoom(commit)) return faultOf(DISK_FULL, "commit to", this.#path);
    let error = this.#attempt([commit]);
    if (isFull(error) && this.#reserve.release()) {
      this.#emptyLog();
      if (makesRoom(commit)) error = this.#attempt([commit]);
    }
    return error === undefined ? undefined : faultOf(error, "commit to", this.#path);
  }

  /** What it failed with; nothing of it is kept then. */
  #attempt(group: readonly PackedCommit[]): unknown {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const commit of group) this.#apply(commit);
      this.#database.exec("COMMIT");
      return undefined;
    } catch (error) {
      this.#rollBack();
      return error;
    }
  }

  #emptyLog(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // There is no room for that either: what is committed next says so.
    }
  }

  #apply({ changes, buffers }: PackedCommit): void {
    for (const change of changes) {
      if (change.start === undefined) this.#statements.delete.run(change.key);
      else this.#statements.put.run(change.key, new Uint8Array(buffers[change.buffer] ?? NOTHING, change.start, change.end - change.start));
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // A full disk, among others, has ended the transaction already: nothing of it is kept either way.
    }
  }
}

/** Whether it deletes, and puts a note at the most in place of it. */
function makesRoom({ changes, bytes }: PackedCommit): boolean {
  return bytes <= NOTE_BYTES_MAX && changes.some(({ start }) => start === undefined);
}
