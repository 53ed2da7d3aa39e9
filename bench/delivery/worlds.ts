/** What destinations do to gateways: the worlds in which limits of concurrency are compared. Times in seconds. */
import type { Limiter, World } from "./simulation.ts";

export interface Scenario {
  readonly name: string;
  /** What is asked of it. */
  readonly about: string;
  readonly world: Omit<World, "seed" | "gateways">;
  /** Seconds: when each gateway starts. */
  readonly starts: readonly number[];
  readonly perSecond: number;
  /** Second from which goodput and latency count. */
  readonly fromSecond: number;
  /** Second at which the destination gets well: how long until nine tenths of its capacity are used again. */
  readonly recoversAt?: number;
}

const DEEP = 5000;
/** 20 workers of 50 ms: 400 requests a second, and some 24 in flight use them. */
const base = {
  durationMs: 120_000,
  workers: () => 20,
  serviceMs: () => 50,
  spread: 0.5,
  queueMax: DEEP,
  networkMs: 5,
  timeoutMs: 5000,
};
const between = (from: number, to: number, inside: number, outside: number) => (nowMs: number) =>
  nowMs >= from * 1000 && nowMs < to * 1000 ? inside : outside;
const alone = { starts: [0], perSecond: Infinity, fromSecond: 20 };

export const SCENARIOS: readonly Scenario[] = [
  { name: "steady, deep queue", about: "latency alone tells", world: base, ...alone },
  {
    name: "a quarter of an hour, deep queue",
    about: "is the queue taken for the distance?",
    world: { ...base, durationMs: 900_000 },
    ...alone,
    fromSecond: 600,
  },
  { name: "steady, refuses", about: "429 tells, queue of 10", world: { ...base, queueMax: 10 }, ...alone },
  {
    name: "steps 20, 4, 20 workers, refuses",
    about: "queue of 10",
    world: { ...base, queueMax: 10, workers: between(40, 80, 4, 20) },
    ...alone,
    recoversAt: 80,
  },
  {
    name: "steps 20, 4, 20 workers, time-out 1 s",
    about: "too many in flight time out, and their work is in vain",
    world: { ...base, timeoutMs: 1000, workers: between(40, 80, 4, 20) },
    ...alone,
    recoversAt: 80,
  },
  { name: "slow spell, not of our making", about: "service 50, 400, 50 ms", world: { ...base, serviceMs: between(40, 80, 400, 50) }, ...alone, recoversAt: 80 },
  { name: "far away", about: "200 ms and 15 workers: 74 in flight use them", world: { ...base, networkMs: 100, workers: () => 15 }, ...alone },
  { name: "light load", about: "100 a second, times spread wide", world: { ...base, spread: 1 }, ...alone, perSecond: 100 },
  { name: "two gateways, refuses", about: "the second comes at 30 s", world: { ...base, queueMax: 10 }, ...alone, starts: [0, 30], fromSecond: 60 },
  { name: "two gateways, deep queue", about: "the second comes at 30 s", world: base, ...alone, starts: [0, 30], fromSecond: 60 },
];

export function worldOf({ world, starts, perSecond }: Scenario, seed: number, limiter: (monotonicMs: () => number) => Limiter): World {
  return { ...world, seed, gateways: starts.map((second) => ({ startMs: second * 1000, perSecond, limiter })) };
}
