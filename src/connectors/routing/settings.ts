/** The settings of `routing`: the Collector's keys, with what can be judged without knowing where it stands. */
import * as z from "zod";
import { errorModeSetting } from "../../ottl/settings.ts";
import { parseRequestCondition } from "./request.ts";

const pipelines = z.array(z.string().min(1));

const route = z
  .strictObject({
    context: z
      .enum(["request", "resource", "span", "metric", "datapoint", "log"])
      .optional()
      .describe("What the condition is about; by default what its paths begin with, or else resource. `request` looks at the request's headers."),
    condition: z.string().optional().describe("A condition in OTTL: what it holds for takes this route."),
    statement: z.string().optional().describe("The same in the form `route() where ...`."),
    action: z.enum(["move", "copy"]).default("move").describe("`move`: what takes this route is not shown to later ones; `copy`: it is."),
    pipelines: pipelines.min(1).describe("Ids of pipelines that get what takes this route."),
  })
  .superRefine((value, context) => {
    const fault = faultOf(value);
    if (fault !== undefined) context.addIssue({ code: "custom", path: fault.path, message: fault.message });
  });

export const schema = z.strictObject({
  table: z.array(route).min(1).describe("Routes, tried in this order."),
  default_pipelines: pipelines.default([]).describe("Ids of pipelines that get what no route took along. None: it is dropped, and counted."),
  error_mode: errorModeSetting,
});

export type Config = z.output<typeof schema>;
export type RouteConfig = Config["table"][number];

interface Fault {
  readonly path: string[];
  readonly message: string;
}

function faultOf({ context, condition = "", statement = "" }: Pick<RouteConfig, "context" | "condition" | "statement">): Fault | undefined {
  if (context === "request") {
    if (statement !== "") return { path: ["statement"], message: "the context request takes a condition and no statement" };
    const parsed = parseRequestCondition(condition);
    return typeof parsed === "string" ? { path: ["condition"], message: parsed } : undefined;
  }
  if (condition === "" && statement === "") return { path: [], message: "a route needs a condition" };
  if (condition !== "" && statement !== "") return { path: ["statement"], message: "a route has a condition or a statement, not both" };
  if (statement !== "" && conditionOf({ statement }) === undefined) return { path: ["statement"], message: "a statement here is `route() where ...`" };
  return undefined;
}

/** The condition of a route in either form, and where in the text it begins; undefined when the statement is another. */
export function conditionOf({
  condition = "",
  statement = "",
}: Pick<RouteConfig, "condition" | "statement">): { readonly text: string; readonly start: number } | undefined {
  if (condition !== "") return { text: condition, start: 0 };
  const match = /^\s*route\(\s*\)\s*(?:where\s+(?=\S)|$)/.exec(statement);
  if (match === null) return undefined;
  const text = statement.slice(match[0].length);
  return { text: text === "" ? "true" : text, start: match[0].length };
}
