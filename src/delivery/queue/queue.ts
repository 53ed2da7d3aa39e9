/**
 * The queue of one destination for one signal, and its consumers.
 *
 * A request that is taken is either answered at once (a memory queue) or, with `wait_for_result` and
 * where there is no queue at all, when the destination has answered. What was answered and has to wait
 * is copied out of the pool (parcel.ts says why); what finds a consumer free leaves from the very block
 * in which it arrived, and has its copy only if it must be tried again.
 *
 * A durable queue (durable/) has one behind its storage, and gives it what it has room for: `feed`.
 *
 * Limits: `queue_size` in units of the sizer and `held_bytes_max`, both with what is under way, as in
 * the Collector. A request that alone is over `held_bytes_max` is not answered early: its sender waits.
 */
import { isOverBudget } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { Batch } from "../../pipeline/batch.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { envelopeOf } from "../../pipeline/envelope.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { RetrySettings } from "../backoff.ts";
import { Attempts, type Bury } from "./attempts.ts";
import { Batcher, type Shard } from "./batcher.ts";
import { Capacity } from "./capacity.ts";
import { Entry, type EntryKind } from "./entry.ts";
import { Fifo } from "./fifo.ts";
import type { QueueLedger } from "./ledger.ts";
import { bytesIn, Parcel } from "./parcel.ts";
import type { QueueSettings, Sizer } from "./settings.ts";
import { Shipment } from "./shipment.ts";

export interface QueueParts {
  readonly exporter: Pick<Exporter, "consume">;
  /** Undefined: each request is under way at once, and its sender waits. */
  readonly settings: QueueSettings | undefined;
  /** Undefined: retries are off. */
  readonly retry: RetrySettings | undefined;
  readonly signal: Signal;
  readonly engine: Engine;
  readonly host: Pick<Host, "clock" | "random" | "sleep">;
  readonly ledger: QueueLedger;
  /** Undefined: what nobody will try again is lost. */
  readonly bury?: Bury | undefined;
}

/** When a full queue has room again depends on the destination: a second is what most answer within. */
export const FULL_RETRY_MS = 1000;
/** Bytes that each request counts for besides its own: so many tiny ones have their bound, too. */
export const ENTRY_OVERHEAD_BYTES = 512;
export const STOPPING: Outcome = { kind: "retry", message: "the gateway is stopping" };
const UNWANTED: Outcome = { kind: "retry", message: "it is not to be tried again here" };
/** When there was no room in the pool to divide a request. */
const ROOM_WAIT_MS = 100;
/** A shard that is due while every consumer is busy is looked at again after this time at the least. */
const BUSY_WAIT_MS = 100;

/** What a request takes up, and how. */
interface Place {
  readonly size: number;
  readonly bytes: number;
  readonly kind: EntryKind;
  /** It is a batch by itself. */
  readonly alone: boolean;
  readonly fed?: Fed;
}

/** What a durable queue says of a request besides. */
export interface Fed {
  /** When it arrived, monotonic ms. */
  readonly startMs: number;
  /** Called when an attempt has failed that is made again. */
  readonly onDelayed: () => void;
  /** Called when `items` from its item `from` on are over, taken or lost, and not all of it is. */
  readonly onOver?: ((from: number, items: number) => void) | undefined;
  /** It stays in the pool until its turn, compressed as it came: its sender waits, and holds it there anyway. */
  readonly inPool?: true;
}

export class Queue {
  readonly #parts: QueueParts;
  readonly #attempts: Attempts;
  readonly #batcher: Batcher | undefined;
  /** Complete, in order. */
  readonly #ready = new Fifo<Shipment>();
  readonly #underWay = new Set<Shipment>();
  readonly #capacity: Capacity;
  #stopping = false;
  #ended = false;
  #retrying = false;
  #whenIdle: (() => void) | undefined;

