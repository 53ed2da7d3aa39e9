/**
 * The place of a listener where somebody else listens: Workers, or the server that a gateway is
 * mounted in. What a receiver would listen on is kept and called for each request; ports in the
 * configuration mean nothing. One receiver at most: requests come in by one door.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Handler, HttpServer, Listener, ListenOptions } from "../../base/host.ts";

const POLL_MS = 10;

export class MountedServer implements HttpServer {
  readonly #where: string;
  readonly #sleep: (ms: number) => Promise<void>;
  #handler: Handler | undefined;
  #options: ListenOptions | undefined;
  #stopping = false;
  #running = 0;

  /** `where` is for messages, for example "on Workers". */
  constructor(where: string, sleep: (ms: number) => Promise<void>) {
    this.#where = where;
    this.#sleep = sleep;
  }

  /** Undefined until a receiver has started, and once it is stopped. */
  get handler(): Handler | undefined {
    return this.#stopping ? undefined : this.#handler;
  }

  /** What the receiver asked for: where it would listen, and its time-outs. Undefined until one has started. */
  get options(): ListenOptions | undefined {
    return this.#options;
  }

  /** The receiver's `read_timeout`; undefined: the adapter's own. */
  get bodyTimeoutMs(): number | undefined {
    return this.#options?.requestTimeoutMs || undefined;
  }

  listen(options: ListenOptions, handler: Handler): Promise<Listener> {
    const problem = this.#problem(options);
    if (problem !== undefined) return Promise.reject(problem);
    this.#options = options;
    this.#handler = (head, body) => this.#counted(handler(head, body));
    return Promise.resolve({ port: options.port, stop: (deadlineMs) => this.#stop(deadlineMs) });
  }

  #problem({ key, tls }: ListenOptions): SluiceError | undefined {
    if (tls !== undefined) {
      const path = key.replace(/\.endpoint$/, ".tls");
      return new SluiceError("config", `Cannot use ${path} ${this.#where}: connections are not Sluice's there`, {
        path,
        cure: "Remove it: TLS belongs to what stands in front",
      });
    }
    if (this.#options === undefined) return undefined;
    return new SluiceError("config", `Cannot listen for "${key}" ${this.#where}: requests come in by one door, which "${this.#options.key}" has`, {
      path: key,
      cure: "Use one otlp receiver in all pipelines",
    });
  }

  async #counted<Answered>(answer: Promise<Answered>): Promise<Answered> {
    this.#running++;
    try {
      return await answer;
    } finally {
      this.#running--;
    }
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    for (let waitedMs = 0; this.#running > 0 && waitedMs < deadlineMs; waitedMs += POLL_MS) await this.#sleep(POLL_MS);
  }
}
