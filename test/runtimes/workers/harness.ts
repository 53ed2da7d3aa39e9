/** The Worker as an operator runs it on a desk: `npm run start:workers`, spawned. Needs Node. */
import { type ChildProcess, spawn } from "node:child_process";
import * as http from "node:http";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface Worker {
  readonly url: string;
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** By SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

function launch(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ["scripts/start-workers.ts", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (told.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, told, ended };
}

/** Starts it and waits until it is ready. */
export async function startWorker(yaml: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<Worker> {
  const { child, told, ended } = launch(["--config", `yaml:${yaml}`, ...args], env);
  let over = false;
  void ended.then(() => (over = true));
  while (!/Sluice is ready .*runtime=workers/.test(told.stderr)) {
    if (over) throw new Error(`The Worker did not start: ${told.stderr}${told.stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const url = /Listening .*address=(\S+)/.exec(told.stderr)?.[1] ?? "";
  return {
    url,
    child,
    stdout: () => told.stdout,
    stderr: () => told.stderr,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** Runs it to its end, for configurations that do not start. */
export async function runToEnd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { told, ended } = launch(args, env);
  const code = await ended;
  return { code, stderr: told.stderr };
}

/** A configuration: one otlp receiver on a free port, one `otlp_http` exporter to `sink`, traces. */
export function yamlTo(sink: string, parts: { readonly exporter?: string; readonly resource?: string; readonly http?: string } = {}): string {
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"${parts.http ?? ""}}}}}
processors: {resource: {attributes: [{key: door, value: "${parts.resource ?? "workers"}", action: upsert}]}}
exporters: {otlp_http: {endpoint: "${sink}"${parts.exporter ?? ""}}}
service: {pipelines: {traces: {receivers: [otlp], processors: [resource], exporters: [otlp_http]}}}
`;
}

/** A POST that sends only `sent` bytes of a body declared to have `declared`, and then hangs until it is destroyed. */
export function halfPost(url: string, declared: number, sent: Uint8Array): http.ClientRequest {
  const request = http.request(url, { method: "POST", headers: { "content-type": "application/x-protobuf", "content-length": declared }, agent: false });
  request.on("error", () => {});
  request.write(sent);
  return request;
}

/** Waits until `done` says so. The test's own time-out is the limit. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
}
