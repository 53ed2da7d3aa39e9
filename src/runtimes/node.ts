/** Sluice on Node: the public entry. `runGateway` runs a plan until it is stopped. */
import type { GatewayPlan } from "../pipeline/gateway.ts";
import { runOn, type RunningGateway, type RunOptions } from "./node/gateway.ts";
import { nodeHost } from "./node/host.ts";

export type { RunningGateway, RunOptions } from "./node/gateway.ts";
export { MEMORY_BYTES, nodeEngine, nodeHost, type NodeHostOptions } from "./node/host.ts";

/** Starts a gateway. Throws `listen` when an address cannot be had, `config` for settings that only show when used. */
export function runGateway(plan: GatewayPlan, options: RunOptions): Promise<RunningGateway> {
  return runOn(nodeHost, plan, options);
}
