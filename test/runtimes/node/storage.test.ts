/**
 * Storage in an SQLite file: who may have it, what happens to commits that wait together, to one that
 * fails, to a file that is damaged, old, new or another's, and to those who wait when the thread ends.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { SluiceError } from "../../../src/base/errors.ts";
import type { OpenStorageOptions } from "../../../src/base/host.ts";
import { Database } from "../../../src/runtimes/node/storage/database.ts";
import { errorOf, faultOf } from "../../../src/runtimes/node/storage/faults.ts";
import { pathOf } from "../../../src/runtimes/node/storage/messages.ts";
import { openFile } from "../../../src/runtimes/node/storage/open.ts";
import { Reserve } from "../../../src/runtimes/node/storage/reserve.ts";
import { openStorage, startThread, ThreadStorage } from "../../../src/runtimes/node/storage/storage.ts";
import { StorageProcess } from "./storage-process.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-storage-"));
afterAll(() => rmSync(root, { recursive: true }));
let directories = 0;

/** A file in a directory of its own. */
function place(options: Partial<OpenStorageOptions> = {}): OpenStorageOptions {
  return { directory: join(root, `d${directories++}`), create: true, fsync: false, timeoutMs: 100, name: "file_storage", ...options };
}

function put(key: string, length = 10, fill = 1) {
  return { kind: "put" as const, key, value: new Uint8Array(length).fill(fill) };
}

/** The database of an opened file, with as much room as it wants. */
function databaseAt(at: OpenStorageOptions, options: Partial<OpenStorageOptions> & { readonly migrations?: readonly string[] } = {}): Database {
  const { migrations, ...more } = options;
  const reserve = { isTight: () => false, take: () => true, release: () => false };
  return new Database(openFile({ ...at, ...more }, migrations), pathOf(at), reserve);
}

/** What a commit is to the thread: one put a key, each of `length` bytes. */
function packed(keys: readonly string[], length: number) {
  const bytes = keys.length * length;
  return {
    changes: keys.map((key, index) => ({ key, buffer: 0, start: index * length, end: (index + 1) * length })),
    buffers: [new ArrayBuffer(bytes)],
    bytes,
  };
}

/** And one that deletes. */
function deleting(keys: readonly string[]) {
  return { changes: keys.map((key) => ({ key })), buffers: [], bytes: 0 };
}

/** What it throws, which must be of code `storage`, with a cure unless `cure` is false. */
async function failure(attempt: () => unknown): Promise<SluiceError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new TypeError("It did not fail");
}

/** What opening it fails with, as the thread says it. */
function refusal(at: OpenStorageOptions): SluiceError {
  try {
    openFile(at).close();
  } catch (error) {
    return errorOf(faultOf(error, "open", pathOf(at)));
  }
  throw new TypeError("It opened");
}

/** A damaged copy of a file with a few values in it. */
function damagedBy(damage: (path: string) => void): OpenStorageOptions {
  const at = place();
  const database = databaseAt(at);
  database.commit([
    packed(
      Array.from({ length: 40 }, (_, index) => `k${index}`),
      20_000,
    ),
  ]);
  database.close();
  damage(pathOf(at));
  return at;
}

function garble(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, bytes.length / 4);
  writeFileSync(path, bytes);
}

