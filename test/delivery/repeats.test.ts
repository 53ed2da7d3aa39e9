/** Requests with a key of their sender's: what a destination has taken it is not sent again. */
import { describe, expect, it } from "vitest";
import { AGE_MS_MAX, COUNT_MAX } from "../../src/delivery/durable/repeats.ts";
import { TestClock } from "../harness/clock.ts";
import { ACCEPTED, deliveryRig, held, LATER, REFUSED, requestOf } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const REQUEST = requestOf("traces", 3, 1);
const KEY = { key: "8e03978e-40d5-43dd-bc93-6894a57f9324" };
const RETRY = { retry_on_failure: {} };

describe("a request that comes again", () => {
  it.each([RETRY, { sending_queue: {} }, { sending_queue: { wait_for_result: true } }])("with its key is not sent again: %j", async (settings) => {
    const rig = deliveryRig(settings);
    expect(await rig.sendBytes(REQUEST, KEY)).toEqual(ACCEPTED);
    expect(await rig.sendBytes(REQUEST, KEY)).toEqual(ACCEPTED);
    await rig.clock.advance(0);
    expect(rig.arrivals.length).toBe(1);
    expect(rig.books()).toMatchObject({ offered: 6, sent: 3, repeated: 3 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it.each([
    ["without a key", {}, REQUEST],
    ["with another key", { key: "another" }, REQUEST],
    ["of another tenant", { ...KEY, tenant: "another" }, REQUEST],
    // One of several parts that pipelines make of a request.
    ["with other content", KEY, requestOf("traces", 3, 2)],
  ] as const)("%s is another one", async (_, origin, request) => {
    const rig = deliveryRig(RETRY);
    await rig.sendBytes(REQUEST, KEY);
    await rig.sendBytes(request, origin);
    expect(rig.arrivals.length).toBe(2);
    expect(rig.books()).toMatchObject({ sent: 6, repeated: 0 });
  });

  it("after it was refused, or given back, is tried again", async () => {
    const rig = deliveryRig({ sending_queue: { wait_for_result: true }, retry_on_failure: { enabled: false } });
    for (const outcome of [REFUSED, LATER]) {
      rig.answer = () => outcome;
      expect(await rig.sendBytes(REQUEST, KEY)).toEqual(outcome);
    }
    rig.answer = () => ACCEPTED;
    expect(await rig.sendBytes(REQUEST, KEY)).toEqual(ACCEPTED);
    expect(rig.arrivals.length).toBe(3);
    expect(rig.books()).toMatchObject({ sent: 3, returned: 6, repeated: 0 });
  });

  it("while the first is under way waits for it, and is sent only when that failed", async () => {
    const rig = deliveryRig({ sending_queue: { wait_for_result: true }, retry_on_failure: { enabled: false } });
    const { answer, waiting } = held();
    rig.answer = answer;
    const sends = [1, 2, 3].map(() => rig.sendBytes(REQUEST, KEY));
    await rig.clock.advance(0);
    expect(rig.arrivals.length).toBe(1);
    waiting.shift()?.(LATER);
    await rig.clock.advance(0);
    expect(rig.arrivals.length).toBe(2);
    waiting.shift()?.();
    expect(await Promise.all(sends)).toEqual([LATER, ACCEPTED, ACCEPTED]);
    expect(rig.books()).toMatchObject({ offered: 9, sent: 3, returned: 3, repeated: 3 });
  });
});

describe("bounds", () => {
  it("age: at the limit it is known, one past it, it is not", async () => {
    const rig = deliveryRig(RETRY);
    await rig.sendBytes(REQUEST, KEY);
    await rig.clock.advance(AGE_MS_MAX);
    await rig.sendBytes(REQUEST, KEY);
    expect(rig.arrivals.length).toBe(1);
    await rig.clock.advance(1);
    await rig.sendBytes(REQUEST, KEY);
    expect(rig.arrivals.length).toBe(2);
  });

  it("count: the oldest is forgotten first", async () => {
    const rig = deliveryRig(RETRY);
    const request = requestOf("traces", 1, 1);
    for (let turn = 0; turn <= COUNT_MAX; turn++) await rig.sendBytes(request, { key: `k${turn}` });
    const before = rig.arrivals.length;
    await rig.sendBytes(request, { key: "k1" });
    expect(rig.arrivals.length).toBe(before);
    await rig.sendBytes(request, { key: "k0" });
    expect(rig.arrivals.length).toBe(before + 1);
  });
});

describe.each(["send_first", "write_first"])("a durable queue, %s", (durability) => {
  it("knows it again after a restart, whether it was delivered or waits", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const settings = durable({ durability });
    const first = await processOn(disk, clock, settings);
    await first.sendBytes(REQUEST, KEY);
    await clock.advance(0);
    first.answer = () => LATER;
    const waiting = requestOf("traces", 2, 2);
    expect(await first.sendBytes(waiting, { key: "waiting" })).toEqual(ACCEPTED);
    await clock.advance(0);
    first.crash();
    const second = await processOn(disk, clock, settings, { answer: () => LATER });
    for (const [bytes, origin] of [
      [REQUEST, KEY],
      [waiting, { key: "waiting" }],
    ] as const) {
      expect(await second.sendBytes(bytes, origin)).toEqual(ACCEPTED);
    }
    expect(second.books()).toMatchObject({ restored: 2, repeated: 5, queued: 2 });
  });

  it("forgets in the storage, too", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability }));
    await first.sendBytes(REQUEST, KEY);
    await clock.advance(AGE_MS_MAX + 1);
    expect((await disk.keys("delivery/repeats/")).length).toBe(1);
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(await disk.keys("delivery/repeats/")).toEqual([]);
    await second.sendBytes(REQUEST, KEY);
    expect(second.arrivals.length).toBe(1);
  });
});
