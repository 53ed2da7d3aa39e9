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
 * that waited longest. `trace_id`: by the key's score (rendezvous.ts), weights not looked at; what
 * has no key goes in turns.
 */
export const STRATEGIES = ["round_robin", "least_in_flight", "weighted", "trace_id"] as const;

export type Strategy = (typeof STRATEGIES)[number];

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

/** Where keys belong, as things are at one moment: not for later, when others may be in service. */
export interface Placement {
  readonly names: readonly string[];
  /** The place in `names` of the endpoint for this key. Allocates nothing. */
  readonly of: (key: Uint8Array) => number;
}

interface Member extends Candidate {
  readonly health: Health;
}

export class Balancer {
  readonly #strategy: Strategy;
  readonly #settings: HealthSettings;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #ejectedShareMax: number;
  #members: readonly Member[] = [];
  #picks = 0;

  /** `ejectedShareMax`: of all endpoints the share that may be ejected at a time, from 0 to 1; above 0 one always may. Throws `config` without an endpoint. */
  constructor(strategy: Strategy, endpoints: readonly Endpoint[], health: HealthSettings, clock: Pick<Clock, "monotonicMs">, ejectedShareMax = 1) {
    this.#ejectedShareMax = ejectedShareMax;
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

  /** The endpoint for a request. `key`: of `trace_id`, the trace id's bytes. `avoid`: where this request failed just now; taken all the same when no other is in service. */
  pick(key?: Uint8Array, avoid: readonly string[] = []): Choice {
    return this.#begin(this.#choose(this.#inService(avoid), key));
  }

  /** Where the keys of one request belong, which is divided by them; `avoid` as above. */
  placement(avoid: readonly string[] = []): Placement {
    const among = this.#inService(avoid);
    return { names: among.map(({ name }) => name), of: (key) => among.indexOf(byKey(among, key)) };
  }

  /** A request to the endpoint of this name, which a placement gave. Throws `internal` for one that there is not. */
  begin(name: string): Choice {
    const found = this.#members.find((member) => member.name === name);
    if (found === undefined) throw new SluiceError("internal", `Cannot send to an endpoint: there is no "${name}"`);
    return this.#begin(found);
  }

  /** Whether another one than these is in service. */
  hasOther(avoid: readonly string[]): boolean {
    return this.#inService(avoid).some(({ name }) => !avoid.includes(name));
  }

  /** How a probe of an endpoint ended, which the caller makes when it likes. Unknown names are ignored: it may have left meanwhile. */
  probed(name: string, healthy: boolean): void {
    this.#members.find((member) => member.name === name)?.health.probed(healthy, this.#mayEject());
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
  #inService(avoid: readonly string[]): readonly Member[] {
    for (const member of this.#members) member.share = member.health.share;
    const well = this.#members.filter((member) => member.share > 0);
    if (well.length === 0) for (const member of this.#members) member.share = 1;
    const among = well.length === 0 ? this.#members : well;
    const others = among.filter(({ name }) => !avoid.includes(name));
    return others.length === 0 ? among : others;
  }

  #choose(among: readonly Member[], key: Uint8Array | undefined): Member {
    if (this.#strategy === "least_in_flight") return leastInFlight(among);
    if (this.#strategy === "trace_id" && key !== undefined) return byKey(among, key);
    return inTurns(among, this.#strategy === "weighted" ? byWeight : evenly);
  }

  #mayEject(): boolean {
    const ejected = this.#members.reduce((count, { health }) => (health.share === 0 ? count + 1 : count), 0);
    const share = this.#ejectedShareMax;
    return ejected < (share === 0 ? 0 : Math.max(1, Math.floor(this.#members.length * share)));
  }

  #begin(member: Member): Choice {
    member.lastPick = ++this.#picks;
    member.inFlight++;
    const startMs = this.#clock.monotonicMs();
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
        member.health.failed(startMs, this.#mayEject());
      },
      abandoned: end,
    };
  }
}
