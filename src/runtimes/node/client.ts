/**
 * Sending over `node:http` and `node:https` with a keep-alive agent. One request, one attempt: redirects
 * are answers, response codings are not undone, and a kept-alive connection that turns out to be dead
 * is a failure like any other, never sent again from here.
 *
 * Ownership: the slices are read until both the request's last byte was handed to the operating
 * system and the exchange is over, or the socket is closed; then `onReleased` is called, once.
 */
import type * as Http from "node:http";
import type * as Https from "node:https";
import { urlToHttpOptions } from "node:url";
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResult } from "../../base/host.ts";
import { gather } from "./copy.ts";
import { http, httpsModule } from "./http.ts";
import { clientTls } from "./tls.ts";

/** Slices of fewer bytes on average are laid out in one buffer first: a write each would cost more (docs/decisions/006). */
const SLICE_BYTES_MIN = 1024;

type FailReason = Extract<HttpResult, { kind: "failed" }>["reason"];

/** Throws `config` when a certificate cannot be read. */
export function nodeClient(options: HttpClientOptions): HttpClient {
  const plain = once(new http.Agent(agentOptions(options)));
  const tls = clientTls(options.tls);
  let secure: Https.Agent | undefined;
  const secureAgent = (): Https.Agent => (secure ??= once(new (httpsModule().Agent)({ ...agentOptions(options), ...tls })));
  const running = new Set<Http.ClientRequest>();
  const targets = new Map<string, Target>();
  return {
    send(wanted) {
      const { method = "POST" } = wanted;
      const target = targetOf(targets, wanted.url);
      const headers = method === "GET" ? wanted.headers : { ...wanted.headers, "content-length": wanted.length };
      const settings = { ...target, method, headers };
      const request = target.protocol === "https:" ? httpsModule().request({ ...settings, agent: secureAgent() }) : http.request({ ...settings, agent: plain });
      running.add(request);
      request.once("close", () => running.delete(request));
      return begin(request, wanted);
    },
    close() {
      for (const request of running) request.destroy(new SluiceError("aborted", "Cannot finish a request: the client was closed", { retryable: true }));
      plain.destroy();
      secure?.destroy();
      return Promise.resolve();
    },
  };
}

/**
 * Deno's `node:http` sends a request again by itself when a connection that was kept breaks before the
 * answer, though the first may have arrived. It goes by `reusedSocket`: a request that never says so
 * is sent once. Node and Bun leave that choice to the caller, and nothing here reads it.
 */
function once<A extends Http.Agent>(agent: A): A {
  const reuse = agent.reuseSocket.bind(agent);
  agent.reuseSocket = (socket, request) => {
    reuse(socket, request);
    request.reusedSocket = false;
  };
  return agent;
}

/** A URL as `node:http` wants it. Taking it apart for each request shows in a profile. */
type Target = Pick<Http.RequestOptions, "protocol" | "hostname" | "port" | "path" | "auth">;

/** Destinations come from the configuration: a handful. */
const TARGETS_MAX = 64;

function targetOf(targets: Map<string, Target>, url: string): Target {
  let target = targets.get(url);
  if (target === undefined) {
    const { protocol, hostname, port, path, auth } = urlToHttpOptions(new URL(url));
    target = { protocol, hostname, port, path, auth };
    if (targets.size >= TARGETS_MAX) targets.clear();
    targets.set(url, target);
  }
  return target;
}

function agentOptions(options: HttpClientOptions): Http.AgentOptions {
  return {
    // Node reads a limit of 0 idle connections as its own default.
    keepAlive: options.maxIdleConnections > 0,
    maxFreeSockets: options.maxIdleConnections,
    maxSockets: options.maxConnections === 0 ? Number.POSITIVE_INFINITY : options.maxConnections,
    ...(options.idleTimeoutMs === 0 ? {} : { timeout: options.idleTimeoutMs }),
  };
}

