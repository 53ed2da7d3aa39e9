/**
 * The `delta_to_rate` processor, under the Collector's keys: named sums of differences become gauges
 * of the rate a second, over the time from each point's start to its end. It remembers nothing.
 */
import * as z from "zod";
import { defineProcessor } from "../pipeline/component.ts";
import { Rates } from "./delta-to-rate/rates.ts";
import { Books } from "./envelopes/books.ts";
import { editStage } from "./envelopes/edit-stage.ts";

const schema = z.strictObject({
  metrics: z.array(z.string()).min(1, "at least one metric is needed").describe("Names of the sums that become rates. Others pass as they are."),
});

type Config = z.output<typeof schema>;

/** The `delta_to_rate` processor. */
export const deltaToRate = defineProcessor<Config>({
  id: "delta_to_rate",
  aliases: ["deltatorate"],
  signals: ["metrics"],
  summary: "Makes gauges of rates a second of sums of differences.",
  schema,
  create: (config, { id, host, counters, logger }, signal) => {
    const books = new Books(counters, id, signal);
    const rates = new Rates(config.metrics, id, logger);
    return { stage: editStage({ state: "none", signal: "metrics", books, clock: host.clock, edit: (envelope) => rates.edit(envelope) }) };
  },
});
