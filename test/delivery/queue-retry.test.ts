/** Attempts: when they are made again and when no longer, and what becomes of a body that is too large. */
import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/base/signal.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { leaves } from "../harness/multiset.ts";
import { ACCEPTED, type Arrival, deliveryRig, LATER, REFUSED, requestOf, sizesOf, TOO_LARGE, UNTRIED } from "./delivery-rig.ts";

const later = (afterMs: number, status = 503): Outcome => ({ kind: "retry", message: "later", status, afterMs });
const timesOf = (arrivals: readonly Arrival[]) => arrivals.map(({ atMs }) => atMs);

describe("retry_on_failure", () => {
  it("is on behind a queue: 5 s, half as much again each time, 30 s at the most, until 300 s have passed", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => LATER;
    await rig.send(3);
    await rig.clock.advance(600_000);
    const waits = [5000, 7500, 11_250, 16_875, 25_312.5, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000];
    let atMs = 0;
    // A sleep is whole milliseconds long.
    const due = [0, ...waits.map((waitMs) => (atMs += Math.ceil(waitMs)))];
    expect(timesOf(rig.arrivals)).toEqual(due.filter((ms) => ms <= 300_000));
    expect(rig.books()).toMatchObject({ dropped: 3, queued: 0, size: 0 });
    expect(rig.dropped("max_elapsed_time")).toBe(3);
    expect(rig.total("otelcol_exporter_send_failed_spans")).toBe(3);
    expect(rig.counters.total("sluice_exporter_retries", { reason: "unavailable" })).toBe(rig.arrivals.length - 1);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is off without a queue, unless its section is written", async () => {
    const rig = deliveryRig({ retry_on_failure: null });
    rig.answer = () => (rig.arrivals.length < 3 ? LATER : ACCEPTED);
    const sending = rig.send(3);
    await rig.clock.advance(20_000);
    expect(await sending).toEqual(ACCEPTED);
    expect(timesOf(rig.arrivals)).toEqual([0, 5000, 12_500]);
    expect(rig.books()).toMatchObject({ sent: 3, queued: 0 });
  });

  it("gives the sender that waited the last answer, and what it sent, back", async () => {
    const rig = deliveryRig({ retry_on_failure: { max_elapsed_time: "30s" } });
    rig.answer = () => later(2000);
    const sending = rig.send(3);
    await rig.clock.advance(60_000);
    expect(await sending).toEqual(later(2000));
    expect(rig.books()).toMatchObject({ returned: 3, dropped: 0, queued: 0 });
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is one attempt where it is off", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { enabled: false } });
    rig.answer = () => LATER;
    await rig.send(3);
    await rig.clock.advance(60_000);
    expect(rig.arrivals.length).toBe(1);
    expect(rig.dropped("send_failed")).toBe(3);
    rig.books();
  });

  it("goes on for ever with a max_elapsed_time of 0", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { max_elapsed_time: "0" } });
    rig.answer = () => LATER;
    await rig.send(3);
    await rig.clock.advance(3_600_000);
    expect(rig.arrivals.length).toBeGreaterThan(100);
    expect(rig.books()).toMatchObject({ queued: 3, dropped: 0 });
  });

  it("holds nothing of the pool between attempts, and gives the same bytes each time", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => (rig.arrivals.length < 4 ? LATER : ACCEPTED);
    await rig.send(40);
    await rig.clock.advance(1000);
    expect(rig.engine.pool.blocks).toBe(0);
    await rig.clock.advance(60_000);
    expect(new Set(rig.arrivals.map(({ bytes }) => bytes.join())).size).toBe(1);
    expect(rig.arrivals[3]?.bytes).toEqual(requestOf("traces", 40, 1));
    expect(rig.books()).toMatchObject({ sent: 40 });
  });

  it("spreads the waits by the jitter", async () => {
    const waits = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const rig = deliveryRig({ sending_queue: {} }, { seed });
      rig.answer = () => LATER;
      await rig.send(1);
      await rig.clock.advance(8000);
      waits.add(rig.arrivals[1]?.atMs ?? 0);
    }
    expect(waits.size).toBeGreaterThan(15);
    for (const waitMs of waits) {
      expect(waitMs).toBeGreaterThanOrEqual(2500);
      expect(waitMs).toBeLessThanOrEqual(7500);
    }
  });
});

