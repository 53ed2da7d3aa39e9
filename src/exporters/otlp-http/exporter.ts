/** One attempt a batch, and what its end means. See otlp-http.ts. */
import { messageOf } from "../../base/errors.ts";
import type { Coding, HttpClient, HttpResult } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import { VERSION } from "../../base/version.ts";
import { type Encoding, MEDIA_TYPES } from "../../otlp/responses.ts";
import type { Batch, Body } from "../../pipeline/batch.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { failureOf, type Outcome } from "../../pipeline/outcome.ts";
import { outcomeOf } from "./outcome.ts";

/** OTLP 1.11, "Response size limits". */
const RESPONSE_BYTES_MAX = 4 << 20;

export interface Destination {
  /** Undefined where no endpoint was given for a signal. */
  readonly urls: Readonly<Record<Signal, string | undefined>>;
  readonly encoding: Encoding;
  readonly coding: Coding | "none";
  /** Undefined: the codec's default. */
  readonly level: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export class OtlpHttpExporter implements Exporter {
  readonly #destination: Destination;
  readonly #context: Context;
  readonly #client: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;
  /** Attempts whose slices may still be read. */
  #held = 0;
  #idle: (() => void) | undefined;

  constructor(destination: Destination, context: Context, client: HttpClient) {
    this.#destination = destination;
    this.#context = context;
    this.#client = client;
    const own = new Set(Object.keys(destination.headers).map((name) => name.toLowerCase()));
    const defaults = Object.entries({
      "content-type": MEDIA_TYPES[destination.encoding],
      "user-agent": `Sluice/${VERSION} (${context.host.runtime})`,
      ...(destination.coding === "none" ? {} : { "content-encoding": destination.coding }),
    });
    // What the operator set stands, whatever its case.
    this.#headers = { ...Object.fromEntries(defaults.filter(([name]) => !own.has(name))), ...destination.headers };
  }

  async consume(batch: Batch): Promise<Outcome> {
    const { urls, encoding, coding, level } = this.#destination;
    const url = urls[batch.signal];
    if (url === undefined) return { kind: "refused", message: `no endpoint for ${batch.signal}` };
    const release = this.#hold(batch);
    let body: Body;
    try {
      body = await batch.body(encoding, coding, level, this.#context.host.codecs, this.#context.engine);
    } catch (error) {
      release();
      return failureOf(error);
    }
    const result = await this.#post(url, body, release);
    const outcome = outcomeOf(result, { signal: batch.signal, encoding, items: batch.items, nowMs: this.#context.host.clock.nowMs() });
    if (outcome.kind === "accepted" && outcome.warning !== undefined) {
      this.#context.logger.log("warn", "A destination took everything and said", { exporter: this.#context.id, message: outcome.warning });
    }
    return outcome;
  }

  async stop(deadlineMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#held === 0) resolve();
    });
    await Promise.race([idle, this.#context.host.sleep(deadlineMs)]);
    await this.#client.close();
  }

  async #post(url: string, { slices, length }: Body, onReleased: () => void): Promise<HttpResult> {
    const { timeoutMs } = this.#destination;
    try {
      return await this.#client.send({ url, headers: this.#headers, slices, length, timeoutMs, responseMaxBytes: RESPONSE_BYTES_MAX, onReleased });
    } catch (error) {
      // A client rejects only before it has written anything.
      onReleased();
      return { kind: "failed", reason: "connect", message: messageOf(error) };
    }
  }

  /** Retains the batch; what it returns lets go, however often it is called. */
  #hold(batch: Batch): () => void {
    batch.retain();
    this.#held++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      batch.release();
      this.#held--;
      if (this.#held === 0) this.#idle?.();
    };
  }
}
