/**
 * Sluice on Deno: the public entry. It listens and sends over Deno's `node:http`: `Deno.serve` never
 * cuts off a silent sender, and costs more (docs/decisions/013).
 */
export { runGateway } from "./node.ts";
export type { RunningGateway, RunOptions } from "./node/gateway.ts";
