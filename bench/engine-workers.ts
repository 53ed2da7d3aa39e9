/**
 * The engine bench on workerd, driven from here: a Worker under `wrangler dev` does the rotations, and
 * what they cost is the CPU time of workerd's busiest thread, from /proc; an empty turn is taken off.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPATIBILITY_DATE } from "../scripts/workers/files.ts";
import { scheduledMs } from "./cpu-clock.ts";
import type { Site, Sizes, Who } from "./engine-measure.ts";
import type { Row } from "./engine-rows.ts";
import { freePort } from "./e2e/free-port.ts";
import { named, treeOf } from "./e2e/process-figures.ts";
import { versionOf } from "./machine.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const READY_MS = 60_000;
const EMPTY_TURNS = 7;
const ROTATIONS_MAX = 1_000_000;

/** Ready to do rows, on a port of its own. */
export interface WorkerSite extends Site {
  readonly runtime: string;
  readonly clock: string;
  stop(): Promise<void>;
}

/** Starts the Worker. Throws with wrangler's words when it does not come up. */
export async function startWorkerSite(): Promise<WorkerSite> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const port = await freePort();
  const wrangler = start(folder, port);
  try {
    await ready(wrangler, port);
  } catch (error) {
    await end(wrangler, folder);
    throw error;
  }
  const ask = (path: string) => askWorker(port, path);
  // One runs the Worker, another may stand before it.
  const workerd = named(treeOf(wrangler.pid ?? 0), "workerd");
  let rotation = 0;
  let emptyMs = 0;
  return {
    runtime: `workerd ${versionOf(new URL("../node_modules/workerd/package.json", import.meta.url))}`,
    clock: "CPU time of workerd's busiest thread, from outside",
    prepare: async (row: Row, sizes: Sizes) => {
      rotation = sizes.rotation;
      await ask(`/prepare?row=${row.id}&rotation=${sizes.rotation}&items=${sizes.items}`);
      const empty: number[] = [];
      for (let i = 0; i < EMPTY_TURNS; i++) empty.push(await cpuMsOf(workerd, () => ask("/turn?who=ours&rotations=0")));
      emptyMs = spreadOf(empty).median;
    },
    time: async (who, leastMs) => {
      let rotations = 1;
      for (;;) {
        const elapsedMs = (await cpuMsOf(workerd, turnOf(ask, who, rotations))) - emptyMs;
        if (rotations > ROTATIONS_MAX) throw new RangeError("Cannot time a turn: no thread of workerd was busy");
        if (elapsedMs >= leastMs) return (elapsedMs * 1e6) / (rotations * rotation);
        // As many as should do, and a little more; never more than tenfold on the word of a short turn.
        rotations = Math.ceil(rotations * Math.min(10, (1.1 * leastMs) / Math.max(elapsedMs, 0.1)));
      }
    },
    release: async () => {
      await ask("/release");
    },
    stop: () => end(wrangler, folder),
  };
}

function turnOf(ask: (path: string) => Promise<string>, who: Who, rotations: number): () => Promise<string> {
  return () => ask(`/turn?who=${who}&rotations=${rotations}`);
}

async function askWorker(port: number, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST" });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`Cannot go on: the Worker answered ${answer.status}: ${text}`);
  return text;
}

/** The thread that did most: the one that runs the Worker. */
async function cpuMsOf(pids: readonly number[], work: () => Promise<unknown>): Promise<number> {
  const before = threadsOf(pids);
  await work();
  return Math.max(...[...threadsOf(pids)].map(([thread, ms]) => ms - (before.get(thread) ?? 0)));
}

/** CPU time by thread. */
function threadsOf(pids: readonly number[]): Map<string, number> {
  const threads = new Map<string, number>();
  for (const file of pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`))) {
    try {
      threads.set(file, scheduledMs(file));
    } catch {
      // It ended between the two calls: not the one that runs the Worker.
    }
  }
  return threads;
}

/** Bundled once: `wrangler dev` would otherwise watch the sources, and restart when one changes. */
function start(folder: string, port: number): ChildProcess {
  const common = { name: "bench", compatibility_date: COMPATIBILITY_DATE, compatibility_flags: ["nodejs_compat"], send_metrics: false };
  const write = (name: string, config: object) => writeFileSync(join(folder, name), JSON.stringify({ ...common, ...config }));
  write("build.json", { main: join(ROOT, "bench", "workers", "engine-worker.ts") });
  write("dev.json", { main: "built/engine-worker.js", no_bundle: true, find_additional_modules: true, base_dir: "built" });
  const env = { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: folder, CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--config", "build.json", "--outdir", "built"], { cwd: folder, env, stdio: "pipe" });
  const options = ["--config", "dev.json", "--local", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  return spawn(process.execPath, [wrangler, "dev", ...options, "--show-interactive-dev-session=false"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
}

function ready(wrangler: ChildProcess, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`Cannot start the Worker: wrangler was not ready\n${said}`)), READY_MS);
    for (const stream of [wrangler.stdout, wrangler.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        said = (said + text).slice(-8000);
        if (!said.includes(`Ready on http://127.0.0.1:${port}`)) return;
        clearTimeout(timer);
        resolve();
      });
    }
    wrangler.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`Cannot start the Worker: wrangler ended with ${code ?? "a signal"}\n${said}`));
    });
  });
}

async function end(wrangler: ChildProcess, folder: string): Promise<void> {
  if (wrangler.exitCode === null && wrangler.signalCode === null) {
    const ended = new Promise((resolve) => wrangler.once("exit", resolve));
    wrangler.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
