/**
 * Opens a storage's file: makes it where it is missing, takes it for this process alone, and brings an
 * older version up to date, all in one transaction. Synchronous: runs in the storage's thread.
 *
 * Invariant: while a process has the file, no other gets it. SQLite's exclusive locking mode keeps the
 * lock from the first access to the end, and the operating system frees it with the process, however
 * that ended. The file is never opened by other means here: closing it would free the lock, too.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "../../../base/errors.ts";
import type { OpenStorageOptions } from "../../../base/host.ts";
import { MIGRATIONS, migrationsFrom } from "../../sqlite-schema.ts";
import { isDamage } from "./faults.ts";
import { pathOf } from "./messages.ts";
import { logBytesIn } from "./reserve.ts";

/** Marks a file as a storage of Sluice: `Slui` in ASCII. */
const APPLICATION_ID = 0x53_6c_75_69;
/** Bodies of tens of kilobytes want large pages, commits of a few keys small ones (docs/decisions/017). */
const PAGE_BYTES = 16_384;
const CACHE_KIB = 8192;
const PERMISSIONS = 0o750;
const FILE_PERMISSIONS = 0o600;

/** Opens it. Throws SluiceErrors, and what SQLite throws; nothing is open then. */
export function openFile(options: OpenStorageOptions, migrations: readonly string[] = MIGRATIONS): DatabaseSync {
  checkDirectory(options);
  const path = pathOf(options);
  try {
    return openAt(path, options, migrations);
  } catch (error) {
    if (options.recreate !== true || !isDamage(error)) throw error;
    putAside(path);
    return openAt(path, options, migrations);
  }
}

function checkDirectory({ directory, create, permissions = PERMISSIONS }: OpenStorageOptions): void {
  if (create) mkdirSync(directory, { recursive: true, mode: permissions });
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  const state = found === undefined ? "there is no such directory" : "it is no directory";
  const cure = found === undefined ? "Make it, or set create_directory: true" : "Name a directory";
  throw new SluiceError("storage", `Cannot open a storage in "${directory}": ${state}`, { cure });
}

function openAt(path: string, options: OpenStorageOptions, migrations: readonly string[]): DatabaseSync {
  const isNew = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (isNew) makeFile(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${Math.round(options.timeoutMs)}`);
    // Both are settled by the first write. Asked of a new file alone: they read it, before it is locked.
    if (isNew) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    migrate(database, path, migrations);
    database.exec("COMMIT");
    configure(database, options);
    return database;
  } catch (error) {
    // Ends the transaction, too.
    database.close();
    throw error;
  }
}

/** SQLite would let everybody read it. Its log has the permissions of the file. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", FILE_PERMISSIONS));
  } catch {
    // Somebody else has made it, or nobody can: SQLite says so.
  }
}

function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  const version = numberOf(database, "user_version");
  const owner = numberOf(database, "application_id");
  const foreign = owner === 0 ? database.prepare("SELECT 1 FROM sqlite_master").get() !== undefined : owner !== APPLICATION_ID;
  if (foreign) {
    throw new SluiceError("storage", `Cannot open the storage "${path}": it is another program's database`, { cure: "Name another directory" });
  }
  const scripts = migrationsFrom(version, migrations);
  if (scripts === undefined) {
    throw new SluiceError(
      "storage",
      `Cannot open the storage "${path}": a newer Sluice wrote it, version ${version}, and this one knows ${migrations.length}`,
      {
        cure: "Run that Sluice, or name another directory",
      },
    );
  }
  if (scripts.length === 0) return;
  for (const script of scripts) database.exec(script);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
}

/** What holds for a connection, and is set each time. */
function configure(database: DatabaseSync, { bytesMax = 0, directory, fsync }: OpenStorageOptions): void {
  const logBytes = logBytesIn(directory);
  const pageBytes = numberOf(database, "page_size");
  database.exec("PRAGMA journal_mode = WAL");
  // Beneath macOS's own fsync the disk may still keep things to itself.
  database.exec(`PRAGMA synchronous = ${fsync ? "FULL" : "NORMAL"}; PRAGMA fullfsync = ${fsync ? 1 : 0}`);
  // The log is copied into the file when it has as much, and never grows far beyond it.
  database.exec(`PRAGMA wal_autocheckpoint = ${Math.max(1, Math.ceil(logBytes / pageBytes))}; PRAGMA journal_size_limit = ${logBytes}`);
  database.exec(`PRAGMA cache_size = ${-CACHE_KIB}`);
  if (bytesMax > 0) database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
}

/** A pragma's value. */
export function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

/** Out of the way and not deleted: somebody may want to look at it. */
function putAside(path: string): void {
  const time = new Date().toISOString().replaceAll(/[-:]/g, "");
  for (const suffix of ["", "-wal", "-shm"]) {
    if (statSync(`${path}${suffix}`, { throwIfNoEntry: false }) !== undefined) renameSync(`${path}${suffix}`, `${path}.${time}.backup${suffix}`);
  }
}
