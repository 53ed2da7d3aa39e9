/** The sampler against a real Collector's record (test/differential/record-sampler.ts), and what is Sluice's own. */
import { describe, expect, it } from "vitest";
import { encodeAnyValue } from "../../src/otlp/any-value.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Run } from "../../src/pipeline/run.ts";
import type { Step } from "../../src/pipeline/step.ts";
import { probabilisticSampler } from "../../src/processors/probabilistic-sampler.ts";
import { SAMPLER_CASES, samplerLines, samplerRequest } from "../differential/sampler-cases.ts";
import { digestOf, keptOf } from "../differential/sampler-digest.ts";
import recorded from "../fixtures/sampler/collector-0.159.json" with { type: "json" };
import { admitted, batchOf, testEngine } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { build, faultsOf } from "./support.ts";

const requests = { traces: judge("traces").encode(samplerRequest("traces")), logs: judge("logs").encode(samplerRequest("logs")) };

describe("the Collector's decisions and what it writes", () => {
  it("has a record of every case", () => {
    expect(recorded.cases.map(({ name }) => name)).toEqual(SAMPLER_CASES.map(({ name }) => name));
  });

  it.each(SAMPLER_CASES.map((one, index) => ({ ...one, expected: recorded.cases[index] })))("$name", ({ signal, config, expected }) => {
    const sampler = build(probabilisticSampler, config, signal);
    const after = sampler.run(requests[signal]);
    const lines = samplerLines(signal, judge(signal).toObject(after.bytes));
    if (expected?.lines !== undefined) expect(lines).toEqual(expected.lines);
    expect(keptOf(lines, recorded.items)).toBe(expected?.kept);
    expect(digestOf(lines)).toBe(expected?.digest);
    expect(after.items).toBe(expected?.count);
    const { counters } = sampler;
    const dropped = counters.total("sluice_processor_dropped_items");
    expect(dropped).toBe(recorded.items - lines.length);
    expect(counters.total(`otelcol_processor_probabilistic_sampler_count_${signal}_sampled`, { sampled: "true" })).toBe(lines.length);
    expect(counters.total(`otelcol_processor_probabilistic_sampler_count_${signal}_sampled`, { sampled: "false" })).toBe(dropped);
  });
});

const TRACE_ID = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);

function spans(...items: readonly Record<string, unknown>[]): Uint8Array<ArrayBuffer> {
  const full = items.map((item, index) => ({ traceId: TRACE_ID, spanId: new Uint8Array(8).fill(index + 1), name: "work", ...item }));
  return judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans: full }] }] });
}

/** How many items were dropped for which fault. */
function reasons(settings: Record<string, unknown>, bytes: Uint8Array, signal: "traces" | "logs" = "traces"): Record<string, number> {
  const { run, counters } = build(probabilisticSampler, settings, signal);
  run(bytes);
  const found = counters.samples().filter(({ name, value }) => name === "sluice_processor_faulty_items" && value > 0);
  return Object.fromEntries(found.map(({ labels, value }) => [labels["reason"] ?? "", value]));
}

describe("what is dropped, and why", () => {
  it("counts spans that hash_seed drops because they arrive with a threshold or a randomness", () => {
    const bytes = spans({ traceState: "ot=th:0" }, { traceState: "ot=rv:ffffffffffffff" }, { traceState: "ot=" }, {});
    expect(reasons({ sampling_percentage: 100 }, bytes)).toEqual({ threshold_in_use: 1, randomness_in_use: 1, unreadable_sampling_information: 1 });
  });

  it("counts what the other modes cannot decide", () => {
    const bytes = spans({ traceState: "ot=rv:00000000000000;th:8" }, { traceState: "ot=th:x" });
    expect(reasons({ sampling_percentage: 100, mode: "equalizing" }, bytes)).toEqual({ inconsistent_threshold: 1, unreadable_sampling_information: 1 });
  });

  it("counts log records without randomness", () => {
    const bytes = judge("logs").encode({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }] }] }] });
    expect(reasons({ sampling_percentage: 50 }, bytes, "logs")).toEqual({ missing_randomness: 1 });
  });

  it("counts nothing as faulty that is merely not sampled, or that a priority drops", () => {
    const priority = { attributes: [{ key: "sampling.priority", value: { intValue: "0" } }] };
    expect(reasons({ sampling_percentage: 0 }, spans({}, { traceState: "ot=th:0" }))).toEqual({});
    expect(reasons({ sampling_percentage: 100 }, spans({ ...priority, traceState: "ot=th:0" }))).toEqual({});
  });

  it("leaves a batch alone in which every span says already what it would write", () => {
    const bytes = spans({ traceState: "ot=th:0" }, { traceState: "ot=th:c,vendor=1" });
    const after = build(probabilisticSampler, { sampling_percentage: 100, mode: "equalizing" }, "traces").run(bytes);
    expect(after.changed).toBe(false);
  });
});

