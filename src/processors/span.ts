/**
 * The `span` processor: a span's name from its attributes, attributes from its name, its status, under
 * the Collector's keys, for the spans that `include` and `exclude` choose.
 */
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Fields, Step } from "../pipeline/step.ts";
import { sharedStaging } from "../otlp/staging.ts";
import { attributeName, fieldsOf, groupNames, matchingFields } from "./field-names.ts";
import { matchingOf } from "./matching/matching.ts";
import { NameFromAttributes } from "./span/name-from-attributes.ts";
import { NameToAttributes } from "./span/name-to-attributes.ts";
import { SetStatus } from "./span/set-status.ts";
import { type SpanSettings, spanSchema } from "./span/settings.ts";

/** The `span` processor. */
export const span = defineProcessor<SpanSettings>({
  id: "span",
  signals: ["traces"],
  summary: "Makes names of spans from attributes and attributes from names, and sets the status.",
  schema: spanSchema,
  create: (config, context) => ({ steps: [stepOf(config, context)] }),
});

function stepOf(config: SpanSettings, { id, engine }: Context): Step {
  const { acts, reads } = matchingOf(config, id, "traces", engine);
  const staging = sharedStaging(engine);
  const fromAttributes = new NameFromAttributes(config.name.from_attributes, config.name.separator, engine, staging);
  const toAttributes = new NameToAttributes(config.name.to_attributes, engine, staging);
  const status = config.status === undefined ? undefined : new SetStatus(config.status, engine, staging);
  return {
    component: id,
    level: "item",
    reads: [...reads, "item"],
    writes: ["item"],
    fields: fieldsOfSpan(config),
    drops: false,
    dropReason: "",
    run: (cursor) => {
      if (acts?.(cursor) === false) return true;
      fromAttributes.apply(cursor.item);
      toAttributes.apply(cursor.item);
      status?.apply(cursor.item);
      return true;
    },
  };
}

const inSpan = (key: string) => attributeName("span", key);

function fieldsOfSpan(config: SpanSettings): Fields {
  const { from_attributes: from, to_attributes: to } = config.name;
  const rules = to?.rules ?? [];
  const renames = from.length > 0 || (rules.length > 0 && to?.keep_original_name === false);
  return fieldsOf(
    [...matchingFields(config, "traces"), ...from.map(inSpan), ...(rules.length > 0 ? ["span.name"] : [])],
    [...(renames ? ["span.name"] : []), ...rules.flatMap(groupNames).map(inSpan), ...(config.status === undefined ? [] : ["span.status"])],
  );
}
