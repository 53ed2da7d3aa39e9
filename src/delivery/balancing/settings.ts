/**
 * `load_balancing`: one destination behind several endpoints. Keys of Sluice's own; `routing_key` is
 * that of the Collector's `load_balancing` exporter, `health_check` is named after Envoy's clusters and
 * outlier detection.
 */
import * as z from "zod";
import { duration } from "../../pipeline/settings.ts";
import { STRATEGIES, type Strategy } from "../balance.ts";
import { HEALTH_DEFAULTS, type HealthSettings } from "../health.ts";

/** Each distinct key is scored for each of them: ten thousand spans then take some 40 ms. */
const ENDPOINTS_MOST = 100;
const WEIGHT_MOST = 1_000_000;
const ROUTING_KEYS = ["traceID", "service", "resource"] as const;
const UNSERVED_KEYS = ["metric", "streamID", "attributes"] as const;

/** What of an item its endpoint is chosen by. */
export type RoutingKey = (typeof ROUTING_KEYS)[number];

const endpoint = z.union([
  z.string(),
  z.strictObject({
    endpoint: z.string().describe("Base URL; /v1/traces and so on are appended."),
    weight: z
      .number()
      .positive()
      .max(WEIGHT_MOST)
      .optional()
      .describe("Its share beside the others' weights, for the policies `weighted` and `least_in_flight`. 1 where left out."),
  }),
]);

const active = z
  .strictObject({
    path: z
      .string()
      .regex(/^\//, "a path begins with a slash, for example /healthz")
      .optional()
      .describe("Path below the endpoint that is asked with GET. Without it an empty export request (POST) goes where traces go."),
    interval: duration().prefault("10s").describe("Time from one check of every endpoint to the next."),
    timeout: duration().prefault("5s").describe("Time for a check; what has no 2xx by then has failed."),
    healthy_threshold: z
      .number()
      .int()
      .min(1)
      .default(HEALTH_DEFAULTS.probes)
      .describe("Good checks in a row that bring an ejected endpoint back before its time."),
  })
  .superRefine((section, context) => {
    for (const key of ["interval", "timeout"] as const) {
      if (section[key] === 0) context.addIssue({ code: "custom", path: [key], message: `${key} must be more than 0` });
    }
  });

const passive = z
  .strictObject({
    enabled: z.boolean().default(true).describe("False: no endpoint is ejected for what becomes of requests, nor for checks."),
    failures: z.number().int().min(1).default(HEALTH_DEFAULTS.failures).describe("Attempts, or checks, in a row that fail before an endpoint is ejected."),
    ejection_time: duration().prefault("10s").describe("How long it is ejected the first time; it doubles with each further one."),
    max_ejection_time: duration().prefault("300s").describe("The longest that it is ejected."),
    max_ejected_percent: z
      .number()
      .min(0)
      .max(100)
      .default(100)
      .describe("How many of the endpoints may be ejected at a time; above 0 one always may. When all are, all are used."),
    slow_start: duration().prefault("30s").describe("Time in which one that comes back grows to its whole share; 0: at once."),
  })
  .superRefine(({ ejection_time, max_ejection_time }, context) => {
    if (max_ejection_time < ejection_time) {
      context.addIssue({ code: "custom", path: ["max_ejection_time"], message: "max_ejection_time must not be less than ejection_time" });
    }
  });

export const loadBalancingSchema = z
  .strictObject({
    endpoints: z.array(endpoint).min(1, "an endpoint is needed").max(ENDPOINTS_MOST).describe("The endpoints: URLs, or URLs with a weight."),
    policy: z
      .enum(STRATEGIES)
      .default("round_robin")
      .describe(
        "How one is chosen: in turns; the one with the fewest requests under way for its weight; in turns by weight; or for each item by its key, so that what belongs together stays together.",
      ),
    routing_key: z
      .enum([...ROUTING_KEYS, ...UNSERVED_KEYS])
      .refine((key) => !UNSERVED_KEYS.some((unserved) => unserved === key), {
        error: (issue) => `routing_key "${String(issue.input)}" is not available: use traceID, service or resource`,
      })
      .optional()
      .describe("Of the policy `trace_id`: what items are divided by. Where left out, the trace id of spans and log records, and `service` for all else."),
    health_check: z
      .strictObject({
        active: active.nullish().describe("Checks that are made whether or not there is anything to send. Off without the section. Not on Workers."),
        passive: passive.nullish().describe("What is learnt from the requests themselves. On, also without the section."),
      })
      .nullish()
      .describe("Which endpoints are in service."),
  })
  .superRefine(({ endpoints, policy, routing_key }, context) => {
    const weighs = policy === "weighted" || policy === "least_in_flight";
    const weightAt = weighs ? -1 : endpoints.findIndex((one) => typeof one !== "string" && one.weight !== undefined);
    if (weightAt >= 0) {
      context.addIssue({
        code: "custom",
        path: ["endpoints", weightAt, "weight"],
        message: `the policy ${policy} does not look at weights: set policy to weighted, or leave the weight out`,
      });
    }
    if (routing_key !== undefined && policy !== "trace_id") {
      context.addIssue({
        code: "custom",
        path: ["routing_key"],
        message: `the policy ${policy} has no keys: set policy to trace_id, or leave routing_key out`,
      });
    }
  });

export type LoadBalancingSection = z.output<typeof loadBalancingSchema>;

export interface ActiveSettings {
  /** Undefined: an empty export request. */
  readonly path: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface BalancingSettings {
  readonly endpoints: readonly { readonly url: string; readonly weight: number }[];
  readonly strategy: Strategy;
  /** Undefined: by signal. */
  readonly routingKey: RoutingKey | undefined;
  readonly health: HealthSettings;
  readonly ejectedShareMax: number;
  readonly active: ActiveSettings | undefined;
}

export function balancingOf({ endpoints, health_check, policy, routing_key }: LoadBalancingSection): BalancingSettings {
  const watched = health_check?.passive ?? passive.parse({});
  const given = health_check?.active;
  const checked = given === null ? active.parse({}) : given;
  return {
    endpoints: endpoints.map((one) => (typeof one === "string" ? { url: one, weight: 1 } : { url: one.endpoint, weight: one.weight ?? 1 })),
    strategy: policy,
    routingKey: ROUTING_KEYS.find((key) => key === routing_key),
    health: {
      failures: watched.failures,
      ejectMs: watched.ejection_time,
      ejectMsMax: watched.max_ejection_time,
      rampMs: watched.slow_start,
      probes: checked?.healthy_threshold ?? HEALTH_DEFAULTS.probes,
    },
    ejectedShareMax: watched.enabled ? watched.max_ejected_percent / 100 : 0,
    active: checked === undefined ? undefined : { path: checked.path, intervalMs: checked.interval, timeoutMs: checked.timeout },
  };
}
