/**
 * One destination behind several endpoints, each an exporter whose `consume` is one attempt. An attempt
 * that fails is made once more at another endpoint, so that one that dies is not the sender's trouble.
 *
 * By key a batch is divided, and its parts go to their endpoints at the same time. What fails there is
 * divided again among the others, as if its endpoint were gone. Once any part was taken the sender must
 * not send the whole again: what is left is tried here, at every endpoint in service, for half a minute,
 * and what is left then is told as rejected. While none was taken the whole is the sender's, or the
 * queue's, to try again.
 *
 * Limits: so many parts as there are endpoints, under way together; a request without an answer holds
 * its batch for the endpoint's time-out, twice.
 */
import { SluiceError } from "../../base/errors.ts";
import type { Host } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Context, Exporter } from "../../pipeline/component.ts";
import { ACCEPTED, combineOutcomes, failureOf, type Outcome } from "../../pipeline/outcome.ts";
import { Balancer, type Choice } from "../balance.ts";
import { Naps } from "../queue/naps.ts";
import { Keys } from "./keys.ts";
import type { BalancingSettings } from "./settings.ts";
import { Scoreboard } from "./scoreboard.ts";
import { divided, halves, type Shard } from "./shards.ts";

/** One endpoint. */
export interface BalancedEndpoint {
  /** What it is called in counters: host and path, no credentials. */
  readonly name: string;
  readonly weight: number;
  readonly exporter: Exporter;
  /** Whether it answers a check well within this time. Never rejects. */
  readonly check: (timeoutMs: number) => Promise<boolean>;
}

/** Endpoints that an attempt is made at, while its sender can still try again. */
const ENDPOINTS_MOST = 2;
/** What is left of a request that was taken in part: waits between rounds over all endpoints, and for how long in all, as an attempt's default time-out. */
const REST_WAIT_MS = 500;
const REST_WAIT_MS_MAX = 5000;
const REST_MS_MAX = 30_000;
const TOO_LARGE = 413;

/** What an attempt came to; the batch is held. */
interface Ended {
  readonly batch: Batch;
  readonly outcome: Outcome;
}

export class BalancedExporter implements Exporter {
  readonly #endpoints: ReadonlyMap<string, BalancedEndpoint>;
  readonly #settings: BalancingSettings;
  readonly #balancer: Balancer;
  readonly #keys: Keys | undefined;
  readonly #engine: Engine;
  readonly #host: Pick<Host, "clock">;
  readonly #scoreboard: Scoreboard;
  readonly #naps: Naps;
  #checking = false;
  #stopping = false;

  /** Names differ. Throws `config` for active checks on Workers. */
  constructor(endpoints: readonly BalancedEndpoint[], settings: BalancingSettings, context: Context) {
    const { engine, host, id } = context;
    if (settings.active !== undefined && host.runtime === "workers") {
      throw new SluiceError("config", `Cannot check the endpoints of exporter "${id}" on Workers: nothing goes on there between requests`, {
        path: `exporters.${id}.load_balancing.health_check.active`,
        cure: "Leave active out: what becomes of requests tells which endpoints are well",
      });
    }
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
    this.#settings = settings;
    this.#balancer = new Balancer(settings.strategy, endpoints, settings.health, host.clock, settings.ejectedShareMax);
    this.#keys = settings.strategy === "trace_id" ? new Keys(engine, settings.routingKey) : undefined;
    this.#engine = engine;
    this.#host = host;
    this.#scoreboard = new Scoreboard(this.#balancer, context);
    this.#naps = new Naps(host);
  }

