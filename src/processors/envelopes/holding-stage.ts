/**
 * A stage that holds telemetry and passes it on at every tick: `interval` and `log_dedup`. What it
 * does not hold passes at once, and the sender hears how that went; only when it was taken is the rest
 * held, so that nothing is held twice when the sender sends again.
 *
 * Each origin has a shelf of its own. Limits: `entriesMax` leaves and `bytesMax` bytes, on shelves and
 * under way together; a request that finds no room is refused with a retry. What is under way is tried
 * once, as in the Collector, and counted as dropped when nobody takes it.
 */
import type { Host, Logger } from "../../base/host.ts";
import { isOverBudget, messageOf } from "../../base/errors.ts";
import type { Signal } from "../../base/signal.ts";
import { ACCEPTED, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Next, PlainOrigin, Stage } from "../../pipeline/stage.ts";
import type { Origins } from "../../pipeline/batching/origins.ts";
import { attempt, reasonOf } from "../batch/outbox.ts";
import type { Books } from "./books.ts";
import { type Arrival, Shelf, type Taken } from "./shelf.ts";
import type { Leaf } from "./tree.ts";

/** When there is room again depends on the next tick, or on a destination. */
const FULL_RETRY_MS = 1000;
/** One line about what is lost in this time at the most. */
const TELL_MS = 10_000;

export interface Split<Kept extends Leaf> {
  readonly arrivals: readonly Arrival<Kept>[];
  /** What is not held; undefined when all of it is. */
  readonly rest: Uint8Array | undefined;
}

export interface HoldingParts<Kept extends Leaf> {
  readonly id: string;
  /** Envelopes of others pass as they are. */
  readonly signal: Signal;
  readonly intervalMs: number;
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly origins: Origins;
  readonly books: Books;
  readonly host: Pick<Host, "clock" | "sleep">;
  readonly logger: Logger;
  /** What is held of an envelope's requests: called once an envelope, and synchronous. */
  readonly split: (envelope: Envelope) => readonly Split<Kept>[];
}

export class HoldingStage<Kept extends Leaf> implements Stage {
  readonly state = "process";
  readonly namesEntries = true;
  readonly #parts: HoldingParts<Kept>;
  readonly #shelves = new Map<string, Shelf<Kept>>();
  readonly #startMs: number;
  #next: Next | undefined;
  #watched = false;
  #draining = false;
  /** Leaves and bytes that are under way. */
  #awayLeaves = 0;
  #awayBytes = 0;
  /** Those that wait for the rest of their request, and have room. */
  #promisedLeaves = 0;
  #promisedBytes = 0;
  readonly #underWay = new Set<Promise<void>>();
  #abandoned = false;
  #lastId = 0;
  #toldMs = -Infinity;

  constructor(parts: HoldingParts<Kept>) {
    this.#parts = parts;
    this.#startMs = parts.host.clock.monotonicMs();
  }

