/** The built-in components: one line each, receivers, processors, connectors, exporters. */
import { count } from "../connectors/count.ts";
import { forward } from "../connectors/forward.ts";
import { routing } from "../connectors/routing.ts";
import { consoleExporter } from "../exporters/console.ts";
import { debug } from "../exporters/debug.ts";
import { otlpHttp } from "../exporters/otlp-http.ts";
import { attributes } from "../processors/attributes.ts";
import { batch } from "../processors/batch.ts";
import { cumulativeToDelta } from "../processors/cumulative-to-delta.ts";
import { deltaToRate } from "../processors/delta-to-rate.ts";
import { filter } from "../processors/filter.ts";
import { groupByAttrs } from "../processors/groupbyattrs.ts";
import { interval } from "../processors/interval.ts";
import { logDedup } from "../processors/log-dedup.ts";
import { memoryLimiter } from "../processors/memory-limiter.ts";
import { metricsTransform } from "../processors/metrics-transform.ts";
import { probabilisticSampler } from "../processors/probabilistic-sampler.ts";
import { rateLimitingSampler } from "../processors/rate-limiting-sampler.ts";
import { redaction } from "../processors/redaction.ts";
import { resource } from "../processors/resource.ts";
import { span } from "../processors/span.ts";
import { transform } from "../processors/transform.ts";
import { otlp } from "../receivers/otlp.ts";
import type { AnyComponent } from "./plan.ts";

export type Registry = readonly AnyComponent[];

export const REGISTRY: Registry = [
  otlp,
  batch,
  probabilisticSampler,
  resource,
  cumulativeToDelta,
  deltaToRate,
  groupByAttrs,
  interval,
  logDedup,
  memoryLimiter,
  metricsTransform,
  rateLimitingSampler,
  attributes,
  span,
  redaction,
  filter,
  transform,
  forward,
  count,
  routing,
  otlpHttp,
  debug,
  consoleExporter,
];
