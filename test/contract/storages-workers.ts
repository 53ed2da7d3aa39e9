/** What storages.ts is elsewhere, on workerd: a Durable Object's SQLite, each call made inside the object. */
import { env, runInDurableObject } from "cloudflare:test";
import type { Storage } from "../../src/pipeline/storage.ts";
import { durableObjectStorage, type ObjectSql } from "../../src/runtimes/workers/storage.ts";

export const DURABLE_STORAGE = "SQLite";

let objects = 0;

export function durableStorages(): () => Promise<Storage> {
  return newObject;
}

/** That of a new object, empty. */
async function newObject(): Promise<Storage> {
  const stub = env.VESSEL.get(env.VESSEL.idFromName(`storage${objects++}`));
  const inside = <Result>(call: (storage: Storage) => Promise<Result>) =>
    runInDurableObject(stub, (_, { storage }) => call(durableObjectStorage(storage as ObjectSql)));
  return {
    durable: true,
    get: (key) => inside((storage) => storage.get(key)),
    list: (prefix, limit, after) => inside((storage) => storage.list(prefix, limit, after)),
    commit: (changes) => {
      // As on the way to any object: what arrives there is a copy.
      const copies = changes.map((change) => (change.kind === "put" ? { ...change, value: change.value.slice() } : change));
      return inside((storage) => storage.commit(copies));
    },
    close: () => inside((storage) => storage.close()),
  };
}
