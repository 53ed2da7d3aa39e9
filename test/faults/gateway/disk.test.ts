/** Disks that are full or read-only, and storage files that are damaged or another's: told, with a cure, and never the end of what is not on them. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import { type Sink, until } from "../../contract/sinks.ts";
import { endAll, folder, Gateway, requestOf, sinkFor, yamlOf } from "./gateway.ts";

afterAll(endAll);

/** Spans of each request, some 200 KB. */
const LARGE = 301;
const BULK = requestOf(1, LARGE - 1);
const REQUESTS_MAX = 100;

const RETRY = "retry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0}";

/** The `seed`th large request: two requests laid end to end are one. */
function largeOf(seed: number): Uint8Array {
  return Buffer.concat([BULK, requestOf(seed + 1, 1)]);
}

/** Bodies arrive as they were sent, each as often as it is here. */
function digestsOf(bodies: readonly Uint8Array[]): string[] {
  return bodies.map((body) => createHash("sha1").update(body).digest("hex")).toSorted();
}

/** Runs what follows in a mount namespace of its own with a file system in memory at `path`. */
function mounted(path: string, options: string): readonly string[] {
  return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o "$1" none "$0" && shift && exec "$@"', path, options];
}

/** Not in containers that forbid user namespaces. */
const MOUNTS = spawnSync("unshare", [...mounted("/mnt", "size=1m").slice(1), "true"]).status === 0;

interface Stored {
  readonly gateway: Gateway;
  /** Behind a durable queue. */
  readonly kept: Sink;
  /** Without one. */
  readonly direct: Sink;
  /** Whether `kept` answers 503. */
  down: boolean;
}

async function started(directory: string, storage: string, wrapper: readonly string[] = []): Promise<Stored> {
  const answers = { down: true };
  const kept = await sinkFor((_request, response) => void response.writeHead(answers.down ? 503 : 200).end());
  const direct = await sinkFor();
  const exporters = {
    "otlp_http/kept": `endpoint: "${kept.url}", sending_queue: {storage: file_storage, durability: write_first}, ${RETRY}`,
    "otlp_http/direct": `endpoint: "${direct.url}"`,
  };
  const gateway = await Gateway.start(yamlOf({ directory, storage, exporters }), wrapper);
  return Object.assign(answers, { gateway, kept, direct });
}

/** Sends until it is refused; what was acknowledged. */
async function fill({ direct, gateway }: Stored): Promise<Uint8Array[]> {
  const taken: Uint8Array[] = [];
  for (let seed = 1; seed <= REQUESTS_MAX; seed++) {
    const body = largeOf(seed);
    const { headers, status } = await gateway.export(body);
    expect(direct.bodies.length).toBe(seed);
    if (status === 200) taken.push(body);
    else {
      expect([status, Number(headers["retry-after"]) > 0]).toEqual([503, true]);
      return taken;
    }
  }
  throw new Error("The disk was never full");
}

/** The destination is well again: it gets what was acknowledged, once, and the gateway takes more. */
async function expectRecovery(stored: Stored, taken: readonly Uint8Array[]): Promise<void> {
  const { gateway, kept } = stored;
  expect(taken.length).toBeGreaterThan(3);
  expect(await gateway.total("sluice_exporter_store_failures")).toBeGreaterThan(0);
  kept.bodies.length = 0;
  stored.down = false;
  await gateway.drained();
  const more = largeOf(1000);
  for (let status = 0; status !== 200;) ({ status } = await gateway.export(more));
  await gateway.drained();
  // An attempt of before may have been answered with 503 after the list was emptied; nothing was accepted then.
  expect([...new Set(digestsOf(kept.bodies))]).toEqual(digestsOf([...taken, more]));
  expect(await gateway.total("otelcol_exporter_sent_spans", { exporter: "otlp_http/kept" })).toBe((taken.length + 1) * LARGE);
  expect(await gateway.end()).toBe(0);
}

test.concurrent("a file that has its max_size: 503, other destinations have everything, and it takes more when there is room", async () => {
  const stored = await started(folder(), "max_size: 3000000");
  await expectRecovery(stored, await fill(stored));
}, 90_000);

test.runIf(MOUNTS).concurrent(
  "a disk of 8 MB that the queue fills, without room for a reserve",
  async () => {
    const directory = folder();
    const stored = await started(directory, "fsync: true", mounted(directory, "size=8m"));
    await expectRecovery(stored, await fill(stored));
  },
  90_000,
);

