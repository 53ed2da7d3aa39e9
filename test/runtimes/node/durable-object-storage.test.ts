/**
 * The storage of a Durable Object over an SQLite in memory that answers as the platform's does: versions,
 * and what becomes of a commit that the platform refuses. On workerd itself the contract is checked
 * (test/contract/storage.test.ts).
 */
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { durableObjectStorage, type ObjectSql } from "../../../src/runtimes/workers/storage.ts";
import { checkStorage } from "../../contract/storage.ts";

function objectSql(sync: () => Promise<void> = () => Promise.resolve()): ObjectSql {
  const database = new DatabaseSync(":memory:");
  const plain = (value: unknown) => (value instanceof Uint8Array ? value.slice().buffer : value);
  return {
    sql: {
      exec: (query, ...bindings) =>
        database
          .prepare(query)
          .all(...bindings)
          .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))),
    },
    transactionSync(closure) {
      database.exec("BEGIN");
      try {
        const value = closure();
        database.exec("COMMIT");
        return value;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    sync,
  };
}

checkStorage("a Durable Object's storage, here", () => Promise.resolve(durableObjectStorage(objectSql())));

const FIRST = ["CREATE TABLE entry (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL) STRICT"];
const SECOND = [...FIRST, "ALTER TABLE entry ADD COLUMN note TEXT NOT NULL DEFAULT 'new'"];
const put = (key: string) => ({ kind: "put" as const, key, value: new Uint8Array([1]) });

it("brings an older version up to date, once, and refuses a newer one", async () => {
  const sql = objectSql();
  await durableObjectStorage(sql, FIRST).commit([put("a")]);
  for (const _ of [1, 2]) expect(await durableObjectStorage(sql, SECOND).get("a")).toEqual(new Uint8Array([1]));
  expect([...sql.sql.exec("SELECT note FROM entry")]).toEqual([{ note: "new" }]);
  expect(() => durableObjectStorage(sql, FIRST)).toThrow("Cannot open the Durable Object's storage: a newer Sluice wrote it, version 2, and this one knows 1");
});

it("leaves an older version as it was when it cannot be brought up to date", async () => {
  const sql = objectSql();
  await durableObjectStorage(sql, FIRST).commit([put("a")]);
  expect(() => durableObjectStorage(sql, [...SECOND, "no SQL at all"])).toThrow(/syntax error/);
  expect(await durableObjectStorage(sql, FIRST).get("a")).toEqual(new Uint8Array([1]));
});

it("says that a commit may be tried again which the platform refused, and keeps nothing of it", async () => {
  const sql = objectSql(() => Promise.reject(new Error("the object is overloaded")));
  const storage = durableObjectStorage(sql, FIRST);
  await expect(storage.commit([put("a")])).rejects.toMatchObject({
    code: "storage",
    retryable: true,
    cause: expect.objectContaining({ message: "the object is overloaded" }),
  });
  sql.sql.exec("CREATE TRIGGER full BEFORE INSERT ON entry WHEN new.key = 'c' BEGIN SELECT RAISE(FAIL, 'too large'); END");
  await expect(storage.commit([put("b"), put("c")])).rejects.toMatchObject({ code: "storage" });
  expect(await storage.get("b")).toBeUndefined();
});
