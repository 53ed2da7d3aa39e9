/** Dead letters: what becomes one, with what is said of it, and their bounds. */
import { describe, expect, it } from "vitest";
import { storageLetters } from "../../src/delivery/dead-letters/storage-letters.ts";
import { storedFrom } from "../../src/pipeline/stored.ts";
import { testEngine } from "../harness/engine.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { TestClock } from "../harness/clock.ts";
import { ACCEPTED, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const LETTERS = { dead_letters: { storage: "file_storage" } };

async function begin(settings: Readonly<Record<string, unknown>>, answer: () => Outcome | Promise<Outcome>) {
  const disk = new Disk();
  const clock = new TestClock();
  const process = await processOn(disk, clock, settings, { answer });
  return { disk, clock, process };
}

const engine = testEngine();

async function lettersIn(disk: Disk) {
  const letters = [];
  const kept = storageLetters(disk.storage);
  for await (const letter of kept.letters()) {
    const stored = storedFrom(engine, await kept.read(letter));
    letters.push({ ...letter, message: stored?.message, requests: stored?.envelope.requests, batch: stored?.envelope.id });
  }
  return letters;
}

describe("what is refused for good", () => {
  const ways: [string, Readonly<Record<string, unknown>>][] = [
    ["by itself", LETTERS],
    ["with retries", { retry_on_failure: {}, ...LETTERS }],
    ["behind a memory queue", { sending_queue: {}, ...LETTERS }],
    ["behind a queue whose senders wait", { sending_queue: { wait_for_result: true }, ...LETTERS }],
    ["behind send_first", durable({}, LETTERS)],
    ["behind write_first", durable({ durability: "write_first" }, LETTERS)],
  ];
  it.each(ways)("is kept, %s: with exporter, reason, message, time, batch and bytes", async (_, settings) => {
    const { clock, disk, process } = await begin(settings, () => REFUSED);
    const outcome = await process.send(5);
    expect(outcome.kind).toBe("accepted");
    await clock.advance(0);
    const [letter, ...others] = await lettersIn(disk);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      exporter: "otlp_http/test",
      signal: "traces",
      reason: "refused",
      message: "never",
      items: 5,
      atMs: clock.nowMs(),
      batch: "r1",
    });
    expect(letter?.requests).toEqual([requestOf("traces", 5, 1)]);
    expect(process.books()).toMatchObject({ offered: 5, dead: 5, dropped: 0, returned: 0, queued: 0, size: 0, stored: 0 });
    expect(process.total("otelcol_exporter_send_failed_spans")).toBe(5);
    expect(process.total("sluice_dead_letters")).toBe(1);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
    expect(process.engine.pool.blocks).toBe(0);
  });

  it("is said to the sender that waits", async () => {
    const { process } = await begin(LETTERS, () => REFUSED);
    expect(await process.send(5)).toEqual({ kind: "accepted", warning: "5 items are kept as dead letters: never" });
  });

  it("is a single item where only that is too large", async () => {
    const { clock, disk, process } = await begin(durable({ durability: "write_first" }, LETTERS), () => TOO_LARGE);
    process.answer = ({ items }) => (items > 1 || process.arrivals.filter((one) => one.items === 1).length === 2 ? TOO_LARGE : ACCEPTED);
    await process.send(4);
    await clock.advance(0);
    expect((await lettersIn(disk)).map(({ items, reason }) => ({ items, reason }))).toEqual([{ items: 1, reason: "too_large" }]);
    expect(process.books()).toMatchObject({ sent: 3, dead: 1, queued: 0 });
    expect(sizesOf(process.arrivals)).toEqual([4, 2, 1, 1, 2, 1, 1]);
  });

  it("in part is counted alone: nobody knows which part", async () => {
    const { clock, disk, process } = await begin(durable({}, LETTERS), () => ({ kind: "partial", rejected: 2, message: "two" }));
    await process.send(5);
    await clock.advance(0);
    expect(await lettersIn(disk)).toEqual([]);
    expect(process.books()).toMatchObject({ sent: 3, dropped: 2 });
  });
});

