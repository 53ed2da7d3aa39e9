/**
 * Deletes from a storage what is not needed any more, behind the senders' backs: what gathers while a
 * commit is under way is the next one. One that fails is tried again until it is kept: what is still
 * there when the process ends, the next one finds, and sends once more.
 */
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

export class Sweeper {
  readonly #parts: SweeperParts;
  #groups: (readonly Change[])[] = [];
  #running: Promise<void> | undefined;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Kept soon, all of these changes at once. */
  sweep(changes: readonly Change[]): void {
    this.#groups.push(changes);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left. */
  idle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    const { onFailure, sleep, storage } = this.#parts;
    // The calls of this turn are one commit.
    await Promise.resolve();
    while (this.#groups.length > 0) {
      const count = countOf(this.#groups);
      try {
        await storage.commit(this.#groups.slice(0, count).flat());
        this.#groups = this.#groups.slice(count);
      } catch {
        onFailure();
        await sleep(RETRY_MS);
      }
    }
    this.#running = undefined;
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
