/** A gateway in a process of its own, started as a user does, with what it tells of itself and what Linux tells of it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { type ReadFamily, readExposition } from "../../admin/exposition.ts";
import { send } from "../../black-box/client.ts";
import { COMMANDS, type Listens, ROOT } from "../../harness/command.ts";

const START_MS = 60_000;
const STOP_MS = 30_000;
const LOG_CHARACTERS_MAX = 1 << 16;
/** More than the configuration needs, less than would hide that it is not given back. */
const MEMORY = "64MiB";
/** Lines that tell of a defect, whatever is sent. */
const DEFECTS = /Cannot take a request|Cannot use the storage|took too long|Unhandled|TypeError|RangeError/;

const ENVIRONMENT = { ...process.env, NO_COLOR: "1" };

export class Gateway {
  /** Where it takes OTLP. */
  port = 0;
  #adminPort = 0;
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  /** Lines that should not be. */
  readonly defects: string[] = [];
  #log = "";
  #over = false;

  private constructor(runtime: Listens, yaml: string) {
    const [command, ...args] = COMMANDS[runtime];
    this.#child = spawn(command, [...args, "run", "--memory", MEMORY, "--config", `yaml:${yaml}`], {
      cwd: ROOT,
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#tells(text));
    this.#closed = new Promise((resolve) => this.#child.once("close", resolve));
    void this.#closed.then(() => (this.#over = true));
  }

  /** One that listens. */
  static async start(runtime: Listens, yaml: string): Promise<Gateway> {
    const gateway = new Gateway(runtime, yaml);
    for (const endMs = performance.now() + START_MS; !gateway.#log.includes("Sluice is ready");) {
      if (gateway.#over || performance.now() > endMs) {
        await gateway.kill();
        throw new Error(`The gateway did not start: ${gateway.#log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    gateway.port = gateway.#portOf(/Listening component=otlp\S* address=http:\/\/127\.0\.0\.1:(\d+)/);
    gateway.#adminPort = gateway.#portOf(/Listening component=\S*readers\S* address=http:\/\/127\.0\.0\.1:(\d+)/);
    return gateway;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** The end of what it told. */
  get log(): string {
    return this.#log;
  }

  async metrics(): Promise<readonly ReadFamily[]> {
    const { body } = await send(this.#adminPort, { method: "GET", path: "/metrics" });
    return readExposition(body.toString("utf8"), false);
  }

  /** The exit code after SIGTERM; undefined: it did not end, and was killed. */
  async stop(): Promise<number | null | undefined> {
    if (!this.#over) this.#child.kill("SIGTERM");
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, STOP_MS, undefined).unref());
    const code = await Promise.race([this.#closed, late]);
    if (code === undefined) await this.kill();
    return code;
  }

  async kill(): Promise<void> {
    if (!this.#over) this.#child.kill("SIGKILL");
    await this.#closed;
  }

  #tells(text: string): void {
    this.#log = `${this.#log}${text}`.slice(-LOG_CHARACTERS_MAX);
    for (const line of text.split("\n")) if (DEFECTS.test(line)) this.defects.push(line);
  }

  #portOf(where: RegExp): number {
    const port = where.exec(this.#log)?.[1];
    if (port === undefined) throw new Error(`The gateway does not say where it listens: ${this.#log}`);
    return Number(port);
  }
}

/** What the command prints with this configuration; the gateway on its storage has to be stopped. */
export async function commandOutput(runtime: Listens, args: readonly string[], yaml: string): Promise<string> {
  const [command, ...first] = COMMANDS[runtime];
  const options = { cwd: ROOT, env: ENVIRONMENT, maxBuffer: 1 << 30 };
  const { stdout } = await promisify(execFile)(command, [...first, ...args, "--config", `yaml:${yaml}`], options);
  return stdout;
}

/** Open files, sockets and pipes of a process; 0: it is gone. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // Ended since.
    return 0;
  }
}

/** Threads of a process; 0: it is gone. */
export function threadsOf(pid: number): number {
  try {
    return Number(/^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    // Ended since.
    return 0;
  }
}
