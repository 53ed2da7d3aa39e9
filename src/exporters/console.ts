/**
 * The `console` exporter, Sluice's own: what a person at a terminal wants to see. Traces are
 * waterfalls, logs are lines, metrics are small tables; colours only on a terminal, and nothing that
 * came with telemetry is obeyed by it. It is for looking, not for parsing: for that there is `debug`.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { defineExporter } from "../pipeline/component.ts";
import { ConsoleExporter } from "./console/exporter.ts";

const MAX_ITEMS = 200;
/** A batch is printed in one stretch, and a thousand spans take about a tenth of a second. */
const MAX_ITEMS_MAX = 1_000;

const schema = z.strictObject({
  max_items: z
    .number()
    .int()
    .min(1)
    .max(MAX_ITEMS_MAX)
    .default(MAX_ITEMS)
    .describe("Spans, log records, data points or profiles shown of each batch; the others are counted."),
  attributes: z
    .enum(["none", "key", "all"])
    .default("key")
    .describe("Attributes to show: none, those that tell most where there is room, or all on lines of their own."),
  time: z.enum(["local", "utc"]).default("local").describe("Time zone of the times."),
});

type Config = z.output<typeof schema>;

/** The `console` exporter. */
export const consoleExporter = defineExporter<Config>({
  id: "console",
  signals: SIGNALS,
  summary: "Shows what arrives to a person at a terminal: traces as waterfalls, logs as lines, metrics as tables.",
  schema,
  create: (config, context) => new ConsoleExporter({ itemsMax: config.max_items, attributes: config.attributes, zone: config.time }, context),
});