describe("an SQLite file", () => {
  it("keeps what was committed for whoever opens it next, and gives the thread's end back", async () => {
    const at = place({ fsync: true });
    const storage = await openStorage(at);
    await storage.commit([put("a", 3, 7), put("b")]);
    await Promise.all([storage.close(), storage.close()]);
    expect((await failure(() => storage.get("a"))).message).toBe(`Cannot use the storage "${pathOf(at)}": it is closed`);
    expect(readdirSync(at.directory)).not.toContain("file_storage.db-wal");
    expect(statSync(pathOf(at)).mode & 0o777).toBe(0o600);
    const again = await openStorage(at);
    expect(await again.get("a")).toEqual(new Uint8Array([7, 7, 7]));
    expect(await again.list("", 10)).toEqual(["a", "b"]);
    await again.close();
  });

  it("answers what was asked before it was closed", async () => {
    const storage = await openStorage(place());
    const kept = storage.commit([put("a")]);
    const read = storage.get("a");
    await storage.close();
    await expect(kept).resolves.toBeUndefined();
    expect(await read).toHaveLength(10);
  });

  it.each<readonly [how: string, end: (worker: Worker, storage: ThreadStorage) => unknown, state: RegExp]>([
    ["is ended", (worker) => worker.terminate(), /its thread has ended$/],
    ["fails", (_worker, storage) => storage.get("out of luck").catch(() => undefined), /its thread failed: .*out of luck/],
  ])("tells those who wait, and those who ask later, when its thread %s", async (_how, end, state) => {
    // It opens, and never answers.
    const script = `import { parentPort } from "node:worker_threads";
      parentPort.on("message", ({ key }) => { if (key !== undefined) throw new Error(key); });
      parentPort.postMessage([{ id: 0 }]);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    const storage = await ThreadStorage.open(worker, "/q.db");
    const waiting = [failure(() => storage.commit([put("a")])), failure(() => storage.list("", 1))];
    await end(worker, storage);
    for (const error of await Promise.all(waiting)) expect(error.message).toMatch(state);
    for (const ask of [() => storage.get("a"), () => storage.list("", 1), () => storage.commit([])]) {
      expect(await failure(ask)).toMatchObject({
        code: "storage",
        message: expect.stringMatching(/^Cannot use the storage "\/q.db": /),
        cure: "Start the gateway again",
      });
    }
    await storage.close();
  });

  it("is free for the next when its thread has ended, however that was", async () => {
    const at = place();
    const worker = startThread(at);
    await (await ThreadStorage.open(worker, pathOf(at))).commit([put("a")]);
    await worker.terminate();
    const next = await openStorage({ ...at, timeoutMs: 5000 });
    expect(await next.get("a")).toHaveLength(10);
    await next.close();
  });

  it("keeps no process alive, and answers before it ends", async () => {
    const child = new StorageProcess(
      place(),
      "const kept = storage.commit([{ kind: 'put', key: 'a', value: new Uint8Array(9) }]).then(() => console.log('kept'));",
    );
    expect(await child.ended).toBe(0);
    expect(child.output).toContain("kept");
  });
});

describe("two processes", () => {
  it("never have one file: the second is refused, until the first is killed", async () => {
    const at = place({ fsync: true });
    const first = new StorageProcess(
      at,
      "await storage.commit([{ kind: 'put', key: 'a', value: new Uint8Array(9) }]); console.log('has it'); setInterval(() => {}, 1000);",
    );
    await first.until("has it");
    const refused = await failure(() => openStorage(at));
    expect(refused).toMatchObject({
      code: "storage",
      message: `Cannot open the storage "${pathOf(at)}": another process or gateway has it (database is locked)`,
      cure: "Stop that one, or give this one a directory of its own",
    });
    first.kill();
    await first.ended;
    const storage = await openStorage({ ...at, timeoutMs: 5000 });
    expect(await storage.get("a")).toHaveLength(9);
    // And the other way round.
    const second = new StorageProcess(at, "");
    expect(await second.ended).not.toBe(0);
    expect(second.output).toContain("another process or gateway has it");
    await storage.commit([put("b")]);
    await storage.close();
  });

  it("killed in the middle of commits leaves whole ones, and all that were answered", async () => {
    const at = place();
    const child = new StorageProcess(
      at,
      `for (let n = 0; ; n++) {
        const value = new Uint8Array(50_000).fill(n % 256);
        await storage.commit(["a", "b"].map((side) => ({ kind: "put", key: side + String(n).padStart(6, "0"), value })));
        console.log("kept " + n + ";");
      }`,
    );
    await child.until("kept 20;");
    child.kill();
    await child.ended;
    const answered = Number(/kept (\d+);(?!.*kept \d+;)/s.exec(child.output)?.[1]);
    const storage = await openStorage({ ...at, timeoutMs: 5000 });
    const [left, right] = await Promise.all(["a", "b"].map((side) => storage.list(side, 100_000)));
    expect(left?.map((key) => key.slice(1))).toEqual(right?.map((key) => key.slice(1)));
    expect(left?.length).toBeGreaterThan(answered);
    expect(await storage.get(`b${String(answered).padStart(6, "0")}`)).toEqual(new Uint8Array(50_000).fill(answered % 256));
    await storage.close();
  });
});

describe("commits that wait together", () => {
  const withLimit = () => {
    const at = place({ bytesMax: 1 << 20 });
    return databaseAt(at);
  };

  it("fail each for itself: what fits is kept, what does not is not, and may be tried again", () => {
    const database = withLimit();
    const group = [packed(["a1", "a2"], 1000), packed(["b1", "b2"], 900_000), packed(["c1", "c2"], 1000)];
    const faults = database.commit(group);
    expect(faults.map((fault) => fault?.message)).toEqual([
      undefined,
      expect.stringMatching(/^Cannot commit to the storage ".*": the disk is full, or the file has its max_size \(database or disk is full\)$/),
      undefined,
    ]);
    expect(faults[1]).toMatchObject({ retryable: true, cure: "Make room on the disk, or raise max_size" });
    expect(database.list("", 10, "")).toEqual(["a1", "a2", "c1", "c2"]);
    expect(database.commit([packed(["b1"], 900_000)])).toEqual([undefined]);
    expect(database.commit([packed(["b2"], 900_000)])[0]?.retryable).toBe(true);
    expect(database.commit([deleting(["b1"])])).toEqual([undefined]);
    expect(database.commit([packed(["b2"], 900_000)])).toEqual([undefined]);
    database.close();
  });

  it("are one transaction: together they write no more than one does, and a little", () => {
    const at = place();
    const database = databaseAt(at);
    const logBytes = () => statSync(`${pathOf(at)}-wal`).size;
    expect(database.commit(Array.from({ length: 50 }, (_, index) => packed([`k${index}`], 100)))).toEqual(Array(50).fill(undefined));
    const together = logBytes();
    for (let index = 0; index < 50; index++) database.commit([packed([`l${index}`], 100)]);
    const alone = logBytes() - together;
    expect(together).toBeLessThan(100_000);
    expect(alone).toBeGreaterThan(10 * together);
    database.close();
  });

  it("reach whoever waits for them as errors that say whether to try again", async () => {
    const storage = await openStorage(place({ bytesMax: 1 << 20 }));
    const [small, large, other] = await Promise.allSettled([
      storage.commit([put("a")]),
      storage.commit([put("b", 1_000_000), put("c", 1_000_000)]),
      storage.commit([put("d")]),
    ]);
    expect([small.status, other.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(large).toMatchObject({ status: "rejected", reason: { code: "storage", retryable: true } });
    expect(await storage.list("", 10)).toEqual(["a", "d"]);
    await storage.close();
  });
});

describe("room", () => {
  it("that became free is used again, and given back in steps where it is much", () => {
    const at = place();
    const database = databaseAt(at);
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    const bytes = () => statSync(pathOf(at)).size;
    for (let turn = 0; turn < 2; turn++) {
      expect(database.commit(keys.map((key) => packed([key], 400_000)))).not.toContainEqual(expect.anything());
      database.commit([deleting(keys)]);
    }
    expect(bytes()).toBeGreaterThan(32 << 20);
    expect(bytes()).toBeLessThan(48 << 20);
    let steps = 1;
    while (database.tidy()) steps++;
    expect(steps).toBeGreaterThan(10);
    expect(steps).toBeLessThan(40);
    expect(bytes()).toBeLessThan(10 << 20);
    expect(database.tidy()).toBe(false);
    expect(database.commit([packed(["a"], 10)])).toEqual([undefined]);
    database.close();
  });

  it("of the log is bounded", () => {
    const at = place();
    const database = databaseAt(at);
    for (let turn = 0; turn < 60; turn++) database.commit([packed([`k${turn % 4}`], 1_500_000)]);
    expect(statSync(`${pathOf(at)}-wal`).size).toBeLessThan(20 << 20);
    database.close();
  });
});

describe("a full disk", () => {
  /** A file that cannot grow, and room that a reserve has for it. */
  function fullDisk() {
    const at = place();
    const file = openFile(at);
    let tight = false;
    const grow = (pages: number) => file.exec(`PRAGMA max_page_count = ${pages}`);
    const reserve = {
      isTight: () => tight,
      take: () => true,
      release: () => {
        if (tight) return false;
        tight = true;
        grow(1000);
        return true;
      },
    };
    const database = new Database(file, pathOf(at), reserve);
    database.commit([packed(["a", "b", "c"], 200_000)]);
    grow(1);
    return {
      database,
      comeBack: () => {
        tight = false;
        grow(1000);
      },
    };
  }

  it("takes what makes room, and refuses the rest, until it has room again", () => {
    const { database, comeBack } = fullDisk();
    const group = [packed(["d"], 400_000), deleting(["a"]), packed(["e"], 10)];
    const full = expect.objectContaining({ retryable: true, message: expect.stringContaining("the disk is full") });
    expect(database.commit(group)).toEqual([full, undefined, full]);
    const note = { changes: [{ key: "b" }, { key: "note", buffer: 0, start: 0, end: 4096 }], buffers: [new ArrayBuffer(4096)], bytes: 4096 };
    const tooMuch = { changes: [{ key: "c" }, { key: "note", buffer: 0, start: 0, end: 4097 }], buffers: [new ArrayBuffer(4097)], bytes: 4097 };
    expect(database.commit([note, tooMuch])).toEqual([undefined, full]);
    expect(database.list("", 10, "")).toEqual(["c", "note"]);
    comeBack();
    expect(database.commit(group)).toEqual([undefined, undefined, undefined]);
    expect(database.list("", 10, "")).toEqual(["c", "d", "e", "note"]);
    database.close();
  });

  it("has a reserve, which is taken where there is twice the room, found again, and not given away before it is needed", () => {
    const path = join(root, "reserve");
    const reserve = new Reserve(path, 3 << 19);
    expect(reserve.isTight()).toBe(false);
    expect(reserve.release()).toBe(false);
    expect(reserve.take()).toBe(true);
    expect(statSync(path).size).toBe(3 << 19);
    expect(reserve.release()).toBe(false);
    expect(new Reserve(path, 3 << 19).take()).toBe(true);
    // More than any disk has: it is as if this one were full.
    const larger = new Reserve(path, 2 ** 60);
    expect(larger.take()).toBe(false);
    expect(larger.release()).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(larger.isTight()).toBe(true);
    expect(larger.release()).toBe(false);
  });
});

describe("versions", () => {
  const first = ["CREATE TABLE entry (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL) STRICT"];
  const second = [...first, "ALTER TABLE entry ADD COLUMN note TEXT NOT NULL DEFAULT 'new'; INSERT INTO entry (key, value) VALUES ('z', x'00')"];

  it("that are older are brought up to date, once, and keep what they have", () => {
    const at = place();
    const old = databaseAt(at, { migrations: first });
    old.commit([packed(["a"], 10)]);
    old.close();
    for (const _ of [1, 2]) {
      const opened = openFile(at, second);
      expect(opened.prepare("SELECT key, note FROM entry ORDER BY key").all()).toEqual([
        { key: "a", note: "new" },
        { key: "z", note: "new" },
      ]);
      expect(opened.prepare("PRAGMA user_version").get()).toEqual({ user_version: 2 });
      opened.close();
    }
  });

  it("that could not be brought up to date stay as they were", () => {
    const at = place();
    openFile(at, first).close();
    expect(() => openFile(at, [...first, "CREATE TABLE more (a)", "no SQL at all"])).toThrow(/syntax error/);
    const opened = openFile(at, first);
    expect(opened.prepare("SELECT name FROM sqlite_master WHERE name = 'more'").get()).toBeUndefined();
    opened.close();
  });

  it("that are newer are refused", () => {
    const at = place();
    openFile(at, second).close();
    expect(refusal(at)).toMatchObject({
      code: "storage",
      message: `Cannot open the storage "${pathOf(at)}": a newer Sluice wrote it, version 2, and this one knows 1`,
      cure: "Run that Sluice, or name another directory",
    });
  });

  it("of another program are refused, and left as they are", () => {
    const at = place();
    mkdirSync(at.directory);
    const foreign = new DatabaseSync(pathOf(at));
    foreign.exec("CREATE TABLE bookmarks (url TEXT)");
    foreign.close();
    const before = readFileSync(pathOf(at));
    expect(refusal(at).message).toMatch(/it is another program's database$/);
    expect(readFileSync(pathOf(at))).toEqual(before);
  });
});

describe("what cannot be opened says why, and what to do", () => {
  it("a directory that is not there", () => {
    const at = place({ create: false });
    expect(refusal(at)).toMatchObject({
      code: "storage",
      message: `Cannot open a storage in "${at.directory}": there is no such directory`,
      cure: "Make it, or set create_directory: true",
    });
  });

  it("a directory that is a file", () => {
    const at = place({ create: false });
    writeFileSync(at.directory, "");
    expect(refusal(at).message).toMatch(/it is no directory$/);
  });

  it("a directory without permission to write, as whoever is not root sees it", async () => {
    const at = place({ create: false });
    mkdirSync(at.directory, { mode: 0o555 });
    const child = new StorageProcess(at, "", { unprivileged: true });
    expect(await child.ended).not.toBe(0);
    expect(child.output).toContain("it cannot be opened for writing");
    expect(child.output).toContain("Check the owner and the permissions");
  });

  it("a name that is a directory", () => {
    const at = place();
    mkdirSync(pathOf(at), { recursive: true });
    expect(refusal(at).message).toMatch(/it cannot be opened for writing/);
  });

  it.each<readonly [name: string, damage: (path: string) => void]>([
    ["a file that is no database", (path) => writeFileSync(path, "a text of some length, and no database".repeat(1000))],
    ["a file that is cut off", (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ])("%s, unless it may be put aside", (_name, damage) => {
    const at = damagedBy(damage);
    expect(refusal(at)).toMatchObject({
      code: "storage",
      retryable: false,
      message: expect.stringMatching(/^Cannot open the storage ".*": the file is damaged, or no database \(/),
      cure: expect.stringContaining("recreate: true"),
    });
    const database = databaseAt(at, { recreate: true });
    expect(database.list("", 10, "")).toEqual([]);
    database.close();
    expect(readdirSync(at.directory)).toContainEqual(expect.stringMatching(/^file_storage\.db\.\d{8}T.*\.backup$/));
  });

  it("a value in a damaged part of the file, when it is asked for", async () => {
    const at = damagedBy(garble);
    const storage = await openStorage(at);
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => storage.get(`k${index}`)));
    const failed = results.filter((result) => result.status === "rejected");
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed)
      expect(reason).toMatchObject({ code: "storage", message: expect.stringMatching(/^Cannot read the storage ".*": the file is damaged/) });
    await storage.close();
  });

  it("a log that is torn gives the commits before the tear", async () => {
    const at = place();
    const source = place();
    const database = databaseAt(at);
    for (const key of ["a", "b", "c"]) database.commit([packed([key], 50_000)]);
    cpSync(at.directory, source.directory, { recursive: true });
    const log = `${pathOf(source)}-wal`;
    truncateSync(log, statSync(log).size - 1000);
    const torn = databaseAt(source);
    expect(torn.list("", 10, "")).toEqual(["a", "b"]);
    torn.close();
    database.close();
  });
});
