/** Pacing, retries and the figures of `sluice send`, with a clock and a client that the test moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HttpClient, HttpResult } from "../../src/base/host.ts";
import { Delivery } from "../../src/cli/send/delivery.ts";
import { Latency } from "../../src/cli/send/latency.ts";
import type { Flags } from "../../src/cli/send/options.ts";
import { Pace } from "../../src/cli/send/pace.ts";
import { planOf } from "../../src/cli/send/plan.ts";
import { progressText, showProgress } from "../../src/cli/send/progress.ts";
import { Stopper } from "../../src/cli/send/stopper.ts";
import { Tally } from "../../src/cli/send/tally.ts";

/** Time that stands still until it is moved. */
function standingClock() {
  let ms = 5000;
  return { nowMs: () => ms, monotonicMs: () => ms, move: (by: number) => (ms += by) };
}

const FLAGS: Flags = { header: [], attribute: [], resourceAttribute: [], otlpHeader: [], otlpAttributes: [], telemetryAttributes: [] };
const planWith = (flags: Partial<Flags>) => planOf("traces", { ...FLAGS, ...flags }, () => undefined, 0, "test");

describe("pace", () => {
  it("spreads what is booked at once: the first goes, the next waits for its turn", () => {
    const pace = new Pace(1000, standingClock());
    expect([pace.book(100), pace.book(100), pace.book(50), pace.book(1)]).toEqual([0, 100, 200, 250]);
  });

  it("keeps the rate over a minute, though every wait ends late", () => {
    const clock = standingClock();
    const pace = new Pace(1000, clock);
    let booked = 0;
    for (const startMs = clock.nowMs(); clock.nowMs() - startMs < 60_000; booked += 10) clock.move(pace.book(10) + 3);
    expect(Math.abs(booked - 60_000)).toBeLessThanOrEqual(20);
  });

  it("catches up for a second at the most", () => {
    const clock = standingClock();
    const pace = new Pace(1000, clock);
    pace.book(1);
    clock.move(60_000);
    let atOnce = 0;
    while (pace.book(100) === 0) atOnce += 100;
    expect(atOnce).toBe(1100);
  });

  it("takes less than one a second, and has no limit at 0", () => {
    const slow = new Pace(0.5, standingClock());
    expect([slow.book(1), slow.book(1), slow.book(1)]).toEqual([0, 2000, 4000]);
    const free = new Pace(0, standingClock());
    expect([free.book(1e6), free.book(1e6)]).toEqual([0, 0]);
  });
});

describe("latency", () => {
  it("tells quantiles to one per cent", () => {
    const latency = new Latency();
    expect(latency.quantileMs(0.5)).toBeUndefined();
    for (let ms = 1; ms <= 1000; ms++) latency.add(ms);
    for (const share of [0.5, 0.9, 0.99]) expect(Math.abs((latency.quantileMs(share) ?? 0) / (share * 1000) - 1)).toBeLessThan(0.011);
    expect(latency.quantileMs(1)).toBe(1000);
  });

  it("takes what is shorter and longer than all its buckets", () => {
    const latency = new Latency();
    latency.add(0);
    latency.add(1e12);
    expect(latency.quantileMs(1)).toBeGreaterThan(1e6);
    expect(latency.quantileMs(0.5)).toBeLessThan(0.02);
  });
});

const answer = (status: number, headers: Readonly<Record<string, string>> = {}, body = new Uint8Array(0)): HttpResult => ({
  kind: "response",
  status,
  header: (name) => headers[name],
  body,
});
const failed = (reason: "connect" | "reset" | "timeout" | "tls"): HttpResult => ({ kind: "failed", reason, message: "no" });

/** A delivery to a client that answers so, in turn; the last answer stays. Waits are recorded, and over at once. */
function delivery(answers: readonly HttpResult[], flags: Partial<Flags> = {}) {
  const waits: number[] = [];
  const stopper = new Stopper();
  const sleep = vi.spyOn(stopper, "sleep").mockImplementation((ms) => Promise.resolve(void waits.push(ms)));
  let posts = 0;
  const client: HttpClient = {
    send: (request) => {
      const result = answers[Math.min(posts++, answers.length - 1)];
      request.onReleased();
      if (result === undefined) throw new TypeError("No answer");
      return Promise.resolve(result);
    },
    close: () => Promise.resolve(),
  };
  const tally = new Tally();
  const made = new Delivery({ plan: planWith(flags), client, clock: standingClock(), random: () => 1, tally, stopper });
  return { made, tally, waits, stopper, sleep, posts: () => posts };
}

const BODY = new Uint8Array(10);

