/** Names to match, strictly or by pattern, as the Collector's filter sets have them. */
import * as z from "zod";
import { matches, parsePattern, type Pattern } from "../../pattern/pattern.ts";

/** The keys of `include` and `exclude` for the names of metrics; `metric_types` besides where they are given. */
export function matchMetrics(metricTypes: readonly string[]) {
  return z
    .strictObject({
      match_type: z.enum(["strict", "regexp"]).optional().describe("How `metrics` are meant: whole names, or patterns (RE2) that match anywhere in a name."),
      regexp: z
        .strictObject({
          cacheenabled: z.boolean().default(false).describe("Accepted; nothing is cached."),
          cachemaxnumentries: z.number().int().min(0).default(0).describe("Accepted; nothing is cached."),
        })
        .optional()
        .describe("The Collector's settings of its cache."),
      metrics: z.array(z.string()).default([]).describe("Names of metrics, or patterns."),
      metric_types: z
        .array(z.string())
        .default([])
        .describe(`Types of metrics: ${metricTypes.join(", ")}. Letters of either case.`),
    })
    .superRefine((config, context) => {
      const issue = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
      if (config.metrics.length > 0 && config.match_type === undefined) issue(["match_type"], "metrics need a match_type: strict or regexp");
      if (config.metrics.length === 0 && config.match_type !== undefined) issue(["metrics"], "match_type needs metrics to match");
      for (const [index, type] of config.metric_types.entries()) {
        if (!metricTypes.includes(type.toLowerCase())) issue(["metric_types", index], `"${type}" is no type of metric here: ${metricTypes.join(", ")}`);
      }
      if (config.match_type !== "regexp") return;
      for (const [index, text] of config.metrics.entries()) {
        const pattern = parsePattern(text);
        if (typeof pattern === "string") issue(["metrics", index], `the pattern ${pattern}`);
      }
    });
}

export type MatchMetrics = z.output<ReturnType<typeof matchMetrics>>;

/** Whether a name is one of those in the settings; undefined for settings without names. */
export function nameMatcher({ match_type: type, metrics }: MatchMetrics): ((name: string) => boolean) | undefined {
  if (metrics.length === 0) return undefined;
  if (type !== "regexp") {
    const names = new Set(metrics);
    return (name) => names.has(name);
  }
  const patterns = metrics.map(parsePattern).filter((pattern): pattern is Pattern => typeof pattern !== "string");
  return (name) => patterns.some((pattern) => matches(pattern, name));
}
