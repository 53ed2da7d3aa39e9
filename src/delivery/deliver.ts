/**
 * What stands between a pipeline and one destination: `sending_queue`, `retry_on_failure` and
 * `dead_letters`, around any exporter whose `consume` is one attempt. Each signal has a queue of its
 * own, as in the Collector, so that no signal, and no destination, holds another (law 3).
 */
import type { PlatformQueue } from "../base/broker.ts";
import type { Change } from "../base/host.ts";
import { type Signal, SIGNALS } from "../base/signal.ts";
import type { Batch } from "../pipeline/batch.ts";
import type { Context, Exporter, HeldInMemory } from "../pipeline/component.ts";
import { watched } from "../pipeline/health.ts";
import { ACCEPTED, type Outcome } from "../pipeline/outcome.ts";
import type { Stage } from "../pipeline/stage.ts";
import { retrySchema, type RetrySettings } from "./backoff.ts";
import { DeadLetters } from "./dead-letters/dead-letters.ts";
import { sharedLetters } from "./dead-letters/object-letters.ts";
import { type DeadLetterSettings, deadLettersSchema } from "./dead-letters/settings.ts";
import { depotLetters } from "./dead-letters/storage-letters.ts";
import { BrokerQueue } from "./broker/broker-queue.ts";
import { HandedQueue } from "./broker/handed-queue.ts";
import { Depot } from "./durable/depot.ts";
import { DurableQueue, type Watch } from "./durable/durable-queue.ts";
import { repeatsPlaceOf } from "./durable/keys.ts";
import { Pulse } from "./durable/pulse.ts";
import { type Keyed, Repeats } from "./durable/repeats.ts";
import type { Bury } from "./queue/attempts.ts";
import { Ledger } from "./queue/ledger.ts";
import { bytesIn } from "./queue/parcel.ts";
import { Queue, type QueueParts } from "./queue/queue.ts";
import { queueInMemory, queueOf, queueSchema, type QueueSettings } from "./queue/settings.ts";

/** The keys of an exporter that is delivered to, for its schema. */
export const deliveryKeys = {
  sending_queue: queueSchema
    .nullish()
    .describe("Queue before the destination, in memory, or on disk with `storage`. Without the section there is none, and the sender is told how it went."),
  retry_on_failure: retrySchema.nullish().describe("Attempts after the first. On where there is a queue; without one, where the section is written."),
  dead_letters: deadLettersSchema.optional().describe("Keeps what is refused for good, or has outlived `max_elapsed_time`. Sluice's own section."),
};

/** Those keys, parsed. */
export interface DeliverySections {
  readonly sending_queue?: Parameters<typeof queueOf>[0];
  readonly retry_on_failure?: RetrySettings | null | undefined;
  readonly dead_letters?: DeadLetterSettings | undefined;
}

/** The memory queue that the sections make (law 1); undefined: none. */
export function heldInMemory({ sending_queue: section }: DeliverySections): HeldInMemory | undefined {
  return queueInMemory(queueOf(section));
}

/** Ids of the extensions that the sections store with. */
export function storages({ dead_letters: letters, sending_queue: section }: DeliverySections): readonly string[] {
  return [queueOf(section)?.durable?.storage, letters?.storage].filter((id) => id !== undefined);
}

/** The exporter with what its sections ask for around it; watched. */
export function delivered(exporter: Exporter, sections: DeliverySections, context: Context): Exporter {
  const queue = queueOf(sections.sending_queue);
  const retry = retryOf(sections.retry_on_failure, queue !== undefined);
  const letters = sections.dead_letters;
  const attempts = watched(exporter, { id: context.id, health: context.health, holds: queue !== undefined });
  if (queue === undefined && retry === undefined && letters === undefined) return attempts;
  return new DeliveringExporter(attempts, { queue, retry, letters }, context);
}

/** `null` is the section with nothing behind it. */
function retryOf(section: RetrySettings | null | undefined, queued: boolean): RetrySettings | undefined {
  const settings = section ?? (section === null || queued ? retrySchema.parse({}) : undefined);
  return settings?.enabled === true ? settings : undefined;
}

