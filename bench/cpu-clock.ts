/**
 * The CPU time of the thread that asks, milliseconds: on a machine with others at work a wall clock
 * measures them too. From the runtime where it is exact (Node), else from /proc, else the wall clock.
 */
import { readFileSync } from "node:fs";
import process from "node:process";

export interface CpuClock {
  readonly name: string;
  nowMs(): number;
}

const OWN_THREAD = "/proc/thread-self/schedstat";

/** The best clock that this runtime has. */
export function cpuClock(): CpuClock {
  // Bun and Deno have the call too, in hundredths of a second or with one figure twice.
  if (process.versions["bun"] === undefined && process.versions["deno"] === undefined) return { name: "CPU time of the thread", nowMs: threadMs };
  try {
    scheduledMs(OWN_THREAD);
    return { name: "CPU time of the thread", nowMs: () => scheduledMs(OWN_THREAD) };
  } catch {
    // Not Linux: the clock on the wall is all there is.
    return { name: "wall clock", nowMs: () => performance.now() };
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Time on a processor by a thread's schedstat file, milliseconds. */
export function scheduledMs(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ")[0]) / 1e6;
}
