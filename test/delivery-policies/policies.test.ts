/** Breaker, rate limit and concurrency around one attempt: what passes, what waits, what is told, and that nothing is held. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { delivered, deliveryKeys } from "../../src/delivery/deliver.ts";
import { policyKeys, withPolicies } from "../../src/delivery/policies.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { checkBooks } from "../delivery/books.ts";
import { settled } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { ACCEPTED, held, LATER, policed, Played, REFUSED, sendTo, testContext, UNTRIED } from "./played.ts";

const EXPORTER = { exporter: "otlp_http/test" };
/** Opens at the second failure, for exactly a second. */
const BREAKER = { failures: 2, randomization_factor: 0 };

describe("settings", () => {
  it("without a section, or with enabled: false, the exporter is what it was", () => {
    const on = testContext();
    const bare = new Played(on.clock);
    const off = { circuit_breaker: { enabled: false }, concurrency: { enabled: false }, rate_limit: { enabled: false, items_per_second: 1 } };
    for (const settings of [{}, off]) expect(withPolicies(bare, z.strictObject(policyKeys).parse(settings), on)).toBe(bare);
    for (const settings of [{ circuit_breaker: null }, { concurrency: null }, { rate_limit: { items_per_second: 1 } }]) {
      expect(withPolicies(bare, z.strictObject(policyKeys).parse(settings), on)).not.toBe(bare);
    }
  });

  it.each([
    [{ circuit_breaker: { open_time: "0s" } }, "open_time must be more than 0"],
    [{ circuit_breaker: { open_time: "1m" } }, "max_open_time must not be less than open_time"],
    [{ circuit_breaker: { probe_timeout: "0s" } }, "probe_timeout must be more than 0"],
    [{ circuit_breaker: { failures: 0 } }, "expected number to be >=1"],
    [{ concurrency: { min: 5, max: 4 } }, "min must not be more than max"],
    [{ rate_limit: {} }, "requests_per_second, items_per_second or bytes_per_second is needed"],
    [{ rate_limit: { items_per_second: 0 } }, "expected number to be >0"],
  ])("%j is refused", (settings, message) => {
    expect(z.strictObject(policyKeys).safeParse(settings).error?.message).toContain(message);
  });

  it("concurrency is an error on Workers, by name; the others run there", () => {
    const on = testContext({ runtime: "workers" });
    expect(() => policed({ concurrency: null }, on)).toThrow(
      expect.objectContaining({ code: "config", path: "exporters.otlp_http/test.concurrency", cure: expect.stringContaining("circuit_breaker") }),
    );
    expect(policed({ circuit_breaker: null, rate_limit: { requests_per_second: 5 } }, on).exporter.state).toBe("none");
  });
});

