/**
 * The queue of one destination for one signal that a broker keeps, for all gateways that share it. The
 * sender is answered only when the destination or the broker has the data (law 1), in one of two ways:
 *
 * - `write_first`: published, answered, then sent by the gateway that it is handed out to.
 * - `send_first`: offered to the destination at once. What that has not taken in its window, or at its
 *   first attempt, is published, and answered then; nobody here tries it again but as a message. When the
 *   attempt that was under way ends well after all, the message is taken back.
 *
 * Behind both stands the queue in memory (queue/queue.ts), fed with what the broker hands out. A message is
 * acknowledged when its outcome is final, and handed back when the process ends before that.
 *
 * Limits: `queue_size` messages that wait for the destination, as the broker counts them every few seconds,
 * `held_bytes_max` in memory, and the broker's own.
 */
import type { Broker, BrokerMessage, BrokerPlace, Published } from "../../base/broker.ts";
import { isOverBudget, messageOf, SluiceError } from "../../base/errors.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import { type Stored, storedFrom } from "../../pipeline/stored.ts";
import { STORAGE_RETRY_MS } from "../durable/backlog.ts";
import type { DurableQueueParts, Watch } from "../durable/durable-queue.ts";
import { Lateness } from "../durable/lateness.ts";
import { type Window, Windows } from "../durable/windows.ts";
import { Capacity } from "../queue/capacity.ts";
import type { Entry } from "../queue/entry.ts";
import { fedLedger } from "../queue/ledger.ts";
import { bytesIn } from "../queue/parcel.ts";
import { ENTRY_OVERHEAD_BYTES, FULL_RETRY_MS, Queue, STOPPING } from "../queue/queue.ts";
import { Hands } from "./hands.ts";
import { itemsIn, MessageIds } from "./ids.ts";
import { type Message, messagesOf } from "./messages.ts";

/** How often the broker is asked how much waits. */
const COUNT_MS = 5000;
/** Of the time that a message may be out without a word, the part after which it has one. */
const WORKING_SHARE = 1 / 3;
/** Of the time to stop, the share that is left for what has still to be published then. */
const PUBLISHING_SHARE = 0.2;
/** What a broker counts of a message besides: headers, subjects. */
const AROUND_BYTES = 8192;
/** When there was no room in the pool to check a message. */
const ROOM_WAIT_MS = 1000;

/** A part of a request, published. */
interface Kept {
  readonly id: string;
  readonly items: number;
  readonly published: Published;
}

/** A request that was offered to the destination and is not published, or not yet. */
interface Offered {
  readonly batch: Batch;
  readonly key: string | undefined;
  readonly watch: Watch | undefined;
  readonly answer: (outcome: Outcome) => void;
  entry: Entry | undefined;
  over: boolean;
  /** Once it was begun; in it, `kept` of a publication that failed may have some of the parts. */
  publishing: Promise<Publication> | undefined;
}

interface Publication {
  readonly kept: readonly Kept[];
  /** Undefined: all of it was published. */
  readonly failure: Outcome | undefined;
}

/** What the broker has, once it was opened. */
interface Opened {
  readonly broker: Broker;
  readonly place: BrokerPlace;
}

export class BrokerQueue {
  readonly #parts: DurableQueueParts;
  readonly #queue: Queue;
  readonly #capacity: Capacity;
  readonly #windows: Windows<Offered>;
  readonly #ids: MessageIds;
  readonly #hands = new Hands();
  readonly #lateness: Lateness;
  readonly #offered = new Set<Offered>();
  #opened: Opened | undefined;
  /** Messages that wait in the broker for this destination, as far as is known. */
  #waiting = 0;
  /** Of what was handed out and is in memory. */
  #fedBytes = 0;
  #fed = 0;
  /** Publications that a sender waits for. */
  #publishing = 0;
  #stopping = false;
  #whenSettled: (() => void) | undefined;
  #whenRoom: (() => void) | undefined;

