/**
 * The repository's own files for tests, by `node:fs`, on Node, Bun and Deno. On workerd, which has no
 * such files, `files-workers.ts` stands in its place (an alias in vitest.workers.config.ts): the two
 * export the same.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type MemoryKind = "plain" | "shared";

/** Kinds of memory that the kernel can have on this runtime. */
export const MEMORY_KINDS: readonly MemoryKind[] = ["plain", "shared"];

/** The bytes of a file, by its path from the repository's root. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))));
}

/** The text of a file, by its path from the repository's root. */
export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/** The kernel for this kind of memory, compiled. Not remembered: the caller does that. */
export function compileKernel(kind: MemoryKind): WebAssembly.Module {
  return new WebAssembly.Module(readBytes(kind === "plain" ? "src/kernel/kernel.wasm" : "src/kernel/kernel-shared.wasm"));
}
