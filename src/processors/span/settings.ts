/** The settings of the `span` processor: the Collector's keys, defaults and rules. */
import * as z from "zod";
import { parsePattern } from "../../pattern/pattern.ts";
import { matchingKeys } from "../matching/settings.ts";

const NOTHING = "nothing to do: name.from_attributes, name.to_attributes.rules or status is needed";

const toAttributesSchema = z.strictObject({
  rules: z
    .array(
      z.string().superRefine((text, context) => {
        const parsed = parsePattern(text);
        if (typeof parsed === "string") context.addIssue({ code: "custom", message: `the pattern ${parsed}` });
      }),
    )
    .default([])
    .describe(
      "Patterns, RE2's syntax, matched one after the other against the name: each named group becomes an attribute, and its text in the name becomes {group}.",
    ),
  break_after_match: z.boolean().default(false).describe("Whether the rules behind the first that matches are left out."),
  keep_original_name: z.boolean().default(false).describe("Whether the name stays as it is, and only attributes are set."),
});

const nameSchema = z.strictObject({
  from_attributes: z.array(z.string()).default([]).describe("Attributes whose values, in this order, become the name; where one is absent, the name stays."),
  separator: z.string().default("").describe("Text between the values of from_attributes."),
  to_attributes: toAttributesSchema.optional().describe("Attributes that are taken out of the name, after from_attributes."),
});

const statusSchema = z
  .strictObject({
    code: z.enum(["Ok", "Error", "Unset"]).describe("Status to set: Ok, Error or Unset."),
    description: z.string().default("").describe("Text of the status. Error only."),
  })
  .refine(({ code, description }) => code === "Error" || description === "", { error: "only Error takes a description", path: ["description"] });

export const spanSchema = z
  .strictObject({
    ...matchingKeys,
    name: nameSchema.prefault({}).describe("How the span's name and its attributes are made of one another."),
    status: statusSchema.optional().describe("Status to set."),
  })
  .superRefine(({ name, status }, context) => {
    const rules = name.to_attributes?.rules ?? [];
    if (name.from_attributes.length === 0 && rules.length === 0 && status === undefined) context.addIssue({ code: "custom", message: NOTHING });
  });

export type SpanSettings = z.output<typeof spanSchema>;
