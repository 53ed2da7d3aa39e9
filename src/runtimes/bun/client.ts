/**
 * Sending over Bun's fetch: half the memory of its `node:http`, which keeps what it writes (see
 * docs/decisions/013). One request, one attempt: redirects are answers, response codings are not undone,
 * nothing is sent again.
 *
 * Ownership: fetch copies a body when it is called, so the slices are released at once.
 * Limits: bodies up to 128 KiB over plain HTTP without a limit of connections. When an answer comes
 * before the body is sent, Bun gives up the rest: what a socket may not take at once, TLS, limits, and
 * whatever is beyond the requests that Bun sends at a time go over `node:http`.
 */
import { messageOf } from "../../base/errors.ts";
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResult } from "../../base/host.ts";
import { bufferOver } from "../node/copy.ts";

/** Bun sends 256 at a time and lets the others wait: half of it, so that one slow destination never holds another. */
const FETCHES_MAX = 128;
/** Bodies up to here go over fetch, laid end to end in one buffer that stays. */
const BODY_BYTES_MAX = 128 * 1024;

const UNREACHED: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "ETIMEDOUT"]);

export interface BunClients {
  /** As `Host.client`. */
  client(options: HttpClientOptions): HttpClient;
}

/** Clients that share the count of requests under way. `overNode` sends what fetch should not. */
export function bunClients(overNode: (options: HttpClientOptions) => HttpClient): BunClients {
  const sender = new Sender();
  return {
    client(options) {
      const other = overNode(options);
      const running = new Set<AbortController>();
      const mayFetch = options.maxConnections === 0 && options.maxIdleConnections > 0;
      return {
        send: (request) => (mayFetch && sender.takes(request) ? sender.send(request, running) : other.send(request)),
        close() {
          for (const controller of running) controller.abort();
          return other.close();
        },
      };
    },
  };
}

class Sender {
  #underWay = 0;
  readonly #scratch = Buffer.allocUnsafeSlow(BODY_BYTES_MAX);

  takes({ url, length }: HttpRequest): boolean {
    return length <= BODY_BYTES_MAX && this.#underWay < FETCHES_MAX && url.startsWith("http:");
  }

  async send(request: HttpRequest, running: Set<AbortController>): Promise<HttpResult> {
    const controller = new AbortController();
    const { timeoutMs } = request;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, timeoutMs);
    this.#underWay++;
    running.add(controller);
    try {
      return await this.#exchange(request, controller);
    } catch (error) {
      return late ? failed("timeout", `no answer within ${timeoutMs} ms`) : failed(reasonOf(error), messageOf(error));
    } finally {
      clearTimeout(timer);
      running.delete(controller);
      this.#underWay--;
    }
  }

  async #exchange(
    { method = "POST", url, headers, slices, length, responseMaxBytes, onReleased }: HttpRequest,
    controller: AbortController,
  ): Promise<HttpResult> {
    const options: BunRequestInit = {
      method,
      headers,
      ...((method === "POST" || method === "PUT") && { body: this.#bodyOf(slices, length) }),
      redirect: "manual",
      decompress: false,
      signal: controller.signal,
    };
    const response = fetch(url, options);
    onReleased();
    const answer = await response;
    const { status, headers: received } = answer;
    const read = await readAll(answer, responseMaxBytes);
    if (read === undefined) {
      controller.abort();
      return failed("response_too_large", `an answer of more than ${responseMaxBytes} bytes`);
    }
    return { kind: "response", status, header: (name) => received.get(name) ?? undefined, body: read };
  }

  /** What fetch copies when it is called: the only slice, or all of them end to end. */
  #bodyOf(slices: readonly Uint8Array[], length: number): Uint8Array {
    const [only] = slices;
    if (slices.length === 1 && only !== undefined) return only;
    const whole = this.#scratch.subarray(0, length);
    let at = 0;
    for (const slice of slices) {
      bufferOver(slice).copy(whole, at);
      at += slice.length;
    }
    return whole;
  }
}

/** Undefined: more than `maxBytes`. */
async function readAll({ headers, body }: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  // A stream costs more than most answers are long.
  if (body === null || headers.get("content-length") === "0") return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function failed(reason: Extract<HttpResult, { kind: "failed" }>["reason"], message: string): HttpResult {
  return { kind: "failed", reason, message };
}

function reasonOf(error: unknown): "connect" | "reset" {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return UNREACHED.has(code) ? "connect" : "reset";
}

/** Bun's fetch takes shared memory as a body, and leaves a coded answer as it is when asked to (bun.sh/docs, "fetch"). */
interface BunRequestInit extends Omit<RequestInit, "body"> {
  readonly body?: Uint8Array;
  readonly decompress: boolean;
}
