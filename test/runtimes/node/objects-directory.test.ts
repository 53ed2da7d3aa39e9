/** Objects in a directory: what else may lie there, what a crash leaves, and what is told. The contract: test/contract/objects.test.ts. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDirectory } from "../../../src/runtimes/node/objects/directory.ts";
import { systemError } from "../../../src/runtimes/node/objects/faults.ts";
import { namesIn } from "../../contract/objects.ts";

const BYTES = new Uint8Array([1, 2, 3]);
const HOUR_SECONDS = 3600;
const folder = mkdtempSync(join(tmpdir(), "sluice-directory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function begin() {
  const directory = mkdtempSync(join(folder, "store-"));
  const store = await openDirectory(directory, Date.now());
  return { store, path: (...parts: string[]) => join(directory, ...parts), directory };
}

describe("a directory", () => {
  it("has a file for each object, which its owner alone may read, and nothing else when it is done", async () => {
    const { path, store } = await begin();
    await store.put("a/b/c", BYTES);
    expect(new Uint8Array(readFileSync(path("a", "b", "c")))).toEqual(BYTES);
    const modes = [statSync(path("a", "b", "c")).mode, statSync(path("a", "b")).mode].map((mode) => mode & 0o777);
    expect(modes).toEqual([0o600, 0o750 & ~process.umask()]);
    expect(readdirSync(path(".writing"))).toEqual([]);
    await store.put("a/b/c", BYTES);
    expect([readdirSync(path(".writing")), statSync(path("a", "b", "c")).nlink]).toEqual([[], 1]);
  });

  it("is one for all who have it open", async () => {
    const { directory, store } = await begin();
    const other = await openDirectory(directory, Date.now());
    await store.put("a/1", BYTES);
    expect([await other.put("a/1", BYTES), await other.put("a/2", BYTES)]).toEqual(["taken", "kept"]);
    await other.delete(["a/1"]);
    expect(await namesIn(store)).toEqual(["a/2"]);
  });

  it("leaves alone what is none of its own", async () => {
    const { path, store } = await begin();
    await store.put("a/b", BYTES);
    writeFileSync(path("secret"), "secret");
    mkdirSync(path("elsewhere"));
    writeFileSync(path("elsewhere", "x"), "x");
    for (const name of ["a b", ".hidden", "a\nb", "\u00e9"]) writeFileSync(path("a", name), "x");
    symlinkSync(path("secret"), path("a", "link"));
    symlinkSync(path("nowhere"), path("a", "dangling"));
    symlinkSync(path("elsewhere"), path("linked"));
    expect(await namesIn(store)).toEqual(["a/b", "elsewhere/x", "secret"]);
    await expect(store.get("a/link", 100)).rejects.toMatchObject({ code: "storage", damaged: true, message: expect.stringContaining("it is no regular file") });
    expect(await store.put("a/link", BYTES)).toBe("taken");
    expect(await store.put("a/dangling", BYTES)).toBe("taken");
    await expect(store.put("linked/y", BYTES)).rejects.toThrow("it is no directory");
    await store.delete(["a/link", "a/dangling"]);
    expect([existsSync(path("secret")), existsSync(path("a", "link")), readdirSync(path("elsewhere"))]).toEqual([true, false, ["x"]]);
  });

  it("removes at its start what a crash left, and not what another process writes", async () => {
    const { directory, path } = await begin();
    const old = Date.now() / 1000 - 2 * HOUR_SECONDS;
    for (const name of ["old", "young"]) writeFileSync(path(".writing", name), "half");
    utimesSync(path(".writing", "old"), old, old);
    const store = await openDirectory(directory, Date.now());
    expect([readdirSync(path(".writing")), await namesIn(store)]).toEqual([["young"], []]);
  });

  it("that is missing, or none, is an error with a cure", async () => {
    const { directory, path } = await begin();
    await expect(openDirectory(path("missing"), 0)).rejects.toMatchObject({
      code: "storage",
      retryable: false,
      message: expect.stringContaining(`Cannot keep objects in "${path("missing")}": there is no such directory`),
      cure: "Make it",
    });
    writeFileSync(path("file"), "");
    await expect(openDirectory(path("file"), 0)).rejects.toMatchObject({ message: expect.stringContaining("it is no directory"), cure: "Name a directory" });
    const store = await openDirectory(directory, 0);
    await expect(store.put("file/a", BYTES)).rejects.toMatchObject({ code: "storage", cure: "Move it away" });
  });

  it("that goes away meanwhile is told, and is no reason to end", async () => {
    const { directory, store } = await begin();
    rmSync(directory, { recursive: true });
    await expect(store.put("a/b", BYTES)).rejects.toMatchObject({ code: "storage", message: expect.stringContaining("there is no such directory") });
    expect([await store.get("a/b", 1), await namesIn(store)]).toEqual([undefined, []]);
    await store.delete(["a/b"]);
  });
});

describe("errors of the system", () => {
  const failure = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

  it.each([
    ["ENOSPC", true, "the disk is full", "Make room"],
    ["EDQUOT", true, "the quota is used up", "Make room"],
    ["EACCES", false, "permission denied", "Check the owner"],
    ["EROFS", false, "read-only", "can be written"],
    ["ENOTSUP", false, "no hard links", "another file system"],
    ["EIO", true, "the disk failed", "Check the disk"],
  ])("%s is told with its cure", (code, retryable, state, cure) => {
    const error = systemError(failure(code), "write", "/a");
    expect(error).toMatchObject({ code: "storage", retryable, cure: expect.stringContaining(cure) });
    expect(error.message).toContain(`Cannot write "/a": `);
    expect(error.message).toContain(state);
    expect(error.message).toContain(`(${code}: it failed)`);
  });

  it("that nobody knows may pass", () => {
    expect(systemError(failure("EWHAT"), "write", "/a")).toMatchObject({
      retryable: true,
      message: 'Cannot write "/a": the system refused it (EWHAT: it failed)',
    });
    expect(systemError("odd", "write", "/a").message).toBe('Cannot write "/a": the system refused it (odd)');
  });
});
