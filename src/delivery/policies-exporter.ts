/**
 * What stands around one attempt at a destination, from outside in, and why in this order
 * (docs/delivery-policies.md): the breaker, so that a destination that is down holds nobody and costs no
 * tokens; the rate limit, whose waits are long and need no place; concurrency, whose places are for what
 * is under way. The breaker is asked again last: what waited while it opened does not go.
 *
 * What is not let through is an outcome: `retry`, and `untried` where the destination's health is not
 * the reason. Nothing waits for longer than the sections say, and nothing after `stop`.
 */
import type { Host } from "../base/host.ts";
import type { Batch } from "../pipeline/batch.ts";
import type { Context, Exporter } from "../pipeline/component.ts";
import type { Counter } from "../pipeline/counters.ts";
import { failureOf, type Outcome } from "../pipeline/outcome.ts";
import { Breaker, type BreakerState, type Call, type Transition } from "./breaker.ts";
import { Concurrency, type Permit } from "./concurrency.ts";
import { ConcurrencyLine } from "./concurrency-line.ts";
import type { Policies } from "./policies.ts";
import { Naps } from "./queue/naps.ts";
import { bytesIn } from "./queue/parcel.ts";
import { RateLimit } from "./rate-limit.ts";

/** Of the gauge: half-open is between. */
const STATE_NUMBERS: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };
/** An outcome without a status does not say whether the answer did not come in time. What failed within a second was no time-out. */
const TIMED_OUT_MS = 1000;
const BAD_GATEWAY = 502;
const STOPPING: Outcome = { kind: "retry", message: "the gateway is stopping", untried: true };
/** By then one of those under way has most likely ended. */
const BUSY_MS = 200;
const BUSY: Outcome = { kind: "retry", message: "as many requests as it takes are under way to the destination", afterMs: BUSY_MS, untried: true };
const nothing = (): void => {};
const NO_CALL: Call = { succeeded: nothing, failed: nothing, abandoned: nothing };
const NO_PERMIT: Permit = { succeeded: nothing, overloaded: nothing, abandoned: nothing };

export class PolicedExporter implements Exporter {
  readonly state: NonNullable<Exporter["state"]>;
  readonly #exporter: Exporter;
  readonly #clock: Host["clock"];
  readonly #breaker: Breaking | undefined;
  readonly #rateLimit: Pacing | undefined;
  readonly #concurrency: Limiting | undefined;
  #stopping = false;

  constructor(exporter: Exporter, { breaker, concurrency, rateLimit }: Policies, context: Context) {
    this.state = exporter.state ?? "none";
    this.#exporter = exporter;
    this.#clock = context.host.clock;
    if (breaker !== undefined) this.#breaker = new Breaking(breaker, context);
    if (rateLimit !== undefined) this.#rateLimit = new Pacing(rateLimit, context);
    if (concurrency !== undefined) this.#concurrency = new Limiting(concurrency, context);
  }

  async consume(batch: Batch): Promise<Outcome> {
    if (this.#stopping) return STOPPING;
    const refusal = this.#breaker?.refusal();
    if (refusal !== undefined) return refusal;
    batch.retain();
    try {
      const limited = await this.#rateLimit?.pace(batch);
      if (limited !== undefined) return limited;
      const permit = this.#concurrency === undefined ? NO_PERMIT : await this.#concurrency.enter();
      if (permit === undefined) return this.#stopping ? STOPPING : BUSY;
      return await this.#attempt(batch, permit);
    } finally {
      batch.release();
    }
  }

  /** What waits goes at once, with an outcome; what is under way has until `deadlineMs` from now. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    this.#rateLimit?.close();
    this.#concurrency?.close();
    await this.#exporter.stop(deadlineMs);
  }

  /** Ends the permit and the call, however the attempt ends: a lost one would take its place for ever. */
  async #attempt(batch: Batch, permit: Permit): Promise<Outcome> {
    const call = this.#breaker === undefined ? NO_CALL : this.#breaker.tryCall();
    try {
      if (call === undefined) {
        permit.abandoned();
        return this.#breaker?.rejected() ?? STOPPING;
      }
      return await this.#send(batch, permit, call);
    } finally {
      this.#concurrency?.ended();
    }
  }

  async #send(batch: Batch, permit: Permit, call: Call): Promise<Outcome> {
    const startMs = this.#clock.monotonicMs();
    try {
      const outcome = await this.#exporter.consume(batch);
      endCall(call, outcome);
      endPermit(permit, outcome, this.#clock.monotonicMs() - startMs);
      return outcome;
    } catch (error) {
      // A defect in the exporter, whose contract says that it does not reject: nothing is learnt of the destination.
      call.abandoned();
      permit.abandoned();
      return failureOf(error);
    }
  }
}

function endCall(call: Call, outcome: Outcome): void {
  if (outcome.kind === "retry") {
    if (outcome.untried === true) call.abandoned();
    else call.failed(outcome.afterMs);
  } else if (isAnswer(outcome)) call.succeeded();
  else call.abandoned();
}

