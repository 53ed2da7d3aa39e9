/**
 * A real gateway under load, killed with SIGKILL at random moments and started again on the same queue
 * file, in front of destinations that misbehave. In the end the destinations are well, and the two
 * ledgers must agree (books.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../bench/random.ts";
import { COMMANDS, type Listens, ROOT } from "../harness/command.ts";
import { Books, type Findings } from "./books.ts";
import { Senders } from "./sender.ts";
import { Sink } from "./sink.ts";

const START_MS = 60_000;
const DRAIN_MS = 60_000;
const LIFE_MS_MIN = 50;

export type Durability = "write_first" | "send_first";

export interface CampaignOptions {
  readonly runtime: Listens;
  readonly durability: Durability;
  readonly kills: number;
  /** Of everything that is left to chance. */
  readonly seed: number;
  /** The longest that a process lives after it is ready, ms. */
  readonly lifeMsMax: number;
  readonly senders: number;
  /** Of 100 requests at a destination. */
  readonly faults: number;
  readonly onKill?: (kills: number, senders: Senders) => void;
}

export interface CampaignReport extends Findings {
  readonly kills: number;
  readonly failedAttempts: number;
}

export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-campaign-"));
  const random = new Random(options.seed);
  const names = ["first", "second"];
  const books = new Books(names);
  const sinks = await Promise.all(names.map((name, index) => Sink.listen({ name, books, seed: options.seed + index, faults: options.faults })));
  const port = await freePort();
  const yaml = configuration(port, folder, options.durability, sinks);
  const senders = new Senders({ url: `http://127.0.0.1:${port}`, books, senders: options.senders });
  let gateway: Running | undefined;
  try {
    for (let kills = 0; kills < options.kills; kills++) {
      gateway = await start(options.runtime, yaml);
      await new Promise((resolve) => setTimeout(resolve, LIFE_MS_MIN + random.below(options.lifeMsMax)));
      const fromMs = performance.now();
      await gateway.kill();
      // What it had sent is read to the end before there is another one: each delivery is one process's.
      await Promise.all(sinks.map((sink) => sink.quiet()));
      books.killed(fromMs, performance.now());
      options.onKill?.(kills + 1, senders);
    }
    for (const sink of sinks) sink.well = true;
    gateway = await start(options.runtime, yaml);
    await senders.end();
    for (const end = performance.now() + DRAIN_MS; books.missing > 0 && performance.now() < end;) await new Promise((resolve) => setTimeout(resolve, 100));
    return { ...books.findings(), kills: options.kills, failedAttempts: senders.failed };
  } finally {
    await gateway?.kill();
    await Promise.all(sinks.map((sink) => sink.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function configuration(port: number, folder: string, durability: Durability, sinks: readonly Sink[]): string {
  const exporters = sinks.map(
    ({ url }, index) => `
  otlp_http/${index}:
    endpoint: ${url}
    timeout: 10s
    compression: none
    retry_on_failure: { initial_interval: 50ms, max_interval: 500ms, max_elapsed_time: 0 }
    sending_queue: { storage: file_storage, durability: ${durability}, queue_size: 100000 }`,
  );
  return `
extensions:
  file_storage: { directory: ${JSON.stringify(folder)}, fsync: true }
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:${exporters.join("")}
service:
  extensions: [file_storage]
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [${sinks.map((_, index) => `otlp_http/${index}`).join(", ")}] }
`;
}

interface Running {
  kill(): Promise<void>;
}

/** Resolves when it listens. */
async function start(runtime: Listens, yaml: string): Promise<Running> {
  const [command, ...args] = COMMANDS[runtime];
  const child = spawn(command, [...args, "run", "--config", `yaml:${yaml}`], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const kill = async (): Promise<void> => {
    if (child.exitCode === null) child.kill("SIGKILL");
    await closed;
  };
  try {
    await ready(child);
  } catch (error) {
    await kill();
    throw error;
  }
  return { kill };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const fail = () => reject(new Error(`The gateway did not start: ${log}`));
    const timer = setTimeout(fail, START_MS);
    child.once("close", fail);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (log === "ready") return;
      log += text;
      if (!log.includes("Sluice is ready")) return;
      log = "ready";
      clearTimeout(timer);
      resolve();
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
