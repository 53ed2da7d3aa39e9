/** A back end on loopback that keeps what arrives, by the number in the request's path. */
import { createServer } from "node:http";
import { createServer as createSocketServer, type Server as NetServer } from "node:net";

export interface Sink {
  readonly port: number;
  readonly arrived: Map<number, Uint8Array[]>;
  close(): Promise<void>;
}

export async function startSink(): Promise<Sink> {
  const arrived = new Map<number, Uint8Array[]>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const number = Number(request.url?.slice(1));
      arrived.set(number, [...(arrived.get(number) ?? []), Buffer.concat(parts)]);
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  const port = await listen(server);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, arrived, close };
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createSocketServer());
  const ports = await Promise.all(servers.map((server) => listen(server)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
