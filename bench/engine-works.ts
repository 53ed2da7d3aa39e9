/** Steps and runs that several benches use: the bare rule of a ratio sampler, and the resource stamp. */
import type { Engine } from "../src/otlp/engine.ts";
import type { Run } from "../src/pipeline/run.ts";
import type { Step } from "../src/pipeline/step.ts";
import { resource } from "../src/processors/resource.ts";
import { runOf } from "./bench-engine.ts";

export const STAMP = { key: "sluice.bench", value: "engine alone" } as const;

/** Keeps a tenth by the trace id's last 56 bits, compared as 16: exact for this ratio. Nothing is written. */
export function tenthStep(): Step {
  return {
    component: "bench",
    level: "item",
    reads: ["item"],
    writes: [],
    drops: true,
    dropReason: "sampled",
    run: ({ traceId, traceTop }) => traceId !== 0 && traceTop >= 0xe666,
  };
}

export function stampRun(engine: Engine): Run {
  return runOf(engine, "traces", resource, {
    attributes: [{ ...STAMP, action: "upsert" }],
  });
}
