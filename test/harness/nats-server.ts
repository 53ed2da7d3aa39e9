/** A real nats-server with JetStream, on a port of its own and a store in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian puts it beside the system's own programs, where a user's PATH does not look. */
const PROGRAMS = ["nats-server", "/usr/sbin/nats-server"];
const LISTENING = /Listening for client connections on 127\.0\.0\.1:(\d+)/;

/** Undefined: this machine has none. */
export const NATS_SERVER: string | undefined = PROGRAMS.find((program) => spawnSync(program, ["--version"]).status === 0);

export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-nats-"));
  readonly #settings: string;
  #port = -1;
  #process: ChildProcess | undefined;

  /** `settings` are lines of its configuration. */
  constructor(settings = "") {
    this.#settings = settings;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** The second time on the same port, with what the store has. */
  async start(): Promise<void> {
    const config = join(this.#folder, "nats.conf");
    writeFileSync(config, `listen: "127.0.0.1:${this.#port}"\njetstream { store_dir: "${this.#folder}" }\n${this.#settings}\n`);
    const child = spawn(NATS_SERVER ?? "nats-server", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    this.#port = await new Promise<number>((resolve, reject) => {
      let log = "";
      child.stderr.on("data", (text: Buffer) => {
        log += text.toString();
        const port = LISTENING.exec(log)?.[1];
        if (port !== undefined && log.includes("Server is ready")) resolve(Number(port));
      });
      child.on("exit", () => reject(new Error(`nats-server did not start: ${log}`)));
    });
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
