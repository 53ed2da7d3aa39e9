/**
 * The `memory_limiter` processor, under the Collector's keys: requests are refused with a retry while
 * what the process has in use is above the limit less the spike. Where the runtime does not tell that
 * (Workers), it is the bytes in flight alone. A runtime does not let its garbage collection be asked
 * for, so the keys about that say nothing.
 */
import * as z from "zod";
import { type Signal, SIGNALS } from "../base/signal.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { limiterStep, MemoryLimiter } from "./memory-limiter/limiter.ts";
import { ProcessUse } from "./memory-limiter/process-use.ts";

const MIB = 1 << 20;
/** As in the Collector, a spike that is not said is a fifth of the limit. */
const SPIKE_SHARE = 5;
const MIB_MAX = 2 ** 32 - 1;

const mib = () => z.number().int().min(0).max(MIB_MAX);
const percentage = () => z.number().int().min(0).max(100);

const schema = z
  .strictObject({
    check_interval: duration()
      .prefault("0s")
      .describe("How often the process's memory is measured, at the most; the bytes in flight are looked at for every request. Must be set."),
    limit_mib: mib().default(0).describe("MiB that the process may have in use; on Workers, that requests in flight may. 0: `limit_percentage` says it."),
    spike_limit_mib: mib().default(0).describe("MiB by which use may grow at once: requests are refused from the limit less this on. 0: a fifth of the limit."),
    limit_percentage: percentage()
      .default(0)
      .describe("The limit as a percentage of the container's memory, or else the machine's; on Workers, of the memory for requests."),
    spike_limit_percentage: percentage().default(0).describe("The spike likewise. 0: a fifth of the limit."),
    min_gc_interval_when_soft_limited: duration().prefault("10s").describe("Accepted."),
    min_gc_interval_when_hard_limited: duration().prefault("0s").describe("Accepted."),
    max_gc_interval_when_soft_limited: duration().prefault("30s").describe("Accepted."),
    max_gc_interval_when_hard_limited: duration().prefault("30s").describe("Accepted."),
  })
  .superRefine((config, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (config.check_interval <= 0) issue("check_interval", "check_interval must be more than 0: write for example 1s");
    if (config.limit_mib === 0 && config.limit_percentage === 0) issue("limit_mib", "limit_mib or limit_percentage must be more than 0");
    if (config.limit_mib > 0 && config.limit_mib <= config.spike_limit_mib) issue("spike_limit_mib", "spike_limit_mib must be less than limit_mib");
    if (config.limit_percentage > 0 && config.limit_percentage <= config.spike_limit_percentage) {
      issue("spike_limit_percentage", "spike_limit_percentage must be less than limit_percentage");
    }
    const { min_gc_interval_when_soft_limited: minSoft, min_gc_interval_when_hard_limited: minHard } = config;
    const { max_gc_interval_when_soft_limited: maxSoft, max_gc_interval_when_hard_limited: maxHard } = config;
    if (minSoft < minHard) issue("min_gc_interval_when_soft_limited", "must not be less than min_gc_interval_when_hard_limited");
    if (maxSoft > 0 && maxSoft < minSoft) issue("max_gc_interval_when_soft_limited", "must be 0, or not less than min_gc_interval_when_soft_limited");
    if (maxHard > 0 && maxHard < minHard) issue("max_gc_interval_when_hard_limited", "must be 0, or not less than min_gc_interval_when_hard_limited");
    if (maxSoft > 0 && maxHard > 0 && maxSoft < maxHard) issue("max_gc_interval_when_soft_limited", "must not be less than max_gc_interval_when_hard_limited");
  });

type Config = z.output<typeof schema>;

const NO_COLLECTION = "a runtime does not let its garbage collection be asked for";

/** The `memory_limiter` processor. */
export const memoryLimiter = defineProcessor<Config>({
  id: "memory_limiter",
  signals: SIGNALS,
  summary: "Refuses requests, to be sent again, while too much memory is in use.",
  schema,
  notInForce: {
    min_gc_interval_when_soft_limited: NO_COLLECTION,
    min_gc_interval_when_hard_limited: NO_COLLECTION,
    max_gc_interval_when_soft_limited: NO_COLLECTION,
    max_gc_interval_when_hard_limited: NO_COLLECTION,
  },
  create: (config, context, signal) => ({ steps: [limiterStep(context.id, limiterOf(config, context, signal))] }),
});

function limiterOf(config: Config, { id, counters, engine, host, logger }: Context, signal: Signal): MemoryLimiter {
  const { memory } = host;
  const { limitBytes, spikeBytes } = boundsOf(config, memory?.totalBytes() ?? engine.pool.capacity);
  const refuseFromBytes = limitBytes - spikeBytes;
  const use = memory === undefined ? undefined : new ProcessUse(memory, engine.pool);
  if (use !== undefined && use.startBytes >= refuseFromBytes) {
    logger.log("warn", "The limit of memory is below what the process has in use without any request: every request will be refused", {
      processor: id,
      used_mib: Math.ceil(use.startBytes / MIB),
      refused_from_mib: Math.floor(refuseFromBytes / MIB),
    });
  }
  return new MemoryLimiter({
    id,
    refuseFromBytes,
    checkIntervalMs: config.check_interval,
    clock: host.clock,
    inFlightBytes: () => engine.pool.inUse,
    otherBytes: use === undefined ? undefined : () => use.otherBytes(),
    logger,
    refused: counters.counter("sluice_processor_refused_requests", { processor: id, "otel.signal": signal, reason: "memory" }),
  });
}

/** MiB win over percentages. */
function boundsOf(config: Config, totalBytes: number): { readonly limitBytes: number; readonly spikeBytes: number } {
  const inMib = config.limit_mib > 0;
  const limitBytes = inMib ? config.limit_mib * MIB : Math.floor((totalBytes * config.limit_percentage) / 100);
  const said = inMib ? config.spike_limit_mib * MIB : Math.floor((totalBytes * config.spike_limit_percentage) / 100);
  return { limitBytes, spikeBytes: said > 0 ? said : Math.floor(limitBytes / SPIKE_SHARE) };
}
