/**
 * The graph of a plan as a gateway builds it, over a small memory of its own: processors and connectors
 * are the real ones, fused by the pipeline's own code. Nothing listens, sends or holds: receivers are
 * left out, and exporters are nothing.
 */
import type { Plan } from "../../config/plan.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { Counters } from "../../pipeline/counters.ts";
import { buildGraph, type Graph } from "../../pipeline/gateway.ts";
import { ACCEPTED } from "../../pipeline/outcome.ts";
import { nodeEngine, nodeHost } from "../../runtimes/node.ts";

/** Rules have 1 MiB of it, whatever the size; no request is ever in it. */
const MEMORY_BYTES = 8 << 20;

const NOWHERE: Exporter = { consume: () => Promise.resolve(ACCEPTED), stop: () => Promise.resolve() };

/** Throws `config` for settings that only show when used. What components say while they are built goes to standard error. */
export function buildOf(plan: Plan): Graph {
  const engine = nodeEngine(MEMORY_BYTES);
  const host = nodeHost(engine, { log: plan.logFormat ?? "text", level: "warn" });
  const exporters = plan.exporters.map(({ id }) => ({ id, definition: { create: () => NOWHERE }, config: {} }));
  return buildGraph({ plan: { ...plan, exporters }, host, engine, counters: new Counters() });
}
