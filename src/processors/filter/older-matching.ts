/**
 * The oldest form of `filter`: `include` and `exclude` by names and attributes, for spans, metrics and
 * log records. What `include` does not match is dropped, then what `exclude` matches.
 */
import * as z from "zod";
import type { Signal } from "../../base/signal.ts";
import type { Context } from "../../pipeline/component.ts";
import type { Step } from "../../pipeline/step.ts";
import { matchingOf } from "../matching/matching.ts";
import { matchingKeys, matchSchema, type MatchSettings } from "../matching/settings.ts";

const attribute = z.strictObject({ key: z.string().describe("Attribute."), value: z.unknown().optional().describe("Its value; with regexp a pattern.") });
const matchType = z.enum(["strict", "regexp"]).describe("strict compares texts, regexp searches for patterns in RE2's syntax in them.");
const regexp = z.unknown().optional().describe("Options of regexp: without effect.");

const metricMatch = z.strictObject({
  match_type: matchType,
  regexp,
  metric_names: z.array(z.string()).default([]).describe("Names of metrics."),
  resource_attributes: z.array(attribute).default([]).describe("Attributes of the resource, all of them."),
});

const recordMatch = z.strictObject({
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
});

/** `spans` as a whole; the keys to be added to `metrics` and `logs`. */
export const olderSpans = z.strictObject(matchingKeys).optional().describe("Which spans are kept: the oldest form.");
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

/** The steps of `include` and `exclude` in these settings of one signal, which the schema has found to be sound. */
export function oldestSteps(settings: unknown, context: Context, signal: Signal): Step[] {
  const { include, exclude } = given.parse(settings ?? {});
  if (include === undefined && exclude === undefined) return [];
  const steps: Step[] = [];
  const item = { include: itemMatch(include, signal), exclude: itemMatch(exclude, signal) };
  if (signal === "metrics") {
    const resources = { include: resourceMatch(include), exclude: resourceMatch(exclude) };
    if (resources.include !== undefined || resources.exclude !== undefined) steps.push(stepOf(resources, context, "traces", "resource"));
  }
  if (item.include !== undefined || item.exclude !== undefined) steps.push(stepOf(item, context, signal, "item"));
  return steps;
}

const given = z.object({ include: z.unknown().optional(), exclude: z.unknown().optional() });

interface Matches {
  readonly include: MatchSettings | undefined;
  readonly exclude: MatchSettings | undefined;
}

/** A resource is looked at alone: the rules of spans have no others but names, which are not given here. */
function stepOf(settings: Matches, context: Context, signal: Signal, level: "resource" | "item"): Step {
  const { acts, reads } = matchingOf(settings, context.id, signal, context.engine);
  return {
    component: context.id,
    level,
    reads: [...reads, level],
    writes: [],
    drops: true,
    prunes: level === "resource" ? "resources" : "parents",
    dropReason: "matching",
    run: (cursor) => acts?.(cursor) !== false,
  };
}

function itemMatch(settings: unknown, signal: Signal): MatchSettings | undefined {
  if (settings === undefined) return undefined;
  if (signal === "traces") return matchSchema.parse(settings);
  if (signal === "metrics") {
    const { match_type, metric_names } = metricMatch.parse(settings);
    return metric_names.length === 0 ? undefined : matchSchema.parse({ match_type, metric_names });
  }
  const { match_type, resource_attributes, record_attributes, severity_texts, severity_number, bodies } = recordMatch.parse(settings);
  if (bodies.length + resource_attributes.length + record_attributes.length + severity_texts.length === 0 && severity_number === undefined) return undefined;
  return matchSchema.parse({
    match_type: match_type ?? "",
    resources: resource_attributes,
    attributes: record_attributes,
    log_severity_texts: severity_texts,
    log_severity_number: severity_number === undefined ? undefined : { min: severityOf(severity_number.min), match_undefined: severity_number.match_undefined },
    log_bodies: bodies,
  });
}

function resourceMatch(settings: unknown): MatchSettings | undefined {
  if (settings === undefined) return undefined;
  const { match_type, resource_attributes } = metricMatch.parse(settings);
  return resource_attributes.length === 0 ? undefined : matchSchema.parse({ match_type, resources: resource_attributes });
}

/** `WARN` is 13, `WARN2` 14; undefined for what is no name of a severity. */
function severityOf(name: string): number | undefined {
  const { base, index } = /^(?<base>[A-Z]+)(?<index>[234])?$/.exec(name.toUpperCase())?.groups ?? {};
  const at = SEVERITIES.indexOf(base ?? "");
  return at < 0 ? undefined : at * 4 + Number(index ?? 1);
}
