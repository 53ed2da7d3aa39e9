/**
 * The `filter` processor: drops what a condition of OTTL holds for, under the Collector's keys: the
 * lists by signal, and the older lists by context. Parents that are left empty go too.
 */
import * as z from "zod";
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Dialect } from "../ottl/dialect.ts";
import { CONVERTERS, dialectsOf } from "../ottl/dialects.ts";
import type { ConditionSequence } from "../ottl/sequence.ts";
import type { ErrorMode } from "../ottl/sequence.ts";
import type { Tools } from "../ottl/contract.ts";
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
import { Subject } from "../ottl/subject.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Step } from "../pipeline/step.ts";
import { METRIC_CONDITION_FUNCTIONS } from "./filter/metric-functions.ts";
import { oldestSteps, olderLogKeys, olderMetricKeys, olderSpans } from "./filter/older-matching.ts";

type Conditions = Omit<Group, "statements">;

const DIALECTS: Readonly<Record<Signal, readonly Dialect[]>> = {
  traces: dialectsOf("traces", CONVERTERS),
  metrics: dialectsOf("metrics", CONVERTERS, { metric: METRIC_CONDITION_FUNCTIONS }).filter(({ context }) => context.name !== "exemplar"),
  logs: dialectsOf("logs", CONVERTERS),
  profiles: dialectsOf("profiles", CONVERTERS),
};

const KEYS = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions", profiles: "profile_conditions" } as const;

/** The older keys, in the order in which they are tested, and their contexts. */
const OLDER: Readonly<Record<Signal, Readonly<Record<string, string>>>> = {
  traces: { resource: "resource", span: "span", spanevent: "spanevent" },
  metrics: { resource: "resource", metric: "metric", datapoint: "datapoint" },
  logs: { resource: "resource", log_record: "log" },
  profiles: { resource: "resource", profile: "profile" },
};

const schema = z
  .strictObject({
    error_mode: errorModeSetting,
    trace_conditions: conditions("traces"),
    metric_conditions: conditions("metrics"),
    log_conditions: conditions("logs"),
    profile_conditions: conditions("profiles"),
    traces: older("traces"),
    metrics: older("metrics", olderMetricKeys),
    logs: older("logs", olderLogKeys),
    profiles: older("profiles"),
    spans: olderSpans,
  })
  .superRefine((config, context) => {
    for (const signal of SIGNALS) {
      if (config[KEYS[signal]] === undefined || config[signal] === undefined) continue;
      context.addIssue({
        code: "custom",
        path: [signal],
        message: `${KEYS[signal]} says what to drop already`,
        params: { cure: `Move these conditions to ${KEYS[signal]}, with their contexts in front: span.name` },
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

function older(signal: Signal, more: z.ZodRawShape = {}) {
  const lists = Object.entries(OLDER[signal]).map(([key, context]) => {
    const list = z
      .array(z.string())
      .optional()
      .superRefine((texts, refinement) => {
        const { issues } = compileConditions({ context, conditions: texts ?? [] }, "ignore", DIALECTS[signal], CHECKING);
        report(
          refinement,
          (issues ?? []).map((issue) => ({ ...issue, path: [issue.index] })),
        );
      })
      .describe(`Conditions in the context ${context}.`);
    return [key, list] as const;
  });
  return z
    .strictObject({ ...Object.fromEntries(lists), ...more })
    .optional()
    .describe(`The older form of ${KEYS[signal]}.`);
}

/** A list of texts, which the schema has found to be one. */
function textsOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
}

function flatGroup(texts: readonly string[]): Conditions {
  return { conditions: texts };
}

function stepsOf(config: Config, context: Context, signal: Signal): Step[] {
  const tools = toolsOf(context);
  const entries = groupsOf<Conditions>(config[KEYS[signal]] ?? [], flatGroup);
  const given = typeof entries === "string" ? [] : entries.map(({ group }) => group);
  const old = config[signal];
  const groups = old === undefined ? given : Object.entries(OLDER[signal]).map(([key, name]) => ({ context: name, conditions: textsOf(old[key]) }));
  const steps = groups.flatMap((group) => sequencesOf(group, config.error_mode, signal, tools).sequences.map((sequence) => stepOf(sequence, context.id)));
  return [...steps, ...oldestSteps(config[signal === "traces" ? "spans" : signal], context, signal)];
}

/** A group with a context is one row of conditions; without, each condition is for the context of its paths. */
function sequencesOf(group: Conditions, mode: ErrorMode, signal: Signal, tools: Tools): ReturnType<typeof compileEachCondition> {
  if (group.context === undefined) return compileEachCondition(group, mode, DIALECTS[signal], tools);
  const { sequence, issues } = compileConditions(group, mode, DIALECTS[signal], tools);
  return { sequences: sequence === undefined || group.conditions.length === 0 ? [] : [sequence], issues: issues ?? [] };
}

function stepOf(sequence: ConditionSequence, component: string): Step {
  const { level, reads } = sequence;
  let subject: Subject | undefined;
  return {
    component,
    level,
    reads,
    writes: [],
    drops: true,
    prunes: level === "resource" ? "resources" : "parents",
    dropReason: "condition",
    run: (cursor) => {
      if (subject?.cursor !== cursor) subject = new Subject(cursor);
      return !sequence.test(subject);
    },
  };
}
