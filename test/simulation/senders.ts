/** Senders in a closed loop: each repeats its request until it was acknowledged, or refused for good, with a key of its own or without one. */
import type { Random } from "../../bench/random.ts";
import type { Answer } from "../../src/base/host.ts";
import { requestOf } from "./items.ts";
import type { Sent, SimulationLedger } from "./ledger.ts";
import type { Life, Upload } from "./life.ts";
import type { SimulatedTime } from "./time.ts";

const ITEMS_MAX = 8;
const PAUSE_MS_MAX = 800;
/** Of 100 requests, where there are any. */
const PADDED = 30;
const RETRY_MS = 200;
const TIMEOUT_MS_MIN = 2000;
const TIMEOUT_MS_SPREAD = 8000;
/** OTLP 1.11, "Retryable response codes". */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface SendersOptions {
  readonly count: number;
  readonly paddingMax: number;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly ledger: SimulationLedger;
  /** The process that runs now. */
  readonly life: () => Life;
}

export class Senders {
  readonly #options: SendersOptions;
  #ending = false;
  #running: number;
  #items = 0;
  #requests = 0;

  constructor(options: SendersOptions) {
    this.#options = options;
    this.#running = options.count;
    for (let index = 0; index < options.count; index++) void this.#loop();
  }

  /** Whether each has ended. */
  get over(): boolean {
    return this.#running === 0;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Each ends with the request that it has. */
  end(): void {
    this.#ending = true;
  }

  async #loop(): Promise<void> {
    const { ledger, random, time } = this.#options;
    while (!this.#ending) {
      await time.after(random.below(PAUSE_MS_MAX));
      const sent = this.#make();
      ledger.sends(sent);
      await this.#deliver(sent);
    }
    this.#running--;
  }

  #make(): Sent {
    const { random } = this.#options;
    const items = Array.from({ length: 1 + random.below(ITEMS_MAX) }, () => ({ number: ++this.#items, kept: !random.chance(15) }));
    return { items, keyed: random.chance(40), attempts: 0, acknowledged: false };
  }

  async #deliver(sent: Sent): Promise<void> {
    const { paddingMax, random, time } = this.#options;
    const padding = paddingMax > 0 && random.chance(PADDED) ? random.below(paddingMax) : 0;
    const upload = { bytes: requestOf(sent.items, padding), key: sent.keyed ? `key-${++this.#requests}` : (this.#requests++, undefined) };
    for (;;) {
      sent.attempts++;
      const answer = await this.#post(upload, sent);
      if (sent.acknowledged) return;
      if (answer !== undefined && !RETRYABLE.has(answer.status)) return this.#judge(answer);
      const afterMs = Number(answer?.headers["retry-after"] ?? 0) * 1000;
      await time.after(Math.max(afterMs, RETRY_MS + random.below(RETRY_MS)));
    }
  }

  /** The answer; undefined: there was none, or not in time. */
  async #post(upload: Upload, sent: Sent): Promise<Answer | undefined> {
    const { ledger, life, random, time } = this.#options;
    const timeoutMs = TIMEOUT_MS_MIN + random.below(TIMEOUT_MS_SPREAD);
    const answered = life()
      .send(upload)
      .then((answer) => {
        // At that very moment, also where the sender has gone: what was answered must be true.
        if (answer?.status === 200) ledger.acknowledges(sent);
        return answer;
      });
    return Promise.race([answered, time.after(timeoutMs).then(() => undefined)]);
  }

  /** Refused for good: everyone whom it concerns has said so. */
  #judge({ status }: Answer): void {
    if (status !== 400 && status !== 413) this.#options.ledger.violated(`a sender was answered ${status}`);
  }
}