  constructor(parts: QueueParts) {
    const { bury, engine, exporter, host, ledger, retry, settings, signal } = parts;
    this.#parts = parts;
    this.#attempts = new Attempts({ exporter, engine, host, ledger, retry, bury });
    this.#capacity = new Capacity({
      sizeMax: settings?.size ?? Infinity,
      bytesMax: settings?.heldBytesMax ?? Infinity,
      sleep: (ms) => host.sleep(ms),
      onChange: (size, bytes) => ledger.grew(size, bytes),
    });
    if (settings !== undefined) ledger.capacity(settings.size);
    // Profiles are never laid end to end: each has a dictionary of its own.
    const joining = signal === "profiles" ? undefined : settings?.batch;
    if (joining !== undefined) {
      const heldBytesMax = settings?.heldBytesMax ?? 0;
      this.#batcher = new Batcher({ settings: joining, heldBytesMax, signal, engine, monotonicMs: () => host.clock.monotonicMs() });
    }
  }

  /** Never rejects. The batch is retained for as long as it is read. */
  async consume(batch: Batch): Promise<Outcome> {
    const { settings } = this.#parts;
    const { items } = batch;
    if (items === 0) return ACCEPTED;
    if (this.#stopping) return this.#turnAway(items, STOPPING);
    if (settings === undefined) return this.#take(batch, { size: 0, bytes: 0, kind: "waits", alone: true });
    const size = sizeOf(batch, settings.sizer);
    if (size > settings.size) {
      const message = `larger than the sending queue: ${size} ${settings.sizer}, it holds ${settings.size}`;
      return this.#turnAway(items, { kind: "refused", message, status: 413 });
    }
    const own = bytesIn(batch) + ENTRY_OVERHEAD_BYTES;
    const alone = this.#batcher === undefined || own > settings.heldBytesMax;
    const waits = settings.waits || own > settings.heldBytesMax;
    // A sender that waits holds its own bytes, in the pool.
    const bytes = waits && alone ? 0 : own;
    const place: Place = { size, bytes, kind: waits ? "waits" : "answered", alone };
    if (this.#capacity.take(size, bytes)) return this.#take(batch, place);
    if (!settings.blocks) return this.#turnAway(items, this.#full(settings));
    batch.retain();
    try {
      if (!(await this.#capacity.wait(size, bytes))) return this.#turnAway(items, this.#full(settings));
      if (!this.#ended) return await this.#take(batch, place);
      this.#capacity.give(size, bytes);
      return this.#turnAway(items, STOPPING);
    } finally {
      batch.release();
    }
  }

  /** Whether a durable queue may feed it these many bytes more; always, when it has nothing. */
  wants(bytes: number): boolean {
    return this.#capacity.bytes === 0 || this.#capacity.hasRoom(0, bytes);
  }

  /** Takes what a durable queue keeps, or will. Throws when there is no memory for a copy. */
  feed(load: Batch | Envelope, bytes: number, fed: Fed): Entry {
    const { settings } = this.#parts;
    const alone = this.#batcher === undefined || bytes > (settings?.heldBytesMax ?? 0);
    this.#capacity.hold(0, bytes);
    try {
      return this.#enter(load, { size: 0, bytes, kind: "durable", alone, fed });
    } catch (error) {
      this.#capacity.give(0, bytes);
      throw error;
    }
  }

  /** Delivers what is there, and counts as lost what was not answered `deadlineMs` from now, or when `over` resolves. Nothing is held after the call. */
  async drain(deadlineMs: number, over: Promise<void> = this.#parts.host.sleep(deadlineMs)): Promise<void> {
    const { host, ledger } = this.#parts;
    this.#stopping = true;
    this.#capacity.turnAllAway();
    this.#batcher?.hurry();
    this.#attempts.hurry(host.clock.monotonicMs() + deadlineMs);
    this.#pump();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle = resolve;
    this.#settleIdle();
    await Promise.race([promise, over]);
    this.#abandon();
    ledger.close();
  }

  /** There is room for it. */
  #take(batch: Batch, place: Place): Promise<Outcome> {
    try {
      const entry = this.#enter(batch, place);
      return place.kind === "waits" ? entry.outcome : Promise.resolve(ACCEPTED);
    } catch (error) {
      this.#capacity.give(place.size, place.bytes);
      return Promise.resolve(this.#turnAway(batch.items, failureOf(error)));
    }
  }

  /** Throws when there is no memory for a copy; nothing is changed then. */
  #enter(load: Batch | Envelope, { alone, bytes, fed, kind, size }: Place): Entry {
    const { ledger } = this.#parts;
    const { items } = load;
    // A sender that waits holds its own bytes, in the pool.
    const stays = load instanceof Batch && alone && (kind === "waits" || fed?.inPool === true || (this.#ready.length === 0 && this.#hasConsumer()));
    const parcel = stays ? Parcel.ofBatch(load) : undefined;
    const envelope = stays ? undefined : load instanceof Batch ? envelopeOf(load) : load;
    const onDone = () => this.#capacity.give(size, bytes);
    const entry = new Entry({ items, size, bytes, kind, ...fed, ledger, onDone });
    ledger.took(items);
    if (envelope !== undefined && !alone) this.#join(envelope, entry);
    else if (parcel !== undefined) this.#ready.push(new Shipment(parcel, [{ entry, from: 0, items }], ledger));
    else if (envelope !== undefined) this.#ready.push(new Shipment(Parcel.ofEnvelope(envelope), [{ entry, from: 0, items }], ledger));
    this.#pump();
    return entry;
  }

  #join(envelope: Envelope, entry: Entry): void {
    const shard = this.#batcher?.add(envelope, entry);
    if (shard !== undefined) void this.#watch(shard);
  }

  /** One watcher a shard: sees to it that what is due leaves. */
  async #watch(shard: Shard): Promise<void> {
    const { host, settings } = this.#parts;
    const busyMs = Math.max(BUSY_WAIT_MS, settings?.batch?.flushMs ?? 0);
    for (let dueMs = this.#batcher?.dueOf(shard); dueMs !== undefined; dueMs = this.#batcher?.dueOf(shard)) {
      if (dueMs <= 0) this.#pump();
      const left = dueMs > 0 ? dueMs : shard.loads.length === 0 ? 0 : busyMs;
      if (left > 0) await host.sleep(Math.ceil(left));
    }
  }

  /** Gives each free consumer what is complete. */
  #pump(): void {
    while (this.#hasConsumer()) {
      const shipment = this.#ready.shift() ?? this.#formed();
      if (shipment === undefined) return;
      if (!shipment.wanted) {
        // A durable queue's: its sender was told to send it again, or a broker has it.
        shipment.parcel.close();
        shipment.failedRest("stopped", UNWANTED);
        continue;
      }
      this.#underWay.add(shipment);
      this.#parts.ledger.underWay(1);
      if (this.#batcher !== undefined) this.#parts.ledger.leaves(shipment.parcel.items, shipment.parcel.bytes);
      void this.#ship(shipment);
    }
  }

  #formed(): Shipment | undefined {
    try {
      const formed = this.#batcher?.take();
      return formed === undefined ? undefined : new Shipment(Parcel.ofEnvelope(formed.envelope), formed.shares, this.#parts.ledger);
    } catch (error) {
      if (!isOverBudget(error)) throw error;
      void this.#pumpLater();
      return undefined;
    }
  }

  async #pumpLater(): Promise<void> {
    if (this.#retrying) return;
    this.#retrying = true;
    await this.#parts.host.sleep(ROOM_WAIT_MS);
    this.#retrying = false;
    this.#pump();
  }

  async #ship(shipment: Shipment): Promise<void> {
    await this.#attempts.run(shipment);
    // Abandoned meanwhile: gone already.
    if (!this.#underWay.delete(shipment)) return;
    this.#parts.ledger.underWay(-1);
    this.#pump();
    this.#settleIdle();
  }

  #abandon(): void {
    const { ledger } = this.#parts;
    this.#ended = true;
    for (const shipment of this.#underWay) {
      this.#underWay.delete(shipment);
      ledger.underWay(-1);
      shipment.abandon();
    }
    for (let shipment = this.#ready.shift(); shipment !== undefined; shipment = this.#ready.shift()) {
      shipment.abandon();
      shipment.parcel.close();
    }
    for (const { entry, from, items } of this.#batcher?.abandon() ?? []) {
      entry.failed(from, items, "stopped", { kind: "retry", message: "the gateway stopped before the destination answered" });
    }
    this.#attempts.end();
  }

  #hasConsumer(): boolean {
    return this.#underWay.size < (this.#parts.settings?.consumers ?? Infinity);
  }

  #turnAway(items: number, outcome: Outcome): Outcome {
    this.#parts.ledger.turnedAway(items);
    return outcome;
  }

  #full({ heldBytesMax, size, sizer }: QueueSettings): Outcome {
    return { kind: "retry", message: `the sending queue is full: ${size} ${sizer}, ${heldBytesMax} bytes`, afterMs: FULL_RETRY_MS };
  }

  #settleIdle(): void {
    if (this.#underWay.size === 0 && this.#ready.length === 0 && this.#batcher?.empty !== false) this.#whenIdle?.();
  }
}

export function sizeOf(batch: Batch, sizer: Sizer): number {
  if (sizer === "requests") return 1;
  return sizer === "items" ? batch.items : bytesIn(batch);
}
