/**
 * Objects as files of one directory, on Node, Bun and Deno: a name's parts are directories and a file.
 * A file is written beside the others under `.writing`, synced, and linked to its name, which fails where
 * there is one: so it is never seen half, and overwrites nothing. Several processes may share a directory.
 *
 * What is no regular file (a symbolic link, a pipe) is no object. Limit: the names of one directory are in
 * memory while it is listed.
 */
import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { access, constants, link, lstat, mkdir, open, readdir, readFile, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SluiceError } from "../../../base/errors.ts";
import { checkObjectName, isObjectName, type ObjectStore } from "../../../base/objects.ts";
import { isErrno, systemError } from "./faults.ts";

const WRITING = ".writing";
/** What a crash left there: no write takes so long. Younger ones may be another process's. */
const LEFT_MS = 60 * 60_000;
const DIRECTORY_PERMISSIONS = 0o750;
const FILE_PERMISSIONS = 0o600;
const PAGE_NAMES = 1000;
const NO_ENTRIES: readonly Dirent[] = [];

/** Opens it, and removes what a crash left. Rejects with `storage` where it is missing, or cannot be read and written. */
export async function openDirectory(directory: string, nowMs: number): Promise<ObjectStore> {
  try {
    const found = await stat(directory);
    if (!found.isDirectory()) throw new SluiceError("storage", `Cannot keep objects in "${directory}": it is no directory`, { cure: "Name a directory" });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    await mkdir(join(directory, WRITING), { recursive: true, mode: DIRECTORY_PERMISSIONS });
    await tidy(join(directory, WRITING), nowMs);
  } catch (error) {
    throw systemError(error, "keep objects in", directory);
  }
  return new Directory(directory);
}

async function tidy(writing: string, nowMs: number): Promise<void> {
  for (const { name } of await entriesOf(writing)) {
    const left = await lstat(join(writing, name)).catch(() => undefined);
    if (left !== undefined && nowMs - left.mtimeMs > LEFT_MS) await removeFile(join(writing, name));
  }
}

class Directory implements ObjectStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(name: string, bytes: Uint8Array): Promise<"kept" | "taken"> {
    checkObjectName(name);
    const path = join(this.#directory, name);
    const written = join(this.#directory, WRITING, randomUUID());
    try {
      await this.#makeDirectories(name);
      await write(written, bytes);
      if (!(await linked(written, path))) return "taken";
      await sync(dirname(path));
      return "kept";
    } catch (error) {
      throw systemError(error, "write", path);
    } finally {
      // What stays, the next start but one removes.
      await unlink(written).catch(() => {});
    }
  }

  async get(name: string, bytesMax: number): Promise<Uint8Array | undefined> {
    checkObjectName(name);
    const path = join(this.#directory, name);
    try {
      const found = await lstat(path);
      if (found.isDirectory()) return undefined;
      if (!found.isFile()) throw damaged(path, "it is no regular file");
      if (found.size > bytesMax) throw damaged(path, `it has ${found.size} bytes, ${bytesMax} at the most`);
      const bytes = await readFile(path);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
      throw systemError(error, "read", path);
    }
  }

  async *list(prefix: string): AsyncGenerator<readonly string[], undefined> {
    let page: string[] = [];
    try {
      for await (const name of this.#walk("", prefix)) {
        if (page.push(name) < PAGE_NAMES) continue;
        yield page;
        page = [];
      }
    } catch (error) {
      throw systemError(error, "list", this.#directory);
    }
    if (page.length > 0) yield page;
    return undefined;
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) {
      checkObjectName(name);
      const path = join(this.#directory, name);
      try {
        await removeFile(path);
      } catch (error) {
        throw systemError(error, "delete", path);
      }
    }
  }

  /** In the order of whole names: what lies in a directory comes where its name with the slash does. */
  async *#walk(before: string, prefix: string): AsyncGenerator<string, undefined> {
    const entries = (await entriesOf(join(this.#directory, before))).flatMap((entry) => {
      const name = `${before}${entry.name}${entry.isDirectory() ? "/" : ""}`;
      const isWanted = entry.isDirectory() ? name.startsWith(prefix) || prefix.startsWith(name) : entry.isFile() && name.startsWith(prefix);
      return isWanted && isObjectName(`${before}${entry.name}`) ? [name] : [];
    });
    for (const name of entries.toSorted((one, other) => (one < other ? -1 : 1))) {
      if (name.endsWith("/")) yield* this.#walk(name, prefix);
      else yield name;
    }
    return undefined;
  }

  /** Those that the name lies in, each synced with the one above it, so that it survives with the file. */
  async #makeDirectories(name: string): Promise<void> {
    let above = this.#directory;
    for (const part of name.split("/").slice(0, -1)) {
      const path = join(above, part);
      if (await made(path)) await sync(above);
      above = path;
    }
  }
}

/** Whether it was missing. Rejects where there is something else, a symbolic link for one: it would not be listed. */
async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: DIRECTORY_PERMISSIONS });
    return true;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  if ((await lstat(path)).isDirectory()) return false;
  throw new SluiceError("storage", `Cannot keep objects in "${path}": it is no directory`, { cure: "Move it away" });
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", FILE_PERMISSIONS);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether the name was free. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** Names are kept only with the directory that has them. */
async function sync(directory: string): Promise<void> {
  const opened = await open(directory, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    // A directory has a name that is no object's. Which error that is, systems do not agree on.
    if (!isErrno(error, "ENOENT", "ENOTDIR") && !(await lstat(path)).isDirectory()) throw error;
  }
}

/** None where the directory is gone. */
async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return NO_ENTRIES;
    throw error;
  }
}

function damaged(path: string, state: string): SluiceError {
  return new SluiceError("storage", `Cannot read "${path}": ${state}`, { damaged: true, cure: "Move it away" });
}
