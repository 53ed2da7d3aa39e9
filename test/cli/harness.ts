/** Spawns the real command, as a user's shell would. Needs Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAIN, ROOT } from "../harness/command.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way: what it wrote so far, and ways to wait. */
export class Running {
  stdout = "";
  stderr = "";
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/COLOR|^SLUICE_/.test(name)));
    this.child = spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => this.child.on("close", (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr })));
  }

  /** Not by the child's own `kill`: on Deno that loses the exit code. */
  signal(name: "SIGTERM" | "SIGINT"): void {
    if (this.child.pid !== undefined) process.kill(this.child.pid, name);
  }

  /** Waits until standard error matches; fails with all that it holds when the command ends before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr);
      if (match !== null) return match;
      const done = await Promise.race([this.ended, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 20))]);
      if (done !== undefined && !pattern.test(this.stderr)) throw new TypeError(`The command ended before ${pattern}: ${this.stderr}${this.stdout}`);
    }
  }
}

export function sluice(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
  return new Running(args, env).ended;
}

/** A folder with these files, removed by `dispose`. */
export function folder(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), "sluice-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path: (name: string) => join(path, name), dispose: () => rmSync(path, { recursive: true }) };
}
