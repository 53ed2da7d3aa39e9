/**
 * The oldest form of `filter`: `include` and `exclude` by names and attributes, for spans, metrics and
 * log records. Each match is put in the words of the other
 * processors' matches, which judge it.
 */
import * as z from "zod";
import type { Signal } from "../../base/signal.ts";
import type { Context } from "../../pipeline/component.ts";
import type { Step } from "../../pipeline/step.ts";
import { fieldsOf, matchingFields } from "../field-names.ts";
import { matchingOf } from "../matching/matching.ts";
import { type MatchingSettings, matchSchema, type MatchSettings } from "../matching/settings.ts";

const attribute = z.strictObject({ key: z.string().describe("Attribute."), value: z.unknown().optional().describe("Its value; with regexp a pattern.") });
const matchType = z.enum(["strict", "regexp"]).describe("strict compares texts, regexp searches for patterns in RE2's syntax in them.");
const regexp = z.unknown().optional().describe("Options of regexp: without effect.");

/** The rules of the items, and those of the resources where these are looked at on their own. */
export interface Match {
  readonly items: MatchSettings | undefined;
  readonly resources?: MatchSettings | undefined;
}

/** `include` and `exclude` of one signal. */
export interface Matches {
  readonly include?: Match | undefined;
  readonly exclude?: Match | undefined;
}

const spanMatch = matchSchema.transform((items): Match => ({ items }));

const metricMatch = z
  .strictObject({
    match_type: matchType,
    regexp,
    metric_names: z.array(z.string()).default([]).describe("Names of metrics."),
    resource_attributes: z.array(attribute).default([]).describe("Attributes of the resource, all of them."),
  })
  .transform(({ match_type, metric_names, resource_attributes }, context): Match => ({
    items: metric_names.length === 0 ? undefined : judged({ match_type, metric_names }, context),
    resources: resource_attributes.length === 0 ? undefined : judged({ match_type, resources: resource_attributes }, context),
  }));

const recordMatch = z
  .strictObject({
    match_type: matchType.optional(),
    resource_attributes: z.array(attribute).default([]).describe("Attributes of the resource, all of them."),
    record_attributes: z.array(attribute).default([]).describe("Attributes of the log record, all of them."),
    severity_texts: z.array(z.string()).default([]).describe("Severity texts."),
    severity_number: z
      .strictObject({
        min: z
          .string()
          .refine((name) => severityOf(name) !== undefined, {
            error: "no severity has this name: TRACE, DEBUG, INFO, WARN, ERROR or FATAL, with 2, 3 or 4 behind it or without",
          })
          .describe("The lowest severity that matches, by its name."),
        match_undefined: z.boolean().default(false).describe("Whether records without a severity number match."),
      })
      .optional()
      .describe("Severity numbers of log records."),
    bodies: z.array(z.string()).default([]).describe("Bodies, as text."),
  })
  .transform(({ match_type, resource_attributes, record_attributes, severity_texts, severity_number, bodies }, context): Match => {
    const lists = [bodies, resource_attributes, record_attributes, severity_texts];
    if (severity_number === undefined && lists.every((list) => list.length === 0)) return { items: undefined };
    const severity = severity_number && { min: severityOf(severity_number.min), match_undefined: severity_number.match_undefined };
    const settings = { match_type, resources: resource_attributes, attributes: record_attributes, log_severity_texts: severity_texts, log_bodies: bodies };
    return { items: judged({ ...settings, log_severity_number: severity }, context) };
  });

/** The rules as those of the other processors, which judge them; what they object to stands under the key that was written. */
function judged(settings: z.input<typeof matchSchema>, context: z.core.$RefinementCtx): MatchSettings | undefined {
  const { data, error } = matchSchema.safeParse(settings);
  for (const { path, message } of error?.issues ?? []) {
    const [key, ...rest] = path;
    context.issues.push({ code: "custom", input: settings, message, path: [OLDER_KEYS[String(key)] ?? String(key), ...rest] });
  }
  return data;
}

const OLDER_KEYS: Readonly<Record<string, string>> = {
  resources: "resource_attributes",
  attributes: "record_attributes",
  log_severity_texts: "severity_texts",
  log_bodies: "bodies",
};

/** `spans` as a whole; the keys to be added to `metrics` and `logs`. */
export const olderSpans = z
  .strictObject({
    include: spanMatch.optional().describe("Which spans are kept: the oldest form."),
    exclude: spanMatch.optional().describe("Which of them are dropped all the same."),
  })
  .optional()
  .describe("Which spans are kept: the oldest form.");
export const olderMetricKeys = {
  include: metricMatch.optional().describe("Which metrics are kept: the oldest form."),
  exclude: metricMatch.optional().describe("Which of them are dropped all the same."),
};
export const olderLogKeys = {
  include: recordMatch.optional().describe("Which log records are kept: the oldest form."),
  exclude: recordMatch.optional().describe("Which of them are dropped all the same."),
};

/** Severity numbers by their short names, of which each has four. */
const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** What `include` does not match is dropped, then what `exclude` matches. */
export function matchSteps({ include, exclude }: Matches, context: Context, signal: Signal): Step[] {
  return [
    // A resource is looked at alone: the rules of spans have no others but names, which are not given here.
    ...stepsOf({ include: include?.resources, exclude: exclude?.resources }, context, "traces", "resource"),
    ...stepsOf({ include: include?.items, exclude: exclude?.items }, context, signal, "item"),
  ];
}

function stepsOf(settings: MatchingSettings, context: Context, signal: Signal, level: "resource" | "item"): Step[] {
  const { acts, reads } = matchingOf(settings, context.id, signal, context.engine);
  if (acts === undefined) return [];
  return [
    {
      component: context.id,
      level,
      reads: [...reads, level],
      writes: [],
      fields: fieldsOf(matchingFields(settings, signal), []),
      drops: true,
      prunes: level === "resource" ? "resources" : "parents",
      dropReason: "matching",
      run: acts,
    },
  ];
}

/** `WARN` is 13, `WARN2` 14; undefined for what is no name of a severity. */
function severityOf(name: string): number | undefined {
  const { base, index } = /^(?<base>[A-Z]+)(?<index>[234])?$/.exec(name.toUpperCase())?.groups ?? {};
  const at = SEVERITIES.indexOf(base ?? "");
  return at < 0 ? undefined : at * 4 + Number(index ?? 1);
}
