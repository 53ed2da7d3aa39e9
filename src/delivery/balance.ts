/**
 * Which endpoint of a destination a request goes to. Invariants: an endpoint is always found; one that
 * is ejected is used only when all are (panic: none is known to be well, and to send nothing helps
 * nobody); by key, only the keys of an endpoint that leaves move. One that comes back takes its share
 * along a ramp (health.ts). No chance and no timers: the same calls at the same times pick the same.
 */
import { SluiceError } from "../base/errors.ts";
import type { Clock } from "../base/host.ts";
import { byKey, byWeight, type Candidate, evenly, inTurns, leastInFlight } from "./choose.ts";
import { Health, type HealthSettings } from "./health.ts";
import { seedOf } from "./rendezvous.ts";

/**
 * `round_robin`: in turns. `weighted`: in turns by weight, interleaved (smooth weighted round robin).
 * `least_in_flight`: the one with the fewest requests in flight for its weight, among equals the one
 * that waited longest. `by_trace_id`: by the key's score (rendezvous.ts), weights not looked at; a
 * request without a key goes in turns.
 */
export type Strategy = "round_robin" | "weighted" | "least_in_flight" | "by_trace_id";

export interface Endpoint {
  /** What it is known by, for example its URL. */
  readonly name: string;
  /** Above 0. Default 1. */
  readonly weight?: number;
}

/** A request under way; exactly one of its methods is called, once. A second one throws `internal`. */
export interface Choice {
  readonly endpoint: string;
  /** It answered, be it with a refusal for good. */
  succeeded(): void;
  /** No answer, or one that says "not now". */
  failed(): void;
  /** It says nothing about the endpoint. */
  abandoned(): void;
}

interface Member extends Candidate {
  readonly health: Health;
}

export class Balancer {
  readonly #strategy: Strategy;
  readonly #settings: HealthSettings;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #members: readonly Member[] = [];
  #picks = 0;

  /** Throws `config` without an endpoint. */
  constructor(strategy: Strategy, endpoints: readonly Endpoint[], health: HealthSettings, clock: Pick<Clock, "monotonicMs">) {
    this.#strategy = strategy;
    this.#settings = health;
    this.#clock = clock;
    this.update(endpoints);
  }

  /** Other endpoints from now on; those that stay keep their health and what they have in flight. Throws `config` when there is none: those of before stay. */
  update(endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0) throw new SluiceError("config", "Cannot balance: there is no endpoint", { cure: "Give at least one" });
    const known = new Map(this.#members.map((member) => [member.name, member]));
    const next = new Map<string, Member>();
    for (const { name, weight = 1 } of endpoints) {
      const member = known.get(name) ?? this.#newMember(name);
      member.weight = weight;
      next.set(name, member);
    }
    this.#members = [...next.values()];
  }

  /** The endpoint for a request. `key`: of `by_trace_id`, the trace id's bytes. `avoid`: where this request failed just now; taken all the same when it is the only one in service. */
  pick(key?: Uint8Array, avoid?: string): Choice {
    const among = this.#inService(avoid);
    const chosen = this.#choose(among, key);
    chosen.lastPick = ++this.#picks;
    chosen.inFlight++;
    return this.#handle(chosen, this.#clock.monotonicMs());
  }

  /** How a probe of an endpoint ended, which the caller makes when it likes. Unknown names are ignored: it may have left meanwhile. */
  probed(name: string, healthy: boolean): void {
    this.#members.find((member) => member.name === name)?.health.probed(healthy);
  }

  /** For metrics. `share` is the health's; 0 for all is panic. */
  states(): readonly { readonly name: string; readonly share: number; readonly inFlight: number; readonly ejections: number }[] {
    return this.#members.map(({ name, health, inFlight }) => ({ name, share: health.share, inFlight, ejections: health.ejections }));
  }

  #newMember(name: string): Member {
    const health = new Health(this.#settings, this.#clock);
    return { name, seed: seedOf(name), health, weight: 1, inFlight: 0, share: 1, owed: 0, credit: 0, lastPick: 0 };
  }

  /** Those with a share of more than 0, never none. */
  #inService(avoid: string | undefined): readonly Member[] {
    for (const member of this.#members) member.share = member.health.share;
    const well = this.#members.filter((member) => member.share > 0);
    if (well.length === 0) for (const member of this.#members) member.share = 1;
    const among = well.length === 0 ? this.#members : well;
    const others = among.filter(({ name }) => name !== avoid);
    return others.length === 0 ? among : others;
  }

  #choose(among: readonly Member[], key: Uint8Array | undefined): Member {
    if (this.#strategy === "least_in_flight") return leastInFlight(among);
    if (this.#strategy === "by_trace_id" && key !== undefined) return byKey(among, key);
    return inTurns(among, this.#strategy === "weighted" ? byWeight : evenly);
  }

  #handle(member: Member, startMs: number): Choice {
    let ended = false;
    const end = (): void => {
      if (ended) throw new SluiceError("internal", "Cannot end a request to an endpoint: it has ended");
      ended = true;
      member.inFlight--;
    };
    return {
      endpoint: member.name,
      succeeded: () => {
        end();
        member.health.succeeded(startMs);
      },
      failed: () => {
        end();
        member.health.failed(startMs);
      },
      abandoned: end,
    };
  }
}
