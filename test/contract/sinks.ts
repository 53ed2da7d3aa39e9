/** Back ends for tests, on loopback: honest ones, and those with the faults that buffers must survive. */
import * as http from "node:http";
import type { Server, Socket } from "node:net";

export interface Sink {
  readonly url: string;
  /** Bodies that arrived whole, in order. */
  readonly bodies: Buffer[];
  readonly requests: http.IncomingMessage[];
  /** Connections that were opened. */
  connections: number;
  close(): Promise<void>;
}

export type Answering = (request: http.IncomingMessage, response: http.ServerResponse, body: Buffer) => void;

/** A server whose every request is given to `serve` at its head. */
export async function startServer(serve: http.RequestListener): Promise<Pick<Sink, "url" | "close"> & { readonly server: http.Server }> {
  const server = http.createServer(serve);
  server.keepAliveTimeout = 60_000;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    url: `http://127.0.0.1:${portOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The port of a listening server. */
/** One that nobody has at the moment: for whom must be told a port. */
export async function freePort(): Promise<number> {
  const { server, close } = await startServer((_request, response) => void response.end());
  const port = portOf(server);
  await close();
  return port;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port");
  return address.port;
}

/** Reads each body whole, remembers it, and answers by `answering`; 200 without a body otherwise. */
export async function startSink(answering: Answering = (_request, response) => void response.end()): Promise<Sink> {
  const bodies: Buffer[] = [];
  const requests: http.IncomingMessage[] = [];
  const started = await startServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces);
      bodies.push(body);
      requests.push(request);
      answering(request, response, body);
    });
  });
  const sink: Sink = { url: started.url, bodies, requests, connections: 0, close: started.close };
  started.server.on("connection", () => sink.connections++);
  return sink;
}

/** Answers 200 from the headers alone, and then reads the body slowly; what it reads is handed to `see`. */
export async function startEarlySink(see: (url: string, piece: Buffer) => void, bytesEach10Ms = 512 * 1024): Promise<Pick<Sink, "url" | "close">> {
  return startServer((request, response) => {
    request.on("error", () => {});
    response.writeHead(200, { "content-length": 0 });
    response.flushHeaders();
    const timer = setInterval(() => {
      for (let read = 0; read < bytesEach10Ms;) {
        // In paused mode `read` gives what has arrived (nodejs.org/api/stream.html).
        const piece: Buffer | null = request.read();
        if (piece === null) break;
        read += piece.length;
        see(request.url ?? "", piece);
      }
    }, 10);
    request.once("end", () => {
      clearInterval(timer);
      response.end();
    });
    request.once("close", () => clearInterval(timer));
  });
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `holds`, or fails after `timeoutMs`. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await delay(5);
  }
}