function endPermit(permit: Permit, outcome: Outcome, tookMs: number): void {
  if (outcome.kind === "retry") {
    if (outcome.untried !== true && isOverload(outcome, tookMs)) permit.overloaded();
    else permit.abandoned();
  } else if (isAnswer(outcome)) permit.succeeded();
  else permit.abandoned();
}

/** A refusal without a status is our own: it was not asked, or its answer could not be read. */
function isAnswer(outcome: Exclude<Outcome, { kind: "retry" }>): boolean {
  return outcome.kind !== "refused" || outcome.status !== undefined;
}

/** 429, 503 and 504, and a time-out; 502 is from a proxy that does not reach it, as is a connection refused. */
function isOverload({ status }: Extract<Outcome, { kind: "retry" }>, tookMs: number): boolean {
  return status === undefined ? tookMs >= TIMED_OUT_MS : status !== BAD_GATEWAY;
}

/** The breaker, seen. */
class Breaking {
  readonly #breaker: Breaker;
  readonly #openMs: number;
  readonly #rejected: Counter;

  constructor(settings: NonNullable<Policies["breaker"]>, { counters, host, id, logger }: Context) {
    const state = counters.counter("sluice_exporter_breaker_state", { exporter: id });
    const opened = counters.counter("sluice_exporter_breaker_opened", { exporter: id });
    this.#rejected = counters.counter("sluice_exporter_breaker_rejected", { exporter: id });
    this.#openMs = settings.openMs;
    this.#breaker = new Breaker(settings, host, ({ cause, from, openMs, to }: Transition) => {
      state.add(STATE_NUMBERS[to] - STATE_NUMBERS[from]);
      if (to === "open") opened.add(1);
      // Between these it only probes.
      if (from === "closed") logger.log("warn", "Circuit breaker opens: a destination fails", { exporter: id, cause, open_ms: Math.ceil(openMs ?? 0) });
      if (to === "closed") logger.log("info", "Circuit breaker closes: a destination answers again", { exporter: id });
    });
  }

  /** The outcome of what does not go; undefined: it may. */
  refusal(): Outcome | undefined {
    return this.#breaker.waitMs === 0 ? undefined : this.rejected();
  }

  /** While a probe is out nobody knows until when: as long as the first open time is a guess. */
  rejected(): Outcome {
    const { state, waitMs } = this.#breaker;
    this.#rejected.add(1);
    const afterMs = Math.max(1, Math.ceil(state === "half_open" ? Math.min(waitMs, this.#openMs) : waitMs));
    return { kind: "retry", message: "the circuit breaker is open: the destination has failed too often in a row", afterMs };
  }

  tryCall(): Call | undefined {
    return this.#breaker.tryCall();
  }
}

/** The rate limit, waited for. Each waits by itself: no request needs another to go on. */
class Pacing {
  readonly #limit: RateLimit;
  readonly #lineMsMax: number;
  readonly #naps: Naps;
  readonly #limited: Counter;
  #closed = false;

  constructor({ limits, lineMsMax }: NonNullable<Policies["rateLimit"]>, { counters, host, id }: Context) {
    this.#limit = new RateLimit(limits, host.clock);
    this.#lineMsMax = lineMsMax;
    this.#naps = new Naps(host);
    this.#limited = counters.counter("sluice_exporter_rate_limited", { exporter: id });
  }

  /** Undefined: it may go now. */
  async pace(batch: Batch): Promise<Outcome | undefined> {
    const { taken, waitMs } = this.#limit.take(batch.items, bytesIn(batch), this.#lineMsMax);
    if (waitMs > 0) this.#limited.add(1);
    if (!taken) return { kind: "retry", message: "the destination's rate limit is used up", afterMs: waitMs, untried: true };
    if (waitMs > 0) await this.#naps.nap(waitMs);
    return this.#closed ? STOPPING : undefined;
  }

  close(): void {
    this.#closed = true;
    this.#naps.wakeAll();
  }
}

/** The limit of concurrency, seen. */
class Limiting {
  readonly #concurrency: Concurrency;
  readonly #line: ConcurrencyLine;
  readonly #limit: Counter;
  readonly #inFlight: Counter;

  constructor({ settings, waitMsMax }: NonNullable<Policies["concurrency"]>, { counters, host, id }: Context) {
    this.#concurrency = new Concurrency(settings, host.clock);
    this.#line = new ConcurrencyLine(this.#concurrency, waitMsMax, host);
    this.#limit = counters.counter("sluice_exporter_concurrency_limit", { exporter: id });
    this.#inFlight = counters.counter("sluice_exporter_concurrency_in_flight", { exporter: id });
    this.#show();
  }

  async enter(): Promise<Permit | undefined> {
    const permit = await this.#line.enter();
    this.#show();
    return permit;
  }

  /** After a permit was ended. */
  ended(): void {
    this.#line.admit();
    this.#show();
  }

  close(): void {
    this.#line.close();
  }

  #show(): void {
    this.#limit.add(this.#concurrency.limit - this.#limit.value);
    this.#inFlight.add(this.#concurrency.inFlight - this.#inFlight.value);
  }
}
