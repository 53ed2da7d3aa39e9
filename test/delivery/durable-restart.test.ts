/** What a process leaves behind, by a stop or a power cut at any point, and what the next one makes of it. */
import { describe, expect, it } from "vitest";
import { SIGNALS } from "../../src/base/signal.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { ACCEPTED, deliveryRig, held, LATER, requestOf, sizesOf, TOO_LARGE } from "./delivery-rig.ts";
import { Disk, durable, processOn } from "./durable-rig.ts";

const MODES = ["send_first", "write_first"] as const;
const bytes = (text: string) => new TextEncoder().encode(text);

describe.each(MODES)("a power cut, %s", (durability) => {
  it("loses nothing that was acknowledged: the next process has it, in order", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const settings = durable({ durability, num_consumers: 1 });
    const first = await processOn(disk, clock, settings);
    first.answer = () => new Promise(() => {});
    const sends = Array.from({ length: 6 }, (_, index) => first.send(index + 1));
    await clock.advance(1000);
    expect(await Promise.all(sends)).toEqual(Array.from({ length: 6 }, () => ACCEPTED));
    first.crash();
    const second = await processOn(disk, clock, settings);
    await clock.advance(0);
    expect(second.arrivals.map((arrival) => arrival.bytes)).toEqual(Array.from({ length: 6 }, (_, index) => requestOf("traces", index + 1, index + 1)));
    expect(second.arrivals.map(({ id }) => id)).toEqual(["r1", "r2", "r3", "r4", "r5", "r6"]);
    expect(second.books()).toMatchObject({ offered: 0, restored: 21, sent: 21, queued: 0, stored: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it.each(SIGNALS)("gives back the very bytes of %s, with id and origin", async (signal) => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability }));
    first.answer = () => new Promise(() => {});
    const origin = { tenant: "t", peer: "p", headers: { "x-scope": "\u00e9" }, key: "k" };
    const sending = first.send(7, origin, signal);
    await clock.advance(1000);
    expect(await sending).toEqual(ACCEPTED);
    const [sent] = first.arrivals;
    first.crash();
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(second.arrivals.length).toBe(1);
    expect(second.arrivals[0]).toEqual({ ...sent, atMs: clock.monotonicMs() });
    expect(sent?.origin).toMatchObject(origin);
    expect(second.books(signal).queued).toBe(0);
  });

  it("between acceptance and deletion is the gap: the entry comes again", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability }));
    const { answer, waiting } = held();
    first.answer = answer;
    const sending = first.send(3);
    await clock.advance(1000);
    await sending;
    disk.fails = () => true;
    waiting[0]?.();
    await clock.advance(0);
    first.crash();
    disk.fails = () => false;
    const second = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(sizesOf(second.arrivals)).toEqual([3]);
  });
});

