/**
 * One request until it is settled: sent, sent again where OTLP allows it (429, 502, 503, 504, no
 * answer), never before the time that the destination asked for. Waits double, with jitter; attempts
 * and waits are bounded. Delivery is at least once: an attempt without an answer may have arrived.
 */
import { messageOf } from "../../base/errors.ts";
import type { Clock, HttpClient, HttpResult } from "../../base/host.ts";
import { outcomeOf } from "../../exporters/otlp-http/outcome.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { type Fault, isHopeless } from "./fault.ts";
import type { SendPlan } from "./plan.ts";
import type { Stopper } from "./stopper.ts";
import type { Tally } from "./tally.ts";

/** OTLP 1.11, "Response size limits". */
const RESPONSE_BYTES_MAX = 4 << 20;
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 10_000;
/** A destination that asks for more is given up: a load generator has better things to do than to wait. */
const RETRY_AFTER_MS_MAX = 60_000;

export interface DeliveryParts {
  readonly plan: SendPlan;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tally: Tally;
  /** Stopped: what waits is given up. */
  readonly stopper: Stopper;
}

export class Delivery {
  readonly #parts: DeliveryParts;
  /** Something was accepted, or might have been had it come later: the destination is one. */
  #proven = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Sends and counts. What comes back says why nothing more should be sent: the destination took nothing so far, and will not. */
  async deliver(body: Uint8Array, items: number): Promise<Fault | undefined> {
    const { plan, stopper, tally } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      const result = await this.#post(body);
      const { signal } = plan.content;
      const outcome = outcomeOf(result, { signal, encoding: plan.encoding, items, nowMs: this.#parts.clock.nowMs() });
      if (outcome.kind !== "retry") return this.#settle(outcome, items, result);
      const hopeless = !this.#proven && isHopeless(result, plan);
      this.#proven ||= result.kind === "response";
      tally.note(outcome.message);
      const waitMs = outcome.afterMs ?? this.#backoffMs(attempt);
      if (hopeless || attempt >= plan.retriesMax || waitMs > RETRY_AFTER_MS_MAX || stopper.stopped) {
        tally.failed += items;
        return hopeless ? { result, message: outcome.message } : undefined;
      }
      await stopper.sleep(waitMs);
      if (stopper.stopped) {
        tally.failed += items;
        return undefined;
      }
      tally.retried++;
    }
  }

  #settle(outcome: Exclude<Outcome, { kind: "retry" }>, items: number, result: HttpResult): Fault | undefined {
    const { tally } = this.#parts;
    if (outcome.kind === "refused") {
      tally.rejected += items;
      tally.note(outcome.message);
      return this.#proven ? undefined : { result, message: outcome.message };
    }
    this.#proven = true;
    const rejected = outcome.kind === "partial" ? outcome.rejected : 0;
    tally.accepted += items - rejected;
    tally.rejected += rejected;
    if (outcome.kind === "partial") tally.note(`rejected in part: ${outcome.message}`);
    else if (outcome.warning !== undefined) tally.note(outcome.warning);
    return undefined;
  }

  async #post(body: Uint8Array): Promise<HttpResult> {
    const { plan, client, clock, tally } = this.#parts;
    const startMs = clock.monotonicMs();
    tally.bytes += body.length;
    try {
      const result = await client.send({
        url: plan.endpoint.url,
        headers: plan.headers,
        slices: [body],
        length: body.length,
        timeoutMs: plan.timeoutMs,
        responseMaxBytes: RESPONSE_BYTES_MAX,
        // The body is never written again: nothing waits for its release.
        onReleased: () => {},
      });
      if (result.kind === "response") tally.latency.add(clock.monotonicMs() - startMs);
      return result;
    } catch (error) {
      // A client rejects only before it has written anything.
      return { kind: "failed", reason: "connect", message: messageOf(error) };
    }
  }

  /** Half of it is jitter, so that workers do not come back together. */
  #backoffMs(attempt: number): number {
    const fullMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** attempt);
    return fullMs / 2 + (fullMs / 2) * this.#parts.random();
  }
}
