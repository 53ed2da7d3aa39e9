/** The queue: who is answered when, its bounds, its consumers, and whom it keeps apart. */
import { describe, expect, it } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { BLOCKED_MS_MAX } from "../../src/delivery/queue/capacity.ts";
import { ENTRY_OVERHEAD_BYTES } from "../../src/delivery/queue/queue.ts";
import { testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { ACCEPTED, deliveryRig, held, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";

const ONCE = { enabled: false };
const MIB = 1 << 20;

describe("without a queue", () => {
  it("is the exporter itself: one attempt, and nothing counted here", async () => {
    const rig = deliveryRig({});
    rig.answer = () => LATER;
    expect(await rig.send(5)).toEqual(LATER);
    expect(rig.arrivals.length).toBe(1);
    expect("unheard" in rig.exporter).toBe(false);
    expect(rig.counters.samples()).toEqual([]);
  });

  it.each([{ sending_queue: { enabled: false } }, { retry_on_failure: { enabled: false } }])("%j is the same", async (settings) => {
    const rig = deliveryRig(settings);
    expect(await rig.send(5)).toEqual(ACCEPTED);
    expect(rig.counters.samples()).toEqual([]);
  });
});

describe("a memory queue", () => {
  it.each([{ sending_queue: null }, { sending_queue: {} }, { sending_queue: { enabled: true } }])("%j answers before the destination has", async (settings) => {
    const rig = deliveryRig(settings);
    const { answer, waiting } = held();
    rig.answer = answer;
    expect(await rig.send(5)).toEqual(ACCEPTED);
    expect(rig.books()).toMatchObject({ offered: 5, queued: 5, sent: 0, inFlight: 1 });
    waiting[0]?.();
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ sent: 5, queued: 0, size: 0, bytes: 0, inFlight: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("holds what waits outside of the pool, and gives the very bytes on", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1 } });
    const { answer, waiting } = held();
    rig.answer = answer;
    for (let turn = 0; turn < 50; turn++) await rig.send(20);
    // The one that is under way left from the block in which it arrived.
    expect(rig.engine.pool.blocks).toBe(1);
    for (let turn = 0; turn < 50; turn++) {
      waiting.shift()?.();
      await rig.clock.advance(0);
    }
    expect(rig.arrivals.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 50 }, (_, index) => requestOf("traces", 20, index + 1)));
    expect(rig.books()).toMatchObject({ sent: 1000, queued: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("keeps signals apart: each has a queue of its own", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, queue_size: 2 } });
    rig.answer = ({ signal }) => (signal === "traces" ? new Promise(() => {}) : ACCEPTED);
    for (const signal of SIGNALS) {
      for (let turn = 0; turn < 3; turn++) await rig.send(2, {}, signal);
      await rig.clock.advance(0);
    }
    expect(rig.books("traces")).toMatchObject({ queued: 4, returned: 2, sent: 0 });
    for (const signal of ["metrics", "logs", "profiles"] as const) expect(rig.books(signal)).toMatchObject({ queued: 0, returned: 0 });
    expect(rig.books("metrics").sent).toBeGreaterThan(0);
  });
});

describe("num_consumers", () => {
  it.each([1, 3])("%i are under way at the most, the others in order behind them", async (consumers) => {
    const rig = deliveryRig({ sending_queue: { num_consumers: consumers } });
    const { answer, waiting } = held();
    rig.answer = answer;
    for (let turn = 1; turn <= 9; turn++) await rig.send(turn);
    expect(sizesOf(rig.arrivals)).toEqual([1, 2, 3].slice(0, consumers));
    expect(rig.books().inFlight).toBe(consumers);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await rig.clock.advance(0);
    }
    expect(sizesOf(rig.arrivals)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rig.underWayMost).toBe(consumers);
    rig.books();
  });

  it("is 10 where it is left out", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => new Promise(() => {});
    for (let turn = 0; turn < 15; turn++) await rig.send(1);
    expect(rig.underWayMost).toBe(10);
  });
});

