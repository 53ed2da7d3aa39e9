/** The process's memory on Node, Bun and Deno: what is resident, and what there is for it. */
import { totalmem } from "node:os";
import type { ProcessMemory } from "../../base/host.ts";

export const processMemory: ProcessMemory = { residentBytes: () => process.memoryUsage.rss(), totalBytes };

function totalBytes(): number {
  const machineBytes = totalmem();
  // Without a limit it is 0, undefined, or far above what the machine has, by the system and the runtime.
  const limitBytes = "constrainedMemory" in process ? process.constrainedMemory() : 0;
  return limitBytes > 0 && limitBytes < machineBytes ? limitBytes : machineBytes;
}
