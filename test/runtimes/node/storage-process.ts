/** A process of this runtime that opens a storage, as `storage`, and runs a script with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import type { OpenStorageOptions } from "../../../src/base/host.ts";

const MODULE = new URL("../../../src/runtimes/node/storage/storage.ts", import.meta.url).href;
/** On Linux and macOS, whoever has nothing. */
const NOBODY = 65_534;

export class StorageProcess {
  output = "";
  /** The exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(options: OpenStorageOptions, script: string, { unprivileged = false } = {}) {
    const source = `import { openStorage } from ${JSON.stringify(MODULE)};
      const storage = await openStorage(${JSON.stringify(options)}).catch((error) => { console.log(error.message, error.cure); process.exit(3); });
      ${script}`;
    const drop = unprivileged && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    this.#child = spawn(process.execPath, argumentsFor(source), { stdio: ["ignore", "pipe", "pipe"], ...drop });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
    let over = false;
    void this.ended.then(() => (over = true));
    // A test that failed leaves nobody behind.
    onTestFinished(() => (over ? undefined : this.kill()));
  }

  /** Waits until the output has this text; fails with all of it when the process ends before. */
  async until(text: string): Promise<void> {
    let over = false;
    void this.ended.then(() => (over = true));
    while (!this.output.includes(text)) {
      if (over) throw new TypeError(`The process ended before "${text}": ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  kill(): void {
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, "SIGKILL");
  }
}

function argumentsFor(source: string): string[] {
  if ("deno" in process.versions) return ["eval", "--ext=mjs", source];
  return "bun" in process.versions ? ["-e", source] : ["--input-type=module", "-e", source];
}