  async consume(batch: Batch): Promise<Outcome> {
    if (this.#settings.active !== undefined && !this.#checking) void this.#check(this.#settings.active);
    let ended: Ended[] = [];
    batch.retain();
    try {
      ended = await this.#spread(batch, [], ENDPOINTS_MOST);
      const left = ended.filter(({ outcome }) => !wasTaken(outcome));
      if (left.length === ended.length) return noneTaken(ended.map(({ outcome }) => outcome));
      if (left.length === 0) return told(ended);
      ended = ended.filter(({ outcome }) => wasTaken(outcome));
      ended = ended.concat(await this.#insist(left));
      return told(ended);
    } finally {
      for (const one of ended) one.batch.release();
      batch.release();
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    this.#naps.wakeAll();
    await Promise.all([...this.#endpoints.values()].map(({ exporter }) => exporter.stop(deadlineMs)));
  }

  /** Attempts at the endpoints where the batch belongs, past those to avoid, and for what fails at up to `most` in all. The caller holds what it is given. */
  async #spread(batch: Batch, avoid: readonly string[], most: number): Promise<Ended[]> {
    let shards: Shard[];
    try {
      shards =
        this.#keys === undefined ? [{ batch: batch.retain(), endpoint: undefined }] : divided(this.#engine, batch, this.#keys, this.#balancer.placement(avoid));
    } catch (error) {
      return [{ batch: batch.retain(), outcome: failureOf(error) }];
    }
    const ended = await Promise.all(
      shards.map(async ({ batch: part, endpoint }): Promise<Ended[]> => {
        const choice = endpoint === undefined ? this.#balancer.pick(undefined, avoid) : this.#balancer.begin(endpoint);
        const outcome = await this.#attempt(part, choice);
        const tried = [...avoid, choice.endpoint];
        const again = outcome.kind === "retry" && outcome.untried !== true && most > 1 && !this.#stopping && this.#balancer.hasOther(tried);
        if (!again) return [{ batch: part, outcome }];
        const next = await this.#spread(part, tried, most - 1);
        part.release();
        return next.map((one) => ({ ...one, outcome: asked(one.outcome) }));
      }),
    );
    return ended.flat();
  }

  async #attempt(batch: Batch, choice: Choice): Promise<Outcome> {
    this.#scoreboard.began(choice.endpoint);
    let outcome: Outcome;
    try {
      outcome = await this.#endpoint(choice.endpoint).exporter.consume(batch);
    } catch (error) {
      // A defect in the exporter, whose contract says that it does not reject.
      outcome = failureOf(error);
    }
    if (outcome.kind === "retry" && outcome.untried !== true) choice.failed();
    else if (outcome.kind === "retry" || (outcome.kind === "refused" && outcome.status === undefined)) choice.abandoned();
    else choice.succeeded();
    this.#scoreboard.ended(choice.endpoint, outcome);
    return outcome;
  }

  #endpoint(name: string): BalancedEndpoint {
    const found = this.#endpoints.get(name);
    if (found === undefined) throw new SluiceError("internal", `Cannot send to an endpoint: there is no "${name}"`);
    return found;
  }

  /** Takes over the holds on what was not taken while other parts of its request were; the caller holds what it is given. */
  async #insist(left: readonly Ended[]): Promise<Ended[]> {
    const { clock } = this.#host;
    const endMs = clock.monotonicMs() + REST_MS_MAX;
    const over: Ended[] = [];
    let waitMs = 0;
    for (let open = left; ;) {
      const waits = waitMs > 0 && open.some(({ outcome }) => outcome.kind === "retry");
      const pauseMs = waits ? open.reduce((most, { outcome }) => Math.max(most, afterMsOf(outcome)), waitMs) : 0;
      const hopeless = this.#stopping || clock.monotonicMs() + pauseMs > endMs;
      const again: Ended[] = [];
      for (const one of open) (mayBeTaken(one) && !hopeless ? again : over).push(one);
      if (again.length === 0) return over;
      if (pauseMs > 0) await this.#naps.nap(pauseMs);
      // What is only too large is halved at once.
      if (again.some(({ outcome }) => outcome.kind === "retry")) waitMs = Math.min(REST_WAIT_MS_MAX, waitMs * 2 || REST_WAIT_MS);
      open = (await Promise.all(again.map((one) => this.#again(one)))).flat();
    }
  }

  /** At every endpoint in service; what was too large in halves. Takes over the hold. */
  async #again({ batch, outcome }: Ended): Promise<Ended[]> {
    let pieces: readonly Batch[] | undefined;
    try {
      pieces = outcome.kind === "refused" ? halves(this.#engine, batch) : [batch.retain()];
    } catch (error) {
      return [{ batch, outcome: failureOf(error) }];
    }
    if (pieces === undefined) return [{ batch, outcome: { kind: "refused", message: "the destination finds it too large, and it cannot be divided" } }];
    batch.release();
    const ended = await Promise.all(pieces.map((piece) => this.#spread(piece, [], this.#endpoints.size)));
    for (const piece of pieces) piece.release();
    return ended.flat();
  }

  /** While there is something to send, and until it is stopped. */
  async #check({ intervalMs, timeoutMs }: NonNullable<BalancingSettings["active"]>): Promise<void> {
    this.#checking = true;
    while (!this.#stopping) {
      await Promise.all(
        [...this.#endpoints.values()].map(async ({ check, name }) => {
          const healthy = await check(timeoutMs);
          if (this.#stopping) return;
          this.#balancer.probed(name, healthy);
          this.#scoreboard.show();
        }),
      );
      if (!this.#stopping) await this.#naps.nap(intervalMs);
    }
  }
}

/** One endpoint was asked before, and may have it: sent again, it may be doubled. */
function asked(outcome: Outcome): Outcome {
  if (outcome.kind !== "retry") return outcome;
  const { untried: _, ...tried } = outcome;
  return tried;
}

function wasTaken({ kind }: Outcome): boolean {
  return kind === "accepted" || kind === "partial";
}

function mayBeTaken({ outcome }: Ended): boolean {
  return outcome.kind === "retry" || (outcome.kind === "refused" && outcome.status === TOO_LARGE);
}

function afterMsOf(outcome: Outcome): number {
  return outcome.kind === "retry" ? (outcome.afterMs ?? 0) : 0;
}

/** The whole may be tried again. A part that was too large comes before other refusals: whoever divides the whole may save the rest. */
function noneTaken(outcomes: readonly Outcome[]): Outcome {
  const tooLarge = outcomes.find((outcome) => outcome.kind === "refused" && outcome.status === TOO_LARGE);
  const combined = combineOutcomes(outcomes);
  return combined.kind === "refused" ? (tooLarge ?? combined) : combined;
}

/** For whoever sent the whole, of which something was taken. */
function told(ended: readonly Ended[]): Outcome {
  let rejected = 0;
  let message = "";
  let warning: Outcome | undefined;
  for (const { batch, outcome } of ended) {
    if (outcome.kind === "accepted") warning = outcome.warning === undefined ? warning : outcome;
    else {
      rejected += outcome.kind === "partial" ? outcome.rejected : batch.items;
      message = outcome.kind === "retry" ? `no endpoint took them, others of their request were taken: ${outcome.message}` : outcome.message;
    }
  }
  return rejected > 0 ? { kind: "partial", rejected, message } : (warning ?? ACCEPTED);
}
