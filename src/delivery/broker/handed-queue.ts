/**
 * The queue of one destination for one signal that the platform keeps, and hands out by calling us
 * (Cloudflare Queues). Nothing of it lives on between two requests, or two messages: each has its one
 * attempt, and what may succeed later is the platform's again, to be handed out after a while.
 *
 * - `write_first`: sent to the queue, then answered.
 * - `send_first`: offered to the destination at once; what it does not take now is sent to the queue, and
 *   answered then. After such a failure what comes is sent there at once, until an attempt succeeds.
 *
 * Limit: a message is as large as the platform takes; a larger request is divided.
 */
import type { HandedMessage, PlatformQueue, Verdict } from "../../base/broker.ts";
import { isOverBudget, messageOf, SluiceError } from "../../base/errors.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { batchFrom } from "../../pipeline/envelope.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { type Stored, storedFrom } from "../../pipeline/stored.ts";
import { Backoff } from "../backoff.ts";
import { STORAGE_RETRY_MS } from "../durable/backlog.ts";
import type { DurableQueueParts } from "../durable/durable-queue.ts";
import { Lateness } from "../durable/lateness.ts";
import { fedLedger } from "../queue/ledger.ts";
import { Queue } from "../queue/queue.ts";
import { messagesOf } from "./messages.ts";

/** When there was no room in the pool for a message. */
const ROOM_WAIT_MS = 1000;
/** An interval has long grown to its end by then. */
const ATTEMPTS_MAX = 100;

export class HandedQueue {
  readonly #parts: DurableQueueParts;
  /** Makes the one attempt, of a sender's request or of a message, and divides on 413. */
  readonly #attempts: Queue;
  readonly #lateness: Lateness;
  #queue: PlatformQueue | undefined;

  constructor(parts: DurableQueueParts) {
    this.#parts = parts;
    this.#lateness = new Lateness(parts.ledger, parts.durable);
    // Nothing of it is held here: it takes up no room that is counted.
    this.#attempts = new Queue({ ...parts, settings: undefined, retry: undefined, ledger: { ...fedLedger(parts.ledger), grew: () => {} } });
  }

  /** From now on it takes what is handed out. Before the first request. */
  open(queue: PlatformQueue): void {
    const { id, signal } = this.#parts;
    this.#queue = queue;
    queue.onMessage(id, signal, (message) => this.#handed(message));
  }

  /** Never rejects. The batch is retained for as long as it is read. */
  async consume(batch: Batch): Promise<Outcome> {
    const { durable, ledger } = this.#parts;
    const { items } = batch;
    if (items === 0) return ACCEPTED;
    batch.retain();
    try {
      ledger.took(items);
      if (durable.mode === "write_first" || this.#lateness.late) return await this.#send(batch);
      const outcome = await this.#attempt(batch);
      if (outcome.kind === "retry") return await this.#send(batch);
      if (outcome.kind === "refused") ledger.gaveBack(items);
      return outcome;
    } finally {
      batch.release();
    }
  }

  /** Nothing is held here. */
  drain(): Promise<void> {
    this.#parts.ledger.close();
    return Promise.resolve();
  }

  /** All of its parts, one after the other. */
  async #send(batch: Batch): Promise<Outcome> {
    const { engine, id: exporter, ledger, signal } = this.#parts;
    const queue = this.#queue;
    let left = batch.items;
    try {
      if (queue === undefined) throw new SluiceError("storage", "Cannot send to a queue: it is not open", { retryable: true });
      for (const { bytes, items } of messagesOf(engine, batch, queue)) {
        await queue.send({ exporter, signal, items, bytes });
        ledger.published(items);
        left -= items;
      }
      return ACCEPTED;
    } catch (error) {
      ledger.gaveBack(left);
      if (isOverBudget(error) || (error instanceof SluiceError && error.code === "too_large")) return failureOf(error);
      const message = `cannot store: ${messageOf(error)}`;
      ledger.storeFailed(message);
      return { kind: "retry", message, afterMs: STORAGE_RETRY_MS };
    }
  }

  async #handed({ attempts, bytes, items }: HandedMessage): Promise<Verdict> {
    const { engine, ledger } = this.#parts;
    let stored: Stored | undefined;
    let batch: Batch | undefined;
    try {
      stored = storedFrom(engine, [bytes]);
      batch = stored && batchFrom(engine, stored.envelope);
    } catch {
      // No memory for it now.
      return { kind: "again", afterMs: ROOM_WAIT_MS };
    }
    ledger.restored(stored?.envelope.items ?? items);
    if (stored === undefined || batch === undefined) {
      ledger.lost(items, "damaged", "what the queue has of it cannot be read");
      return { kind: "done" };
    }
    try {
      return await this.#judged(stored.envelope, await this.#attempt(batch), attempts);
    } finally {
      batch.release();
    }
  }

  /** What becomes of a message whose attempt ended so; what was taken of it is in the ledger. */
  async #judged(envelope: Envelope, outcome: Outcome, attempts: number): Promise<Verdict> {
    const { bury, ledger } = this.#parts;
    const { items } = envelope;
    if (outcome.kind === "accepted" || outcome.kind === "partial") return { kind: "done" };
    const afterMs = outcome.kind === "retry" ? this.#wait(envelope, attempts, outcome.afterMs) : undefined;
    if (afterMs !== undefined) {
      ledger.published(items);
      return { kind: "again", afterMs };
    }
    const reason = outcome.kind === "refused" ? "refused" : this.#parts.retry === undefined ? "send_failed" : "max_elapsed_time";
    // What is refused the attempt has buried itself.
    if (outcome.kind === "retry" && bury !== undefined && (await bury(envelope, reason, outcome.message))) ledger.dead(items, reason, outcome.message);
    else ledger.lost(items, reason, outcome.message);
    return { kind: "done" };
  }

  /** Undefined: its time is up. */
  #wait({ origin }: Envelope, attempts: number, askedMs: number | undefined): number | undefined {
    const { host, retry } = this.#parts;
    if (retry === undefined) return undefined;
    const backoff = new Backoff(retry, host, host.clock.monotonicMs() - Math.max(0, host.clock.nowMs() - origin.arrivedMs));
    let waitMs = backoff.next(askedMs);
    for (let made = 1; made < Math.min(attempts, ATTEMPTS_MAX); made++) waitMs = backoff.next(askedMs);
    return waitMs;
  }

  async #attempt(batch: Batch): Promise<Outcome> {
    const outcome = await this.#attempts.consume(batch);
    // There is no window: its sender has waited for it.
    this.#lateness.after(outcome, 0);
    return outcome;
  }
}
