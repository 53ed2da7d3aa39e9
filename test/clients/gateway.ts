/** Sluice as a user starts it, by its command, between a client and a sink. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAIN } from "../harness/command.ts";
import { listen } from "./sink.ts";

export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** What the gateway puts on every resource: proof that telemetry came through it. */
export const STAMP = { key: "sluice.test", value: "came through" } as const;

const START_MS_MAX = 20_000;

export async function startGateway(sinkUrl: string): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-clients-"));
  const port = await freePort();
  const file = join(folder, "config.yaml");
  writeFileSync(file, configOf(port, sinkUrl));
  const child = spawn(process.execPath, [MAIN, "run", "--config", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_MS_MAX;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`Cannot start the gateway:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configOf(port: number, sinkUrl: string): string {
  const pipeline = "{receivers: [otlp], processors: [resource], exporters: [otlp_http]}";
  return `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${port}
processors:
  resource:
    attributes:
      - {key: ${STAMP.key}, value: ${STAMP.value}, action: upsert}
exporters:
  otlp_http:
    endpoint: ${sinkUrl}
    compression: none
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service:
  pipelines:
    traces: ${pipeline}
    metrics: ${pipeline}
    logs: ${pipeline}
`;
}

/** An empty request is valid and goes no further. */
async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body: new Uint8Array(0),
    });
    return answer.status === 200;
  } catch {
    // Nothing listens yet: asked again.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
