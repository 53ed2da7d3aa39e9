/**
 * The `redaction` processor: removes attributes that are not allowed, masks what must not pass, and says
 * so in added attributes when asked, under the Collector's keys. It looks at the attributes of resources,
 * scopes, spans, span events, log records and data points, at the bodies of log records, and at the names of spans where a sanitizer does.
 */
import type { Signal } from "../base/signal.ts";
import type { Attributes } from "../otlp/attributes.ts";
import type { Cursor } from "../otlp/cursor.ts";
import { sharedStaging } from "../otlp/staging.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import { type Level, levelName, type Step } from "../pipeline/step.ts";
import { AttributeRedaction } from "./redaction/attribute-redaction.ts";
import { BodyRedaction } from "./redaction/body-redaction.ts";
import { Rules } from "./redaction/rules.ts";
import { Sanitizers } from "./redaction/sanitizers.ts";
import { type RedactionSettings, redactionSchema } from "./redaction/settings.ts";
import { SpanNames } from "./redaction/span-names.ts";

/** The `redaction` processor. */
export const redaction = defineProcessor<RedactionSettings>({
  id: "redaction",
  signals: ["traces", "metrics", "logs"],
  summary: "Removes attributes that are not allowed, and masks or hashes values that must not pass.",
  schema: redactionSchema,
  create: (config, context, signal) => ({ steps: stepsOf(config, context, signal) }),
});

function stepsOf(config: RedactionSettings, { id, engine }: Context, signal: Signal): Step[] {
  const rules = new Rules(config, engine);
  const staging = sharedStaging(engine);
  const sanitizers = new Sanitizers(config, signal, engine);
  const redacted = new AttributeRedaction(rules, sanitizers, config.summary, config.redact_all_types, engine, staging);
  const body = new BodyRedaction(rules, sanitizers, config.summary, engine, staging);
  const every = (level: Level) => `${levelName(level, signal)}.attributes (all)`;
  const at = (level: Level, attributesOf: (cursor: Cursor) => Attributes): Step =>
    stepAt(id, level, [every(level)], (cursor) => redacted.apply(attributesOf(cursor)));
  const spans = (): Step => {
    const names = new SpanNames(config, rules, sanitizers, engine, staging);
    if (!names.enabled) return at("item", ({ item }) => item.attributes);
    return stepAt(id, "item", [every("item"), "span.name"], ({ item }) => {
      redacted.apply(item.attributes);
      names.apply(item);
    });
  };
  const above = [at("resource", ({ resource }) => resource.attributes), at("scope", ({ scope }) => scope.attributes)];
  if (signal === "metrics") return [...above, at("point", ({ point }) => point.attributes)];
  if (signal === "traces") return [...above, spans(), at("event", ({ inner }) => inner.attributes)];
  const record = ({ item }: Cursor) => {
    redacted.apply(item.attributes);
    body.apply(item);
  };
  return [...above, stepAt(id, "item", [every("item"), "log.body"], record)];
}

function stepAt(component: string, level: Level, fields: readonly string[], apply: (cursor: Cursor) => void): Step {
  return {
    component,
    level,
    reads: [level],
    writes: [level],
    fields: { reads: fields, writes: fields },
    drops: false,
    dropReason: "",
    run: (cursor) => {
      apply(cursor);
      return true;
    },
  };
}
