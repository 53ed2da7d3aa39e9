/** What a simulated run comes to. */
import type { Ended, Tally } from "./simulation.ts";
import type { Scenario } from "./worlds.ts";

export interface Figures {
  /** Of what could have been taken: the lesser of capacity and demand, %. */
  readonly goodput: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Refused or timed out, for each 100 accepted. */
  readonly failed: number;
  /** Undefined: the scenario has no recovery. Infinity: not within the run. */
  readonly recoverySeconds: number | undefined;
  /** Jain's index: 1 is even, 1/n is all to one. */
  readonly fairness: number | undefined;
}

export function figuresOf(scenario: Scenario, tallies: readonly Tally[]): Figures {
  const fromMs = scenario.fromSecond * 1000;
  const counted = tallies.map(({ accepted }) => accepted.filter(({ atMs }) => atMs >= fromMs));
  const all = counted.flat();
  const took = all.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  const failed = tallies.reduce((sum, { refused, timedOut }) => sum + refused + timedOut, 0);
  return {
    goodput: (100 * all.length) / possible(scenario),
    p50Ms: took[Math.floor(took.length / 2)] ?? NaN,
    p99Ms: took[Math.floor(took.length * 0.99)] ?? NaN,
    failed: (100 * failed) / tallies.reduce((sum, { accepted }) => sum + accepted.length, 0),
    recoverySeconds: scenario.recoversAt === undefined ? undefined : recovery(scenario, scenario.recoversAt, all),
    fairness: tallies.length < 2 ? undefined : jain(counted.map((list) => list.length)),
  };
}

function capacity({ world }: Scenario, nowMs: number): number {
  return (world.workers(nowMs) * 1000) / world.serviceMs(nowMs);
}

function possible(scenario: Scenario): number {
  let sum = 0;
  for (let second = scenario.fromSecond; second < scenario.world.durationMs / 1000; second++) {
    sum += Math.min(capacity(scenario, second * 1000), scenario.perSecond * scenario.starts.length);
  }
  return sum;
}

function recovery(scenario: Scenario, second: number, accepted: readonly Ended[]): number {
  for (let from = second; from < scenario.world.durationMs / 1000 - 1; from += 0.5) {
    const inSecond = accepted.filter(({ atMs }) => atMs >= from * 1000 && atMs < from * 1000 + 1000).length;
    if (inSecond >= 0.9 * capacity(scenario, from * 1000)) return from - second;
  }
  return Infinity;
}

function jain(counts: readonly number[]): number {
  const sum = counts.reduce((all, count) => all + count, 0);
  return (sum * sum) / (counts.length * counts.reduce((all, count) => all + count * count, 0));
}
