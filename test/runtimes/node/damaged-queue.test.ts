/** A queue over an SQLite file of which pages in the middle are damaged: what is whole is delivered, the rest is lost, counted, and nothing stands still. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DAMAGED_TRIES, STORAGE_RETRY_MS } from "../../../src/delivery/durable/backlog.ts";
import { openStorage } from "../../../src/runtimes/node/storage/storage.ts";
import { TestClock } from "../../harness/clock.ts";
import { deliveryRig, type DeliveryRig, requestOf } from "../../delivery/delivery-rig.ts";
import { durable } from "../../delivery/durable-rig.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-damaged-"));
afterAll(() => rmSync(directory, { recursive: true }));

const OPTIONS = { directory, create: true, fsync: false, timeoutMs: 100, name: "queue" };
const SETTINGS = durable({ durability: "write_first", num_consumers: 1 });
const REQUESTS = 10;
const ITEMS = 200;
const DAMAGED_BYTES = 64 << 10;

/** Lets the storage's thread answer what it was asked. */
async function settled(rig: DeliveryRig): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await rig.clock.advance(0);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

it("what is whole is delivered, the rest is given up after some tries, and the file is in use as before", async () => {
  const clock = new TestClock();
  const before = await openStorage(OPTIONS);
  const first = deliveryRig(SETTINGS, { storage: before, clock });
  first.answer = () => new Promise(() => {});
  await first.exporter.start?.();
  for (let turn = 0; turn < REQUESTS; turn++) expect((await first.send(ITEMS)).kind).toBe("accepted");
  await before.close();

  const path = join(directory, "queue.db");
  const file = readFileSync(path);
  const middle = file.length >> 1;
  file.fill(0xa5, middle, middle + DAMAGED_BYTES);
  writeFileSync(path, file);

  const storage = await openStorage(OPTIONS);
  const rig = deliveryRig(SETTINGS, { storage, clock });
  await rig.exporter.start?.();
  // Once for each try, and once more for what waits for its place in memory behind those before it.
  for (let turn = 0; turn < 3 * DAMAGED_TRIES && rig.books().queued > 0; turn++) {
    await settled(rig);
    await clock.advance(STORAGE_RETRY_MS);
  }
  const { dropped, queued, restored, sent } = rig.books();
  expect({ restored, queued }).toEqual({ restored: REQUESTS * ITEMS, queued: 0 });
  expect(rig.dropped("damaged")).toBe(dropped);
  // 64 KiB lie in two of the bodies at the most.
  expect([ITEMS, 2 * ITEMS]).toContain(dropped);
  expect(sent).toBe(REQUESTS * ITEMS - dropped);
  const whole = new Set(Array.from({ length: REQUESTS }, (_, index) => textOf(requestOf("traces", ITEMS, index + 1))));
  for (const { bytes } of rig.arrivals) expect(whole.has(textOf(bytes))).toBe(true);

  expect((await rig.send(3)).kind).toBe("accepted");
  await settled(rig);
  expect(rig.books()).toMatchObject({ queued: 0, sent: sent + 3 });
  await rig.stop(1000);
  for (let turn = 0; turn < 5; turn++) await settled(rig);
  // What is delivered is not found again; a reference that lies in a damaged page itself cannot be deleted.
  expect((await storage.list("delivery/queue/", 100)).length).toBeLessThanOrEqual(dropped / ITEMS);
  await storage.close();
});