describe("circuit_breaker", () => {
  it("opens after failures in a row, and then says at once when to come back", async () => {
    const { clock, destination, engine, send, total, log } = policed({ circuit_breaker: BREAKER });
    destination.answer = () => LATER;
    expect([await send(), await send()]).toEqual([LATER, LATER]);
    expect([total("sluice_exporter_breaker_state", EXPORTER), total("sluice_exporter_breaker_opened", EXPORTER)]).toEqual([2, 1]);
    await clock.advance(400);
    expect(await send()).toEqual({ kind: "retry", message: expect.stringContaining("circuit breaker is open"), afterMs: 600 });
    expect([destination.arrivals.length, total("sluice_exporter_breaker_rejected", EXPORTER)]).toEqual([2, 1]);
    expect(log).toEqual([expect.stringContaining("Circuit breaker opens")]);
    expect(engine.pool.blocks).toBe(0);
  });

  it("lets exactly one probe out, closes when it succeeds, and opens for longer when it fails", async () => {
    const { clock, destination, log, send, total } = policed({ circuit_breaker: BREAKER });
    destination.answer = () => LATER;
    await send();
    await send();
    await clock.advance(1000);
    const { answer, waiting } = held();
    destination.answer = answer;
    const probe = send();
    await settled();
    expect(total("sluice_exporter_breaker_state")).toBe(1);
    expect(await send()).toMatchObject({ kind: "retry", afterMs: 1000 });
    waiting.shift()?.(LATER);
    expect(await probe).toEqual(LATER);
    expect(await send()).toMatchObject({ kind: "retry", afterMs: 2000 });
    await clock.advance(2000);
    destination.answer = () => REFUSED;
    // Refused for good is an answer: it is alive.
    expect(await send()).toEqual(REFUSED);
    expect(total("sluice_exporter_breaker_state")).toBe(0);
    expect(log.at(-1)).toContain("Circuit breaker closes");
    expect(destination.arrivals).toHaveLength(4);
  });

  it("needs as many probes as it is told", async () => {
    const { clock, destination, send, total } = policed({ circuit_breaker: { ...BREAKER, probes: 2 } });
    destination.answer = () => LATER;
    await send();
    await send();
    await clock.advance(1000);
    destination.answer = () => ACCEPTED;
    await send();
    expect(total("sluice_exporter_breaker_state")).toBe(1);
    await send();
    expect(total("sluice_exporter_breaker_state")).toBe(0);
  });

  it("learns nothing from what no destination was asked, or what we refused ourselves", async () => {
    const { destination, send, total } = policed({ circuit_breaker: { ...BREAKER, failures: 1 } });
    for (const outcome of [UNTRIED, { kind: "refused", message: "no endpoint for logs" } as const]) {
      destination.answer = () => outcome;
      expect(await send()).toEqual(outcome);
    }
    destination.answer = () => Promise.reject(new Error("a defect"));
    expect(await send()).toMatchObject({ kind: "refused", message: "a defect" });
    expect(total("sluice_exporter_breaker_state")).toBe(0);
  });

  it("is open for as long as the destination asks", async () => {
    const { destination, send } = policed({ circuit_breaker: { ...BREAKER, failures: 1 } });
    destination.answer = () => ({ ...LATER, afterMs: 90_000 }) as Outcome;
    await send();
    expect(await send()).toMatchObject({ afterMs: 90_000 });
  });

  it("behind a queue: attempts wait for the probe, and everything arrives, once", async () => {
    const on = testContext();
    const destination = new Played(on.clock);
    const schema = z.strictObject({ ...policyKeys, ...deliveryKeys });
    const config = schema.parse({
      circuit_breaker: { ...BREAKER, max_open_time: "4s" },
      sending_queue: { num_consumers: 4 },
      retry_on_failure: { initial_interval: "100ms", max_interval: "100ms", randomization_factor: 0 },
    });
    const exporter = delivered(withPolicies(destination, config, on), config, on);
    destination.answer = () => LATER;
    for (let seed = 1; seed <= 20; seed++) expect(await sendTo(exporter, on.batch(10, seed))).toEqual(ACCEPTED);
    await on.clock.advance(20_000);
    // Four consumers at once, then a probe after 1, 2, 4 s, and every 4 s.
    const asked = destination.arrivals.length;
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(12);
    expect(checkBooks(on.counters, on.id, "traces")).toMatchObject({ offered: 200, queued: 200, dropped: 0 });
    destination.answer = () => ACCEPTED;
    await on.clock.advance(10_000);
    expect(checkBooks(on.counters, on.id, "traces")).toMatchObject({ sent: 200, queued: 0, dropped: 0 });
    expect(destination.arrivals.length - asked).toBe(20);
    await Promise.all([exporter.stop(100), on.clock.advance(100)]);
    expect(on.engine.pool.blocks).toBe(0);
  });
});

