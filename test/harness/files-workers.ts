/**
 * What files.ts is elsewhere, on workerd: texts that tests read are bundled, and the kernel arrives
 * compiled, since a Worker may not compile. Shared memory does not exist there. A text that a test
 * needs and that no pattern below names is an error which says so.
 */
import plainKernel from "../../src/kernel/kernel.wasm";
import type { MemoryKind } from "./files.ts";

export type { MemoryKind } from "./files.ts";

/** Kinds of memory that the kernel can have on this runtime. */
export const MEMORY_KINDS: readonly MemoryKind[] = ["plain"];

const texts: Readonly<Record<string, string>> = import.meta.glob("/{test/fixtures/otlp-json,examples,docs/schema}/*.{json,yaml}", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The text of a file, by its path from the repository's root. */
export function readText(path: string): string {
  const found = texts[`/${path}`];
  if (found === undefined) throw new Error(`Cannot read "${path}" on workerd: name it in test/harness/files-workers.ts`);
  return found;
}

/** The bytes of a file that is text, by its path from the repository's root. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(readText(path));
}

/** The kernel, which was compiled when the Worker was made. */
export function compileKernel(kind: MemoryKind): WebAssembly.Module {
  if (kind === "shared") throw new Error("Cannot make a shared memory on workerd: it has none");
  return plainKernel;
}
