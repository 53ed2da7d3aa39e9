/**
 * The health of one endpoint, as the share of its traffic that it may have: 1 in service, 0 ejected,
 * between them on the way back. Passive: failures in a row eject it, for a time that doubles with each
 * ejection up to a bound (after Envoy's outlier detection, whose defaults are 5 in a row, 30 s for each
 * ejection so far and 300 s at most). Active: probes that the caller makes count as failures while it is
 * in service, and bring it back early, or keep it away, while it is ejected. It comes back along a ramp,
 * so that cold caches and what it died of are not met by everything at once. No timers.
 */
import type { Clock } from "../base/host.ts";

export interface HealthSettings {
  /** Failures in a row that eject. 5, as in Envoy. */
  readonly failures: number;
  /** First ejection, ms. 10,000: back-off's first two attempts. */
  readonly ejectMs: number;
  /** Longest ejection, ms. 300,000, as in Envoy. */
  readonly ejectMsMax: number;
  /** Time of the way back, ms; 0: at once. 30,000. */
  readonly rampMs: number;
  /** Good probes in a row that end an ejection early. 2. */
  readonly probes: number;
}

export const HEALTH_DEFAULTS: HealthSettings = { failures: 5, ejectMs: 10_000, ejectMsMax: 300_000, rampMs: 30_000, probes: 2 };

/** Share with which the way back begins: some requests must come, or nothing is learnt. */
const SHARE_MIN = 0.1;

export class Health {
  readonly #settings: HealthSettings;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #failures = 0;
  #goodProbes = 0;
  #ejections = 0;
  #ejectedMs = -Infinity;
  #backMs = -Infinity;

  constructor(settings: HealthSettings, clock: Pick<Clock, "monotonicMs">) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** From 0, ejected, to 1, in service. */
  get share(): number {
    const sinceMs = this.#clock.monotonicMs() - this.#backMs;
    if (sinceMs < 0) return 0;
    return sinceMs >= this.#settings.rampMs ? 1 : Math.max(SHARE_MIN, sinceMs / this.#settings.rampMs);
  }

  /** Ejections since it was last well for a while. */
  get ejections(): number {
    return this.#ejections;
  }

  /** A request that started at `startMs` was answered. One of before the ejection says nothing; one of after it, sent for want of another, counts as a probe. */
  succeeded(startMs: number): void {
    if (startMs < this.#ejectedMs) return;
    if (this.share === 0) {
      this.probed(true);
      return;
    }
    this.#failures = 0;
    // As long in service as it was away, the ramp besides: well.
    const steadyMs = this.#backMs + this.#settings.rampMs + (this.#backMs - this.#ejectedMs);
    if (this.#ejections > 0 && this.#clock.monotonicMs() >= steadyMs) this.#ejections = 0;
  }

  /** A request that started at `startMs` failed: no connection, a time-out, or an answer that says "not now". `mayEject` false: too many others are ejected; the next failure asks again. */
  failed(startMs: number, mayEject = true): void {
    if (startMs >= this.#ejectedMs && this.share > 0 && ++this.#failures >= this.#settings.failures && mayEject) this.#eject();
  }

  /** How a probe ended. A good one while in service forgives nothing: a health page may answer where exports fail. */
  probed(healthy: boolean, mayEject = true): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.share > 0) {
      if (!healthy) this.failed(nowMs, mayEject);
      return;
    }
    this.#goodProbes = healthy ? this.#goodProbes + 1 : 0;
    if (this.#goodProbes >= this.#settings.probes) this.#backMs = nowMs;
    else if (!healthy) this.#backMs = Math.max(this.#backMs, nowMs + this.#settings.ejectMs);
  }

  #eject(): void {
    const { ejectMs, ejectMsMax } = this.#settings;
    this.#ejectedMs = this.#clock.monotonicMs();
    this.#backMs = this.#ejectedMs + Math.min(ejectMsMax, ejectMs * 2 ** this.#ejections++);
    this.#failures = 0;
    this.#goodProbes = 0;
  }
}
