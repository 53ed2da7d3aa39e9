/** One process of a Collector, in UTC, until its ports are open or it has ended. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Time to open all ports, ms. */
const START_MS = 60_000;
/** Between two looks at the ports, ms. */
const POLL_MS = 50;
/** OTTL's lambdas are behind a gate in this version; Sluice has them always. */
const GATES = "--feature-gates=ottl.functions.enableLambda";

export interface Running {
  readonly kind: "running";
  /** What it said up to now. */
  log(): string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

export interface Ended {
  readonly kind: "ended";
  readonly log: string;
}

export async function startCollector(binary: string, yaml: string, ports: readonly number[]): Promise<Running | Ended> {
  const folder = mkdtempSync(join(tmpdir(), "differential-"));
  const path = join(folder, "collector.yaml");
  writeFileSync(path, yaml);
  const child = spawn(binary, ["--config", path, GATES], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, TZ: "UTC" } });
  const log: string[] = [];
  child.stderr.on("data", (data: Buffer) => log.push(data.toString()));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const isUp = await Promise.race([ended.then(() => false), allOpen(ports, () => child.exitCode !== null)]);
  if (!isUp) {
    child.kill();
    await ended;
  }
  rmSync(folder, { recursive: true });
  if (!isUp) return { kind: "ended", log: log.join("") };
  return {
    kind: "running",
    log: () => log.join(""),
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

async function allOpen(ports: readonly number[], hasEnded: () => boolean): Promise<boolean> {
  const end = Date.now() + START_MS;
  for (const port of ports) {
    while (!(await isOpen(port))) {
      if (hasEnded() || Date.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return true;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
