/**
 * The `filter` processor: drops what a condition of OTTL holds for, under the Collector's keys: the
 * lists by signal, the older lists by context, and `include` and `exclude`. Parents that are left empty
 * go too.
 */
import * as z from "zod";
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Tools } from "../ottl/contract.ts";
import type { Dialect } from "../ottl/dialect.ts";
import { CONVERTERS, dialectsOf } from "../ottl/dialects.ts";
import { type ConditionSequence, type ErrorMode, onCursor } from "../ottl/sequence.ts";
import {
  CHECKING,
  compileConditions,
  compileEachCondition,
  conditionGroup,
  errorModeSetting,
  type Group,
  groupsOf,
  placed,
  report,
  toolsOf,
} from "../ottl/settings.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Step } from "../pipeline/step.ts";
import { METRIC_CONDITION_FUNCTIONS } from "./filter/metric-functions.ts";
import { type Matches, matchSteps, olderLogKeys, olderMetricKeys, olderSpans } from "./filter/older-matching.ts";

type Conditions = Omit<Group, "statements">;

const DIALECTS: Readonly<Record<Signal, readonly Dialect[]>> = {
  traces: dialectsOf("traces", CONVERTERS),
  metrics: dialectsOf("metrics", CONVERTERS, { metric: METRIC_CONDITION_FUNCTIONS }).filter(({ context }) => context.name !== "exemplar"),
  logs: dialectsOf("logs", CONVERTERS),
  profiles: dialectsOf("profiles", CONVERTERS),
};

const KEYS = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions", profiles: "profile_conditions" } as const;

const schema = z
  .strictObject({
    error_mode: errorModeSetting,
    trace_conditions: conditions("traces"),
    metric_conditions: conditions("metrics"),
    log_conditions: conditions("logs"),
    profile_conditions: conditions("profiles"),
    traces: olderForm("traces", { resource: older("traces", "resource"), span: older("traces", "span"), spanevent: older("traces", "spanevent") }),
    metrics: olderForm("metrics", {
      resource: older("metrics", "resource"),
      metric: older("metrics", "metric"),
      datapoint: older("metrics", "datapoint"),
      ...olderMetricKeys,
    }),
    logs: olderForm("logs", { resource: older("logs", "resource"), log_record: older("logs", "log"), ...olderLogKeys }),
    profiles: olderForm("profiles", { resource: older("profiles", "resource"), profile: older("profiles", "profile") }),
    spans: olderSpans,
  })
  .superRefine((config, context) => {
    for (const signal of SIGNALS) {
      const forms: string[] = [];
      if (config[KEYS[signal]] !== undefined) forms.push(KEYS[signal]);
      if (olderLists(config, signal).some(({ conditions: list }) => list !== undefined)) forms.push(signal);
      const { include, exclude } = matchesOf(config, signal);
      if (include !== undefined || exclude !== undefined) forms.push(signal === "traces" ? "spans" : signal);
      const [first, second] = forms;
      if (first === undefined || second === undefined) continue;
      context.addIssue({
        code: "custom",
        path: [second],
        message: first === second ? "include and exclude cannot stand beside lists of conditions" : `${first} says what to drop already`,
        params: { cure: `Write all that is to be dropped as conditions in ${KEYS[signal]}, with their contexts in front: span.name` },
      });
    }
  });

type Config = z.output<typeof schema>;

/** The `filter` processor. */
export const filter = defineProcessor<Config>({
  id: "filter",
  signals: SIGNALS,
  summary: "Drops resources, spans, span events, metrics, data points, log records and profiles by conditions.",
  schema,
  create: (config, context, signal) => ({ steps: stepsOf(config, context, signal) }),
});

function conditions(signal: Signal) {
  return z
    .array(z.union([z.string(), conditionGroup]))
    .optional()
    .superRefine((list, context) => {
      const entries = groupsOf<Conditions>(list ?? [], flatGroup);
      if (typeof entries === "string") return context.addIssue({ code: "custom", message: entries });
      for (const entry of entries) report(context, placed(entry, sequencesOf(entry.group, "ignore", signal, CHECKING).issues));
      return undefined;
    })
    .describe(`What of ${signal} is dropped: conditions whose paths name their context, or groups of them.`);
}

function older(signal: Signal, context: string) {
  return z
    .array(z.string())
    .optional()
    .superRefine((texts, refinement) => {
      const { issues = [] } = compileConditions({ context, conditions: texts ?? [] }, "ignore", DIALECTS[signal], CHECKING);
      report(
        refinement,
        issues.map((issue) => ({ ...issue, path: [issue.index] })),
      );
    })
    .describe(`Conditions in the context ${context}.`);
}

function olderForm<Shape extends z.ZodRawShape>(signal: Signal, shape: Shape) {
  return z.strictObject(shape).optional().describe(`The older form of ${KEYS[signal]}.`);
}

/** The lists by context, in the order in which they are tested. */
function olderLists({ traces, metrics, logs, profiles }: Config, signal: Signal) {
  const lists: Record<Signal, { context: string; conditions: readonly string[] | undefined }[]> = {
    traces: [
      { context: "resource", conditions: traces?.resource },
      { context: "span", conditions: traces?.span },
      { context: "spanevent", conditions: traces?.spanevent },
    ],
    metrics: [
      { context: "resource", conditions: metrics?.resource },
      { context: "metric", conditions: metrics?.metric },
      { context: "datapoint", conditions: metrics?.datapoint },
    ],
    logs: [
      { context: "resource", conditions: logs?.resource },
      { context: "log", conditions: logs?.log_record },
    ],
    profiles: [
      { context: "resource", conditions: profiles?.resource },
      { context: "profile", conditions: profiles?.profile },
    ],
  };
  return lists[signal];
}

function matchesOf({ spans, metrics, logs }: Config, signal: Signal): Matches {
  return { traces: spans, metrics, logs, profiles: undefined }[signal] ?? {};
}

function flatGroup(texts: readonly string[]): Conditions {
  return { conditions: texts };
}

function stepsOf(config: Config, context: Context, signal: Signal): Step[] {
  const tools = toolsOf(context);
  const entries = groupsOf<Conditions>(config[KEYS[signal]] ?? [], flatGroup);
  // The schema has found the list to be sound.
  const given = typeof entries === "string" ? [] : entries.map(({ group }) => group);
  const lists = olderLists(config, signal).map(({ context: name, conditions: list = [] }) => ({ context: name, conditions: list }));
  const sequences = [...given, ...lists].flatMap((group) => sequencesOf(group, config.error_mode, signal, tools).sequences);
  return [...sequences.map((sequence) => stepOf(sequence, context.id)), ...matchSteps(matchesOf(config, signal), context, signal)];
}

/** A group with a context is one row of conditions; without, each condition is for the context of its paths. */
function sequencesOf(group: Conditions, mode: ErrorMode, signal: Signal, tools: Tools): ReturnType<typeof compileEachCondition> {
  if (group.context === undefined) return compileEachCondition(group, mode, DIALECTS[signal], tools);
  const { sequence, issues } = compileConditions(group, mode, DIALECTS[signal], tools);
  return { sequences: sequence === undefined || group.conditions.length === 0 ? [] : [sequence], issues: issues ?? [] };
}

function stepOf(sequence: ConditionSequence, component: string): Step {
  const { level, reads, fields } = sequence;
  return {
    component,
    level,
    reads,
    writes: [],
    fields,
    drops: true,
    prunes: level === "resource" ? "resources" : "parents",
    dropReason: "condition",
    run: onCursor((subject) => !sequence.test(subject)),
  };
}
