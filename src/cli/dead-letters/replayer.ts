/** Sends dead letters through the exporters of a plan: one attempt each, without queue or retries, so that the answer is the destination's. */
import { SluiceError } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Plan } from "../../config/plan.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { Counters } from "../../pipeline/counters.ts";
import { batchFrom } from "../../pipeline/envelope.ts";
import { failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";

/** Time for connections to close. */
const STOP_MS = 1000;

export interface ReplayerParts {
  readonly plan: Pick<Plan, "exporters">;
  readonly engine: Engine;
  readonly host: Host;
}

/** A definition as it is called here: the plan's maker parsed `config` with the schema of this very definition. */
interface Creates {
  create(config: unknown, context: Context): Exporter;
}

export class Replayer {
  readonly #parts: ReplayerParts;
  readonly #exporters = new Map<string, Exporter>();

  constructor(parts: ReplayerParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async send(exporter: string, envelope: Envelope): Promise<Outcome> {
    try {
      const found = this.#exporters.get(exporter) ?? (await this.#made(exporter));
      const batch = batchFrom(this.#parts.engine, envelope);
      try {
        return await found.consume(batch);
      } finally {
        batch.release();
      }
    } catch (error) {
      return failureOf(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#exporters.values()].map((exporter) => exporter.stop(STOP_MS)));
  }

  async #made(id: string): Promise<Exporter> {
    const { engine, host, plan } = this.#parts;
    const planned = plan.exporters.find((one) => one.id === id);
    if (planned === undefined) throw new SluiceError("config", `Cannot replay: no pipeline has an exporter "${id}"`);
    const definition: Creates = planned.definition;
    const exporter = definition.create(withoutDelivery(planned.config), {
      id,
      engine,
      host,
      logger: host.logger,
      counters: new Counters(),
      storage: noStorage,
    });
    this.#exporters.set(id, exporter);
    await exporter.start?.();
    return exporter;
  }
}

function noStorage(): Promise<never> {
  return Promise.reject(new SluiceError("config", "Cannot store: nothing is stored in a replay"));
}

function withoutDelivery(config: unknown): unknown {
  return typeof config === "object" && config !== null ? { ...config, sending_queue: undefined, retry_on_failure: undefined, dead_letters: undefined } : config;
}
