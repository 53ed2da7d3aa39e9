/**
 * One instance of a connector in the graph: an exporter to the pipelines in front of it, a source to
 * those behind it, which are joined to it once they are built.
 */
import { SluiceError } from "../base/errors.ts";
import type { Engine } from "../otlp/engine.ts";
import type { Batch } from "./batch.ts";
import type { Connector, Directed, Emit, Wiring } from "./connector.ts";
import type { Counter, Counters } from "./counters.ts";
import { deliver } from "./deliver.ts";
import { batchFrom, envelopeOf } from "./envelope.ts";
import { ACCEPTED, failureOf, type Outcome } from "./outcome.ts";
import type { Pipeline } from "./pipeline.ts";

export interface JunctionParts {
  readonly id: string;
  readonly wiring: Wiring;
  readonly connector: Connector;
  readonly engine: Engine;
  readonly counters: Counters;
}

export class Junction {
  readonly id: string;
  readonly wiring: Wiring;
  readonly #connector: Connector;
  readonly #engine: Engine;
  readonly #consumed: Counter;
  readonly #produced: Counter;
  readonly #behind = new Map<string, Pipeline>();
  readonly #emit: Emit;

  constructor({ id, wiring, connector, engine, counters }: JunctionParts) {
    this.id = id;
    this.wiring = wiring;
    this.#connector = connector;
    this.#engine = engine;
    const labels = { connector: id, "otel.signal": wiring.from, "otel.signal.output": wiring.to };
    this.#consumed = counters.counter("otelcol_connector_consumed_items", labels);
    this.#produced = counters.counter("otelcol_connector_produced_items", labels);
    this.#emit = (envelope, pipelines) => {
      try {
        const batch = batchFrom(this.#engine, envelope);
        return this.#send([{ batch, pipelines }]);
      } catch (error) {
        return Promise.resolve(failureOf(error));
      }
    };
  }

  /** Joins the pipelines that `wiring` names. */
  join(pipelines: ReadonlyMap<string, Pipeline>): void {
    for (const id of this.wiring.pipelines) {
      const pipeline = pipelines.get(id);
      if (pipeline === undefined) throw new SluiceError("config", `Cannot join connector "${this.id}": there is no pipeline "${id}"`);
      this.#behind.set(id, pipeline);
    }
  }

  /** Whether it may keep telemetry between requests. */
  get holds(): boolean {
    return "stage" in this.#connector && this.#connector.stage.state !== "none";
  }

  /** The caller holds `batch` until this settles. Never rejects. */
  async consume(batch: Batch): Promise<Outcome> {
    this.#consumed.add(batch.items);
    const connector = this.#connector;
    try {
      if ("stage" in connector) return await connector.stage.consume(envelopeOf(batch), this.#emit);
      return await this.#send(connector.divide(batch));
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Passes on what is held, within the time that `leftMs` says. */
  async drain(leftMs: () => number): Promise<void> {
    if ("stage" in this.#connector) await this.#connector.stage.drain(this.#emit, leftMs());
  }

  /** Takes over the hold on every batch. */
  async #send(parts: readonly Directed[]): Promise<Outcome> {
    try {
      const deliveries = parts.flatMap(({ batch, pipelines }) => pipelines.map((id) => ({ pipeline: this.#pipeline(id), batch })));
      for (const { batch } of parts) this.#produced.add(batch.items);
      return deliveries.length === 0 ? ACCEPTED : await deliver(deliveries);
    } finally {
      for (const { batch } of parts) batch.release();
    }
  }

  #pipeline(id: string): Pipeline {
    const found = this.#behind.get(id);
    if (found === undefined) throw new SluiceError("internal", `Cannot pass on a batch: connector "${this.id}" does not feed pipeline "${id}"`);
    return found;
  }
}