describe("rate_limit", () => {
  it("holds what is too fast for as long as it needs, in order, and no longer", async () => {
    const { clock, destination, send, total } = policed({ rate_limit: { requests_per_second: 10, burst_seconds: 0.1 } });
    const outcomes = [send(), send(), send()];
    await settled();
    expect(destination.arrivals).toHaveLength(1);
    await clock.advance(1000);
    expect(destination.arrivals.map(({ atMs }) => atMs)).toEqual([0, 100, 200]);
    expect(await Promise.all(outcomes)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
    expect(total("sluice_exporter_rate_limited", EXPORTER)).toBe(2);
  });

  it("by items and bytes", async () => {
    const items = policed({ rate_limit: { items_per_second: 100 } });
    const bytes = policed({ rate_limit: { bytes_per_second: 1000 } });
    void items.send(100);
    void items.send(50);
    void bytes.send(10);
    void bytes.send(1);
    await settled();
    await items.clock.advance(1000);
    await bytes.clock.advance(60_000);
    expect(items.destination.arrivals.map(({ atMs }) => atMs)).toEqual([0, 500]);
    const [first, second] = bytes.destination.arrivals;
    // What is larger than the burst went when that was full; who comes behind it is out of line.
    expect(first?.atMs).toBe(0);
    expect(second).toBeUndefined();
  });

  it("tells who finds the line too long when to come back, untried, and takes nothing for it", async () => {
    const { clock, destination, engine, send } = policed({ rate_limit: { requests_per_second: 1, max_wait: "1500ms" } });
    const outcomes = [send(), send(), send()];
    expect(await send()).toMatchObject({ kind: "retry", untried: true, afterMs: 3000 });
    await clock.advance(2000);
    expect(await Promise.all(outcomes)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
    expect(destination.arrivals.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000]);
    expect(engine.pool.blocks).toBe(0);
  });

  it("lets what waits go when it is stopped, with an outcome, and holds nothing then", async () => {
    const { destination, engine, exporter, send } = policed({ rate_limit: { requests_per_second: 1 } });
    void send();
    const waiting = send();
    await settled();
    expect(engine.pool.blocks).toBe(1);
    await exporter.stop(1000);
    expect(await waiting).toEqual({ kind: "retry", message: "the gateway is stopping", untried: true });
    expect(await send()).toMatchObject({ kind: "retry", untried: true });
    expect([engine.pool.blocks, destination.arrivals.length, destination.stopped]).toEqual([0, 1, 1]);
  });
});

describe("concurrency", () => {
  it("lets so many at a time, and who waits in the order in which they came", async () => {
    const { destination, send, total } = policed({ concurrency: { adaptive: false, max: 2 } });
    const { answer, waiting } = held();
    destination.answer = answer;
    const outcomes = [1, 2, 3, 4].map((items) => send(items));
    await settled();
    expect(destination.arrivals.map(({ items }) => items)).toEqual([1, 2]);
    expect([total("sluice_exporter_concurrency_limit", EXPORTER), total("sluice_exporter_concurrency_in_flight", EXPORTER)]).toEqual([2, 2]);
    waiting[1]?.();
    await settled();
    expect(destination.arrivals.map(({ items }) => items)).toEqual([1, 2, 3]);
    for (const end of [waiting[0], waiting[2]]) end?.();
    await settled();
    waiting[3]?.();
    expect(await Promise.all(outcomes)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED]);
    expect([total("sluice_exporter_concurrency_in_flight"), destination.underWayMost]).toEqual([0, 2]);
  });

  it("lets nobody wait for longer than max_wait: untried", async () => {
    const { clock, destination, engine, send } = policed({ concurrency: { adaptive: false, max: 1, max_wait: "300ms" } });
    const { answer, waiting } = held();
    destination.answer = answer;
    const first = send();
    const second = send();
    await clock.advance(299);
    expect(engine.pool.blocks).toBe(2);
    await clock.advance(1);
    expect(await second).toMatchObject({ kind: "retry", untried: true, message: expect.stringContaining("under way") });
    waiting[0]?.();
    expect(await first).toEqual(ACCEPTED);
    expect([destination.arrivals.length, engine.pool.blocks]).toEqual([1, 0]);
  });

  it("adapts: overload lowers the limit, answers raise it, and what fails at once says nothing", async () => {
    const { clock, destination, send, total } = policed({ concurrency: { max: 100, initial: 10 } });
    const limit = () => total("sluice_exporter_concurrency_limit");
    const failedAtOnce: Outcome = { kind: "retry", message: "connect: refused" };
    destination.answer = () => failedAtOnce;
    await Promise.all(Array.from({ length: 10 }, () => send()));
    expect(limit()).toBe(10);
    destination.answer = () => LATER;
    await send();
    expect(limit()).toBe(7);
    await clock.advance(10);
    // No answer within a second is one that did not come in time.
    destination.answer = async () => {
      await clock.sleep(1000);
      return failedAtOnce;
    };
    const timedOut = send();
    await clock.advance(1000);
    expect([await timedOut, limit()]).toEqual([failedAtOnce, 4]);
    destination.answer = async () => {
      await clock.sleep(50);
      return ACCEPTED;
    };
    for (let round = 0; round < 30; round++) {
      const outcomes = Array.from({ length: 4 }, () => send(1));
      await clock.advance(60);
      await Promise.all(outcomes);
    }
    expect(limit()).toBeGreaterThan(4);
  });

  it("lets what waits go when it is stopped, and who comes then, and gives every place back", async () => {
    const { destination, engine, exporter, send, total } = policed({ concurrency: { adaptive: false, max: 1 } });
    const { answer, waiting } = held();
    destination.answer = answer;
    const first = send();
    const second = send();
    await settled();
    const stopped = exporter.stop(1000);
    expect(await second).toMatchObject({ kind: "retry", untried: true, message: "the gateway is stopping" });
    waiting[0]?.();
    expect(await first).toEqual(ACCEPTED);
    await stopped;
    await exporter.stop(0);
    expect([engine.pool.blocks, total("sluice_exporter_concurrency_in_flight")]).toEqual([0, 0]);
  });

  it("gives a place back when the exporter has a defect", async () => {
    const { destination, send, total } = policed({ concurrency: { adaptive: false, max: 1 } });
    destination.answer = () => Promise.reject(new Error("a defect"));
    expect(await send()).toMatchObject({ kind: "refused", message: "a defect" });
    expect(total("sluice_exporter_concurrency_in_flight")).toBe(0);
    destination.answer = () => ACCEPTED;
    expect(await send()).toEqual(ACCEPTED);
  });
});

