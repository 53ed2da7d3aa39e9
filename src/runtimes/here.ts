/** The entry of the runtime that this process is. Only that one is loaded. */
import type { RunningGateway, RunOptions } from "./node/gateway.ts";
import type { GatewayPlan } from "../pipeline/gateway.ts";
import { runtimeName } from "./name.ts";

/** What the entries of Node, Bun and Deno have in common. */
export interface RuntimeEntry {
  runGateway(plan: GatewayPlan, options: RunOptions): Promise<RunningGateway>;
}

/** Loads it. */
export function entryHere(): Promise<RuntimeEntry> {
  switch (runtimeName()) {
    case "bun":
      return import("./bun.ts");
    case "deno":
      return import("./deno.ts");
    default:
      return import("./node.ts");
  }
}
