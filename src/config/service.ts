/**
 * The top level of a configuration and its `service` section: the Collector's keys, and Sluice's own
 * two on a pipeline, `await` and `primary`. Nothing here knows a component.
 */
import * as z from "zod";
import { SIGNALS } from "../base/signal.ts";
import { telemetryHealth, telemetryMetrics, telemetryResource } from "./telemetry.ts";

/** Sections of components, in the order in which they are read. */
export const SECTIONS = ["receivers", "processors", "exporters", "connectors", "extensions"] as const;

export type SectionName = (typeof SECTIONS)[number];

const componentId = z.string().min(1);

export const pipeline = z.strictObject({
  receivers: z.array(componentId).default([]).describe("Ids of receivers and connectors; at least one."),
  processors: z.array(componentId).default([]).describe("Ids of processors, run in this order."),
  exporters: z.array(componentId).default([]).describe("Ids of exporters and connectors; each gets everything."),
  await: z
    .enum(["all", "primary"])
    .default("all")
    .describe("Sluice's own: whose outcome the sender is told. all: every exporter's; primary: that of `primary`."),
  primary: componentId.optional().describe("Sluice's own: the exporter that `await: primary` means; by default the first one listed."),
});

const LEVELS = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"] as const;

const telemetryLogs = z.strictObject({
  level: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(LEVELS))
    .optional()
    .describe("Lowest level of Sluice's own log lines: debug, info, warn or error."),
  encoding: z.enum(["console", "json"]).optional().describe("Form of Sluice's own log lines: console is text, json is an object a line."),
  development: z.boolean().optional().describe("Not in force."),
  disable_caller: z.boolean().optional().describe("Not in force: no line names its caller."),
  disable_stacktrace: z.boolean().optional().describe("Not in force: no line has a stack trace."),
  disable_zap_resource: z.boolean().optional().describe("Not in force."),
  sampling: z.looseObject({}).nullish().describe("Not in force: a line that repeats is written ten times in ten seconds, then counted."),
  output_paths: z.array(z.string()).optional().describe("Not in force: lines go to standard error."),
  error_output_paths: z.array(z.string()).optional().describe("Not in force: lines go to standard error."),
  initial_fields: z.record(z.string(), z.unknown()).optional().describe("Not in force."),
  processors: z.array(z.unknown()).optional().describe("Not in force: Sluice does not export its own logs yet."),
});

export const telemetry = z.strictObject({
  logs: telemetryLogs.prefault({}).describe("Sluice's own log lines."),
  metrics: telemetryMetrics.prefault({}).describe("Sluice's own metrics."),
  traces: z.looseObject({}).optional().describe("Not in force: Sluice does not export its own traces yet."),
  resource: telemetryResource.prefault({}),
  health: telemetryHealth.prefault({}),
});

export const service = z.strictObject({
  extensions: z.array(componentId).default([]).describe("Ids of extensions to start, in this order."),
  pipelines: z.record(z.string(), pipeline).default({}).describe("Pipelines by id: <signal> or <signal>/<name>."),
  telemetry: telemetry.prefault({}).describe("Sluice's own logs, metrics and traces."),
});

export type PipelineConfig = z.output<typeof pipeline>;
export type TelemetryConfig = z.output<typeof telemetry>;

/** Keys below `service` that are accepted without being in force, and what to expect instead. */
export const SERVICE_NOT_IN_FORCE: Readonly<Record<string, string>> = {
  "telemetry.metrics.views": "views are not applied",
  "telemetry.traces": "Sluice does not export its own traces yet",
  "telemetry.resource.detectors": "nothing is detected",
  "telemetry.resource.detection/development": "nothing is detected",
  "telemetry.logs.development": "it changes nothing",
  "telemetry.logs.disable_caller": "no log line names its caller",
  "telemetry.logs.disable_stacktrace": "no log line has a stack trace",
  "telemetry.logs.disable_zap_resource": "it changes nothing",
  "telemetry.logs.sampling": "a line that repeats is written ten times in ten seconds, then counted",
  "telemetry.logs.output_paths": "log lines go to standard error",
  "telemetry.logs.error_output_paths": "log lines go to standard error",
  "telemetry.logs.initial_fields": "log lines carry no fixed fields",
  "telemetry.logs.processors": "Sluice does not export its own logs yet",
};

/** The top level, for the JSON Schema and for unknown keys; the sections are parsed component by component. */
export const topLevel = z.strictObject({
  receivers: z.record(z.string(), z.unknown()).optional().describe("Receivers by id: <type> or <type>/<name>."),
  processors: z.record(z.string(), z.unknown()).optional().describe("Processors by id."),
  exporters: z.record(z.string(), z.unknown()).optional().describe("Exporters by id."),
  connectors: z.record(z.string(), z.unknown()).optional().describe("Connectors by id: exporters of one pipeline and receivers of another."),
  extensions: z.record(z.string(), z.unknown()).optional().describe("Extensions by id: what stands beside the pipelines."),
  service: service.optional().describe("What is started, and how it is joined."),
});

const PIPELINE_ID = /^([a-z_]+)(?:\/(.+))?$/;

/** The signal of a pipeline id, or undefined when it is none. */
export function signalOf(id: string) {
  const type = PIPELINE_ID.exec(id)?.[1];
  return SIGNALS.find((signal) => signal === type);
}

/** Type and name of a component id, or undefined when it is none: `type` or `type/name`. */
export function parseId(id: string): { readonly type: string; readonly name: string | undefined } | undefined {
  const match = /^([a-zA-Z][0-9a-zA-Z_]{0,62})(?:\/([^\s\p{C}](?:[^\p{C}]{0,1022}[^\s\p{C}])?))?$/u.exec(id);
  const type = match?.[1];
  return type === undefined ? undefined : { type, name: match?.[2] };
}
