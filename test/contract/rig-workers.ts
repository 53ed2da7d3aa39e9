/**
 * What rig.ts is elsewhere, on workerd: the whole gateway on the host of Workers, entered by the fetch
 * adapter. Nothing listens: an address only names its door.
 */
import type { Host } from "../../src/base/host.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { Gateway } from "../../src/pipeline/gateway.ts";
import { enter, hostEngine, hostOver } from "../harness/host-workers.ts";
import { planOf, type RigOptions } from "./rig-plan.ts";

export { exporterTo, type RigOptions } from "./rig-plan.ts";

export interface Rig {
  readonly url: string;
  readonly engine: Engine;
  readonly host: Host;
  readonly counters: Counters;
  readonly log: readonly string[];
  stop(deadlineMs: number): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const MEMORY_BYTES = 64 << 20;

/** One receiver, one pipeline a signal unless the test brings its own. Memory is the file's: 64 MiB for all rigs. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const engine = hostEngine(MEMORY_BYTES);
  const log: string[] = [];
  const host = hostOver(engine, (line) => log.push(line));
  const counters = new Counters();
  const gateway = await Gateway.start({ plan: planOf(options, "127.0.0.1:0"), host, engine, counters });
  return { url: gateway.addresses[0]?.address ?? "", engine, host, counters, log, stop: (deadlineMs) => gateway.stop(deadlineMs) };
}

interface Sent {
  readonly method?: string;
}

/** One request to the gateway that the URL names. */
export async function request(url: string, body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}, sent: Sent = {}): Promise<Reply> {
  const { method = "POST" } = sent;
  const bytes = Uint8Array.from(typeof body === "string" ? new TextEncoder().encode(body) : body);
  const told = { "content-type": "application/x-protobuf", "content-length": String(bytes.length), ...headers };
  // Fetch builds no GET with a body, not even an empty one.
  const response = await enter(new Request(url, method === "GET" ? { method, headers: told } : { method, headers: told, body: bytes }));
  return { status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) };
}
