/**
 * Storages for tests: one in memory, and a wrapper that makes any storage slow, and one that makes its
 * commits fail, by a seeded clock and seeded chance. What a stage or a queue keeps must survive both.
 */
import { Random } from "../../bench/random.ts";
import { type Change, type Storage, STORAGE_KEY_CHARACTERS_MAX, STORAGE_VALUE_BYTES_MAX } from "../../src/pipeline/storage.ts";

/** Keeps what it is given for as long as it lives. */
export class MemoryStorage implements Storage {
  readonly durable = false;
  readonly #values = new Map<string, Uint8Array>();

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#values.get(key)?.slice());
  }

  list(prefix: string, limit: number, after = ""): Promise<readonly string[]> {
    const keys = [...this.#values.keys()].filter((key) => key.startsWith(prefix) && key > after);
    return Promise.resolve(keys.toSorted().slice(0, limit));
  }

  async commit(changes: readonly Change[]): Promise<void> {
    if (!changes.every(isWithinLimits)) throw new RangeError("A key or a value is over the limit");
    for (const change of changes) {
      if (change.kind === "put") this.#values.set(change.key, change.value.slice());
      else this.#values.delete(change.key);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function isWithinLimits(change: Change): boolean {
  return change.key.length <= STORAGE_KEY_CHARACTERS_MAX && (change.kind === "delete" || change.value.length <= STORAGE_VALUE_BYTES_MAX);
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
