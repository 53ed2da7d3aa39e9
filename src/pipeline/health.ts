/**
 * What works and what does not, by component, and what follows from it for the whole: whether to send
 * to this gateway (`ready`), and whether a restart may help (`healthy`).
 *
 * A destination whose exports have failed for longer than `failingAfterMs`, with no success between, is
 * `recoverable`. That alone turns nothing off, since other destinations and queues do their work: the
 * gateway is unready only when no pipeline has a destination left that takes anything. Known at an
 * attempt: without traffic nothing is found out.
 */
import type { Clock } from "../base/host.ts";
import type { Batch } from "./batch.ts";
import type { Exporter } from "./component.ts";
import type { GatewayState } from "./extension.ts";
import { failureOf, type Outcome } from "./outcome.ts";

/** `recoverable`: it may work again by itself. `permanent`: only a restart, or another configuration, can help. */
export type HealthStatus = "ok" | "recoverable" | "permanent";

export interface ComponentHealth {
  /** Kind and id, for example `exporter:otlp_http/vendor`. */
  readonly component: string;
  readonly status: HealthStatus;
  /** When the status became this, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly message?: string | undefined;
}

/** A pipeline, and what may stand in its way. */
export interface WatchedPipeline {
  readonly id: string;
  /** Ids of exporters, and of connectors, which count as working. */
  readonly exporters: readonly string[];
}

/** Time that exports may fail for: the Collector's `max_elapsed_time`, after which its retries end, too. */
export const FAILING_AFTER_MS = 300_000;

export class Health {
  readonly clock: Clock;
  readonly failingAfterMs: number;
  /** Of the whole gateway; set as it changes. */
  state: GatewayState = "starting";
  /** Without any, readiness is the state's alone. */
  pipelines: readonly WatchedPipeline[] = [];
  readonly #components = new Map<string, ComponentHealth>();
  /** Components that take telemetry although they fail: they have a queue. */
  readonly #holding = new Set<string>();

  constructor(clock: Clock, failingAfterMs: number = FAILING_AFTER_MS) {
    this.clock = clock;
    this.failingAfterMs = failingAfterMs;
  }

  /** `message` says why, where it is not `ok`. */
  set(component: string, status: HealthStatus, message?: string): void {
    const known = this.#components.get(component);
    if (known !== undefined && known.status === status && known.message === message) return;
    const sinceMs = known?.status === status ? known.sinceMs : this.clock.nowMs();
    this.#components.set(component, { component, status, sinceMs, message });
  }

  /** The component takes telemetry also while its destination fails. */
  holds(component: string): void {
    this.#holding.add(component);
  }

  all(): readonly ComponentHealth[] {
    return [...this.#components.values()];
  }

  /** No component is broken for good. */
  get healthy(): boolean {
    return this.all().every(({ status }) => status !== "permanent");
  }

  /** It listens, it is not stopping, and at least one pipeline delivers or holds. */
  get ready(): boolean {
    const { pipelines } = this;
    return this.state === "ready" && this.healthy && (pipelines.length === 0 || this.down().length < pipelines.length);
  }

  /** Ids of the pipelines none of whose destinations takes anything. */
  down(): readonly string[] {
    return this.pipelines.filter(({ exporters }) => exporters.length > 0 && exporters.every((id) => this.#takesNothing(`exporter:${id}`))).map(({ id }) => id);
  }

  /** Whether the component is `ok`, or was never heard of. */
  works(component: string): boolean {
    return (this.#components.get(component)?.status ?? "ok") === "ok";
  }

  #takesNothing(component: string): boolean {
    return !this.#holding.has(component) && !this.works(component);
  }
}

export interface Watch {
  /** The exporter's id. */
  readonly id: string;
  /** Undefined: nobody asks, and the exporter is not watched. */
  readonly health: Health | undefined;
  /** It has a queue in front: telemetry is taken although the destination fails. */
  readonly holds: boolean;
}

/** The exporter, whose every attempt tells `health` how its destination does. `consume` must be one attempt: what is inside of a queue and of retries. */
export function watched(exporter: Exporter, { id, health, holds }: Watch): Exporter {
  if (health === undefined) return exporter;
  const component = `exporter:${id}`;
  if (holds) health.holds(component);
  let failingSinceMs: number | undefined;
  const learn = (outcome: Outcome) => {
    const works = worksOf(outcome);
    if (works === true) {
      if (failingSinceMs !== undefined) health.set(component, "ok");
      failingSinceMs = undefined;
    }
    if (works !== false) return;
    const nowMs = health.clock.monotonicMs();
    failingSinceMs ??= nowMs;
    if (nowMs - failingSinceMs >= health.failingAfterMs) health.set(component, "recoverable", "message" in outcome ? outcome.message : undefined);
  };
  return {
    ...(exporter.state !== undefined && { state: exporter.state }),
    ...(exporter.start !== undefined && { start: () => exporter.start?.() ?? Promise.resolve() }),
    ...(exporter.unheard !== undefined && { unheard: (signal, items) => exporter.unheard?.(signal, items) }),
    async consume(batch: Batch) {
      try {
        const outcome = await exporter.consume(batch);
        learn(outcome);
        return outcome;
      } catch (error) {
        learn(failureOf(error));
        throw error;
      }
    },
    stop: (deadlineMs) => exporter.stop(deadlineMs),
  };
}

/** Statuses by which a destination that works refuses what it was sent. */
const ABOUT_THE_DATA: ReadonlySet<number> = new Set([400, 413, 422]);

/** Whether the destination works; undefined when the outcome does not say. */
function worksOf(outcome: Outcome): boolean | undefined {
  if (outcome.kind === "accepted" || outcome.kind === "partial") return true;
  if (outcome.kind === "retry") return outcome.untried === true ? undefined : false;
  return outcome.status !== undefined && ABOUT_THE_DATA.has(outcome.status) ? undefined : false;
}
