/**
 * The `debug` exporter: what arrives, in the Collector's own words, on standard output. Every
 * line is that of the Collector's exporter, so that what people grep for is found; docs/exporters/debug.md
 * has the differences.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { defineExporter } from "../pipeline/component.ts";
import { DebugExporter } from "./debug/exporter.ts";

const schema = z.strictObject({
  verbosity: z.enum(["basic", "normal", "detailed"]).default("basic").describe("Counts alone, one line an item, or every field."),
  sampling_initial: z.number().int().min(0).default(2).describe("Batches of a signal printed in each second before sampling begins."),
  sampling_thereafter: z.number().int().min(0).default(1).describe("Of those after them every nth is printed; 1: all, 0: none."),
  use_internal_logger: z.boolean().default(true).describe("Time and component in front of the line with the counts."),
  output_paths: z.array(z.string()).default(["stdout"]).describe("Where to print; always standard output here."),
  sending_queue: z.looseObject({}).nullish().describe("Queue before printing; the Collector's is off."),
});

type Config = z.output<typeof schema>;

/** The `debug` exporter. */
export const debug = defineExporter<Config>({
  id: "debug",
  signals: SIGNALS,
  summary: "Prints what arrives as the Collector's debug exporter does.",
  schema,
  notInForce: {
    sending_queue: "there is no queue: the batch is printed before the sender is answered",
  },
  create(config, context) {
    if (config.output_paths.some((path) => path !== "stdout")) {
      context.logger.log("warn", "Cannot print to other places than standard output", { exporter: context.id, output_paths: config.output_paths.join(", ") });
    }
    const { verbosity, sampling_initial: initial, sampling_thereafter: thereafter, use_internal_logger: prefix } = config;
    return new DebugExporter({ verbosity, initial, thereafter, prefix }, context);
  },
});
