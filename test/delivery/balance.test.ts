/** Balancing: turns, weights, load, keys; health, the way back, and panic. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../bench/random.ts";
import { Balancer, type Choice, type Endpoint, type Strategy } from "../../src/delivery/balance.ts";
import { HEALTH_DEFAULTS, type HealthSettings } from "../../src/delivery/health.ts";
import { murmur3 } from "../../src/delivery/rendezvous.ts";
import { hostAt } from "./time.ts";
import { runsHere } from "../harness/runs.ts";

const STRATEGIES: readonly Strategy[] = ["round_robin", "weighted", "least_in_flight", "trace_id"];
const named = (...names: readonly string[]): Endpoint[] => names.map((name) => ({ name }));
const hosts = (count: number): Endpoint[] => Array.from({ length: count }, (_, index) => ({ name: `https://gateway-${index}.example.com:4318` }));
const ids = (count: number, seed = 1): Uint8Array[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.bytes(16));
};

function balancerOf(strategy: Strategy, endpoints: readonly Endpoint[], settings: Partial<HealthSettings> = {}) {
  const host = hostAt(1);
  const balancer = new Balancer(strategy, endpoints, { ...HEALTH_DEFAULTS, ...settings }, host.clock);
  /** Picks that end at once. */
  const picks = (count: number, end: (choice: Choice) => void = (choice) => choice.succeeded()) =>
    Array.from({ length: count }, () => {
      const choice = balancer.pick();
      end(choice);
      return choice.endpoint;
    });
  const share = (name: string) => balancer.states().find((state) => state.name === name)?.share;
  /** Until `name` has failed so many times; the others succeed. */
  const eject = (name: string, times = 5) => {
    for (let failures = 0, seed = 1; failures < times; seed++) {
      const choice = balancer.pick(ids(1, seed)[0]);
      if (choice.endpoint === name) {
        choice.failed();
        failures++;
      } else choice.succeeded();
    }
  };
  return { host, balancer, picks, share, eject };
}

const countOf = (names: readonly string[], name: string) => names.filter((one) => one === name).length;

