/**
 * What the sender knows and what the destinations know of each item, a byte an item, so that an hour of
 * it is some megabytes; and what must be true between them, and the gateway's own counters (laws 1 to 3
 * of the design). The sender sends an item once, or twice with one Idempotency-Key. Hence
 *
 * - an item that was answered 200 by a destination never comes there again;
 * - a destination's `sent` counter is, to the item, what it answered 200;
 * - what was acknowledged is answered 200, rejected or a dead letter at each destination. The rest is at
 *   most what was dropped for reasons of the gateway's own, counted.
 */
import { type Signal, SIGNALS } from "../../../src/base/signal.ts";

/** Whether an item has to arrive: `may` where a processor folds it into others, `never` where one drops it. */
export type Expected = "must" | "may" | "never";
const EXPECTED: readonly Expected[] = ["must", "may", "never"];

/** An item's byte: two bits of signal, two of what is expected, and this. */
const ACKNOWLEDGED = 16;
/** A destination's byte of an item. */
const ANSWERED = 1;
const REJECTED = 2;
const DEAD = 4;
const REFUSED = 16;
/** At all, answered or not. */
const TAKEN = 8;

/** Faults of one kind that are told one by one. */
const LIST_MAX = 10;
const FIRST_ROOM = 1 << 14;

/** How a destination took a request: it said so in time; it never did; or so late that the gateway may not have heard. */
export type Taken = "answered" | "unanswered" | "unsure";

export interface Arrival {
  readonly destination: string;
  readonly signal: Signal;
  readonly numbers: readonly number[];
  /** Items that a processor made, which have no number. */
  readonly made: number;
}

/** Of one destination and signal. */
export interface Sums {
  /** Items that were answered 200. */
  answered: number;
  /** Items that were answered 200 late. */
  unsure: number;
  /** Items that were rejected in a partial success. */
  rejected: number;
  /** Items that were taken again, after an attempt without an answer. */
  repeated: number;
}

interface Side {
  flags: Uint8Array;
  readonly sums: Readonly<Record<Signal, Sums>>;
}

export class Ledger {
  readonly #sides: ReadonlyMap<string, Side>;
  readonly #found = new Map<string, { readonly first: string[]; count: number }>();
  #items = new Uint8Array(FIRST_ROOM);
  #last = 0;

  constructor(destinations: readonly string[]) {
    this.#sides = new Map(destinations.map((name) => [name, { flags: new Uint8Array(FIRST_ROOM), sums: sumsOfAll() }]));
  }

  /** Items so far. */
  get items(): number {
    return this.#last;
  }

  /** The number of a new item. */
  add(signal: Signal, expected: Expected): number {
    this.#last++;
    if (this.#last >= this.#items.length) {
      this.#items = doubled(this.#items);
      for (const side of this.#sides.values()) side.flags = doubled(side.flags);
    }
    this.#items[this.#last] = SIGNALS.indexOf(signal) + EXPECTED.indexOf(expected) * 4;
    return this.#last;
  }

  acknowledged(numbers: readonly number[]): void {
    for (const number of numbers) this.#items[number] = this.#of(number) | ACKNOWLEDGED;
  }

  /** A destination has read these. */
  arrived({ destination, made, numbers, signal }: Arrival, taken: Taken): void {
    const { flags, sums } = this.#sideOf(destination);
    const sum = sums[signal];
    if (taken === "answered") sum.answered += numbers.length + made;
    else if (taken === "unsure") sum.unsure += numbers.length + made;
    for (const number of numbers) {
      const before = flags[number] ?? 0;
      if (number > this.#last || SIGNALS[this.#of(number) & 3] !== signal) this.fault("came from nobody", `${destination}: ${signal} ${number}`);
      else if (EXPECTED[(this.#of(number) >> 2) & 3] === "never") this.fault("was dropped by a processor, and came", `${destination}: ${signal} ${number}`);
      if ((before & (ANSWERED | REJECTED | REFUSED)) !== 0) this.fault("came again after its answer", `${destination}: ${signal} ${number}`);
      if ((before & TAKEN) !== 0) sum.repeated++;
      flags[number] = before | TAKEN | (taken === "answered" ? ANSWERED : 0);
    }
  }

  /** A destination has rejected these in a partial success, and was heard. */
  rejected({ destination, numbers, signal }: Pick<Arrival, "destination" | "numbers" | "signal">): void {
    const { flags, sums } = this.#sideOf(destination);
    sums[signal].rejected += numbers.length;
    for (const number of numbers) flags[number] = (flags[number] ?? 0) | REJECTED;
  }

  /** A destination has refused these for good. */
  refused({ destination, numbers }: Pick<Arrival, "destination" | "numbers">): void {
    const { flags } = this.#sideOf(destination);
    for (const number of numbers) flags[number] = (flags[number] ?? 0) | REFUSED;
  }

  /** These were found among a destination's dead letters. */
  dead(destination: string, numbers: readonly number[]): void {
    const { flags } = this.#sideOf(destination);
    for (const number of numbers) flags[number] = (flags[number] ?? 0) | DEAD;
  }

  sums(destination: string, signal: Signal): Sums {
    return this.#sideOf(destination).sums[signal];
  }

  /** Items that were acknowledged and are nowhere at a destination: the caller knows how many may be. */
  missing(destination: string, signal: Signal): number[] {
    const { flags } = this.#sideOf(destination);
    const wanted = SIGNALS.indexOf(signal) + EXPECTED.indexOf("must") * 4 + ACKNOWLEDGED;
    const missing: number[] = [];
    for (let number = 1; number <= this.#last; number++) {
      if (this.#of(number) === wanted && ((flags[number] ?? 0) & (ANSWERED | REJECTED | DEAD)) === 0) missing.push(number);
    }
    return missing;
  }

  /** Something that must not be; of each kind the first few are told. */
  fault(kind: string, what: string): void {
    const found = this.#found.get(kind) ?? { first: [], count: 0 };
    this.#found.set(kind, found);
    found.count++;
    if (found.first.length < LIST_MAX) found.first.push(what);
  }

  get faults(): string[] {
    return [...this.#found].flatMap(([kind, { count, first }]) => {
      const more = count > first.length ? [`and ${count - first.length} more: ${kind}`] : [];
      return [...first.map((what) => `${what}: ${kind}`), ...more];
    });
  }

  #of(number: number): number {
    return this.#items[number] ?? 0;
  }

  #sideOf(destination: string): Side {
    const side = this.#sides.get(destination);
    if (side === undefined) throw new RangeError(`Cannot book at "${destination}": it is no destination of this run`);
    return side;
  }
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(bytes.length * 2);
  made.set(bytes);
  return made;
}

function sumsOfAll(): Record<Signal, Sums> {
  const none = (): Sums => ({ answered: 0, unsure: 0, rejected: 0, repeated: 0 });
  return { traces: none(), metrics: none(), logs: none(), profiles: none() };
}
