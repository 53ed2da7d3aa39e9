/** `durability: write_first`: answered when the storage has it, then delivered. */
import { describe, expect, it } from "vitest";
import { TestClock } from "../harness/clock.ts";
import { ACCEPTED, held, LATER, REFUSED, requestOf, sizesOf } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const WRITE_FIRST = durable({ durability: "write_first" });

async function begin(settings = WRITE_FIRST) {
  const disk = new Disk();
  const clock = new TestClock();
  const process = await processOn(disk, clock, settings);
  disk.commits = 0;
  return { disk, clock, process };
}

describe("a sender", () => {
  it("is answered by the commit, and neither before it nor by the destination", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => new Promise(() => {});
    disk.commitMs = 50;
    let answered: unknown;
    void process.send(5).then((outcome) => (answered = outcome));
    await clock.advance(49);
    expect([answered, process.arrivals.length]).toEqual([undefined, 0]);
    await clock.advance(1);
    expect(answered).toEqual(ACCEPTED);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ queued: 5, inFlight: 1 });
  });

  it("is told to send it again when the storage fails, and nothing was sent", async () => {
    const { disk, process } = await begin();
    disk.fails = () => true;
    expect(await process.send(5)).toEqual({ kind: "retry", message: "cannot store: The disk failed", afterMs: 1000 });
    expect(process.books()).toMatchObject({ offered: 5, returned: 5, queued: 0, size: 0 });
    expect(process.total("otelcol_exporter_enqueue_failed_spans")).toBe(5);
    expect([process.arrivals.length, process.total("sluice_exporter_store_failures")]).toEqual([0, 1]);
    expect(process.engine.pool.blocks).toBe(0);
  });
});

describe("the healthy way", () => {
  it("is one commit to keep it and one to delete it, and nothing is read back", async () => {
    const { clock, disk, process } = await begin();
    disk.gets = 0;
    expect(await process.send(5)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(process.arrivals.map(({ bytes }) => bytes)).toEqual([requestOf("traces", 5, 1)]);
    expect([disk.commits, disk.gets]).toEqual([2, 0]);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0, stored: 0, size: 0, bytes: 0 });
    expect(process.engine.pool.blocks).toBe(0);
  });

  it("deletes together what ends together", async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    await Promise.all(Array.from({ length: 8 }, () => process.send(1)));
    disk.commits = 0;
    for (const one of waiting.splice(0)) one();
    await clock.advance(0);
    expect(disk.commits).toBe(1);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("an entry", () => {
  it("stays until the destination has it, however often it is tried", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => LATER;
    await process.send(5);
    await clock.advance(60_000);
    expect(process.arrivals.length).toBeGreaterThan(3);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    process.answer = () => ACCEPTED;
    await clock.advance(60_000);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0 });
  });

  it.each([
    ["is refused", () => REFUSED, "refused"],
    ["is rejected in part", () => ({ kind: "partial", rejected: 2, message: "two" }) as const, "rejected"],
    ["has outlived its time", () => LATER, "max_elapsed_time"],
  ] as const)("that %s is over, and counted", async (_, answer, reason) => {
    const { clock, disk, process } = await begin();
    process.answer = answer;
    expect(await process.send(5)).toEqual(ACCEPTED);
    await clock.advance(301_000);
    expect(process.dropped(reason)).toBe(reason === "rejected" ? 2 : 5);
    expect(process.books()).toMatchObject({ queued: 0, returned: 0, size: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("whose deletion fails is not sent again by this process", async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    await process.send(5);
    disk.fails = () => true;
    waiting[0]?.();
    await clock.advance(10_000);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0, stored: 0 });
    expect(process.total("sluice_storage_sweep_failures")).toBeGreaterThan(5);
    disk.fails = () => false;
    await clock.advance(1000);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.arrivals.length).toBe(1);
  });
});

describe("what finds no room in memory", () => {
  const SMALL = durable({ durability: "write_first", num_consumers: 1, held_bytes_max: 1 << 20, queue_size: 10_000 });
  const IN_ORDER = Array.from({ length: 60 }, (_, index) => `r${index + 1}`);

  it("waits in the storage alone, and is read back in order", async () => {
    const { clock, disk, process } = await begin(SMALL);
    const { answer, waiting } = held();
    process.answer = answer;
    for (let turn = 1; turn <= 60; turn++) await process.send(60);
    const books = process.books();
    expect(books.bytes).toBeLessThanOrEqual(1 << 20);
    expect(books.stored).toBeGreaterThan(2 << 20);
    expect((await disk.kept()).entries).toBe(60);
    for (let turn = 1; turn <= 60; turn++) {
      waiting.shift()?.();
      await clock.advance(0);
      expect(process.books().bytes).toBeLessThanOrEqual(1 << 20);
    }
    expect(process.arrivals.map(({ id }) => id)).toEqual(IN_ORDER);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("waits while the storage cannot be read, and keeps its place", async () => {
    const { clock, disk, process } = await begin(SMALL);
    const { answer, waiting } = held();
    process.answer = answer;
    for (let turn = 1; turn <= 60; turn++) await process.send(60);
    disk.fullOfReads = true;
    const { gets } = disk;
    for (let turn = 0; turn < 60; turn++) {
      waiting.shift()?.();
      await clock.advance(0);
    }
    expect(disk.gets).toBeGreaterThan(gets);
    expect(process.books().queued).toBeGreaterThan(0);
    disk.fullOfReads = false;
    process.answer = () => ACCEPTED;
    await clock.advance(2000);
    expect(process.books()).toMatchObject({ sent: 3600, queued: 0, stored: 0 });
    expect(process.arrivals.map(({ id }) => id)).toEqual(IN_ORDER);
  });

  it("is delivered, too, when it is larger than that by itself", async () => {
    const { clock, disk, process } = await begin(SMALL);
    expect(await process.send(3000)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(sizesOf(process.arrivals)).toEqual([3000]);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("batch", () => {
  it("joins what is stored, and deletes it all", async () => {
    const { clock, disk, process } = await begin(durable({ durability: "write_first", sizer: "items", batch: { min_size: 50, max_size: 60 } }));
    for (let turn = 0; turn < 10; turn++) await process.send(17);
    await clock.advance(1000);
    expect(sizesOf(process.arrivals).reduce((sum, items) => sum + items, 0)).toBe(170);
    expect(Math.max(...sizesOf(process.arrivals))).toBeLessThanOrEqual(60);
    expect(process.arrivals.length).toBeLessThan(5);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 170, queued: 0, size: 0 });
  });
});
