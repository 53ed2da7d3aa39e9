/** The recorded requests of rows: made once for all rows that send the same, and handed to the load generator. */
import { payloads } from "../payloads.ts";
import type { LoadCommands } from "./load.ts";
import type { WorkerProcess } from "./worker.ts";
import type { Row } from "./works.ts";

const SEED = 1;
/** Sets kept; one is 45 MB. */
const KEPT_MAX = 4;

/** Requests with other ids, names and values each; the same for every run and every gateway. */
export class Recordings {
  readonly #rotation: number;
  readonly #load: WorkerProcess<LoadCommands>;
  readonly #kept = new Map<string, readonly Uint8Array[]>();

  constructor(rotation: number, load: WorkerProcess<LoadCommands>) {
    this.#rotation = rotation;
    this.#load = load;
  }

  /** Loads the generator with a row's requests; resolves with them as they are before compression. */
  async load(row: Row): Promise<{ readonly requests: readonly Uint8Array[]; readonly bodyBytes: number }> {
    const requests = this.#requestsOf(row);
    const { bodyBytes } = await this.#load.ask("record", { signal: row.signal, coding: row.work.codingIn, requests });
    return { requests, bodyBytes };
  }

  #requestsOf({ signal, items, order }: Row): readonly Uint8Array[] {
    const key = `${signal} ${items} ${order}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = payloads(signal, this.#rotation, { items, order, seed: SEED }).map(({ bytes }) => bytes);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, made);
    return made;
  }
}
