/**
 * The `log_dedup` processor, under the Collector's keys: log records that say the same are counted,
 * and passed on as one at every interval. It answers before a destination has the data: a queue in
 * memory (law 1), bounded, passed on when the gateway stops.
 */
import * as z from "zod";
import type { Signal } from "../base/signal.ts";
import { CHECKING, report } from "../ottl/settings.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import { duration } from "../pipeline/settings.ts";
import { Origins } from "../pipeline/batching/origins.ts";
import type { Stage } from "../pipeline/stage.ts";
import { Books } from "./envelopes/books.ts";
import { HoldingStage } from "./envelopes/holding-stage.ts";
import { compiledConditions, RecordConditions } from "./log-dedup/conditions.ts";
import { fieldFault, parseField } from "./log-dedup/fields.ts";
import { splitter } from "./log-dedup/split.ts";
import { isTimeZone } from "./log-dedup/time-text.ts";

const MAX_ENTRIES = 100_000;
const HELD_BYTES_MAX = 64 << 20;

const fields = () =>
  z
    .array(z.string())
    .default([])
    .superRefine((paths, context) => {
      for (const [index, path] of paths.entries()) {
        const fault = paths.indexOf(path) < index ? `"${path}" is there twice` : fieldFault(path);
        if (fault !== undefined) context.addIssue({ code: "custom", path: [index], message: fault });
      }
    });

const schema = z
  .strictObject({
    interval: duration()
      .prefault("10s")
      .refine((ms) => ms > 0, "interval must be more than 0")
      .describe("How long records are counted before they are passed on."),
    log_count_attribute: z
      .string()
      .min(1, "log_count_attribute must be set")
      .default("log_count")
      .describe("The attribute that gets how many records one stands for."),
    timezone: z
      .string()
      .default("UTC")
      .refine(isTimeZone, "there is no such time zone: write a name like Europe/London")
      .describe("Time zone of `first_observed_timestamp` and `last_observed_timestamp`."),
    include_fields: fields().describe(
      "Fields that alone decide whether two records say the same; of a record without any of them, all do. Paths like `attributes.id` or `body.user.name`; a dot in a name is written `\\.`.",
    ),
    exclude_fields: fields().describe("Fields that are removed before records are compared. Paths as in `include_fields`."),
    conditions: z
      .array(z.string())
      .default([])
      .superRefine((conditions, context) => {
        const { issues = [] } = compiledConditions(conditions, CHECKING);
        report(
          context,
          issues.map((issue) => ({ ...issue, path: [issue.index] })),
        );
      })
      .describe("Conditions in OTTL, on log records: those that one of them holds for are counted, others pass at once. None: all are counted."),
    metadata_keys: z
      .array(z.string())
      .default([])
      .describe("Headers (kept by the receiver's `include_metadata`): records whose values differ are counted apart. In any case."),
    metadata_cardinality_limit: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Combinations of those values that are taken while the gateway runs; a request with one more is refused. 0: no limit."),
    max_entries: z
      .number()
      .int()
      .min(1)
      .default(MAX_ENTRIES)
      .describe("Different records, in each pipeline, that are held; a request with one more is answered 503. Sluice's own key."),
    held_bytes_max: z
      .number()
      .int()
      .min(1 << 16)
      .default(HELD_BYTES_MAX)
      .describe("Bytes, in each pipeline, that are held or under way; a request that finds no room is answered 503. Sluice's own key."),
  })
  .superRefine((config, context) => {
    if (config.include_fields.length > 0 && config.exclude_fields.length > 0) {
      context.addIssue({ code: "custom", path: ["include_fields"], message: "include_fields and exclude_fields cannot be used together" });
    }
    const names = config.metadata_keys.map((name) => name.toLowerCase());
    const index = names.findIndex((name, at) => names.indexOf(name) !== at);
    if (index >= 0) context.addIssue({ code: "custom", path: ["metadata_keys", index], message: `"${names[index]}" is there twice, in any case` });
  });

type Config = z.output<typeof schema>;

/** The `log_dedup` processor. */
export const logDedup = defineProcessor<Config>({
  id: "log_dedup",
  aliases: ["logdedup"],
  signals: ["logs"],
  summary: "Counts log records that say the same, and passes them on as one.",
  schema,
  state: "process",
  heldInMemory: (config) => ({
    bound: `${config.held_bytes_max} bytes, ${config.max_entries} records; sent every ${config.interval} ms`,
    cure: "take it out of the pipelines: the sender then hears how it went",
  }),
  create: (config, context, signal) => ({ stage: stageOf(config, context, signal) }),
});

function stageOf(config: Config, context: Context, signal: Signal): Stage {
  const { id, counters, host, logger } = context;
  return new HoldingStage({
    id,
    signal: "logs",
    intervalMs: config.interval,
    entriesMax: config.max_entries,
    bytesMax: config.held_bytes_max,
    origins: new Origins(config.metadata_keys, config.metadata_cardinality_limit),
    books: new Books(counters, id, signal),
    host,
    logger,
    split: splitter({
      countAttribute: config.log_count_attribute,
      timeZone: config.timezone,
      includeFields: config.include_fields.map(parseField),
      excludeFields: config.exclude_fields.map(parseField),
      conditions: config.conditions.length === 0 ? undefined : new RecordConditions(config.conditions, context),
      clock: host.clock,
    }),
  });
}
