/**
 * What becomes of one batch: attempts until each of its items was taken, was refused, or has outlived
 * its time. A destination that finds it too large is offered half of it, down to one item. Between
 * attempts nothing of it is in the pool, unless its sender waits and holds it there anyway.
 *
 * Limits: `max_elapsed_time` for a batch and all its parts together; an attempt has the exporter's own.
 */
import type { Host } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Exporter } from "../../pipeline/component.ts";
import { failureOf, type Outcome } from "../../pipeline/outcome.ts";
import { Backoff, type RetrySettings } from "../backoff.ts";
import type { DropReason, QueueLedger, RetryReason } from "./ledger.ts";
import { Naps } from "./naps.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import type { Parcel } from "./parcel.ts";
import type { Shipment } from "./shipment.ts";

/** Waits for room in the pool: exports that end make room, and most take milliseconds. */
const ROOM_WAIT_MS = 50;
const ROOM_WAIT_MS_MAX = 1000;
/** How long is waited for room where retries are off. */
const ROOM_MS_MAX = 5000;
const TOO_LARGE = 413;
const THROTTLED = 429;

type Retry = Extract<Outcome, { kind: "retry" }>;
type Refused = Extract<Outcome, { kind: "refused" }>;
type Failed = Retry | Refused;

export interface AttemptsParts {
  readonly exporter: Pick<Exporter, "consume">;
  readonly engine: Engine;
  readonly host: Pick<Host, "clock" | "random" | "sleep">;
  readonly ledger: QueueLedger;
  /** Undefined: retries are off. */
  readonly retry: RetrySettings | undefined;
  /** Keeps what nobody will try again; false: it cannot. Never rejects. Undefined: it is lost. */
  readonly bury?: Bury | undefined;
}

/** What is buried was given up for good. */
export type Bury = (envelope: Envelope, reason: DropReason, message: string) => Promise<boolean>;

/** When the next attempt is due, for one batch. */
interface Schedule {
  readonly backoff: Backoff | undefined;
  readonly startMs: number;
  roomWaitMs: number;
}