describe("without trouble", () => {
  it("round_robin goes in turns, weights not looked at", () => {
    const { picks } = balancerOf("round_robin", [{ name: "a", weight: 9 }, { name: "b" }, { name: "c" }]);
    expect(picks(7).join("")).toBe("abcabca");
  });

  it("weighted interleaves, exactly by weight", () => {
    const { picks } = balancerOf("weighted", [{ name: "a", weight: 5 }, { name: "b" }, { name: "c" }]);
    expect(picks(7).join("")).toBe("aabacaa");
    const many = picks(700);
    expect([countOf(many, "a"), countOf(many, "b"), countOf(many, "c")]).toEqual([500, 100, 100]);
  });

  it("least_in_flight takes who has least for its weight, and turns among equals", () => {
    const { balancer, picks } = balancerOf("least_in_flight", [{ name: "a" }, { name: "b" }, { name: "c", weight: 2 }]);
    expect(
      Array.from({ length: 8 }, () => balancer.pick().endpoint)
        .toSorted()
        .join(""),
    ).toBe("aabbcccc");
    const even = balancerOf("least_in_flight", named("a", "b", "c"));
    expect(even.picks(6).join("")).toBe("abcabc");
    const held = even.balancer.pick();
    expect(even.picks(4)).not.toContain(held.endpoint);
    held.abandoned();
    expect(even.picks(3).toSorted().join("")).toBe("abc");
    expect(picks(1)).toHaveLength(1);
  });

  it("trace_id gives the same trace the same endpoint, in any order of the endpoints, and spreads traces evenly", () => {
    const endpoints = hosts(7);
    const { balancer } = balancerOf("trace_id", endpoints);
    const other = balancerOf("trace_id", endpoints.toReversed()).balancer;
    const counts = new Map<string, number>();
    for (const id of ids(14_000)) {
      const { endpoint } = balancer.pick(id);
      expect(other.pick(id).endpoint).toBe(endpoint);
      counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    // 6 degrees of freedom: above 22.5 in one of a thousand.
    expect(chiSquare).toBeLessThan(22.5);
    expect(counts.size).toBe(7);
  });

  it("trace_id goes in turns without an id", () => {
    expect(balancerOf("trace_id", named("a", "b")).picks(4).join("")).toBe("abab");
  });

  it("hashes as MurmurHash3 does", () => {
    const text = (ascii: string) => Uint8Array.from(ascii, (letter) => letter.charCodeAt(0));
    expect(murmur3(text(""), 0)).toBe(0);
    expect(murmur3(text(""), 1)).toBe(0x514e28b7);
    expect(murmur3(text(""), 0xffffffff)).toBe(0x81f16f39);
    expect(murmur3(text("test"), 0)).toBe(0xba6bd213);
    expect(murmur3(text("Hello, world!"), 0)).toBe(0xc0363e43);
    expect(murmur3(text("The quick brown fox jumps over the lazy dog"), 0x9747b28c)).toBe(0x2fa826cd);
  });
});

describe("trace_id moves as little as it can", () => {
  const owners = (balancer: Balancer, keys: readonly Uint8Array[]) =>
    keys.map((key) => {
      const choice = balancer.pick(key);
      choice.abandoned();
      return choice.endpoint;
    });

  it("when an endpoint leaves, its traces alone, to all others; when it comes back, the same ones", () => {
    const endpoints = hosts(10);
    const keys = ids(10_000);
    const { balancer } = balancerOf("trace_id", endpoints);
    const before = owners(balancer, keys);
    const [gone = ""] = endpoints.map(({ name }) => name);
    balancer.update(endpoints.slice(1));
    const after = owners(balancer, keys);
    const moved = keys.flatMap((_, index) => (before[index] === after[index] ? [] : [index]));
    expect(moved.every((index) => before[index] === gone)).toBe(true);
    expect(moved).toHaveLength(countOf(before, gone));
    expect(moved.length).toBeGreaterThan(850);
    expect(moved.length).toBeLessThan(1150);
    const heirs = new Set(moved.map((index) => after[index]));
    expect(heirs.size).toBe(9);
    balancer.update(endpoints);
    expect(owners(balancer, keys)).toEqual(before);
  });

  it("when one is ejected, too, and on its way back each trace returns once", () => {
    const endpoints = hosts(5);
    const keys = ids(5000);
    const { balancer, host, eject } = balancerOf("trace_id", endpoints);
    const before = owners(balancer, keys);
    const [gone = ""] = endpoints.map(({ name }) => name);
    eject(gone);
    const away = owners(balancer, keys);
    keys.forEach((_, index) => expect(away[index] === before[index]).toBe(before[index] !== gone));
    host.ms += HEALTH_DEFAULTS.ejectMs;
    let back = new Set<number>();
    const shares: number[] = [];
    for (let step = 0; step <= 10; step++) {
      const now = owners(balancer, keys);
      const returned = new Set(keys.flatMap((_, index) => (now[index] === gone ? [index] : [])));
      for (const index of back) expect(returned.has(index)).toBe(true);
      for (const index of returned) expect(before[index]).toBe(gone);
      back = returned;
      shares.push(returned.size / countOf(before, gone));
      host.ms += HEALTH_DEFAULTS.rampMs / 10;
    }
    shares.forEach((part, step) => expect(Math.abs(part - Math.max(1, step) / 10)).toBeLessThan(0.05));
    expect(owners(balancer, keys)).toEqual(before);
  });

  it("whatever the names and the keys", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 12 }),
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 60 }),
        fc.nat(),
        (names, keys, at) => {
          const { balancer } = balancerOf("trace_id", named(...names));
          const before = owners(balancer, keys);
          const gone = names[at % names.length] ?? "";
          balancer.update(named(...names.filter((name) => name !== gone)));
          owners(balancer, keys).forEach((owner, index) => {
            if (before[index] !== gone) expect(owner).toBe(before[index]);
          });
        },
      ),
      { numRuns: runsHere(200), seed: 29 },
    );
  });
});

