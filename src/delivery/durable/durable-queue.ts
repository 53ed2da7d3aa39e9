/**
 * The queue of one destination for one signal that a storage keeps. Two ways, both answering the sender
 * only when the destination or the storage has the data (law 1):
 *
 * - `write_first`: written, answered, then sent, from memory while there is room for it there.
 * - `send_first`: offered to the destination at once. What it has taken, or refused for good, in its
 *   window is never written; what it has not is written, and answered then, while the attempt goes on.
 *   It is *late* then: until an attempt succeeds within the window, batches for it are written at once.
 *
 * Behind both stands the queue in memory (queue/queue.ts) with its batches, consumers and retries, fed
 * from the storage in order. An entry is deleted when its outcome is final, and what of it is over before
 * that is noted (progress.ts); what the end of the process leaves over stays, and is found by the next one.
 *
 * Limits: `queue_size` and `stored_bytes_max` for all that is not over, `held_bytes_max` in memory. An
 * entry that waits in the storage alone costs a few hundred bytes of memory.
 */
import { messageOf } from "../../base/errors.ts";
import type { Change, Host } from "../../base/host.ts";
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { RetrySettings } from "../backoff.ts";
import type { Bury } from "../queue/attempts.ts";
import { Capacity } from "../queue/capacity.ts";
import type { Entry } from "../queue/entry.ts";
import { fedLedger, type Ledger } from "../queue/ledger.ts";
import { bytesIn } from "../queue/parcel.ts";
import { ENTRY_OVERHEAD_BYTES, FULL_RETRY_MS, Queue, STOPPING } from "../queue/queue.ts";
import { type DurableSettings, type QueueSettings, type Sizer } from "../queue/settings.ts";
import { Backlog, type Size, STORAGE_RETRY_MS, type StoredEntry } from "./backlog.ts";
import type { Depot } from "./depot.ts";
import { type Kept, placeOf } from "./keys.ts";
import { Lateness } from "./lateness.ts";
import { itemsIn, NOTHING_OVER, Progress } from "./progress.ts";
import type { Pulse } from "./pulse.ts";
import { type Window, Windows } from "./windows.ts";

export interface DurableQueueParts {
  /** The exporter's. */
  readonly id: string;
  readonly exporter: Pick<Exporter, "consume">;
  readonly settings: QueueSettings;
  readonly durable: DurableSettings;
  /** Undefined: retries are off. */
  readonly retry: RetrySettings | undefined;
  readonly signal: Signal;
  readonly engine: Engine;
  readonly host: Pick<Host, "clock" | "random" | "sleep">;
  readonly ledger: Ledger;
  readonly bury?: Bury | undefined;
  /** The destination's, shared by the queues of all signals: when they stop, they give up together. */
  readonly pulse: Pulse;
}

/** Of the time to stop, the share that is left for what has still to be written then. */
const STORING_SHARE = 0.2;

/** Who wants to know of a request that its sender was told to send again while an attempt of it was under way. */
export interface Watch {
  /** The sender is told now. */
  withdrawn(): void;
  /** Nothing of it is under way any more. Called for others, too. */
  over(outcome: Outcome): void;
}

/** A request that was offered to the destination and is not written, or not yet. */
interface Offered extends Size {
  readonly batch: Batch;
  /** To be kept with it. */
  readonly more: readonly Change[];
  readonly watch: Watch | undefined;
  readonly startMs: number;
  readonly answer: (outcome: Outcome) => void;
  readonly progress: Progress;
  entry: Entry | undefined;
  over: boolean;
  /** Undefined once resolved: the storage failed. */
  writing: Promise<StoredEntry | undefined> | undefined;
}

export class DurableQueue {
  readonly #parts: DurableQueueParts;
  readonly #queue: Queue;
  readonly #capacity: Capacity;
  readonly #place: string;
  readonly #windows: Windows<Offered>;
  readonly #backlog: Backlog;
  readonly #lateness: Lateness;
  readonly #offered = new Set<Offered>();
  /** Stored, and in memory. */
  readonly #underWay = new Set<StoredEntry>();
  /** Commits that a sender waits for. */
  #storing = 0;
  /** Fed, and not over. */
  #fed = 0;
  #depot: Depot | undefined;
  #stopping = false;
  #whenSettled: (() => void) | undefined;

