/**
 * The exchange of two phases over Bun's own server, which takes half the memory and less time than
 * `node:http` on Bun (docs/decisions/013). TLS stays with `node:https`: Bun's server has no setting
 * for its versions.
 *
 * Limits: headers of 16 KiB, chunks and lengths are Bun's parser's. It cuts off a connection on which
 * no head is complete after 12 s, and one that is idle. For a body there is a timer a request; Bun
 * counts in steps of 4 s, and cuts without an answer. A connection on which nothing came yet is the
 * operating system's alone, and costs nothing here.
 */
import { messageOf } from "../../base/errors.ts";
import type { Answer, Handler, HttpServer, Listener, ListenOptions, Logger } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";
import { headOf, responseOf } from "../fetch/exchange.ts";
import { listenError } from "../node/listen-error.ts";
import { BunBody } from "./body.ts";

const REQUEST_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 60_000;
/** The longest that Bun counts. */
const TIMEOUT_SECONDS_MAX = 255;
/** After our own timer for a body, Bun cuts the connection. */
const SLACK_SECONDS = 4;
/**
 * JavaScriptCore counts the request memory to its heap, twice, and so would let hundreds of megabytes of
 * small garbage pile up. It is asked to collect, beside the work, each time that so much has gone through.
 */
const COLLECT_BYTES = 8 << 20;
/** What a request leaves behind whatever its size. */
const REQUEST_BYTES = 16 * 1024;
const POLL_MS = 10;
/** For answers that were given and are still on their way out when all else has ended. */
const FLUSH_MS = 500;
const NO_HOST: Answer = { status: 400, headers: {}, body: new Uint8Array(0) };
const DEFECT: Answer = { status: 500, headers: {}, body: new Uint8Array(0) };

/** Bodies go into `pool`; defects of a handler are logged and answered 500. `secure` listens where TLS is asked for. */
export function bunServer(pool: Pool, logger: Logger, secure: HttpServer): HttpServer {
  return {
    listen: (options, handler) => (options.tls === undefined ? new BunListener(pool, logger, options, handler).open() : secure.listen(options, handler)),
  };
}

class BunListener {
  readonly #pool: Pool;
  readonly #logger: Logger;
  readonly #options: ListenOptions;
  readonly #handler: Handler;
  readonly #bodyTimeoutMs: number;
  readonly #bodySeconds: number;
  readonly #idleSeconds: number;
  #running = 0;
  #uncollectedBytes = 0;
  #stopping = false;

  constructor(pool: Pool, logger: Logger, options: ListenOptions, handler: Handler) {
    this.#pool = pool;
    this.#logger = logger;
    this.#options = options;
    this.#handler = handler;
    this.#bodyTimeoutMs = options.requestTimeoutMs || REQUEST_TIMEOUT_MS;
    const seconds = Math.ceil(this.#bodyTimeoutMs / 1000) + SLACK_SECONDS;
    // Beyond what Bun can count, our own timer is alone.
    this.#bodySeconds = seconds > TIMEOUT_SECONDS_MAX ? 0 : seconds;
    this.#idleSeconds = Math.min(TIMEOUT_SECONDS_MAX, Math.ceil((options.idleTimeoutMs || IDLE_TIMEOUT_MS) / 1000));
  }

  /** Rejects with `listen` when the address cannot be had. */
  async open(): Promise<Listener> {
    const { hostname, port } = this.#options;
    const host = hostname === "localhost" ? "127.0.0.1" : hostname;
    try {
      const server = Bun.serve({
        ...(host === "" ? {} : { hostname: host }),
        port,
        idleTimeout: this.#idleSeconds,
        // The handler has its own, and says why in the sender's encoding.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        development: false,
        // Without it Bun lets a second process listen on the same port, outside development.
        reusePort: false,
        fetch: (request, by) => this.#serve(request, by),
        error: () => responseOf(DEFECT, { method: "GET" }),
      });
      return { port: server.port, stop: (deadlineMs) => this.#stop(server, deadlineMs) };
    } catch (error) {
      throw listenError(error, this.#options);
    }
  }

  async #serve(request: Request, server: Bun.Server): Promise<Response> {
    this.#running++;
    server.timeout(request, this.#bodySeconds);
    const head = headOf(request, peerOf(server, request));
    const body = new BunBody(request, head.contentLength, this.#pool, this.#bodyTimeoutMs);
    const answer = await this.#answer(head, {
      read: async (maxBytes) => {
        const result = await body.read(maxBytes);
        // The sender has done its part: how long the answer takes is not its fault.
        server.timeout(request, 0);
        return result;
      },
    });
    if (!body.ended) await body.drain();
    this.#running--;
    this.#collect(REQUEST_BYTES + (head.contentLength ?? 0));
    // Bun counts on from here to the next request with what was set last.
    server.timeout(request, this.#idleSeconds);
    const close = !body.ended || this.#stopping;
    return responseOf(close ? { ...answer, headers: { ...answer.headers, connection: "close" } } : answer, head);
  }

  #collect(bytes: number): void {
    this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < COLLECT_BYTES) return;
    this.#uncollectedBytes = 0;
    Bun.gc(false);
  }

  async #answer(...exchange: Parameters<Handler>): Promise<Answer> {
    // HTTP/1.0 may leave it out; Bun then makes a URL without a host.
    if (exchange[0].header("host") === undefined) return NO_HOST;
    try {
      return await this.#handler(...exchange);
    } catch (error) {
      this.#logger.log("error", "Cannot answer a request: a defect in Sluice", { error: messageOf(error) });
      return DEFECT;
    }
  }

  async #stop(server: Bun.Server, deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const ended = server.stop();
    for (let waitedMs = 0; this.#running > 0 && waitedMs < deadlineMs; waitedMs += POLL_MS) await sleep(POLL_MS);
    // Bun waits for senders in the middle of a head, too: so not for long.
    await Promise.race([ended, sleep(this.#running > 0 ? 0 : FLUSH_MS)]);
    await server.stop(true);
  }
}

function peerOf(server: Bun.Server, request: Request): string {
  const peer = server.requestIP(request);
  return peer === null ? "" : `${peer.address}:${peer.port}`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
