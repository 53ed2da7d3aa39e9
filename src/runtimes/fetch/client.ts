/**
 * Sending over fetch, for Workers, which have nothing else. One request, one attempt: redirects are
 * answers, and nothing is sent again. The platform undoes gzip in answers whatever is asked; `br` only
 * where a compatibility flag lets it, and ours does not (docs/decisions/011).
 *
 * Ownership: slices of the request memory are copied before the call, and released at once; a body
 * that is nobody's but the batch's is released when the exchange is over.
 */
import { messageOf } from "../../base/errors.ts";
import type { HttpClient, HttpRequest, HttpResult } from "../../base/host.ts";

type FailReason = Extract<HttpResult, { kind: "failed" }>["reason"];

const LOOKS_UNREACHED = /refused|resolve|dns|internal error|unreachable|ENOTFOUND|ECONNREFUSED/i;
const LOOKS_TLS = /tls|ssl|certificate/i;

export interface FetchClientOptions {
  /** The request memory: what lies in it is copied before it is sent. */
  readonly memory: Uint8Array;
  /** The runtime's own fetch, or a test's. */
  readonly fetch: typeof fetch;
}

/** A client over fetch. It keeps no connections of its own. */
export function fetchClient({ memory, fetch: send }: FetchClientOptions): HttpClient {
  const running = new Set<AbortController>();
  return {
    async send(wanted) {
      const { timeoutMs, slices, length, onReleased } = wanted;
      const [only] = slices;
      const own = slices.length === 1 && only !== undefined && only.buffer !== memory.buffer ? ownBytes(only) : undefined;
      const body = own ?? gather(slices, length);
      if (own === undefined) onReleased();
      const controller = new AbortController();
      running.add(controller);
      const timer = setTimeout(() => controller.abort(), timeoutMs);
      try {
        return await exchange(send, wanted, body, controller.signal);
      } finally {
        clearTimeout(timer);
        running.delete(controller);
        if (own !== undefined) onReleased();
      }
    },
    close() {
      for (const controller of running) controller.abort();
      return Promise.resolve();
    },
  };
}

/** The same bytes as fetch takes them; undefined when they lie in shared memory. */
function ownBytes({ buffer, byteOffset, length }: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, length) : undefined;
}

function gather(slices: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const slice of slices) {
    whole.set(slice, at);
    at += slice.length;
  }
  return whole;
}

async function exchange(
  send: typeof fetch,
  { method = "POST", url, headers, timeoutMs, responseMaxBytes }: HttpRequest,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<HttpResult> {
  try {
    const response = await send(url, {
      method,
      headers: headersOf(headers),
      ...((method === "POST" || method === "PUT") && { body }),
      redirect: "manual",
      signal,
    });
    const read = await readAll(response, responseMaxBytes);
    if (read === "too_large") return failed("response_too_large", `an answer of more than ${responseMaxBytes} bytes`);
    return { kind: "response", status: response.status, header: (name) => headerOf(response, name), body: read };
  } catch (error) {
    if (signal.aborted) return failed("timeout", `no answer within ${timeoutMs} ms`);
    const message = causeOf(error);
    return failed(LOOKS_TLS.test(message) ? "tls" : LOOKS_UNREACHED.test(message) ? "connect" : "reset", message);
  }
}

/** Node's fetch says what went wrong only in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : "";
  return cause === "" ? messageOf(error) : `${messageOf(error)}: ${cause}`;
}

/** What the operator set stands; otherwise no coding is asked for, though some destinations do not listen. */
function headersOf(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(given);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  return headers;
}

function failed(reason: FailReason, message: string): HttpResult {
  return { kind: "failed", reason, message };
}

async function readAll(response: Response, maxBytes: number): Promise<Uint8Array | "too_large"> {
  if (response.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return gather(pieces, length);
    length += value.length;
    if (length > maxBytes) {
      // Nobody waits for the end of an answer that is not wanted.
      reader.cancel().catch(() => {});
      return "too_large";
    }
    pieces.push(value);
  }
}

function headerOf(response: Response, name: string): string | undefined {
  return response.headers.get(name) ?? undefined;
}
