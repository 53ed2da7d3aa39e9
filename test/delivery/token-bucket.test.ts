/** Token buckets, and a destination's limit made of them: never more than rate and burst allow, never less for no reason. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../src/base/token-bucket.ts";
import { RateLimit } from "../../src/delivery/rate-limit.ts";
import { hostAt } from "./time.ts";
import { runsHere } from "../harness/runs.ts";

describe("a bucket", () => {
  it("has its burst at once, then its rate", () => {
    const bucket = new TokenBucket(10, 2);
    const passes = (nowMs: number) => {
      const passed = bucket.waitMs(1, nowMs) === 0;
      if (passed) bucket.take(1, nowMs);
      return passed;
    };
    const at = (nowMs: number, times: number) => Array.from({ length: times }, () => passes(nowMs)).filter(Boolean).length;
    expect([at(5000, 30), at(5099, 9), at(5100, 9), at(5350, 9), at(105_000, 30)]).toEqual([20, 0, 1, 2, 20]);
  });

  it("says how long to wait, not more and not less", () => {
    const bucket = new TokenBucket(4, 1);
    bucket.take(4, 0);
    expect([bucket.waitMs(1, 0), bucket.waitMs(2, 0), bucket.waitMs(4, 0), bucket.waitMs(2, 300), bucket.waitMs(2, 500)]).toEqual([250, 500, 1000, 200, 0]);
    expect([bucket.isFull(999), bucket.isFull(1000)]).toEqual([false, true]);
  });

  it("lets what is larger than the burst go when it is full, and is paid back", () => {
    const bucket = new TokenBucket(10, 1);
    expect(bucket.waitMs(1000, 0)).toBe(0);
    bucket.take(1000, 0);
    expect(bucket.waitMs(1, 0)).toBe(99_100);
    expect(bucket.waitMs(1000, 99_100)).toBe(900);
  });

  it("below one a second lets one pass from time to time; without a rate, all", () => {
    const slow = new TokenBucket(0.125, 1);
    slow.take(1, 0);
    expect([slow.waitMs(1, 0), slow.waitMs(1, 8000)]).toEqual([8000, 0]);
    const none = new TokenBucket(Infinity, 1);
    for (let time = 0; time < 100; time++) {
      expect(none.waitMs(1e12, 5)).toBe(0);
      none.take(1e12, 5);
    }
    expect(none.isFull(5)).toBe(true);
  });

  it("loses nothing to rounding after years of running and millions of questions", () => {
    const bucket = new TokenBucket(1000 / 3, 1);
    const startMs = 3e11;
    bucket.take(1000 / 3, startMs);
    let nowMs = startMs;
    let passed = 0;
    for (let question = 0; question < 300_000; question++) {
      nowMs += 0.1;
      if (bucket.waitMs(1, nowMs) > 0) continue;
      bucket.take(1, nowMs);
      passed++;
    }
    // One for each 3 ms.
    expect(Math.abs(passed - (nowMs - startMs) / 3)).toBeLessThanOrEqual(1);
    expect(passed).toBeGreaterThan(9900);
  });
});

describe("a destination's limit", () => {
  const request = fc.record({ items: fc.integer({ min: 1, max: 60 }), bytes: fc.integer({ min: 1, max: 6000 }), gapMs: fc.nat(700) });

  it("holds in every dimension over every stretch of time, whoever waits beside, and loses no more than a burst", () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 10, maxLength: 40, size: "max" }), fc.integer({ min: 1, max: 30 }), (requests, tenths) => {
        const burstSeconds = tenths / 10;
        const host = hostAt(3);
        const limit = new RateLimit({ requestsPerSecond: 5, itemsPerSecond: 100, bytesPerSecond: 10_000, burstSeconds }, host.clock);
        const sent: { readonly ms: number; readonly items: number; readonly bytes: number }[] = [];
        for (const { items, bytes, gapMs } of requests) {
          host.ms += gapMs;
          const { taken, waitMs } = limit.take(items, bytes, Infinity);
          expect([taken, Number.isInteger(waitMs)]).toEqual([true, true]);
          const ms = host.ms + waitMs;
          expect(ms).toBeGreaterThanOrEqual((sent.at(-1)?.ms ?? 0) - 1);
          sent.push({ ms, items, bytes });
        }
        sent.forEach((first, from) => {
          let [count, items, bytes] = [0, 0, 0];
          for (const one of sent.slice(from)) {
            // A place is rounded up to a whole ms: a stretch may be shorter by one.
            const seconds = (one.ms + 1 - first.ms) / 1000 + burstSeconds;
            expect(++count).toBeLessThanOrEqual(Math.max(1, 5 * burstSeconds) + 5 * (seconds - burstSeconds) + 0.1);
            // The last of a stretch may go beyond: it is paid for by those behind it.
            expect(items).toBeLessThanOrEqual(Math.max(100 * seconds, 1) + 0.1);
            expect(bytes).toBeLessThanOrEqual(10_000 * seconds + 20);
            items += one.items;
            bytes += one.bytes;
          }
        });
        // Nobody waits for longer than the tightest of the rates needs for all that came before.
        const total = sent.slice(0, -1).reduce((sum, one) => sum + Math.max(200, one.items * 10, one.bytes / 10), 0);
        expect((sent.at(-1)?.ms ?? 0) - 1000).toBeLessThanOrEqual(requests.reduce((sum, { gapMs }) => sum + gapMs, 0) + total + 1000);
      }),
      { numRuns: runsHere(100), seed: 5 },
    );
  });

  it("takes from all or from none", () => {
    const host = hostAt(1);
    const limit = new RateLimit({ requestsPerSecond: 2, bytesPerSecond: 100 }, host.clock);
    expect(limit.take(1, 100, 0)).toEqual({ taken: true, waitMs: 0 });
    // The second request is there, its bytes are not.
    expect(limit.take(1, 50, 0)).toEqual({ taken: true, waitMs: 500 });
    // The line is half a second: no place, and nothing is taken for it.
    expect(limit.take(1, 50, 499)).toEqual({ taken: false, waitMs: 1000 });
    host.ms += 500;
    expect(limit.take(1, 50, 0)).toEqual({ taken: true, waitMs: 500 });
  });

  it("gives a large request its place among small ones, in the order in which they asked", () => {
    const limit = new RateLimit({ bytesPerSecond: 1000 }, hostAt(1).clock);
    const waits = [1000, 100, 1000, 100].map((bytes) => limit.take(1, bytes, 1500));
    expect(waits.map(({ waitMs }) => waitMs)).toEqual([0, 100, 1100, 1200]);
    // What is larger than the burst goes when that is full, and who comes behind it pays for it.
    expect(limit.take(1, 5000, 1500)).toEqual({ taken: true, waitMs: 2200 });
    expect(limit.take(1, 1, 1500)).toEqual({ taken: false, waitMs: 6201 });
  });

  it("is none without rates", () => {
    const limit = new RateLimit({}, hostAt(1).clock);
    for (let time = 0; time < 1000; time++) expect(limit.take(1e9, 1e12, 0)).toEqual({ taken: true, waitMs: 0 });
  });
});
