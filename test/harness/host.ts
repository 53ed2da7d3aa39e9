/**
 * What this runtime gives to components under test: the real host and memory on Node, Bun and Deno.
 * On workerd `host-workers.ts` stands in its place (vitest.workers.config.ts).
 */
import type { Host } from "../../src/base/host.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { nodeEngine, nodeHost } from "../../src/runtimes/node.ts";
import { lending } from "./lent.ts";

/** Whether a test can listen on a socket inside its own process. */
export const SOCKETS: boolean = true;

/** An engine over the memory that this runtime uses, its pool poisoned. */
export const hostEngine: (memoryBytes: number) => Engine = lending((memoryBytes) => nodeEngine(memoryBytes).kernel);

/** The host that components get, with its log lines kept. */
export function hostOver(engine: Engine, writeLog: (line: string) => void): Host {
  return nodeHost(engine, { log: "text", level: "debug", writeLog });
}
