/**
 * What the senders know, what the destinations know, and what must be true between them (laws 1 and 3).
 * A duplicate is legitimate where the first attempt had no answer; where its answer came, and the
 * process ended before that was written; or where the sender itself sent it again without a key.
 */
import type { Disk } from "./disk.ts";
import type { Item } from "./items.ts";
import type { SimulatedTime } from "./time.ts";

/** An answer is written within this time, unless the disk fails. */
const RECORDED_MS = 5000;

/** What a sender sends, as often as it has to. */
export interface Sent {
  readonly items: readonly Item[];
  readonly keyed: boolean;
  attempts: number;
  acknowledged: boolean;
}

/** One POST at a destination. */
export interface Attempt {
  readonly destination: string;
  readonly startMs: number;
  readonly numbers: readonly number[];
  /** When its answer reached the gateway. */
  answeredMs: number | undefined;
}

export interface LedgerOptions {
  readonly time: SimulatedTime;
  readonly disk: Disk;
  readonly destinations: readonly string[];
  /** Whether an acknowledgement is worth anything at all times. */
  readonly lasting: boolean;
  /** Items that a destination has dropped, counted, for a reason that is not the destination's word. */
  readonly droppedAt: (destination: string) => number;
}

interface At {
  /** By item: attempts that the destination took it with. */
  readonly accepted: Map<number, Attempt[]>;
  /** It was told for good, and heard. */
  readonly rejected: Set<number>;
}

export class SimulationLedger {
  readonly violations: string[] = [];
  readonly #options: LedgerOptions;
  readonly #sent = new Map<number, Sent>();
  readonly #at: ReadonlyMap<string, At>;
  /** When a process ended, in order, and when the disk had failed the last time before that. */
  readonly #ends: { readonly ms: number; readonly troubleMs: number }[] = [];
  acknowledged = 0;
  duplicates = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#at = new Map(options.destinations.map((name) => [name, { accepted: new Map(), rejected: new Set() }]));
  }

  violated(message: string): void {
    this.violations.push(`at ${this.#options.time.monotonicMs()} ms: ${message}`);
  }

  sends(sent: Sent): void {
    for (const { number } of sent.items) this.#sent.set(number, sent);
  }

  /** The sender has its 2xx: from now on it is ours. */
  acknowledges(sent: Sent): void {
    sent.acknowledged = true;
    this.acknowledged += sent.items.length;
    this.#check(sent.items.filter(({ kept }) => kept).map(({ number }) => number));
  }

  processEnds(): void {
    const { disk, time } = this.#options;
    this.#ends.push({ ms: time.monotonicMs(), troubleMs: disk.failedMs });
  }

  /** A POST has begun. */
  attempt(destination: string, numbers: readonly number[]): Attempt {
    const { time } = this.#options;
    for (const number of numbers) {
      const sent = this.#sent.get(number);
      if (sent === undefined) this.violated(`${destination} was sent item ${number}, which nobody sent`);
      else if (sent.items.some((item) => item.number === number && !item.kept)) this.violated(`${destination} was sent item ${number}, which was dropped`);
    }
    if (numbers.length === 0) this.violated(`${destination} was sent a request without items`);
    return { destination, startMs: time.monotonicMs(), numbers, answeredMs: undefined };
  }

  accepts(attempt: Attempt, numbers: readonly number[]): void {
    const accepted = this.#at.get(attempt.destination)?.accepted;
    for (const number of numbers) {
      const before = accepted?.get(number);
      if (before === undefined) accepted?.set(number, [attempt]);
      else before.push(attempt);
    }
  }

  /** The destination's last word on these, and it was heard. */
  rejects({ destination }: Attempt, numbers: readonly number[]): void {
    for (const number of numbers) this.#at.get(destination)?.rejected.add(number);
  }

  /** Whatever was acknowledged is somewhere. */
  checkAll(): void {
    const numbers: number[] = [];
    for (const { acknowledged, items } of new Set(this.#sent.values())) if (acknowledged) for (const { kept, number } of items) if (kept) numbers.push(number);
    this.#check(numbers);
  }

  checkDuplicates(): void {
    for (const [destination, { accepted }] of this.#at) {
      for (const [number, attempts] of accepted) {
        if (attempts.length < 2) continue;
        this.duplicates++;
        const sent = this.#sent.get(number);
        if (sent !== undefined && !sent.keyed && sent.attempts > 1) continue;
        const fault = this.#faultIn(attempts);
        const sender = sent?.attempts === 1 ? "sent once" : `sent ${sent?.attempts} times with one key`;
        if (fault !== undefined) this.violated(`${destination} took item ${number}, ${sender}, ${attempts.length} times: ${fault}`);
      }
    }
  }

  #check(numbers: readonly number[]): void {
    const { destinations, droppedAt, lasting } = this.#options;
    if (!lasting) return;
    for (const destination of destinations) {
      const missing = numbers.filter((number) => !this.#isSomewhere(destination, number));
      const [first] = missing;
      if (first !== undefined && missing.length > droppedAt(destination)) {
        this.violated(`${missing.length} items that were acknowledged are neither accepted by ${destination}, nor stored, nor counted: the first is ${first}`);
      }
    }
  }

  #isSomewhere(destination: string, number: number): boolean {
    const at = this.#at.get(destination);
    const { index } = this.#options.disk;
    return at?.accepted.has(number) === true || at?.rejected.has(number) === true || index.isStored(destination, number) || index.isDead(destination, number);
  }

  /** Why one of them should not have been made; undefined: each had a reason. */
  #faultIn(attempts: readonly Attempt[]): string | undefined {
    for (const one of attempts) {
      const { answeredMs, startMs } = one;
      if (answeredMs === undefined) continue;
      const later = attempts.find((other) => other !== one && other.startMs >= startMs && !this.#forgot(one, other.startMs));
      if (later !== undefined) return `one at ${startMs} ms was answered at ${answeredMs} ms, the other went at ${later.startMs} ms`;
    }
    return undefined;
  }

  /** Whether a process may have ended before it wrote this answer down, and before the later attempt. */
  #forgot({ answeredMs = 0 }: Attempt, laterMs: number): boolean {
    const { lasting } = this.#options;
    return this.#ends.some(({ ms, troubleMs }) => ms >= answeredMs && ms <= laterMs && (!lasting || ms - Math.max(answeredMs, troubleMs) <= RECORDED_MS));
  }
}
