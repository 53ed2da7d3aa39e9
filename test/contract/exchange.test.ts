/** The exchange's contract on both adapters: `node:http` over sockets, fetch over requests made here. */
import * as http from "node:http";
import type { Handler } from "../../src/base/host.ts";
import type { Pool } from "../../src/base/pool.ts";
import { answerFetch } from "../../src/runtimes/fetch/exchange.ts";
import { nodeServer } from "../../src/runtimes/node/server.ts";
import { SOCKETS } from "../harness/host.ts";
import { type After, describeExchange, type Door, type Reply, type Wanted } from "./exchange.ts";
import { until } from "./sinks.ts";

const logger = { log: () => {} };

if (SOCKETS) describeExchange("node:http", openNode, /^127\.0\.0\.1:\d+$/);
for (const unread of ["cancel", "drain"] as const) {
  describeExchange(`fetch, ${unread}`, (handler, pool) => Promise.resolve(openFetch(handler, pool, unread)), /^192\.0\.2\.1:5$/);
}

async function openNode(handler: Handler, pool: Pool): Promise<Door> {
  const options = { hostname: "127.0.0.1", port: 0, requestTimeoutMs: 0, headersTimeoutMs: 0, idleTimeoutMs: 0, key: "k" };
  const listener = await nodeServer(pool, logger).listen(options, handler);
  return { send: (wanted) => sendHttp(listener.port, wanted), close: () => listener.stop(0) };
}

function sendHttp(
  port: number,
  { method = "POST", url = "/v1/traces", headers = [], pieces = [], declared, after = "end" }: Wanted,
): Promise<Reply | undefined> {
  const length = lengthOf(pieces, declared);
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, method, path: url, agent: false });
    const values = Map.groupBy(headers, ([name]) => name.toLowerCase());
    for (const [name, all] of values) request.setHeader(name, all.length === 1 ? (all[0]?.[1] ?? "") : all.map(([, value]) => value));
    if (length !== undefined) request.setHeader("content-length", length);
    else if (method === "POST") request.setHeader("transfer-encoding", "chunked");
    request.on("error", (error) => (typeof after === "object" ? resolve(undefined) : reject(error)));
    request.on("response", (response) => {
      const got: Buffer[] = [];
      response.on("data", (piece: Buffer) => got.push(piece));
      response.on("end", () => {
        request.destroy();
        const header = (name: string) => response.headers[name]?.toString();
        resolve({ status: response.statusCode ?? 0, header, body: new Uint8Array(Buffer.concat(got)) });
      });
    });
    for (const piece of pieces) request.write(piece);
    if (after === "end") request.end();
    if (typeof after === "object") until(after.abortWhen, "the sender may go away").then(() => request.destroy(), reject);
  });
}

function openFetch(handler: Handler, pool: Pool, unread: "cancel" | "drain"): Door {
  return {
    async send(wanted) {
      const response = await answerFetch({ handler, pool, logger, unread }, requestOf(wanted), "192.0.2.1:5");
      if (typeof wanted.after === "object") return undefined;
      const body = new Uint8Array(await response.arrayBuffer());
      // Where the adapter leaves the length out, the server beneath knows it.
      const header = (name: string) => response.headers.get(name) ?? undefined;
      return { status: response.status, header, body };
    },
    close: () => Promise.resolve(),
  };
}

function requestOf({ method = "POST", url = "/v1/traces", headers = [], pieces, declared, after = "end" }: Wanted): Request {
  const length = lengthOf(pieces ?? [], declared);
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  if (length !== undefined) all.set("content-length", String(length));
  if (pieces === undefined) return new Request(`http://gateway.test${url}`, { method, headers: all });
  return new Request(`http://gateway.test${url}`, { method, headers: all, body: streamOf(pieces, after), duplex: "half" });
}

function streamOf(pieces: readonly Uint8Array[], after: After): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = pieces[next++];
      if (piece !== undefined) return controller.enqueue(piece);
      if (typeof after === "object") {
        await until(after.abortWhen, "the sender may go away");
        return controller.error(new Error("the sender went away"));
      }
      if (after === "end") return controller.close();
      // It never says another word.
      return new Promise(() => {});
    },
  });
}

function lengthOf(pieces: readonly Uint8Array[], declared: Wanted["declared"]): number | undefined {
  return declared === "right" ? pieces.reduce((sum, piece) => sum + piece.length, 0) : declared;
}
