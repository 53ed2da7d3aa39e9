/** The engine bench in this process: on Node, Bun and Deno. */
import { benchEngine } from "./bench-engine.ts";
import { cpuClock } from "./cpu-clock.ts";
import type { Site, Sizes, Who } from "./engine-measure.ts";
import type { Prepared, Row } from "./engine-rows.ts";
import { COMPARED, rotate } from "./engine-turns.ts";
import { payloads } from "./payloads.ts";

export class Here implements Site {
  readonly clock = cpuClock();
  #prepared: Prepared | undefined;
  #rotation = 0;

  prepare(row: Row, { rotation, items }: Sizes): Promise<void> {
    const requests = payloads(row.signal, rotation, { items }).map(({ bytes }) => bytes);
    this.#rotation = rotation;
    this.#prepared = row.prepare(benchEngine(), requests);
    for (let index = 0; index < Math.min(COMPARED, rotation); index++) this.#prepared.compare(index);
    return Promise.resolve();
  }

  time(who: Who, leastMs: number): Promise<number> {
    const prepared = this.#prepared;
    if (prepared === undefined) return Promise.reject(new TypeError("Cannot time a row: none is prepared"));
    const fromMs = this.clock.nowMs();
    let rotations = 0;
    let elapsedMs = 0;
    do {
      rotate(prepared, who, this.#rotation);
      rotations++;
      elapsedMs = this.clock.nowMs() - fromMs;
    } while (elapsedMs < leastMs);
    return Promise.resolve((elapsedMs * 1e6) / (rotations * this.#rotation));
  }

  release(): Promise<void> {
    this.#prepared?.release();
    this.#prepared = undefined;
    return Promise.resolve();
  }
}
