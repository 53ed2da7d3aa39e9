/**
 * Batches that are complete and not answered yet. Each is tried once, as in the Collector, whose
 * exporter retries: only while there is no room in the pool, so that nobody was asked, it is tried
 * again, a few seconds long. A few are under way at a time, so that one slow answer holds up no other.
 */
import { failureOf, type Outcome } from "../../pipeline/outcome.ts";
import type { Envelope, Next } from "../../pipeline/stage.ts";
import type { DropReason, Tally } from "./tally.ts";

/** As many as the Collector's exporter has consumers for its queue. */
const UNDER_WAY_MAX = 10;
/** Waits for room in the pool, 5 s in all: exports that end make room, and most take milliseconds. */
const ROOM_WAITS_MS = [50, 100, 200, 400, 800, 1600, 1850];

export interface Parcel {
  readonly envelope: Envelope;
  /** What holding it costs. */
  readonly bytes: number;
  readonly next: Next;
}

type Sleep = (ms: number) => Promise<void>;

export class Outbox {
  readonly #tally: Tally;
  readonly #sleep: Sleep;
  /** Not begun, in order. */
  readonly #queued: Parcel[] = [];
  readonly #underWay = new Set<Parcel>();
  #bytes = 0;
  #whenIdle: (() => void) | undefined;

  constructor(tally: Tally, sleep: Sleep) {
    this.#tally = tally;
    this.#sleep = sleep;
  }

  get bytes(): number {
    return this.#bytes;
  }

  put(parcel: Parcel): void {
    this.#bytes += parcel.bytes;
    this.#queued.push(parcel);
    this.#begin();
  }

  /** Resolves when nothing is left; one caller. */
  idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle = resolve;
    this.#settleIdle();
    return promise;
  }

  /** Counts everything that is left as lost. What is under way may arrive all the same: nobody will hear. */
  abandon(): void {
    for (const parcel of [...this.#underWay, ...this.#queued.splice(0)]) this.#lose(parcel, "stopped", "the gateway stopped before a destination answered");
    this.#underWay.clear();
    this.#tally.close();
    this.#settleIdle();
  }

  #begin(): void {
    while (this.#underWay.size < UNDER_WAY_MAX) {
      const parcel = this.#queued.shift();
      if (parcel === undefined) return;
      this.#underWay.add(parcel);
      void this.#deliver(parcel);
    }
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const outcome = await attempt(parcel.envelope, parcel.next, this.#sleep, () => this.#underWay.has(parcel));
    // Abandoned meanwhile: counted already.
    if (!this.#underWay.delete(parcel)) return;
    const reason = reasonOf(outcome);
    if (reason !== undefined) this.#lose(parcel, reason, "message" in outcome ? outcome.message : "");
    else {
      this.#bytes -= parcel.bytes;
      this.#tally.left(parcel.envelope.items, parcel.bytes);
    }
    this.#begin();
    this.#settleIdle();
  }

  #lose({ envelope, bytes }: Parcel, reason: DropReason, message: string): void {
    this.#bytes -= bytes;
    this.#tally.lost(envelope.items, bytes, reason, message);
  }

  #settleIdle(): void {
    if (this.#underWay.size + this.#queued.length === 0) this.#whenIdle?.();
  }
}

/** The outcome, once there was room to ask for one, or there was none for too long, or nobody wants it any more. Never rejects. */
export async function attempt(envelope: Envelope, next: Next, sleep: Sleep, wanted: () => boolean = () => true): Promise<Outcome> {
  let outcome = await tried(envelope, next);
  for (const waitMs of ROOM_WAITS_MS) {
    if (outcome.kind !== "retry" || outcome.untried !== true) return outcome;
    await sleep(waitMs);
    if (!wanted()) return outcome;
    outcome = await tried(envelope, next);
  }
  return outcome;
}

async function tried(envelope: Envelope, next: Next): Promise<Outcome> {
  try {
    return await next(envelope);
  } catch (error) {
    // Its contract says that it does not reject: a defect there is a loss to be counted here.
    return failureOf(error);
  }
}

/** Why an outcome is a loss; undefined when it is none. What was rejected in part is counted at the destination. */
export function reasonOf(outcome: Outcome): DropReason | undefined {
  switch (outcome.kind) {
    case "retry":
      return outcome.untried === true ? "over_budget" : "send_failed";
    case "refused":
      return "refused";
    default:
      return undefined;
  }
}
