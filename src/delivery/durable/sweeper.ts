/**
 * Writes to a storage behind the senders' backs: deletes what is not needed any more, and notes what of an
 * entry is over. What gathers while a commit is under way is the next one. One that fails is tried again
 * until it is kept: what is still there when the process ends, the next one finds, and sends once more.
 *
 * Deletions make room and notes take some: where a commit failed, deletions go alone first. What cannot be
 * deleted because it is damaged holds nothing else up: it stays, and the next start tries again.
 */
import { isDamaged } from "../../base/errors.ts";
import type { Change, Host, Storage } from "../../base/host.ts";

/** One commit's, about: so that it is short. */
const CHANGES_MAX = 1000;
const RETRY_MS = 1000;

export interface SweeperParts {
  readonly storage: Storage;
  readonly sleep: Host["sleep"];
  /** Called for every commit that failed. */
  readonly onFailure: () => void;
}

type Note = readonly [key: string, value: Uint8Array];

export class Sweeper {
  readonly #parts: SweeperParts;
  #groups: (readonly Change[])[] = [];
  /** The latest by key. */
  readonly #notes = new Map<string, Uint8Array>();
  #running: Promise<void> | undefined;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Kept soon, all of these changes at once. A note whose key they delete is not written any more. */
  sweep(changes: readonly Change[]): void {
    if (this.#notes.size > 0) for (const { key, kind } of changes) if (kind === "delete") this.#notes.delete(key);
    this.#groups.push(changes);
    this.#running ??= this.#run();
  }

  /** Kept soon, in the place of what the key had: the last value alone, where there are several before it is. */
  note(key: string, value: Uint8Array): void {
    this.#notes.set(key, value);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left. */
  idle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    const { onFailure, sleep } = this.#parts;
    let failed = false;
    // The calls of this turn are one commit.
    await Promise.resolve();
    while (this.#groups.length + this.#notes.size > 0) {
      const count = countOf(this.#groups);
      const notes = failed && count > 0 ? [] : this.#nextNotes();
      const groups = [...this.#groups.slice(0, count), ...notes.map(([key, value]): Change[] => [{ kind: "put", key, value }])];
      try {
        await this.#commit(groups);
        this.#groups = this.#groups.slice(count);
        for (const [key, value] of notes) if (this.#notes.get(key) === value) this.#notes.delete(key);
        failed = false;
      } catch {
        failed = true;
        onFailure();
        await sleep(RETRY_MS);
      }
    }
    this.#running = undefined;
  }

  /** All at once; of a damaged file each group by itself, and each change of those that fail, in order. */
  async #commit(groups: readonly (readonly Change[])[]): Promise<void> {
    if (await this.#takes(groups.flat())) return;
    this.#parts.onFailure();
    for (const group of groups) {
      if (await this.#takes(group)) continue;
      for (const change of group) await this.#takes([change]);
    }
  }

  /** False: something that it touches is damaged. Rejects when it failed otherwise. */
  async #takes(changes: readonly Change[]): Promise<boolean> {
    try {
      await this.#parts.storage.commit(changes);
      return true;
    } catch (error) {
      if (!isDamaged(error)) throw error;
      return false;
    }
  }

  #nextNotes(): Note[] {
    const notes: Note[] = [];
    for (const note of this.#notes) {
      if (notes.push(note) === CHANGES_MAX) break;
    }
    return notes;
  }
}

/** As many groups as make one commit. */
function countOf(groups: readonly (readonly Change[])[]): number {
  let changes = 0;
  let count = 0;
  while (count < groups.length && changes < CHANGES_MAX) {
    changes += groups[count]?.length ?? 0;
    count++;
  }
  return count;
}
