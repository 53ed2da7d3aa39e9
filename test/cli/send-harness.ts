/** A destination that answers as a test wants, and `sluice send` on any runtime. Needs Node. */
import { spawn } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import type { SentSignal } from "../../src/cli/send/content.ts";
import { listen } from "../clients/sink.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { COMMANDS, type Listens, MAIN, ROOT } from "../harness/command.ts";
import type { Ended } from "./harness.ts";

export interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Answers the n-th request (from 0); 200 where it says nothing. */
export type Answering = (index: number, arrived: Arrived) => Reply | undefined;

const ACCEPTED: Reply = { status: 200, headers: { "content-type": "application/x-protobuf" } };

/** Keeps what arrives. */
export async function destination(reply: Answering = () => undefined) {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body: inflated(request.headers["content-encoding"], Buffer.concat(pieces)) };
      arrived.push(one);
      const { status, headers, body } = reply(arrived.length - 1, one) ?? ACCEPTED;
      response.writeHead(status, headers).end(body);
    });
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, arrived, stop };
}

export type Destination = Awaited<ReturnType<typeof destination>>;

/** A destination for one test. */
export async function withDestination(reply: Answering | undefined, use: (to: Destination) => Promise<void>): Promise<void> {
  const to = await destination(reply);
  try {
    await use(to);
  } finally {
    await to.stop();
  }
}

export function bodiesOf({ arrived }: Destination): Uint8Array[] {
  return arrived.map(({ body }) => body);
}

function inflated(coding: string | undefined, body: Buffer): Uint8Array {
  if (coding === "gzip") return Uint8Array.from(gunzipSync(body));
  if (coding === "deflate") return Uint8Array.from(inflateSync(body));
  return Uint8Array.from(coding === "zstd" ? zstdDecompressSync(body) : body);
}

/** All items of the requests, with the resource attributes of their group as `resource`. */
export function itemsOf(signal: SentSignal, bodies: readonly Uint8Array[]): Plain[] {
  return bodies.flatMap((body) => itemsOfObject(signal, judge(signal).toObject(body)));
}

/** The same of a request that is decoded already: by the judge, or from JSON. */
export function itemsOfObject(signal: SentSignal, request: Plain): Plain[] {
  const [groups, scopes, items] = NAMES[signal];
  return list(request[groups]).flatMap((group) => {
    const resource = attributesOf((group["resource"] as Plain | undefined) ?? {});
    const found = list(group[scopes]).flatMap((scope) => list(scope[items]));
    const leaves = signal === "metrics" ? found.flatMap(pointsOf) : found;
    return leaves.map((leaf) => ({ ...leaf, resource }));
  });
}

const NAMES = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

const SHAPES = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;

function pointsOf(metric: Plain): Plain[] {
  return SHAPES.flatMap((shape) => {
    const data = metric[shape] as Plain | undefined;
    return list(data?.["dataPoints"]).map((point) => ({ ...point, shape, name: metric["name"], temporality: data?.["aggregationTemporality"] }));
  });
}

function list(value: unknown): Plain[] {
  return (value ?? []) as Plain[];
}

/** Attributes by key, each value as its one member's value. Throws when a key comes twice. */
export function attributesOf(of: Plain): Readonly<Record<string, unknown>> {
  const pairs = list(of["attributes"]).map(({ key, value }) => [String(key), Object.values(value as Plain)[0]] as const);
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new TypeError(`A key comes twice: ${pairs.join("; ")}`);
  return Object.fromEntries(pairs);
}

/** Runs `sluice send ...` on a runtime, by default on the one that runs this; `began` is given the process. Variables of OpenTelemetry's SDKs are not inherited. */
export function send(
  args: readonly string[],
  { runtime, env = {}, began = () => {} }: { runtime?: Listens; env?: Record<string, string>; began?: (kill: () => void) => void } = {},
): Promise<Ended> {
  const [command, ...before] = runtime === undefined ? [process.execPath, MAIN] : COMMANDS[runtime];
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/COLOR|^OTEL_/.test(name)));
  const child = spawn(command, [...before, "send", ...args], {
    cwd: ROOT,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // Not by the child's own `kill`: on Deno that loses the exit code.
  began(() => void (child.pid !== undefined && process.kill(child.pid, "SIGINT")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** What `--json` prints. */
export interface Summary {
  readonly url: string;
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly failed: number;
  readonly requests: number;
  readonly retried: number;
  readonly bytes: number;
  readonly seed: number;
  readonly durationMs: number;
  readonly interrupted: boolean;
  readonly error: string | null;
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null };
  readonly messages: readonly { readonly message: string; readonly count: number }[];
}

export function summaryOf({ stdout, stderr }: Ended): Summary {
  if (stdout === "") throw new TypeError(`No summary: ${stderr}`);
  return JSON.parse(stdout) as Summary;
}