interface Settings {
  readonly queue: QueueSettings | undefined;
  readonly retry: RetrySettings | undefined;
  readonly letters: DeadLetterSettings | undefined;
}

/** One signal's. */
interface Lane {
  readonly ledger: Ledger;
  readonly queue: Queue | DurableQueue | BrokerQueue | HandedQueue;
  readonly repeats: Repeats;
  /** Requests with a key that have no outcome yet. */
  readonly underWay: Map<string, Promise<Outcome>>;
  /** Those whose sender was told to send them again, and of which an attempt goes on. */
  readonly withdrawn: Set<string>;
}

/** The destination may take it any moment: one more copy would be one too many. */
const UNDER_WAY: Outcome = { kind: "retry", message: "the same request, by its Idempotency-Key, is still under way", afterMs: 1000, untried: true };

class DeliveringExporter implements Exporter {
  readonly state: Stage["state"];
  readonly #exporter: Exporter;
  readonly #settings: Settings;
  readonly #context: Context;
  readonly #pulse = new Pulse();
  readonly #lanes: Readonly<Record<Signal, Lane>>;
  /** On the storages that it uses. */
  readonly #depots = new Set<Depot>();
  #letters: DeadLetters | undefined;

  constructor(exporter: Exporter, settings: Settings, context: Context) {
    // Consumers are shared by requests, also where each is answered at the end.
    this.state = settings.queue === undefined || platformQueueOf(settings.queue, context) !== undefined ? "none" : "process";
    this.#exporter = exporter;
    this.#settings = settings;
    this.#context = context;
    this.#lanes = { traces: this.#lane("traces"), metrics: this.#lane("metrics"), logs: this.#lane("logs"), profiles: this.#lane("profiles") };
  }

