/** The batch processor: when batches leave, how large they are, and whose telemetry lies together. */
import { describe, expect, it } from "vitest";
import { ACCEPTED, type BatchRig, batchRig, LATER, sizesOf } from "./batch-rig.ts";

describe("how large batches are", () => {
  it("is told in items and in bytes, of those that were held", async () => {
    const rig = batchRig({ send_batch_size: 10, timeout: "200ms" });
    for (const items of [6, 9, 3]) await rig.send(items);
    await rig.clock.advance(200);
    expect(sizesOf(rig.passed)).toEqual([15, 3]);
    expectTold(rig);
  });

  it.each([
    [{ timeout: 0, send_batch_size: 4, send_batch_max_size: 4 }, "size", [4, 4, 1]],
    [{ timeout: "1h", held_bytes_max: 1 << 20 }, "bytes", [3000]],
  ])("and of those that pass while their sender waits: %j", async (settings, trigger, sizes) => {
    const rig = batchRig(settings);
    expect(await rig.send(sizes.reduce((sum, size) => sum + size, 0))).toEqual(ACCEPTED);
    expect(sizesOf(rig.passed)).toEqual(sizes);
    const name = trigger === "size" ? "otelcol_processor_batch_batch_size_trigger_send" : "sluice_processor_batch_bytes_trigger_send";
    expect(rig.total(name)).toBe(sizes.length);
    expectTold(rig);
  });
});

/** What is told is what was passed on. */
function expectTold(rig: BatchRig): void {
  const { passed } = rig;
  const items = sizesOf(passed);
  const bytes = passed.map(({ requests }) => requests.reduce((sum, { length }) => sum + length, 0));
  for (const [unit, sizes] of [
    ["", items],
    ["_bytes", bytes],
  ] as const) {
    expect(rig.spread(`otelcol_processor_batch_batch_send_size${unit}`)).toMatchObject({
      count: sizes.length,
      sum: sizes.reduce((sum, size) => sum + size, 0),
      min: Math.min(...sizes),
      max: Math.max(...sizes),
    });
  }
}

describe("when a batch leaves", () => {
  it("at the size, at once, with all that waits", async () => {
    const rig = batchRig({ send_batch_size: 10, timeout: "1h" });
    for (const items of [4, 5, 7]) expect(await rig.send(items)).toEqual(ACCEPTED);
    expect(sizesOf(rig.passed)).toEqual([16]);
    expect(rig.total("otelcol_processor_batch_batch_size_trigger_send")).toBe(1);
    await rig.clock.advance(0);
    expect(rig.books()).toEqual({ taken: 16, out: 16, dropped: 0, held: 0 });
  });

  it("when the first of it has waited for the timeout, and not a millisecond before", async () => {
    const rig = batchRig({ timeout: "200ms" });
    await rig.clock.advance(1000);
    await rig.send(3);
    await rig.clock.advance(150);
    await rig.send(2);
    await rig.clock.advance(49);
    expect(rig.passed).toEqual([]);
    expect(rig.books()).toMatchObject({ held: 5 });
    await rig.clock.advance(1);
    expect(sizesOf(rig.passed)).toEqual([5]);
    expect(rig.total("otelcol_processor_batch_timeout_trigger_send")).toBe(1);
  });

  it("counts the time anew after a batch that was full", async () => {
    const rig = batchRig({ timeout: "200ms", send_batch_size: 10 });
    await rig.send(3);
    await rig.clock.advance(100);
    await rig.send(8);
    await rig.clock.advance(50);
    await rig.send(1);
    await rig.clock.advance(199);
    expect(sizesOf(rig.passed)).toEqual([11]);
    await rig.clock.advance(1);
    expect(sizesOf(rig.passed)).toEqual([11, 1]);
    expect(rig.clock.sleeping).toBe(0);
  });

  it("has one sleeper a shard, however often it is sent", async () => {
    const rig = batchRig({ timeout: "1h", send_batch_size: 2 });
    for (let turn = 0; turn < 50; turn++) await rig.send(3);
    expect(rig.passed.length).toBe(50);
    expect(rig.clock.sleeping).toBe(0);
    for (let turn = 0; turn < 50; turn++) await rig.send(1);
    expect(rig.passed.length).toBe(75);
    expect(rig.clock.sleeping).toBe(1);
  });

  it("before it takes up more than a quarter of the queue", async () => {
    const rig = batchRig({ timeout: "1h", send_batch_size: 1_000_000, held_bytes_max: 1 << 20 });
    await rig.send(300);
    expect(rig.passed).toEqual([]);
    await rig.send(300);
    expect(sizesOf(rig.passed)).toEqual([600]);
    expect(rig.total("sluice_processor_batch_bytes_trigger_send")).toBe(1);
  });

  it.each([
    [10, 10, [25], [10, 10], 5],
    [10, 15, [32], [15, 15], 2],
    [10, 15, [9, 15], [15], 9],
    [10, 15, [9, 17], [15, 11], 0],
    [4, 0, [3, 30], [33], 0],
    [4, 4, [4, 4, 1], [4, 4], 1],
  ])("size %i, at most %i: %j makes %j and leaves %i", async (size, max, sent, sizes, held) => {
    const rig = batchRig({ send_batch_size: size, send_batch_max_size: max, timeout: "1h" });
    for (const items of sent) await rig.send(items);
    await rig.clock.advance(0);
    expect(sizesOf(rig.passed)).toEqual(sizes);
    expect(rig.books().held).toBe(held);
    expect(rig.engine.pool.blocks).toBe(0);
  });
});

