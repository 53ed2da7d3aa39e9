/**
 * The `transform` processor: statements of OTTL on traces, metrics, logs and profiles, under the
 * Collector's keys. The groups of a signal run one after the other; each is one step, so that
 * neighbours share a walk where that gives the same answer.
 */
import * as z from "zod";
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Dialect } from "../ottl/dialect.ts";
import { dialectsOf, STANDARD_FUNCTIONS } from "../ottl/dialects.ts";
import { onCursor, type StatementSequence } from "../ottl/sequence.ts";
import { CHECKING, compileStatements, errorModeSetting, type Group, groupsOf, placed, report, statementGroup, toolsOf } from "../ottl/settings.ts";
import { type Context, defineProcessor } from "../pipeline/component.ts";
import type { Step } from "../pipeline/step.ts";
import { LOG_FUNCTIONS } from "./transform/log-functions/functions.ts";
import { DATA_POINT_FUNCTIONS, METRIC_FUNCTIONS } from "./transform/metric-functions/functions.ts";
import { TRANSFORM_SPAN_FUNCTIONS as SPAN_FUNCTIONS } from "./transform/span-functions.ts";

type Rules = readonly (string | Group)[];

const EXTRA = { metric: METRIC_FUNCTIONS, datapoint: DATA_POINT_FUNCTIONS };
const DIALECTS: Readonly<Record<Signal, readonly Dialect[]>> = {
  traces: dialectsOf("traces", STANDARD_FUNCTIONS, { span: SPAN_FUNCTIONS }),
  metrics: dialectsOf("metrics", STANDARD_FUNCTIONS, EXTRA),
  logs: dialectsOf("logs", STANDARD_FUNCTIONS, { log: LOG_FUNCTIONS }),
  profiles: dialectsOf("profiles"),
};

const KEYS: Readonly<Record<Signal, "trace_statements" | "metric_statements" | "log_statements" | "profile_statements">> = {
  traces: "trace_statements",
  metrics: "metric_statements",
  logs: "log_statements",
  profiles: "profile_statements",
};

const schema = z.strictObject({
  error_mode: errorModeSetting,
  trace_statements: rules("traces").describe("Statements on resources, scopes, spans and span events."),
  metric_statements: rules("metrics").describe("Statements on resources, scopes, metrics, data points and exemplars."),
  log_statements: rules("logs").describe("Statements on resources, scopes and log records."),
  profile_statements: rules("profiles").describe("Statements on resources, scopes and profiles."),
});

type Config = z.output<typeof schema>;

/** The `transform` processor. */
export const transform = defineProcessor<Config>({
  id: "transform",
  signals: SIGNALS,
  summary: "Changes telemetry with statements of the OpenTelemetry Transformation Language.",
  schema,
  create: (config, context, signal) => ({ steps: stepsOf(config, context, signal) }),
});

function rules(signal: Signal) {
  return z
    .array(z.union([z.string(), statementGroup]))
    .default([])
    .superRefine((list, context) => {
      const entries = groupsOf<Group>(list, flatGroup);
      if (typeof entries === "string") return context.addIssue({ code: "custom", message: entries });
      for (const entry of entries) report(context, placed(entry, compileStatements(entry.group, "ignore", DIALECTS[signal], CHECKING).issues ?? []));
      return undefined;
    });
}

function flatGroup(statements: readonly string[]): Group {
  return { conditions: [], statements };
}

function stepsOf(config: Config, context: Context, signal: Signal): Step[] {
  const tools = toolsOf(context);
  const list: Rules = config[KEYS[signal]];
  const entries = groupsOf<Group>(list, flatGroup);
  // The schema has found the list to be sound.
  if (typeof entries === "string") return [];
  return entries.flatMap(({ group }) => {
    const { sequence } = compileStatements(group, config.error_mode, DIALECTS[signal], tools);
    return sequence === undefined || group.statements.length === 0 ? [] : [stepOf(sequence, context.id)];
  });
}

function stepOf(sequence: StatementSequence, component: string): Step {
  const { level, reads, writes, fields, replaces, fails } = sequence;
  return {
    component,
    level,
    reads,
    writes,
    fields,
    drops: false,
    dropReason: "",
    fails,
    ...(replaces ? { replaces } : {}),
    run: onCursor((subject) => {
      sequence.run(subject);
      return true;
    }),
  };
}