test.runIf(MOUNTS).concurrent(
  "a disk that somebody else fills: 503 until there is room again, with the destination still down",
  async () => {
    const directory = folder();
    const stored = await started(directory, "fsync: true", mounted(directory, "size=24m"));
    const filler = `/proc/${stored.gateway.pid}/root${directory}/filler`;
    const file = openSync(filler, "w");
    try {
      for (const piece = new Uint8Array(64 << 10); ;) writeSync(file, piece);
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
    closeSync(file);
    const taken = await fill(stored);
    rmSync(filler);
    for (let seed = 500; taken.length < 10; seed++) {
      const body = largeOf(seed);
      if ((await stored.gateway.export(body)).status === 200) taken.push(body);
    }
    await expectRecovery(stored, taken);
  },
  90_000,
);

test.runIf(MOUNTS).concurrent(
  "a disk that is read-only is an error at the start, with a cure",
  async () => {
    const directory = folder();
    const yaml = yamlOf({ directory, exporters: { otlp_http: `endpoint: "http://127.0.0.1:9"` } });
    const gateway = new Gateway(yaml, mounted(directory, "ro"));
    expect(await gateway.ended).toBe(1);
    expect(gateway.log).toMatch(/Cannot open the storage ".*": it cannot be opened for writing/);
    expect(gateway.log).toContain("Check the owner and the permissions");
  },
  90_000,
);

const FILE = "file_storage.db";

/** The file of a queue that holds ten requests which no destination has, and these. */
async function queued(): Promise<{ readonly file: Buffer; readonly bodies: readonly Uint8Array[] }> {
  const directory = folder();
  const { gateway } = await started(directory, "");
  const bodies = Array.from({ length: 10 }, (_, index) => largeOf(index + 1));
  for (const body of bodies) expect((await gateway.export(body)).status).toBe(200);
  await gateway.end("SIGKILL");
  // Brings the log into the file.
  const database = new DatabaseSync(`${directory}/${FILE}`);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return { file: readFileSync(`${directory}/${FILE}`), bodies };
}

/** Starts on a file; what it says of itself when it does not. */
function startOn(file: Uint8Array, storage = "") {
  const directory = folder();
  const path = `${directory}/${FILE}`;
  writeFileSync(path, file);
  const sink = sinkFor();
  const begin = async (more = storage) => {
    const { url } = await sink;
    const section = `endpoint: "${url}", sending_queue: {storage: file_storage, durability: write_first}, ${RETRY}`;
    return new Gateway(yamlOf({ directory, storage: more, exporters: { "otlp_http/kept": section } }));
  };
  return { directory, path, sink, begin };
}

test.concurrent("another program's database is an error at the start, with a cure, and left as it is, also with recreate", async () => {
  const { begin, path } = startOn(new Uint8Array(0), "recreate: true");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE bookmarks (url TEXT)");
  database.close();
  const before = readFileSync(path);
  const refused = await begin();
  expect(await refused.ended).toBe(1);
  expect(refused.log).toMatch(/it is another program's database[^]*Name another directory/);
  expect(readFileSync(path).equals(before)).toBe(true);
}, 90_000);

test.concurrent("a damaged storage file: cut off it does not start, and recreate puts it aside; with damage in its middle what is whole is delivered", async () => {
  const { bodies, file } = await queued();
  await Promise.all([expectCutOff(file), expectDamagedMiddle(file, bodies)]);
}, 90_000);

async function expectCutOff(whole: Buffer): Promise<void> {
  const cut = whole.subarray(0, whole.length >> 1);
  const { begin, directory, path, sink } = startOn(cut);
  const refused = await begin();
  expect(await refused.ended).toBe(1);
  expect(refused.log).toMatch(/the file is damaged, or no database[^]*recreate: true/);
  expect(readFileSync(path).equals(cut)).toBe(true);
  const again = await begin("recreate: true");
  await again.told("Sluice is ready");
  expect((await again.export(BULK)).status).toBe(200);
  await again.drained();
  expect(digestsOf((await sink).bodies)).toEqual(digestsOf([BULK]));
  expect(await again.end()).toBe(0);
  const aside = readdirSync(directory).find((one) => one.endsWith(".backup"));
  expect(readFileSync(`${directory}/${aside}`).equals(cut)).toBe(true);
}

/** What is damaged is told; that it is given up in the end shows test/runtimes/node/damaged-queue.test.ts. */
async function expectDamagedMiddle(whole: Buffer, bodies: readonly Uint8Array[]): Promise<void> {
  const damaged = Buffer.from(whole);
  damaged.fill(0xa5, damaged.length >> 1, (damaged.length >> 1) + (64 << 10));
  const { begin, sink } = startOn(damaged);
  const gateway = await begin();
  await gateway.told(/ERROR Cannot use the storage of a queue .*: the file is damaged/);
  await gateway.told("Sluice is ready");
  const arrived = (await sink).bodies;
  // 64 KiB lie in two of the bodies at the most.
  await until(() => arrived.length >= bodies.length - 2, "what is whole has arrived", 30_000);
  const digests = digestsOf(arrived);
  expect(digests.length).toBeLessThan(bodies.length);
  expect(digestsOf(bodies).filter((one) => digests.includes(one))).toEqual(digests);
  expect(await gateway.total("sluice_exporter_restored_spans")).toBe(bodies.length * LARGE);
  expect(await gateway.total("otelcol_exporter_sent_spans")).toBe(digests.length * LARGE);
}