describe("a timeout of 0 holds nothing", () => {
  it.each([
    [{ timeout: "0s" }, [30]],
    [{ send_batch_size: 0 }, [30]],
    [{ timeout: "0s", send_batch_size: 8, send_batch_max_size: 8 }, [8, 8, 8, 6]],
    [{ send_batch_size: 0, send_batch_max_size: 20 }, [20, 10]],
  ])("%j: 30 items leave as %j, before the sender is answered", async (settings, sizes) => {
    const rig = batchRig(settings);
    expect(rig.stage.state).toBe("none");
    expect(await rig.send(30)).toEqual(ACCEPTED);
    expect(sizesOf(rig.passed)).toEqual(sizes);
    expect(rig.books()).toEqual({ taken: 30, out: 30, dropped: 0, held: 0 });
  });

  it("tells the sender what the destination said", async () => {
    const rig = batchRig({ timeout: "0s", send_batch_max_size: 10, send_batch_size: 10 });
    rig.answer = () => ({ ...LATER, afterMs: 7 });
    expect(await rig.send(30)).toEqual({ ...LATER, afterMs: 7 });
    expect(rig.passed.length).toBe(1);
  });

  it("tells it of a rest that failed as rejected: sending all again would double the first part", async () => {
    const rig = batchRig({ timeout: "0s", send_batch_max_size: 10, send_batch_size: 10 });
    rig.answer = () => (rig.passed.length === 1 ? ACCEPTED : LATER);
    expect(await rig.send(30)).toEqual({ kind: "partial", rejected: 20, message: "later" });
    expect(rig.passed.length).toBe(2);
    expect(rig.books()).toEqual({ taken: 30, out: 10, dropped: 20, held: 0 });
    expect(rig.dropped("send_failed")).toBe(20);
  });

  it("adds up what destinations rejected of the parts", async () => {
    const rig = batchRig({ timeout: "0s", send_batch_max_size: 10, send_batch_size: 10 });
    rig.answer = () => ({ kind: "partial", rejected: 2, message: "two" });
    expect(await rig.send(30)).toEqual({ kind: "partial", rejected: 6, message: "two" });
  });
});

describe("whose telemetry lies together", () => {
  const settings = { metadata_keys: ["X-Tenant", "x-region"], timeout: "1h", metadata_cardinality_limit: 3 };

  it("that with the same values of the headers named, and no other header is kept", async () => {
    const rig = batchRig(settings);
    await rig.send(1, { headers: { "x-tenant": "a", authorization: "secret" } });
    await rig.send(2, { headers: { "x-tenant": "b", "x-region": "" } });
    await rig.send(4, { headers: { "x-tenant": "a", "user-agent": "x" } });
    await rig.send(8, { headers: { "x-tenant": "b" } });
    await rig.stage.drain(rig.next, 0);
    expect(rig.passed.map(({ items, origin }) => [items, origin.headers])).toEqual([
      [5, { "x-tenant": "a" }],
      [2, { "x-tenant": "b", "x-region": "" }],
      [8, { "x-tenant": "b" }],
    ]);
    expect(rig.total("otelcol_processor_batch_metadata_cardinality")).toBe(3);
  });

  it("refuses one combination more than the limit, and takes the known ones on", async () => {
    const rig = batchRig(settings);
    for (const tenant of ["a", "b", "c"]) expect(await rig.send(1, { headers: { "x-tenant": tenant } })).toEqual(ACCEPTED);
    expect(await rig.send(7, { headers: { "x-tenant": "d" } })).toEqual({ kind: "refused", message: "too many batcher metadata-value combinations" });
    expect(rig.total("sluice_processor_refused_items")).toBe(7);
    await rig.clock.advance(3_600_000);
    expect(await rig.send(1, { headers: { "x-tenant": "a" } })).toEqual(ACCEPTED);
    expect((await rig.send(1, { headers: { "x-tenant": "d" } })).kind).toBe("refused");
    rig.books();
  });

  it("has no limit where it is 0", async () => {
    const rig = batchRig({ ...settings, metadata_cardinality_limit: 0 });
    for (let tenant = 0; tenant < 20; tenant++) expect(await rig.send(1, { headers: { "x-tenant": String(tenant) } })).toEqual(ACCEPTED);
  });

  it.each([[{}], [{ metadata_keys: ["x-tenant"] }]])("never that of two tenants, whatever the settings: %j", async (more) => {
    const rig = batchRig({ timeout: "1h", ...more });
    for (const tenant of ["a", "b", "a"]) await rig.send(1, { tenant });
    await rig.stage.drain(rig.next, 0);
    expect(rig.passed.map(({ items, origin }) => [items, origin.tenant])).toEqual([
      [2, "a"],
      [1, "b"],
    ]);
  });

  it("says of the origin what is true of all of it", async () => {
    const rig = batchRig({ timeout: "1h" });
    await rig.send(1, { peer: "one", arrivedMs: 5, headers: { a: "1" } });
    await rig.send(1, { peer: "two", arrivedMs: 3, headers: { a: "1" } });
    await rig.stage.drain(rig.next, 0);
    expect(rig.passed[0]?.origin).toEqual({ receiver: "otlp", peer: "", tenant: "", arrivedMs: 3, headers: {} });
  });

  it("gives each batch an id of its own", async () => {
    const rig = batchRig({ send_batch_size: 3, send_batch_max_size: 3, timeout: "1h" });
    await rig.send(9);
    await rig.send(4);
    expect(new Set(rig.passed.map(({ id }) => id)).size).toBe(4);
  });
});
