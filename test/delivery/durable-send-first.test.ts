/** `durability: send_first`: offered to the destination at once, and written only when that does not take it in time. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { TestClock } from "../harness/clock.ts";
import { ACCEPTED, held, LATER, REFUSED, requestOf } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const LATE = "sluice_exporter_late";

async function begin(queue: Readonly<Record<string, unknown>> = {}) {
  const disk = new Disk();
  const clock = new TestClock();
  const process = await processOn(disk, clock, durable(queue));
  disk.commits = 0;
  return { disk, clock, process };
}

describe("within its window", () => {
  it.each([
    ["accepted", ACCEPTED],
    ["rejected in part", { kind: "partial", rejected: 2, message: "two" }],
    ["refused", REFUSED],
  ] as const)("what is %s is final: the sender is told, nothing is written", async (_, outcome: Outcome) => {
    const { clock, disk, process } = await begin();
    process.answer = () => clock.sleep(999).then(() => outcome);
    let told: unknown;
    void process.send(5).then((one) => (told = one));
    await clock.advance(998);
    expect(told).toBeUndefined();
    await clock.advance(1);
    expect(told).toEqual(outcome);
    await clock.advance(60_000);
    expect(disk.commits).toBe(0);
    expect(process.books()).toMatchObject({ offered: 5, queued: 0, size: 0, returned: outcome.kind === "refused" ? 5 : 0 });
    expect(process.total(LATE)).toBe(0);
    expect(process.engine.pool.blocks).toBe(0);
  });

  it("what fails and may succeed later is written at once, and goes on", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => LATER;
    expect(await process.send(5)).toEqual(ACCEPTED);
    expect(clock.monotonicMs()).toBe(0);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ queued: 5, stored: expect.any(Number) });
    process.answer = () => ACCEPTED;
    await clock.advance(10_000);
    expect(process.arrivals.length).toBe(2);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0, stored: 0, size: 0 });
  });

  it("what fails where retries are off is its sender's again", async () => {
    const disk = new Disk();
    const process = await processOn(disk, new TestClock(), durable({}, { retry_on_failure: { enabled: false } }), { answer: () => LATER });
    expect(await process.send(5)).toEqual(LATER);
    expect(process.books()).toMatchObject({ returned: 5, queued: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("one that finds every consumer busy waits in memory, and is written with its window, too", async () => {
    const { clock, disk, process } = await begin({ num_consumers: 1 });
    const { answer, waiting } = held();
    process.answer = answer;
    const sends = [process.send(1), process.send(2)];
    // As they came: no copy is made of what a sender holds.
    expect(process.engine.pool.blocks).toBe(2);
    await clock.advance(1000);
    expect(await Promise.all(sends)).toEqual([ACCEPTED, ACCEPTED]);
    expect((await disk.kept()).entries).toBe(2);
    waiting.shift()?.();
    await clock.advance(0);
    waiting.shift()?.();
    await clock.advance(0);
    expect(process.arrivals.map(({ items }) => items)).toEqual([1, 2]);
    expect(process.engine.pool.blocks).toBe(0);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("past its window", () => {
  it("is written, and answered then; the attempt goes on, and its success deletes the entry", async () => {
    const { clock, disk, process } = await begin({ send_window: "200ms" });
    const { answer, waiting } = held();
    process.answer = answer;
    disk.commitMs = 30;
    let told: unknown;
    void process.send(5).then((one) => (told = one));
    await clock.advance(229);
    expect(told).toBeUndefined();
    await clock.advance(1);
    expect(told).toEqual(ACCEPTED);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    await clock.advance(20_000);
    waiting[0]?.();
    await clock.advance(100);
    expect(process.arrivals.length).toBe(1);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0 });
  });

  it("is answered by the destination all the same when that is quicker than the storage", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => clock.sleep(1500).then(() => ACCEPTED);
    disk.commitMs = 5000;
    let told: unknown;
    void process.send(5).then((one) => (told = one));
    await clock.advance(1500);
    expect(told).toEqual(ACCEPTED);
    await clock.advance(20_000);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.books()).toMatchObject({ sent: 5, queued: 0, size: 0 });
  });

  it("is refused for good then: counted, and deleted", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => clock.sleep(5000).then(() => REFUSED);
    const sending = process.send(5);
    await clock.advance(1000);
    expect(await sending).toEqual(ACCEPTED);
    await clock.advance(4000);
    expect(process.dropped("refused")).toBe(5);
    expect(process.books()).toMatchObject({ returned: 0, queued: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("a late destination", () => {
  const late = async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    const sending = process.send(1);
    await clock.advance(1000);
    await sending;
    expect(process.total(LATE)).toBe(1);
    return { clock, disk, process, waiting };
  };

  it("has its batches written at once: their senders wait for that alone", async () => {
    const { clock, disk, process } = await late();
    disk.commitMs = 20;
    let told: unknown;
    void process.send(2).then((one) => (told = one));
    await clock.advance(20);
    expect(told).toEqual(ACCEPTED);
    expect((await disk.kept()).entries).toBe(2);
    // It was fed, too: that is the probe.
    expect(process.arrivals.length).toBe(2);
  });

  it("is so until an attempt succeeds within the window", async () => {
    const { clock, disk, process, waiting } = await late();
    await clock.advance(5000);
    waiting.shift()?.();
    await clock.advance(0);
    // That attempt took longer.
    expect(process.total(LATE)).toBe(1);
    await process.send(2);
    waiting.shift()?.();
    await clock.advance(0);
    expect(process.total(LATE)).toBe(0);
    disk.commits = 0;
    process.answer = () => ACCEPTED;
    expect(await process.send(3)).toEqual(ACCEPTED);
    expect(disk.commits).toBe(0);
    expect(process.books()).toMatchObject({ sent: 6, queued: 0 });
  });
});

describe("a storage that fails", () => {
  it("makes the sender send it again; the attempt that is under way is the last", async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    disk.fails = () => true;
    const sending = process.send(5);
    await clock.advance(1000);
    expect(await sending).toMatchObject({ kind: "retry", message: "cannot store: The disk failed" });
    expect(process.books()).toMatchObject({ queued: 5 });
    waiting[0]?.(LATER);
    await clock.advance(600_000);
    expect(process.arrivals.length).toBe(1);
    expect(process.books()).toMatchObject({ returned: 5, queued: 0, size: 0 });
    expect(process.engine.pool.blocks).toBe(0);
  });

  it("and a destination that answers after all has it: the sender's second is another", async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    disk.fails = () => true;
    const sending = process.send(5);
    await clock.advance(1000);
    expect(await sending).toMatchObject({ kind: "retry" });
    waiting[0]?.();
    await clock.advance(0);
    expect(process.books()).toMatchObject({ offered: 5, sent: 5, returned: 0, queued: 0 });
  });

  it("one with a key is not sent beside the attempt, nor after that was taken", async () => {
    const { clock, disk, process } = await begin();
    const { answer, waiting } = held();
    process.answer = answer;
    disk.fails = () => true;
    const request = requestOf("traces", 5, 1);
    const send = () => process.sendBytes(request, { key: "k" });
    const sending = send();
    await clock.advance(1000);
    expect(await sending).toMatchObject({ kind: "retry", message: "cannot store: The disk failed" });
    expect(await send()).toMatchObject({ kind: "retry", untried: true, afterMs: 1000 });
    waiting[0]?.();
    await clock.advance(0);
    expect(await send()).toEqual(ACCEPTED);
    expect(process.arrivals.length).toBe(1);
    expect(process.books()).toMatchObject({ sent: 5, queued: 0 });
  });

  it("drops those that wait for a consumer: their senders have them", async () => {
    const { clock, disk, process } = await begin({ num_consumers: 1 });
    const { answer, waiting } = held();
    process.answer = answer;
    disk.fails = () => true;
    const sends = [process.send(1), process.send(2)];
    await clock.advance(1000);
    expect((await Promise.all(sends)).map(({ kind }) => kind)).toEqual(["retry", "retry"]);
    waiting[0]?.();
    await clock.advance(0);
    expect(process.arrivals.length).toBe(1);
    expect(process.books()).toMatchObject({ sent: 1, returned: 2, queued: 0, size: 0, bytes: 0 });
  });

  it("is not asked while the destination is well", async () => {
    const { disk, process } = await begin();
    disk.fails = () => true;
    for (let turn = 0; turn < 20; turn++) expect(await process.send(1)).toEqual(ACCEPTED);
    expect(process.total("sluice_exporter_store_failures")).toBe(0);
  });
});
