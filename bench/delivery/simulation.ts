/**
 * Gateways that share one destination, event by event, on a clock of their own. The destination has
 * workers and a queue: what finds neither is refused at once. Service times are log-normal. A gateway
 * sends as many at a time as its limit allows; what was refused, or took too long, is not goodput, and
 * a destination goes on working on what nobody waits for any more.
 */
import { Random } from "../random.ts";

/** What the simulation asks of a limit; src/delivery/concurrency.ts has it, and `adapted` gives it to a candidate. */
export interface Limiter {
  readonly limit: number;
  readonly inFlight: number;
  tryAcquire(): { succeeded(): void; overloaded(): void } | undefined;
}

export interface World {
  readonly seed: number;
  readonly durationMs: number;
  readonly workers: (nowMs: number) => number;
  readonly serviceMs: (nowMs: number) => number;
  /** Spread of the service time: sigma of its logarithm. */
  readonly spread: number;
  readonly queueMax: number;
  /** One way. */
  readonly networkMs: number;
  readonly timeoutMs: number;
  readonly gateways: readonly {
    readonly startMs: number;
    /** Infinity: there is always more to send. */
    readonly perSecond: number;
    readonly limiter: (monotonicMs: () => number) => Limiter;
  }[];
}

/** By gateway. */
export interface Tally {
  readonly accepted: Ended[];
  refused: number;
  timedOut: number;
  inFlightMax: number;
  limitExceeded: number;
}

export interface Ended {
  readonly atMs: number;
  readonly tookMs: number;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export function simulate(world: World): Tally[] {
  const random = new Random(world.seed);
  const events = new Agenda();
  const queue: (() => void)[] = [];
  let queueHead = 0;
  let busy = 0;

  const serve = (answer: () => void) => {
    busy++;
    events.after(world.serviceMs(events.nowMs) * logNormal(random, world.spread), () => {
      busy--;
      answer();
      while (busy < world.workers(events.nowMs) && queueHead < queue.length) serve(queue[queueHead++] ?? answer);
      if (queueHead < 1024) return;
      queue.splice(0, queueHead);
      queueHead = 0;
    });
  };
  const arrive = (answer: (taken: boolean) => void) => {
    const taken = () => events.after(world.networkMs, () => answer(true));
    if (busy < world.workers(events.nowMs)) serve(taken);
    else if (queue.length - queueHead < world.queueMax) queue.push(taken);
    else events.after(world.networkMs, () => answer(false));
  };

  const tallies = world.gateways.map(({ startMs, perSecond, limiter: limiterOf }) => {
    const tally: Tally = { accepted: [], refused: 0, timedOut: 0, inFlightMax: 0, limitExceeded: 0 };
    const limiter = limiterOf(() => events.nowMs);
    let backlog = perSecond === Infinity ? Infinity : 0;
    const pump = () => {
      while (backlog > 0) {
        const permit = limiter.tryAcquire();
        if (permit === undefined) return;
        backlog--;
        tally.inFlightMax = Math.max(tally.inFlightMax, limiter.inFlight);
        if (limiter.inFlight > Math.max(1, Math.floor(limiter.limit))) tally.limitExceeded++;
        send(permit);
      }
    };
    const send = (permit: { succeeded(): void; overloaded(): void }) => {
      const sentMs = events.nowMs;
      let ended = false;
      const fail = (what: "refused" | "timedOut") => {
        ended = true;
        tally[what]++;
        permit.overloaded();
        events.after(1000 * (0.5 + random.next() / 2 ** 32), () => {
          backlog++;
          pump();
        });
        pump();
      };
      events.after(world.networkMs, () =>
        arrive((taken) => {
          if (ended) return;
          if (!taken) return fail("refused");
          ended = true;
          tally.accepted.push({ atMs: events.nowMs, tookMs: events.nowMs - sentMs });
          permit.succeeded();
          pump();
        }),
      );
      events.after(world.timeoutMs, () => {
        if (!ended) fail("timedOut");
      });
    };
    const come = () => {
      backlog++;
      pump();
      events.after((-Math.log(1 - random.next() / 2 ** 32) * 1000) / perSecond, come);
    };
    events.after(startMs, perSecond === Infinity ? pump : come);
    return tally;
  });
  events.run(world.durationMs);
  return tallies;
}

/** Mean 1. */
function logNormal(random: Random, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next() / 2 ** 32));
  const normal = radius * Math.cos((2 * Math.PI * random.next()) / 2 ** 32);
  return Math.exp(sigma * normal - (sigma * sigma) / 2);
}

/** What is to happen, by time; at the same time, in the order in which it was said. */
class Agenda {
  readonly #heap: Event[] = [];
  #order = 0;
  nowMs = 0;

  after(ms: number, run: () => void): void {
    const heap = this.#heap;
    const event = { atMs: this.nowMs + ms, order: this.#order++, run };
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above];
      if (other === undefined || before(other, event)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = event;
  }

  run(endMs: number): void {
    for (let event = this.#first(); event !== undefined && event.atMs <= endMs; event = this.#first()) {
      this.nowMs = event.atMs;
      event.run();
    }
  }

  #first(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      let next = heap[below];
      const right = heap[below + 1];
      if (next !== undefined && right !== undefined && before(right, next)) {
        next = right;
        below++;
      }
      if (next === undefined || before(last, next)) break;
      heap[at] = next;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
