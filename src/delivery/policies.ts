/**
 * `circuit_breaker`, `rate_limit` and `concurrency`: what an exporter that is delivered to may be told
 * about its destination, in keys of Sluice's own. A section that is not there is off, as the Collector
 * has none of them. What they do to an attempt is in policies-exporter.ts.
 */
import * as z from "zod";
import { SluiceError } from "../base/errors.ts";
import type { Context, Exporter } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { BREAKER_DEFAULTS, type BreakerSettings } from "./breaker.ts";
import { CONCURRENCY_DEFAULTS, type ConcurrencySettings } from "./concurrency.ts";
import { PolicedExporter } from "./policies-exporter.ts";
import type { RateLimits } from "./rate-limit.ts";

/** As many as the figures of docs/decisions/016 were taken with. */
const CONCURRENCY_MAX = 100;
const CONCURRENCY_MOST = 10_000;
/** What waits holds memory that requests in flight share, so none waits long; behind a queue it is asked again. */
const WAIT = "1s";
const BURST_SECONDS_MAX = 3600;
const rate = () => z.number().positive().max(Number.MAX_SAFE_INTEGER).optional();
const enabled = () => z.boolean().default(true).describe("False: as if the section were not there.");

export const breakerSchema = z
  .strictObject({
    enabled: enabled(),
    failures: z.number().int().min(1).default(BREAKER_DEFAULTS.failures).describe("Attempts in a row that fail before it opens."),
    open_time: duration().prefault("1s").describe("How long it is open the first time."),
    max_open_time: duration().prefault("30s").describe("The longest that it is open, unless the destination asks for more with Retry-After."),
    open_multiplier: z.number().min(1).default(BREAKER_DEFAULTS.openMultiplier).describe("How the open time grows with each probe that fails; 1: not at all."),
    randomization_factor: z
      .number()
      .min(0)
      .max(1)
      .default(BREAKER_DEFAULTS.jitter)
      .describe("The share of the open time that chance takes off, so that gateways do not probe together."),
    probes: z.number().int().min(1).default(BREAKER_DEFAULTS.probes).describe("Probes in a row, one at a time, that must succeed before it closes."),
    probe_timeout: duration().prefault("60s").describe("Time after which a probe without an end counts as failed."),
  })
  .superRefine((section, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (section.open_time === 0) wrong("open_time", "open_time must be more than 0: leave circuit_breaker out to have none");
    if (section.max_open_time < section.open_time) wrong("max_open_time", "max_open_time must not be less than open_time");
    if (section.probe_timeout === 0) wrong("probe_timeout", "probe_timeout must be more than 0: twice the exporter's timeout is a good choice");
  });

export const concurrencySchema = z
  .strictObject({
    enabled: enabled(),
    adaptive: z.boolean().default(true).describe("The limit follows what the destination can take, by latency and overload; false: it is `max`."),
    max: z.number().int().min(1).max(CONCURRENCY_MOST).default(CONCURRENCY_MAX).describe("Attempts under way at a time at the most, all signals together."),
    min: z.number().int().min(1).default(CONCURRENCY_DEFAULTS.min).describe("The limit is never lower, however slow the destination is."),
    initial: z.number().int().min(1).default(CONCURRENCY_DEFAULTS.initial).describe("The limit at the start, if it is between `min` and `max`."),
    max_wait: duration().prefault(WAIT).describe("The longest that an attempt waits for its place; 0: not at all."),
  })
  .superRefine(({ min, max }, context) => {
    if (min > max) context.addIssue({ code: "custom", path: ["min"], message: "min must not be more than max" });
  });

export const rateLimitSchema = z
  .strictObject({
    enabled: enabled(),
    requests_per_second: rate().describe("Requests a second; without it, no limit on them."),
    items_per_second: rate().describe("Items (spans, data points, log records, profiles) a second; without it, no limit on them."),
    bytes_per_second: rate().describe("Bytes a second of requests as OTLP protobuf before compression; without it, no limit on them."),
    burst_seconds: z
      .number()
      .positive()
      .max(BURST_SECONDS_MAX)
      .default(1)
      .describe("For how many seconds the rates are saved up while less is sent: the most that goes at once is the rate times this."),
    max_wait: duration().prefault(WAIT).describe("How long the line may be: an attempt waits for this and the burst's seconds at the most."),
  })
  .superRefine((section, context) => {
    if (section.requests_per_second === undefined && section.items_per_second === undefined && section.bytes_per_second === undefined) {
      context.addIssue({ code: "custom", path: ["requests_per_second"], message: "requests_per_second, items_per_second or bytes_per_second is needed" });
    }
  });

