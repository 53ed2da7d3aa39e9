/**
 * Requests as strangers send them: whole ones by `node:http`, and bytes on a bare socket for those that
 * no client library would send.
 */
import * as http from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { judgeOf } from "../harness/judge.ts";

export type Encoding = "proto" | "json";

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = { proto: "application/x-protobuf", json: "application/json" };

/** The codings that every case about content is sent in. */
export const CODINGS = ["identity", "gzip"] as const;
export type SentCoding = (typeof CODINGS)[number];

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Sent {
  readonly method?: string;
  /** As it goes into the request line. */
  readonly path?: string;
  /** As a list of names and values, a name may occur twice. */
  readonly headers?: http.OutgoingHttpHeaders | readonly string[];
  readonly body?: Uint8Array | string;
  readonly agent?: http.Agent | false;
  readonly signal?: AbortSignal;
}

/** Sends a request and reads its answer whole. Rejects when there is none. */
export function send(port: number, { method = "POST", path = "/v1/traces", headers = {}, body = "", agent = false, signal }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, method, path, headers: framed(headers, body), agent, ...(signal === undefined ? {} : { signal }) },
      (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }));
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** With a length, which Node leaves out for some methods; a list of headers has none of its own. */
function framed(headers: http.OutgoingHttpHeaders | readonly string[], body: Uint8Array | string): http.OutgoingHttpHeaders | readonly string[] {
  const length = String(Buffer.byteLength(body));
  if (isList(headers)) return ["host", "localhost", "content-length", length, ...headers];
  return "transfer-encoding" in headers || body.length === 0 ? headers : { "content-length": length, ...headers };
}

/** `Array.isArray` narrows only lists that may be written to. */
function isList(headers: http.OutgoingHttpHeaders | readonly string[]): headers is readonly string[] {
  return Array.isArray(headers);
}

/** The headers of an export in this encoding and coding. */
export function headersOf(encoding: Encoding, coding: string = "identity"): Record<string, string> {
  return { "content-type": MEDIA_TYPES[encoding], ...(coding === "identity" ? {} : { "content-encoding": coding }) };
}

export function coded(coding: SentCoding, body: Uint8Array): Uint8Array {
  return coding === "gzip" ? gzipSync(body, { level: 1 }) : body;
}

export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

/** The google.rpc.Status of an answer, in the encoding that its own Content-Type names. Throws when it is none. */
export function statusOf(reply: Reply): RpcStatus {
  const type = reply.headers["content-type"];
  const read: unknown = type === MEDIA_TYPES.json ? JSON.parse(reply.body.toString("utf8")) : judgeOf("google.rpc.Status").toObject(reply.body);
  if (typeof read === "object" && read !== null && "code" in read && "message" in read && typeof read.code === "number" && typeof read.message === "string") {
    return { code: read.code, message: read.message };
  }
  throw new TypeError(`No google.rpc.Status: ${reply.body.toString("latin1")}`);
}

/** A bare connection: what arrived on it, and whether it is over. */
export class Raw {
  readonly socket: Socket;
  #received = "";
  #closed = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1").on("data", (text: string) => (this.#received += text));
    // A reset is an end like any other; `close` follows.
    this.socket.on("error", () => {});
    this.socket.on("close", () => (this.#closed = true));
  }

  write(bytes: Uint8Array | string): this {
    if (this.socket.writable) this.socket.write(bytes);
    return this;
  }

  get received(): string {
    return this.#received;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The status codes of the answers so far, in order. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
  }

  /** Waits until the other side closes or `done` holds. Throws what arrived when neither happens. */
  async until(done: () => boolean = () => false, timeoutMs = 20_000): Promise<this> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#closed && !done()) {
      if (Date.now() > deadline) throw new Error(`Still open after ${timeoutMs} ms; received: ${this.#received}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A request's head as text, with a Host. */
export function head(path: string, lines: readonly string[], method = "POST"): string {
  return [`${method} ${path} HTTP/1.1`, "Host: localhost", ...lines, "", ""].join("\r\n");
}
