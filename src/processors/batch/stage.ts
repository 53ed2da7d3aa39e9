/**
 * The stage behind `batch`: requests wait in shards, one a combination of origins, and leave as
 * batches when there are enough items, when the first has waited for `timeoutMs`, or when they are
 * many bytes.
 *
 * Invariant: fewer than `sendItems` items wait in a shard, so that only an arriving request is ever
 * divided, and dividing can be refused while the sender still has the data. A full queue is refused
 * with a retry. Everything between a look at a shard and the change to it is synchronous.
 *
 * Limit: `heldBytesMax`, waiting and under way together. A request that is larger than all of it is
 * not held: its sender waits for the answer.
 */
import type { Host } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Next, Stage } from "../../pipeline/stage.ts";
import { cutOf, divided, type Load, type Sizes } from "../../pipeline/batching/cut.ts";
import { Origins } from "../../pipeline/batching/origins.ts";
import { lengthOf } from "../../pipeline/envelope.ts";
import { Outbox } from "./outbox.ts";
import { passOn } from "./pass-on.ts";
import { bytesOf, Shard } from "./shard.ts";
import type { Tally, Trigger } from "./tally.ts";

export interface BatchOptions extends Sizes {
  /** 0: nothing is held. */
  readonly timeoutMs: number;
  readonly metadataKeys: readonly string[];
  /** 0: no limit. */
  readonly combinationsMax: number;
  readonly heldBytesMax: number;
}

export interface BatchParts {
  readonly options: BatchOptions;
  readonly signal: Signal;
  readonly engine: Engine;
  readonly host: Pick<Host, "clock" | "sleep">;
  readonly tally: Tally;
}

/** A shard is sent before it takes up more than this part of the queue: the others need room while it is under way. */
const SHARD_SHARE = 4;
/** When a full queue has room again depends on a destination: a second is what most answer within. */
const FULL_RETRY_MS = 1000;
export class BatchStage implements Stage {
  readonly state: Stage["state"];
  readonly namesEntries = true;
  readonly #parts: BatchParts;
  readonly #options: BatchOptions;
  readonly #origins: Origins;
  readonly #outbox: Outbox;
  readonly #shards = new Map<string, Shard>();
  /** Bytes waiting in shards. */
  #waitingBytes = 0;
  #next: Next | undefined;
  #lastBatch = 0;
  #draining = false;

  constructor(parts: BatchParts) {
    const { options, host, tally } = parts;
    this.#parts = parts;
    this.#options = options;
    this.state = options.timeoutMs === 0 ? "none" : "process";
    this.#origins = new Origins(options.metadataKeys, options.combinationsMax);
    this.#outbox = new Outbox(tally, (ms) => host.sleep(ms));
  }

  async consume(envelope: Envelope, next: Next): Promise<Outcome> {
    const { items, origin } = envelope;
    if (items === 0) return ACCEPTED;
    const before = this.#origins.combinations;
    const key = this.#origins.keyOf(origin);
    this.#parts.tally.combinations(this.#origins.combinations - before);
    if (key === undefined) {
      this.#parts.tally.turnedAway(items, "metadata_cardinality");
      return { kind: "refused", message: "too many batcher metadata-value combinations" };
    }
    const holds = this.state !== "none" && !this.#draining && bytesOf(envelope) <= this.#options.heldBytesMax;
    return holds ? this.#hold(key, envelope, next) : this.#pass(envelope, next);
  }

