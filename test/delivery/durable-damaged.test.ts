/** What of a storage is damaged holds nothing else up, and is lost in the end, counted. */
import { describe, expect, it } from "vitest";
import { DAMAGED_TRIES, STORAGE_RETRY_MS } from "../../src/delivery/durable/backlog.ts";
import { TestClock } from "../harness/clock.ts";
import { sizesOf } from "./delivery-rig.ts";
import { Disk, durable, type Process, processOn } from "./durable-rig.ts";

const SETTINGS = durable({ durability: "write_first", num_consumers: 1 });

/** A disk with entries of one, two and three items that an earlier process left, and what the second one's body begins with. */
async function left(clock: TestClock): Promise<{ readonly disk: Disk; readonly body: string }> {
  const disk = new Disk();
  const first = await processOn(disk, clock, SETTINGS, { answer: () => new Promise(() => {}) });
  for (let items = 1; items <= 3; items++) await first.send(items);
  first.crash();
  const [, row = ""] = await disk.keys("delivery/body/");
  return { disk, body: row.slice(0, row.lastIndexOf("/") + 1) };
}

async function tries(process: Process, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await process.clock.advance(STORAGE_RETRY_MS);
}

describe("an entry whose body is damaged", () => {
  it("holds nothing up, is tried again, and is lost when it is damaged every time, counted", async () => {
    const clock = new TestClock();
    const { body, disk } = await left(clock);
    disk.damages = (key) => key.startsWith(body);
    const process = await processOn(disk, clock, SETTINGS);
    await tries(process, DAMAGED_TRIES - 2);
    expect(sizesOf(process.arrivals)).toEqual([1, 3]);
    expect(process.books()).toMatchObject({ restored: 6, sent: 4, queued: 2, dropped: 0, size: 1 });
    expect(process.log.join("\n")).toContain("error Cannot use the storage of a queue");
    await tries(process, 2);
    expect(process.books()).toMatchObject({ sent: 4, dropped: 2, queued: 0, size: 0, stored: 0 });
    expect(process.dropped("damaged")).toBe(2);
    expect(process.log.join("\n")).toContain("error Telemetry is lost on the way to a destination");
  });

  it("is delivered when the disk had misread", async () => {
    const clock = new TestClock();
    const { body, disk } = await left(clock);
    disk.damages = (key) => key.startsWith(body);
    const process = await processOn(disk, clock, SETTINGS);
    await tries(process, DAMAGED_TRIES - 2);
    disk.damages = () => false;
    await tries(process, 1);
    expect(process.books()).toMatchObject({ sent: 6, dropped: 0, queued: 0 });
  });

  it("is not lost for a disk that does not answer, however long", async () => {
    const clock = new TestClock();
    const { disk } = await left(clock);
    const get = disk.storage.get.bind(disk.storage);
    let answers = false;
    disk.storage.get = (key) => (answers || !key.startsWith("delivery/body/") ? get(key) : Promise.reject(new TypeError("The disk does not answer")));
    const process = await processOn(disk, clock, SETTINGS);
    await tries(process, 3 * DAMAGED_TRIES);
    expect(process.books()).toMatchObject({ restored: 6, sent: 0, dropped: 0, queued: 6 });
    answers = true;
    await tries(process, 1);
    expect(process.books()).toMatchObject({ sent: 6, queued: 0 });
  });

  it("is deleted as far as that can be: the reference goes, the next start does not find it again, and deletions behind it go on", async () => {
    const clock = new TestClock();
    const { body, disk } = await left(clock);
    disk.damages = (key) => key.startsWith(body);
    const process = await processOn(disk, clock, SETTINGS);
    await tries(process, DAMAGED_TRIES + 1);
    expect(await disk.keys("delivery/queue/")).toEqual([]);
    expect(await disk.keys("delivery/body/")).toEqual([`${body}0000`]);
    expect(process.total("sluice_storage_sweep_failures")).toBeGreaterThan(0);
    await process.send(4);
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 0 });
    process.crash();
    const next = await processOn(disk, clock, SETTINGS);
    await clock.advance(0);
    expect(next.books()).toMatchObject({ restored: 0, queued: 0 });
    next.crash();
    disk.damages = () => false;
    await processOn(disk, clock, SETTINGS);
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});