/** The keys, for the exporter's schema. */
export const policyKeys = {
  circuit_breaker: breakerSchema
    .nullish()
    .describe("Sends nothing to a destination that has failed so often in a row, and probes it now and then. Off without the section. Sluice's own."),
  rate_limit: rateLimitSchema.optional().describe("Sends no faster than this. Off without the section. Sluice's own."),
  concurrency: concurrencySchema
    .nullish()
    .describe("So many attempts at a time, a number that adapts to the destination. Off without the section. Not on Workers. Sluice's own."),
};

/** Those keys, parsed. */
export interface PolicySections {
  readonly circuit_breaker?: z.output<typeof breakerSchema> | null | undefined;
  readonly rate_limit?: z.output<typeof rateLimitSchema> | undefined;
  readonly concurrency?: z.output<typeof concurrencySchema> | null | undefined;
}

/** What the sections ask for; undefined: off. */
export interface Policies {
  readonly breaker: BreakerSettings | undefined;
  readonly rateLimit: { readonly limits: RateLimits; readonly lineMsMax: number } | undefined;
  readonly concurrency: { readonly settings: ConcurrencySettings; readonly waitMsMax: number } | undefined;
}

/**
 * The exporter, whose `consume` is one attempt, with what its sections ask for around it; itself when
 * they ask for nothing. Throws `config` for `concurrency` on Workers, where no request may wait for another.
 */
export function withPolicies(exporter: Exporter, sections: PolicySections, context: Context): Exporter {
  const policies = policiesOf(sections);
  const { id, host } = context;
  if (policies.concurrency !== undefined && host.runtime === "workers") {
    throw new SluiceError("config", `Cannot use concurrency of exporter "${id}" on Workers: no request may wait for another there`, {
      path: `exporters.${id}.concurrency`,
      cure: `Take it out of "${id}" (circuit_breaker and rate_limit work there), or run Sluice on Node, Bun or Deno`,
    });
  }
  const none = policies.breaker === undefined && policies.rateLimit === undefined && policies.concurrency === undefined;
  return none ? exporter : new PolicedExporter(exporter, policies, context);
}

function policiesOf({ circuit_breaker, concurrency, rate_limit }: PolicySections): Policies {
  return { breaker: breakerOf(circuit_breaker), rateLimit: rateLimitOf(rate_limit), concurrency: concurrencyOf(concurrency) };
}

/** `null` is the section with nothing behind it. */
function breakerOf(given: PolicySections["circuit_breaker"]): Policies["breaker"] {
  const section = given === null ? breakerSchema.parse({}) : given;
  if (section?.enabled !== true) return undefined;
  return {
    failures: section.failures,
    openMs: section.open_time,
    openMultiplier: section.open_multiplier,
    openMsMax: section.max_open_time,
    jitter: section.randomization_factor,
    probeMsMax: section.probe_timeout,
    probes: section.probes,
  };
}

function rateLimitOf(section: PolicySections["rate_limit"]): Policies["rateLimit"] {
  if (section?.enabled !== true) return undefined;
  return {
    limits: {
      requestsPerSecond: section.requests_per_second,
      itemsPerSecond: section.items_per_second,
      bytesPerSecond: section.bytes_per_second,
      burstSeconds: section.burst_seconds,
    },
    lineMsMax: section.max_wait,
  };
}

function concurrencyOf(given: PolicySections["concurrency"]): Policies["concurrency"] {
  const section = given === null ? concurrencySchema.parse({}) : given;
  if (section?.enabled !== true) return undefined;
  const { adaptive, initial, max, max_wait: waitMsMax, min } = section;
  return { settings: adaptive ? { min, max, initial } : { min: max, max, initial: max }, waitMsMax };
}
