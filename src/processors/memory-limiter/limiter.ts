/** Decides whether there is memory for another request, and says so once when that changes. */
import { SluiceError } from "../../base/errors.ts";
import type { Clock, Logger } from "../../base/host.ts";
import type { Counter } from "../../pipeline/counters.ts";
import type { Step } from "../../pipeline/step.ts";

const MIB = 1 << 20;

export interface LimiterParts {
  readonly id: string;
  /** From this many bytes in use on, requests are refused. */
  readonly refuseFromBytes: number;
  /** The least time between two looks at `otherBytes`, which may be costly. */
  readonly checkIntervalMs: number;
  readonly clock: Clock;
  /** Bytes of requests in flight; cheap. */
  readonly inFlightBytes: () => number;
  /** Bytes in use beside those, where the runtime tells. */
  readonly otherBytes: (() => number) | undefined;
  readonly logger: Logger;
  /** Counts requests that were refused. */
  readonly refused: Counter;
}

export class MemoryLimiter {
  readonly #parts: LimiterParts;
  #otherBytes = 0;
  #checkedMs = -Infinity;
  #refusing = false;

  constructor(parts: LimiterParts) {
    this.#parts = parts;
  }

  /** Throws `over_budget` when requests are to be refused now: the sender is told to try again. */
  check(): void {
    const usedBytes = this.#parts.inFlightBytes() + this.#other();
    const refusing = usedBytes >= this.#parts.refuseFromBytes;
    if (refusing !== this.#refusing) this.#turn(refusing, usedBytes);
    if (!refusing) return;
    this.#parts.refused.add(1);
    throw new SluiceError("over_budget", "data refused due to high memory usage", { retryable: true });
  }

  #other(): number {
    const { otherBytes, clock, checkIntervalMs } = this.#parts;
    if (otherBytes === undefined) return 0;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#checkedMs >= checkIntervalMs) {
      this.#checkedMs = nowMs;
      this.#otherBytes = otherBytes();
    }
    return this.#otherBytes;
  }

  #turn(refusing: boolean, usedBytes: number): void {
    this.#refusing = refusing;
    const fields = { processor: this.#parts.id, used_mib: Math.round(usedBytes / MIB) };
    if (refusing) this.#parts.logger.log("warn", "Memory in use is above the soft limit: requests are refused", fields);
    else this.#parts.logger.log("info", "Memory in use is within limits again", fields);
  }
}

/** Looks before anything else is done for a resource. It reads nothing of it, so that it shares the walk of the steps behind it. */
export function limiterStep(component: string, limiter: MemoryLimiter): Step {
  return {
    component,
    level: "resource",
    reads: [],
    writes: [],
    fields: { reads: [], writes: [] },
    drops: false,
    dropReason: "",
    run: () => {
      limiter.check();
      return true;
    },
  };
}
