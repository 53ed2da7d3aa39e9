/** memory_limiter: what it measures, where it refuses, what the sender hears, and its settings. */
import { describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Host, Logger, ProcessMemory } from "../../src/base/host.ts";
import type { Block } from "../../src/base/pool.ts";
import { failureOf } from "../../src/pipeline/outcome.ts";
import { memoryLimiter } from "../../src/processors/memory-limiter.ts";
import { MemoryLimiter } from "../../src/processors/memory-limiter/limiter.ts";
import { ProcessUse } from "../../src/processors/memory-limiter/process-use.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { ALONE } from "../harness/context.ts";
import { Run } from "../../src/pipeline/run.ts";
import { TestClock } from "../harness/clock.ts";
import { admitted, batchOf, testEngine } from "../harness/engine.ts";
import { hostEngine, hostOver } from "../harness/host.ts";
import { RUNTIMES_FOUND } from "../harness/runtime.ts";
import { bareHost, build, faultsOf } from "./support.ts";

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

describe("the process's memory", () => {
  const { bytes } = payload("traces", { items: 20 });
  const settings = (limits: object) => memoryLimiter.schema.parse({ check_interval: "1s", ...limits });

  /** A processor on a host that says of its process what the test wants. */
  function limiterOn(memory: ProcessMemory | undefined, limits: object, engine = testEngine(64 << 20)) {
    const clock = new TestClock();
    const log: string[] = [];
    const logger: Logger = { log: (level, message, fields = {}) => void log.push(`${level} ${message} ${JSON.stringify(fields)}`) };
    const counters = new Counters();
    const host: Host = { ...bareHost, clock, logger, memory };
    const made = memoryLimiter.create(settings(limits), { ...ALONE, id: "memory_limiter", engine, host, logger, counters }, "traces");
    const run = new Run(engine, "traces", "steps" in made ? made.steps : [], counters);
    const refuses = () => {
      const batch = batchOf("traces", admitted(engine, "traces", bytes));
      try {
        run.run(batch).release();
        return false;
      } catch (error) {
        expect(failureOf(error)).toMatchObject({ kind: "retry", message: "data refused due to high memory usage" });
        return true;
      } finally {
        batch.release();
      }
    };
    return { clock, engine, log, refuses };
  }

  it("is compared with limit_mib less the spike: what is resident, and what comes into flight until it is measured again", async () => {
    let residentBytes = 100 * MIB;
    let measured = 0;
    const memory = { residentBytes: () => (measured++, residentBytes), totalBytes: () => 1 << 30 };
    const { clock, engine, log, refuses } = limiterOn(memory, { limit_mib: 250, spike_limit_mib: 50 });
    expect([refuses(), refuses(), refuses(), measured]).toEqual([false, false, false, 2]);
    residentBytes = 201 * MIB;
    await clock.advance(999);
    expect([refuses(), measured]).toEqual([false, 2]);
    await clock.advance(1);
    expect([refuses(), refuses(), measured]).toEqual([true, true, 3]);
    residentBytes = 190 * MIB;
    await clock.advance(1000);
    expect(refuses()).toBe(false);
    const block = engine.pool.take(16 * MIB);
    expect([refuses(), measured]).toEqual([true, 4]);
    block?.release();
    expect([refuses(), measured]).toEqual([false, 4]);
    expect(log.map((line) => line.split(" ")[0])).toEqual(["warn", "info", "warn", "info"]);
  });

  it("does not count memory for requests that was used and is free again, so that one rush does not end it all", async () => {
    let residentBytes = 100 * MIB;
    const memory = { residentBytes: () => residentBytes, totalBytes: () => 1 << 30 };
    const { clock, engine, refuses } = limiterOn(memory, { limit_mib: 130, spike_limit_mib: 10 });
    const block = engine.pool.take(32 * MIB);
    residentBytes = 132 * MIB;
    expect(refuses()).toBe(true);
    block?.release();
    await clock.advance(1000);
    expect(refuses()).toBe(false);
    // The rest of the process has grown.
    residentBytes = 160 * MIB;
    await clock.advance(1000);
    expect(refuses()).toBe(true);
  });

  it("is never taken for less than at the start, though blocks were held that nobody wrote to", () => {
    let residentBytes = 100;
    const use = new ProcessUse({ residentBytes: () => residentBytes, totalBytes: () => 1000 }, { peak: 80 });
    expect([use.startBytes, use.otherBytes()]).toEqual([100, 100]);
    residentBytes = 150;
    expect(use.otherBytes()).toBe(100);
    residentBytes = 181;
    expect(use.otherBytes()).toBe(101);
    residentBytes = 90;
    expect(use.otherBytes()).toBe(90);
  });

  it.each([
    [{ limit_percentage: 50, spike_limit_percentage: 10 }, 400 * MIB],
    [{ limit_percentage: 50 }, 400 * MIB],
    [{ limit_percentage: 1, limit_mib: 500 }, 400 * MIB],
  ])("with %j of 1000 MiB refuses from %i bytes on, the request's own among them", async (limits, fromBytes) => {
    let residentBytes = 0;
    const one = limiterOn({ residentBytes: () => residentBytes, totalBytes: () => 1000 * MIB }, limits);
    residentBytes = fromBytes - 1;
    expect(one.refuses()).toBe(false);
    residentBytes = fromBytes;
    await one.clock.advance(1000);
    expect(one.refuses()).toBe(true);
  });

  it("is told of at the start when the limit is below what the process has already", () => {
    const memory = { residentBytes: () => 90 * MIB, totalBytes: () => 1 << 30 };
    expect(limiterOn(memory, { limit_mib: 200 }).log).toEqual([]);
    expect(limiterOn(memory, { limit_mib: 100 }).log).toEqual([
      'warn The limit of memory is below what the process has in use without any request: every request will be refused {"processor":"memory_limiter","used_mib":90,"refused_from_mib":80}',
    ]);
  });

  it("is what the runtime says: not on Workers, where a percentage is that of the memory for requests", () => {
    const { memory } = hostOver(hostEngine(16 << 20), () => {});
    if (memory === undefined) {
      expect(RUNTIMES_FOUND).toEqual(["workers"]);
      expect(limiterOn(memory, { limit_percentage: 50 }).refuses()).toBe(false);
      return;
    }
    expect(RUNTIMES_FOUND).not.toEqual(["workers"]);
    const residentMib = Math.ceil(memory.residentBytes() / MIB);
    expect(residentMib).toBeGreaterThan(20);
    expect(memory.totalBytes() / MIB).toBeGreaterThan(residentMib);
    expect(limiterOn(memory, { limit_mib: residentMib + 2000, spike_limit_mib: 1 }).refuses()).toBe(false);
    const low = limiterOn(memory, { limit_mib: Math.floor(residentMib / 2), spike_limit_mib: 1 });
    expect([low.refuses(), low.log.length]).toEqual([true, 2]);
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
