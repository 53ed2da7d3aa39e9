/**
 * `include` and `exclude`, which the processors `attributes` and `span` share: the Collector's keys, and
 * what each signal has no use for.
 */
import * as z from "zod";
import type { Signal } from "../../base/signal.ts";
import { parsePattern } from "../../pattern/pattern.ts";
import { toPlainValue } from "../attribute-actions/settings.ts";
import { SPAN_KINDS } from "./span-kinds.ts";

const attributeSchema = z.strictObject({
  key: z.string().min(1, { error: "the attribute needs a key" }).describe("Attribute that must be there."),
  value: z
    .unknown()
    .refine((value) => toPlainValue(value ?? null) !== undefined, { error: "the value is no text, number, boolean, list or map" })
    .optional()
    .describe("Its value; with regexp a pattern. Not given: any value will do."),
});

const librarySchema = z.strictObject({
  name: z.string().default("").describe("Name of the instrumentation scope."),
  version: z.string().nullable().default(null).describe("Its version. Not given: any version will do."),
});

const severitySchema = z.strictObject({
  min: z.number().int().default(0).describe("The lowest severity number that matches."),
  match_undefined: z.boolean().default(false).describe("Whether records without a severity number match."),
});

/** What an item must be like. All that is given must hold; of a list of texts, one. */
export const matchSchema = z
  .strictObject({
    match_type: z.enum(["strict", "regexp", ""]).default("").describe("strict compares texts, regexp searches for patterns in RE2's syntax in them."),
    regexp: z
      .strictObject({
        cacheenabled: z.boolean().default(false).describe("Without effect: matching needs no cache here."),
        cachemaxnumentries: z.number().int().default(0).describe("Without effect."),
      })
      .optional()
      .describe("Options of regexp."),
    services: z.array(z.string()).default([]).describe("Values of the resource's service.name. Spans."),
    span_names: z.array(z.string()).default([]).describe("Names of spans."),
    span_kinds: z.array(z.string()).default([]).describe("Kinds of spans, for example SPAN_KIND_SERVER."),
    log_bodies: z.array(z.string()).default([]).describe("Bodies of log records, as text."),
    log_severity_texts: z.array(z.string()).default([]).describe("Severity texts of log records."),
    log_severity_number: severitySchema.optional().describe("Severity numbers of log records."),
    metric_names: z.array(z.string()).default([]).describe("Names of metrics."),
    attributes: z.array(attributeSchema).default([]).describe("Attributes that must all be there. Spans and log records."),
    resources: z
      .array(attributeSchema)
      .default([])
      .describe("Attributes of the resource that must all be there. Without effect on metrics, as in the Collector."),
    libraries: z.array(librarySchema).default([]).describe("Instrumentation scopes; the item's must be like every one. Spans and log records."),
  })
  .superRefine((settings, context) => {
    for (const [path, message] of faultsOf(settings)) context.addIssue({ code: "custom", path: [...path], message });
  });

export type MatchSettings = z.output<typeof matchSchema>;

/** The two keys, to be spread into a processor's schema. */
export const matchingKeys = {
  include: matchSchema.optional().describe("Which items the processor acts on. Not given: all."),
  exclude: matchSchema.optional().describe("Which of them it leaves alone."),
};

export interface MatchingSettings {
  readonly include?: MatchSettings | undefined;
  readonly exclude?: MatchSettings | undefined;
}

type Fault = readonly [path: readonly (string | number)[], message: string];

const TEXT_KEYS = ["services", "span_names", "span_kinds", "log_bodies", "log_severity_texts", "metric_names"] as const;

function faultsOf(settings: MatchSettings): Fault[] {
  const faults: Fault[] = [];
  const texts = textsOf(settings);
  if (settings.match_type === "" && texts.length > 0) faults.push([["match_type"], "a match_type is needed: strict or regexp"]);
  if (settings.match_type === "regexp") {
    for (const [path, text] of texts) {
      const parsed = typeof text === "string" ? parsePattern(text) : "is no text";
      if (typeof parsed === "string") faults.push([path, `the pattern ${parsed}`]);
    }
  }
  if (settings.match_type === "strict") {
    settings.span_kinds.forEach((kind, index) => {
      if (!SPAN_KINDS.slice(1).includes(kind)) faults.push([["span_kinds", index], `no kind of span is "${kind}": ${SPAN_KINDS.slice(1).join(", ")}`]);
    });
  }
  return faults;
}

/** Everything that is compared with, and where it stands. */
function textsOf(settings: MatchSettings): (readonly [path: readonly (string | number)[], text: unknown])[] {
  const named = TEXT_KEYS.flatMap((key) => settings[key].map((text, index) => [[key, index], text] as const));
  const values = (["attributes", "resources"] as const).flatMap((key) =>
    settings[key].flatMap(({ value }, index) => (value === undefined || value === null ? [] : [[[key, index, "value"], value] as const])),
  );
  const libraries = settings.libraries.flatMap(({ name, version }, index) => [
    [["libraries", index, "name"], name] as const,
    ...(version === null ? [] : [[["libraries", index, "version"], version] as const]),
  ]);
  return [...named, ...values, ...libraries];
}

const USED: Readonly<Record<string, readonly (keyof MatchSettings)[]>> = {
  traces: ["services", "span_names", "span_kinds", "attributes", "resources", "libraries"],
  logs: ["log_bodies", "log_severity_texts", "log_severity_number", "attributes", "resources", "libraries"],
  metrics: ["metric_names", "resources"],
};

const COMPARING: readonly (keyof MatchSettings)[] = [...TEXT_KEYS, "log_severity_number", "attributes", "resources", "libraries"];

/** What is wrong with the settings for a signal, as `key: words`; undefined when they will do. */
export function faultForSignal(settings: MatchSettings, signal: Signal): string | undefined {
  const used = USED[signal] ?? [];
  const given = COMPARING.filter((key) => isGiven(settings[key]));
  const foreign = given.find((key) => !used.includes(key));
  if (foreign !== undefined) return `${foreign}: not for ${signal}, which take ${used.join(", ")}`;
  return given.length === 0 ? `at least one of ${used.join(", ")} is needed for ${signal}` : undefined;
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}
