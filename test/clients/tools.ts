/**
 * Programs that are not the project's own: looked for, prepared in a cache outside the repository, and
 * run. What is missing, a tool or the network, is told as such and never taken for a pass or a failure.
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type Ran = { readonly kind: "ok"; readonly output: string } | { readonly kind: "failed"; readonly output: string } | { readonly kind: "absent" };

/** Signs that a registry could not be reached, in the words of pip, go and Maven. */
const OFFLINE =
  /could not (transfer|resolve|find a version)|unknown ?host|no such host|dial tcp|connection (refused|reset|error|broken)|network is unreachable|timed? ?out|temporary failure in name resolution|failed to establish|cannot access .* in offline mode/i;

export function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<Ran> {
  const { cwd, env, timeoutMs } = options;
  return new Promise((resolve) => {
    const settings = {
      timeout: timeoutMs,
      maxBuffer: 1 << 24,
      encoding: "utf8",
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    } as const;
    execFile(file, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "ok", output: stdout });
      else if (error.code === "ENOENT") resolve({ kind: "absent" });
      else resolve({ kind: "failed", output: `${error.message}\n${stdout}\n${stderr}` });
    });
  });
}

/** A folder of the user's cache, made. */
export function cacheFolder(name: string): string {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice", "clients", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Why a preparation did not succeed, when that is the machine's doing; undefined when it is ours. */
export function missing(tool: string, ran: Ran): string | undefined {
  if (ran.kind === "absent") return `${tool} is not on this machine`;
  if (ran.kind === "failed" && OFFLINE.test(ran.output)) return `${tool} could not reach its registry`;
  // Debian has it in a package of its own.
  if (ran.kind === "failed" && /\bensurepip\b/.test(ran.output)) return `${tool} here makes no environments (Debian: python3-venv)`;
  return undefined;
}
