/** The batch processor as a queue: what becomes of batches that fail, its bound, and draining. */
import { describe, expect, it, vi } from "vitest";
import { judge } from "../harness/judge.ts";
import { ACCEPTED, batchRig, LATER, ORIGIN, sizesOf, UNTRIED } from "./batch-rig.ts";

describe("what a destination does not take", () => {
  it.each([
    ["send_failed", LATER],
    ["refused", { kind: "refused" as const, message: "never" }],
  ])("is dropped as %s and counted, and the next batch goes on", async (reason, outcome) => {
    const rig = batchRig({ send_batch_size: 5 });
    rig.answer = () => outcome;
    expect(await rig.send(6)).toEqual(ACCEPTED);
    await rig.clock.advance(60_000);
    expect(rig.passed.length).toBe(1);
    expect(rig.books()).toEqual({ taken: 6, out: 0, dropped: 6, held: 0 });
    expect(rig.dropped(reason)).toBe(6);
    rig.answer = () => ACCEPTED;
    await rig.send(5);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ out: 5, held: 0 });
  });

  it("counts as passed on when it was rejected in part: that is counted at the destination", async () => {
    const rig = batchRig({ send_batch_size: 5 });
    rig.answer = () => ({ kind: "partial", rejected: 2, message: "two" });
    await rig.send(6);
    await rig.clock.advance(0);
    expect(rig.books()).toEqual({ taken: 6, out: 6, dropped: 0, held: 0 });
  });

  it("is told in one line in ten seconds, with what was not told before", async () => {
    const rig = batchRig({ send_batch_size: 1 });
    rig.answer = () => LATER;
    for (let turn = 0; turn < 100; turn++) await rig.send(2);
    await rig.clock.advance(0);
    expect(rig.log.length).toBe(1);
    await rig.clock.advance(10_000);
    await rig.send(2);
    await rig.clock.advance(0);
    expect(rig.log.map((line) => /"items":\d+/.exec(line)?.[0])).toEqual(['"items":2', '"items":200']);
  });

  it("is tried again, a few seconds long, while there is no room for it", async () => {
    const rig = batchRig({ send_batch_size: 5 });
    rig.answer = () => (rig.passed.length < 5 ? UNTRIED : ACCEPTED);
    await rig.send(6);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ held: 6 });
    await rig.clock.advance(5000);
    expect(rig.passed.length).toBe(5);
    expect(rig.books()).toEqual({ taken: 6, out: 6, dropped: 0, held: 0 });
  });

  it("is dropped as over_budget when there is none for too long", async () => {
    const rig = batchRig({ send_batch_size: 5 });
    rig.answer = () => UNTRIED;
    await rig.send(6);
    await rig.clock.advance(4999);
    expect(rig.books()).toMatchObject({ held: 6 });
    await rig.clock.advance(1);
    expect(rig.dropped("over_budget")).toBe(6);
    expect(rig.books()).toMatchObject({ held: 0 });
    expect(rig.passed.length).toBe(8);
    await rig.clock.advance(60_000);
    expect(rig.passed.length).toBe(8);
  });

  it("is dropped when what follows breaks its contract and throws", async () => {
    const rig = batchRig({ send_batch_size: 5 });
    rig.answer = () => Promise.reject(new Error("a defect"));
    await rig.send(6);
    await rig.clock.advance(0);
    expect(rig.dropped("refused")).toBe(6);
    expect(rig.log[0]).toContain("a defect");
    rig.books();
  });
});

