/** The batcher in the queue: where batches end, when they leave, what never meets, and who is told. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import { testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { leaves } from "../harness/multiset.ts";
import { TestClock } from "../harness/clock.ts";
import { Disk, processOn } from "./durable-rig.ts";
import { ACCEPTED, type Arrival, deliveryRig, held, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";

const ONCE = { retry_on_failure: { enabled: false } };
const queue = (batch: unknown, rest: object = {}) => ({ sending_queue: { batch, ...rest }, ...ONCE });
const contents = (signal: Signal, list: readonly Uint8Array[]) => list.flatMap((bytes) => leaves(signal, bytes)).toSorted();
const bytesOf = (arrivals: readonly Arrival[]) => arrivals.map(({ bytes }) => bytes);

describe("min_size", () => {
  it.each([[null], [{}]])("of %j is 8192 items, or 200 ms", async (batch) => {
    const rig = deliveryRig(queue(batch));
    await rig.send(8191);
    await rig.clock.advance(199);
    expect(rig.arrivals).toEqual([]);
    await rig.clock.advance(1);
    expect(sizesOf(rig.arrivals)).toEqual([8191]);
    await rig.send(8191);
    await rig.send(1);
    await rig.clock.advance(0);
    expect(sizesOf(rig.arrivals)).toEqual([8191, 8192]);
    expect(rig.books()).toMatchObject({ sent: 16_383, queued: 0, size: 0 });
  });

  it("ends a batch at the first request with which it has as many", async () => {
    const rig = deliveryRig(queue({ min_size: 10, flush_timeout: "1h" }));
    for (const items of [4, 5, 6, 3, 20, 9]) await rig.send(items);
    await rig.clock.advance(0);
    expect(sizesOf(rig.arrivals)).toEqual([15, 23]);
    expect(rig.books()).toMatchObject({ sent: 38, queued: 9, size: 1 });
  });

  it("of 0 sends each request by itself", async () => {
    const rig = deliveryRig(queue({ min_size: 0 }));
    for (const items of [4, 5]) await rig.send(items);
    expect(sizesOf(rig.arrivals)).toEqual([4, 5]);
    rig.books();
  });

  it("counts bytes where the sizer is bytes", async () => {
    const [one, two] = [requestOf("traces", 5, 1).length, requestOf("traces", 5, 2).length];
    for (const [minSize, sizes] of [
      [one + two, [10]],
      [one + two + 1, []],
      [one, [5, 5]],
    ] as const) {
      const rig = deliveryRig(queue({ min_size: minSize, sizer: "bytes", flush_timeout: "1h" }));
      await rig.send(5);
      await rig.send(5);
      await rig.clock.advance(0);
      expect(sizesOf(rig.arrivals).slice(0, minSize === one ? 1 : 2)).toEqual(minSize === one ? [5] : sizes);
      rig.books();
    }
  });
});

describe("sizes that are told", () => {
  const ENQUEUED = "otelcol_exporter_enqueue_size";
  const LEFT = "otelcol_exporter_queue_batch_send_size";
  const summed = (sizes: readonly number[]) => ({ count: sizes.length, sum: sizes.reduce((sum, size) => sum + size, 0), max: Math.max(...sizes) });

  it("are those of what was offered, taken or not, and of the batches that were made of it", async () => {
    const rig = deliveryRig(queue({ min_size: 10, flush_timeout: "1h" }, { queue_size: 2 }));
    const { answer, waiting } = held();
    rig.answer = answer;
    const offered = [4, 7, 3, 5, 9].map((items, index) => requestOf("traces", items, index + 1));
    for (const bytes of offered) await rig.sendBytes(bytes);
    expect(sizesOf(rig.arrivals)).toEqual([11]);
    expect(rig.books()).toMatchObject({ offered: 28, returned: 17 });
    expect(rig.spread(ENQUEUED)).toMatchObject(summed([4, 7, 3, 5, 9]));
    expect(rig.spread(`${ENQUEUED}_bytes`)).toMatchObject(summed(offered.map(({ length }) => length)));
    // An attempt that is made again is no other batch.
    waiting.shift()?.(LATER);
    expect(rig.spread(LEFT)).toMatchObject(summed([11]));
    expect(rig.spread(`${LEFT}_bytes`)).toMatchObject(summed(bytesOf(rig.arrivals).map(({ length }) => length)));
  });

  it("of batches are not told where the queue makes none", async () => {
    const rig = deliveryRig({ sending_queue: {}, ...ONCE });
    await rig.send(5);
    await rig.clock.advance(0);
    expect(rig.arrivals.length).toBe(1);
    expect([rig.spread(ENQUEUED)?.sum, rig.spread(LEFT)]).toEqual([5, undefined]);
  });

  it("nor any without a queue", async () => {
    const rig = deliveryRig({ retry_on_failure: {} });
    await rig.send(5);
    expect([rig.arrivals.length, rig.spread(ENQUEUED), rig.spread(LEFT)]).toEqual([1, undefined, undefined]);
  });

  it("are the same where the queue is stored", async () => {
    const disk = new Disk();
    const rig = await processOn(disk, new TestClock(), queue({ min_size: 10, flush_timeout: "1h" }, { storage: "file_storage" }));
    for (const items of [4, 7]) void rig.send(items);
    await rig.clock.advance(0);
    expect(sizesOf(rig.arrivals)).toEqual([11]);
    expect([rig.spread(ENQUEUED), rig.spread(LEFT)]).toMatchObject([summed([4, 7]), summed([11])]);
    await rig.stop(0);
  });
});

describe("flush_timeout", () => {
  it("counts from the first of what waits", async () => {
    const rig = deliveryRig(queue({ flush_timeout: "1s" }));
    await rig.send(1);
    await rig.clock.advance(900);
    await rig.send(2);
    await rig.clock.advance(99);
    expect(rig.arrivals).toEqual([]);
    await rig.clock.advance(1);
    expect(sizesOf(rig.arrivals)).toEqual([3]);
    await rig.send(4);
    await rig.clock.advance(999);
    expect(rig.arrivals.length).toBe(1);
    await rig.clock.advance(1);
    expect(sizesOf(rig.arrivals)).toEqual([3, 4]);
    expect(rig.books()).toMatchObject({ queued: 0 });
  });

  it("joins what comes while every consumer is busy", async () => {
    const rig = deliveryRig(queue({ min_size: 100 }, { num_consumers: 1 }));
    const { answer, waiting } = held();
    rig.answer = answer;
    await rig.send(1);
    await rig.clock.advance(200);
    for (const items of [2, 3, 4]) {
      await rig.send(items);
      await rig.clock.advance(300);
    }
    expect(sizesOf(rig.arrivals)).toEqual([1]);
    waiting.shift()?.();
    await rig.clock.advance(1000);
    expect(sizesOf(rig.arrivals)).toEqual([1, 9]);
    waiting.shift()?.();
    await rig.clock.advance(1000);
    expect(rig.books()).toMatchObject({ sent: 10, queued: 0 });
    expect(rig.clock.sleeping).toBe(0);
  });
});

describe.each<Signal>(["traces", "metrics", "logs"])("max_size, %s", (signal) => {
  it("is exact in items: a request that lies across an end is divided there", async () => {
    const rig = deliveryRig(queue({ min_size: 10, max_size: 10, flush_timeout: "1h" }));
    const sent: Uint8Array[] = [];
    for (const [index, items] of [7, 25, 3, 9].entries()) {
      sent.push(requestOf(signal, items, index + 1));
      await rig.send(items, {}, signal);
    }
    const total = rig.books(signal).offered;
    await rig.exporter.stop(1000);
    const sizes = sizesOf(rig.arrivals);
    expect(sizes.slice(0, -1).every((items) => items === 10)).toBe(true);
    expect(sizes.reduce((sum, items) => sum + items, 0)).toBe(total);
    expect(contents(signal, bytesOf(rig.arrivals))).toEqual(contents(signal, sent));
    expect(rig.books(signal)).toMatchObject({ sent: total, queued: 0, size: 0, bytes: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is kept in bytes, and batches are as large as it allows", async () => {
    const max = 6000;
    const rig = deliveryRig(queue({ min_size: 4000, max_size: max, sizer: "bytes", flush_timeout: "1h" }, { num_consumers: 1 }));
    const sent = [1, 2, 3].map((seed) => requestOf(signal, 40, seed));
    for (let turn = 0; turn < 3; turn++) await rig.send(40, {}, signal);
    await rig.exporter.stop(1000);
    expect(contents(signal, bytesOf(rig.arrivals))).toEqual(contents(signal, sent));
    const lengths = rig.arrivals.map(({ bytes }) => bytes.length);
    for (const [index, length] of lengths.entries()) expect(length <= max || rig.arrivals[index]?.items === 1, String(length)).toBe(true);
    expect(Math.max(...lengths)).toBeGreaterThan(max / 2);
    expect(rig.engine.pool.blocks).toBe(0);
  });
});

describe("max_size", () => {
  it("sends the remainder of a request with what follows, as the Collector does", async () => {
    const rig = deliveryRig(queue({ min_size: 5, max_size: 10, flush_timeout: "1h" }));
    for (const items of [23, 4, 17]) await rig.send(items);
    await rig.clock.advance(0);
    // 23: 10, 10, and 3 wait; 3 + 4 are enough; 17: 10 and 7.
    expect(sizesOf(rig.arrivals)).toEqual([10, 10, 7, 10, 7]);
    expect(rig.books()).toMatchObject({ sent: 44, queued: 0 });
  });

  it("divides one resource of 20,000 spans a part at a time, however large the resource is", async () => {
    const engine = testEngine(128 << 20);
    const rig = deliveryRig(queue({ min_size: 100, max_size: 100, flush_timeout: "1h" }, { num_consumers: 1 }), { engine });
    const wide = [{ key: "k", value: { stringValue: "x".repeat(200_000) } }];
    const spans = Array.from({ length: 20_000 }, (_, index) => ({ traceId: new Uint8Array(16).fill(1 + (index % 200)), spanId: new Uint8Array(8).fill(1) }));
    const bytes = judge("traces").encode({ resourceSpans: [{ resource: { attributes: wide }, scopeSpans: [{ spans }] }] });
    const { answer, waiting } = held();
    rig.answer = answer;
    await rig.sendBytes(bytes);
    await rig.clock.advance(0);
    expect(sizesOf(rig.arrivals)).toEqual([100]);
    for (let turn = 0; turn < 200; turn++) {
      waiting.shift()?.();
      await rig.clock.advance(0);
      // One is under way: nothing of the others is in the pool.
      expect(engine.pool.blocks).toBeLessThanOrEqual(1);
    }
    expect(sizesOf(rig.arrivals)).toEqual(Array.from({ length: 200 }, () => 100));
    expect(rig.books()).toMatchObject({ sent: 20_000, queued: 0, bytes: 0 });
  });

  it("waits for room in the pool to divide, and loses nothing", async () => {
    const engine = testEngine(8 << 20);
    const rig = deliveryRig(queue({ min_size: 10, max_size: 10, flush_timeout: "1h" }), { engine });
    await rig.send(5);
    const bytes = requestOf("traces", 25, 9);
    const outcome = rig.sendBytes(bytes);
    expect(await outcome).toEqual(ACCEPTED);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ sent: 30 });
    rig.answer = () => ACCEPTED;
    const { answer, waiting } = held();
    const busy = deliveryRig(queue({ min_size: 10, max_size: 10, flush_timeout: "1h" }, { num_consumers: 1 }), { engine });
    busy.answer = answer;
    await busy.send(10);
    await busy.send(5);
    await busy.send(25);
    const blocks = [];
    for (let block = engine.pool.take(1); block !== undefined; block = engine.pool.take(1)) blocks.push(block);
    waiting.shift()?.();
    await busy.clock.advance(1000);
    expect(sizesOf(busy.arrivals)).toEqual([10]);
    for (const block of blocks) block.release();
    for (let turn = 0; turn < 3; turn++) {
      await busy.clock.advance(1000);
      waiting.shift()?.();
    }
    await busy.clock.advance(0);
    expect(sizesOf(busy.arrivals)).toEqual([10, 10, 10, 10]);
    expect(busy.books()).toMatchObject({ sent: 40, queued: 0 });
    expect(engine.pool.blocks).toBe(0);
  });
});

describe("what never lies in one batch", () => {
  it("is of two tenants, or of two values of a header in metadata_keys", async () => {
    const rig = deliveryRig(queue({ partition: { metadata_keys: ["X-Team"] } }));
    const origins = [
      { tenant: "a", headers: { "x-team": "1" } },
      { tenant: "b", headers: { "x-team": "1" } },
      { tenant: "a", headers: { "x-team": "2" } },
      { tenant: "a", headers: { "x-team": "" } },
      { tenant: "a", headers: {} },
    ];
    for (let turn = 0; turn < 3; turn++) for (const origin of origins) await rig.send(2, origin);
    await rig.clock.advance(200);
    expect(sizesOf(rig.arrivals)).toEqual([6, 6, 6, 6, 6]);
    expect(rig.arrivals.map(({ origin: { tenant, headers } }) => ({ tenant, headers }))).toEqual(origins);
    expect(rig.books()).toMatchObject({ sent: 30, queued: 0 });
  });

  it("keeps tenants apart without metadata_keys, too, and each has its turn", async () => {
    const rig = deliveryRig(queue({ min_size: 2, flush_timeout: "1h" }, { num_consumers: 1 }));
    const { answer, waiting } = held();
    rig.answer = answer;
    for (let turn = 0; turn < 4; turn++) await rig.send(2, { tenant: "a" });
    for (let turn = 0; turn < 2; turn++) await rig.send(2, { tenant: "b" });
    for (let turn = 0; turn < 6; turn++) {
      waiting.shift()?.();
      await rig.clock.advance(0);
    }
    expect(rig.arrivals.map(({ origin }) => origin.tenant).join("")).toBe("aababa");
    rig.books();
  });

  it("is profiles: each has a dictionary of its own", async () => {
    const rig = deliveryRig(queue({}));
    for (let turn = 0; turn < 3; turn++) await rig.send(2, {}, "profiles");
    await rig.clock.advance(200);
    expect(rig.arrivals.length).toBe(3);
    rig.books("profiles");
  });
});

describe("bytes", () => {
  it("make a batch complete at a quarter of what the queue may hold", async () => {
    const rig = deliveryRig(queue({ min_size: 1_000_000, flush_timeout: "1h" }, { held_bytes_max: 1 << 20 }), { heldBytesMax: 1 << 20 });
    for (let turn = 0; turn < 30; turn++) {
      expect(await rig.send(20)).toEqual(ACCEPTED);
      await rig.clock.advance(0);
    }
    expect(rig.arrivals.length).toBeGreaterThan(0);
    for (const { bytes } of rig.arrivals) expect(bytes.length).toBeLessThanOrEqual(1 << 18);
    rig.books();
  });
});

describe("senders that wait", () => {
  const waiting = (batch: unknown) => ({ sending_queue: { batch, wait_for_result: true }, ...ONCE });

  it.each([
    ["accepted", ACCEPTED, ACCEPTED, { sent: 7 }],
    ["refused", REFUSED, REFUSED, { returned: 7 }],
    ["later", LATER, LATER, { returned: 7 }],
    ["rejected in part: attributed to none of several", { kind: "partial" as const, rejected: 2, message: "two" }, ACCEPTED, { sent: 5, dropped: 2 }],
  ])("are told of the batch that their request is in: %s", async (_name, outcome, told, books) => {
    const rig = deliveryRig(waiting({}));
    rig.answer = () => outcome;
    const sends = [rig.send(3), rig.send(4)];
    await rig.clock.advance(200);
    expect(await Promise.all(sends)).toEqual([told, told]);
    expect(sizesOf(rig.arrivals)).toEqual([7]);
    expect(rig.books()).toMatchObject({ queued: 0, size: 0, bytes: 0, ...books });
  });

  it("are told what was lost when a part of their request failed", async () => {
    const rig = deliveryRig(waiting({ min_size: 10, max_size: 10 }));
    rig.answer = () => (rig.arrivals.length === 2 ? LATER : ACCEPTED);
    const outcome = rig.send(25);
    await rig.clock.advance(200);
    expect(await outcome).toEqual({ kind: "partial", rejected: 10, message: "later" });
    expect(rig.books()).toMatchObject({ sent: 15, dropped: 10, returned: 0, queued: 0 });
  });

  it("are told that all failed when every part did", async () => {
    const rig = deliveryRig(waiting({ min_size: 10, max_size: 10 }));
    rig.answer = () => (rig.arrivals.length === 2 ? LATER : REFUSED);
    const outcome = rig.send(25);
    await rig.clock.advance(200);
    expect(await outcome).toEqual(LATER);
    expect(rig.books()).toMatchObject({ returned: 25, dropped: 0, queued: 0 });
  });
});

describe("413 of a joined batch", () => {
  it("is divided, and what is too large alone is lost", async () => {
    const rig = deliveryRig(queue({}));
    rig.answer = ({ items }) => (items > 4 ? TOO_LARGE : ACCEPTED);
    for (let turn = 0; turn < 3; turn++) await rig.send(6);
    await rig.clock.advance(200);
    expect(rig.books()).toMatchObject({ sent: 18, dropped: 0, queued: 0 });
    expect(contents("traces", bytesOf(rig.arrivals.filter(({ items }) => items <= 4)))).toEqual(
      contents(
        "traces",
        [1, 2, 3].map((seed) => requestOf("traces", 6, seed)),
      ),
    );
  });
});
