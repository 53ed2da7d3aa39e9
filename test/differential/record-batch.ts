/**
 * Records what a real Collector's batch processor makes of test/differential/batch-cases.ts:
 *
 *   SLUICE_COLLECTOR=path/to/otelcol node test/differential/record-batch.ts
 *
 * One process, a pipeline a case. Requests go in one by one; SIGTERM passes on what still waits.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BATCH_CASES, batchBodies, type BatchCase, type BatchRecord, itemNumbers } from "./batch-cases.ts";

const START_MS = 60_000;
/** The batches of a case whose timeout is 0 arrive after the answer. */
const SETTLE_MS = 1000;

const binary = process.env["SLUICE_COLLECTOR"];
if (binary === undefined) throw new Error("Cannot record: SLUICE_COLLECTOR does not name a Collector's binary");

const arrived = new Map<number, number[][]>();
const sink = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const index = Number(request.url?.slice(1));
    const signal = BATCH_CASES[index]?.signal ?? "traces";
    arrived.set(index, [...(arrived.get(index) ?? []), itemNumbers(signal, new Uint8Array(Buffer.concat(parts)))]);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
});
const sinkPort = await listen(sink);
const ports = await Promise.all(BATCH_CASES.map(() => freePort()));
const folder = mkdtempSync(join(tmpdir(), "sluice-record-"));
const path = join(folder, "collector.yaml");
// JSON is YAML.
writeFileSync(path, JSON.stringify(configOf()));
const collector = spawn(binary, ["--config", path], { stdio: ["ignore", "ignore", "pipe"] });
const log: string[] = [];
collector.stderr.on("data", (data: Buffer) => log.push(data.toString()));
const ended = new Promise((resolve) => collector.on("exit", resolve));
const taken: boolean[][] = [];
const refusals = new Set<string>();
try {
  for (const [index, one] of BATCH_CASES.entries()) taken.push(await sendAll(one, ports[index] ?? 0, collector));
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
} catch (error) {
  throw new Error(`Cannot record: the Collector said\n${log.join("").slice(-4000)}`, { cause: error });
} finally {
  collector.kill();
  await ended;
  sink.close();
  sink.closeAllConnections();
  rmSync(folder, { recursive: true });
}

const cases = BATCH_CASES.map(({ name, signal }, index) => {
  const batches = (arrived.get(index) ?? []).toSorted(([a = 0], [b = 0]) => a - b);
  const record: BatchRecord = { taken: taken[index] ?? [], batches };
  return { name, signal, ...record };
});
const target = new URL("../fixtures/batch/collector-0.159.json", import.meta.url);
writeFileSync(target, `{"collector":"0.159.0","cases":[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]}\n`);
console.log(`${cases.length} cases, ${cases.reduce((sum, { batches }) => sum + batches.length, 0)} batches; refused with: ${[...refusals].join("; ")}`);

function configOf(): unknown {
  const each = <T>(type: string, make: (one: BatchCase, index: number) => T) =>
    Object.fromEntries(BATCH_CASES.map((one, index) => [`${type}/${index}`, make(one, index)]));
  return {
    receivers: each("otlp", (_, index) => ({ protocols: { http: { endpoint: `127.0.0.1:${ports[index]}`, include_metadata: true } } })),
    processors: each("batch", ({ config }) => config),
    exporters: each("otlp_http", (_, index) => ({
      ...Object.fromEntries(["traces", "metrics", "logs"].map((signal) => [`${signal}_endpoint`, `http://127.0.0.1:${sinkPort}/${index}`])),
      compression: "none",
      sending_queue: { enabled: false },
      retry_on_failure: { enabled: false },
    })),
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
      pipelines: Object.fromEntries(
        BATCH_CASES.map(({ signal }, index) => [
          `${signal}/${index}`,
          { receivers: [`otlp/${index}`], processors: [`batch/${index}`], exporters: [`otlp_http/${index}`] },
        ]),
      ),
    },
  };
}

async function sendAll(one: BatchCase, port: number, process: ChildProcess): Promise<boolean[]> {
  const results: boolean[] = [];
  for (const [index, body] of batchBodies(one).entries()) {
    const response = await post(`http://127.0.0.1:${port}/v1/${one.signal}`, body, one.requests[index]?.headers ?? {}, process);
    results.push(response.ok);
    if (!response.ok) refusals.add(`${response.status} ${(await response.text()).replaceAll(/[^ -~]/g, "")}`);
  }
  return results;
}

async function post(url: string, body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>, process: ChildProcess): Promise<Response> {
  for (const deadline = Date.now() + START_MS; ;) {
    try {
      return await fetch(url, { method: "POST", headers: { "content-type": "application/x-protobuf", ...headers }, body });
    } catch (error) {
      if (Date.now() > deadline || process.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // it listens on TCP
  });
}
