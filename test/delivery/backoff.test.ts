/** retry_on_failure: the Collector's settings, start-up errors and delays. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff, retrySchema } from "../../src/delivery/backoff.ts";
import { hostAt } from "./time.ts";
import recorded from "../fixtures/backoff/cenkalti-7.0.0.json" with { type: "json" };
import { runsHere } from "../harness/runs.ts";

const settingsOf = (settings: object) => retrySchema.parse(settings);
const faultsOf = (settings: object) => retrySchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

/** Delays until it gives up, `count` at the most, time passing as told. */
function delaysOf(settings: object, { chance, count = 12, attemptMs = 0 }: { chance?: number; count?: number; attemptMs?: number } = {}): number[] {
  const host = hostAt(1, chance);
  const backoff = new Backoff(settingsOf(settings), host);
  const delays: number[] = [];
  for (let attempt = 0; attempt < count; attempt++) {
    host.ms += attemptMs;
    const delayMs = backoff.next(undefined);
    if (delayMs === undefined) break;
    delays.push(delayMs);
    host.ms += delayMs;
  }
  return delays;
}

describe("settings", () => {
  it("have the Collector's defaults", () => {
    expect(settingsOf({})).toEqual({
      enabled: true,
      initial_interval: 5000,
      max_interval: 30_000,
      max_elapsed_time: 300_000,
      multiplier: 1.5,
      randomization_factor: 0.5,
    });
  });

  it.each([
    [{ initial_interval: "-1s" }, "initial_interval"],
    [{ max_interval: "-1s" }, "max_interval"],
    [{ max_elapsed_time: "-1s" }, "max_elapsed_time"],
    [{ multiplier: -0.1 }, "multiplier"],
    [{ randomization_factor: -0.1 }, "randomization_factor"],
    [{ randomization_factor: 1.1 }, "randomization_factor"],
    [{ max_elapsed_time: "29s" }, "max_elapsed_time"],
    [{ enabled: false, max_elapsed_time: "4s", max_interval: "1s" }, "max_elapsed_time"],
    [{ max_retries: 3 }, ""],
  ])("%j is an error at the start", (settings, key) => {
    const faults = faultsOf(settings);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${key}: `));
  });

  it("names both intervals that are longer than all the time", () => {
    expect(faultsOf({ max_elapsed_time: "1s" }).map((fault) => fault.split(":")[1])).toEqual([
      " max_elapsed_time must not be less than initial_interval",
      " max_elapsed_time must not be less than max_interval",
    ]);
  });

  it.each([{ multiplier: 0 }, { max_elapsed_time: "30s" }, { max_elapsed_time: 0, initial_interval: "1h" }, { initial_interval: 0, max_interval: 0 }])(
    "%j is none",
    (settings) => {
      expect(faultsOf(settings)).toEqual([]);
    },
  );
});

describe("delays", () => {
  it.each(recorded)("are the Collector's library's: $settings", ({ settings, withoutJitterNanos, lowNanos, highNanos }) => {
    const near = (chance: number, list: readonly number[], part: number) => {
      const delays = delaysOf({ ...settings, max_elapsed_time: 0 }, { chance, count: list.length });
      expect(delays).toHaveLength(10);
      delays.forEach((delayMs, index) => {
        expect(Math.abs(delayMs * 1e6 - (list[index] ?? NaN))).toBeLessThanOrEqual(2 + part * (withoutJitterNanos[index] ?? NaN));
      });
    };
    near(0.5, withoutJitterNanos, 0);
    // The least and the greatest of 400,000 draws: nearly the bounds.
    near(0, lowNanos, 2e-3);
    near(1 - 2 ** -53, highNanos, 1e-4);
  });

  it("end when the next attempt would come after max_elapsed_time, and not when it would come with it", () => {
    const settings = { initial_interval: "10s", multiplier: 0, max_interval: "10s", randomization_factor: 0 };
    expect(delaysOf({ ...settings, max_elapsed_time: "30s" })).toHaveLength(3);
    expect(delaysOf({ ...settings, max_elapsed_time: "30s" }, { attemptMs: 1 })).toHaveLength(2);
    expect(delaysOf({ ...settings, max_elapsed_time: 0 }, { count: 500, attemptMs: 5000 })).toHaveLength(500);
    expect(delaysOf({ ...settings, enabled: false })).toEqual([]);
  });

  it("are at least what the destination asked for", () => {
    const host = hostAt(1, 0.5);
    const backoff = new Backoff(settingsOf({}), host);
    expect(backoff.next(4000)).toBe(5000);
    expect(backoff.next(8000)).toBe(8000);
    expect(backoff.next(300_000)).toBe(300_000);
    expect(backoff.next(300_001)).toBeUndefined();
    host.ms += 100_000;
    expect(backoff.next(200_001)).toBeUndefined();
    expect(backoff.next(200_000)).toBe(200_000);
  });

  it.each([-1, 0, NaN, -Infinity])("ignore a Retry-After of %d", (retryAfterMs) => {
    expect(new Backoff(settingsOf({}), hostAt(1, 0.5)).next(retryAfterMs)).toBe(5000);
  });

  it("are an hour at the most, whatever is asked for", () => {
    const forEver = () => new Backoff(settingsOf({ max_elapsed_time: 0 }), hostAt(1, 0.5));
    for (const asked of [3_600_001, 1e12, Infinity]) expect(forEver().next(asked)).toBe(3_600_000);
    expect(forEver().next(3_599_999)).toBe(3_599_999);
    expect(new Backoff(settingsOf({}), hostAt(1, 0.5)).next(Infinity)).toBeUndefined();
  });

  it("stay within what timers can do", () => {
    const settings = { initial_interval: "576h", max_interval: "576h", max_elapsed_time: 0 };
    expect(delaysOf(settings, { chance: 1, count: 3 })).toEqual([2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1]);
  });

  it("keep to the interval and its jitter, and to the time, whatever the settings", () => {
    const durationMs = fc.integer({ min: 0, max: 100_000 });
    const settings = fc.record({
      initialMs: durationMs,
      intervalMsMax: durationMs,
      multiplier: fc.double({ min: 0, max: 5, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        settings,
        fc.integer(),
        fc.array(fc.option(fc.nat(200_000), { nil: undefined }), { maxLength: 30 }),
        ({ initialMs, intervalMsMax, multiplier, jitter }, seed, asked) => {
          const elapsedMsMax = Math.max(initialMs, intervalMsMax) * 4;
          const parsed = settingsOf({
            initial_interval: `${initialMs}ms`,
            max_interval: `${intervalMsMax}ms`,
            multiplier,
            randomization_factor: jitter,
            max_elapsed_time: `${elapsedMsMax}ms`,
          });
          const host = hostAt(seed);
          const startMs = host.ms;
          const backoff = new Backoff(parsed, host);
          for (const askedMs of asked) {
            const delayMs = backoff.next(askedMs);
            if (delayMs === undefined) return;
            const highestMs = Math.max(initialMs, intervalMsMax) * (1 + jitter);
            expect(delayMs).toBeGreaterThanOrEqual(askedMs ?? 0);
            expect(delayMs).toBeLessThanOrEqual(Math.max(highestMs * (1 + 1e-12), askedMs ?? 0));
            host.ms += delayMs;
            if (elapsedMsMax > 0) expect(host.ms - startMs).toBeLessThanOrEqual(elapsedMsMax + 1e-6);
          }
        },
      ),
      { numRuns: runsHere(200), seed: 11 },
    );
  });
});
