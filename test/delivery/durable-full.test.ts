/** A durable queue that is full: whom it refuses, what it drops, and how long it lets wait. */
import { describe, expect, it } from "vitest";
import { ENTRY_OVERHEAD_BYTES } from "../../src/delivery/queue/queue.ts";
import { TestClock } from "../harness/clock.ts";
import { ACCEPTED, held, requestOf, sizesOf } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const MIB = 1 << 20;

async function begin(queue: Readonly<Record<string, unknown>>) {
  const disk = new Disk();
  const clock = new TestClock();
  const process = await processOn(disk, clock, durable({ durability: "write_first", num_consumers: 1, ...queue }));
  const { answer, waiting } = held();
  process.answer = answer;
  return { disk, clock, process, waiting };
}

describe("refuse", () => {
  it("requests: exactly as many as there is room for, then 503 with advice, until one is over", async () => {
    const { clock, process, waiting } = await begin({ queue_size: 2 });
    expect(await process.send(1)).toEqual(ACCEPTED);
    expect(await process.send(2)).toEqual(ACCEPTED);
    expect(await process.send(3)).toEqual({ kind: "retry", message: "the sending queue is full: 2 requests, 1073741824 bytes", afterMs: 1000 });
    expect(process.books()).toMatchObject({ offered: 6, returned: 3, queued: 3, size: 2 });
    expect(process.total("otelcol_exporter_enqueue_failed_spans")).toBe(3);
    waiting[0]?.();
    await clock.advance(0);
    expect(await process.send(4)).toEqual(ACCEPTED);
  });

  it("stored_bytes_max: at the limit, and one byte past it", async () => {
    const bytes = requestOf("traces", 100, 7);
    const fits = Math.floor(MIB / (bytes.length + ENTRY_OVERHEAD_BYTES));
    const { process } = await begin({ stored_bytes_max: MIB, queue_size: 1000 });
    for (let turn = 0; turn < fits; turn++) expect(await process.sendBytes(bytes)).toEqual(ACCEPTED);
    expect(await process.sendBytes(bytes)).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(process.books()).toMatchObject({ stored: fits * (bytes.length + ENTRY_OVERHEAD_BYTES) });
  });

  it("what is larger than all of it is refused for good", async () => {
    const { process } = await begin({ sizer: "items", queue_size: 10 });
    expect(await process.send(10)).toEqual(ACCEPTED);
    expect(await process.send(11)).toMatchObject({ kind: "refused", status: 413 });
    expect(process.books()).toMatchObject({ returned: 11, size: 10 });
  });

  it("with block_on_overflow the sender waits for room, at most a minute", async () => {
    const { clock, disk, process, waiting } = await begin({ queue_size: 1, block_on_overflow: true });
    await process.send(1);
    const [second, third] = [process.send(2), process.send(3)];
    await clock.advance(1000);
    waiting.shift()?.();
    expect(await second).toEqual(ACCEPTED);
    await clock.advance(59_000);
    expect(await third).toMatchObject({ kind: "retry" });
    expect((await disk.kept()).entries).toBe(1);
    expect(process.books()).toMatchObject({ sent: 1, queued: 2, returned: 3 });
  });
});

describe("drop_oldest", () => {
  it("makes room with what waits in the storage, counted, and never with what is under way", async () => {
    const { clock, disk, process, waiting } = await begin({ queue_size: 4, on_full: "drop_oldest", held_bytes_max: MIB });
    // The first is larger than the memory: what comes behind it waits in the storage.
    const large = new Uint8Array(Array.from({ length: 30 }, () => [...requestOf("traces", 60, 1)]).flat());
    expect(await process.sendBytes(large)).toEqual(ACCEPTED);
    for (let turn = 1; turn <= 5; turn++) expect(await process.send(turn)).toEqual(ACCEPTED);
    expect(process.dropped("dropped_oldest")).toBe(1 + 2);
    expect(process.books()).toMatchObject({ dropped: 3, size: 4, queued: 1800 + 3 + 4 + 5 });
    expect((await disk.kept()).entries).toBe(4);
    for (let turn = 0; turn < 4; turn++) {
      waiting.shift()?.();
      await clock.advance(0);
    }
    expect(sizesOf(process.arrivals)).toEqual([1800, 3, 4, 5]);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("refuses when everything is under way", async () => {
    const { process } = await begin({ queue_size: 1, on_full: "drop_oldest" });
    expect(await process.send(1)).toEqual(ACCEPTED);
    expect(await process.send(2)).toMatchObject({ kind: "retry" });
    expect(process.books()).toMatchObject({ queued: 1, returned: 2, dropped: 0 });
  });

  it("drops nothing where that would not make room enough", async () => {
    const { process } = await begin({ sizer: "items", queue_size: 2000, on_full: "drop_oldest", held_bytes_max: MIB });
    const large = new Uint8Array(Array.from({ length: 30 }, () => [...requestOf("traces", 60, 1)]).flat());
    expect(await process.sendBytes(large)).toEqual(ACCEPTED);
    for (let turn = 0; turn < 2; turn++) expect(await process.send(50)).toEqual(ACCEPTED);
    expect(await process.send(201)).toMatchObject({ kind: "retry" });
    expect(process.books()).toMatchObject({ queued: 1900, returned: 201, dropped: 0 });
    expect(await process.send(200)).toEqual(ACCEPTED);
    expect(process.books()).toMatchObject({ queued: 2000, dropped: 100 });
  });
});

describe("drop_newest", () => {
  it("takes no more, counts it, and lets the sender go on", async () => {
    const { disk, process } = await begin({ queue_size: 1, on_full: "drop_newest" });
    await process.send(1);
    expect(await process.send(2)).toMatchObject({ kind: "accepted", warning: expect.stringContaining("full") });
    expect(process.dropped("dropped_newest")).toBe(2);
    expect([process.total("otelcol_exporter_enqueue_failed_spans"), process.total("otelcol_exporter_send_failed_spans")]).toEqual([2, 0]);
    expect(process.books()).toMatchObject({ offered: 3, queued: 1, dropped: 2, size: 1 });
    expect((await disk.kept()).entries).toBe(1);
  });
});