describe("steps before it", () => {
  it("sees a priority that a step of the same walk has added", () => {
    const engine = testEngine();
    const { steps } = build(probabilisticSampler, { sampling_percentage: 100 }, "traces", engine);
    const key = engine.text("sampling.priority");
    const zero = engine.constant(encodeAnyValue(0n));
    const adds: Step = {
      component: "adds",
      level: "item",
      reads: ["item"],
      writes: ["item"],
      drops: false,
      dropReason: "",
      run: ({ item }) => (item.attributes.add(key.start, key.end, zero.start, zero.end), true),
    };
    const run = new Run(engine, "traces", [adds, ...steps], new Counters());
    const batch = batchOf("traces", admitted(engine, "traces", spans({})));
    const after = run.run(batch);
    expect(after.items).toBe(0);
    after.release();
    batch.release();
  });
});

describe("settings", () => {
  it("has the Collector's defaults", () => {
    expect(probabilisticSampler.schema.parse({})).toEqual({
      mode: "hash_seed",
      sampling_percentage: 0,
      hash_seed: 0,
      fail_closed: true,
      sampling_precision: 4,
      attribute_source: "traceID",
      from_attribute: "",
      sampling_priority: "",
    });
  });

  it.each([
    [{ sampling_percentage: -1 }, "sampling_percentage: a percentage is not negative: 0 drops all, 100 keeps all"],
    [{ sampling_percentage: 1e-20 }, "sampling_percentage: the percentage is too small: the least is 2^-56 of all; 0 drops all"],
    [{ sampling_percentage: Infinity }, /^sampling_percentage: /],
    [{ sampling_precision: 0 }, /^sampling_precision: /],
    [{ sampling_precision: 15 }, /^sampling_precision: /],
    [{ hash_seed: 4294967296 }, /^hash_seed: /],
    [{ mode: "random" }, /^mode: /],
    [{ attribute_source: "traceid" }, /^attribute_source: /],
    [{ percentage: 1 }, /^: .*"percentage"/],
  ])("refuses %j", (settings, message) => {
    const faults = faultsOf(probabilisticSampler, settings);
    expect(faults).toHaveLength(1);
    if (typeof message === "string") expect(faults[0]).toBe(message);
    else expect(faults[0]).toMatch(message);
  });
});

describe("a trace state that a step before has set", () => {
  it("decides, though the tape says that the span came without one", () => {
    const engine = testEngine();
    const { steps } = build(probabilisticSampler, { mode: "equalizing", sampling_percentage: 10 }, "traces", engine);
    const state = engine.text("ot=rv:ffffffffffffff");
    const before: Step = {
      component: "before",
      level: "item",
      reads: ["item"],
      writes: ["item"],
      drops: false,
      dropReason: "",
      run: ({ item }) => {
        item.setBytes(3, state.start, state.end);
        return true;
      },
    };
    const batch = batchOf("traces", admitted(engine, "traces", spans({ traceId: new Uint8Array(16).fill(1) })));
    const keptBy = (fused: readonly Step[]) => {
      const after = new Run(engine, "traces", fused, new Counters()).run(batch);
      after.release();
      return after.items;
    };
    expect([keptBy(steps), keptBy([before, ...steps])]).toEqual([0, 1]);
    batch.release();
    expect(engine.pool.blocks).toBe(0);
  });
});
