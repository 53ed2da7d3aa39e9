/** Failover: which level a batch goes to, probes, and the way back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failover, FAILOVER_DEFAULTS, type FailoverSettings, type LevelState, type Turn } from "../../src/delivery/failover.ts";
import { hostAt } from "./time.ts";
import { runsHere } from "../harness/runs.ts";

function failoverOf(levels: number, settings: Partial<FailoverSettings> = {}) {
  const host = hostAt(1);
  const changes: string[] = [];
  const failover = new Failover(levels, { ...FAILOVER_DEFAULTS, ...settings }, host.clock, (level, state) => changes.push(`${level} ${state}`));
  const turn = (tried?: readonly number[]): Turn => {
    const found = failover.next(tried);
    if (found === undefined) throw new Error("There is no level left");
    return found;
  };
  /** Sends a batch; levels in `broken` fail. Where it went, in order. */
  const send = (broken: readonly number[] = []): number[] => {
    const tried: number[] = [];
    for (let next = failover.next(); next !== undefined; next = failover.next(tried)) {
      tried.push(next.level);
      if (!broken.includes(next.level)) {
        next.succeeded();
        break;
      }
      next.failed();
    }
    return tried;
  };
  return { host, failover, changes, turn, send };
}

describe("a batch", () => {
  it("goes to the first level while that is well, and down from level to level in the batch that fails", () => {
    const { send, failover, changes } = failoverOf(3);
    expect([send(), send([1, 2])]).toEqual([[0], [0]]);
    expect(send([0, 1])).toEqual([0, 1, 2]);
    expect(send([0, 1])).toEqual([2]);
    expect(failover.states).toEqual(["down", "down", "up"]);
    expect(changes).toEqual(["0 down", "1 down"]);
  });

  it("goes to every level once when all are down, and what takes it is up", () => {
    const { send, failover } = failoverOf(3);
    expect(send([0, 1, 2])).toEqual([0, 1, 2]);
    expect(send([0, 1, 2])).toEqual([0, 1, 2]);
    expect(send([0])).toEqual([0, 1]);
    expect(failover.states).toEqual(["down", "up", "down"]);
    expect(send()).toEqual([1]);
  });

  it("stays at a level until it failed so many times in a row", () => {
    const { send } = failoverOf(2, { failures: 3 });
    expect([send([0]), send([0]), send(), send([0]), send([0]), send([0]), send()]).toEqual([[0, 1], [0, 1], [0], [0, 1], [0, 1], [0, 1], [1]]);
  });
});

