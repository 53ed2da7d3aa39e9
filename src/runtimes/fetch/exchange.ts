/**
 * The exchange of two phases over fetch's Request and Response: for Workers, for `Bun.serve`, for
 * anyone's own server. The head is looked at first; the body is read only when the handler asks.
 * Limits that some servers beneath do not have are checked here: 16 KiB of headers, 16 KiB of URL.
 *
 * Nothing here is shared between requests: on Workers one may not wait for another.
 */
import { messageOf } from "../../base/errors.ts";
import type { Answer, Handler, Logger, RequestHead } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";
import { FetchBody } from "./body.ts";

/** As on `node:http`, which counts names and values. */
const HEADER_BYTES_MAX = 16 * 1024;
/** What Workers take; far above any path that is served. */
const URL_CHARACTERS_MAX = 16 * 1024;
/** Statuses that have no body; fetch refuses to build a response of them with one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
const EMPTY = new Uint8Array(0);

export interface FetchExchange {
  readonly head: RequestHead;
  readonly body: FetchBody;
}

export interface ExchangeOptions {
  /** Time for the whole body, ms. 0: no limit here, the server beneath has its own. Default 60 s. */
  readonly bodyTimeoutMs?: number | undefined;
}

/** The two phases of `request`. `peer` is the other side's address; bodies go into `pool`. Reads nothing. */
export function fetchExchange(request: Request, peer: string, pool: Pool, options: ExchangeOptions = {}): FetchExchange {
  const head = headOf(request, peer);
  return { head, body: new FetchBody(request, head.contentLength, pool, options.bodyTimeoutMs) };
}

export interface ResponseOptions {
  /** The request's method: an answer to HEAD has no body. */
  readonly method: string;
}

/** An answer as fetch has it. The body is used as it is: it must not change any more. */
export function responseOf({ status, headers, body }: Answer, { method }: ResponseOptions): Response {
  if (BODILESS.has(status)) return new Response(null, { status, headers });
  if (method === "HEAD") return new Response(null, { status, headers: { ...headers, "content-length": String(body.length) } });
  return new Response(unshared(body), { status, headers });
}

/** What a server needs to answer with a handler. */
export interface FetchServing extends ExchangeOptions {
  readonly handler: Handler;
  readonly pool: Pool;
  /** Told of defects, which are answered 500. */
  readonly logger: Logger;
  /**
   * What becomes of an upload that an early answer overtakes. `cancel`: the server beneath is told to
   * stop it. `drain`, for workerd, which resets the connection when it is told in the middle of it: it
   * is read on for a while first.
   */
  readonly unread: "cancel" | "drain";
}

/** Head, handler, answer. Never rejects. */
export async function answerFetch(serving: FetchServing, request: Request, peer: string): Promise<Response> {
  const { head, body } = fetchExchange(request, peer, serving.pool, serving);
  let response: Response;
  try {
    response = responseOf(tooLong(request) ?? (await serving.handler(head, body)), head);
  } catch (error) {
    serving.logger.log("error", "Cannot answer a request: a defect in Sluice", { error: messageOf(error) });
    response = new Response(null, { status: 500 });
  }
  if (serving.unread === "drain") await body.drain();
  else body.cancel();
  return response;
}

/** The answer to a head that is over the limits, in plain text: nothing in it is believed yet. */
function tooLong(request: Request): Answer | undefined {
  if (request.url.length > URL_CHARACTERS_MAX) return refusal(414, `Cannot serve this URL: it is over ${URL_CHARACTERS_MAX} characters`);
  let length = 0;
  request.headers.forEach((value, name) => (length += name.length + value.length));
  return length > HEADER_BYTES_MAX ? refusal(431, `Cannot take these headers: they are over ${HEADER_BYTES_MAX} bytes`) : undefined;
}

function refusal(status: number, message: string): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: new TextEncoder().encode(`${message}\n`) };
}

/** The head alone. `peer` is the other side's address. */
export function headOf(request: Request, peer: string): RequestHead {
  return new FetchHead(request, peer);
}

/** A class and not an object with a getter: that costs ten times as much to make. */
class FetchHead implements RequestHead {
  readonly method: string;
  readonly path: string;
  readonly contentLength: number | undefined;
  readonly #headers: Headers;
  readonly #peer: string | (() => string);

  constructor({ headers, method, url }: Request, peer: string | (() => string)) {
    this.#headers = headers;
    this.#peer = peer;
    this.method = method;
    this.path = pathOf(url);
    this.contentLength = lengthOf(headers.get("content-length"));
  }

  get peer(): string {
    return typeof this.#peer === "string" ? this.#peer : this.#peer();
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  headers(): Readonly<Record<string, string>> {
    return allOf(this.#headers);
  }
}

/** From the third slash to the query: fetch's URLs are absolute and normal, so there is no need to parse them again. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  for (let at = start; at < url.length; at++) {
    const character = url.charCodeAt(at);
    if (character === 0x3f || character === 0x23) return url.slice(start, at);
  }
  return url.slice(start);
}

/** Digits only: what is no length is none, and the body then has only its limit. */
function lengthOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `set-cookie` is the one name that fetch lists more than once. */
function allOf(headers: Headers): Readonly<Record<string, string>> {
  const all = new Map<string, string>();
  headers.forEach((value, name) => {
    const earlier = all.get(name);
    all.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  return Object.fromEntries(all);
}

/** Deno's Response refuses shared memory. */
function unshared(body: Uint8Array): Uint8Array<ArrayBuffer> {
  if (body.length === 0) return EMPTY;
  const { buffer } = body;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, body.byteOffset, body.length) : new Uint8Array(body);
}