describe("queue_size", () => {
  const overrun = async (settings: Readonly<Record<string, unknown>>, items: readonly number[]) => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, ...settings } });
    const { answer, waiting } = held();
    rig.answer = answer;
    const outcomes = [];
    for (const one of items) outcomes.push(await rig.send(one));
    return { rig, waiting, outcomes };
  };

  it("requests: as many as are asked for, what is under way included, and one more is refused", async () => {
    const { rig, waiting, outcomes } = await overrun({ queue_size: 2 }, [1, 2, 3]);
    expect(outcomes).toEqual([ACCEPTED, ACCEPTED, { kind: "retry", message: expect.stringContaining("the sending queue is full: 2 requests"), afterMs: 1000 }]);
    expect(rig.books()).toMatchObject({ offered: 6, returned: 3, queued: 3, size: 2 });
    expect(rig.total("otelcol_exporter_enqueue_failed_spans")).toBe(3);
    expect(rig.total("otelcol_exporter_send_failed_spans")).toBe(0);
    expect(rig.total("otelcol_exporter_queue_capacity")).toBe(2 * SIGNALS.length);
    waiting[0]?.();
    await rig.clock.advance(0);
    expect(await rig.send(1)).toEqual(ACCEPTED);
    expect(rig.books()).toMatchObject({ sent: 1, queued: 3 });
  });

  it("items: exactly as many fit, one more does not", async () => {
    const { rig, outcomes } = await overrun({ queue_size: 10, sizer: "items" }, [6, 4, 1]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "retry"]);
    expect(rig.books()).toMatchObject({ size: 10, queued: 10, returned: 1 });
  });

  it("bytes: exactly as many fit, one more does not", async () => {
    const size = requestOf("traces", 3, 1).length;
    expect((await overrun({ queue_size: size, sizer: "bytes" }, [3])).outcomes).toEqual([ACCEPTED]);
    const { outcomes, rig } = await overrun({ queue_size: size - 1, sizer: "bytes" }, [3]);
    expect(outcomes).toMatchObject([{ kind: "refused", status: 413 }]);
    expect(rig.books()).toMatchObject({ offered: 3, returned: 3 });
    expect(rig.arrivals).toEqual([]);
  });

  it("refuses for good what is larger than all of it", async () => {
    const { outcomes, rig } = await overrun({ queue_size: 10, sizer: "items" }, [10, 11]);
    expect(outcomes).toEqual([ACCEPTED, { kind: "refused", status: 413, message: "larger than the sending queue: 11 items, it holds 10" }]);
    rig.books();
  });

  it("has room again while a batch that failed waits for its next attempt only when that is over", async () => {
    const rig = deliveryRig({ sending_queue: { queue_size: 1 } });
    rig.answer = () => LATER;
    expect(await rig.send(1)).toEqual(ACCEPTED);
    await rig.clock.advance(1000);
    expect(await rig.send(1)).toMatchObject({ kind: "retry" });
    rig.answer = () => ACCEPTED;
    await rig.clock.advance(5000);
    expect(await rig.send(1)).toEqual(ACCEPTED);
    rig.books();
  });
});

describe("held_bytes_max", () => {
  it("refuses what does not fit although queue_size has room, and takes more when there is room again", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, queue_size: 1_000_000, held_bytes_max: MIB } }, { heldBytesMax: MIB });
    const { answer, waiting } = held();
    rig.answer = answer;
    let taken = 0;
    let outcome = ACCEPTED;
    for (; outcome.kind === "accepted"; taken++) outcome = await rig.send(50);
    expect(outcome).toMatchObject({ kind: "retry", afterMs: 1000, message: expect.stringContaining(`${MIB} bytes`) });
    const { bytes, queued } = rig.books();
    expect(queued).toBe((taken - 1) * 50);
    expect(bytes).toBeGreaterThan(MIB - 100_000);
    waiting[0]?.();
    await rig.clock.advance(0);
    expect(await rig.send(50)).toEqual(ACCEPTED);
    rig.books();
  });

  it("answers a request of exactly the bound early, and lets the sender of a larger one wait", async () => {
    const rig = deliveryRig({ sending_queue: { held_bytes_max: MIB }, retry_on_failure: ONCE });
    rig.answer = () => LATER;
    const wide = (bytes: number) => padded(bytes - ENTRY_OVERHEAD_BYTES);
    expect(await rig.sendBytes(wide(MIB))).toEqual(ACCEPTED);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ offered: 1, dropped: 1 });
    expect(await rig.sendBytes(wide(MIB + 1))).toEqual(LATER);
    expect(rig.books()).toMatchObject({ offered: 2, dropped: 1, returned: 1, bytes: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("bounds tiny requests, too", async () => {
    const rig = deliveryRig({ sending_queue: { queue_size: 1_000_000, held_bytes_max: MIB } });
    rig.answer = () => new Promise(() => {});
    const bytes = padded(100);
    let count = 0;
    while ((await rig.sendBytes(bytes)).kind === "accepted") count++;
    expect(count).toBe(Math.floor(MIB / (100 + ENTRY_OVERHEAD_BYTES)));
  });
});

