/**
 * Storages for tests: one in memory, and a wrapper that makes any storage slow, and one that makes its
 * commits fail, by a seeded clock and seeded chance. What a stage or a queue keeps must survive both.
 */
import { Random } from "../../bench/random.ts";
import { type Change, checkChanges, type Storage } from "../../src/pipeline/storage.ts";

/** Keeps what it is given for as long as it lives. */
export class MemoryStorage implements Storage {
  readonly durable = false;
  readonly #values = new Map<string, Uint8Array>();

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#values.get(key)?.slice());
  }

  list(prefix: string, limit: number, after = ""): Promise<readonly string[]> {
    const keys = [...this.#values.keys()].filter((key) => key.startsWith(prefix) && byCodePoint(key, after) > 0);
    return Promise.resolve(keys.toSorted(byCodePoint).slice(0, limit));
  }

  async commit(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    for (const change of changes) {
      if (change.kind === "put") this.#values.set(change.key, change.value.slice());
      else this.#values.delete(change.key);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The order of UTF-8, too. Code units would have it otherwise: a surrogate is less than U+E000. */
function byCodePoint(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)];
  for (const [index, character] of left.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export interface SlowOptions {
  /** The longest that a call takes, ms of the clock. */
  readonly callMsMax: number;
  readonly seed: number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The same storage, each call taking its time: calls that were made together end in any order. */
export function slow(storage: Storage, { callMsMax, seed, sleep }: SlowOptions): Storage {
  const random = new Random(seed);
  const wait = () => sleep(random.below(callMsMax + 1));
  const late = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    await wait();
    const value = await call();
    await wait();
    return value;
  };
  return {
    durable: storage.durable,
    get: (key) => late(() => storage.get(key)),
    list: (prefix, limit, after) => late(() => storage.list(prefix, limit, after)),
    commit: (changes) => {
      // A slow storage has its own copy at once: the caller's bytes are the caller's again.
      const copies = changes.map((change) => (change.kind === "put" ? { ...change, value: change.value.slice() } : change));
      return late(() => storage.commit(copies));
    },
    close: () => late(() => storage.close()),
  };
}

/** The same storage, of whose commits `percent` in 100 fail and keep nothing. */
export function failing(storage: Storage, { percent, seed }: { readonly percent: number; readonly seed: number }): Storage {
  const random = new Random(seed);
  return {
    durable: storage.durable,
    get: (key) => storage.get(key),
    list: (prefix, limit, after) => storage.list(prefix, limit, after),
    commit: (changes) => (random.chance(percent) ? Promise.reject(new Error("The disk failed")) : storage.commit(changes)),
    close: () => storage.close(),
  };
}
