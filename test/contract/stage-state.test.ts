/** The stage contract on the processors that remember, and on those that work on whole metrics, directly and behind `structuredClone`. */
import type { Signal } from "../../src/base/signal.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import type { ProcessorDefinition } from "../../src/pipeline/component.ts";
import { cumulativeToDelta } from "../../src/processors/cumulative-to-delta.ts";
import { deltaToRate } from "../../src/processors/delta-to-rate.ts";
import { interval } from "../../src/processors/interval.ts";
import { logDedup } from "../../src/processors/log-dedup.ts";
import { metricsTransform } from "../../src/processors/metrics-transform.ts";
import { ALONE } from "../harness/context.ts";
import { rateLimitingSampler } from "../../src/processors/rate-limiting-sampler.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";
import { checkStage } from "./stage.ts";

const METRICS: readonly Signal[] = ["metrics"];
const NEVER = { metrics: ["no such metric"], match_type: "strict" };

check("cumulative_to_delta that selects nothing", cumulativeToDelta, { include: NEVER }, { signals: METRICS });
check("delta_to_rate that selects nothing", deltaToRate, { metrics: NEVER.metrics }, { signals: METRICS });
check("metrics_transform that selects nothing", metricsTransform, { transforms: [{ include: "no such metric", action: "update" }] }, { signals: METRICS });
check("interval", interval, { interval: "1s" }, { signals: METRICS, drops: true, holds: true });
check("log_dedup of another signal", logDedup, { interval: "1s" }, { signals: ["traces"], holds: true });
check("rate_limiting_sampler with room", rateLimitingSampler, { items_per_second: 1000 }, { signals: ["traces", "metrics", "logs"] });
check("rate_limiting_sampler without room", rateLimitingSampler, { items_per_second: 30 }, { signals: ["traces", "metrics", "logs"], drops: true });

function check<Config>(
  name: string,
  definition: ProcessorDefinition<Config>,
  settings: unknown,
  options: { readonly signals: readonly Signal[]; readonly drops?: boolean; readonly holds?: boolean },
): void {
  checkStage(
    name,
    (clock, signal) => {
      const host = { ...bareHost, clock, sleep: clock.sleep };
      const context = { ...ALONE, id: definition.id, host, engine: testEngine(), logger: host.logger, counters: new Counters() };
      const { holds = false } = options;
      const made = definition.create(definition.schema.parse(settings), context, signal);
      if (!("stage" in made)) throw new Error("Not a stage");
      // To the contract, what passes everything on while its caller waits has no state: it holds no telemetry.
      const { stage } = made;
      return holds && definition.signals.includes(signal) ? stage : { state: "none", consume: stage.consume.bind(stage), drain: stage.drain.bind(stage) };
    },
    options,
  );
}
