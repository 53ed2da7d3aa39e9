/** The settings of `metrics_transform`, the Collector's. */
import * as z from "zod";
import { parsePattern } from "../../pattern/pattern.ts";

export const AGGREGATIONS = ["sum", "mean", "min", "max", "median", "count"] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

const aggregation = () => z.enum(AGGREGATIONS).optional();

const operation = z
  .strictObject({
    action: z
      .enum([
        "add_label",
        "update_label",
        "delete_label_value",
        "toggle_scalar_data_type",
        "experimental_scale_value",
        "aggregate_labels",
        "aggregate_label_values",
      ])
      .describe("What is done."),
    label: z.string().default("").describe("The label that `update_label`, `delete_label_value` and `aggregate_label_values` are about."),
    new_label: z.string().default("").describe("`update_label`: its new name. `add_label`: the label to add."),
    new_value: z
      .string()
      .default("")
      .describe("`add_label`: its value. `aggregate_label_values`: what takes the place of the values. `{{version}}` is the gateway's version."),
    label_value: z.string().default("").describe("`delete_label_value`: points with this value go."),
    label_set: z.array(z.string()).default([]).describe("`aggregate_labels`: labels that stay."),
    aggregation_type: aggregation().describe("`aggregate_labels`, `aggregate_label_values`: how points become one."),
    aggregated_values: z.array(z.string()).default([]).describe("`aggregate_label_values`: the values that become one."),
    value_actions: z
      .array(z.strictObject({ value: z.string().default("").describe("A value."), new_value: z.string().default("").describe("What it becomes.") }))
      .default([])
      .describe("`update_label`: values and what they become."),
    experimental_scale: z.number().default(0).describe("`experimental_scale_value`: the factor."),
  })
  .superRefine((config, context) => {
    const needs = (key: keyof typeof config, there: boolean) => {
      if (!there) context.addIssue({ code: "custom", path: [key], message: `${config.action} needs ${key}` });
    };
    if (config.action === "update_label") needs("label", config.label !== "");
    if (config.action === "add_label") {
      needs("new_label", config.new_label !== "");
      needs("new_value", config.new_value !== "");
    }
    if (config.action === "experimental_scale_value") needs("experimental_scale", config.experimental_scale !== 0);
  });

const transform = z
  .strictObject({
    include: z.string().default("").describe("The metrics that are meant: a name, or a pattern."),
    match_type: z
      .enum(["strict", "regexp"])
      .default("strict")
      .describe("How `include` is meant: a whole name, or a pattern (RE2) that matches anywhere in it."),
    experimental_match_labels: z
      .record(z.string(), z.string())
      .default({})
      .describe("Labels and values (patterns, with `regexp`) of the points that are meant; an empty value fits a label that is not there."),
    action: z
      .enum(["update", "insert", "combine", "group"])
      .describe("`update` changes the metric, `insert` a copy of it; `combine` makes one metric of all; `group` moves them to a resource of their own."),
    new_name: z.string().default("").describe("The metric's new name; with `regexp`, `$1` and `${name}` are groups of the pattern."),
    group_resource_labels: z.record(z.string(), z.string()).optional().describe("`group`: attributes of the new resource."),
    aggregation_type: aggregation().describe("`combine`: how points become one."),
    submatch_case: z.enum(["lower", "upper"]).optional().describe("`combine`: letters of the labels that are made of the pattern's groups."),
    operations: z.array(operation).default([]).describe("What is done to the metric, in this order."),
  })
  .superRefine((config, context) => {
    const needs = (key: keyof typeof config, there: boolean) => {
      if (!there) context.addIssue({ code: "custom", path: [key], message: `${config.action} needs ${key}` });
    };
    if (config.include === "") context.addIssue({ code: "custom", path: ["include"], message: "include is needed: a metric's name, or a pattern" });
    if (config.action === "insert" || config.action === "combine") needs("new_name", config.new_name !== "");
    if (config.action === "combine") needs("aggregation_type", config.aggregation_type !== undefined);
    if (config.action === "group") needs("group_resource_labels", config.group_resource_labels !== undefined);
    if (config.match_type !== "regexp") return;
    const texts = [
      [["include"], config.include],
      ...Object.entries(config.experimental_match_labels).map(([key, text]) => [["experimental_match_labels", key], text]),
    ] as const;
    for (const [path, text] of texts) {
      const pattern = parsePattern(String(text));
      if (typeof pattern === "string") context.addIssue({ code: "custom", path: Array.from(path), message: `the pattern ${pattern}` });
    }
  });

export const schema = z.strictObject({
  transforms: z.array(transform).default([]).describe("What is done, in this order, within each scope."),
});

export type Config = z.output<typeof schema>;
export type TransformConfig = Config["transforms"][number];
export type OperationConfig = TransformConfig["operations"][number];
