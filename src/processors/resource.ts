/**
 * The `resource` processor: actions on the attributes of every resource, under the Collector's keys.
 * It looks at resources only: the items below them are neither read nor counted one by one.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Step } from "../pipeline/step.ts";
import { AttributeActions, actionsSchema } from "./attribute-actions.ts";
import { actionFields } from "./field-names.ts";

const schema = z.strictObject({
  attributes: actionsSchema.describe("Actions on the resource's attributes, applied in this order."),
});

type Config = z.output<typeof schema>;

/** The `resource` processor. */
export const resource = defineProcessor<Config>({
  id: "resource",
  signals: SIGNALS,
  summary: "Adds, changes, removes, hashes, extracts and converts attributes of resources.",
  schema,
  create: (config, context) => ({ steps: [stepOf(config, context)] }),
});

function stepOf(config: Config, context: Context): Step {
  const actions = new AttributeActions(config.attributes, context);
  return {
    component: context.id,
    level: "resource",
    reads: ["resource"],
    writes: ["resource"],
    fields: actionFields(config.attributes, "resource"),
    drops: false,
    dropReason: "",
    run: (cursor) => {
      actions.apply(cursor.resource.attributes, cursor.origin);
      return true;
    },
  };
}
