/** The `file_storage` extension: its keys as the Collector has them, and one storage for all who ask. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import type { Host, OpenStorageOptions } from "../../src/base/host.ts";
import { fileStorage } from "../../src/extensions/file-storage.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Health } from "../../src/pipeline/health.ts";
import { MemoryStorage } from "../contract/storage-faults.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

/** A host that gives storages in memory, and keeps what it was asked for. */
function hostWith(open: () => Promise<MemoryStorage> = () => Promise.resolve(new MemoryStorage())) {
  const asked: OpenStorageOptions[] = [];
  const openStorage = (options: OpenStorageOptions) => {
    asked.push(options);
    return open();
  };
  const host: Host = { ...bareHost, openStorage };
  return { host, asked };
}

function create(settings: unknown, host: Host, id = "file_storage") {
  const extension = fileStorage.create(fileStorage.schema.parse(settings), { id, host, logger: host.logger });
  const start = () => extension.start({ host, counters: new Counters(), engine: testEngine(1 << 20), health: new Health(host.clock) });
  // One that stores has it.
  const storage = () => extension.storage?.() ?? Promise.reject(new TypeError("It stores nothing"));
  return { extension, start, storage };
}

async function optionsOf(settings: unknown, id?: string) {
  const { host, asked } = hostWith();
  await create(settings, host, id).start();
  return asked[0];
}

describe("keys", () => {
  it("have the Collector's defaults", async () => {
    expect(await optionsOf({})).toEqual({
      directory: "/var/lib/otelcol/file_storage",
      create: false,
      permissions: 0o750,
      timeoutMs: 1000,
      fsync: false,
      bytesMax: 0,
      recreate: false,
      name: "file_storage",
    });
  });

  it("reach the platform", async () => {
    const settings = {
      directory: "q",
      create_directory: true,
      directory_permissions: "0700",
      timeout: "5s",
      fsync: true,
      max_size: 1 << 24,
      recreate: true,
      compaction: { on_start: true, directory: "/tmp", max_transaction_size: 65536, on_rebound: true, check_interval: "5s" },
    };
    expect(await optionsOf(settings)).toMatchObject({
      directory: "q",
      create: true,
      permissions: 0o700,
      timeoutMs: 5000,
      fsync: true,
      bytesMax: 1 << 24,
      recreate: true,
    });
  });

  it.each([
    ["file_storage/queue", "file_storage~002Fqueue"],
    ["file_storage/a b/ü~..", "file_storage~002Fa~0020b~002F~00FC~007E.."],
  ])("give the file of %s a name of its own", async (id, name) => {
    expect(await optionsOf({}, id)).toMatchObject({ name });
  });

  it.each<readonly [settings: Readonly<Record<string, unknown>>, fault: string]>([
    [{ directory: "" }, "directory"],
    [{ directory_permissions: 0o750 }, 'write it in quotes, in octal digits: "0750"'],
    [{ directory_permissions: "888" }, '"888" is no permission in octal digits: write it like "0750"'],
    [{ directory_permissions: "7777" }, '"7777" is no permission in octal digits'],
    [{ timeout: "soon" }, '"soon" is no duration'],
    [{ max_size: -1 }, "max_size"],
    [{ max_size: 1000 }, "must be 0 or at least 1048576"],
    [{ fsyncs: true }, "fsyncs"],
    [{ compaction: { on_stat: true } }, "on_stat"],
  ])("%j is refused", (settings, fault) => {
    const parsed = fileStorage.schema.safeParse(settings);
    expect(JSON.stringify(parsed.error?.issues ?? "").replaceAll(String.raw`\"`, '"')).toContain(fault);
  });
});

describe("the storage", () => {
  it("is one for all, may be asked for before the start, and is closed at the end", async () => {
    const storage = new MemoryStorage();
    let closed = 0;
    storage.close = async () => void closed++;
    const { host, asked } = hostWith(() => Promise.resolve(storage));
    const made = create({}, host);
    const early = made.storage();
    expect(asked).toEqual([]);
    await made.start();
    expect(await early).toBe(storage);
    expect(await made.storage()).toBe(storage);
    expect(asked).toHaveLength(1);
    await made.extension.stop(0);
    expect(closed).toBe(1);
  });

  it("that cannot be opened stops the start, and is told to whoever asked", async () => {
    const { host } = hostWith(() => Promise.reject(new SluiceError("storage", "Cannot open the storage: another process has it")));
    const made = create({}, host);
    const early = made.storage();
    await expect(made.start()).rejects.toMatchObject({
      code: "storage",
      path: "extensions.file_storage",
      message: expect.stringContaining("another process has it"),
    });
    await expect(early).rejects.toThrow("another process has it");
    await made.extension.stop(0);
  });

  it("is an error where the platform has no files", () => {
    expect(() => create({}, { ...bareHost, runtime: "workers" })).toThrow(
      expect.objectContaining({
        code: "config",
        path: "extensions.file_storage",
        message: 'Cannot use extension "file_storage" on Workers: there are no files',
        cure: "Take it out of service.extensions, or run Sluice on Node, Bun or Deno",
      }),
    );
  });
});