describe("what has outlived its time", () => {
  it.each(["send_first", "write_first"])("is kept, %s", async (durability) => {
    const { clock, disk, process } = await begin(durable({ durability }, { ...LETTERS, retry_on_failure: { max_elapsed_time: "60s" } }), () => LATER);
    expect(await process.send(5)).toEqual(ACCEPTED);
    await clock.advance(60_000);
    expect((await lettersIn(disk)).map(({ message, reason }) => ({ message, reason }))).toEqual([{ message: "later", reason: "max_elapsed_time" }]);
    expect(process.books()).toMatchObject({ dead: 5, queued: 0, stored: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("is not where the sender waits: it is told to send it again", async () => {
    const { clock, disk, process } = await begin({ retry_on_failure: { max_elapsed_time: "60s" }, ...LETTERS }, () => LATER);
    const sending = process.send(5);
    await clock.advance(60_000);
    expect(await sending).toEqual(LATER);
    expect(await lettersIn(disk)).toEqual([]);
    expect(process.books()).toMatchObject({ returned: 5, dead: 0 });
  });
});

describe("a storage that fails", () => {
  it("loses the letter, counted as without one", async () => {
    const { clock, disk, process } = await begin({ sending_queue: {}, ...LETTERS }, () => REFUSED);
    disk.fails = () => true;
    await process.send(5);
    await clock.advance(0);
    expect(process.books()).toMatchObject({ dead: 0, dropped: 5, queued: 0 });
    expect([process.total("sluice_dead_letters_failures"), process.total("sluice_dead_letters"), process.total("sluice_dead_letters_bytes")]).toEqual([
      1, 0, 0,
    ]);
    expect(process.log.some((line) => line.includes("Cannot keep a dead letter"))).toBe(true);
  });
});

describe("bounds", () => {
  const bounded = (dead: Readonly<Record<string, unknown>>) => ({ sending_queue: {}, dead_letters: { storage: "file_storage", ...dead } });

  it("bytes: the oldest go, counted, over restarts", async () => {
    const settings = bounded({ stored_bytes_max: 1 << 20 });
    const { clock, disk, process } = await begin(settings, () => REFUSED);
    for (let turn = 0; turn < 12; turn++) await process.send(200);
    await clock.advance(0);
    const before = await lettersIn(disk);
    expect(before.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1 << 20);
    expect(before.at(-1)?.batch).toBe("r12");
    expect(process.total("sluice_dead_letters_dropped_items")).toBe((12 - before.length) * 200);
    const next = await processOn(disk, clock, settings, { answer: () => REFUSED });
    expect(next.total("sluice_dead_letters")).toBe(before.length);
    await next.send(200);
    await clock.advance(0);
    expect((await lettersIn(disk)).map(({ batch }) => batch)).toEqual([...before.slice(1).map(({ batch }) => batch), "r1"]);
  });

  it("age: what is older goes with the next, and at the start", async () => {
    const settings = bounded({ max_age: "1h" });
    const { clock, disk, process } = await begin(settings, () => REFUSED);
    await process.send(1);
    await clock.advance(3_600_001);
    await process.send(2);
    await clock.advance(0);
    expect((await lettersIn(disk)).map(({ items }) => items)).toEqual([2]);
    await clock.advance(3_600_001);
    const next = await processOn(disk, clock, settings);
    expect(await lettersIn(disk)).toEqual([]);
    expect(next.total("sluice_dead_letters_dropped_items")).toBe(2);
  });

  it("one that is larger than all of them is not kept", async () => {
    const { clock, disk, process } = await begin(bounded({ stored_bytes_max: 1 << 20 }), () => REFUSED);
    await process.send(2000);
    await clock.advance(0);
    expect(await lettersIn(disk)).toEqual([]);
    expect(process.books()).toMatchObject({ dropped: 2000, dead: 0 });
  });
});