  async drain(next: Next, deadlineMs: number): Promise<void> {
    this.#draining = true;
    this.#next = next;
    for (const shard of this.#shards.values()) this.#send(shard, "timeout");
    await Promise.race([this.#outbox.idle(), this.#parts.host.sleep(deadlineMs)]);
    this.#outbox.abandon();
  }

  #hold(key: string, envelope: Envelope, next: Next): Outcome | Promise<Outcome> {
    const { engine, signal, tally } = this.#parts;
    const { items } = envelope;
    if (!this.#hasRoom(bytesOf(envelope))) return this.#full(items);
    const shard = this.#shardOf(key);
    const { sent, kept } = cutOf(shard.items, items, this.#options);
    const counts = kept > 0 ? [...sent, kept] : sent;
    const loads: Load[] = [];
    let bytes = 0;
    try {
      for (const load of divided(engine, signal, envelope, counts)) {
        loads.push(load);
        bytes += bytesOf(load);
        // Each part has its parents around it: together they may be far larger than the request was.
        if (bytes > this.#options.heldBytesMax) return this.#passParts(envelope, counts, next);
      }
    } catch (error) {
      return failureOf(error);
    }
    if (!this.#hasRoom(bytes)) return this.#full(items);
    this.#next = next;
    this.#waitingBytes += bytes;
    tally.held(items, bytes);
    loads.forEach((load, index) => {
      shard.add(load, envelope, this.#nowMs() + this.#options.timeoutMs);
      if (index < sent.length) this.#send(shard, "size");
    });
    if (shard.bytes * SHARD_SHARE >= this.#options.heldBytesMax) this.#send(shard, "bytes");
    void this.#watch(shard);
    return ACCEPTED;
  }

  /** Divides and passes on while the sender waits. */
  #pass(envelope: Envelope, next: Next): Promise<Outcome> {
    const { sent } = cutOf(0, envelope.items, { sendItems: 1, maxItems: this.#options.maxItems });
    return this.#passParts(envelope, sent, next);
  }

  #passParts(envelope: Envelope, counts: readonly number[], next: Next): Promise<Outcome> {
    const { host, tally } = this.#parts;
    return passOn(this.#partsOf(envelope, counts), envelope.items, next, { tally, sleep: (ms) => host.sleep(ms) });
  }

  *#partsOf(envelope: Envelope, counts: readonly number[]): Generator<Envelope, undefined> {
    const { engine, signal, tally } = this.#parts;
    const origin = this.#origins.own(envelope.origin);
    const trigger = this.state === "none" ? "size" : this.#draining ? "timeout" : "bytes";
    for (const { requests, items } of divided(engine, signal, envelope, counts)) {
      tally.sent(trigger, items, lengthOf(requests));
      yield { ...envelope, signal, requests, items, checked: true, id: counts.length === 1 ? envelope.id : this.#idAfter(envelope.id), origin };
    }
    return undefined;
  }

  /** Everything that waits in the shard, as one batch. */
  #send(shard: Shard, trigger: Trigger): void {
    const next = this.#next;
    const taken = next === undefined ? undefined : shard.take();
    if (next === undefined || taken === undefined) return;
    const { bytes, id, items, madeOf, origin, requests } = taken;
    const { signal, tally } = this.#parts;
    this.#waitingBytes -= bytes;
    tally.sent(trigger, items, lengthOf(requests));
    const batch: Envelope = { signal, requests, items, checked: true, id: this.#idAfter(id), origin };
    this.#outbox.put({ envelope: madeOf.length === 0 ? batch : { ...batch, madeOf }, bytes, next });
  }

  /** One watcher a shard: sends what is due, and lets go of the shard when nothing waits. */
  async #watch(shard: Shard): Promise<void> {
    if (shard.watched) return;
    shard.watched = true;
    while (shard.items > 0) {
      const leftMs = shard.dueMs - this.#nowMs();
      if (leftMs <= 0) this.#send(shard, "timeout");
      else await this.#parts.host.sleep(Math.ceil(leftMs));
    }
    this.#shards.delete(shard.key);
  }

  #full(items: number): Outcome {
    // What waits for more would take up the room until it is due.
    for (const shard of this.#shards.values()) this.#send(shard, "bytes");
    this.#parts.tally.turnedAway(items, "queue_full");
    return { kind: "retry", message: `the queue for batches is full: ${this.#options.heldBytesMax} bytes`, afterMs: FULL_RETRY_MS };
  }

  #hasRoom(bytes: number): boolean {
    return this.#waitingBytes + this.#outbox.bytes + bytes <= this.#options.heldBytesMax;
  }

  #shardOf(key: string): Shard {
    let shard = this.#shards.get(key);
    if (shard === undefined) {
      shard = new Shard(key, this.#origins);
      this.#shards.set(key, shard);
    }
    return shard;
  }

  #idAfter(id: string): string {
    this.#lastBatch++;
    return `${id}.${this.#lastBatch.toString(36)}`;
  }

  #nowMs(): number {
    return this.#parts.host.clock.monotonicMs();
  }
}