  constructor(parts: DurableQueueParts) {
    const { durable, exporter, host, id, ledger, settings, signal } = parts;
    this.#parts = parts;
    this.#place = placeOf(id, signal);
    this.#lateness = new Lateness(ledger, durable);
    this.#windows = new Windows(host, durable.windowMs, (offered) => this.#missed(offered));
    this.#capacity = new Capacity({
      sizeMax: settings.size,
      bytesMax: durable.storedBytesMax,
      sleep: (ms) => host.sleep(ms),
      onChange: (size) => ledger.grew(size, 0),
    });
    ledger.capacity(settings.size);
    this.#backlog = new Backlog({
      engine: parts.engine,
      sleep: (ms) => host.sleep(ms),
      readBytesMax: settings.heldBytesMax,
      hasRoom: (bytes) => this.#queue.wants(bytes),
      onRead: (entry, envelope) => this.#feed(entry, envelope),
      onDamaged: (entry) => this.#lose(entry, "damaged", "what the storage has of it cannot be read"),
      onFailure: (error) => this.#storeFailed(error),
    });
    this.#queue = new Queue({
      ...parts,
      // What it is fed was admitted here, and its bound is the bytes in memory.
      settings: { ...settings, size: Infinity, blocks: false },
      ledger: { ...fedLedger(ledger), gaveBack: (items) => ledger.gaveBack(items) },
      exporter: { consume: (batch) => this.#attempt(exporter, batch) },
    });
  }

  /** Takes up what an earlier process left. Before the first request. */
  open(depot: Depot): void {
    const { host, ledger } = this.#parts;
    this.#depot = depot;
    this.#backlog.open(depot);
    for (const kept of depot.found(this.#place)) {
      const ageMs = Math.max(0, host.clock.nowMs() - kept.arrivedMs);
      const over = depot.overOf(this.#place, kept);
      const entry = { kept, over, startMs: host.clock.monotonicMs() - ageMs, ...this.#sizeOf(kept.items - itemsIn(over), kept.bytes) };
      this.#capacity.hold(entry.size, entry.bytes);
      ledger.restored(entry.items);
      ledger.stored(entry.bytes);
      this.#backlog.push(entry);
    }
    this.#tellOldest();
    if (this.#backlog.first !== undefined) this.#lateness.set(true);
    this.#backlog.refill();
  }

  /** Never rejects. The batch is retained for as long as it is read. `more` is kept with it, where it is written. */
  async consume(batch: Batch, more: readonly Change[] = [], watch?: Watch): Promise<Outcome> {
    const { durable, settings } = this.#parts;
    const depot = this.#depot;
    const { items } = batch;
    if (items === 0) return ACCEPTED;
    if (this.#stopping || depot === undefined) return this.#turnAway(items, STOPPING);
    const size = this.#sizeOf(items, bytesIn(batch));
    if (size.size > settings.size || size.bytes > durable.storedBytesMax) {
      const message = `larger than the sending queue: ${size.size} ${settings.sizer}, ${size.bytes} bytes, it holds ${this.#bound()}`;
      return this.#turnAway(items, { kind: "refused", message, status: 413 });
    }
    if (this.#capacity.take(size.size, size.bytes)) return this.#take(depot, batch, size, more, watch);
    if (durable.onFull === "drop_newest") return this.#dropNewest(items);
    if (durable.onFull === "drop_oldest" && this.#dropOldest(size)) return this.#take(depot, batch, size, more, watch);
    return this.#wait(depot, batch, size, more, watch);
  }

  /**
   * Writes what was not, delivers what is in memory while the destination answers, and leaves the rest in the
   * storage. Before `deadlineMs` from now.
   */
  async drain(deadlineMs: number): Promise<void> {
    const { durable, host, ledger, pulse } = this.#parts;
    const endMs = host.clock.monotonicMs() + deadlineMs;
    this.#stopping = true;
    this.#backlog.stop();
    this.#capacity.turnAllAway();
    for (const offered of this.#offered) if (!offered.over) this.#write(offered);
    const sendingMs = deadlineMs * (1 - STORING_SHARE);
    // All of it is kept: where nobody answers, waiting helps nobody.
    await this.#queue.drain(sendingMs, pulse.silence(host, durable.windowMs, host.clock.monotonicMs() + sendingMs));
    await Promise.race([this.#settled(), host.sleep(Math.max(0, endMs - host.clock.monotonicMs()))]);
    ledger.close();
  }

  #take(depot: Depot, batch: Batch, size: Size, more: readonly Change[], watch: Watch | undefined): Promise<Outcome> {
    const first = this.#parts.durable.mode === "send_first" && !this.#lateness.late;
    return first && this.#backlog.empty && this.#queue.wants(size.bytes) ? this.#offer(batch, size, more, watch) : this.#store(depot, batch, size, more);
  }

  /** Written, then answered. */
  async #store(depot: Depot, batch: Batch, size: Size, more: readonly Change[]): Promise<Outcome> {
    const { host, ledger } = this.#parts;
    const startMs = host.clock.monotonicMs();
    this.#storing++;
    batch.retain();
    try {
      const kept = await depot.keep(batch, this.#place, more);
      ledger.took(size.items);
      ledger.stored(size.bytes);
      this.#goOn({ kept, over: NOTHING_OVER, startMs, ...size }, batch);
      return ACCEPTED;
    } catch (error) {
      this.#capacity.give(size.size, size.bytes);
      return this.#turnAway(size.items, this.#storeFailed(error));
    } finally {
      batch.release();
      this.#storing--;
      this.#settle();
    }
  }

  /** With what was just written: from memory, while there is room for it and nothing is before it. */
  #goOn(stored: StoredEntry, batch: Batch): void {
    if (!this.#stopping && this.#backlog.empty && this.#queue.wants(stored.bytes)) this.#feed(stored, batch);
    else this.#backlog.push(stored);
    this.#tellOldest();
  }

  /** Offered to the destination while its sender waits. */
  #offer(batch: Batch, size: Size, more: readonly Change[], watch: Watch | undefined): Promise<Outcome> {
    const { host, ledger } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const startMs = host.clock.monotonicMs();
    // Until it is over, or written.
    batch.retain();
    const progress = new Progress();
    const offered: Offered = { batch, more, watch, startMs, answer: resolve, progress, entry: undefined, over: false, writing: undefined, ...size };
    ledger.took(size.items);
    this.#offered.add(offered);
    const window = this.#windows.open(offered);
    const onOver = (from: number, items: number) => progress.add(from, items);
    offered.entry = this.#queue.feed(batch, size.bytes, { startMs, onDelayed: () => this.#write(offered), onOver, inPool: true });
    void this.#end(offered, offered.entry, window);
    return promise;
  }

  #missed(offered: Offered): void {
    if (offered.writing !== undefined) return;
    this.#lateness.set(true);
    this.#write(offered);
  }

  #write(offered: Offered): void {
    offered.writing ??= this.#writeOffered(offered);
  }

  async #writeOffered(offered: Offered): Promise<StoredEntry | undefined> {
    const { answer, batch, bytes, entry, items, more, progress, size, startMs } = offered;
    const depot = this.#depot;
    if (depot === undefined) return undefined;
    try {
      const kept = await depot.keep(batch, this.#place, more);
      const stored = { kept, over: NOTHING_OVER, startMs, items, size, bytes };
      this.#note(progress, kept);
      this.#parts.ledger.stored(bytes);
      this.#underWay.add(stored);
      this.#tellOldest();
      entry?.keep();
      answer(ACCEPTED);
      return stored;
    } catch (error) {
      // What is under way of it may arrive all the same: its sender makes a duplicate of it then.
      entry?.withdraw();
      offered.watch?.withdrawn();
      answer(this.#storeFailed(error));
      return undefined;
    } finally {
      batch.release();
    }
  }

  /** Once the destination has answered, or nobody will know. */
  async #end(offered: Offered, entry: Entry, window: Window<Offered>): Promise<void> {
    const { ledger } = this.#parts;
    const outcome = await entry.outcome;
    offered.over = true;
    this.#windows.close(window);
    if (!entry.stays) offered.answer(outcome);
    if (offered.writing === undefined) offered.batch.release();
    const stored = await offered.writing;
    if (stored !== undefined) this.#over(stored, entry);
    else {
      // It is its sender's again.
      if (entry.stays) ledger.gaveBack(entry.leftOver);
      offered.watch?.over(outcome);
      offered.answer(outcome);
      this.#capacity.give(offered.size, offered.bytes);
    }
    this.#offered.delete(offered);
    this.#settle();
    this.#backlog.refill();
  }

  /** Gives the queue in memory what is stored. */
  #feed(stored: StoredEntry, load: Batch | Envelope): void {
    const progress = new Progress(stored.over);
    this.#note(progress, stored.kept);
    const onOver = (from: number, items: number) => progress.add(from, items);
    const entry = this.#queue.feed(load, stored.bytes, { startMs: stored.startMs, onDelayed: () => this.#lateness.set(true), onOver });
    entry.keep();
    this.#underWay.add(stored);
    this.#fed++;
    void this.#endFed(stored, entry);
  }

  /** From now on the storage is told what of it is over. */
  #note(progress: Progress, kept: Kept): void {
    progress.keep((over) => this.#depot?.note(this.#place, kept, over));
  }

  async #endFed(stored: StoredEntry, entry: Entry): Promise<void> {
    await entry.outcome;
    this.#over(stored, entry);
    this.#fed--;
    this.#settle();
    this.#backlog.refill();
  }

  #over(stored: StoredEntry, entry: Entry): void {
    // The process ends: the next one goes on with it.
    if (entry.stays) return;
    this.#parts.ledger.stored(-stored.bytes);
    this.#underWay.delete(stored);
    this.#depot?.release(this.#place, stored.kept);
    this.#capacity.give(stored.size, stored.bytes);
    this.#tellOldest();
  }

  async #wait(depot: Depot, batch: Batch, size: Size, more: readonly Change[], watch: Watch | undefined): Promise<Outcome> {
    const full: Outcome = { kind: "retry", message: `the sending queue is full: ${this.#bound()}`, afterMs: FULL_RETRY_MS };
    if (!this.#parts.settings.blocks) return this.#turnAway(size.items, full);
    batch.retain();
    try {
      if (!(await this.#capacity.wait(size.size, size.bytes))) return this.#turnAway(size.items, full);
      if (!this.#stopping) return await this.#take(depot, batch, size, more, watch);
      this.#capacity.give(size.size, size.bytes);
      return this.#turnAway(size.items, STOPPING);
    } finally {
      batch.release();
    }
  }

  #dropNewest(items: number): Outcome {
    const warning = `the sending queue is full: ${this.#bound()}: dropped`;
    this.#parts.ledger.declined(items, warning);
    return { kind: "accepted", warning };
  }

  /** Makes room with what waits in the storage: what is under way stays. Takes it; false: there would not be enough, and nothing was dropped. */
  #dropOldest({ bytes, size }: Size): boolean {
    if (!this.#capacity.hasRoom(size - this.#backlog.size, bytes - this.#backlog.bytes)) return false;
    while (!this.#capacity.take(size, bytes)) {
      const oldest = this.#backlog.shift();
      if (oldest === undefined) return false;
      this.#lose(oldest, "dropped_oldest", `the sending queue is full: ${this.#bound()}`);
    }
    return true;
  }

  #lose(entry: StoredEntry, reason: "dropped_oldest" | "damaged", message: string): void {
    const { ledger } = this.#parts;
    ledger.lost(entry.items, reason, message);
    ledger.stored(-entry.bytes);
    this.#depot?.release(this.#place, entry.kept);
    this.#capacity.give(entry.size, entry.bytes);
    this.#tellOldest();
  }

  /** The exporter's one attempt, which says how the destination is. */
  async #attempt(exporter: Pick<Exporter, "consume">, batch: Batch): Promise<Outcome> {
    const { host, pulse } = this.#parts;
    const startMs = host.clock.monotonicMs();
    const outcome = await exporter.consume(batch);
    const tookMs = host.clock.monotonicMs() - startMs;
    pulse.beat(outcome.kind !== "retry", tookMs);
    this.#lateness.after(outcome, tookMs);
    return outcome;
  }

  #storeFailed(error: unknown): Outcome {
    const message = `cannot store: ${messageOf(error)}`;
    this.#parts.ledger.storeFailed(message);
    return { kind: "retry", message, afterMs: STORAGE_RETRY_MS };
  }

  #tellOldest(): void {
    const [first = this.#backlog.first] = this.#underWay;
    this.#parts.ledger.oldest(first?.kept.arrivedMs);
  }

  #turnAway(items: number, outcome: Outcome): Outcome {
    this.#parts.ledger.turnedAway(items);
    return outcome;
  }

  #sizeOf(items: number, own: number): Size {
    return { items, size: sizeIn(this.#parts.settings.sizer, items, own), bytes: own + ENTRY_OVERHEAD_BYTES };
  }

  #bound(): string {
    const { durable, settings } = this.#parts;
    return `${settings.size} ${settings.sizer}, ${durable.storedBytesMax} bytes`;
  }

  /** Resolves when whatever was begun is over, and nothing is left to be deleted. */
  async #settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenSettled = resolve;
    this.#settle();
    await promise;
    await this.#depot?.idle();
  }

  #settle(): void {
    if (this.#storing + this.#fed + this.#offered.size === 0) this.#whenSettled?.();
  }
}

function sizeIn(sizer: Sizer, items: number, bytes: number): number {
  if (sizer === "requests") return 1;
  return sizer === "items" ? items : bytes;
}
