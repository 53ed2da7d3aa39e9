/** Several destinations on one storage: the body is there once, each has its own way, and none holds another. */
import { describe, expect, it } from "vitest";
import { Counters } from "../../src/pipeline/counters.ts";
import { FanOut } from "../../src/pipeline/fan-out.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import type { PlainOrigin } from "../../src/pipeline/stage.ts";
import { STORAGE_VALUE_BYTES_MAX } from "../../src/pipeline/storage.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { ACCEPTED, batchFor, held, LATER, ORIGIN, requestOf } from "./delivery-rig.ts";
import { Disk, durable, plugged, processOn } from "./durable-rig.ts";

/** A pipeline's end with two durable destinations, `a` and `b`. */
async function pair(queue: Readonly<Record<string, unknown>>, disk = new Disk(), clock = new TestClock()) {
  const engine = testEngine();
  const storage = plugged(disk, clock);
  const logger = { log: () => undefined };
  const a = await processOn(disk, clock, durable(queue), { engine, storage, id: "a" });
  const b = await processOn(disk, clock, durable(queue), { engine, storage, id: "b" });
  const counters = new Counters();
  const branches = [
    { id: "a", exporter: a.exporter },
    { id: "b", exporter: b.exporter },
  ];
  const fanOut = new FanOut({ signal: "traces", branches, primary: undefined, counters, logger });
  let seed = 0;
  const sendBytes = (bytes: Uint8Array, origin: Partial<PlainOrigin> = {}): Promise<Outcome> => {
    const batch = batchFor(engine, "traces", bytes, `r${seed}`, { ...ORIGIN, ...origin });
    return fanOut.consume(batch).finally(() => batch.release());
  };
  const send = (items: number, origin: Partial<PlainOrigin> = {}): Promise<Outcome> => {
    seed++;
    return sendBytes(requestOf("traces", items, seed), origin);
  };
  disk.commits = 0;
  return { a, b, clock, counters, disk, engine, send, sendBytes };
}

/** Requests laid end to end are one. */
function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const whole = new Uint8Array(bytes.length * times);
  for (let turn = 0; turn < times; turn++) whole.set(bytes, turn * bytes.length);
  return whole;
}

const WRITE_FIRST = { durability: "write_first" };

describe("a body", () => {
  it("is stored once, in one commit with every reference, and goes with the last one", async () => {
    const { a, b, clock, disk, send } = await pair(WRITE_FIRST);
    const [ofA, ofB] = [held(), held()];
    a.answer = ofA.answer;
    b.answer = ofB.answer;
    expect(await send(5)).toEqual(ACCEPTED);
    expect(disk.commits).toBe(1);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 2 });
    ofA.waiting[0]?.();
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    ofB.waiting[0]?.();
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("is stored once, too, when the second destination wants it later", async () => {
    const { a, b, clock, disk, send } = await pair({});
    a.answer = () => LATER;
    const { answer, waiting } = held();
    b.answer = answer;
    const sending = send(5);
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    await clock.advance(1000);
    expect(await sending).toEqual(ACCEPTED);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 2 });
    a.answer = () => ACCEPTED;
    await clock.advance(30_000);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    waiting[0]?.();
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("is stored anew when the first commit failed, for the one whose own did not", async () => {
    const { a, b, clock, disk, send } = await pair({});
    disk.commitMs = 500;
    let commits = 0;
    disk.fails = () => commits++ === 0;
    a.answer = () => LATER;
    b.answer = () => clock.sleep(100).then(() => LATER);
    const sending = send(5);
    await clock.advance(1200);
    expect(await sending).toMatchObject({ kind: "retry" });
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(a.books()).toMatchObject({ queued: 5 });
    b.answer = () => ACCEPTED;
    await clock.advance(60_000);
    expect(b.books()).toMatchObject({ sent: 5 });
    expect(a.books()).toMatchObject({ returned: 5, queued: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("of more than a row is in several, and whole again", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await pair(WRITE_FIRST, disk, clock);
    first.a.answer = () => new Promise(() => {});
    first.b.answer = first.a.answer;
    const request = repeated(requestOf("traces", 100, 1), 30);
    expect(await first.sendBytes(request)).toEqual(ACCEPTED);
    const { bodies } = await disk.kept();
    expect(bodies).toBeGreaterThan(1);
    for (const key of await disk.keys("delivery/body/")) expect((await disk.storage.get(key))?.length).toBeLessThanOrEqual(STORAGE_VALUE_BYTES_MAX);
    const { a, b } = await pair(WRITE_FIRST, disk, clock);
    await clock.advance(0);
    for (const { arrivals } of [a, b]) {
      expect(arrivals.length).toBe(1);
      expect(arrivals[0]?.bytes.every((byte, index) => byte === request[index])).toBe(true);
      expect(arrivals[0]?.bytes.length).toBe(request.length);
    }
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe.each([{}, WRITE_FIRST])("one destination that hangs, %j", (queue) => {
  it("does not hold the other, nor the senders, and has everything later", async () => {
    const { a, b, clock, disk, engine, send } = await pair({ num_consumers: 2, ...queue });
    const { answer, waiting } = held();
    a.answer = answer;
    const first = send(3);
    await clock.advance(1000);
    expect(await first).toEqual(ACCEPTED);
    for (let turn = 0; turn < 60; turn++) expect(await send(3)).toEqual(ACCEPTED);
    await clock.advance(0);
    expect(b.books()).toMatchObject({ sent: 183, queued: 0 });
    expect(a.books()).toMatchObject({ sent: 0, queued: 183 });
    expect((await disk.kept()).entries).toBe(61);
    expect(engine.pool.blocks).toBeLessThanOrEqual(2);
    a.answer = () => ACCEPTED;
    for (const one of waiting.splice(0)) one();
    await clock.advance(0);
    expect(a.books()).toMatchObject({ sent: 183, queued: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("after a restart", () => {
  it("a destination that has accepted is not sent the same again, and the other is", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await pair(WRITE_FIRST, disk, clock);
    first.b.answer = () => new Promise(() => {});
    for (let turn = 0; turn < 5; turn++) await first.send(2);
    await clock.advance(0);
    const second = await pair(WRITE_FIRST, disk, clock);
    await clock.advance(0);
    expect(second.a.arrivals.length).toBe(0);
    expect(second.b.books()).toMatchObject({ restored: 10, sent: 10 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });
});

describe("a write that fails after another destination has accepted", () => {
  it("is told as a retry, and what may come twice is counted where it was taken", async () => {
    const { a, b, clock, counters, disk, send } = await pair({});
    disk.fails = () => true;
    b.answer = () => LATER;
    expect(await send(5)).toMatchObject({ kind: "retry", message: "cannot store: The disk failed" });
    expect(counters.total("sluice_duplicate_spans", { exporter: "a" })).toBe(5);
    expect(counters.total("sluice_duplicate_spans", { exporter: "b" })).toBe(0);
    await clock.advance(60_000);
    expect(a.books()).toMatchObject({ sent: 5 });
    expect(b.books()).toMatchObject({ returned: 5, queued: 0 });
  });

  it("makes no duplicate where the sender has a key for it", async () => {
    const { a, b, clock, counters, disk, send } = await pair({});
    disk.fails = () => true;
    b.answer = () => LATER;
    expect(await send(5, { key: "k" })).toMatchObject({ kind: "retry" });
    expect(counters.total("sluice_duplicate_spans")).toBe(0);
    await clock.advance(60_000);
    expect(a.books()).toMatchObject({ sent: 5 });
  });
});
