/**
 * `gateway(yaml).fetch` on Node, Deno and Bun: a gateway to mount in somebody's own server. Requests
 * come in by fetch; destinations are reached as `sluice run` reaches them, over `node:http`.
 * Limit: the server beneath decides how long a silent connection may last.
 */
import { readFile } from "node:fs/promises";
import { answerMounted, type FetchGateway, type Mounted, notStarted, startMounted } from "./fetch/mount.ts";
import { peerOf } from "./fetch/peer.ts";
import { MountedServer } from "./fetch/server.ts";
import { MEMORY_BYTES, nodeEngine, nodeHost } from "./node/host.ts";
import { type LogFormat, nodeLogger } from "./node/logger.ts";

export type { FetchGateway } from "./fetch/mount.ts";

export interface GatewayOptions {
  /** Bytes for requests in flight. Default 512 MiB, of which only what is used takes memory. */
  readonly memoryBytes?: number | undefined;
  /** Default text. */
  readonly log?: LogFormat | undefined;
  /** Takes log lines instead of standard error. */
  readonly writeLog?: ((line: string) => void) | undefined;
  /** The sender's address. Default: what Deno, Bun or the Node adapter say, where they do. */
  readonly peer?: ((request: Request, env: unknown) => string) | undefined;
}

const STOP_MS = 10_000;

/** A gateway from the Collector's YAML; several texts are merged, the last one wins. Built at the first request. */
export function gateway(config: string | readonly string[], options: GatewayOptions = {}): FetchGateway {
  const texts = typeof config === "string" ? [config] : config;
  const { peer = peerOf } = options;
  let started: Promise<Mounted | undefined> | undefined;
  return {
    async fetch(request, env) {
      started ??= start(texts, options);
      const mounted = await started;
      return mounted === undefined ? notStarted() : answerMounted(mounted, request, peer(request, env));
    },
    async stop(deadlineMs = STOP_MS) {
      const mounted = await started;
      await mounted?.gateway.stop(deadlineMs);
    },
  };
}

async function start(texts: readonly string[], options: GatewayOptions): Promise<Mounted | undefined> {
  const log = options.log ?? "text";
  const write = options.writeLog ?? ((line: string) => void process.stderr.write(line));
  const logger = nodeLogger({ format: log, level: "info", write, nowMs: Date.now });
  try {
    return await startMounted(texts, {
      unread: "cancel",
      logger,
      env: (name) => process.env[name],
      readFile: (path) => readFile(path, "utf8"),
      parts(plan) {
        const engine = nodeEngine(options.memoryBytes ?? MEMORY_BYTES);
        const host = nodeHost(engine, { log: plan.logFormat ?? log, level: plan.logLevel ?? "info", writeLog: write });
        const server = new MountedServer("in a server of your own", (ms) => host.sleep(ms));
        return { engine, server, host: { ...host, server } };
      },
    });
  } catch {
    // Logged where it was found.
    return undefined;
  }
}
