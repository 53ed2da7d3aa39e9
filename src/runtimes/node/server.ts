/**
 * The exchange of two phases over `node:http` and `node:https`: the handler sees the head, and only
 * when it asks is the body read, off the socket into one block of the pool, under its limit.
 * Limits: 16 KiB of headers, time-outs for the headers, the whole request and an idle connection.
 *
 * Ownership: a block that `read` hands out is the handler's; on every other way out (limit, budget,
 * abort) it was given back here.
 */
import type * as Http from "node:http";
import { messageOf } from "../../base/errors.ts";
import type { Answer, Handler, HttpServer, Listener, ListenOptions, Logger, RequestHead } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";
import { NodeBody } from "./body.ts";
import { Connections } from "./connections.ts";
import { bufferOver } from "./copy.ts";
import { http, httpsModule } from "./http.ts";
import { listenError } from "./listen-error.ts";
import { serverTls } from "./tls.ts";

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 60_000;
/** How often the time-outs above are looked at. */
const CHECK_EVERY_MS = 1000;
/** After an early answer the rest of the upload is thrown away for so long, so that the client gets to read the answer. */
const LINGER_MS = 2000;
/** And up to so many bytes; then the connection is only held. */
const LINGER_BYTES = 8 << 20;

/** Bodies go into `pool`; defects of a handler are logged to `logger` and answered 500. */
export function nodeServer(pool: Pool, logger: Logger, onListenerError: (cause: unknown) => void = () => {}): HttpServer {
  const memory = bufferOver(pool.memory.bytes);
  return { listen: (options, handler) => listen({ pool, memory, logger, handler, stopping: false }, options, onListenerError) };
}

interface Serving {
  readonly pool: Pool;
  readonly memory: Buffer;
  readonly logger: Logger;
  readonly handler: Handler;
  stopping: boolean;
}

async function listen(serving: Serving, options: ListenOptions, onListenerError: (cause: unknown) => void): Promise<Listener> {
  const server = createServer(options);
  const connections = new Connections(server, options.tls !== undefined, options.headersTimeoutMs || HEADERS_TIMEOUT_MS);
  server.on("request", (request: Http.IncomingMessage, response: Http.ServerResponse) => serve(serving, request, response, false));
  server.on("checkContinue", (request: Http.IncomingMessage, response: Http.ServerResponse) => serve(serving, request, response, true));
  await opened(server, options);
  server.on("error", onListenerError);
  const address = server.address();
  return {
    // Only pipes have a string for an address.
    port: typeof address === "object" && address !== null ? address.port : options.port,
    stop(deadlineMs) {
      serving.stopping = true;
      connections.endSilent();
      return stop(server, connections, deadlineMs);
    },
  };
}

function createServer(options: ListenOptions): Http.Server {
  const headersTimeout = options.headersTimeoutMs || HEADERS_TIMEOUT_MS;
  const requestTimeout = options.requestTimeoutMs || REQUEST_TIMEOUT_MS;
  const settings: Http.ServerOptions = {
    // Node refuses a header's time-out above that of the whole request.
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    keepAliveTimeout: options.idleTimeoutMs || IDLE_TIMEOUT_MS,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersTimeout, requestTimeout),
    maxHeaderSize: HEADER_BYTES_MAX,
    requireHostHeader: true,
    insecureHTTPParser: false,
  };
  if (options.tls === undefined) return http.createServer(settings);
  return httpsModule().createServer({ ...settings, ...serverTls(options.tls, options.key) });
}

function opened(server: Http.Server, options: ListenOptions): Promise<void> {
  const host = options.hostname === "localhost" ? "127.0.0.1" : options.hostname;
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(listenError(error, options));
    server.once("error", failed);
    server.listen({ port: options.port, ...(host === "" ? {} : { host }) }, () => {
      server.removeListener("error", failed);
      resolve();
    });
  });
}

/** Running exchanges get until the deadline; `Connection: close` on their answers empties the rest. */
function stop(server: Http.Server, connections: Connections, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
      connections.endAll();
    }, deadlineMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function serve(serving: Serving, request: Http.IncomingMessage, response: Http.ServerResponse, expectsContinue: boolean): void {
  const body = new NodeBody(request, serving.pool, serving.memory, expectsContinue ? () => response.writeContinue() : undefined);
  // Without a listener an error on a socket that the client reset would end the process; `close` tells the body.
  request.on("error", ignore);
  response.on("error", ignore);
  serving.handler(new NodeHead(request), body).then(
    (answer) => reply(serving, request, response, body, answer),
    (error: unknown) => {
      serving.logger.log("error", "Cannot answer a request: a defect in Sluice", { error: messageOf(error) });
      reply(serving, request, response, body, { status: 500, headers: {}, body: new Uint8Array(0) });
    },
  );
}

function reply(serving: Serving, request: Http.IncomingMessage, response: Http.ServerResponse, body: NodeBody, answer: Answer): void {
  if (response.destroyed || request.socket.destroyed) return;
  const early = !body.ended;
  const headers: Http.OutgoingHttpHeaders = { ...answer.headers, "content-length": answer.body.length };
  if (early || serving.stopping) headers["connection"] = "close";
  response.writeHead(answer.status, headers);
  if (early) linger(request, response, answer.body);
  else if (answer.body.length === 0) response.end();
  else response.end(answer.body);
}

/**
 * Sends an answer before the upload has ended. Closing at once would reset the connection under the
 * client while it still writes, and it would never see why: so the answer goes out whole, what still
 * arrives is thrown away for a while, and then the connection is closed.
 */
function linger(request: Http.IncomingMessage, response: Http.ServerResponse, body: Uint8Array): void {
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  let left = LINGER_BYTES;
  const done = () => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(() => {
    done();
    request.socket.destroySoon();
  }, LINGER_MS);
  request.on("data", (piece: Uint8Array) => {
    left -= piece.length;
    if (left < 0) request.pause();
  });
  request.once("end", done);
  request.once("close", done);
  request.resume();
}

function ignore(): void {
  // The exchange ends by `close`, which every phase listens for.
}

/** A class and not an object with a getter: that costs ten times as much to make. */
class NodeHead implements RequestHead {
  readonly method: string;
  readonly path: string;
  readonly contentLength: number | undefined;
  readonly #request: Http.IncomingMessage;

  constructor(request: Http.IncomingMessage) {
    const { headers, url = "/", method = "" } = request;
    const query = url.indexOf("?");
    const declared = headers["content-length"];
    this.#request = request;
    this.method = method;
    this.path = query < 0 ? url : url.slice(0, query);
    // Node's parser refused anything but digits.
    this.contentLength = declared === undefined ? undefined : Number(declared);
  }

  get peer(): string {
    const { remoteAddress = "", remotePort = "" } = this.#request.socket;
    return `${remoteAddress}:${remotePort}`;
  }

  header(name: string): string | undefined {
    return joined(this.#request.headers[name]);
  }

  headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(this.#request.headers).map(([name, value]) => [name, joined(value) ?? ""]));
  }
}

function joined(value: string | string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(", ") : value;
}
