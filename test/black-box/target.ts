/**
 * The real server of one runtime, spawned as an operator starts it: TEST_TARGET says which, Node
 * without it. Needs Node and, to find the listener and its memory, Linux's /proc.
 *
 * Invariant: what was started is ended by its process id, and nothing else is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { type Runtime, runtimeOf } from "../../scripts/test/rules.ts";
import { listenerOf, residentBytes, treeOf } from "./processes.ts";

export const TARGET: Runtime = runtimeOf(process.env["TEST_TARGET"] ?? "node");

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 90_000;
const STOP_MS = 15_000;

/** As the npm scripts `start` and `start:*` have it; what follows is `--config`. */
const COMMANDS: Readonly<Record<Runtime, readonly [command: string, ...args: string[]]>> = {
  node: ["node", "--max-semi-space-size=4", "--min-semi-space-size=4", "src/cli/main.ts", "start"],
  bun: ["bun", "src/cli/main.ts", "start"],
  deno: ["deno", "run", "-A", "src/cli/main.ts", "start"],
  workers: ["node", "scripts/start-workers.ts"],
};

export interface Target {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** The process that listens: on Workers that is workerd. */
  readonly pid: number;
  /** What it wrote to standard error so far. */
  readonly log: () => string;
  /** Whether the process that was spawned still runs, and the one that listened still does. */
  readonly alive: () => boolean;
  /** Resident memory of everything that was spawned and serves requests. */
  readonly memoryBytes: () => number;
  /** By SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

/** Starts the server on what `yaml` says, whose receiver asks for port 0, and waits until it answers connections. */
export async function startTarget(yaml: string, args: readonly string[] = []): Promise<Target> {
  const [command, ...before] = COMMANDS[TARGET];
  const child = spawn(command, [...before, "--config", `yaml:${yaml}`, ...args], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  try {
    const url = await readyUrl(child, () => log);
    const port = Number(new URL(url).port);
    const pid = listenerOf(port);
    const serving = () => (TARGET === "workers" ? treeOf(child.pid ?? 0).filter(isWorkerd) : [pid]);
    return {
      url,
      port,
      pid,
      log: () => log,
      alive: () => child.exitCode === null && child.signalCode === null && residentBytes(pid) > 0,
      memoryBytes: () => serving().reduce((sum, one) => sum + residentBytes(one), 0),
      stop: () => stop(child, ended),
    };
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
}

async function readyUrl(child: ChildProcess, log: () => string): Promise<string> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const url = /Listening .*address=(\S+)/.exec(log())?.[1];
    if (url !== undefined && (await answers(Number(new URL(url).port)))) return url;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The server did not start: ${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  if (child.exitCode === null) child.kill("SIGTERM");
  const code = await ended;
  clearTimeout(timer);
  return code;
}

function isWorkerd(pid: number): boolean {
  return residentBytes(pid, /workerd/) > 0;
}
