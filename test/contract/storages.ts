/**
 * The durable storage of this runtime: an SQLite file on Node, Bun and Deno. On workerd
 * `storages-workers.ts` stands in its place (vitest.workers.config.ts).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Storage } from "../../src/pipeline/storage.ts";
import { openStorage } from "../../src/runtimes/node/storage/storage.ts";

export const DURABLE_STORAGE = "SQLite";

/** What makes an empty one, for the tests of the file that calls this. All are the same file on disk: a thread for each would take a second. */
export function durableStorages(): () => Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-storage-"));
  let opened: Promise<Storage> | undefined;
  afterAll(async () => {
    await (await opened)?.close();
    rmSync(folder, { recursive: true });
  });
  return async () => {
    opened ??= openStorage({ directory: folder, create: false, fsync: false, timeoutMs: 1000, name: "storage" });
    return emptied(await opened);
  };
}

async function emptied(storage: Storage): Promise<Storage> {
  const keys = await storage.list("", 1000);
  await storage.commit(keys.map((key) => ({ kind: "delete", key })));
  return {
    durable: storage.durable,
    get: (key) => storage.get(key),
    list: (prefix, limit, after) => storage.list(prefix, limit, after),
    commit: (changes) => storage.commit(changes),
    close: () => Promise.resolve(),
  };
}
