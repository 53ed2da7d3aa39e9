/**
 * The `metrics_transform` processor, under the Collector's keys: renames, copies, combines and regroups
 * metrics, and changes and aggregates their labels. Within each scope; it remembers nothing.
 */
import { defineProcessor } from "../pipeline/component.ts";
import { Books } from "./envelopes/books.ts";
import { editStage } from "./envelopes/edit-stage.ts";
import { type Config, schema } from "./metrics-transform/settings.ts";
import { Transforms } from "./metrics-transform/transforms.ts";

/** The `metrics_transform` processor. */
export const metricsTransform = defineProcessor<Config>({
  id: "metrics_transform",
  aliases: ["metricstransform"],
  signals: ["metrics"],
  summary: "Renames, copies, combines and regroups metrics, and changes and aggregates their labels.",
  schema,
  create: (config, { id, host, counters, logger }, signal) => {
    const transforms = new Transforms(config.transforms, id, logger);
    const books = new Books(counters, id, signal);
    return { stage: editStage({ state: "none", signal: "metrics", books, clock: host.clock, edit: (envelope) => transforms.edit(envelope) }) };
  },
});
