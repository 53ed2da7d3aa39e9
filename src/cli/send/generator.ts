/** The generator of a signal. */
import type { Content, Generator } from "./content.ts";
import { LogGenerator } from "./logs.ts";
import { MetricGenerator } from "./metrics.ts";
import { TraceGenerator } from "./traces.ts";

/** `nowMs`: milliseconds since 1970; times of telemetry are those of its making. */
export function generatorOf(content: Content, nowMs: () => number): Generator {
  switch (content.signal) {
    case "traces":
      return new TraceGenerator(content, nowMs);
    case "metrics":
      return new MetricGenerator(content, nowMs);
    default:
      return new LogGenerator(content, nowMs);
  }
}
