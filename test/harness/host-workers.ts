/**
 * What host.ts is elsewhere, on workerd: the host of Workers. Nothing can listen there; a listener is a
 * door that a test enters with a Request, as a Worker's own `fetch` does, by the port it would have.
 * Memory is 128 MB for all: one engine of a size a file.
 */
import type { Host, HttpServer, Logger } from "../../src/base/host.ts";
import { Engine } from "../../src/otlp/engine.ts";
import { answerFetch } from "../../src/runtimes/fetch/exchange.ts";
import { MountedServer } from "../../src/runtimes/fetch/server.ts";
import { nodeLogger } from "../../src/runtimes/node/logger.ts";
import { workersHost } from "../../src/runtimes/workers/host.ts";
import { testKernel } from "./kernel.ts";

/** Whether a test can listen on a socket inside its own process. */
export const SOCKETS: boolean = false;

const PORT_MIN = 10_000;
const engines = new Map<number, Engine>();
const doors: { readonly server: MountedServer; readonly engine: Engine; readonly logger: Logger }[] = [];

/** The file's engine of this size, its pool poisoned. */
export function hostEngine(memoryBytes: number): Engine {
  const known = engines.get(memoryBytes);
  if (known !== undefined) return known;
  const made = new Engine(testKernel(memoryBytes), { poison: true });
  engines.set(memoryBytes, made);
  return made;
}

/** The host that components get, with its log lines kept. */
export function hostOver(engine: Engine, writeLog: (line: string) => void): Host {
  const host = workersHost(engine, "debug", () => {});
  const logger = nodeLogger({ format: "text", level: "debug", write: writeLog, nowMs: () => host.clock.nowMs() });
  // Stages that hold are refused on Workers: their contract is tested all the same.
  return { ...host, runtime: "test", logger, terminal: { ...host.terminal, write: () => {} }, server: doorsOf(engine, logger) };
}

function doorsOf(engine: Engine, logger: Logger): HttpServer {
  return {
    async listen(options, handler) {
      const server = new MountedServer("on Workers", (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
      const port = PORT_MIN + doors.push({ server, engine, logger }) - 1;
      return server.listen({ ...options, port }, handler);
    },
  };
}

/** What a Worker answers to this request. Throws where nothing listens any more, as a refused connection would. */
export async function enter(request: Request): Promise<Response> {
  const door = doors[Number(new URL(request.url).port) - PORT_MIN];
  const handler = door?.server.handler;
  if (door === undefined || handler === undefined) throw new Error(`Nothing listens at ${request.url}`);
  return answerFetch({ handler, pool: door.engine.pool, logger: door.logger, unread: "drain" }, request, "127.0.0.1:1");
}
