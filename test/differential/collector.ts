/**
 * A real Collector for the recorders: one process with a pipeline a case, each with a receiver of its
 * own and an exporter into a sink here. The binary's path is in SLUICE_COLLECTOR.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Time for the Collector to open all its ports, ms. */
const START_MS = 60_000;

export interface Pipeline {
  readonly signal: "traces" | "logs";
  /** Type of the processor under test. */
  readonly processor: string;
  readonly config: unknown;
}

/** Sends `body` through each pipeline in turn; gives what came out, undefined where nothing did. */
export async function throughCollector(
  pipelines: readonly Pipeline[],
  bodyOf: (pipeline: Pipeline) => Uint8Array<ArrayBuffer>,
): Promise<(Uint8Array | undefined)[]> {
  const binary = process.env["SLUICE_COLLECTOR"];
  if (binary === undefined) throw new Error("Cannot record: SLUICE_COLLECTOR does not name a Collector's binary");
  const arrived = new Map<string, Uint8Array>();
  const sink = await listenSink(arrived);
  const ports = await freePorts(pipelines.length);
  const folder = mkdtempSync(join(tmpdir(), "sluice-record-"));
  const path = join(folder, "collector.yaml");
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(configOf(pipelines, ports, portOf(sink))));
  const collector = spawn(binary, ["--config", path], { stdio: ["ignore", "ignore", "pipe"] });
  const log: string[] = [];
  collector.stderr.on("data", (data: Buffer) => log.push(data.toString()));
  try {
    const answers: (Uint8Array | undefined)[] = [];
    for (const [index, pipeline] of pipelines.entries()) {
      const url = `http://127.0.0.1:${ports[index]}/v1/${pipeline.signal}`;
      const response = await postWhenUp(url, bodyOf(pipeline), collector);
      if (response.status !== 200) throw new Error(`Cannot record case ${index}: ${response.status} ${await response.text()}`);
      answers.push(arrived.get(`/${index}`));
    }
    return answers;
  } catch (error) {
    throw new Error(`Cannot record: the Collector said\n${log.join("").slice(-4000)}`, { cause: error });
  } finally {
    collector.kill();
    sink.close();
    sink.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
}

function configOf(pipelines: readonly Pipeline[], ports: readonly number[], sinkPort: number): unknown {
  const each = <T>(name: string, make: (pipeline: Pipeline, index: number) => T) =>
    Object.fromEntries(pipelines.map((pipeline, index) => [`${name}/${index}`, make(pipeline, index)]));
  const named = pipelines.map(({ processor }, index) => `${processor}/${index}`);
  return {
    receivers: each("otlp", (_, index) => ({ protocols: { http: { endpoint: `127.0.0.1:${ports[index]}` } } })),
    processors: Object.fromEntries(pipelines.map(({ config }, index) => [named[index], config])),
    exporters: each("otlp_http", (_, index) => ({
      traces_endpoint: `http://127.0.0.1:${sinkPort}/${index}`,
      logs_endpoint: `http://127.0.0.1:${sinkPort}/${index}`,
      compression: "none",
      sending_queue: { enabled: false },
      retry_on_failure: { enabled: false },
    })),
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
      pipelines: Object.fromEntries(
        pipelines.map(({ signal }, index) => [
          `${signal}/${index}`,
          { receivers: [`otlp/${index}`], processors: [named[index]], exporters: [`otlp_http/${index}`] },
        ]),
      ),
    },
  };
}

async function postWhenUp(url: string, body: Uint8Array<ArrayBuffer>, collector: ChildProcess): Promise<Response> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      return await fetch(url, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body });
    } catch (error) {
      if (Date.now() > deadline || collector.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function listenSink(arrived: Map<string, Uint8Array>): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      arrived.set(request.url ?? "", new Uint8Array(Buffer.concat(parts)));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen: no port");
  return address.port;
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createSocketServer();
      return new Promise<typeof server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