describe.each(MODES)("a stop, %s", (durability) => {
  const begin = async (queue: Readonly<Record<string, unknown>> = {}) => {
    const disk = new Disk();
    const clock = new TestClock();
    return { disk, clock, process: await processOn(disk, clock, durable({ durability, ...queue })) };
  };

  it("before the window is over writes what is under way, and answers its sender", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => new Promise(() => {});
    const sending = process.send(4);
    await clock.advance(100);
    const stopping = process.stop(1000);
    expect(await sending).toEqual(ACCEPTED);
    await stopping;
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ queued: 4, dropped: 0, returned: 0, inFlight: 0, bytes: 0 });
    // The attempt's, which nobody has answered.
    expect(process.engine.pool.blocks).toBe(1);
  });

  it("lets an attempt end, and deletes what it delivered", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => clock.sleep(500).then(() => ACCEPTED);
    void process.send(4);
    await clock.advance(0);
    await process.stop(1000);
    expect(process.books()).toMatchObject({ sent: 4, queued: 0 });
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("does not wait for a destination that hangs: when nothing was answered for a window, the rest stays", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => new Promise(() => {});
    const sending = process.send(4);
    await clock.advance(100);
    let stopped = false;
    const stopping = process.exporter.stop(60_000).then(() => (stopped = true));
    await clock.advance(900);
    expect([stopped, (await sending).kind]).toEqual([false, "accepted"]);
    await clock.advance(100);
    expect(stopped).toBe(true);
    await stopping;
    // Nor does the exporter wait for what was given up.
    expect(process.stops).toEqual([0]);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ queued: 4, dropped: 0 });
  });

  it("goes on for as long as the destination answers, to its deadline", async () => {
    const { clock, disk, process } = await begin({ num_consumers: 1 });
    process.answer = () => clock.sleep(700).then(() => ACCEPTED);
    for (let turn = 0; turn < 20; turn++) void process.send(1);
    await clock.advance(0);
    await process.stop(10_000);
    // Eight seconds of the ten: what is written then has the rest.
    expect(process.books()).toMatchObject({ sent: 11, queued: 9, dropped: 0 });
    expect((await disk.kept()).entries).toBe(9);
  });

  it("gives no signal up while another is answered: it is one destination", async () => {
    const { clock, process } = await begin({ num_consumers: 1 });
    process.answer = ({ signal }) => clock.sleep(signal === "traces" ? 5000 : 700).then(() => ACCEPTED);
    void process.send(2);
    for (let turn = 0; turn < 20; turn++) void process.send(1, {}, "logs");
    await clock.advance(0);
    await process.stop(10_000);
    expect(process.books("traces")).toMatchObject({ sent: 2, queued: 0 });
    expect(process.books("logs").queued).toBeGreaterThan(0);
  });

  it("waits for one that takes its time twice as long as it took before", async () => {
    const { clock, process } = await begin({ num_consumers: 1 });
    let tookMs = 3000;
    process.answer = () => clock.sleep(tookMs).then(() => ACCEPTED);
    void process.send(1);
    await clock.advance(3000);
    tookMs = 5000;
    void process.send(2);
    void process.send(3);
    await clock.advance(0);
    tookMs = 20_000;
    await process.stop(60_000);
    expect(process.books()).toMatchObject({ sent: 3, queued: 3 });
  });

  it("while the storage fails gives what is under way back to its sender", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => new Promise(() => {});
    const sending = process.send(4);
    await clock.advance(100);
    disk.fails = () => true;
    const stopping = process.stop(1000);
    expect((await sending).kind).toBe(durability === "send_first" ? "retry" : "accepted");
    await stopping;
    expect(process.books()).toMatchObject(durability === "send_first" ? { returned: 4, queued: 0 } : { returned: 0, queued: 4 });
  });

  it("tries again at once what waits, and leaves it when that fails", async () => {
    const { clock, disk, process } = await begin();
    process.answer = () => LATER;
    await process.send(4);
    await clock.advance(10);
    await process.stop(1000);
    expect(process.arrivals.length).toBe(2);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(process.books()).toMatchObject({ queued: 4, dropped: 0 });
  });

  it("refuses what comes then", async () => {
    const { process } = await begin();
    await process.stop(0);
    expect(await process.send(1)).toMatchObject({ kind: "retry", message: "the gateway is stopping" });
    expect(process.books()).toMatchObject({ returned: 1 });
  });

  it("keeps a batch of which only a part was taken", async () => {
    const { clock, disk, process } = await begin({ sizer: "items", batch: { min_size: 10, max_size: 10 } });
    let turn = 0;
    process.answer = () => (turn++ === 0 ? ACCEPTED : new Promise(() => {}));
    const sending = process.send(25);
    await clock.advance(1000);
    expect(await sending).toEqual(ACCEPTED);
    await process.stop(1000);
    expect(process.books()).toMatchObject({ sent: 10, queued: 15, dropped: 0 });
    process.crash();
    const next = await processOn(disk, clock, durable({ durability }));
    await clock.advance(0);
    expect(sizesOf(next.arrivals)).toEqual([15]);
  });
});

