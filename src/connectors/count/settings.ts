/** The settings of `count`: for each kind of thing the metrics that count it, the Collector's keys and defaults. */
import * as z from "zod";
import type { Signal } from "../../base/signal.ts";
import type { Tools } from "../../ottl/contract.ts";
import { CHECKING, compileConditions, report } from "../../ottl/settings.ts";
import { DIALECTS } from "../conditions.ts";

/** What can be counted, by the key of its settings. */
export type Counted = "spans" | "spanevents" | "metrics" | "datapoints" | "logs" | "profiles";

const attribute = z.strictObject({
  key: z.string().min(1).describe("Key of the attribute: of the item, or else of its scope, or else of its resource."),
  default_value: z
    .union([z.string(), z.number(), z.bigint()])
    .optional()
    .describe("Stands in where there is no such attribute; empty text and 0 are none. Without one, such items are not counted."),
});

const metric = z.strictObject({
  description: z.string().default("").describe("The metric's description."),
  conditions: z.array(z.string()).default([]).describe("Conditions in OTTL; what one of them holds for is counted. None: everything is."),
  attributes: z.array(attribute).default([]).describe("Attributes whose values are counted apart: a data point for each set of values."),
});

const metricWithoutAttributes = metric.extend({
  attributes: z.array(attribute).max(0).default([]).describe("Not for these: they have no attributes of their own that could be counted by."),
});

export type MetricConfig = z.output<typeof metric>;

interface Kind {
  readonly name: string;
  readonly description: string;
  readonly signal: Signal;
  /** OTTL's name of it. */
  readonly context: string;
}

/** The default metric of each, and where it is met. */
export const KINDS: Readonly<Record<Counted, Kind>> = {
  spans: { name: "trace.span.count", description: "The number of spans observed.", signal: "traces", context: "span" },
  spanevents: { name: "trace.span.event.count", description: "The number of span events observed.", signal: "traces", context: "spanevent" },
  metrics: { name: "metric.count", description: "The number of metrics observed.", signal: "metrics", context: "metric" },
  datapoints: { name: "metric.datapoint.count", description: "The number of data points observed.", signal: "metrics", context: "datapoint" },
  logs: { name: "log.record.count", description: "The number of log records observed.", signal: "logs", context: "log" },
  profiles: { name: "profile.count", description: "The number of profiles observed.", signal: "profiles", context: "profile" },
};

export const schema = z.strictObject({
  spans: metricsOf("spans", metric),
  spanevents: metricsOf("spanevents", metric),
  metrics: metricsOf("metrics", metricWithoutAttributes),
  datapoints: metricsOf("datapoints", metric),
  logs: metricsOf("logs", metric),
  profiles: metricsOf("profiles", metricWithoutAttributes),
});

export type Config = z.output<typeof schema>;

function metricsOf(counted: Counted, settings: typeof metric) {
  const { name, description } = KINDS[counted];
  return z
    .record(z.string().min(1), settings)
    .superRefine((metrics, context) => {
      for (const [metricName, { conditions }] of Object.entries(metrics)) {
        const { issues = [] } = compiledConditions(counted, conditions, CHECKING);
        report(
          context,
          issues.map((issue) => ({ ...issue, path: [metricName, "conditions", issue.index] })),
        );
      }
    })
    .prefault({ [name]: { description } })
    .describe(`Metrics that count ${counted}, by name. By default one: ${name}.`);
}

/** Conditions on what is counted, with or without their context in front of paths. */
export function compiledConditions(counted: Counted, conditions: readonly string[], tools: Tools) {
  const { signal, context } = KINDS[counted];
  return compileConditions({ context, conditions }, "propagate", DIALECTS[signal], tools);
}
