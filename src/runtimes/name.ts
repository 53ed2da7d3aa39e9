/** Which runtime this process is, asked of the runtime itself: Bun and Deno both call themselves Node, too. */

/** The runtimes that listen by themselves. */
export type ListeningRuntime = "node" | "bun" | "deno";

/** The runtime of this process. */
export function runtimeName(): ListeningRuntime {
  if ("bun" in process.versions) return "bun";
  return "deno" in process.versions ? "deno" : "node";
}