function begin(request: Http.ClientRequest, { slices, length, timeoutMs, responseMaxBytes, onReleased }: HttpRequest): Promise<HttpResult> {
  const fine = isFine(slices, length);
  const release = fine ? () => {} : releaseWhenOver(request, onReleased);
  const result = exchange(request, timeoutMs, responseMaxBytes, release);
  if (fine) {
    const whole = gather(slices, length);
    // The copy is sent: nothing looks at the slices from here on.
    onReleased();
    request.end(whole);
  } else {
    write(request, slices);
  }
  return result;
}

function isFine(slices: readonly Uint8Array[], length: number): boolean {
  return slices.length > 1 && length / slices.length < SLICE_BYTES_MIN;
}

/** One writev for head and body. */
function write(request: Http.ClientRequest, slices: readonly Uint8Array[]): void {
  request.cork();
  for (const slice of slices) request.write(slice);
  request.end();
  request.uncork();
}

/**
 * The release rule: neither `finish` nor the end of the exchange alone is enough. Returns what to call
 * when the request was given up before it had a socket, and so before a byte was written.
 */
function releaseWhenOver(request: Http.ClientRequest, onReleased: () => void): () => void {
  let finished = false;
  let over = false;
  let released = false;
  const check = () => {
    if (released || !over || !finished) return;
    released = true;
    onReleased();
  };
  const unwritten = () => {
    finished = true;
    over = true;
    check();
  };
  request.once("finish", () => {
    finished = true;
    check();
  });
  // Once a request: when its exchange is over and the connection was kept, or when the socket is closed.
  request.once("close", () => {
    over = true;
    const { socket } = request;
    if (socket === null || socket.closed) return unwritten();
    if (!finished) socket.once("close", unwritten);
    return check();
  });
  return unwritten;
}

/** The outcome, by the deadline at the latest; the deadline also ends an upload that goes on behind an early answer. */
function exchange(request: Http.ClientRequest, timeoutMs: number, responseMaxBytes: number, unwritten: () => void): Promise<HttpResult> {
  return new Promise((resolve) => {
    let connected = false;
    const fail = (reason: FailReason, message: string) => {
      resolve({ kind: "failed", reason, message });
      request.destroy();
      // It was still waiting for a connection, and will not be given one now.
      if (request.socket === null) unwritten();
    };
    const timer = setTimeout(() => fail("timeout", `no answer within ${timeoutMs} ms`), timeoutMs);
    request.once("socket", (socket) => {
      connected = !socket.connecting;
      // Not on a kept connection: it never connects again, and its listeners would pile up.
      if (!connected) socket.once(request.protocol === "https:" ? "secureConnect" : "connect", () => (connected = true));
    });
    request.on("error", (error) => fail(reasonOf(error, connected), messageOf(error)));
    request.once("close", () => {
      clearTimeout(timer);
      fail("reset", "the connection was closed before the answer");
    });
    request.once("response", (response) => {
      collect(response, responseMaxBytes, (body) => {
        if (body === "reset") fail(body, "the connection was closed in the answer");
        else if (body === "response_too_large") fail(body, `an answer of more than ${responseMaxBytes} bytes`);
        else resolve({ kind: "response", status: response.statusCode ?? 0, header: (name) => headerOf(response, name), body });
      });
    });
  });
}

function collect(response: Http.IncomingMessage, maxBytes: number, done: (body: Uint8Array | "reset" | "response_too_large") => void): void {
  const pieces: Uint8Array[] = [];
  let length = 0;
  response.on("data", (piece: Uint8Array) => {
    length += piece.length;
    if (length > maxBytes) done("response_too_large");
    else pieces.push(piece);
  });
  response.once("end", () => {
    if (length <= maxBytes) done(Buffer.concat(pieces, length));
  });
  response.once("error", () => done("reset"));
}

function headerOf(response: Http.IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === "object" ? value.join(", ") : value;
}

/** OpenSSL's and Node's own codes for a certificate or a handshake that failed. */
const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/;

function reasonOf(error: unknown, connected: boolean): FailReason {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (TLS_CODE.test(code)) return "tls";
  return connected ? "reset" : "connect";
}
