/** memory_limiter: where it refuses, what the sender hears, and its settings. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Block } from "../../src/base/pool.ts";
import { failureOf } from "../../src/pipeline/outcome.ts";
import { memoryLimiter } from "../../src/processors/memory-limiter.ts";
import { MemoryLimiter } from "../../src/processors/memory-limiter/limiter.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { build, faultsOf } from "./support.ts";

const MIB = 1 << 20;

describe("requests", () => {
  const { bytes } = payload("traces", { items: 20 });

  /** Holds so many bytes of the pool, at least. */
  function fill(engine: ReturnType<typeof testEngine>, toBytes: number): Block[] {
    const blocks: Block[] = [];
    while (engine.pool.inUse < toBytes) {
      const block = engine.pool.take(16 << 10);
      if (block === undefined) throw new Error("The test's pool is full");
      blocks.push(block);
    }
    return blocks;
  }

  it.each([
    [{ limit_mib: 10, spike_limit_mib: 4 }, 6 * MIB],
    [{ limit_mib: 10 }, 8 * MIB],
    [{ limit_mib: 10, limit_percentage: 1 }, 8 * MIB],
  ])("with %j pass below %i bytes in flight and are refused above", (settings, fromBytes) => {
    const engine = testEngine();
    const built = build(memoryLimiter, { check_interval: "1s", ...settings }, "traces", engine);
    const blocks = fill(engine, fromBytes - 64 * 1024);
    expect(built.run(bytes).changed).toBe(false);
    blocks.push(...fill(engine, fromBytes));
    let thrown: unknown;
    try {
      built.run(bytes);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SluiceError);
    expect(failureOf(thrown)).toEqual({ kind: "retry", message: "data refused due to high memory usage", untried: true });
    expect(built.counters.total("sluice_processor_refused_requests", { reason: "memory" })).toBe(1);
    for (const block of blocks) block.release();
  });

  it("a percentage is that of the memory for requests", () => {
    const engine = testEngine();
    const built = build(memoryLimiter, { check_interval: "1s", limit_percentage: 50, spike_limit_percentage: 25 }, "traces", engine);
    const blocks = fill(engine, Math.ceil(engine.pool.capacity / 4));
    expect(() => built.run(bytes)).toThrow("data refused");
    for (const block of blocks) block.release();
  });
});

describe("memory that the runtime tells", () => {
  it("is measured once an interval, and counts besides what is in flight", async () => {
    const clock = new TestClock();
    const log: string[] = [];
    let [measured, other, inFlight] = [0, 0, 10];
    const limiter = new MemoryLimiter({
      id: "memory_limiter",
      refuseFromBytes: 100,
      checkIntervalMs: 1000,
      clock,
      inFlightBytes: () => inFlight,
      otherBytes: () => {
        measured++;
        return other;
      },
      logger: { log: (level) => void log.push(level) },
      refused: new Counters().counter("refused"),
    });
    limiter.check();
    other = 90;
    limiter.check();
    expect(measured).toBe(1);
    await clock.advance(1000);
    expect(() => limiter.check()).toThrow("data refused");
    expect(() => limiter.check()).toThrow("data refused");
    expect(measured).toBe(2);
    inFlight = 9;
    limiter.check();
    expect(log).toEqual(["warn", "info"]);
  });
});

describe("settings", () => {
  it.each<[object, string]>([
    [{ limit_mib: 1 }, "check_interval: check_interval must be more than 0: write for example 1s"],
    [{ check_interval: "1s" }, "limit_mib: limit_mib or limit_percentage must be more than 0"],
    [{ check_interval: "1s", limit_mib: 5, spike_limit_mib: 5 }, "spike_limit_mib: spike_limit_mib must be less than limit_mib"],
    [
      { check_interval: "1s", limit_percentage: 5, spike_limit_percentage: 5 },
      "spike_limit_percentage: spike_limit_percentage must be less than limit_percentage",
    ],
    [
      { check_interval: "1s", limit_mib: 5, min_gc_interval_when_soft_limited: "1s", min_gc_interval_when_hard_limited: "2s" },
      "min_gc_interval_when_soft_limited: must not be less than min_gc_interval_when_hard_limited",
    ],
  ])("refuses %j", (settings, fault) => {
    expect(faultsOf(memoryLimiter, settings)).toEqual([fault]);
  });

  it("refuses a percentage above 100", () => {
    expect(faultsOf(memoryLimiter, { check_interval: "1s", limit_percentage: 101 })).toHaveLength(1);
  });
});