  async consume(envelope: Envelope, next: Next): Promise<Outcome> {
    const { books, origins, signal } = this.#parts;
    const { items, origin } = envelope;
    if (envelope.signal !== signal) return next(envelope);
    if (this.#draining) return this.#pass({ ...envelope, checked: true }, next);
    const key = origins.keyOf(origin);
    if (key === undefined) {
      books.turnedAway(items, "metadata_cardinality");
      return { kind: "refused", message: "too many combinations of the values of metadata_keys" };
    }
    let splits: readonly Split<Kept>[];
    try {
      splits = this.#parts.split(envelope);
    } catch (error) {
      books.turnedAway(items, isOverBudget(error) ? "no_memory" : "invalid");
      return failureOf(error);
    }
    const arrivals = splits.flatMap((split) => split.arrivals);
    if (arrivals.length === 0) return this.#pass({ ...envelope, checked: true }, next);
    const growth = this.#shelfOf(key).growthOf(arrivals);
    if (!this.#hasRoom(growth.leaves, growth.bytes)) {
      books.turnedAway(items, "full");
      return { kind: "retry", message: "there is no room for what is to be held", afterMs: FULL_RETRY_MS };
    }
    this.#promise(growth.leaves, growth.bytes);
    const outcome = await this.#passRest(envelope, splits, items - arrivals.length, next);
    this.#promise(-growth.leaves, -growth.bytes);
    if (outcome.kind === "retry" || outcome.kind === "refused") {
      // They go with the rest of their request, which has been counted: the sender has both still.
      books.turnedAway(arrivals.length, "rest_not_taken");
      return outcome;
    }
    this.#put(key, arrivals, envelope, next);
    return outcome;
  }

  async drain(next: Next, deadlineMs: number): Promise<void> {
    this.#draining = true;
    this.#next = next;
    this.#emit();
    await Promise.race([Promise.all(this.#underWay), this.#parts.host.sleep(deadlineMs)]);
    this.#abandoned = true;
    const { books } = this.#parts;
    books.held(-this.#awayLeaves);
    books.dropped(this.#awayLeaves, "stopped");
    this.#away(-this.#awayLeaves, -this.#awayBytes);
  }

  #passRest({ signal, id, origin, entry, restAnswered }: Envelope, splits: readonly Split<Kept>[], items: number, next: Next): Promise<Outcome> {
    if (items === 0 || restAnswered === true) return Promise.resolve(ACCEPTED);
    const requests = splits.flatMap(({ rest }) => rest ?? []);
    const rest: Envelope = { signal, requests, items, id, origin };
    return this.#pass(entry === undefined ? rest : { ...rest, restOf: entry }, next);
  }

  #pass(envelope: Envelope, next: Next): Promise<Outcome> {
    this.#parts.books.arrived(envelope.items);
    this.#parts.books.left(envelope.items);
    return next(envelope);
  }

  #put(key: string, arrivals: readonly Arrival<Kept>[], envelope: Envelope, next: Next): void {
    const { books } = this.#parts;
    this.#next = next;
    const fresh = this.#shelfOf(key).put(arrivals, envelope);
    books.arrived(arrivals.length);
    books.held(fresh);
    books.folded(arrivals.length - fresh);
    this.#measure();
    // Drained while the rest was passed on: what came after has to go, too.
    if (this.#draining) this.#emit();
    else void this.#watch();
  }

  /** One watcher: wakes at the ticks, which are multiples of the interval since the start, as long as anything is held. */
  async #watch(): Promise<void> {
    if (this.#watched) return;
    this.#watched = true;
    const { host, intervalMs } = this.#parts;
    while (this.#heldLeaves > 0) {
      const elapsedMs = host.clock.monotonicMs() - this.#startMs;
      const ticks = Math.floor(elapsedMs / intervalMs) + 1;
      await host.sleep(Math.max(1, Math.ceil(ticks * intervalMs - elapsedMs)));
      this.#emit();
    }
    this.#watched = false;
  }

  #emit(): void {
    const next = this.#next;
    if (next === undefined) return;
    for (const [key, shelf] of this.#shelves) {
      const taken = shelf.take();
      this.#shelves.delete(key);
      if (taken === undefined) continue;
      this.#away(taken.leaves, taken.bytes);
      const delivery = this.#deliver(taken, next).finally(() => this.#underWay.delete(delivery));
      this.#underWay.add(delivery);
    }
    this.#measure();
  }

  /** The requests of one shelf, one after the other. Never rejects. */
  async #deliver({ written, bytes, leaves, id, origin, madeOf }: Taken, next: Next): Promise<void> {
    let left = leaves;
    for (const [index, { request, items }] of written.entries()) {
      const { signal, host } = this.#parts;
      const emitted: Envelope = { signal, requests: [request], items, id: this.#idAfter(id), origin };
      // An entry may be in any of them: it has been answered with the last one.
      const shares = index === written.length - 1 ? madeOf : madeOf.map(({ entry }) => ({ entry, items: 0 }));
      const envelope = madeOf.length === 0 ? emitted : { ...emitted, madeOf: shares };
      const outcome = await tried(
        envelope,
        next,
        (ms) => host.sleep(ms),
        () => !this.#abandoned,
      );
      // Counted already.
      if (this.#abandoned) return;
      this.#settle(items, outcome, origin);
      this.#away(-items, 0);
      left -= items;
    }
    this.#away(-left, -bytes);
    this.#measure();
  }

  #settle(items: number, outcome: Outcome, { tenant }: PlainOrigin): void {
    const { books, host, id, logger, signal } = this.#parts;
    const reason = reasonOf(outcome);
    books.held(-items);
    if (reason === undefined) {
      books.left(items);
      return;
    }
    books.dropped(items, reason);
    const nowMs = host.clock.monotonicMs();
    if (nowMs - this.#toldMs < TELL_MS) return;
    this.#toldMs = nowMs;
    logger.log("error", "Telemetry that was held is lost", {
      processor: id,
      signal,
      items,
      reason,
      tenant,
      message: "message" in outcome ? outcome.message : "",
    });
  }

  get #heldLeaves(): number {
    let leaves = 0;
    for (const shelf of this.#shelves.values()) leaves += shelf.leaves;
    return leaves;
  }

  #hasRoom(leaves: number, bytes: number): boolean {
    const { bytesMax, entriesMax } = this.#parts;
    let heldBytes = this.#awayBytes + this.#promisedBytes;
    for (const shelf of this.#shelves.values()) heldBytes += shelf.bytes;
    return this.#heldLeaves + this.#awayLeaves + this.#promisedLeaves + leaves <= entriesMax && heldBytes + bytes <= bytesMax;
  }

  #promise(leaves: number, bytes: number): void {
    this.#promisedLeaves += leaves;
    this.#promisedBytes += bytes;
  }

  #away(leaves: number, bytes: number): void {
    this.#awayLeaves += leaves;
    this.#awayBytes += bytes;
  }

  /** Tells the gauges what is held now. */
  #measure(): void {
    const { books } = this.#parts;
    let bytes = this.#awayBytes;
    for (const shelf of this.#shelves.values()) bytes += shelf.bytes;
    const entries = this.#heldLeaves + this.#awayLeaves;
    const entryGauge = books.counter("sluice_processor_state_entries");
    const byteGauge = books.counter("sluice_processor_held_bytes");
    entryGauge.add(entries - entryGauge.value);
    byteGauge.add(bytes - byteGauge.value);
  }

  #shelfOf(key: string): Shelf<Kept> {
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      shelf = new Shelf(this.#parts.origins);
      this.#shelves.set(key, shelf);
    }
    return shelf;
  }

  #idAfter(id: string): string {
    this.#lastId++;
    return `${id}.${this.#lastId.toString(36)}`;
  }
}

async function tried(envelope: Envelope, next: Next, sleep: (ms: number) => Promise<void>, wanted: () => boolean): Promise<Outcome> {
  try {
    return await attempt(envelope, next, sleep, wanted);
  } catch (error) {
    return { kind: "refused", message: messageOf(error) };
  }
}