describe("block_on_overflow", () => {
  const settings = { sending_queue: { num_consumers: 1, queue_size: 1, block_on_overflow: true } };

  it("waits for room, in order of arrival", async () => {
    const rig = deliveryRig(settings);
    const { answer, waiting } = held();
    rig.answer = answer;
    await rig.send(1);
    const order: number[] = [];
    const sends = [2, 3, 4].map((items) => rig.send(items).then((outcome) => (expect(outcome).toEqual(ACCEPTED), order.push(items))));
    await rig.clock.advance(BLOCKED_MS_MAX - 1);
    expect(order).toEqual([]);
    for (let turn = 0; turn < 4; turn++) {
      waiting.shift()?.();
      await rig.clock.advance(0);
      rig.books();
    }
    await Promise.all(sends);
    expect(order).toEqual([2, 3, 4]);
    expect(sizesOf(rig.arrivals)).toEqual([1, 2, 3, 4]);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("ends after a minute with a refusal, and lets go of the request", async () => {
    const rig = deliveryRig(settings);
    rig.answer = () => new Promise(() => {});
    await rig.send(1);
    const blocked = rig.send(2);
    await rig.clock.advance(BLOCKED_MS_MAX);
    expect(await blocked).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(rig.books()).toMatchObject({ returned: 2, queued: 1 });
    expect(rig.engine.pool.blocks).toBe(1);
  });

  it("lets a later, smaller one not overtake", async () => {
    const rig = deliveryRig({ sending_queue: { num_consumers: 1, queue_size: 10, sizer: "items", block_on_overflow: true } });
    const { answer, waiting } = held();
    rig.answer = answer;
    await rig.send(6);
    const large = rig.send(8);
    const small = rig.send(1);
    await rig.clock.advance(0);
    expect(rig.books().size).toBe(6);
    waiting[0]?.();
    await rig.clock.advance(0);
    expect(await Promise.all([large, small])).toEqual([ACCEPTED, ACCEPTED]);
    expect(rig.books().size).toBe(9);
  });
});

describe("wait_for_result", () => {
  const settings = { sending_queue: { num_consumers: 1, wait_for_result: true }, retry_on_failure: ONCE };

  it.each([
    ["accepted", ACCEPTED, { sent: 4 }],
    ["accepted with a warning", { kind: "accepted" as const, warning: "slow down" }, { sent: 4 }],
    ["rejected in part", { kind: "partial" as const, rejected: 3, message: "old" }, { sent: 1, dropped: 3 }],
    ["refused", REFUSED, { returned: 4 }],
    ["too large, down to one item", TOO_LARGE, { returned: 4 }],
    ["later", LATER, { returned: 4 }],
  ])("tells the sender the truth: %s", async (_name, outcome, books) => {
    const rig = deliveryRig(settings);
    rig.answer = () => outcome;
    expect(await rig.send(4)).toEqual(outcome);
    expect(rig.books()).toMatchObject({ queued: 0, size: 0, ...books });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("answers nobody before its turn, and takes up no bytes of the queue", async () => {
    const rig = deliveryRig(settings);
    const { answer, waiting } = held();
    rig.answer = answer;
    const answered: number[] = [];
    const sends = [1, 2].map(async (items) => {
      await rig.send(items);
      answered.push(items);
    });
    await rig.clock.advance(60_000);
    expect(answered).toEqual([]);
    expect(rig.books()).toMatchObject({ bytes: 0, size: 2, queued: 3 });
    for (const turn of [1, 2]) {
      waiting.shift()?.();
      await rig.clock.advance(0);
      expect(answered.length).toBe(turn);
    }
    await Promise.all(sends);
  });
});

describe("an exporter that breaks its contract", () => {
  it("is a refusal, counted, and the next request goes on", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => Promise.reject(new Error("a defect"));
    await rig.send(3);
    await rig.clock.advance(0);
    expect(rig.dropped("refused")).toBe(3);
    expect(rig.log[0]).toContain("a defect");
    rig.answer = () => ACCEPTED;
    await rig.send(2);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ sent: 2, queued: 0 });
  });
});

describe("a pool without room", () => {
  it("keeps what is queued, and delivers it when there is room", async () => {
    const engine = testEngine(8 << 20);
    const rig = deliveryRig({ sending_queue: { num_consumers: 1 } }, { engine });
    const { answer, waiting } = held();
    rig.answer = answer;
    await rig.send(2);
    await rig.send(100);
    const blocks = [];
    for (let block = engine.pool.take(1); block !== undefined; block = engine.pool.take(1)) blocks.push(block);
    waiting.shift()?.();
    await rig.clock.advance(10_000);
    expect(sizesOf(rig.arrivals)).toEqual([2]);
    expect(rig.books()).toMatchObject({ sent: 2, queued: 100 });
    for (const block of blocks) block.release();
    await rig.clock.advance(2000);
    waiting.shift()?.();
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ sent: 102, queued: 0 });
    expect(engine.pool.blocks).toBe(0);
  });
});

/** One span in a request of exactly these many bytes. */
function padded(bytes: number): Uint8Array {
  const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2) };
  for (let length = bytes; length >= 0; length--) {
    const made = judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, name: "n".repeat(length) }] }] }] });
    if (made.length === bytes) return made;
  }
  throw new Error("There is no such request");
}