describe("delivery", () => {
  it("sends again what can be sent again, with waits that double up to a bound", async () => {
    const { made, tally, waits, posts } = delivery([answer(503)], { retries: "7" });
    expect(await made.deliver(BODY, 5)).toBeUndefined();
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect([posts(), tally.retried, tally.failed, tally.accepted, tally.bytes]).toEqual([8, 7, 5, 0, 80]);
  });

  it.each([429, 502, 503, 504])("obeys Retry-After of a %d, then is accepted", async (status) => {
    const { made, tally, waits } = delivery([answer(status, { "retry-after": "7" }), answer(status, { "retry-after": "0" }), answer(200)]);
    expect(await made.deliver(BODY, 5)).toBeUndefined();
    expect([waits, tally.accepted, tally.retried, tally.failed]).toEqual([[7000, 0], 5, 2, 0]);
  });

  it("gives up rather than come before it is asked to", async () => {
    const { made, tally, waits, posts } = delivery([answer(429, { "retry-after": "61" })]);
    await made.deliver(BODY, 5);
    expect([posts(), waits, tally.failed]).toEqual([1, [], 5]);
  });

  it.each([400, 401, 404, 413, 500, 307])("does not send a %d again", async (status) => {
    const { made, tally, posts } = delivery([answer(200), answer(status)]);
    await made.deliver(BODY, 5);
    // Something was accepted before: the campaign goes on.
    expect(await made.deliver(BODY, 5)).toBeUndefined();
    expect([posts(), tally.rejected, tally.accepted]).toEqual([2, 5, 5]);
  });

  it("says at once when nobody is there, or a first request is refused", async () => {
    for (const result of [failed("connect"), failed("tls"), answer(404)]) {
      const { made, posts } = delivery([result]);
      expect(await made.deliver(BODY, 5)).toMatchObject({ result });
      expect(posts()).toBe(1);
    }
  });

  it("goes on when a destination that had answered is gone for a while", async () => {
    const { made, tally, waits } = delivery([answer(503), failed("connect"), answer(200)]);
    expect(await made.deliver(BODY, 5)).toBeUndefined();
    expect([waits.length, tally.accepted]).toEqual([2, 5]);
  });

  it("tries a reset and a time-out again, but not where gRPC is", async () => {
    for (const reason of ["reset", "timeout"] as const) {
      const { made, tally } = delivery([failed(reason), answer(200)]);
      expect(await made.deliver(BODY, 5)).toBeUndefined();
      expect([tally.retried, tally.accepted]).toEqual([1, 5]);
    }
    const { made, posts } = delivery([failed("reset")], { endpoint: "http://h:4317" });
    expect(await made.deliver(BODY, 5)).toMatchObject({ result: { reason: "reset" } });
    expect(posts()).toBe(1);
  });

  it("gives up what waits when it is stopped", async () => {
    const { made, tally, stopper, sleep, posts } = delivery([answer(503)]);
    sleep.mockImplementation(() => Promise.resolve(stopper.stop()));
    await made.deliver(BODY, 5);
    expect([posts(), tally.failed, tally.retried]).toEqual([1, 5, 0]);
  });

  it("counts what a partial success rejects, and what it said", async () => {
    const body = new TextEncoder().encode('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}');
    const { made, tally } = delivery([answer(200, { "content-type": "application/json" }, body)]);
    await made.deliver(BODY, 5);
    expect([tally.accepted, tally.rejected, tally.messages]).toEqual([3, 2, [{ message: "rejected in part: too old", count: 1 }]]);
  });
});

describe("a stop", () => {
  it("ends waits now and later", async () => {
    const stopper = new Stopper();
    const waiting = stopper.sleep(1e9);
    stopper.stop();
    await Promise.all([waiting, stopper.sleep(1e9)]);
    expect(stopper.stopped).toBe(true);
  });
});

describe("messages", () => {
  it("are counted, and bounded", () => {
    const tally = new Tally();
    for (let i = 0; i < 100; i++) tally.note(`m${i}`);
    for (let i = 0; i < 90; i++) tally.note("m3");
    expect(tally.messages).toHaveLength(21);
    expect(tally.messages.slice(0, 2)).toEqual([
      { message: "m3", count: 91 },
      { message: "other messages", count: 80 },
    ]);
  });
});

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is one line: how far, what became of it, how fast, since when", () => {
    const tally = Object.assign(new Tally(), { sent: 2500, accepted: 2400, rejected: 10, failed: 90, retried: 3 });
    expect(progressText(planWith({ count: "10000" }), tally, 61_000)).toBe("25 %  2,400 accepted  10 rejected  90 failed  3 retried  39/s  1:01");
    expect(progressText(planWith({ duration: "2m" }), new Tally(), 60_000)).toBe("50 %  0 accepted  0/s  1:00");
    expect(progressText(planWith({ duration: "inf" }), new Tally(), 0)).toBe("0 accepted  0/s  0:00");
  });

  it("is written over itself on a terminal, cut to its width, and taken away; elsewhere there is none", () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 12, write: (text: string) => written.push(text) };
    const hide = showProgress(stream, planWith({}), new Tally(), () => 0);
    vi.advanceTimersByTime(450);
    hide();
    vi.advanceTimersByTime(1000);
    expect(written).toEqual(["\r\u001b[K0 accepted ", "\r\u001b[K0 accepted ", "\r\u001b[K"]);
    const wide = showProgress({ ...stream, columns: 0 }, planWith({}), new Tally(), () => 0);
    vi.advanceTimersByTime(200);
    wide();
    expect(written.splice(3)).toEqual(["\r\u001b[K0 accepted  0/s  0:00", "\r\u001b[K"]);
    showProgress({ ...stream, isTTY: false }, planWith({}), new Tally(), () => 0)();
    expect(written).toHaveLength(3);
  });
});
