/**
 * What stands between a pipeline and one destination: `sending_queue` and `retry_on_failure`, around any
 * exporter whose `consume` is one attempt. Each signal has a queue of its own, as in the Collector, so
 * that no signal, and no destination, holds another (law 3).
 */
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Batch } from "../pipeline/batch.ts";
import type { Context, Exporter, HeldInMemory } from "../pipeline/component.ts";
import { watched } from "../pipeline/health.ts";
import type { Outcome } from "../pipeline/outcome.ts";
import type { Stage } from "../pipeline/stage.ts";
import { retrySchema, type RetrySettings } from "./backoff.ts";
import { Ledger } from "./queue/ledger.ts";
import { Queue } from "./queue/queue.ts";
import { queueInMemory, queueOf, queueSchema, type QueueSettings } from "./queue/settings.ts";

/** The keys of an exporter that is delivered to, for its schema. */
export const deliveryKeys = {
  sending_queue: queueSchema
    .nullish()
    .describe("Queue before the destination, in memory. Without the section there is none, and the sender is told how it went."),
  retry_on_failure: retrySchema.nullish().describe("Attempts after the first. On where there is a queue; without one, where the section is written."),
};

/** Those keys, parsed. */
export interface DeliverySections {
  readonly sending_queue?: Parameters<typeof queueOf>[0];
  readonly retry_on_failure?: RetrySettings | null | undefined;
}

/** The memory queue that the sections make (law 1); undefined: none. */
export function heldInMemory({ sending_queue: section }: DeliverySections): HeldInMemory | undefined {
  return queueInMemory(queueOf(section));
}

/** The exporter, watched, with what its sections ask for around it. */
export function delivered(exporter: Exporter, sections: DeliverySections, context: Context): Exporter {
  const queue = queueOf(sections.sending_queue);
  const retry = retryOf(sections.retry_on_failure, queue !== undefined);
  const attempts = watched(exporter, { id: context.id, health: context.health, holds: queue !== undefined });
  return queue === undefined && retry === undefined ? attempts : new DeliveringExporter(attempts, queue, retry, context);
}

/** `null` is the section with nothing behind it. */
function retryOf(section: RetrySettings | null | undefined, queued: boolean): RetrySettings | undefined {
  const settings = section ?? (section === null || queued ? retrySchema.parse({}) : undefined);
  return settings?.enabled === true ? settings : undefined;
}

class DeliveringExporter implements Exporter {
  readonly state: Stage["state"];
  readonly #exporter: Exporter;
  readonly #clock: Context["host"]["clock"];
  readonly #queues: Readonly<Record<Signal, { readonly queue: Queue; readonly ledger: Ledger }>>;

  constructor(exporter: Exporter, settings: QueueSettings | undefined, retry: RetrySettings | undefined, { counters, engine, host, id, logger }: Context) {
    // Consumers are shared by requests, also where each is answered at the end.
    this.state = settings === undefined ? "none" : "process";
    this.#exporter = exporter;
    this.#clock = host.clock;
    const made = (signal: Signal) => {
      const ledger = new Ledger({ id, signal, counters, logger, monotonicMs: () => host.clock.monotonicMs() });
      return { ledger, queue: new Queue({ exporter, settings, retry, signal, engine, host, ledger }) };
    };
    this.#queues = { traces: made("traces"), metrics: made("metrics"), logs: made("logs"), profiles: made("profiles") };
  }

  consume(batch: Batch): Promise<Outcome> {
    return this.#queues[batch.signal].queue.consume(batch);
  }

  unheard(signal: Signal, items: number): void {
    this.#queues[signal].ledger.unheard(items);
  }

  async stop(deadlineMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    await Promise.all(SIGNALS.map((signal) => this.#queues[signal].queue.drain(deadlineMs)));
    await this.#exporter.stop(Math.max(0, endMs - this.#clock.monotonicMs()));
  }
}
