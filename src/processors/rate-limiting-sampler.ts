/**
 * The `rate_limiting_sampler` processor, Sluice's own: lets so many items, or bytes, a second pass, in
 * all or for each value of attributes, and drops the others. Buckets are this process's: with several
 * replicas each has the whole rate.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { defineProcessor } from "../pipeline/component.ts";
import { Books } from "./envelopes/books.ts";
import { editStage } from "./envelopes/edit-stage.ts";
import { Buckets } from "./rate-limiting-sampler/buckets.ts";
import { Limiter } from "./rate-limiting-sampler/limiter.ts";

const MAX_KEYS = 10_000;

const rate = () => z.number().positive().max(Number.MAX_SAFE_INTEGER);

const schema = z
  .strictObject({
    items_per_second: rate().optional().describe("Items (spans, data points, log records, profiles) a second that pass. This, or `bytes_per_second`, or both."),
    bytes_per_second: rate().optional().describe("Bytes of items a second that pass, as they are in OTLP, without what is around them."),
    burst_seconds: z
      .number()
      .positive()
      .max(3600)
      .default(1)
      .describe("For how many seconds the rate is saved up while less comes: the most that passes at once is the rate times this."),
    attribute_keys: z
      .array(z.string())
      .default([])
      .describe("Attributes of the resource whose values, together, have a rate of their own. None: one rate for everything."),
    per_tenant: z.boolean().default(false).describe("Each tenant has a rate of its own."),
    max_keys: z.number().int().min(1).default(MAX_KEYS).describe("Values that have a rate of their own at a time; further ones share one."),
  })
  .superRefine((config, context) => {
    if (config.items_per_second === undefined && config.bytes_per_second === undefined) {
      context.addIssue({ code: "custom", path: ["items_per_second"], message: "items_per_second or bytes_per_second is needed" });
    }
  });

type Config = z.output<typeof schema>;

/** The `rate_limiting_sampler` processor. */
export const rateLimitingSampler = defineProcessor<Config>({
  id: "rate_limiting_sampler",
  signals: SIGNALS,
  summary: "Lets so many items or bytes a second pass, in all or by attribute, and drops the others.",
  schema,
  state: "process",
  create: (config, { id, counters, engine, host }, signal) => {
    const books = new Books(counters, id, signal);
    const buckets = new Buckets(
      {
        itemsPerSecond: config.items_per_second ?? Infinity,
        bytesPerSecond: config.bytes_per_second ?? Infinity,
        burstSeconds: config.burst_seconds,
        keysMax: config.max_keys,
      },
      host.clock,
      books.counter("sluice_processor_state_entries"),
    );
    const limiter = new Limiter({ engine, signal, attributeKeys: config.attribute_keys, perTenant: config.per_tenant, buckets });
    return { stage: editStage({ state: "process", signal, books, clock: host.clock, edit: (envelope) => limiter.edit(envelope) }) };
  },
});
