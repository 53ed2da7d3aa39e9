/**
 * The queue of one destination for one signal, and its consumers.
 *
 * A request that is taken is either answered at once (a memory queue) or, with `wait_for_result` and
 * where there is no queue at all, when the destination has answered. What was answered and has to wait
 * is copied out of the pool (parcel.ts says why); what finds a consumer free leaves from the very block
 * in which it arrived, and has its copy only if it must be tried again.
 *
 * Limits: `queue_size` in units of the sizer and `held_bytes_max`, both with what is under way, as in
 * the Collector. A request that alone is over `held_bytes_max` is not answered early: its sender waits.
 * Everything between a look at the room and its use is synchronous.
 */
import type { Host } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { RetrySettings } from "../backoff.ts";
import { Attempts } from "./attempts.ts";
import { Batcher, type Shard } from "./batcher.ts";
import { Entry } from "./entry.ts";
import { Fifo } from "./fifo.ts";
import type { Ledger } from "./ledger.ts";
import { bytesIn, Parcel, parkedOf } from "./parcel.ts";
import { isOverBudget } from "./room.ts";
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
  readonly ledger: Ledger;
}

/** When a full queue has room again depends on the destination: a second is what most answer within. */
const FULL_RETRY_MS = 1000;
/** Who waits for room is a sender with a time-out of its own, 10 to 30 s by default; nobody tells when it has gone. */
export const BLOCKED_MS_MAX = 60_000;
/** Bytes that each request counts for besides its own: so many tiny ones have their bound, too. */
export const ENTRY_OVERHEAD_BYTES = 512;
const STOPPING: Outcome = { kind: "retry", message: "the gateway is stopping" };
/** When there was no room in the pool to divide a request. */
const ROOM_WAIT_MS = 100;
/** A shard that is due while every consumer is busy is looked at again after this time at the least. */
const BUSY_WAIT_MS = 100;

/** What a request takes up, and how. */
interface Place {
  readonly size: number;
  readonly bytes: number;
  /** Its sender is answered at the end. */
  readonly waits: boolean;
  /** It is a batch by itself. */
  readonly alone: boolean;
}

/** A sender that waits for room. */
interface Blocked {
  readonly size: number;
  readonly bytes: number;
  readonly admit: (room: boolean) => void;
}

export class Queue {
  readonly #parts: QueueParts;
  readonly #attempts: Attempts;
  readonly #batcher: Batcher | undefined;
  /** Complete, in order. */
  readonly #ready = new Fifo<Shipment>();
  readonly #underWay = new Set<Shipment>();
  readonly #blocked = new Fifo<Blocked>();
  #size = 0;
  #bytes = 0;
  #stopping = false;
  #ended = false;
  #retrying = false;
  #whenIdle: (() => void) | undefined;

  constructor(parts: QueueParts) {
    const { engine, exporter, host, ledger, retry, settings, signal } = parts;
    this.#parts = parts;
    this.#attempts = new Attempts({ exporter, engine, host, ledger, retry });
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
    if (settings === undefined) return this.#take(batch, { size: 1, bytes: 0, waits: true, alone: true });
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
    const room = { size, bytes, waits, alone };
    if (this.#blocked.length === 0 && this.#hasRoom(size, bytes)) {
      this.#grow(size, bytes);
      return this.#take(batch, room);
    }
    if (!settings.blocks) return this.#turnAway(items, this.#full(settings));
    batch.retain();
    try {
      if (!(await this.#room(size, bytes))) return this.#turnAway(items, this.#full(settings));
      if (!this.#ended) return await this.#take(batch, room);
      this.#leave(room);
      return this.#turnAway(items, STOPPING);
    } finally {
      batch.release();
    }
  }

  /** Delivers what is there, and counts as lost what was not answered `deadlineMs` from now. Nothing is held after the call. */
  async drain(deadlineMs: number): Promise<void> {
    const { host, ledger } = this.#parts;
    this.#stopping = true;
    for (let one = this.#blocked.shift(); one !== undefined; one = this.#blocked.shift()) one.admit(false);
    this.#batcher?.hurry();
    this.#attempts.hurry(host.clock.monotonicMs() + deadlineMs);
    this.#pump();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle = resolve;
    this.#settleIdle();
    await Promise.race([promise, host.sleep(deadlineMs)]);
    this.#abandon();
    ledger.close();
  }

  /** There is room for it. */
  #take(batch: Batch, place: Place): Promise<Outcome> {
    const { engine, ledger } = this.#parts;
    const { items } = batch;
    const { alone, bytes, size, waits } = place;
    const stays = alone && (waits || (this.#ready.length === 0 && this.#hasConsumer()));
    let envelope: Envelope | undefined;
    try {
      envelope = stays ? undefined : parkedOf(engine, batch);
    } catch (error) {
      this.#leave(place);
      return Promise.resolve(this.#turnAway(items, failureOf(error)));
    }
    const entry = new Entry({ items, size, bytes, waits, ledger, onDone: (done) => this.#leave(done) });
    ledger.took(items);
    if (envelope !== undefined && !alone) this.#join(envelope, entry);
    else {
      const parcel = envelope === undefined ? Parcel.ofBatch(batch) : Parcel.ofEnvelope(envelope);
      this.#ready.push(new Shipment(parcel, [{ entry, items }], ledger));
    }
    this.#pump();
    return waits ? entry.outcome : Promise.resolve(ACCEPTED);
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
      this.#underWay.add(shipment);
      this.#parts.ledger.underWay(1);
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
    for (const { entry, items } of this.#batcher?.abandon() ?? []) {
      if (!entry.waits) ledger.lost(items, "stopped", "the gateway stopped");
      entry.failed(items, "stopped", { kind: "retry", message: "the gateway stopped before the destination answered" });
    }
    this.#attempts.end();
  }

  #hasConsumer(): boolean {
    return this.#underWay.size < (this.#parts.settings?.consumers ?? Infinity);
  }

  #hasRoom(size: number, bytes: number): boolean {
    const { settings } = this.#parts;
    return settings === undefined || (this.#size + size <= settings.size && this.#bytes + bytes <= settings.heldBytesMax);
  }

  /** Waits for a turn and for room, which is the caller's then; false: there was none in time. */
  #room(size: number, bytes: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const blocked: Blocked = { size, bytes, admit: resolve };
    this.#blocked.push(blocked);
    void this.#endWait(blocked);
    return promise;
  }

  async #endWait(blocked: Blocked): Promise<void> {
    await this.#parts.host.sleep(BLOCKED_MS_MAX);
    this.#blocked.remove(blocked);
    blocked.admit(false);
    // The next one may be smaller.
    this.#admit();
  }

  #admit(): void {
    for (let first = this.#blocked.first; first !== undefined && this.#hasRoom(first.size, first.bytes); first = this.#blocked.first) {
      this.#blocked.shift();
      this.#grow(first.size, first.bytes);
      first.admit(true);
    }
  }

  #leave({ bytes, size }: Pick<Place, "bytes" | "size">): void {
    if (this.#parts.settings === undefined) return;
    this.#grow(-size, -bytes);
    this.#admit();
  }

  #grow(size: number, bytes: number): void {
    this.#size += size;
    this.#bytes += bytes;
    this.#parts.ledger.grew(size, bytes);
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

function sizeOf(batch: Batch, sizer: Sizer): number {
  if (sizer === "requests") return 1;
  return sizer === "items" ? batch.items : bytesIn(batch);
}
