/**
 * OTTL's contexts: what statements run on, and the paths that they may name there. The paths, their
 * types and their errors are the Collector's (pkg/ottl/contexts, v0.159).
 */
import type { Level } from "../../pipeline/step.ts";
import type { Context } from "../contract.ts";
import { CACHE } from "./cache.ts";
import { EXEMPLAR_PATHS, pointPaths } from "./data-point.ts";
import { type Enums, LOG_ENUMS, METRIC_ENUMS, NO_ENUMS, POINT_ENUMS, SPAN_ENUMS } from "./enums.ts";
import { LOG_PATHS } from "./log.ts";
import { metricPaths } from "./metric.ts";
import { OTELCOL_PATHS } from "./otelcol.ts";
import { RESOURCE_PATHS, SCOPE_PATHS } from "./parents.ts";
import { type Entries, resolve } from "./paths.ts";
import { PROFILE_PATHS } from "./profile.ts";
import { EVENT_PATHS, spanPaths } from "./span.ts";

const RESOURCES = { resource: RESOURCE_PATHS };
/** A scope goes by two names. */
const SCOPES = { scope: SCOPE_PATHS, instrumentation_scope: SCOPE_PATHS, ...RESOURCES };

export const RESOURCE_CONTEXT = context("resource", "resource", RESOURCE_PATHS, {}, NO_ENUMS);
export const SCOPE_CONTEXT = context("scope", "scope", SCOPE_PATHS, { instrumentation_scope: SCOPE_PATHS, ...RESOURCES }, NO_ENUMS);
export const SPAN_CONTEXT = context("span", "item", spanPaths(false), SCOPES, SPAN_ENUMS);
export const SPAN_EVENT_CONTEXT = context("spanevent", "event", EVENT_PATHS, { span: spanPaths(true), ...SCOPES }, SPAN_ENUMS);
export const METRIC_CONTEXT = context("metric", "item", metricPaths(false), SCOPES, METRIC_ENUMS);
export const DATA_POINT_CONTEXT = context("datapoint", "point", pointPaths(false), { metric: metricPaths(true), ...SCOPES }, POINT_ENUMS);
export const EXEMPLAR_CONTEXT = context(
  "exemplar",
  "exemplar",
  EXEMPLAR_PATHS,
  { datapoint: pointPaths(true), metric: metricPaths(true), ...SCOPES },
  NO_ENUMS,
);
export const LOG_CONTEXT = context("log", "item", LOG_PATHS, SCOPES, LOG_ENUMS);
export const PROFILE_CONTEXT = context("profile", "item", PROFILE_PATHS, SCOPES, NO_ENUMS);

/** All of them, those above before those below. */
export const CONTEXTS: readonly Context[] = [
  RESOURCE_CONTEXT,
  SCOPE_CONTEXT,
  SPAN_CONTEXT,
  SPAN_EVENT_CONTEXT,
  METRIC_CONTEXT,
  DATA_POINT_CONTEXT,
  EXEMPLAR_CONTEXT,
  LOG_CONTEXT,
  PROFILE_CONTEXT,
];

function context(name: string, level: Level, own: Entries, above: Readonly<Record<string, Entries>>, enums: Enums): Context {
  const mine: Entries = { ...own, cache: CACHE };
  const others: Readonly<Record<string, Entries>> = { ...above, otelcol: OTELCOL_PATHS };
  return {
    name,
    level,
    roots: [name, ...Object.keys(others)],
    path: (root, segments, tools) => resolve(root === name ? mine : (others[root] ?? {}), segments, tools),
    enums,
  };
}
