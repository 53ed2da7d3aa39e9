/** The contexts of each signal with OTTL's own functions, as `transform`, `filter` and connectors have them. */
import type { Signal } from "../base/signal.ts";
import type { Context, OttlFunction } from "./contract.ts";
import {
  DATA_POINT_CONTEXT,
  EXEMPLAR_CONTEXT,
  LOG_CONTEXT,
  METRIC_CONTEXT,
  PROFILE_CONTEXT,
  RESOURCE_CONTEXT,
  SCOPE_CONTEXT,
  SPAN_CONTEXT,
  SPAN_EVENT_CONTEXT,
} from "./contexts/contexts.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import { FIRST } from "./functions/first.ts";
import { SECOND } from "./functions/second.ts";
import { SPAN_FUNCTIONS } from "./functions/span.ts";

const CONTEXTS_OF: Readonly<Record<Signal, readonly Context[]>> = {
  traces: [RESOURCE_CONTEXT, SCOPE_CONTEXT, SPAN_CONTEXT, SPAN_EVENT_CONTEXT],
  metrics: [RESOURCE_CONTEXT, SCOPE_CONTEXT, METRIC_CONTEXT, DATA_POINT_CONTEXT, EXEMPLAR_CONTEXT],
  logs: [RESOURCE_CONTEXT, SCOPE_CONTEXT, LOG_CONTEXT],
  profiles: [RESOURCE_CONTEXT, SCOPE_CONTEXT, PROFILE_CONTEXT],
};

/** Every function that no context or component has for itself. */
export const STANDARD_FUNCTIONS: readonly OttlFunction[] = [...FIRST, ...SECOND];
/** Those that give a value: their names begin with a capital. */
export const CONVERTERS: readonly OttlFunction[] = STANDARD_FUNCTIONS.filter(({ name }) => /^[A-Z]/.test(name));

/** The dialects of a signal: `standard` in every context, and what `extra` has for a context by its name. */
export function dialectsOf(
  signal: Signal,
  standard: readonly OttlFunction[] = STANDARD_FUNCTIONS,
  extra: Readonly<Record<string, readonly OttlFunction[]>> = {},
): readonly Dialect[] {
  return CONTEXTS_OF[signal].map((context) =>
    dialectOf(context, [...standard, ...(context === SPAN_CONTEXT ? SPAN_FUNCTIONS : []), ...(extra[context.name] ?? [])]),
  );
}
