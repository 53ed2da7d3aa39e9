/** The gateways that the harness knows by name; any other comes by its start command (`commandGateway`). */
import type { Gateway } from "./gateway.ts";
import { collector, nginx } from "./gateways-peers.ts";
import { sluiceGateways } from "./gateways-sluice.ts";

/** All of them, absent ones too. */
export const GATEWAYS: readonly Gateway[] = [...sluiceGateways(), collector(), nginx()];

/** What a run measures unless it is told otherwise. */
export const DEFAULT_GATEWAYS: readonly string[] = ["collector", "node", "bun", "deno", "workers", "node-pass", "nginx"];
