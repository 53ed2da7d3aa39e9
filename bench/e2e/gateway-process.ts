/** A gateway that runs: started for a work on a free port, waited for, measured, stopped. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Placement } from "./gateways.ts";
import type { Work } from "./works.ts";

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
/** An empty request of any signal: valid, and no gateway passes it on as items. */
const EMPTY = new Uint8Array(0);

export class GatewayProcess {
  readonly port: number;
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, port: number, startMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.startMs = startMs;
  }

  /** Resolves at the first 200. */
  static async start(work: Work, sinkPort: number, command: (placement: Placement) => Command): Promise<GatewayProcess> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    const port = await freePort();
    const { file, args } = command({ work, folder, port, sinkPort });
    const from = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    const said = gather(child);
    try {
      await firstAnswer(child, port, work);
    } catch (error) {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`Cannot start ${file}: ${String(error)}\n${said()}`, { cause: error });
    }
    return new GatewayProcess(child, folder, port, performance.now() - from);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Asks it to end, then makes it. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Keeps the last of what it says, for when it fails; reading also keeps its pipes from filling. */
function gather(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      text = (text + chunk).slice(-4000);
    });
  }
  return () => text;
}

async function firstAnswer(child: ChildProcess, port: number, work: Work): Promise<void> {
  let failed: string | undefined;
  child.once("error", (error) => {
    failed = error.message;
  });
  child.once("exit", (code, signal) => {
    failed ??= `it ended with ${code ?? signal}`;
  });
  const until = performance.now() + START_MS_MAX;
  for (;;) {
    if (failed !== undefined) throw new Error(failed);
    if (performance.now() > until) throw new Error(`no 200 in ${START_MS_MAX / 1000} s`);
    const status = await post(port, work);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The status, or 0 while nothing listens. */
async function post(port: number, work: Work): Promise<number> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/${work.signal}`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", connection: "close" },
      body: EMPTY,
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    // Nothing listens yet: the caller tries again.
    return 0;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
