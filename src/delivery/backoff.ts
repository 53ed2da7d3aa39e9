/**
 * When a failed export is tried again: exponential back-off with jitter, under the Collector's
 * section `retry_on_failure` (configretry 1.65, backoff 7.0). The interval starts at
 * `initial_interval`, grows by `multiplier` and ends at `max_interval`; a delay is drawn uniformly
 * from the interval plus and minus `randomization_factor` of it, so that senders that failed together
 * do not come back together. What the destination asks for (`Retry-After`, RFC 9110, 10.2.3; `RetryInfo`
 * in gRPC) is waited for at least. No timers: the caller sleeps.
 */
import * as z from "zod";
import type { Host } from "../base/host.ts";
import { duration } from "../pipeline/settings.ts";

/** Waited for at the most, whatever the destination asks, and the longest wait that a sender is told of: an attempt an hour harms nobody, and a mistake of theirs must not hold data for years (docs/limits.md). */
export const RETRY_AFTER_MS_MAX = 3_600_000;
/** Timers end here: what is longer would be over at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The section `retry_on_failure`; durations are milliseconds once parsed. The Collector's start-up errors, also when it is disabled. */
export const retrySchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("False: an attempt is made once."),
    initial_interval: duration().prefault("5s").describe("Wait after the first failure, before jitter."),
    max_interval: duration().prefault("30s").describe("The longest wait, before jitter; 0: `initial_interval` each time."),
    max_elapsed_time: duration().prefault("300s").describe("Time from the first attempt after which none is made any more and the data is given up; 0: never."),
    multiplier: z.number().min(0).default(1.5).describe("How the wait grows from one attempt to the next; 0: not at all."),
    randomization_factor: z.number().min(0).max(1).default(0.5).describe("Jitter: 0.5 is the wait plus or minus half of it."),
  })
  .superRefine((settings, context) => {
    if (settings.max_elapsed_time === 0) return;
    for (const key of ["initial_interval", "max_interval"] as const) {
      if (settings.max_elapsed_time >= settings[key]) continue;
      context.addIssue({
        code: "custom",
        path: ["max_elapsed_time"],
        message: `max_elapsed_time must not be less than ${key}: raise it, lower ${key}, or set it to 0 to retry for ever`,
      });
    }
  });

export type RetrySettings = z.output<typeof retrySchema>;

/** The delays of one request, from before its first attempt until it was taken or is given up. */
export class Backoff {
  readonly #settings: RetrySettings;
  readonly #host: Pick<Host, "clock" | "random">;
  readonly #startMs: number;
  #intervalMs: number;

  /** `max_elapsed_time` counts from `startMs`, monotonic; undefined: from here, before the first attempt. */
  constructor(settings: RetrySettings, host: Pick<Host, "clock" | "random">, startMs: number = host.clock.monotonicMs()) {
    this.#settings = settings;
    this.#host = host;
    this.#startMs = startMs;
    this.#intervalMs = settings.initial_interval;
  }

  /**
   * Milliseconds to wait after a failure, or undefined: give up. `retryAfterMs` is what the destination
   * asked for, undefined without; one that is no positive number is ignored. An attempt that would start
   * exactly at the end of `max_elapsed_time` is still made.
   */
  next(retryAfterMs: number | undefined): number | undefined {
    const { enabled, max_elapsed_time: elapsedMsMax } = this.#settings;
    if (!enabled) return undefined;
    const delayMs = this.#draw();
    this.#grow();
    const askedMs = retryAfterMs !== undefined && retryAfterMs > 0 ? retryAfterMs : 0;
    const elapsedMs = this.#host.clock.monotonicMs() - this.#startMs;
    if (elapsedMsMax > 0 && elapsedMs + Math.max(delayMs, askedMs) > elapsedMsMax) return undefined;
    return Math.min(TIMER_MS_MAX, Math.max(delayMs, Math.min(askedMs, RETRY_AFTER_MS_MAX)));
  }

  #draw(): number {
    const spreadMs = this.#intervalMs * this.#settings.randomization_factor;
    return this.#intervalMs + (2 * this.#host.random() - 1) * spreadMs;
  }

  /** The bound is on the interval, not on the delay drawn from it. As in the Collector's library, one below a nanosecond starts again. */
  #grow(): void {
    const { initial_interval: initialMs, max_interval: intervalMsMax, multiplier } = this.#settings;
    const grownMs = this.#intervalMs >= intervalMsMax / multiplier ? intervalMsMax : Math.floor(this.#intervalMs * multiplier * 1e6) / 1e6;
    this.#intervalMs = grownMs === 0 ? initialMs : grownMs;
  }
}