export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #naps: Naps;
  /** Waits that a destination asked for: stopping does not cut them short. */
  readonly #asked: Naps;
  /** When everything is over, monotonic. */
  #endMs = Infinity;

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
    this.#naps = new Naps(parts.host);
    this.#asked = new Naps(parts.host);
  }

  /** From now on there is time until `endMs`: what waits for no destination's sake is tried at once. */
  hurry(endMs: number): void {
    this.#endMs = endMs;
    this.#naps.wakeAll();
  }

  /** Nobody wants the rest. */
  end(): void {
    this.#endMs = -Infinity;
    this.#naps.wakeAll();
    this.#asked.wakeAll();
  }

  /** Resolves when the shipment is over, or abandoned. Never rejects. */
  async run(shipment: Shipment): Promise<void> {
    const { host, retry } = this.#parts;
    const schedule: Schedule = {
      backoff: retry === undefined ? undefined : new Backoff(retry, host, shipment.startMs),
      startMs: host.clock.monotonicMs(),
      roomWaitMs: ROOM_WAIT_MS,
    };
    const parcels: Parcel[] = [shipment.parcel];
    for (let parcel = parcels.pop(); parcel !== undefined; parcel = parcels.pop()) {
      try {
        const halves = shipment.open ? await this.#deliver(parcel, shipment, schedule) : undefined;
        if (halves !== undefined) parcels.push(halves[1], halves[0]);
      } catch (error) {
        // A defect, or no memory for a copy: the batch is lost, its consumer is not.
        shipment.failedRest("refused", failureOf(error));
      } finally {
        parcel.close();
      }
    }
  }

  /** The parts to go on with, where the destination found the parcel too large. */
  async #deliver(parcel: Parcel, shipment: Shipment, schedule: Schedule): Promise<readonly [Parcel, Parcel] | undefined> {
    for (;;) {
      let outcome = await this.#attempt(parcel);
      if (!shipment.open) return undefined;
      if (outcome.kind === "refused" && outcome.status === TOO_LARGE && parcel.items > 1) {
        const halves = this.#halves(parcel);
        if (!("kind" in halves)) {
          this.#parts.ledger.divided();
          return halves;
        }
        outcome = halves;
      }
      if (outcome.kind !== "retry") {
        if (outcome.kind === "refused") await this.#fail(parcel, outcome.status === TOO_LARGE ? "too_large" : "refused", outcome, shipment);
        else {
          // Who is told finds everything given back.
          parcel.close();
          settle(parcel.items, outcome, shipment);
        }
        return undefined;
      }
      if (!(await this.#wait(outcome, parcel, shipment, schedule))) return undefined;
    }
  }

  /** For good, as far as this queue goes: kept as a dead letter where that is of use. */
  async #fail(parcel: Parcel, reason: DropReason, outcome: Failed, shipment: Shipment): Promise<void> {
    const { bury } = this.#parts;
    // A sender that waits and is told to send it again still has it.
    const gone = outcome.kind === "refused" || (!shipment.waits && reason !== "stopped" && reason !== "over_budget");
    const buried = gone && shipment.wanted && bury !== undefined && (await bury(parcel.envelope(), reason, outcome.message));
    parcel.close();
    if (!shipment.open) return;
    if (buried) shipment.buried(parcel.items, reason, outcome.message);
    else shipment.failed(parcel.items, reason, outcome);
  }

  async #attempt(parcel: Parcel): Promise<Outcome> {
    const { engine, exporter } = this.#parts;
    try {
      const batch = parcel.open(engine);
      try {
        return await exporter.consume(batch);
      } finally {
        batch.release();
      }
    } catch (error) {
      // No room to open it; or a defect in the exporter, whose contract says that it does not reject.
      return failureOf(error);
    }
  }

  #halves(parcel: Parcel): readonly [Parcel, Parcel] | Outcome {
    try {
      return (
        parcel.halves(this.#parts.engine) ?? { kind: "refused", message: "the destination finds it too large, and it cannot be divided", status: TOO_LARGE }
      );
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Whether there is to be another attempt, once it is due. */
  async #wait(outcome: Retry, parcel: Parcel, shipment: Shipment, schedule: Schedule): Promise<boolean> {
    const { host, ledger } = this.#parts;
    const failed = async (reason: DropReason) => {
      await this.#fail(parcel, reason, outcome, shipment);
      return false;
    };
    const untried = outcome.untried === true;
    if (untried && shipment.returnable) return failed("over_budget");
    const waitMs = untried ? this.#roomWait(schedule, shipment.durable, outcome.afterMs) : schedule.backoff?.next(outcome.afterMs);
    if (waitMs === undefined) return failed(untried ? "over_budget" : schedule.backoff === undefined ? "send_failed" : "max_elapsed_time");
    if (host.clock.monotonicMs() + waitMs > this.#endMs) return failed("stopped");
    shipment.delayed();
    if (!shipment.waits) parcel.park();
    ledger.retries(reasonOf(outcome), waitMs, outcome.message);
    await (outcome.afterMs === undefined ? this.#naps : this.#asked).nap(waitMs);
    // Where nobody wants it a durable queue's sender, or its broker, has what was not taken.
    return shipment.open && (shipment.wanted || failed("stopped"));
  }

  /** Until there may be room in the pool, or a limit of ours lets it through (`afterMs`); undefined: that was long enough. */
  #roomWait(schedule: Schedule, durable: boolean, afterMs: number | undefined): number | undefined {
    const { host, retry } = this.#parts;
    // How much may wait for a limit the bounds of the queue say.
    if (afterMs !== undefined) return afterMs;
    const spentMs = host.clock.monotonicMs() - schedule.startMs;
    // What is on disk is not given up for want of memory here.
    const mostMs = durable ? Infinity : retry === undefined ? ROOM_MS_MAX : retry.max_elapsed_time || Infinity;
    const waitMs = schedule.roomWaitMs;
    schedule.roomWaitMs = Math.min(waitMs * 2, ROOM_WAIT_MS_MAX);
    return spentMs + waitMs > mostMs ? undefined : waitMs;
  }
}

function settle(items: number, outcome: Exclude<Outcome, Failed>, shipment: Shipment): void {
  if (outcome.kind === "accepted") shipment.accepted(items, outcome);
  else shipment.partly(items, Math.min(outcome.rejected, items), outcome.message);
}

function reasonOf({ afterMs, status, untried }: Retry): RetryReason {
  if (untried === true) return afterMs === undefined ? "over_budget" : "limited";
  if (status === undefined) return "unreachable";
  return status === THROTTLED ? "throttled" : "unavailable";
}
