/**
 * The `attributes` processor: actions on the attributes of spans, log records and data points, under the
 * Collector's keys, for those that `include` and `exclude` choose. For metrics these look at the metric's
 * name only, and the actions run on each of its data points.
 */
import * as z from "zod";
import type { Signal } from "../base/signal.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import { levelName, type Step } from "../pipeline/step.ts";
import { AttributeActions, actionsSchema } from "./attribute-actions.ts";
import { actionFields, fieldsOf, matchingFields } from "./field-names.ts";
import { matchingOf } from "./matching/matching.ts";
import { matchingKeys } from "./matching/settings.ts";

const schema = z.strictObject({
  ...matchingKeys,
  actions: actionsSchema.describe("Actions on the attributes of the item, applied in this order."),
});

type Config = z.output<typeof schema>;

/** The `attributes` processor. */
export const attributes = defineProcessor<Config>({
  id: "attributes",
  signals: ["traces", "metrics", "logs"],
  summary: "Adds, changes, removes, hashes, extracts and converts attributes of spans, log records and data points.",
  schema,
  create: (config, context, signal) => ({ steps: [stepOf(config, context, signal)] }),
});

function stepOf(config: Config, context: Context, signal: Signal): Step {
  const { id, engine } = context;
  const actions = new AttributeActions(config.actions, context);
  const { acts, reads } = matchingOf(config, id, signal, engine);
  const level = signal === "metrics" ? "point" : "item";
  const touched = actionFields(config.actions, levelName(level, signal));
  return {
    component: id,
    level,
    reads: signal === "metrics" ? [...reads, "item", "point"] : [...reads, "item"],
    writes: [level],
    fields: fieldsOf([...matchingFields(config, signal), ...touched.reads], touched.writes),
    drops: false,
    dropReason: "",
    run: (cursor) => {
      if (acts?.(cursor) === false) return true;
      actions.apply(signal === "metrics" ? cursor.point.attributes : cursor.item.attributes, cursor.origin);
      return true;
    },
  };
}
