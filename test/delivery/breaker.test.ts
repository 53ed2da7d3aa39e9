/** The breaker: its states, one probe, open times within bounds, and every call told once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Breaker, BREAKER_DEFAULTS, type BreakerSettings, type Call, type Transition } from "../../src/delivery/breaker.ts";
import { hostAt } from "./time.ts";
import { runsHere } from "../harness/runs.ts";

function breakerOf(settings: Partial<BreakerSettings> = {}, chance?: number, seed = 1) {
  const host = hostAt(seed, chance);
  const transitions: Transition[] = [];
  const breaker = new Breaker({ ...BREAKER_DEFAULTS, ...settings }, host, (transition) => transitions.push(transition));
  const call = (): Call => {
    const found = breaker.tryCall();
    if (found === undefined) throw new Error("The breaker let no call through");
    return found;
  };
  const fail = (times: number, retryAfterMs?: number) => {
    for (let time = 0; time < times; time++) call().failed(retryAfterMs);
  };
  return { host, breaker, transitions, call, fail, causes: () => transitions.map(({ cause }) => cause) };
}

describe("closed", () => {
  it("opens after failures in a row, and not before", () => {
    const { breaker, fail, call, transitions } = breakerOf({}, 0);
    fail(4);
    call().succeeded();
    fail(4);
    call().abandoned();
    expect(breaker.state).toBe("closed");
    fail(1);
    expect(breaker.state).toBe("open");
    expect(transitions).toEqual([{ from: "closed", to: "open", cause: "failures", openMs: 1000 }]);
    expect(breaker.tryCall()).toBeUndefined();
  });

  it("does not open where half of the calls succeed, however many fail", () => {
    const { breaker, call } = breakerOf();
    for (let time = 0; time < 1000; time++) {
      call().failed(30_000);
      call().succeeded();
    }
    expect(breaker.state).toBe("closed");
  });
});

describe("open", () => {
  it("lasts as long as the destination asked for, up to an hour", () => {
    for (const [asked, waited] of [
      [20_000, 20_000],
      [500, 1000],
      [-1, 1000],
      [NaN, 1000],
      [1e12, 3_600_000],
    ] as const) {
      const { breaker, fail } = breakerOf({}, 0);
      fail(5, asked);
      expect(breaker.waitMs).toBe(waited);
    }
  });

  it("grows from probe to probe up to the bound, less jitter", () => {
    for (const [chance, factor] of [
      [0, 1],
      [1, 0.5],
    ] as const) {
      const { host, fail, breaker, transitions } = breakerOf({}, chance);
      fail(5);
      for (let probe = 0; probe < 7; probe++) {
        host.ms += breaker.waitMs;
        fail(1);
      }
      const times = transitions.filter(({ to }) => to === "open").map(({ openMs }) => openMs);
      expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000].map((ms) => ms * factor));
    }
  });

  it("starts from the first time again only after it was well for as long as it was open", () => {
    const { host, fail, breaker, call, transitions } = breakerOf({}, 0);
    const last = () => transitions.at(-1)?.openMs;
    fail(5);
    host.ms += 1000;
    call().succeeded();
    call().succeeded();
    fail(5);
    expect(last()).toBe(2000);
    host.ms += 2000;
    call().succeeded();
    host.ms += 2000;
    call().succeeded();
    fail(5);
    expect(last()).toBe(1000);
    expect(breaker.state).toBe("open");
  });
});

describe("half-open", () => {
  it("lets one probe through, which decides", () => {
    const { host, fail, breaker, call, causes } = breakerOf({}, 0);
    fail(5);
    host.ms += 999;
    expect(breaker.tryCall()).toBeUndefined();
    host.ms += 1;
    const probe = call();
    expect(breaker.state).toBe("half_open");
    for (let time = 0; time < 10; time++) expect(breaker.tryCall()).toBeUndefined();
    probe.failed();
    expect(breaker.state).toBe("open");
    host.ms += 2000;
    call().succeeded();
    expect(breaker.state).toBe("closed");
    expect(causes()).toEqual(["failures", "waited", "probe_failed", "waited", "probe_succeeded"]);
  });

  it("gives the probe to the next call when one was not sent", () => {
    const { host, fail, breaker, call } = breakerOf({}, 0);
    fail(5);
    host.ms += 1000;
    call().abandoned();
    const probe = call();
    expect(breaker.tryCall()).toBeUndefined();
    probe.succeeded();
    expect(breaker.state).toBe("closed");
  });

  it("is not held by a probe that never ends", () => {
    const { host, fail, breaker, call, causes } = breakerOf({}, 0);
    fail(5);
    host.ms += 1000;
    const lost = call();
    expect(breaker.waitMs).toBe(60_000);
    host.ms += 59_999;
    expect(breaker.tryCall()).toBeUndefined();
    host.ms += 1;
    expect(breaker.tryCall()).toBeUndefined();
    expect(causes().at(-1)).toBe("probe_lost");
    host.ms += 2000;
    const probe = call();
    lost.failed();
    expect(breaker.state).toBe("half_open");
    probe.succeeded();
    expect(breaker.state).toBe("closed");
  });
});

it("calls of before say nothing after a change of state", () => {
  const { host, fail, breaker, call } = breakerOf({}, 0);
  const slow = Array.from({ length: 20 }, call);
  fail(5);
  slow[0]?.succeeded();
  expect(breaker.state).toBe("open");
  host.ms += 1000;
  call().succeeded();
  for (const late of slow.slice(1)) late.failed();
  expect(breaker.state).toBe("closed");
  expect(breaker.tally).toEqual({ allowed: 26, rejected: 0, succeeded: 2, failed: 24, abandoned: 0 });
});

it("a call ends once", () => {
  const { call } = breakerOf();
  const ended = call();
  ended.succeeded();
  for (const again of [() => ended.succeeded(), () => ended.failed(), () => ended.abandoned()]) expect(again).toThrow("Cannot end a call");
});

it("keeps its invariants whatever happens", () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: "call" as const }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("end" as const),
        how: fc.constantFrom("failed", "failed", "failed", "succeeded", "abandoned"),
        at: fc.nat(50),
        retryAfterMs: fc.option(fc.nat(90_000), { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(40_000) }) },
  );
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(action, { minLength: 60, maxLength: 200, size: "max" }), fc.integer(), (actions, seed) => {
      const { host, breaker, transitions } = breakerOf({}, undefined, seed);
      const pending: { readonly call: Call; readonly probeOf: number | undefined }[] = [];
      const ended = { succeeded: 0, failed: 0, abandoned: 0 };
      for (const one of actions) {
        if (one.kind === "pass") host.ms += one.ms;
        else if (one.kind === "call") {
          const free = breaker.waitMs === 0;
          const call = breaker.tryCall();
          // Time may be over for an open state: then it is the probe. A probe that is lost opens it again.
          if (call === undefined) expect(!free || breaker.state === "open").toBe(true);
          else pending.push({ call, probeOf: breaker.state === "half_open" ? transitions.length : undefined });
        } else {
          const [found] = pending.splice(one.at % Math.max(1, pending.length), 1);
          if (found === undefined) continue;
          if (one.how === "failed") found.call.failed(one.retryAfterMs);
          else if (one.how === "succeeded") found.call.succeeded();
          else found.call.abandoned();
          ended[one.how]++;
        }
        expect(pending.filter(({ probeOf }) => probeOf === transitions.length && breaker.state === "half_open").length).toBeLessThanOrEqual(1);
        expect(breaker.tally).toMatchObject(ended);
        expect(breaker.tally.allowed).toBe(ended.succeeded + ended.failed + ended.abandoned + pending.length);
        expect(breaker.waitMs).toBeLessThanOrEqual(90_000);
      }
      for (const { from, to, cause, openMs } of transitions) {
        reached.add(`${from} ${to} ${cause}`);
        if (to !== "open") continue;
        expect(openMs).toBeGreaterThanOrEqual(500);
        expect(openMs).toBeLessThanOrEqual(90_000);
      }
      // It always lets a call through again.
      host.ms += breaker.waitMs;
      const settled = breaker.tryCall();
      host.ms += breaker.waitMs;
      expect(settled ?? breaker.tryCall()).toBeDefined();
    }),
    { numRuns: runsHere(300), seed: 17 },
  );
  expect([...reached].toSorted()).toEqual([
    "closed open failures",
    "half_open closed probe_succeeded",
    "half_open open probe_failed",
    "half_open open probe_lost",
    "open half_open waited",
  ]);
});

it("closes after as many probes in a row as it is told, one at a time", () => {
  const { host, breaker, call, fail, causes } = breakerOf({ probes: 3 }, 0);
  fail(5);
  host.ms += 1000;
  call().succeeded();
  const second = call();
  expect([breaker.state, breaker.tryCall()]).toEqual(["half_open", undefined]);
  second.failed();
  host.ms += 2000;
  call().succeeded();
  call().succeeded();
  expect(breaker.state).toBe("half_open");
  call().succeeded();
  expect(causes()).toEqual(["failures", "waited", "probe_failed", "waited", "probe_succeeded"]);
});