  constructor(parts: DurableQueueParts) {
    const { durable, exporter, host, ledger, settings } = parts;
    this.#parts = parts;
    this.#ids = new MessageIds(host);
    this.#lateness = new Lateness(ledger, durable);
    this.#windows = new Windows(host, durable.windowMs, (offered) => this.#missed(offered));
    this.#capacity = new Capacity({
      sizeMax: settings.size,
      bytesMax: Infinity,
      sleep: (ms) => host.sleep(ms),
      onChange: (size) => ledger.grew(size, 0),
    });
    ledger.capacity(settings.size);
    this.#queue = new Queue({
      ...parts,
      // What it is fed was admitted here, or by another gateway, and its bound is the bytes in memory.
      settings: { ...settings, size: Infinity, blocks: false },
      ledger: fedLedger(ledger),
      exporter: { consume: (batch) => this.#attempt(exporter, batch) },
    });
  }

  /** Begins to take what is handed out. Before the first request. Rejects with `config` or `storage`. */
  async open(broker: Broker): Promise<void> {
    const { id, signal } = this.#parts;
    const opened = { broker, place: await broker.open(id, signal) };
    this.#opened = opened;
    this.#grow(await opened.place.waiting());
    void this.#pullOn(opened);
    void this.#countOn(opened);
    void this.#workOn(opened);
  }

  /** Never rejects. The batch is retained for as long as it is read. `key` names a request that may come again, wherever. */
  async consume(batch: Batch, key?: string, watch?: Watch): Promise<Outcome> {
    const { settings } = this.#parts;
    const opened = this.#opened;
    const { items } = batch;
    if (items === 0) return ACCEPTED;
    if (this.#stopping || opened === undefined) return this.#turnAway(items, STOPPING);
    if (this.#capacity.take(1, 0)) return this.#take(opened, batch, key, watch);
    const full: Outcome = { kind: "retry", message: `the sending queue is full: ${settings.size} requests`, afterMs: FULL_RETRY_MS };
    if (!settings.blocks) return this.#turnAway(items, full);
    batch.retain();
    try {
      if (!(await this.#capacity.wait(1, 0))) return this.#turnAway(items, full);
      if (!this.#stopping) return await this.#take(opened, batch, key, watch);
      this.#capacity.give(1, 0);
      return this.#turnAway(items, STOPPING);
    } finally {
      batch.release();
    }
  }

  /** Publishes what was not, delivers what is in memory, and hands the rest back. Before `deadlineMs` from now. */
  async drain(deadlineMs: number): Promise<void> {
    const { host, ledger } = this.#parts;
    const endMs = host.clock.monotonicMs() + deadlineMs;
    this.#stopping = true;
    this.#opened?.place.stop();
    this.#whenRoom?.();
    this.#capacity.turnAllAway();
    for (const offered of this.#offered) if (!offered.over) this.#publish(offered);
    await this.#queue.drain(deadlineMs * (1 - PUBLISHING_SHARE));
    await Promise.race([this.#settled(), host.sleep(Math.max(0, endMs - host.clock.monotonicMs()))]);
    this.#opened = undefined;
    ledger.close();
  }

  #take(opened: Opened, batch: Batch, key: string | undefined, watch: Watch | undefined): Promise<Outcome> {
    const first = this.#parts.durable.mode === "send_first" && !this.#lateness.late;
    const bytes = bytesIn(batch) + ENTRY_OVERHEAD_BYTES;
    return first && this.#waiting === 0 && this.#queue.wants(bytes) ? this.#offer(batch, bytes, key, watch) : this.#keep(opened, batch, key);
  }

  /** Published, then answered. */
  async #keep(opened: Opened, batch: Batch, key: string | undefined): Promise<Outcome> {
    const { ledger } = this.#parts;
    this.#publishing++;
    batch.retain();
    try {
      const { failure, kept } = await this.#published(opened, batch, key);
      let left = batch.items;
      for (const { items, published } of kept) {
        left -= items;
        // The same request, by its sender's key, that another gateway was given before.
        if (published.duplicate) ledger.repeated(items);
        else {
          ledger.took(items);
          ledger.published(items);
        }
      }
      return failure === undefined ? ACCEPTED : this.#turnAway(left, failure);
    } finally {
      batch.release();
      this.#publishing--;
      this.#settle();
    }
  }

  /** Offered to the destination while its sender waits. */
  #offer(batch: Batch, bytes: number, key: string | undefined, watch: Watch | undefined): Promise<Outcome> {
    const { host, ledger } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    // Until it is over, or published.
    batch.retain();
    const offered: Offered = { batch, key, watch, answer: resolve, entry: undefined, over: false, publishing: undefined };
    ledger.took(batch.items);
    this.#offered.add(offered);
    const window = this.#windows.open(offered);
    offered.entry = this.#queue.feed(batch, bytes, { startMs: host.clock.monotonicMs(), onDelayed: () => this.#publish(offered), inPool: true });
    void this.#end(offered, offered.entry, window);
    return promise;
  }

  #missed(offered: Offered): void {
    if (offered.publishing !== undefined) return;
    this.#lateness.set(true);
    this.#publish(offered);
  }

  #publish(offered: Offered): void {
    offered.publishing ??= this.#publishOffered(offered);
  }

  async #publishOffered({ answer, batch, entry, key, watch }: Offered): Promise<Publication> {
    const opened = this.#opened;
    const publication = opened === undefined ? { kept: [], failure: STOPPING } : await this.#published(opened, batch, key, true);
    batch.release();
    // What is under way of it may arrive all the same; nobody here tries it again.
    entry?.withdraw();
    if (publication.failure !== undefined) watch?.withdrawn();
    answer(publication.failure ?? ACCEPTED);
    return publication;
  }

  /** Once the destination has answered, or nobody will try it again. */
  async #end(offered: Offered, entry: Entry, window: Window<Offered>): Promise<void> {
    const { items } = offered.batch;
    const outcome = await entry.outcome;
    offered.over = true;
    this.#windows.close(window);
    const left = entry.stays ? entry.leftOver : outcome.kind === "retry" || outcome.kind === "refused" ? items : 0;
    if (left === 0 || offered.publishing === undefined) offered.answer(outcome);
    if (offered.publishing === undefined) {
      offered.batch.release();
      this.#capacity.give(1, 0);
    }
    const { failure, kept } = (await offered.publishing) ?? { kept: [], failure: outcome };
    if (left > 0) this.#bookLeft(left, kept, failure);
    for (const one of kept) {
      if (left === 0) this.#takeBack(one);
      else for (const message of this.#hands.letGo(one.id)) this.#arrived(message);
    }
    if (failure !== undefined) offered.watch?.over(outcome);
    this.#offered.delete(offered);
    this.#settle();
  }

  /** What nobody has taken of it is the broker's, or its sender's again. */
  #bookLeft(left: number, kept: readonly Kept[], failure: Outcome | undefined): void {
    const { ledger } = this.#parts;
    const published = failure === undefined ? left : Math.min(left, itemsOf(kept));
    if (published > 0) ledger.published(published);
    if (left > published) ledger.gaveBack(left - published);
  }

  /** The destination has it: the message must not be delivered, by anyone. */
  #takeBack({ id, published }: Kept): void {
    this.#grow(-1);
    if (this.#hands.settle(id) > 0) return;
    // It may be on its way to us.
    this.#hands.remember(published.seq);
    // Where it cannot be told, it comes once more: a duplicate.
    published.remove().catch((error: unknown) => void this.#brokerFailed(error));
  }

  /** As many of the parts as the broker takes. Of an offered request they are `ours` first. The request's room is theirs. */
  async #published(opened: Opened, batch: Batch, key: string | undefined, ours = false): Promise<Publication> {
    const kept: Kept[] = [];
    let messages: Message[] = [];
    try {
      messages = messagesOf(this.#parts.engine, batch, opened.broker);
    } catch (error) {
      return { kept, failure: this.#brokerFailed(error) };
    } finally {
      this.#grow(messages.length);
      this.#capacity.give(1, 0);
    }
    const ids = this.#ids.idsOf(
      messages.map(({ items }) => items),
      key,
    );
    for (const [index, { bytes, items }] of messages.entries()) {
      const id = ids[index] ?? "";
      if (ours) this.#hands.expect(id);
      try {
        const published = await opened.place.publish(id, bytes);
        if (published.duplicate) this.#grow(-1);
        kept.push({ id, items, published });
      } catch (error) {
        this.#grow(index - messages.length);
        for (const message of this.#hands.letGo(id)) this.#arrived(message);
        return { kept, failure: this.#brokerFailed(error) };
      }
    }
    return { kept, failure: undefined };
  }

  /** A message that was handed out. */
  #arrived(message: BrokerMessage): void {
    if (this.#stopping) return message.retryLater(0);
    if (this.#hands.knows(message)) return;
    const { engine, host, ledger } = this.#parts;
    const bytes = message.bytes.length + ENTRY_OVERHEAD_BYTES;
    let stored: Stored | undefined;
    let entry: Entry;
    try {
      stored = storedFrom(engine, [message.bytes]);
      if (stored === undefined) return this.#lose(message);
      const { arrivedMs } = stored.envelope.origin;
      const startMs = host.clock.monotonicMs() - Math.max(0, host.clock.nowMs() - arrivedMs);
      entry = this.#queue.feed(stored.envelope, bytes, { startMs, onDelayed: () => this.#lateness.set(true) });
    } catch {
      // No memory for it now.
      return message.retryLater(ROOM_WAIT_MS);
    }
    entry.keep();
    this.#hands.hold(message);
    ledger.restored(stored.envelope.items);
    this.#fedBytes += bytes;
    this.#fed++;
    void this.#endFed(message, entry, bytes);
  }

  async #endFed({ id }: BrokerMessage, entry: Entry, bytes: number): Promise<void> {
    await entry.outcome;
    if (entry.stays) {
      // The process ends: whoever is next goes on with it.
      this.#parts.ledger.published(entry.leftOver);
      for (const message of this.#hands.letGo(id)) message.retryLater(0);
    } else this.#grow(-this.#hands.settle(id));
    this.#fedBytes -= bytes;
    this.#fed--;
    this.#whenRoom?.();
    this.#settle();
  }

  #lose(message: BrokerMessage): void {
    const { ledger } = this.#parts;
    const items = itemsIn(message.id);
    ledger.restored(items);
    ledger.lost(items, "damaged", "what the broker has of it cannot be read");
    message.discard("no batch of Sluice");
    this.#grow(-1);
  }

  async #pullOn({ broker, place }: Opened): Promise<void> {
    while (!this.#stopping) {
      const bytes = this.#room(broker);
      try {
        if (bytes === 0) await this.#roomFreed();
        else await place.pull(bytes, (message) => this.#arrived(message));
      } catch (error) {
        void this.#brokerFailed(error);
        await this.#parts.host.sleep(STORAGE_RETRY_MS);
      }
    }
  }

  /** Bytes that may be asked for: the largest message has room, or nothing is there. */
  #room({ messageBytesMax }: Broker): number {
    const { heldBytesMax } = this.#parts.settings;
    const largest = messageBytesMax + AROUND_BYTES;
    if (this.#fedBytes === 0) return Math.max(heldBytesMax, largest);
    const left = heldBytesMax - this.#fedBytes;
    return left >= largest ? left : 0;
  }

  #roomFreed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenRoom = resolve;
    return promise;
  }

  /** The truth about what waits, which other gateways change, too. */
  async #countOn({ place }: Opened): Promise<void> {
    while (!this.#stopping) {
      await this.#parts.host.sleep(COUNT_MS);
      try {
        if (!this.#stopping) this.#grow((await place.waiting()) - this.#waiting);
      } catch {
        // Whoever publishes, or pulls, has counted it: the last answer stands.
      }
    }
  }

  async #workOn({ broker }: Opened): Promise<void> {
    while (this.#opened !== undefined) {
      await this.#parts.host.sleep(broker.ackWaitMs * WORKING_SHARE);
      this.#hands.working();
    }
  }

  /** More messages wait, or fewer. */
  #grow(count: number): void {
    const change = Math.max(count, -this.#waiting);
    this.#waiting += change;
    if (change < 0) this.#capacity.give(-change, 0);
    else if (change > 0) this.#capacity.hold(change, 0);
  }

  /** The exporter's one attempt, which says how the destination is. */
  async #attempt(exporter: Pick<Exporter, "consume">, batch: Batch): Promise<Outcome> {
    const { clock } = this.#parts.host;
    const startMs = clock.monotonicMs();
    const outcome = await exporter.consume(batch);
    this.#lateness.after(outcome, clock.monotonicMs() - startMs);
    return outcome;
  }

  /** What its sender is told. */
  #brokerFailed(error: unknown): Outcome {
    if (isOverBudget(error) || (error instanceof SluiceError && error.code === "too_large")) return failureOf(error);
    const message = `cannot store: ${messageOf(error)}`;
    this.#parts.ledger.storeFailed(message);
    return { kind: "retry", message, afterMs: STORAGE_RETRY_MS };
  }

  #turnAway(items: number, outcome: Outcome): Outcome {
    this.#parts.ledger.turnedAway(items);
    return outcome;
  }

  /** Resolves when whatever was begun is over. */
  #settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenSettled = resolve;
    this.#settle();
    return promise;
  }

  #settle(): void {
    if (this.#publishing + this.#fed + this.#offered.size === 0) this.#whenSettled?.();
  }
}

function itemsOf(kept: readonly Kept[]): number {
  return kept.reduce((sum, { items }) => sum + items, 0);
}
