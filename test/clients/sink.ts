/** A back end that keeps what arrives, decoded by the independent judge. Loopback, plain HTTP. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { gunzipSync } from "node:zlib";
import type { Signal } from "../../src/base/signal.ts";
import { judge, type Plain } from "../harness/judge.ts";

export interface Sink {
  readonly url: string;
  /** Requests of a signal since the last `forget`, as the judge's plain objects. */
  arrived(signal: Signal): readonly Plain[];
  forget(): void;
  stop(): Promise<void>;
}

const PATHS: ReadonlyMap<string | undefined, Signal> = new Map([
  ["/v1/traces", "traces"],
  ["/v1/metrics", "metrics"],
  ["/v1/logs", "logs"],
]);

export async function startSink(): Promise<Sink> {
  let requests: { readonly signal: Signal; readonly object: Plain }[] = [];
  const answer = async (request: IncomingMessage): Promise<number> => {
    const signal = PATHS.get(request.url);
    const body = await read(request);
    if (signal === undefined) return 404;
    requests.push({ signal, object: judge(signal).toObject(body) });
    return 200;
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (status) => response.writeHead(status, { "content-type": "application/x-protobuf" }).end(),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    arrived: (signal) => requests.filter((request) => request.signal === signal).map(({ object }) => object),
    forget: () => {
      requests = [];
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function read(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  return Uint8Array.from(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
}

/** Listens on a free port of loopback. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