describe("a stop in the middle of a batch that was divided", () => {
  it("leaves over all that was not taken, and nothing that was", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const settings = durable({ durability: "write_first", sizer: "items", batch: { min_size: 8, flush_timeout: "1h" } });
    const process = await processOn(disk, clock, settings);
    let asked = 0;
    // Eight are too many; the first four are for later, and the others would be taken.
    process.answer = ({ items }) => (items > 4 ? TOO_LARGE : asked++ === 0 ? LATER : ACCEPTED);
    for (let turn = 0; turn < 2; turn++) await process.send(4);
    await process.stop(1000);
    const { queued, sent } = process.books();
    expect([queued + sent, process.dropped("stopped")]).toEqual([8, 0]);
    process.crash();
    const next = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(next.books()).toMatchObject({ restored: queued, sent: queued });
  });

  it("whose first part failed does not go on with the second", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const process = await processOn(disk, clock, durable({ durability: "write_first", sizer: "items", batch: { min_size: 8, flush_timeout: "1h" } }));
    process.answer = async (arrival) => {
      if (arrival.items > 4) return TOO_LARGE;
      await clock.sleep(100);
      return process.arrivals.filter(({ items }) => items === 4).length === 1 ? { kind: "retry", message: "later", afterMs: 5000 } : ACCEPTED;
    };
    for (let turn = 0; turn < 2; turn++) await process.send(4);
    await clock.advance(10);
    await process.stop(1000);
    expect(sizesOf(process.arrivals)).toEqual([8, 4]);
    expect(await disk.kept()).toEqual({ bodies: 2, entries: 2 });
    expect(process.books()).toMatchObject({ queued: 8, sent: 0, dropped: 0 });
  });
});

describe("a start", () => {
  it("reads keys alone before the first delivery, in pages", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const settings = durable({ durability: "write_first", queue_size: 100_000, num_consumers: 1 });
    const first = await processOn(disk, clock, settings);
    first.answer = () => new Promise(() => {});
    const request = requestOf("traces", 1, 1);
    for (let turn = 0; turn < 1200; turn++) void first.sendBytes(request);
    await clock.advance(0);
    first.crash();
    disk.gets = 0;
    const second = await processOn(disk, clock, settings, { answer: () => new Promise(() => {}) });
    expect(second.books()).toMatchObject({ restored: 1200, queued: 1200, size: 1200 });
    expect(second.arrivals.length).toBe(1);
    // The session's, and what was read ahead.
    expect(disk.gets).toBeLessThanOrEqual(1201);
  });

  it("removes bodies that nothing refers to, and leaves the others", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first" }));
    first.answer = () => new Promise(() => {});
    await first.send(1);
    await first.send(2);
    const [entry] = await disk.keys("delivery/queue/");
    first.crash();
    if (entry !== undefined) await disk.storage.commit([{ kind: "delete", key: entry }]);
    const second = await processOn(disk, clock, durable({ durability: "write_first" }), { answer: () => new Promise(() => {}) });
    await clock.advance(0);
    expect(await disk.kept()).toEqual({ bodies: 1, entries: 1 });
    expect(second.books()).toMatchObject({ restored: 2 });
  });

  it("drops an entry whose body is damaged or gone, counted, and goes on", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first" }));
    first.answer = () => new Promise(() => {});
    for (let turn = 1; turn <= 3; turn++) await first.send(turn);
    first.crash();
    const [one = "", two = ""] = await disk.keys("delivery/body/");
    await disk.storage.commit([
      { kind: "put", key: one, value: bytes("{}") },
      { kind: "delete", key: two },
    ]);
    const second = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(second.books()).toMatchObject({ restored: 6, sent: 3, dropped: 3 });
    expect(second.dropped("damaged")).toBe(3);
    expect(await disk.kept()).toEqual({ bodies: 0, entries: 0 });
  });

  it("does not trust a length that the disk has changed: what lies behind is somebody else's", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first" }));
    first.answer = () => new Promise(() => {});
    for (let turn = 1; turn <= 2; turn++) await first.send(turn);
    first.crash();
    const [one = ""] = await disk.keys("delivery/body/");
    const value = (await disk.storage.get(one)) ?? bytes("");
    // The header's length and the header, then a tag and the length of the first resource.
    const length = 4 + new DataView(value.buffer, value.byteOffset).getUint32(0, true) + 1;
    value[length] = (value[length] ?? 0) + 1;
    await disk.storage.commit([{ kind: "put", key: one, value }]);
    const second = await processOn(disk, clock, durable({ durability: "write_first" }));
    await clock.advance(0);
    expect(second.books()).toMatchObject({ restored: 3, sent: 2, dropped: 1 });
    expect(second.dropped("damaged")).toBe(1);
    expect(second.engine.pool.blocks).toBe(0);
  });

  it("waits for memory to check in, and blames no disk for it", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const first = await processOn(disk, clock, durable({ durability: "write_first" }));
    first.answer = () => new Promise(() => {});
    await first.send(3);
    first.crash();
    const engine = testEngine(8 << 20);
    const blocks: { release(): void }[] = [];
    for (let block = engine.pool.take(1); block !== undefined; block = engine.pool.take(1)) blocks.push(block);
    const second = await processOn(disk, clock, durable({ durability: "write_first" }), { engine });
    await clock.advance(2500);
    expect(second.books()).toMatchObject({ restored: 3, sent: 0, queued: 3 });
    expect(second.total("sluice_exporter_store_failures")).toBe(0);
    for (const block of blocks) block.release();
    await clock.advance(1000);
    expect(second.books()).toMatchObject({ sent: 3, queued: 0 });
  });

  it("counts the time to be given up from the arrival, over restarts", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    const settings = durable({ durability: "write_first" }, { retry_on_failure: { initial_interval: "1s", max_interval: "1s", max_elapsed_time: "100s" } });
    const first = await processOn(disk, clock, settings, { answer: () => LATER });
    await first.send(3);
    await clock.advance(60_000);
    first.crash();
    const second = await processOn(disk, clock, settings, { answer: () => LATER });
    await clock.advance(38_000);
    expect(second.books()).toMatchObject({ queued: 3 });
    await clock.advance(3000);
    expect(second.dropped("max_elapsed_time")).toBe(3);
  });

  it("refuses a storage of another layout, and says what to do", async () => {
    const disk = new Disk();
    await disk.storage.commit([{ kind: "put", key: "delivery/session", value: bytes('{"version":2,"session":1}') }]);
    await expect(processOn(disk, new TestClock(), durable())).rejects.toMatchObject({ code: "config", cure: expect.stringContaining("Run the version") });
  });

  it("refuses an extension that is none", async () => {
    await expect(deliveryRig(durable()).exporter.start?.()).rejects.toMatchObject({ code: "config" });
  });
});