describe("all of them", () => {
  it("what waited for a place while the breaker opened does not go, and its place is free again", async () => {
    const { destination, send, total } = policed({ circuit_breaker: BREAKER, concurrency: { adaptive: false, max: 2 } });
    const { answer, waiting } = held();
    destination.answer = answer;
    const outcomes = [send(), send(), send(), send()];
    await settled();
    for (const end of waiting) end(LATER);
    expect(await Promise.all(outcomes)).toEqual([LATER, LATER, expect.objectContaining({ afterMs: 1000 }), expect.objectContaining({ afterMs: 1000 })]);
    expect([destination.arrivals.length, total("sluice_exporter_concurrency_in_flight")]).toEqual([2, 0]);
  });

  it("an open breaker takes no tokens and no places", async () => {
    const { clock, destination, send } = policed({ circuit_breaker: BREAKER, rate_limit: { requests_per_second: 2 } });
    destination.answer = () => LATER;
    await send();
    await send();
    for (let time = 0; time < 50; time++) await send();
    await clock.advance(1000);
    destination.answer = () => ACCEPTED;
    expect([await send(), await send()]).toEqual([ACCEPTED, ACCEPTED]);
    expect(destination.arrivals.map(({ atMs }) => atMs)).toEqual([0, 0, 1000, 1000]);
  });

  it("whatever happens, never more than max are under way, everybody is told, and nothing is held", async () => {
    const answers: readonly Outcome[] = [ACCEPTED, ACCEPTED, LATER, { kind: "retry", message: "reset" }, REFUSED, UNTRIED];
    const step = fc.record({ requests: fc.nat(6), ms: fc.nat(700), answer: fc.nat(answers.length - 1), tookMs: fc.nat(1500) });
    const engine = testEngine();
    const seen = { waited: 0, rejected: 0, arrived: 0 };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.boolean(), fc.array(step, { minLength: 5, maxLength: 12 }), async (max, adaptive, steps) => {
        const settings = {
          circuit_breaker: { failures: 3 },
          rate_limit: { requests_per_second: 20, burst_seconds: 0.2, max_wait: "400ms" },
          concurrency: { adaptive, max, initial: 2, max_wait: "600ms" },
        };
        const { clock, destination, exporter, send, total } = policed(settings, testContext({ engine }));
        const outcomes: Promise<Outcome>[] = [];
        for (const { answer, ms, requests, tookMs } of steps) {
          destination.answer = async () => {
            await clock.sleep(tookMs);
            return answers[answer] ?? ACCEPTED;
          };
          for (let request = 0; request < requests; request++) outcomes.push(send(1));
          await clock.advance(ms);
        }
        await clock.advance(5000);
        const told = await Promise.all(outcomes);
        expect(destination.underWayMost).toBeLessThanOrEqual(max);
        expect([engine.pool.blocks, total("sluice_exporter_concurrency_in_flight")]).toEqual([0, 0]);
        seen.waited += total("sluice_exporter_rate_limited");
        seen.rejected += told.filter((outcome) => outcome.kind === "retry").length;
        seen.arrived += destination.arrivals.length;
        await exporter.stop(0);
      }),
      { numRuns: 10, seed: 11 },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
  });
});
