/**
 * The settings of attribute actions, and what each action needs or does not take: the Collector's rules,
 * found when the configuration is read.
 */
import * as z from "zod";
import type { Plain } from "../../otlp/any-value.ts";
import { parsePattern } from "../../pattern/pattern.ts";
import { contextFault } from "./from-context.ts";

const ACTIONS = ["insert", "update", "upsert", "delete", "hash", "extract", "convert"] as const;
const TYPES = ["int", "double", "string"] as const;

/** One action. */
export const actionSchema = z
  .strictObject({
    key: z.string().default("").describe("Attribute to act on. delete and hash may do with a pattern alone."),
    action: z
      .string()
      .toLowerCase()
      .pipe(z.enum(ACTIONS))
      .describe("insert (where it is absent), update (where it is present), upsert (either), delete, hash (SHA-256), extract (by named groups) or convert."),
    value: z.unknown().optional().describe("Value to set: text, number, true or false, list or map. insert, update and upsert."),
    from_attribute: z.string().default("").describe("Attribute whose value is taken; where it is absent, nothing happens. insert, update and upsert."),
    from_context: z
      .string()
      .default("")
      .describe(
        "Taken of the request: metadata.<header> (kept by the receiver's `include_metadata`; in any case) or client.address. insert, update and upsert.",
      ),
    default_value: z.unknown().optional().describe("Value where from_attribute or from_context finds none. insert, update and upsert."),
    pattern: z.string().default("").describe("Regular expression, RE2's syntax: with named groups for extract; matched against every key for delete and hash."),
    converted_type: z
      .enum([...TYPES, ""])
      .default("")
      .describe("Type to convert to: int, double or string. convert."),
  })
  .superRefine((settings, context) => {
    for (const [key, message] of faultsOf(settings)) context.addIssue({ code: "custom", path: [key], message });
  });

export type ActionSettings = z.output<typeof actionSchema>;

type Fault = readonly [key: string, message: string];

function faultsOf(settings: ActionSettings): Fault[] {
  const { action } = settings;
  const faults: Fault[] = [];
  const byPattern = action === "delete" || action === "hash";
  if (settings.key === "" && !(byPattern && settings.pattern !== "")) {
    faults.push(["key", byPattern ? `${action} needs a key, a pattern, or both` : `${action} needs a key`]);
  }
  if (action === "insert" || action === "update" || action === "upsert") faults.push(...faultsOfSetting(settings));
  else if (isGiven(settings.value)) faults.push(["value", `${action} takes no value`]);
  else if (settings.from_attribute !== "") faults.push(["from_attribute", `${action} takes no from_attribute`]);
  // The Collector lets delete and hash have one, and does not look at it.
  else if (settings.from_context !== "" && !byPattern) faults.push(["from_context", `${action} takes no from_context`]);
  if (action === "convert" && settings.converted_type === "") faults.push(["converted_type", "convert needs a converted_type: int, double or string"]);
  if (action !== "convert" && settings.converted_type !== "") faults.push(["converted_type", `${action} takes no converted_type`]);
  return [...faults, ...faultsOfPattern(settings)];
}

function faultsOfSetting(settings: ActionSettings): Fault[] {
  const { action, value, from_attribute: from, from_context: origin, default_value: fallback } = settings;
  if (isGiven(value) && from !== "") return [["from_attribute", `${action} takes a value or a from_attribute, not both`]];
  if (origin !== "" && (isGiven(value) || from !== ""))
    return [["from_context", `${action} takes a value, a from_attribute or a from_context, not two of them`]];
  if (!isGiven(value) && from === "" && origin === "" && !isGiven(fallback)) {
    return [["action", `${action} needs a value, a from_attribute, a from_context or a default_value`]];
  }
  const fault = contextFault(origin);
  return [
    ...(fault === undefined ? [] : [["from_context", fault] as const]),
    ...(isPlain(value) ? [] : [["value", "the value is no text, number, boolean, list or map"] as const]),
    ...(isPlain(fallback) ? [] : [["default_value", "the default is no text, number, boolean, list or map"] as const]),
  ];
}

function faultsOfPattern({ action, pattern }: ActionSettings): Fault[] {
  const takes = action === "delete" || action === "hash" || action === "extract";
  if (pattern === "") return action === "extract" ? [["pattern", "extract needs a pattern with named groups, for example ^(?P<scheme>[a-z]+)://"]] : [];
  if (!takes) return [["pattern", `${action} takes no pattern`]];
  const parsed = parsePattern(pattern);
  if (typeof parsed === "string") return [["pattern", `the pattern ${parsed}`]];
  if (action !== "extract") return [];
  if (parsed.names.length === 0) return [["pattern", "the pattern has no named group, for example (?P<scheme>[a-z]+)"]];
  return parsed.names.includes("") ? [["pattern", "the pattern has a group without a name: write (?P<name>...), or (?:...) to capture nothing"]] : [];
}

/** A key with nothing behind it is not given. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isPlain(value: unknown): boolean {
  return value === undefined || toPlainValue(value) !== undefined;
}

/** A value of the configuration as an attribute's; undefined when it cannot be one. Whole numbers are integers. */
export function toPlainValue(value: unknown): Plain | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (Array.isArray(value)) {
    const items = value.map(toPlainValue);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (typeof value !== "object") return undefined;
  const pairs = new Map<string, Plain>();
  for (const [key, inner] of Object.entries(value)) {
    const plain = toPlainValue(inner);
    if (plain === undefined) return undefined;
    pairs.set(key, plain);
  }
  return pairs;
}
