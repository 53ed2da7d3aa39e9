/**
 * Two ledgers, the sender's and the sink's, and what must be true between them: everything that was
 * acknowledged has been accepted by every destination, and nothing was accepted twice without a reason
 * (law 3 of the design): an attempt had no answer, the sender itself repeated the batch, or the gateway
 * was killed after the answer came and before it was written down.
 */

/** How long before a kill an answer may have come that the gateway had no time to write down, ms: a slow disk, a busy machine. */
const UNRECORDED_MS = 5000;

interface Delivery {
  /** When it was read. A destination may answer the next one first. */
  readonly readMs: number;
  /** When it was answered, or left without an answer. */
  readonly ms: number;
  /** Whether the destination said 200, and said it to a connection that was there. */
  readonly answered: boolean;
}

interface Kill {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Findings {
  /** Items that were acknowledged to the sender. */
  readonly acknowledged: number;
  /** Of those, by destination: never accepted there. */
  readonly lost: readonly string[];
  /** Accepted more than once at one destination, with a reason. */
  readonly explained: number;
  /** And without one: with the times of all deliveries, ms. */
  readonly unexplained: readonly string[];
  /** Accepted though the sender has no acknowledgement: legitimate, told for orientation. */
  readonly unacknowledged: number;
}

export class Books {
  readonly #destinations: readonly string[];
  readonly #acknowledged = new Set<string>();
  /** Sent more than once by the sender, because it had no good answer. */
  readonly #repeated = new Set<string>();
  readonly #deliveries = new Map<string, Map<string, Delivery[]>>();
  readonly #kills: Kill[] = [];

  constructor(destinations: readonly string[]) {
    this.#destinations = destinations;
    for (const destination of destinations) this.#deliveries.set(destination, new Map());
  }

  acknowledge(items: readonly string[]): void {
    for (const item of items) this.#acknowledged.add(item);
  }

  repeat(items: readonly string[]): void {
    for (const item of items) this.#repeated.add(item);
  }

  /** From the signal until the destinations have read what was in its sockets: nobody reads their answers. */
  killed(fromMs: number, untilMs: number): void {
    this.#kills.push({ fromMs, untilMs });
  }

  /** `items` were read by a destination. */
  delivered(destination: string, items: readonly string[], delivery: Delivery): void {
    const found = this.#deliveries.get(destination);
    for (const item of items) {
      const list = found?.get(item);
      if (list === undefined) found?.set(item, [delivery]);
      else list.push(delivery);
    }
  }

  /** Acknowledged items that a destination has not accepted yet, over all destinations. */
  get missing(): number {
    return this.#destinations.reduce((sum, destination) => sum + this.#lostAt(destination).length, 0);
  }

  findings(): Findings {
    const unexplained: string[] = [];
    let explained = 0;
    let unacknowledged = 0;
    for (const [destination, items] of this.#deliveries) {
      for (const [item, deliveries] of items) {
        if (!this.#acknowledged.has(item)) unacknowledged++;
        const accepted = deliveries.filter(({ answered }) => answered);
        if (accepted.length < 2) continue;
        if (this.#isExplained(item, deliveries)) explained++;
        else unexplained.push(`${destination} ${item}: ${deliveries.map(shown).join(", ")}`);
      }
    }
    const lost = this.#destinations.flatMap((destination) => this.#lostAt(destination).map((item) => `${destination} ${item}`));
    return { acknowledged: this.#acknowledged.size, lost, explained, unexplained, unacknowledged };
  }

  #lostAt(destination: string): string[] {
    const items = this.#deliveries.get(destination);
    return [...this.#acknowledged].filter((item) => items?.get(item)?.some(({ answered }) => answered) !== true);
  }

  #isExplained(item: string, deliveries: readonly Delivery[]): boolean {
    if (this.#repeated.has(item)) return true;
    const inOrder = deliveries.toSorted((a, b) => a.readMs - b.readMs);
    return inOrder.slice(0, -1).every((one, index) => {
      const next = inOrder[index + 1]?.readMs ?? 0;
      return !one.answered || this.#kills.some(({ fromMs, untilMs }) => one.ms <= untilMs && fromMs <= next && fromMs - one.ms <= UNRECORDED_MS);
    });
  }
}

function shown({ readMs, ms, answered }: Delivery): string {
  return `${readMs.toFixed(0)} ${answered ? "answered" : "left"} ${ms.toFixed(0)}`;
}