describe("the way back", () => {
  it("begins after retryMs, with one batch, which goes on to the level that is up when it fails", () => {
    const { host, send, turn, failover } = failoverOf(2);
    send([0]);
    host.ms += 599_999;
    expect(send()).toEqual([1]);
    host.ms += 1;
    expect(send([0])).toEqual([0, 1]);
    expect(send()).toEqual([1]);
    host.ms += 600_000;
    const probe = turn();
    expect([probe.level, probe.probe]).toEqual([0, true]);
    expect([turn().level, turn().probe]).toEqual([1, false]);
    probe.succeeded();
    expect(failover.states).toEqual(["proving", "up"]);
  });

  it("takes the traffic back only when the level proved well for provingMs, a batch every probeGapMs", () => {
    const { host, send, changes } = failoverOf(2);
    send([0]);
    host.ms += 600_000;
    const levels: number[] = [];
    for (let second = 0; second <= 31; second++) {
      levels.push(...send());
      host.ms += 1000;
    }
    expect(levels.map((level, second) => (level === 0 ? second : -1)).filter((second) => second >= 0)).toEqual([0, 5, 10, 15, 20, 25, 30, 31]);
    expect(changes).toEqual(["0 down", "0 proving", "0 up"]);
  });

  it("starts again when a probe fails meanwhile", () => {
    const { host, send, failover } = failoverOf(2);
    send([0]);
    host.ms += 600_000;
    send();
    host.ms += 20_000;
    expect(send([0])).toEqual([0, 1]);
    expect(failover.states).toEqual(["down", "up"]);
    host.ms += 599_999;
    expect(send()).toEqual([1]);
  });

  it("with provingMs 0 is the Collector's: the first batch that is taken", () => {
    const { host, send, failover } = failoverOf(2, { provingMs: 0 });
    send([0]);
    host.ms += 600_000;
    send();
    expect(failover.states).toEqual(["up", "up"]);
  });

  it("probes the highest level first, each in its own time", () => {
    const { host, send } = failoverOf(3, { provingMs: 0 });
    send([0, 1]);
    host.ms += 600_000;
    expect(send([0])).toEqual([0, 2]);
    expect(send()).toEqual([1]);
    expect(send()).toEqual([1]);
    host.ms += 600_000;
    expect([send(), send()]).toEqual([[0], [0]]);
  });

  it("is not held up by a probe that never ends, or was not sent", () => {
    const { host, send, turn, failover } = failoverOf(2);
    send([0]);
    host.ms += 600_000;
    turn().abandoned();
    const lost = turn();
    expect(lost.level).toBe(0);
    host.ms += 60_000;
    expect(send()).toEqual([1]);
    host.ms += 600_000;
    const probe = turn();
    expect(probe.level).toBe(0);
    lost.abandoned();
    // The later probe is still out.
    expect(turn().level).toBe(1);
    probe.succeeded();
    expect(failover.states[0]).toBe("proving");
  });
});

it("batches of before a change say nothing after it, and a turn ends once", () => {
  const { turn, failover } = failoverOf(2);
  const slow = Array.from({ length: 5 }, () => turn());
  turn().failed();
  expect(failover.states).toEqual(["down", "up"]);
  for (const late of slow) late.succeeded();
  expect(failover.states).toEqual(["down", "up"]);
  expect(() => slow[0]?.failed()).toThrow("Cannot end a batch");
});

it("keeps its invariants whatever happens", () => {
  const action = fc.record({
    kind: fc.constantFrom("start", "start", "failed", "failed", "succeeded", "abandoned"),
    at: fc.nat(1000),
    ms: fc.oneof(fc.nat(3000), fc.nat(700_000)),
  });
  const reached = new Set<LevelState>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(action, { minLength: 60, maxLength: 200, size: "max" }), (levels, actions) => {
      const { host, failover } = failoverOf(levels, { failures: 2, probeMsMax: 10 ** 9 });
      const batches: { readonly turn: Turn; readonly tried: readonly number[]; readonly probing: boolean }[] = [];
      for (const { kind, at, ms } of actions) {
        host.ms += ms;
        const before = failover.states;
        for (const state of before) reached.add(state);
        if (kind === "start") {
          const turn = failover.next();
          expect(turn).toBeDefined();
          if (turn === undefined) return;
          const probing = before.includes("up") && turn.probe;
          if (probing) {
            expect(turn.level).toBeLessThan(before.indexOf("up"));
            expect(batches.filter((other) => other.probing && other.turn.level === turn.level)).toEqual([]);
          } else if (before.includes("up")) expect(turn.level).toBe(before.indexOf("up"));
          batches.push({ turn, tried: [turn.level], probing });
        } else {
          const [batch] = batches.splice(at % Math.max(1, batches.length), 1);
          batch?.turn[kind]();
          if (batch === undefined || kind !== "failed") continue;
          const turn = failover.next(batch.tried);
          // Given up: after every level, each once.
          if (turn === undefined) expect(batch.tried.toSorted((a, b) => a - b)).toEqual(Array.from({ length: levels }, (_, level) => level));
          else {
            expect(batch.tried).not.toContain(turn.level);
            batches.push({ turn, tried: [...batch.tried, turn.level], probing: false });
          }
        }
      }
    }),
    { numRuns: runsHere(300), seed: 37 },
  );
  expect(reached).toEqual(new Set(["up", "down", "proving"]));
});
