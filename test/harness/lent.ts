/**
 * Kernels that go from test to test. A memory of its own for every engine costs more than most tests do:
 * each page is touched for the first time again, and a collector that is told of 16 MiB looks through
 * everything, every time.
 */
import { onTestFinished } from "vitest";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { Engine } from "../../src/otlp/engine.ts";

/**
 * Engines as new, their pools poisoned, by the size of their memory. The kernel of one is another's once
 * the test that runs now has ended, if all blocks were given back by then; of one that is made outside of
 * tests it stays its own.
 */
export function lending(make: (memoryBytes: number) => Kernel): (memoryBytes: number) => Engine {
  const idle = new Map<number, Kernel[]>();
  return (memoryBytes) => {
    const kernels = idle.get(memoryBytes) ?? [];
    idle.set(memoryBytes, kernels);
    let engine: Engine | undefined;
    const returned = () => void (engine?.pool.blocks === 0 && kernels.push(engine.kernel));
    engine = new Engine((atTestEnd(returned) ? kernels.pop() : undefined) ?? make(memoryBytes), { poison: true });
    return engine;
  };
}

function atTestEnd(listener: () => void): boolean {
  try {
    onTestFinished(listener);
    return true;
  } catch {
    return false;
  }
}