describe("Retry-After", () => {
  it.each([
    ["longer than the back-off", 20_000, [0, 20_000]],
    ["shorter than the back-off", 1000, [0, 5000]],
  ])("is obeyed when it is %s", async (_name, afterMs, times) => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => (rig.arrivals.length === 1 ? later(afterMs, 429) : ACCEPTED);
    await rig.send(1);
    await rig.clock.advance(60_000);
    expect(timesOf(rig.arrivals)).toEqual(times);
    expect(rig.counters.total("sluice_exporter_retries", { reason: "throttled" })).toBe(1);
    rig.books();
  });

  it("ends the attempts when it goes past max_elapsed_time: exactly at it there is one more", async () => {
    for (const [afterMs, attempts] of [
      [60_000, 2],
      [60_001, 1],
    ] as const) {
      const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { max_elapsed_time: "60s" } });
      rig.answer = () => later(afterMs);
      await rig.send(2);
      await rig.clock.advance(120_000);
      expect(rig.arrivals.length).toBe(attempts);
      expect(rig.dropped("max_elapsed_time")).toBe(2);
      rig.books();
    }
  });
});

describe("what is final", () => {
  it.each([
    ["refused", REFUSED, { dropped: 5, sent: 0 }, "refused", 5],
    ["rejected in part", { kind: "partial" as const, rejected: 2, message: "two" }, { dropped: 2, sent: 3 }, "rejected", 2],
    ["rejected whole", { kind: "partial" as const, rejected: 5, message: "all" }, { dropped: 5, sent: 0 }, "rejected", 5],
    ["rejected more than there was", { kind: "partial" as const, rejected: 9, message: "all" }, { dropped: 5, sent: 0 }, "rejected", 5],
  ])("is not tried again: %s", async (_name, outcome, books, reason, dropped) => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => outcome;
    await rig.send(5);
    await rig.clock.advance(600_000);
    expect(rig.arrivals.length).toBe(1);
    expect(rig.books()).toMatchObject({ ...books, queued: 0 });
    expect(rig.dropped(reason)).toBe(dropped);
  });

  it("is told in one line in ten seconds, with what was not told before", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => REFUSED;
    for (let turn = 0; turn < 50; turn++) await rig.send(2);
    await rig.clock.advance(10_000);
    await rig.send(2);
    await rig.clock.advance(0);
    expect(rig.log.map((line) => /"items":\d+/.exec(line)?.[0])).toEqual(['"items":2', '"items":100']);
  });
});

describe("no room in the pool", () => {
  it("what a limit of ours holds back waits for its turn, retries or not", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { enabled: false } });
    const limited: Outcome = { kind: "retry", message: "the rate limit is used up", untried: true, afterMs: 3000 };
    rig.answer = () => (rig.arrivals.length <= 200 ? limited : ACCEPTED);
    await rig.send(2);
    await rig.clock.advance(650_000);
    expect(timesOf(rig.arrivals)).toEqual(Array.from({ length: 201 }, (_, index) => index * 3000));
    expect(rig.books()).toMatchObject({ sent: 2, queued: 0 });
    expect(rig.counters.total("sluice_exporter_retries", { reason: "limited" })).toBe(200);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is no attempt: it is tried again soon, until the time is over", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { max_elapsed_time: "40s" } });
    rig.answer = () => UNTRIED;
    await rig.send(2);
    await rig.clock.advance(100);
    expect(rig.arrivals.length).toBe(2);
    await rig.clock.advance(60_000);
    expect(rig.dropped("over_budget")).toBe(2);
    rig.books();
  });

  it("lasts 5 s where retries are off", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { enabled: false } });
    rig.answer = () => UNTRIED;
    await rig.send(2);
    await rig.clock.advance(4000);
    expect(rig.books()).toMatchObject({ queued: 2 });
    await rig.clock.advance(1000);
    expect(rig.books()).toMatchObject({ queued: 0 });
    expect(rig.dropped("over_budget")).toBe(2);
  });

  it("is told at once to a sender that waits: it can send again", async () => {
    const rig = deliveryRig({ retry_on_failure: {} });
    rig.answer = () => UNTRIED;
    expect(await rig.send(2)).toEqual(UNTRIED);
    expect(rig.books()).toMatchObject({ returned: 2 });
  });
});