describe("health", () => {
  it.each(STRATEGIES)("%s: failures in a row eject, for a time that doubles up to the bound", (strategy) => {
    const { host, share, eject, picks } = balancerOf(strategy, named("a", "b", "c"), { rampMs: 0 });
    for (const ejectMs of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      eject("b", 4);
      expect(share("b")).toBe(1);
      eject("b", 1);
      expect(share("b")).toBe(0);
      expect(picks(30)).not.toContain("b");
      host.ms += ejectMs - 1;
      expect(share("b")).toBe(0);
      host.ms += 1;
      expect(share("b")).toBe(1);
    }
  });

  it("a success ends a row, and one that was well for a while starts from the first time again", () => {
    const { balancer, host, share, eject, picks } = balancerOf("round_robin", named("a", "b"), { rampMs: 0 });
    for (let time = 0; time < 10; time++) {
      eject("b", 4);
      picks(2);
    }
    expect(share("b")).toBe(1);
    eject("b");
    host.ms += 10_000;
    host.ms += 9999;
    picks(2);
    expect(balancer.states()[1]?.ejections).toBe(1);
    host.ms += 1;
    picks(2);
    expect(balancer.states()[1]?.ejections).toBe(0);
  });

  it.each(["round_robin", "weighted", "least_in_flight"] as const)("%s: one that comes back takes its part little by little", (strategy) => {
    const { host, eject, picks } = balancerOf(strategy, named("a", "b"));
    eject("b");
    host.ms += 10_000;
    const parts = [0, 3000, 15_000, 30_000].map((ms) => {
      host.ms += ms;
      return countOf(picks(1100), "b");
    });
    // Shares of 0.1, 0.1, 0.6 and 1. In turns beside one of 1 that is 1/11, 1/11, 3/8 and 1/2; by load it may be had so often, and turns are taken.
    const expected = strategy === "least_in_flight" ? [110, 110, 440, 550] : [100, 100, 412, 550];
    parts.forEach((part, step) => expect(Math.abs(part - (expected[step] ?? NaN))).toBeLessThanOrEqual(10));
  });

  it("probes bring one back early, or keep it away; and eject one in service", () => {
    const { balancer, host, share, eject } = balancerOf("round_robin", named("a", "b"), { rampMs: 0 });
    eject("b");
    balancer.probed("b", true);
    balancer.probed("b", false);
    balancer.probed("b", true);
    expect(share("b")).toBe(0);
    host.ms += 9999;
    balancer.probed("b", false);
    host.ms += 9999;
    expect(share("b")).toBe(0);
    balancer.probed("b", true);
    balancer.probed("b", true);
    expect(share("b")).toBe(1);
    for (let probe = 0; probe < 5; probe++) balancer.probed("a", false);
    expect(share("a")).toBe(0);
    balancer.probed("nobody", false);
  });

  it("good probes do not hide that requests fail", () => {
    const { balancer, share } = balancerOf("round_robin", named("a"));
    for (let time = 0; time < 5; time++) {
      balancer.pick().failed();
      balancer.probed("a", true);
    }
    expect(share("a")).toBe(0);
  });

  it("with all ejected all are used, and a success there is a good probe", () => {
    const { balancer, share, eject, picks } = balancerOf("round_robin", named("a", "b", "c"), { rampMs: 0 });
    for (const name of ["a", "b", "c"]) eject(name);
    expect(balancer.states().map((state) => state.share)).toEqual([0, 0, 0]);
    expect(new Set(picks(6, (choice) => choice.failed())).size).toBe(3);
    while (share("b") === 0) {
      const choice = balancer.pick();
      if (choice.endpoint === "b") choice.succeeded();
      else choice.failed();
    }
    expect(new Set(picks(6))).toEqual(new Set(["b"]));
  });

  it("what began before the ejection says nothing after it", () => {
    const { balancer, host, share, eject } = balancerOf("round_robin", named("a", "b"));
    const early = Array.from({ length: 6 }, () => balancer.pick()).filter(({ endpoint }) => endpoint === "b");
    host.ms += 1;
    eject("b");
    for (const choice of early) choice.succeeded();
    expect(share("b")).toBe(0);
    expect(balancer.states()[1]?.inFlight).toBe(0);
  });

  it("a retry goes elsewhere, if there is an elsewhere", () => {
    const { balancer } = balancerOf("trace_id", named("a", "b"));
    for (const id of ids(20)) {
      const first = balancer.pick(id).endpoint;
      expect(balancer.pick(id, [first]).endpoint).not.toBe(first);
    }
    expect(balancerOf("round_robin", named("a")).balancer.pick(undefined, ["a"]).endpoint).toBe("a");
  });
});

