/** Sluice on Bun: the public entry. `runGateway` runs a plan until it is stopped. */
import type { GatewayPlan } from "../pipeline/gateway.ts";
import { bunHost } from "./bun/host.ts";
import { type RunningGateway, type RunOptions, runOn } from "./node/gateway.ts";

export type { RunningGateway, RunOptions } from "./node/gateway.ts";

/** Starts a gateway. Throws `listen` when an address cannot be had, `config` for settings that only show when used. */
export function runGateway(plan: GatewayPlan, options: RunOptions): Promise<RunningGateway> {
  return runOn(bunHost, plan, options);
}
