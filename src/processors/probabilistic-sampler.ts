/**
 * The `probabilistic_sampler` processor: keeps a percentage of spans or log records by their trace id,
 * with the Collector's decisions for the same seed, and leaves on what it keeps the threshold with
 * which it was kept (OpenTelemetry specification, "TraceState: Probability Sampling").
 */
import * as z from "zod";
import type { Signal } from "../base/signal.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Counter } from "../pipeline/counters.ts";
import type { Fields, Step } from "../pipeline/step.ts";
import { attributeName } from "./field-names.ts";
import { Bits56, PROBABILITY_MIN, setProbability } from "./probabilistic-sampler/bits56.ts";
import { RecordCarrier, SpanCarrier } from "./probabilistic-sampler/carriers.ts";
import { NoPriority, type Priority, RecordPriority, SpanPriority } from "./probabilistic-sampler/priorities.ts";
import { bucketsKept, setBuckets } from "./probabilistic-sampler/randomness.ts";
import { FAULTS, type Mode, Sampler } from "./probabilistic-sampler/sampler.ts";
import { HashSource } from "./probabilistic-sampler/sources.ts";

const PERCENT_MIN = PROBABILITY_MIN * 100;

const schema = z.strictObject({
  mode: z
    .enum(["hash_seed", "proportional", "equalizing", ""])
    .default("hash_seed")
    .describe("How to decide: hash_seed hashes the trace id, proportional keeps a share of what arrives, equalizing brings all to one probability."),
  sampling_percentage: z
    .number()
    .min(0, { error: "a percentage is not negative: 0 drops all, 100 keeps all" })
    .refine((percent) => percent <= 0 || Math.fround(percent) >= PERCENT_MIN, { error: "the percentage is too small: the least is 2^-56 of all; 0 drops all" })
    .default(0)
    .describe("Share of items to keep, in percent: 0 drops all, 100 or more keeps all."),
  hash_seed: z.number().int().min(0).max(0xffffffff).default(0).describe("Seed of the hash: the same in all replicas, another one in every tier behind."),
  fail_closed: z.boolean().default(true).describe("Whether an item is dropped that cannot be decided, for example without a trace id; false keeps it."),
  sampling_precision: z.number().int().min(1).max(14).default(4).describe("Hex digits of a threshold."),
  attribute_source: z
    .enum(["traceID", "record", ""])
    .default("traceID")
    .describe("Logs, hash_seed: what is hashed, the trace id or, for record, always the attribute of from_attribute."),
  from_attribute: z.string().default("").describe("Logs, hash_seed: attribute that is hashed where there is no trace id."),
  sampling_priority: z.string().default("").describe("Logs: attribute whose number, a percentage, takes the place of sampling_percentage."),
});

type Config = z.output<typeof schema>;

/** The `probabilistic_sampler` processor. */
export const probabilisticSampler = defineProcessor<Config>({
  id: "probabilistic_sampler",
  signals: ["traces", "logs"],
  summary: "Keeps a percentage of spans or log records by trace id, and says so in what it keeps.",
  schema,
  create: (config, context, signal) => ({ steps: [stepOf(config, context, signal)] }),
});

function stepOf(config: Config, context: Context, signal: Signal): Step {
  const sampler = new Sampler(partsOf(config, context, signal));
  return {
    component: context.id,
    level: "item",
    reads: ["item"],
    writes: ["item"],
    fields: signal === "traces" ? SPAN_FIELDS : recordFields(config),
    drops: true,
    dropReason: "sampled_out",
    run: (cursor) => sampler.decide(cursor),
  };
}

const SPAN_FIELDS: Fields = { reads: ["span.trace_id", "span.trace_state", attributeName("span", "sampling.priority")], writes: ["span.trace_state"] };

function recordFields({ mode, attribute_source: source, from_attribute: from, sampling_priority: priority }: Config): Fields {
  const hashes = mode === "hash_seed" || mode === "";
  const own = ["sampling.threshold", "sampling.randomness"].map((key) => attributeName("log", key));
  const named = [hashes ? from : "", priority].filter((key) => key !== "").map((key) => attributeName("log", key));
  return { reads: [...(hashes && source !== "traceID" ? [] : ["log.trace_id"]), ...named, ...own], writes: own };
}

function partsOf(config: Config, context: Context, signal: Signal) {
  const { engine } = context;
  const spans = signal === "traces";
  const { mode, threshold, probability } = decisionOf(config);
  const usesTraceId = spans || config.attribute_source === "traceID";
  return {
    mode,
    threshold,
    probability,
    precision: config.sampling_precision,
    failClosed: config.fail_closed,
    carrier: spans ? new SpanCarrier(engine) : new RecordCarrier(engine),
    source: new HashSource(engine, config.hash_seed, usesTraceId, spans ? "" : config.from_attribute),
    priority: priorityOf(config, context, spans),
    writesMissing: spans,
    ...countersOf(config, context, signal),
  };
}

function decisionOf(config: Config): { readonly mode: Mode; readonly threshold: Bits56; readonly probability: number } {
  // The Collector holds percentages in single precision.
  const percentage = Math.min(100, Math.fround(config.sampling_percentage));
  const probability = Math.max(percentage / 100, PROBABILITY_MIN);
  const mode = config.mode === "" ? "hash_seed" : config.mode;
  const threshold = new Bits56();
  const buckets = bucketsKept(percentage);
  if (percentage === 0 || (mode === "hash_seed" && buckets === 0)) return { mode: "never", threshold, probability };
  if (mode === "hash_seed") setBuckets(threshold, buckets);
  else setProbability(threshold, probability, config.sampling_precision);
  return { mode, threshold, probability };
}

function priorityOf(config: Config, { engine }: Context, spans: boolean): Priority {
  if (spans) return new SpanPriority(engine);
  return config.sampling_priority === "" ? new NoPriority() : new RecordPriority(engine, config.sampling_priority, config.sampling_precision);
}

/** The Collector's counter by policy, and one of ours that says which faults dropped items. */
function countersOf(config: Config, { id, counters }: Context, signal: Signal) {
  const name = `otelcol_processor_probabilistic_sampler_count_${signal}_sampled`;
  const policies = ["missing_randomness", "trace_id_hash", "trace_id_w3c", "sampling_randomness", "sampling_priority", config.from_attribute];
  const named = (sampled: boolean) => forNames(policies, (policy) => counters.counter(name, { processor: id, policy, sampled: String(sampled) }));
  const faults = forNames(FAULTS, (reason) => counters.counter("sluice_processor_faulty_items", { processor: id, "otel.signal": signal, reason }));
  return { kept: named(true), dropped: named(false), faults };
}

/** A counter a name; none where there is no name. */
function forNames(names: readonly string[], counterOf: (name: string) => Counter): (Counter | undefined)[] {
  return names.map((name) => (name === "" ? undefined : counterOf(name)));
}
