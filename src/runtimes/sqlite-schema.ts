/**
 * What a storage is made of in SQLite, in a file and in a Durable Object alike: one table of keys and
 * values, described in docs/storage.md. A table with rowids: the index of the keys is small and lists
 * fast, and bodies of many pages lie elsewhere (docs/decisions/017). Text compares by its UTF-8, which
 * is the order of code points.
 *
 * Invariant: a script, once released, never changes. What is to be different is a script more.
 */

/** Script n makes version n + 1 of version n; version 0 is an empty database. */
export const MIGRATIONS: readonly string[] = ["CREATE TABLE entry (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL) STRICT"];

export const PUT = "INSERT INTO entry (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
export const DELETE = "DELETE FROM entry WHERE key = ?";
export const GET = "SELECT value FROM entry WHERE key = ?";
/** From a key on, and behind another. What begins with a prefix stands together: whoever reads stops behind it. */
export const LIST = "SELECT key FROM entry WHERE key >= ? AND key > ? ORDER BY key LIMIT ?";

/** The scripts that lead from `version` to the newest; undefined where a newer Sluice has written the database. */
export function migrationsFrom(version: number, migrations: readonly string[] = MIGRATIONS): readonly string[] | undefined {
  return version > migrations.length ? undefined : migrations.slice(version);
}