describe("the queue's bound", () => {
  const settings = { timeout: "1h", send_batch_size: 1_000_000, held_bytes_max: 1 << 20 };

  it("refuses what does not fit with a retry, keeps nothing of it, and takes more when there is room again", async () => {
    const rig = batchRig(settings);
    const answers: (() => void)[] = [];
    rig.answer = () => new Promise((resolve) => answers.push(() => resolve(ACCEPTED)));
    let sent = 0;
    let outcome = ACCEPTED;
    for (; outcome.kind === "accepted"; sent++) outcome = await rig.send(100);
    expect(outcome).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(outcome).not.toHaveProperty("untried");
    const { held } = rig.books();
    expect(held).toBe((sent - 1) * 100);
    expect(rig.total("sluice_processor_refused_items")).toBe(100);
    expect(rig.total("sluice_processor_held_bytes")).toBeLessThanOrEqual(1 << 20);
    expect(rig.total("sluice_processor_held_bytes")).toBeGreaterThan((1 << 20) - 100_000);
    // Everything is under way now, not waiting for an hour.
    expect(sizesOf(rig.passed).reduce((sum, items) => sum + items, 0)).toBe(held);
    for (const answer of answers.splice(0)) answer();
    await rig.clock.advance(0);
    expect(rig.total("sluice_processor_held_bytes")).toBe(0);
    expect(await rig.send(100)).toEqual(ACCEPTED);
    rig.books();
  });

  it("takes a request of exactly the bound, and passes a larger one on while its sender waits", async () => {
    const overhead = 512;
    const rig = batchRig(settings);
    const request = (bytes: number) => ({
      signal: "traces" as const,
      requests: [new Uint8Array(bytes)],
      items: 1,
      id: "large",
      origin: { receiver: "", peer: "", tenant: "", arrivedMs: 0, headers: {} },
    });
    rig.answer = () => LATER;
    expect(await rig.stage.consume(request((1 << 20) - overhead), rig.next)).toEqual(ACCEPTED);
    await rig.clock.advance(0);
    expect(rig.books()).toMatchObject({ dropped: 1 });
    expect(await rig.stage.consume(request((1 << 20) - overhead + 1), rig.next)).toEqual(LATER);
    rig.books();
  });

  it("passes on a request whose parts, each with its resource around it, are larger than the bound together", async () => {
    const rig = batchRig({ ...settings, send_batch_size: 1, send_batch_max_size: 1 });
    const wide = [{ key: "k", value: { stringValue: "x".repeat(100_000) } }];
    const spans = Array.from({ length: 12 }, (_, index) => ({ traceId: new Uint8Array(16).fill(index + 1), spanId: new Uint8Array(8).fill(1) }));
    const bytes = judge("traces").encode({ resourceSpans: [{ resource: { attributes: wide }, scopeSpans: [{ spans }] }] });
    rig.answer = () => LATER;
    expect(await rig.stage.consume({ signal: "traces", requests: [bytes], items: 12, id: "wide", origin: ORIGIN }, rig.next)).toEqual(LATER);
    expect(rig.total("sluice_processor_held_bytes")).toBe(0);
    rig.answer = () => ACCEPTED;
    expect(await rig.stage.consume({ signal: "traces", requests: [bytes], items: 12, id: "wide", origin: ORIGIN }, rig.next)).toEqual(ACCEPTED);
    expect(sizesOf(rig.passed.slice(1))).toEqual(Array.from({ length: 12 }, () => 1));
    rig.books();
  });

  it("makes parts as they are passed on, not thousands with a large resource around each", async () => {
    const rig = batchRig({ ...settings, send_batch_size: 1, send_batch_max_size: 1 });
    const wide = [{ key: "k", value: { stringValue: "x".repeat(10_000) } }];
    const spans = Array.from({ length: 6000 }, (_, index) => ({ traceId: new Uint8Array(16).fill(1 + (index % 255)), spanId: new Uint8Array(8).fill(1) }));
    const bytes = judge("traces").encode({ resourceSpans: [{ resource: { attributes: wide }, scopeSpans: [{ spans }] }] });
    const envelope = { signal: "traces" as const, requests: [bytes], items: spans.length, id: "wide", origin: ORIGIN };
    const take = vi.spyOn(rig.engine.pool, "take");
    rig.answer = () => LATER;
    expect(await rig.stage.consume(envelope, rig.next)).toEqual(LATER);
    // At most 64 on each of three levels, for those that were to be held and again for those passed on.
    expect(take.mock.calls.length).toBeLessThan(500);
    rig.answer = () => (rig.passed.length < 4000 ? ACCEPTED : LATER);
    expect(await rig.stage.consume(envelope, rig.next)).toMatchObject({ kind: "partial" });
    expect(rig.passed.length).toBe(4000);
    expect(rig.books()).toMatchObject({ taken: 12_000, held: 0 });
    expect(rig.engine.pool.inUse).toBe(0);
  });

  it("refuses parts that do not fit beside what is held, and keeps nothing of them", async () => {
    const rig = batchRig({ ...settings, send_batch_size: 1, send_batch_max_size: 1 });
    rig.answer = () => new Promise(() => {});
    const wide = [{ key: "k", value: { stringValue: "x".repeat(100_000) } }];
    const spans = Array.from({ length: 6 }, (_, index) => ({ traceId: new Uint8Array(16).fill(index + 1), spanId: new Uint8Array(8).fill(1) }));
    const bytes = judge("traces").encode({ resourceSpans: [{ resource: { attributes: wide }, scopeSpans: [{ spans }] }] });
    const envelope = { signal: "traces" as const, requests: [bytes], items: 6, id: "wide", origin: ORIGIN };
    expect(await rig.stage.consume(envelope, rig.next)).toEqual(ACCEPTED);
    expect(await rig.stage.consume(envelope, rig.next)).toMatchObject({ kind: "retry", afterMs: 1000 });
    expect(rig.books()).toEqual({ taken: 6, out: 0, dropped: 0, held: 6 });
  });

  it("bounds tiny requests, too", async () => {
    const rig = batchRig({ ...settings, timeout: "1h" });
    rig.answer = () => new Promise(() => {});
    let count = 0;
    const empty = {
      signal: "logs" as const,
      requests: [new Uint8Array(1)],
      items: 1,
      id: "",
      origin: { receiver: "", peer: "", tenant: "", arrivedMs: 0, headers: {} },
    };
    while ((await rig.stage.consume(empty, rig.next)).kind === "accepted") count++;
    expect(count).toBe(Math.floor((1 << 20) / 513));
  });

  it("has at most ten batches under way, and the rest in order behind them", async () => {
    const rig = batchRig({ send_batch_size: 1, timeout: "1h" });
    const answers: (() => void)[] = [];
    rig.answer = () => new Promise((resolve) => answers.push(() => resolve(ACCEPTED)));
    for (let turn = 1; turn <= 25; turn++) await rig.send(turn);
    expect(sizesOf(rig.passed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    answers[3]?.();
    await rig.clock.advance(0);
    expect(sizesOf(rig.passed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    rig.books();
  });
});

describe("draining", () => {
  it("passes on what waits, and waits for the answers", async () => {
    const rig = batchRig({ timeout: "1h" });
    await rig.send(3);
    let answered = (): void => undefined;
    rig.answer = () => new Promise((resolve) => (answered = () => resolve(ACCEPTED)));
    let drained = false;
    const draining = rig.stage.drain(rig.next, 1000).then(() => (drained = true));
    await rig.clock.advance(999);
    expect([drained, sizesOf(rig.passed)]).toEqual([false, [3]]);
    answered();
    await draining;
    expect(rig.books()).toEqual({ taken: 3, out: 3, dropped: 0, held: 0 });
  });

  it("counts and tells what was not answered at the deadline, once", async () => {
    const rig = batchRig({ send_batch_size: 1, timeout: "1h" });
    const answers: (() => void)[] = [];
    rig.answer = () => new Promise((resolve) => answers.push(() => resolve(ACCEPTED)));
    for (let turn = 0; turn < 15; turn++) await rig.send(2);
    const draining = rig.stage.drain(rig.next, 500);
    await rig.clock.advance(500);
    await draining;
    expect(rig.books()).toEqual({ taken: 30, out: 0, dropped: 30, held: 0 });
    expect(rig.dropped("stopped")).toBe(30);
    for (const answer of answers.splice(0)) answer();
    await rig.clock.advance(60_000);
    expect(rig.books()).toEqual({ taken: 30, out: 0, dropped: 30, held: 0 });
    expect(rig.log).toEqual([expect.stringMatching(/"items":30,"reason":"stopped"/)]);
  });

  it("stops trying for room at the deadline", async () => {
    const rig = batchRig({ timeout: "1h" });
    rig.answer = () => UNTRIED;
    await rig.send(3);
    const draining = rig.stage.drain(rig.next, 500);
    await rig.clock.advance(500);
    await draining;
    const tries = rig.passed.length;
    await rig.clock.advance(60_000);
    expect(rig.passed.length).toBe(tries);
    expect(rig.dropped("stopped")).toBe(3);
    rig.books();
  });
});
