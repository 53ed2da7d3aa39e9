/**
 * The simulated disk: one, whatever processes come and go. A commit takes its time, and those under way
 * together end in any order; by chance one fails, and then it has kept nothing; by chance a value cannot be read now. When a process is gone,
 * each commit that was under way is there whole or not at all; without `fsync` a power cut takes the
 * latest that had ended, too.
 */
import type { Random } from "../../bench/random.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Change, Storage } from "../../src/base/host.ts";
import { BODY_PREFIX } from "../../src/delivery/durable/keys.ts";
import { checkChanges } from "../../src/pipeline/storage.ts";
import { DiskIndex } from "./disk-index.ts";
import type { Power, SimulatedTime } from "./time.ts";

/** Commits that a power cut may take where nothing waits for the disk. */
const UNSYNCED_MAX = 6;
const READ_MS_MAX = 2;

export interface Trouble {
  /** Of 100 commits. */
  readonly failing: number;
  /** Of 100 values that are asked for. */
  readonly unreadable: number;
  readonly commitMsMax: number;
}

export const NO_TROUBLE: Trouble = { failing: 0, unreadable: 0, commitMsMax: 4 };

export interface DiskOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly fsync: boolean;
  /** A disk that says that it has kept what it has not: the simulation must find it out. */
  readonly lies: boolean;
  readonly onViolation: (message: string) => void;
}

interface Commit {
  readonly changes: readonly Change[];
  readonly fails: boolean;
}

export class Disk {
  trouble: Trouble = NO_TROUBLE;
  /** When a commit failed the last time. */
  failedMs = -Infinity;
  commits = 0;
  readonly index = new DiskIndex();
  readonly #options: DiskOptions;
  readonly #values = new Map<string, Uint8Array>();
  readonly #underWay = new Set<Commit>();
  /** What undoes the latest commits, the latest last. */
  #undo: (readonly Change[])[] = [];
  readonly #bodiesEver = new Set<string>();

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** As one process has it. */
  open(power: Power): Storage {
    const { random, time } = this.#options;
    let closed = false;
    const open = async () => {
      if (closed) throw new SluiceError("storage", "Cannot use the storage: it is closed");
      await time.after(random.below(READ_MS_MAX), power);
    };
    return {
      durable: true,
      get: async (key) => {
        await open();
        if (random.chance(this.trouble.unreadable)) throw new SluiceError("storage", "Cannot read from the storage: the disk failed", { retryable: true });
        return this.#values.get(key)?.slice();
      },
      list: async (prefix, limit, after = "") => {
        await open();
        return this.keys(prefix)
          .filter((key) => key > after)
          .slice(0, limit);
      },
      commit: (changes) => (closed ? Promise.reject(new SluiceError("storage", "Cannot use the storage: it is closed")) : this.#commit(changes, power)),
      close: async () => {
        closed = true;
        while (this.#underWay.size > 0) await time.after(1, power);
      },
    };
  }

  /** The process is gone. `cut`: by a power cut. */
  crashed(cut: boolean): void {
    const { fsync, random } = this.#options;
    const mood = random.below(3);
    for (const commit of this.#underWay) {
      const kept = mood === 0 ? false : mood === 1 || random.chance(50);
      if (kept && !commit.fails) this.#apply(commit.changes);
    }
    this.#underWay.clear();
    if (cut && !fsync) for (let left = random.below(UNSYNCED_MAX + 1); left > 0; left--) this.#change(this.#undo.pop() ?? []);
    this.#undo = [];
  }

  /** Ascending. Ours are ASCII. */
  keys(prefix: string): string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  }

  async #commit(changes: readonly Change[], power: Power): Promise<void> {
    checkChanges(changes);
    const { lies, random, time } = this.#options;
    const { commitMsMax, failing } = this.trouble;
    const copies = changes.map((change) => (change.kind === "put" ? { ...change, value: change.value.slice() } : change));
    const commit = { changes: copies, fails: random.chance(failing) };
    this.#underWay.add(commit);
    const done = time.after(1 + random.below(commitMsMax), power).then(() => this.#end(commit));
    if (!lies) await done;
    else done.catch(() => {});
  }

  #end(commit: Commit): void {
    if (!this.#underWay.delete(commit)) return;
    if (commit.fails) {
      this.failedMs = this.#options.time.monotonicMs();
      throw new SluiceError("storage", "Cannot commit: the disk failed", { retryable: true });
    }
    this.commits++;
    this.#apply(commit.changes);
  }

  #apply(changes: readonly Change[]): void {
    if (!this.#options.fsync) {
      const undo = changes.map(({ key }): Change => {
        const value = this.#values.get(key);
        return value === undefined ? { kind: "delete", key } : { kind: "put", key, value };
      });
      this.#undo = [...this.#undo.slice(1 - UNSYNCED_MAX), undo.toReversed()];
    }
    for (const change of changes) if (change.kind === "put") this.#checkBody(change.key);
    this.#change(changes);
  }

  #change(changes: readonly Change[]): void {
    for (const change of changes) {
      const { key } = change;
      const old = this.#values.get(key);
      if (old !== undefined) this.index.delete(key, old);
      this.#values.delete(key);
      if (change.kind === "delete") continue;
      this.#values.set(key, change.value);
      this.index.put(key, change.value);
    }
  }

  /** Without fsync a number that was lost may be given again: nobody knows of it. */
  #checkBody(key: string): void {
    const { fsync, onViolation } = this.#options;
    if (!fsync || !key.startsWith(BODY_PREFIX)) return;
    if (this.#bodiesEver.has(key)) onViolation(`a body's key was used twice: ${key}`);
    this.#bodiesEver.add(key);
  }
}
