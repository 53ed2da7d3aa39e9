/**
 * The `failover` connector: a batch goes to the pipelines of the first level, and to those of the next
 * when they do not take it. A level that failed is left alone for a while, and has probes after that.
 */
import * as z from "zod";
import { nearest } from "../base/nearest.ts";
import { SIGNALS } from "../base/signal.ts";
import { FAILOVER_DEFAULTS } from "../delivery/failover.ts";
import { type Complaint, defineConnector } from "../pipeline/component.ts";
import type { Wiring } from "../pipeline/connector.ts";
import { duration } from "../pipeline/settings.ts";
import { FailoverStage } from "./failover/stage.ts";

const LEVELS_MOST = 100;

const schema = z
  .strictObject({
    priority_levels: z
      .array(z.array(z.string().min(1)).min(1, "a level needs a pipeline"))
      .min(1, "No pipelines are defined in the priority list")
      .max(LEVELS_MOST)
      .describe("Ids of pipelines, level by level, the most wanted first. What a level gets goes to all its pipelines."),
    retry_interval: duration().prefault("10m").describe("How long a level that failed is left alone before a batch probes it."),
    proving_time: duration()
      .prefault("0s")
      .describe("How long a level that takes probes again has probes only, one in 5 s; 0: the first good one brings all batches back. Sluice's own."),
    retry_gap: duration().optional().describe("Deprecated in the Collector."),
    max_retries: z.number().int().optional().describe("Deprecated in the Collector."),
    sending_queue: z
      .null({
        error:
          "a queue in the connector is not available: set sending_queue.wait_for_result to true in the exporters behind it, so that their failures are seen",
      })
      .optional()
      .describe("Not available."),
  })
  .superRefine(({ retry_interval }, context) => {
    if (retry_interval === 0) context.addIssue({ code: "custom", path: ["retry_interval"], message: "retry_interval must be positive" });
  });

type Config = z.output<typeof schema>;

/** The `failover` connector. Each signal has levels of its own. */
export const failover = defineConnector<Config>({
  id: "failover",
  joins: { traces: ["traces"], metrics: ["metrics"], logs: ["logs"], profiles: ["profiles"] },
  summary: "Sends batches to the pipelines of the most wanted level that takes them.",
  schema,
  notInForce: {
    retry_gap: "levels are probed one by one, each for itself after retry_interval",
    max_retries: "a level is probed for as long as the gateway runs",
  },
  check,
  create(config, context, wiring) {
    const levels = config.priority_levels.map((level) => level.filter((id) => wiring.pipelines.includes(id)));
    const settings = { ...FAILOVER_DEFAULTS, retryMs: config.retry_interval, provingMs: config.proving_time };
    return { stage: new FailoverStage({ levels, settings, context, wiring }) };
  },
});

/** Pipelines that do not receive from here, those that are in no level, and those that are in two. */
function check({ priority_levels: levels }: Config, id: string, { from, pipelines }: Wiring): readonly Complaint[] {
  const seen = new Set<string>();
  const wrong = levels.flatMap((level, at) =>
    level.flatMap((pipeline, index): Complaint[] => {
      const path = ["priority_levels", at, index];
      const twice = seen.has(pipeline);
      seen.add(pipeline);
      if (twice) return [{ path, message: `"${pipeline}" is in the priority list twice`, cure: "Leave it where it is wanted most" }];
      // One connector may serve several signals: the others' pipelines are theirs to judge.
      const others = SIGNALS.some((signal) => signal !== from && signal === pipeline.split("/", 1)[0]);
      if (pipelines.includes(pipeline) || others) return [];
      const near = nearest(pipeline, pipelines);
      const cure = near === undefined ? `Name "${id}" under receivers of it; those that do: ${pipelines.join(", ")}` : `Did you mean "${near}"?`;
      return [{ path, message: `"${pipeline}" is no ${from} pipeline that receives from ${id}`, cure }];
    }),
  );
  const unlisted = pipelines
    .filter((pipeline) => !seen.has(pipeline))
    .map((pipeline) => ({ path: ["priority_levels"], message: `"${pipeline}" receives from ${id} and is in no level`, cure: `Add "${pipeline}" to a level` }));
  return [...wrong, ...unlisted];
}
