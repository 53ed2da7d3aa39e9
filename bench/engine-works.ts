/** Steps and runs that several benches use: the bare rule of a ratio sampler, the resource stamp, rules on spans. */
import type { Engine } from "../src/otlp/engine.ts";
import type { Run } from "../src/pipeline/run.ts";
import type { Step } from "../src/pipeline/step.ts";
import { resource } from "../src/processors/resource.ts";
import { attributes } from "../src/processors/attributes.ts";
import { runOf, runOfAll } from "./bench-engine.ts";

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

/** Attributes that all of the bench's spans have. */
export const REMOVED = ["user_agent.original", "thread.name"] as const;

/** Two attributes of every span removed, one added. */
export function attributesRun(engine: Engine): Run {
  const actions = [...REMOVED.map((key) => ({ key, action: "delete" })), { ...STAMP, action: "insert" }];
  return runOf(engine, "traces", attributes, { actions });
}

/** The keys that so many rules set. */
export function ruleKeys(rules: number): string[] {
  return Array.from({ length: rules }, (_, index) => `${STAMP.key}.${index}`);
}

/** So many processors of one rule each, every one setting another attribute of every span: they fuse. */
export function rulesRun(engine: Engine, rules: number): Run {
  const configs = ruleKeys(rules).map((key) => ({ actions: [{ key, value: STAMP.value, action: "upsert" }] }));
  return runOfAll(engine, "traces", attributes, configs);
}
