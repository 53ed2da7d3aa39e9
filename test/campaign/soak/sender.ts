/**
 * Senders at a steady rate: good requests of all signals in every form, and hostile ones among them. None
 * is sent again, but for those with an Idempotency-Key, which are sent twice.
 */
import * as http from "node:http";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Random } from "../../../bench/random.ts";
import { type Signal, SIGNALS } from "../../../src/base/signal.ts";
import { type Encoding, headersOf, type Reply, send } from "../../black-box/client.ts";
import { Bag } from "./bag.ts";
import { type Hostile, HOSTILE, HOSTILE_KINDS, type HostileKind } from "./hostile.ts";
import { jsonOf, protoOf, type Request, requestOf } from "./items.ts";
import type { Expected, Ledger } from "./ledger.ts";

/** For each hostile request so many good ones. */
const GOOD_SHARE = 3;
const ITEMS_MAX = 40;
/** Nobody is kept waiting for as long. */
const ANSWER_MS_MAX = 30_000;
/** More at a time would be a gateway that answers nobody. */
const UNDER_WAY_MAX = 500;

const PATHS: Readonly<Record<Signal, string>> = { traces: "/v1/traces", metrics: "/v1/metrics", logs: "/v1/logs", profiles: "/v1development/profiles" };
const CODINGS: Readonly<Record<string, (body: Uint8Array | string) => Uint8Array | string>> = {
  identity: (body) => body,
  gzip: gzipSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
};

export type Kind = "good" | "with a key, twice" | HostileKind;
const KINDS: readonly Kind[] = ["with a key, twice", ...HOSTILE_KINDS];
const ALL_KINDS: readonly Kind[] = [...KINDS, ...Array<Kind>(KINDS.length * GOOD_SHARE).fill("good")];

/** Items of one signal by what their senders heard. */
export interface Heard {
  accepted: number;
  /** Told to send them again. */
  refused: number;
  /** Nothing: they may have been taken. */
  unanswered: number;
  /** Not valid, and told so. */
  cut: number;
}

export interface SenderOptions {
  readonly port: number;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Requests a second. */
  readonly rate: number;
}

export class Sender {
  readonly heard: Readonly<Record<Signal, Heard>> = { traces: none(), metrics: none(), logs: none(), profiles: none() };
  /** How often each kind was sent. */
  readonly kinds = new Map<Kind, number>();
  /** Answers by status; 0: none. */
  readonly statuses = new Map<number, number>();
  readonly #options: SenderOptions;
  readonly #bag: Bag<Kind>;
  readonly #signals: Bag<Signal>;
  readonly #agent = new http.Agent({ keepAlive: true, timeout: ANSWER_MS_MAX });
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();
  #sent = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#bag = new Bag(ALL_KINDS, options.random);
    this.#signals = new Bag<Signal>(["traces", "traces", ...SIGNALS], options.random);
    this.#timer = setInterval(() => this.#turn(), 1000 / options.rate);
  }

  /** Requests so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Resolves when each has its answer, or none to come. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
  }

  /** What is due by now, a few at a time when the machine was busy. */
  #turn(): void {
    const due = Math.floor(((performance.now() - this.#startMs) / 1000) * this.#options.rate);
    for (let more = Math.min(due - this.#sent, 2); more > 0 && this.#underWay.size < UNDER_WAY_MAX; more--) {
      this.#sent++;
      const kind = this.#bag.draw();
      this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
      const done = this.#send(kind)
        .catch((error: unknown) => this.#options.ledger.fault("cannot be sent", `${kind}: ${String(error)}`))
        .finally(() => this.#underWay.delete(done));
      this.#underWay.add(done);
    }
  }

  async #send(kind: Kind): Promise<void> {
    if (kind === "good") return this.#post(this.#request(this.#signals.draw()));
    if (kind !== "with a key, twice") return this.#harm(kind, HOSTILE[kind]);
    const request = this.#request("traces");
    const headers = { "idempotency-key": `soak-${this.#sent}` };
    await this.#post(request, headers);
    await this.#post(request, headers);
  }

  async #harm(kind: HostileKind, { answers, cut = 0, send: sendTo, valid }: Hostile): Promise<void> {
    const { ledger, port, random } = this.#options;
    const request = this.#request("traces", valid ? undefined : "never");
    const status = await sendTo({ port, random, proto: protoOf(request), json: jsonOf(request) }).catch(() => 0);
    this.#count(status);
    if (!answers.includes(status)) ledger.fault("is not what is to be answered", `${kind}: ${status}`);
    if (!valid) return;
    this.#hear(request, status);
    if (status !== 0) this.heard.traces.cut += cut;
  }

  async #post(request: Request, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { ledger, port, random } = this.#options;
    const encoding: Encoding = random.chance(30) ? "json" : "proto";
    const coding = random.pick(Object.keys(CODINGS));
    const plain = encoding === "json" ? jsonOf(request) : protoOf(request);
    const headers = { ...headersOf(encoding, coding), ...more };
    const sent = { path: PATHS[request.signal], headers, body: CODINGS[coding]?.(plain) ?? plain, signal: AbortSignal.timeout(ANSWER_MS_MAX) };
    // A connection of its own, or one that is kept and may be closed just now.
    const reply = await send(port, { ...sent, agent: random.chance(50) ? this.#agent : false }).catch((error: unknown) => {
      if (error instanceof Error && error.name === "AbortError") ledger.fault("has no answer", request.signal);
      return undefined;
    });
    const status = reply?.status ?? 0;
    this.#count(status);
    this.#hear(request, status);
    if (reply !== undefined) this.#check(request, reply);
  }

  #check({ signal }: Request, { body, headers, status }: Reply): void {
    const { ledger } = this.#options;
    if (status === 503 && headers["retry-after"] === undefined) ledger.fault("does not say when to come again", `${signal}: 503`);
    if (status !== 200 && status !== 503) ledger.fault("is no answer to a good request", `${signal}: ${status} ${body.toString("latin1")}`);
  }

  #hear({ numbers, signal }: Request, status: number): void {
    const heard = this.heard[signal];
    if (status === 200) {
      heard.accepted += numbers.length;
      this.#options.ledger.acknowledged(numbers);
    } else if (status === 503) heard.refused += numbers.length;
    else if (status === 0) heard.unanswered += numbers.length;
  }

  #count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  /** `expected`: of every item, whatever it is. */
  #request(signal: Signal, expected?: Expected): Request {
    const { ledger, random } = this.#options;
    return requestOf(signal, 1 + random.below(ITEMS_MAX), random, (own) => ledger.add(signal, expected ?? own));
  }
}

function none(): Heard {
  return { accepted: 0, refused: 0, unanswered: 0, cut: 0 };
}
