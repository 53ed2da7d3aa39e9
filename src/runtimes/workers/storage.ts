/**
 * Storage on a Durable Object's own SQLite: one table of keys and values. What was committed is on
 * several machines before anything that the object sends leaves it: the platform holds answers back
 * until then (its output gate).
 */
import { SluiceError } from "../../base/errors.ts";
import { type Change, type Storage, STORAGE_KEY_CHARACTERS_MAX, STORAGE_VALUE_BYTES_MAX } from "../../pipeline/storage.ts";

/** What is used of the object's storage. */
export interface ObjectSql {
  readonly sql: { exec(query: string, ...bindings: readonly (string | number | Uint8Array)[]): Iterable<Readonly<Record<string, unknown>>> };
  /** All statements of `work` or none. */
  transactionSync<Value>(work: () => Value): Value;
  /** Resolves when everything written so far is kept. */
  sync(): Promise<void>;
}

/** Sorts behind every key. */
const BEHIND = "\u{10ffff}";

/** The object's storage. There may be several over one object: they have the same keys. */
export function durableObjectStorage(storage: ObjectSql): Storage {
  const exec = (query: string, ...bindings: readonly (string | number | Uint8Array)[]) => [...storage.sql.exec(query, ...bindings)];
  exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL)");
  return {
    durable: true,
    get(key) {
      const [row] = exec("SELECT value FROM entries WHERE key = ?", key);
      const value = row?.["value"];
      return Promise.resolve(value instanceof ArrayBuffer ? new Uint8Array(value) : undefined);
    },
    list(prefix, limit, after = "") {
      const rows = exec("SELECT key FROM entries WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?", prefix, after, prefix + BEHIND, limit);
      return Promise.resolve(rows.map(({ key }) => String(key)));
    },
    async commit(changes) {
      storage.transactionSync(() => {
        for (const change of changes) apply(exec, change);
      });
      await storage.sync();
    },
    close: () => Promise.resolve(),
  };
}

function apply(exec: (query: string, ...bindings: readonly (string | number | Uint8Array)[]) => unknown, change: Change): void {
  if (change.kind === "delete") {
    exec("DELETE FROM entries WHERE key = ?", change.key);
    return;
  }
  if (change.key.length > STORAGE_KEY_CHARACTERS_MAX || change.value.length > STORAGE_VALUE_BYTES_MAX) {
    throw new SluiceError(
      "too_large",
      `Cannot keep "${change.key}": a key has ${STORAGE_KEY_CHARACTERS_MAX} characters and a value ${STORAGE_VALUE_BYTES_MAX} bytes at the most`,
    );
  }
  exec("INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", change.key, change.value);
}
