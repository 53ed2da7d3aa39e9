/**
 * Sluice's own metrics, sent as OTLP every interval and once more at the end, by the `otlp_http` exporter:
 * one attempt each. One that fails is counted and told; sums count from the start, so that the next one
 * makes up for it.
 */
import { SluiceError } from "../../../base/errors.ts";
import type { Host } from "../../../base/host.ts";
import { VERSION } from "../../../base/version.ts";
import { otlpHttp } from "../../../exporters/otlp-http.ts";
import type { Engine } from "../../../otlp/engine.ts";
import type { Exporter } from "../../../pipeline/component.ts";
import type { Counters, Sample } from "../../../pipeline/counters.ts";
import { batchFrom } from "../../../pipeline/envelope.ts";
import { writeOwnMetrics } from "../../../pipeline/metrics/otlp.ts";
import { failureOf, type Outcome } from "../../../pipeline/outcome.ts";
import type { OwnResource, Push } from "./settings.ts";

export interface PusherParts {
  readonly host: Host;
  readonly engine: Engine;
  readonly counters: Counters;
  /** What is pushed, as it is now. */
  readonly samples: () => readonly Sample[];
  readonly resource: OwnResource;
}

/** What could not be sent is made up for by the next one: nothing of it is kept. */
function stored(id: string): Promise<never> {
  return Promise.reject(new SluiceError("internal", `Cannot store own metrics with "${id}": they are sent or forgotten`));
}

export class Pusher {
  readonly #push: Push;
  readonly #parts: PusherParts;
  readonly #exporter: Exporter;
  readonly #startNanos: bigint;
  readonly #stopping = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #stopped = false;

  /** Begins. Throws `config` where the certificates cannot be used. */
  constructor(push: Push, parts: PusherParts) {
    const { host, engine, counters } = parts;
    this.#push = push;
    this.#parts = parts;
    const { url, encoding, compression, headers, timeoutMs, tls } = push;
    const config = otlpHttp.schema.parse({ metrics_endpoint: url, encoding, compression, headers, timeout: `${timeoutMs}ms`, tls });
    const context = { id: push.key, host, engine, counters, logger: host.logger, storage: stored };
    this.#exporter = otlpHttp.create(config, context);
    this.#startNanos = this.#nowNanos();
    this.#ended = this.#run();
  }

  /** Sends what has become of everything, within `deadlineMs`. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve();
    await Promise.race([this.#ended, this.#parts.host.sleep(deadlineMs)]);
    await this.#exporter.stop(0);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await Promise.race([this.#parts.host.sleep(this.#push.intervalMs), this.#stopping.promise]);
      await this.#send();
    }
  }

  async #send(): Promise<void> {
    const { counters, host } = this.#parts;
    const outcome = await this.#attempt();
    const taken = outcome.kind === "accepted" || outcome.kind === "partial";
    counters.counter("sluice_telemetry_pushes", { reader: this.#push.key, outcome: taken ? "success" : "failure" }).add(1);
    if (outcome.kind !== "accepted") host.logger.log("warn", "Own metrics could not be pushed", { reader: this.#push.key, message: outcome.message });
  }

  async #attempt(): Promise<Outcome> {
    const { samples, engine, resource, host } = this.#parts;
    try {
      const request = writeOwnMetrics({
        samples: samples(),
        resource: resource.attributes,
        schemaUrl: resource.schemaUrl,
        scope: { name: "sluice", version: VERSION },
        startNanos: this.#startNanos,
        timeNanos: this.#nowNanos(),
      });
      const origin = { receiver: this.#push.key, peer: "", tenant: "", arrivedMs: host.clock.nowMs(), headers: {} };
      const batch = batchFrom(engine, { signal: "metrics", requests: [request], items: 0, id: this.#push.key, origin });
      try {
        return await this.#exporter.consume(batch);
      } finally {
        batch.release();
      }
    } catch (error) {
      // No room in the pool, most likely: there is another time.
      return failureOf(error);
    }
  }

  #nowNanos(): bigint {
    return BigInt(Math.round(this.#parts.host.clock.nowMs())) * 1_000_000n;
  }
}