describe.each<Signal>(["traces", "metrics", "logs", "profiles"])("413, %s", (signal) => {
  const contents = (list: readonly Uint8Array[]) => list.flatMap((bytes) => leaves(signal, bytes)).toSorted();

  it("is divided until it is small enough, and nothing is lost or doubled", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { enabled: false } });
    const taken: Uint8Array[] = [];
    rig.answer = ({ bytes, items }) => {
      if (items > 3) return TOO_LARGE;
      taken.push(bytes);
      return ACCEPTED;
    };
    await rig.send(20, {}, signal);
    await rig.clock.advance(0);
    expect(contents(taken)).toEqual(contents([requestOf(signal, 20, 1)]));
    const books = rig.books(signal);
    expect(books).toMatchObject({ sent: books.offered, dropped: 0, queued: 0 });
    expect(rig.total("sluice_exporter_divided_batches")).toBeGreaterThan(2);
    expect(rig.engine.pool.blocks).toBe(0);
  });

  it("is lost only where a single item is too large", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    const whole = contents([requestOf(signal, 8, 1)]);
    const bad = whole[3] ?? "";
    const taken: Uint8Array[] = [];
    rig.answer = ({ bytes }) => {
      if (contents([bytes]).includes(bad)) return TOO_LARGE;
      taken.push(bytes);
      return ACCEPTED;
    };
    await rig.send(8, {}, signal);
    await rig.clock.advance(0);
    expect(contents(taken)).toEqual(whole.filter((leaf) => leaf !== bad));
    expect(rig.dropped("too_large")).toBe(whole.filter((leaf) => leaf === bad).length);
    rig.books(signal);
  });
});

describe("413", () => {
  it("takes at most two attempts an item", async () => {
    const rig = deliveryRig({ sending_queue: {} });
    rig.answer = () => TOO_LARGE;
    await rig.send(64);
    await rig.clock.advance(0);
    expect(rig.arrivals.length).toBe(127);
    expect(Math.max(...sizesOf(rig.arrivals.slice(1)))).toBeLessThan(64);
    expect(rig.dropped("too_large")).toBe(64);
    rig.books();
  });

  it("goes on with the parts under the time of the whole", async () => {
    const rig = deliveryRig({ sending_queue: {}, retry_on_failure: { max_elapsed_time: "60s" } });
    rig.answer = ({ items }) => (items === 10 ? TOO_LARGE : LATER);
    await rig.send(10);
    await rig.clock.advance(600_000);
    expect(Math.max(...timesOf(rig.arrivals))).toBeLessThanOrEqual(60_000);
    expect(rig.dropped("max_elapsed_time")).toBe(10);
    rig.books();
  });

  it("tells a sender that waited what was lost, when something was taken", async () => {
    const rig = deliveryRig({ sending_queue: { wait_for_result: true }, retry_on_failure: { enabled: false } });
    let turn = 0;
    rig.answer = ({ items }) => {
      if (items === 10) return TOO_LARGE;
      turn++;
      return turn === 1 ? ACCEPTED : LATER;
    };
    const outcome = await rig.send(10);
    const { sent, dropped } = rig.books();
    expect(outcome).toEqual({ kind: "partial", rejected: dropped, message: "later" });
    expect(sent + dropped).toBe(10);
    expect(sent).toBeGreaterThan(0);
    expect(rig.dropped("send_failed")).toBe(dropped);
  });
});
