/**
 * A circuit breaker for one destination (Nygard, Release It!): closed, calls pass; open, none does;
 * half-open, probes decide, one at a time. Invariants: in half-open exactly one probe is out; an open
 * time is never shorter than what the destination asked for (up to an hour) and ends always; a call
 * says how it ended once; a call that began before the last change of state changes nothing any more.
 *
 * It opens after failures in a row and not at a share of failures. While some calls succeed, work is
 * done, and to stop it would make a destination that is half ill wholly dead: back-off, the adaptive
 * limit of concurrency and the balancer deal with that. A destination that is down fails every call,
 * and a row of failures shows it after the same number of calls at any rate of traffic, without a
 * window to fill first. A single answer with Retry-After does not open it, either: a limit on the rate
 * refuses the excess and wants the rest. No timers.
 */
import { SluiceError } from "../base/errors.ts";
import type { Host } from "../base/host.ts";
import { RETRY_AFTER_MS_MAX } from "./backoff.ts";

export interface BreakerSettings {
  /** Failures in a row that open it. 5: two or three may be a restart behind a balancer. */
  readonly failures: number;
  /** First open time, ms. 1,000: an instance is replaced in about that. */
  readonly openMs: number;
  /** Growth of the open time from one failed probe to the next. 2. */
  readonly openMultiplier: number;
  /** Longest open time, ms. 30,000, as `max_interval` of `retry_on_failure`: it adds at most one more wait to what back-off does. */
  readonly openMsMax: number;
  /** Share of the open time that chance takes off, 0 to 1, so that gateways do not probe together. 0.5. */
  readonly jitter: number;
  /** Ms after which a probe that has not ended counts as failed. 60,000: twice the longest default time-out of an attempt. */
  readonly probeMsMax: number;
  /** Probes in a row that must succeed before it closes. 1: one that fails again opens it after `failures` anyway. */
  readonly probes: number;
}

export const BREAKER_DEFAULTS: BreakerSettings = {
  failures: 5,
  openMs: 1000,
  openMultiplier: 2,
  openMsMax: 30_000,
  jitter: 0.5,
  probeMsMax: 60_000,
  probes: 1,
};

export type BreakerState = "closed" | "open" | "half_open";

export interface Transition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly cause: "failures" | "waited" | "probe_succeeded" | "probe_failed" | "probe_lost";
  /** How long it stays open, ms, where `to` is `open`. */
  readonly openMs?: number;
}

/** A call that was let through; exactly one method is called, once. A second one throws `internal`. */
export interface Call {
  /** The destination answered, be it with a refusal for good: it is alive. */
  succeeded(): void;
  /** No answer, or one that says "not now" (429, 502, 503, 504), with its Retry-After in ms. */
  failed(retryAfterMs?: number): void;
  /** It says nothing about the destination: not sent, or cut off by us. */
  abandoned(): void;
}

export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #host: Pick<Host, "clock" | "random">;
  readonly #onTransition: (transition: Transition) => void;
  readonly #tally = { allowed: 0, rejected: 0, succeeded: 0, failed: 0, abandoned: 0 };
  #state: BreakerState = "closed";
  /** Counts changes of state: a call of an earlier one is history. */
  #era = 0;
  #failures = 0;
  #openings = 0;
  #openUntilMs = 0;
  /** From then on a success says that it is well again, and the next open time is the first one. */
  #steadyFromMs = 0;
  /** When the probe went out, undefined: none is out. */
  #probeMs: number | undefined;
  /** Since it is half-open. */
  #goodProbes = 0;

  constructor(settings: BreakerSettings, host: Pick<Host, "clock" | "random">, onTransition: (transition: Transition) => void = () => {}) {
    this.#settings = settings;
    this.#host = host;
    this.#onTransition = onTransition;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Calls so far: allowed = succeeded + failed + abandoned + those that have not ended. */
  get tally(): Readonly<{ allowed: number; rejected: number; succeeded: number; failed: number; abandoned: number }> {
    return { ...this.#tally };
  }

  /** Ms until a call may be let through, 0: now. While a probe is out, the time until it counts as lost. */
  get waitMs(): number {
    const nowMs = this.#host.clock.monotonicMs();
    if (this.#state === "open") return Math.max(0, this.#openUntilMs - nowMs);
    return this.#probeMs === undefined ? 0 : Math.max(0, this.#probeMs + this.#settings.probeMsMax - nowMs);
  }

  /** Lets a call through, or undefined: not now. */
  tryCall(): Call | undefined {
    this.#settle();
    if (this.#state === "open" || this.#probeMs !== undefined) {
      this.#tally.rejected++;
      return undefined;
    }
    if (this.#state === "half_open") this.#probeMs = this.#host.clock.monotonicMs();
    this.#tally.allowed++;
    return this.#call(this.#era);
  }

  /** What time alone changes: an open time ends, a probe is lost. */
  #settle(): void {
    if (this.waitMs > 0) return;
    if (this.#state === "open") this.#move("half_open", "waited");
    else if (this.#probeMs !== undefined) this.#open("probe_lost", 0);
  }

  #call(era: number): Call {
    let ended = false;
    const end = (how: "succeeded" | "failed" | "abandoned"): boolean => {
      if (ended) throw new SluiceError("internal", `Cannot end a call as ${how}: it has ended`);
      ended = true;
      this.#tally[how]++;
      return era === this.#era;
    };
    return {
      succeeded: () => {
        if (end("succeeded")) this.#succeeded();
      },
      failed: (retryAfterMs = 0) => {
        if (end("failed")) this.#failed(retryAfterMs);
      },
      abandoned: () => {
        if (end("abandoned")) this.#abandoned();
      },
    };
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#state === "half_open") {
      this.#probeMs = undefined;
      if (++this.#goodProbes >= this.#settings.probes) this.#move("closed", "probe_succeeded");
    } else if (this.#host.clock.monotonicMs() >= this.#steadyFromMs) this.#openings = 0;
  }

  #failed(retryAfterMs: number): void {
    if (this.#state === "half_open") this.#open("probe_failed", retryAfterMs);
    else if (++this.#failures >= this.#settings.failures) this.#open("failures", retryAfterMs);
  }

  /** The next call is the probe. */
  #abandoned(): void {
    this.#probeMs = undefined;
  }

  #open(cause: Transition["cause"], retryAfterMs: number): void {
    const { openMs, openMultiplier, openMsMax, jitter } = this.#settings;
    const wholeMs = Math.min(openMsMax, openMs * openMultiplier ** this.#openings++);
    const askedMs = retryAfterMs > 0 ? Math.min(retryAfterMs, RETRY_AFTER_MS_MAX) : 0;
    const openForMs = Math.max(askedMs, wholeMs * (1 - jitter * this.#host.random()));
    this.#openUntilMs = this.#host.clock.monotonicMs() + openForMs;
    // As long in service as it was out: one that takes the probe and fails the rest keeps its longer open times.
    this.#steadyFromMs = this.#openUntilMs + openForMs;
    this.#move("open", cause, openForMs);
  }

  #move(to: BreakerState, cause: Transition["cause"], openMs?: number): void {
    const from = this.#state;
    this.#state = to;
    this.#era++;
    this.#failures = 0;
    this.#probeMs = undefined;
    this.#goodProbes = 0;
    this.#onTransition(openMs === undefined ? { from, to, cause } : { from, to, cause, openMs });
  }
}
