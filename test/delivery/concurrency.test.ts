/** The limit of concurrency: its bounds, what moves it, and what becomes of whole destinations under it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { figuresOf } from "../../bench/delivery/figures.ts";
import { simulate } from "../../bench/delivery/simulation.ts";
import { SCENARIOS, worldOf } from "../../bench/delivery/worlds.ts";
import { Concurrency, CONCURRENCY_DEFAULTS, type Permit } from "../../src/delivery/concurrency.ts";
import { hostAt } from "./time.ts";
import { runsHere } from "../harness/runs.ts";

function concurrencyOf(settings: Partial<typeof CONCURRENCY_DEFAULTS> = {}) {
  const host = hostAt(1);
  const concurrency = new Concurrency({ ...CONCURRENCY_DEFAULTS, ...settings }, host.clock);
  /** As many as there is place for, all answered after `ms`. */
  const round = (ms: number, end: (permit: Permit) => void = (permit) => permit.succeeded()) => {
    const permits: Permit[] = [];
    for (let permit = concurrency.tryAcquire(); permit !== undefined; permit = concurrency.tryAcquire()) permits.push(permit);
    host.ms += ms;
    permits.forEach(end);
    return permits.length;
  };
  const rounds = (count: number, ms: number) => {
    for (let time = 0; time < count; time++) round(ms);
  };
  return { host, concurrency, round, rounds };
}

describe("the limit", () => {
  it("grows to the most while round trips stay as they are", () => {
    const { concurrency, rounds } = concurrencyOf({ max: 50 });
    expect(concurrency.limit).toBe(4);
    rounds(40, 100);
    expect(concurrency.limit).toBe(50);
  });

  it("falls by three tenths on overload, once for all that was in flight, and not below the least", () => {
    const { concurrency, rounds, round } = concurrencyOf({ max: 40, min: 3 });
    rounds(40, 100);
    round(100, (permit) => permit.overloaded());
    expect(concurrency.limit).toBe(28);
    round(100, (permit) => permit.overloaded());
    expect(concurrency.limit).toBe(19);
    for (let time = 0; time < 20; time++) round(100, (permit) => permit.overloaded());
    expect(concurrency.limit).toBe(3);
  });

  it("does not grow while it is not what holds the sender", () => {
    const { host, concurrency } = concurrencyOf();
    for (let time = 0; time < 1000; time++) {
      const permit = concurrency.tryAcquire();
      host.ms += 100;
      permit?.succeeded();
    }
    expect(concurrency.limit).toBe(4);
  });

  it("falls when round trips grow with what is in flight", () => {
    const { concurrency, round } = concurrencyOf({ max: 100 });
    for (let time = 0; time < 400; time++) round(Math.max(50, concurrency.limit * 5));
    // 10 in flight are answered in 50 ms: what is beyond stands in a queue.
    expect(concurrency.limit).toBeGreaterThanOrEqual(8);
    expect(concurrency.limit).toBeLessThanOrEqual(25);
  });

  it("comes back when the destination has become slower: after half a minute the distance is measured anew", () => {
    const { concurrency, rounds } = concurrencyOf({ max: 20 });
    rounds(30, 100);
    expect(concurrency.limit).toBe(20);
    rounds(18, 1500);
    expect(concurrency.limit).toBeLessThan(18);
    const limits: number[] = [];
    for (let time = 0; time < 20; time++) {
      rounds(1, 1500);
      limits.push(concurrency.limit);
    }
    expect(Math.min(...limits)).toBe(4);
    expect(limits.at(-1)).toBe(20);
  });

  it("hears nothing of what was abandoned", () => {
    const { concurrency, round } = concurrencyOf();
    for (let time = 0; time < 100; time++) round(time * 100, (permit) => permit.abandoned());
    expect(concurrency.limit).toBe(4);
    expect(concurrency.inFlight).toBe(0);
  });
});

it("a permit ends once", () => {
  const permit = concurrencyOf().concurrency.tryAcquire();
  permit?.abandoned();
  for (const again of [() => permit?.succeeded(), () => permit?.overloaded(), () => permit?.abandoned()])
    expect(again).toThrow("Cannot end an export in flight");
});

it("never lets more start than the limit, and always one, whatever happens", () => {
  const action = fc.record({ kind: fc.constantFrom("start", "start", "succeeded", "overloaded", "abandoned"), at: fc.nat(100), ms: fc.nat(4000) });
  const settings = fc.record({ min: fc.integer({ min: 1, max: 5 }), max: fc.integer({ min: 5, max: 30 }), initial: fc.integer({ min: -5, max: 40 }) });
  const limits = new Set<number>();
  fc.assert(
    fc.property(settings, fc.array(action, { minLength: 100, maxLength: 400, size: "max" }), (bounds, actions) => {
      const { host, concurrency } = concurrencyOf(bounds);
      const permits: Permit[] = [];
      for (const { kind, at, ms } of actions) {
        host.ms += ms;
        if (kind === "start") {
          const before = concurrency.inFlight;
          const permit = concurrency.tryAcquire();
          expect(permit !== undefined).toBe(before < concurrency.limit);
          if (permit !== undefined) permits.push(permit);
        } else permits.splice(at % Math.max(1, permits.length), 1)[0]?.[kind as keyof Permit]();
        expect(concurrency.inFlight).toBe(permits.length);
        expect(concurrency.limit).toBeGreaterThanOrEqual(bounds.min);
        expect(concurrency.limit).toBeLessThanOrEqual(bounds.max);
        limits.add(concurrency.limit);
      }
    }),
    { numRuns: runsHere(200), seed: 23 },
  );
  expect(limits.size).toBeGreaterThan(10);
});

describe("in simulated worlds (docs/decisions/016-adaptive-concurrency.md)", () => {
  const BOUNDS = { min: 1, max: 100, initial: 4 };
  const run = (name: string, seed = 7) => {
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (scenario === undefined) throw new Error(`There is no scenario "${name}"`);
    const tallies = simulate(worldOf(scenario, seed, (monotonicMs) => new Concurrency(BOUNDS, { monotonicMs })));
    return { tallies, ...figuresOf(scenario, tallies) };
  };

  it("the same seed is the same run", () => {
    expect(run("steady, refuses")).toEqual(run("steady, refuses"));
    expect(run("steady, refuses").p50Ms).not.toBe(run("steady, refuses", 8).p50Ms);
  });

  it.each(SCENARIOS.map(({ name }) => name))("%s: most of the capacity, few failures, no more in flight than allowed", (name) => {
    const { tallies, goodput, failed, p50Ms, p99Ms, recoverySeconds = 0, fairness = 1 } = run(name);
    for (const { limitExceeded, inFlightMax } of tallies) {
      expect(limitExceeded).toBe(0);
      expect(inFlightMax).toBeLessThanOrEqual(BOUNDS.max);
    }
    expect(goodput).toBeGreaterThan(95);
    expect(failed).toBeLessThan(2);
    // Without a queue it is 245 ms far away, and 60 ms elsewhere.
    expect(p50Ms).toBeLessThan(name === "far away" ? 400 : 150);
    expect(p99Ms).toBeLessThan(1000);
    expect(recoverySeconds).toBeLessThan(3);
    expect(fairness).toBeGreaterThan(0.95);
  });
});
