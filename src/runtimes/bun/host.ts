/** The host on Bun: its own server and its own fetch, everything else over its `node:` modules. */
import type { Host } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import { nodeHost, type NodeHostOptions } from "../node/host.ts";
import { bunClients } from "./client.ts";
import { bunServer } from "./server.ts";

/** Everything that components are given, over the engine's pool. */
export function bunHost(engine: Engine, options: NodeHostOptions): Host {
  const host = nodeHost(engine, options);
  const clients = bunClients((one) => host.client(one));
  return {
    ...host,
    server: bunServer(engine.pool, host.logger, host.server),
    client: (one) => clients.client(one),
  };
}
