/**
 * Storage in a Durable Object's own SQLite: the same table as in a file, by the object's name for what
 * it has. A Durable Object is one process for itself, and its platform keeps what it writes; `commit`
 * resolves when that is done. Whoever has another object asks that one, not this storage.
 *
 * Limits: 2 MB a row and 10 GB an object are the platform's.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Change, Storage } from "../../base/host.ts";
import { checkChanges } from "../../pipeline/storage.ts";
import { DELETE, GET, LIST, MIGRATIONS, migrationsFrom, PUT } from "../sqlite-schema.ts";

/** What is used of `ctx.storage` (developers.cloudflare.com/durable-objects/api/sqlite-storage-api). */
export interface ObjectSql {
  readonly sql: { exec(query: string, ...bindings: readonly (string | number | Uint8Array)[]): Iterable<Readonly<Record<string, unknown>>> };
  /** Runs it as one transaction, and rolls back what it throws in. */
  transactionSync<Value>(closure: () => Value): Value;
  /** Resolves when everything written so far is kept. */
  sync(): Promise<void>;
}

/** Opens it, and brings an older version up to date. Throws `storage` where a newer Sluice has written it. */
export function durableObjectStorage(storage: ObjectSql, migrations: readonly string[] = MIGRATIONS): Storage {
  storage.transactionSync(() => migrate(storage, migrations));
  return new SqlStorage(storage);
}

/** The platform allows no PRAGMA user_version: the version has a table. */
function migrate({ sql }: ObjectSql, migrations: readonly string[]): void {
  sql.exec("CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL) STRICT");
  const [row] = sql.exec("SELECT version FROM version");
  const version = Number(row?.["version"] ?? 0);
  const scripts = migrationsFrom(version, migrations);
  if (scripts === undefined) {
    throw new SluiceError(
      "storage",
      `Cannot open the Durable Object's storage: a newer Sluice wrote it, version ${version}, and this one knows ${migrations.length}`,
      {
        cure: "Deploy that Sluice, or give this one a class of its own",
      },
    );
  }
  for (const script of scripts) sql.exec(script);
  if (scripts.length === 0) return;
  sql.exec("DELETE FROM version");
  sql.exec("INSERT INTO version (version) VALUES (?)", migrations.length);
}

class SqlStorage implements Storage {
  readonly durable = true;
  readonly #storage: ObjectSql;

  constructor(storage: ObjectSql) {
    this.#storage = storage;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const [row] = this.#storage.sql.exec(GET, key);
    const value = row?.["value"];
    return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
  }

  async list(prefix: string, limit: number, after = ""): Promise<readonly string[]> {
    const keys: string[] = [];
    for (const row of this.#storage.sql.exec(LIST, prefix, after, limit)) {
      const key = String(row["key"]);
      if (!key.startsWith(prefix)) break;
      keys.push(key);
    }
    return keys;
  }

  async commit(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    try {
      this.#storage.transactionSync(() => this.#apply(changes));
      // When this fails the platform ends the object: what was applied is gone with it.
      await this.#storage.sync();
    } catch (cause) {
      throw new SluiceError("storage", "Cannot commit to the Durable Object's storage: the platform refused it", { retryable: true, cause });
    }
  }

  /** The object's storage ends with the object. */
  async close(): Promise<void> {}

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "put") this.#storage.sql.exec(PUT, change.key, change.value);
      else this.#storage.sql.exec(DELETE, change.key);
    }
  }
}
