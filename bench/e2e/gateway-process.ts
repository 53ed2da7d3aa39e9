/** A gateway that runs: started for a row on a free port, waited for, measured, stopped. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Command, Placement } from "./gateway.ts";
import { treeOf } from "./process-figures.ts";
import type { Row } from "./works.ts";

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
/** An empty request of any signal: valid, and no gateway passes it on as items. */
const EMPTY = new Uint8Array(0);

/** One gateway and what is below it; only what was started here is ever ended. */
export class GatewayProcess {
  readonly port: number;
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, startMs: number) {
    this.#child = child;
    this.port = port;
    this.startMs = startMs;
  }

  /** Resolves at the first answer with 200; throws with what the gateway said when there is none. */
  static async start(row: Row, sinkPort: number, command: (placement: Placement) => Command): Promise<GatewayProcess> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    const port = await freePort();
    const { file, args } = command({ row, folder, port, sinkPort });
    const from = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    alive.add(child);
    const said = gather(child);
    const forget = (): void => {
      alive.delete(child);
      rmSync(folder, { recursive: true, force: true });
    };
    child.once("exit", forget);
    try {
      await firstAnswer(child, port, row);
    } catch (error) {
      await end(child);
      forget();
      throw new Error(`Cannot start ${file}: ${String(error)}\n${said()}`, { cause: error });
    }
    return new GatewayProcess(child, port, performance.now() - from);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Asks it to end, then makes it and all below it. */
  stop(): Promise<void> {
    return end(this.#child);
  }
}

/** Those that were started and have not ended. */
const alive = new Set<ChildProcess>();

/** Ends every gateway that still runs. */
export async function stopAllGateways(): Promise<void> {
  await Promise.all([...alive].map(end));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const { pid } = child;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => {
    for (const one of treeOf(pid).toReversed()) kill(one);
  }, STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
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

async function firstAnswer(child: ChildProcess, port: number, row: Row): Promise<void> {
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
    const status = await post(port, row);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The status, or 0 while nothing listens. */
async function post(port: number, row: Row): Promise<number> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/${row.signal}`, {
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