  /** Opens the storages, and takes up what they have. */
  async start(): Promise<void> {
    const { letters, queue } = this.#settings;
    if (letters !== undefined) this.#letters = await this.#openLetters(letters);
    await this.#exporter.start?.();
    const durable = queue?.durable;
    if (durable === undefined) return;
    const platform = platformQueueOf(queue, this.#context);
    if (platform !== undefined) {
      for (const signal of SIGNALS) {
        const { queue: waiting } = this.#lanes[signal];
        if (waiting instanceof HandedQueue) waiting.open(platform);
      }
      return;
    }
    const broker = await this.#context.broker?.(durable.storage);
    if (broker !== undefined) {
      for (const signal of SIGNALS) {
        const { queue: waiting } = this.#lanes[signal];
        if (waiting instanceof BrokerQueue) await waiting.open(broker);
      }
      return;
    }
    const depot = await this.#depot(durable.storage);
    for (const signal of SIGNALS) {
      const { queue: waiting, repeats } = this.#lanes[signal];
      await repeats.open(depot);
      if (waiting instanceof DurableQueue) waiting.open(depot);
    }
  }

  async ready(): Promise<void> {
    for (const depot of this.#depots) depot.tellUnclaimed();
  }

  consume(batch: Batch): Promise<Outcome> {
    const lane = this.#lanes[batch.signal];
    if (this.#settings.queue !== undefined) lane.ledger.asked(batch.items, bytesIn(batch));
    const keyed = lane.repeats.keyed(batch);
    return keyed === undefined ? lane.queue.consume(batch) : this.#once(lane, keyed, batch);
  }

  unheard(signal: Signal, items: number): void {
    this.#lanes[signal].ledger.unheard(items);
  }

  async stop(deadlineMs: number): Promise<void> {
    const { clock } = this.#context.host;
    const endMs = clock.monotonicMs() + deadlineMs;
    await Promise.all(SIGNALS.map((signal) => this.#lanes[signal].queue.drain(deadlineMs)));
    // What a storage keeps, and is still under way, has been given up: nobody waits for its answer.
    const kept = this.#settings.queue?.durable !== undefined;
    await this.#exporter.stop(kept ? 0 : Math.max(0, endMs - clock.monotonicMs()));
  }

  /** Not again what was taken with the same key, and not twice at a time. */
  async #once(lane: Lane, keyed: Keyed, batch: Batch): Promise<Outcome> {
    const { ledger, queue, repeats, underWay, withdrawn } = lane;
    batch.retain();
    try {
      // On Workers no request may wait for another's: two at a time are two.
      if (this.#context.host.runtime !== "workers") {
        for (let other = underWay.get(keyed.hash); other !== undefined; other = underWay.get(keyed.hash)) await other;
      }
      if (repeats.has(keyed)) {
        ledger.repeated(batch.items);
        return ACCEPTED;
      }
      if (withdrawn.has(keyed.hash)) {
        ledger.turnedAway(batch.items);
        return UNDER_WAY;
      }
      const delivery = takeIn(queue, batch, repeats.changes(keyed), keyed.hash, {
        withdrawn: () => void withdrawn.add(keyed.hash),
        over: (outcome) => {
          if (withdrawn.delete(keyed.hash) && wasTaken(outcome)) repeats.remember(keyed);
        },
      });
      underWay.set(keyed.hash, delivery);
      const outcome = await delivery;
      underWay.delete(keyed.hash);
      if (wasTaken(outcome)) repeats.remember(keyed);
      return outcome;
    } finally {
      batch.release();
    }
  }

  async #openLetters(settings: DeadLetterSettings): Promise<DeadLetters> {
    const { counters, host, id } = this.#context;
    const objects = await this.#context.objects?.(settings.storage);
    const store = objects === undefined ? depotLetters(await this.#depot(settings.storage)) : sharedLetters(objects, { host, counters });
    return DeadLetters.open(store, { id, settings, host, counters });
  }

  async #depot(storage: string): Promise<Depot> {
    const { counters, host } = this.#context;
    const depot = await Depot.of(await this.#context.storage(storage), { host, counters });
    this.#depots.add(depot);
    return depot;
  }

  #lane(signal: Signal): Lane {
    const { counters, engine, host, id, logger } = this.#context;
    const { letters, queue: settings, retry } = this.#settings;
    const ledger = new Ledger({ id, signal, counters, logger, monotonicMs: () => host.clock.monotonicMs() });
    const bury: Bury | undefined =
      letters === undefined ? undefined : (envelope, reason, message) => this.#letters?.put(envelope, reason, message) ?? Promise.resolve(false);
    const parts = { exporter: this.#exporter, retry, signal, engine, host, ledger, bury };
    const queue = this.#queueOf({ ...parts, settings }, id);
    return { ledger, queue, repeats: new Repeats(host, repeatsPlaceOf(id, signal)), underWay: new Map(), withdrawn: new Set() };
  }

  #queueOf(parts: QueueParts & { readonly ledger: Ledger }, id: string): Lane["queue"] {
    const { settings } = parts;
    if (settings?.durable === undefined) return new Queue(parts);
    const kept = { ...parts, id, settings, durable: settings.durable, pulse: this.#pulse };
    if (platformQueueOf(settings, this.#context) !== undefined) return new HandedQueue(kept);
    return this.#context.broker?.(settings.durable.storage) === undefined ? new DurableQueue(kept) : new BrokerQueue(kept);
  }
}

function platformQueueOf(settings: QueueSettings | undefined, { platformQueue }: Context): PlatformQueue | undefined {
  return settings?.durable && platformQueue?.(settings.durable.storage);
}

function takeIn(queue: Lane["queue"], batch: Batch, more: readonly Change[], hash: string, watch: Watch): Promise<Outcome> {
  if (queue instanceof BrokerQueue) return queue.consume(batch, hash, watch);
  return queue instanceof DurableQueue ? queue.consume(batch, more, watch) : queue.consume(batch);
}

function wasTaken({ kind }: Outcome): boolean {
  return kind === "accepted" || kind === "partial";
}
