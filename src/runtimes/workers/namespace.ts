import type { Storage } from "../../pipeline/storage.ts";

/** The same storage, of which only keys with this prefix are seen: a namespace of its own. */
export function namespaced(storage: Storage, prefix: string): Storage {
  return {
    durable: storage.durable,
    get: (key) => storage.get(prefix + key),
    async list(wanted, limit, after) {
      const keys = await storage.list(prefix + wanted, limit, after === undefined ? undefined : prefix + after);
      return keys.map((key) => key.slice(prefix.length));
    },
    commit: (changes) => storage.commit(changes.map((change) => ({ ...change, key: prefix + change.key }))),
    close: () => Promise.resolve(),
  };
}