describe("many keys at once", () => {
  it("belong where each alone does, also past those to avoid", () => {
    const { balancer } = balancerOf("trace_id", hosts(5));
    const avoid = [hosts(5)[1]?.name ?? ""];
    for (const shunned of [[], avoid]) {
      const { names, of } = balancer.placement(shunned);
      for (const id of ids(200)) {
        const choice = balancer.pick(id, shunned);
        expect(names[of(id)]).toBe(choice.endpoint);
        choice.abandoned();
      }
    }
    expect(balancer.placement(avoid).names).not.toContain(avoid[0]);
  });

  it("a request begun at a name counts as one that was picked; a name that there is not is a defect", () => {
    const { balancer } = balancerOf("trace_id", named("a", "b"));
    const choice = balancer.begin("b");
    expect(balancer.states().map(({ inFlight }) => inFlight)).toEqual([0, 1]);
    choice.succeeded();
    expect(() => balancer.begin("c")).toThrow('there is no "c"');
  });

  it("says whether there is another one", () => {
    const { balancer, eject } = balancerOf("round_robin", named("a", "b", "c"));
    expect([balancer.hasOther([]), balancer.hasOther(["a", "b"]), balancer.hasOther(["a", "b", "c"])]).toEqual([true, true, false]);
    eject("c");
    expect(balancer.hasOther(["a", "b"])).toBe(false);
  });
});

it("ejects no more at a time than it may, and then the next one that fails again", () => {
  for (const [share, most] of [
    [0, 0],
    [0.1, 1],
    [0.5, 2],
    [1, 4],
  ] as const) {
    const host = hostAt(1);
    const balancer = new Balancer("round_robin", named("a", "b", "c", "d"), { ...HEALTH_DEFAULTS, failures: 2 }, host.clock, share);
    for (let time = 0; time < 40; time++) balancer.pick().failed();
    for (const name of ["a", "b", "c", "d"]) balancer.probed(name, false);
    expect(balancer.states().filter((state) => state.share === 0)).toHaveLength(most);
    host.ms += 10_000;
    for (let time = 0; time < 40; time++) balancer.pick().failed();
    expect(balancer.states().filter((state) => state.share === 0)).toHaveLength(most);
  }
});

it("other endpoints: those that stay keep their health and load; none at all is an error and changes nothing", () => {
  const { balancer, share, eject } = balancerOf("round_robin", named("a", "b", "c"));
  eject("b");
  const held = balancer.pick();
  balancer.update(named("b", held.endpoint, "d"));
  expect(share("b")).toBe(0);
  expect(balancer.states().find(({ name }) => name === held.endpoint)?.inFlight).toBe(1);
  expect(() => balancer.update([])).toThrow("there is no endpoint");
  expect(balancer.states()).toHaveLength(3);
  balancer.update(named("e"));
  held.succeeded();
  expect(() => held.failed()).toThrow("Cannot end a request");
  expect(balancer.states()).toEqual([{ name: "e", share: 1, inFlight: 0, ejections: 0 }]);
});

it("always finds an endpoint, and one that is ejected only when all are, whatever happens", () => {
  const action = fc.record({
    kind: fc.constantFrom("pick", "pick", "pick", "failed", "failed", "succeeded", "abandoned", "bad probe", "good probe"),
    at: fc.nat(1000),
    ms: fc.nat(3000),
  });
  const seen = { ejected: 0, ramping: 0, panic: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...STRATEGIES),
      fc.integer({ min: 1, max: 6 }),
      fc.array(action, { minLength: 60, maxLength: 200, size: "max" }),
      (strategy, count, actions) => {
        const { host, balancer } = balancerOf(strategy, hosts(count), { failures: 2 });
        const choices: Choice[] = [];
        for (const { kind, at, ms } of actions) {
          host.ms += ms;
          const states = balancer.states();
          const panic = states.every(({ share }) => share === 0);
          for (const { share } of states) {
            if (share === 0) seen.ejected++;
            else if (share < 1) seen.ramping++;
          }
          if (kind === "pick") {
            const choice = balancer.pick(ids(1, at)[0]);
            choices.push(choice);
            if (panic) seen.panic++;
            else expect(states.find(({ name }) => name === choice.endpoint)?.share).toBeGreaterThan(0);
          } else if (kind.endsWith("probe")) balancer.probed(states[at % states.length]?.name ?? "", kind === "good probe");
          else choices.splice(at % Math.max(1, choices.length), 1)[0]?.[kind as "failed" | "succeeded" | "abandoned"]();
          expect(balancer.states().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(choices.length);
        }
      },
    ),
    { numRuns: runsHere(200), seed: 31 },
  );
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50);
});
