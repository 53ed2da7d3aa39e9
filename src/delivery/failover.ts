/**
 * Which of several destinations of falling priority a batch goes to. Level 0 is the first wish.
 * Invariants: a batch is given each level once at the most, and every level before it is given up; while
 * a level is up that has not failed the batch, one that is not up has probes only, one at a time; how a
 * batch ended that began before its level changed changes nothing.
 *
 * After the Collector's `failover` connector: `retry_interval` (10 m) is how long a level that failed is
 * left alone. Ours differs in two ways. There the first batch that a higher level takes brings all
 * traffic back; here it has to prove well for `provingMs`, with a batch every `probeGapMs`, so that one
 * that flaps does not take the traffic with it each time (`provingMs` 0 is the Collector's way). And
 * when every level is down, batches go to all of them in order rather than to none. No timers: probes
 * are batches that come anyway.
 */
import { SluiceError } from "../base/errors.ts";
import type { Clock } from "../base/host.ts";

export interface FailoverSettings {
  /** Failures in a row after which a level is down. 1, as in the Collector: a level's own retries are over when it fails. */
  readonly failures: number;
  /** Ms without a batch for a level that failed. 600,000, the Collector's `retry_interval`. */
  readonly retryMs: number;
  /** Ms from the first good probe to the last that is needed. 30,000: longer than a restart that fails again. */
  readonly provingMs: number;
  /** Least ms between two probes while a level proves. 5,000. */
  readonly probeGapMs: number;
  /** Ms after which a probe that has not ended counts as failed. 60,000: twice the longest default time-out of an attempt. */
  readonly probeMsMax: number;
}

export const FAILOVER_DEFAULTS: FailoverSettings = { failures: 1, retryMs: 600_000, provingMs: 30_000, probeGapMs: 5000, probeMsMax: 60_000 };

export type LevelState = "up" | "down" | "proving";

/** A batch at a level; exactly one method is called, once. A second one throws `internal`. */
export interface Turn {
  readonly level: number;
  /** The level is not up: this batch tests it. */
  readonly probe: boolean;
  succeeded(): void;
  failed(): void;
  /** It says nothing about the level. */
  abandoned(): void;
}

interface Level {
  state: LevelState;
  failures: number;
  /** Changes so far. */
  era: number;
  /** No probe before, while it is not up. */
  nextProbeMs: number;
  /** When the probe that is out was sent; undefined: none is. */
  probeMs: number | undefined;
  /** First good probe, while it proves. */
  provingSinceMs: number;
}

export class Failover {
  readonly #settings: FailoverSettings;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onChange: (level: number, state: LevelState) => void;
  readonly #levels: readonly Level[];

  /** `levels` from 1. */
  constructor(levels: number, settings: FailoverSettings, clock: Pick<Clock, "monotonicMs">, onChange: (level: number, state: LevelState) => void = () => {}) {
    this.#settings = settings;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#levels = Array.from({ length: levels }, () => ({ state: "up", failures: 0, era: 0, nextProbeMs: 0, probeMs: undefined, provingSinceMs: 0 }));
  }

  /** For metrics, by level. */
  get states(): readonly LevelState[] {
    return this.#levels.map(({ state }) => state);
  }

  /** The level for a batch that was at the levels `tried` and failed there; undefined: it was at all of them. */
  next(tried: readonly number[] = []): Turn | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#loseProbes(nowMs);
    const left = [...this.#levels.entries()].filter(([index]) => !tried.includes(index));
    const up = left.find(([, { state }]) => state === "up");
    // A batch that failed somewhere already has waited enough: it is no probe while a level is up.
    const above = tried.length === 0 && up !== undefined ? left.slice(0, up[0]) : [];
    const due = above.find(([, { nextProbeMs, probeMs }]) => probeMs === undefined && nowMs >= nextProbeMs);
    const [index, level] = due ?? up ?? left.find(([, { state }]) => state === "proving") ?? left[0] ?? [];
    if (index === undefined || level === undefined) return undefined;
    if (due === undefined) return this.#turn(index, level, undefined);
    level.probeMs = nowMs;
    return this.#turn(index, level, nowMs);
  }

  #turn(index: number, level: Level, probeMs: number | undefined): Turn {
    const { era } = level;
    let ended = false;
    /** Whether it still says something. */
    const end = (): boolean => {
      if (ended) throw new SluiceError("internal", "Cannot end a batch at a level: it has ended");
      ended = true;
      if (probeMs !== undefined && level.probeMs === probeMs) level.probeMs = undefined;
      return era === level.era;
    };
    return {
      level: index,
      probe: level.state !== "up",
      succeeded: () => {
        if (end()) this.#succeeded(index, level);
      },
      failed: () => {
        if (end()) this.#failed(index, level);
      },
      abandoned: () => void end(),
    };
  }

  #succeeded(index: number, level: Level): void {
    const nowMs = this.#clock.monotonicMs();
    level.failures = 0;
    if (level.state === "up") return;
    if (level.state === "down") {
      level.provingSinceMs = nowMs;
      this.#move(index, level, "proving");
    }
    level.nextProbeMs = nowMs + this.#settings.probeGapMs;
    // Nothing else works: what works is up.
    const alone = this.#levels.every(({ state }) => state !== "up");
    if (alone || nowMs - level.provingSinceMs >= this.#settings.provingMs) this.#move(index, level, "up");
  }

  #failed(index: number, level: Level): void {
    if (level.state === "up" && ++level.failures < this.#settings.failures) return;
    level.nextProbeMs = this.#clock.monotonicMs() + this.#settings.retryMs;
    if (level.state !== "down") this.#move(index, level, "down");
  }

  #loseProbes(nowMs: number): void {
    for (const [index, level] of this.#levels.entries()) {
      if (level.probeMs === undefined || nowMs - level.probeMs < this.#settings.probeMsMax) continue;
      level.probeMs = undefined;
      this.#failed(index, level);
    }
  }

  #move(index: number, level: Level, state: LevelState): void {
    level.state = state;
    level.era++;
    level.failures = 0;
    this.#onChange(index, state);
  }
}
