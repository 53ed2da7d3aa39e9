/**
 * The one memory that requests, scratch and constants lie in: the kernel's. Its size is fixed, so the
 * view stays valid.
 */
export interface Memory {
  /** All of it; addresses are absolute. May be shared between threads. */
  readonly bytes: Uint8Array;
  /** Copies `length` bytes, overlapping or not. JavaScript's own copies crawl in shared memory. */
  copy(to: number, from: number, length: number): void;
}

/** Plain bytes as a memory, where there is no kernel: for tests. */
export function plainMemory(size: number): Memory {
  const bytes = new Uint8Array(size);
  return { bytes, copy: (to, from, length) => void bytes.copyWithin(to, from, from + length) };
}
