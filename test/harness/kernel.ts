/** A kernel for tests and benches, over a memory of its own. */
import { createKernel, type Kernel } from "../../src/kernel/kernel.ts";
import { compileKernel, type MemoryKind } from "./files.ts";

export { MEMORY_KINDS, type MemoryKind } from "./files.ts";

const PAGE_BYTES = 65_536;
const modules = new Map<MemoryKind, WebAssembly.Module>();

/** The compiled module for a kind of memory. */
export function kernelModule(kind: MemoryKind = "plain"): WebAssembly.Module {
  const known = modules.get(kind);
  if (known !== undefined) return known;
  const made = compileKernel(kind);
  modules.set(kind, made);
  return made;
}

export function testKernel(memoryBytes: number = 64 * PAGE_BYTES, kind: MemoryKind = "plain"): Kernel {
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: kind === "shared" });
  return createKernel({ module: kernelModule(kind), memory });
}
