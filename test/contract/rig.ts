/**
 * A whole gateway for tests: real sockets, poisoned buffers, whatever components a test names. On
 * workerd `rig-workers.ts` stands in its place (vitest.workers.config.ts).
 */
import * as http from "node:http";
import { entryHere } from "../../src/runtimes/here.ts";
import type { RunningGateway } from "../../src/runtimes/node/gateway.ts";
import { planOf, type RigOptions } from "./rig-plan.ts";

export { exporterTo, type RigOptions } from "./rig-plan.ts";

export interface Rig extends RunningGateway {
  readonly url: string;
  readonly log: string[];
}

/** One receiver on a free port, one pipeline a signal unless the test brings its own. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const log: string[] = [];
  const running = await (
    await entryHere()
  ).runGateway(planOf(options, "127.0.0.1:0"), {
    log: "text",
    level: "warn",
    poison: true,
    memoryBytes: options.memoryBytes ?? 256 << 20,
    writeLog: (line) => log.push(line),
  });
  return { ...running, url: running.addresses[0]?.address ?? "", log };
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over a connection of its own, unless `agent` is given. */
export function request(url: string, body: Uint8Array | string, headers: http.OutgoingHttpHeaders = {}, options: http.RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method: "POST", headers: { "content-type": "application/x-protobuf", ...headers }, ...options }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
