/** Stopping: what is queued is delivered in the time that there is, and counted when there is none. */
import { describe, expect, it } from "vitest";
import { ACCEPTED, deliveryRig, held, LATER, sizesOf } from "./delivery-rig.ts";

describe("stopping", () => {
  it("delivers what waits, and ends as soon as all is answered", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 2 } });
    const { answer, waiting } = held();
    rig.answer = answer;
    for (let turn = 1; turn <= 5; turn++) await rig.send(turn);
    let stopped = false;
    const stopping = rig.exporter.stop(10_000).then(() => (stopped = true));
    for (let turn = 0; turn < 5; turn++) {
      expect(stopped).toBe(false);
      waiting.shift()?.();
      await rig.clock.advance(0);
    }
    await stopping;
    expect(rig.books()).toMatchObject({ sent: 15, dropped: 0, queued: 0, inFlight: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("counts what was not answered at the deadline as stopped, once, whatever is answered later", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 2 } });
    const { answer, waiting } = held();
    rig.answer = answer;
    for (let turn = 0; turn < 5; turn++) await rig.send(2);
    await rig.stop(500);
    expect(rig.books()).toMatchObject({ sent: 0, dropped: 10, queued: 0, size: 0, bytes: 0, inFlight: 0 });
    expect(rig.dropped("stopped")).toBe(10);
    for (const one of waiting.splice(0)) one();
    await rig.clock.advance(60_000);
    expect(rig.books()).toMatchObject({ sent: 0, dropped: 10 });
    expect(sizesOf(rig.arrivals)).toEqual([2, 2]);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("tries at once what waits for its next attempt", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => LATER;
    await rig.send(3);
    await rig.clock.advance(1000);
    rig.answer = () => ACCEPTED;
    await rig.exporter.stop(1000);
    expect(rig.arrivals.map(({ atMs }) => atMs)).toEqual([0, 1000]);
    expect(rig.books()).toMatchObject({ sent: 3, queued: 0 });
  });

  it("gives up at once what would be tried again after the deadline", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => LATER;
    await rig.send(3);
    await rig.clock.advance(1000);
    await rig.exporter.stop(1000);
    expect(rig.clock.monotonicMs()).toBe(1000);
    expect(rig.dropped("stopped")).toBe(3);
    expect(rig.books()).toMatchObject({ queued: 0 });
  });

  it("does not hurry a destination that asked for time", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => (rig.arrivals.length === 1 ? { kind: "retry", message: "later", status: 429, afterMs: 20_000 } : ACCEPTED);
    await rig.send(3);
    await rig.clock.advance(1000);
    await rig.stop(10_000);
    expect(rig.arrivals.length).toBe(1);
    expect(rig.dropped("stopped")).toBe(3);
    await rig.clock.advance(60_000);
    expect(rig.arrivals.length).toBe(1);
    expect(rig.books()).toMatchObject({ queued: 0 });
  });

  it("sends what a batch waits for", async () => {
    const rig = deliveryRig({ sending_queue: { batch: { flush_timeout: "1h" } } });
    await rig.send(3);
    await rig.send(4);
    await rig.exporter.stop(1000);
    expect(sizesOf(rig.arrivals)).toEqual([7]);
    expect(rig.books()).toMatchObject({ sent: 7, queued: 0 });
  });

  it("counts what a batch waits for when there is no consumer for it in time", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, batch: { min_size: 5, flush_timeout: "1h" } } });
    rig.answer = () => new Promise(() => {});
    await rig.send(5);
    await rig.send(3);
    await rig.stop(100);
    expect(rig.dropped("stopped")).toBe(8);
    expect(rig.books()).toMatchObject({ queued: 0, size: 0, bytes: 0 });
    await rig.clock.advance(3_600_000);
    expect(rig.clock.sleeping).toBe(0);
  });

  it("answers senders that wait for room or for the result, and takes nothing more", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, queue_size: 2, wait_for_result: true, block_on_overflow: true } });
    rig.answer = () => new Promise(() => {});
    const sends = [1, 2, 3].map((items) => rig.send(items));
    await rig.clock.advance(0);
    await rig.stop(100);
    for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "retry" });
    expect(await rig.send(4)).toMatchObject({ kind: "retry", message: "the gateway is stopping" });
    expect(rig.books()).toMatchObject({ offered: 10, returned: 10, queued: 0, size: 0 });
  });

  it("can be asked for twice", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    await rig.send(1);
    await rig.exporter.stop(1000);
    await rig.exporter.stop(1000);
    expect(rig.books()).toMatchObject({ sent: 1 });
  });
});
