/**
 * `wrangler dev` for one bundle, on loopback unless the configuration says otherwise. Its output before
 * it is ready is kept for the case that it never is, without the list of bindings: they may be secrets.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { SluiceError } from "../../src/base/errors.ts";
import type { ListenOptions } from "../../src/base/host.ts";
import { listenError } from "../../src/runtimes/node/listen-error.ts";
import { buildWorker, type WorkerFiles } from "./files.ts";

/** A cold start takes two seconds; a machine under load takes more. */
const READY_MS = 60_000;
const STOP_MS = 5000;
const KEPT_LINES = 100;

export interface RunningWorker {
  readonly port: number;
  /** Resolves when wrangler ended by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** The port that `address` names, or a free one for 0. Rejects with `listen` when it cannot be had. */
export function freePort(address: ListenOptions): Promise<number> {
  const host = hostOf(address);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => reject(listenError(error, address)));
    server.listen({ port: address.port, host }, () => {
      const bound = server.address();
      // Only pipes have a string for an address.
      const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
      server.close(() => resolve(port));
    });
  });
}

/** As the other runtimes read an endpoint: no host is every interface. */
export function hostOf({ hostname }: ListenOptions): string {
  if (hostname === "localhost") return "127.0.0.1";
  return hostname === "" ? "0.0.0.0" : hostname;
}

/** Starts the Worker and waits until it takes requests. `write` gets the lines that the Worker prints. */
export async function startWorker(files: WorkerFiles, host: string, port: number, write: (text: string) => void): Promise<RunningWorker> {
  const { directory, command, env, clear } = await buildWorker(files);
  const options = ["--ip", host, "--port", String(port), "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const child = spawn(process.execPath, [...command, ...options], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches us alone, and we end it.
    detached: true,
    env,
  });
  // Whatever ends us, a broken pipe for one: nothing of it stays behind.
  const leave = () => {
    killGroup(child);
    clear();
  };
  process.once("exit", leave);
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      process.removeListener("exit", leave);
      clear();
      resolve();
    });
  });
  try {
    await ready(child, write);
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
  return { port, ended, stop: () => stop(child, ended) };
}

function ready(child: ChildProcess, write: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const kept: string[] = [];
    let isReady = false;
    const fail = (state: string) => {
      clearTimeout(timer);
      reject(new SluiceError("listen", `Cannot start the Worker: ${state}`, { cure: kept.join("\n") || "Run it again" }));
    };
    const timer = setTimeout(() => fail(`wrangler was not ready within ${READY_MS} ms`), READY_MS);
    const take = (line: string) => {
      if (isReady) {
        if (!line.startsWith("[wrangler:info]")) write(`${line}\n`);
      } else if (line.includes("Ready on http")) {
        isReady = true;
        clearTimeout(timer);
        resolve();
      } else if (line.trim() !== "" && !/^\s*env\./.test(line) && kept.length < KEPT_LINES) {
        kept.push(line);
      }
    };
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) byLine(stream, take);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`wrangler ended with ${code ?? "a signal"}`));
  });
}

function byLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}

/** SIGTERM, and after a while the whole group is killed. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return ended;
  child.kill("SIGTERM");
  const kill = setTimeout(() => killGroup(child), STOP_MS);
  await ended;
  return clearTimeout(kill);
}

/** wrangler, its bundler and workerd, at once. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended just now.
  }
}