describe("what no exporter asks for", () => {
  const leave = async (disk: Disk, clock: TestClock, id: string) => {
    const process = await processOn(disk, clock, durable({ durability: "write_first" }), { id, answer: () => new Promise(() => {}) });
    for (let items = 1; items <= 2; items++) await process.send(items);
    await process.send(5, {}, "logs");
    process.crash();
  };

  it("stays in the storage, is told at the start, once for each exporter and signal, and seen in a gauge", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    await leave(disk, clock, "otlp_http/gone");
    const process = await processOn(disk, clock, durable(), { id: "otlp_http/there" });
    expect(process.log).toEqual([]);
    await process.exporter.ready?.();
    await process.exporter.ready?.();
    expect(process.log.length).toBe(2);
    expect(process.log.join("\n")).toMatch(
      /warn A storage keeps telemetry that no exporter asks for .*"otlp_http\/gone","signal":"traces","entries":2,"items":3,"bytes":\d{3,}/,
    );
    expect(process.log.join("\n")).toContain('"otlp_http/gone","signal":"logs","entries":1,"items":5');
    const labels = { exporter: "otlp_http/gone", data_type: "traces" };
    expect(process.counters.total("sluice_exporter_unclaimed_entries", labels)).toBe(2);
    expect(process.counters.total("sluice_exporter_unclaimed_bytes", labels)).toBeGreaterThan(100);
    await clock.advance(1000);
    expect(await disk.kept()).toEqual({ bodies: 3, entries: 3 });
    await process.stop(0);
    process.crash();
    const again = await processOn(disk, clock, durable(), { id: "otlp_http/gone" });
    await again.exporter.ready?.();
    await clock.advance(0);
    expect(again.log).toEqual([]);
    expect(again.books()).toMatchObject({ restored: 3, sent: 3 });
  });

  it("is told under what there is of a very long id", async () => {
    const disk = new Disk();
    const clock = new TestClock();
    await leave(disk, clock, `otlp_http/${"\u00e9".repeat(60)}`);
    const process = await processOn(disk, clock, durable());
    await process.exporter.ready?.();
    expect(process.log.length).toBe(2);
  });
});
