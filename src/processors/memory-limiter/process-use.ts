/**
 * What the process has in use beside the requests in flight, from the size that is resident.
 *
 * The memory for requests is reserved whole and becomes resident where it is used first; from then on
 * it stays so, whoever uses it. What was used once and is free now goes to the next requests: to refuse
 * them would not make the process smaller, and to count it would mean that after one rush nothing is
 * ever taken again. So the most that was in flight at once is left out here, and what is in flight now
 * is counted by itself.
 *
 * Limit: that peak counts a block that was taken as used, so that it may leave out too much; never more
 * than what the process has grown by since the start.
 */
import type { ProcessMemory } from "../../base/host.ts";
import type { Pool } from "../../base/pool.ts";

export class ProcessUse {
  /** What was resident before the first request, bytes. */
  readonly startBytes: number;
  readonly #memory: ProcessMemory;
  readonly #pool: Pick<Pool, "peak">;

  constructor(memory: ProcessMemory, pool: Pick<Pool, "peak">) {
    this.#memory = memory;
    this.#pool = pool;
    this.startBytes = memory.residentBytes();
  }

  /** Bytes in use now, without requests in flight. A system call. */
  otherBytes(): number {
    const residentBytes = this.#memory.residentBytes();
    return Math.max(residentBytes - this.#pool.peak, Math.min(residentBytes, this.startBytes));
  }
}
