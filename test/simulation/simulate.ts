/**
 * A whole gateway over a simulated world, by a seed: clock, network, disk, senders. For some minutes of
 * its time destinations and disk misbehave, and processes come and go; then all is well, and everything
 * has to come to rest. The same seed is the same run, on every runtime.
 */
import { Random } from "../../bench/random.ts";
import { messageOf } from "../../src/base/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Counters } from "../../src/pipeline/counters.ts";
import { testKernel } from "../harness/kernel.ts";
import { Disk, NO_TROUBLE, type Trouble } from "./disk.ts";
import { droppedIn, faultsIn, restIn } from "./equations.ts";
import { SimulationLedger } from "./ledger.ts";
import { Life, type World } from "./life.ts";
import { Destination, MOOD_NAMES } from "./network.ts";
import { Senders } from "./senders.ts";
import { drawSettings, type Durability, EXPORTERS, planOf, type Settings } from "./settings.ts";
import { SimulatedTime } from "./time.ts";

const MEMORY_BYTES = 16 << 20;
const EVENTS_MIN = 8;
const EVENTS_SPREAD = 16;
const BETWEEN_MS_MAX = 5000;
const DOWN_MS_MAX = 2000;
/** All faults have ended: after this time everything is over. */
const REST_MS = 300_000;
const LOOK_MS = 500;
/** Of a last stop, with time enough. */
const STOP_MS = 30_000;
/** A storage ends what was begun, whatever the deadline. */
const CLOSE_MS = 10_000;
const TROUBLES: readonly Trouble[] = [
  NO_TROUBLE,
  { ...NO_TROUBLE, commitMsMax: 800 },
  { ...NO_TROUBLE, unreadable: 60 },
  { ...NO_TROUBLE, failing: 30 },
  { ...NO_TROUBLE, failing: 100 },
  { failing: 15, unreadable: 15, commitMsMax: 200 },
];
const PROCESSORS = ["filter", "resource"];

export interface SimulationOptions {
  readonly seed: number;
  /** Drawn, where undefined. */
  readonly durability?: Durability | undefined;
  readonly fsync?: boolean | undefined;
  /** The disk says that it has kept what it has not. */
  readonly lies?: boolean;
  /** Called with what happens. */
  readonly tell?: (line: string) => void;
}

export interface SimulationReport {
  /** What broke a law; empty: none. */
  readonly violations: readonly string[];
  readonly settings: Settings;
  /** Items. */
  readonly acknowledged: number;
  readonly duplicates: number;
  readonly posts: number;
  readonly commits: number;
  /** Processes that were gone from one moment to the next. */
  readonly crashes: number;
  readonly stops: number;
  readonly simulatedMs: number;
}

let kernel: Kernel | undefined;

/** One run. Resolves also where a law was broken. */
export function simulate(options: SimulationOptions): Promise<SimulationReport> {
  kernel ??= testKernel(MEMORY_BYTES);
  return new Simulation(options, kernel).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #settings: Settings;
  readonly #random: Random;
  readonly #time = new SimulatedTime();
  readonly #ledger: SimulationLedger;
  readonly #disk: Disk;
  readonly #destinations: readonly Destination[];
  readonly #world: World;
  readonly #senders: Senders;
  /** Of every process so far. */
  readonly #counters: Counters[] = [];
  #life: Life;
  #crashes = 0;
  #stops = 0;

  constructor(options: SimulationOptions, memory: Kernel) {
    const streams = new Random(options.seed);
    const stream = () => new Random(streams.next());
    const time = this.#time;
    this.#options = options;
    this.#settings = drawSettings(stream(), options);
    this.#random = stream();
    const { fsync, paddingMax, senders } = this.#settings;
    this.#disk = new Disk({ time, random: stream(), fsync, lies: options.lies ?? false, onViolation: (message) => this.#ledger.violated(message) });
    this.#ledger = new SimulationLedger({
      time,
      disk: this.#disk,
      destinations: EXPORTERS,
      lasting: fsync,
      droppedAt: (name) => this.#droppedAt(name),
    });
    this.#destinations = EXPORTERS.map((name) => new Destination({ name, time, random: stream(), ledger: this.#ledger }));
    this.#world = { plan: planOf(this.#settings), time, disk: this.#disk, destinations: this.#destinations, kernel: memory };
    this.#life = this.#begin();
    this.#senders = new Senders({ count: senders, paddingMax, time, random: stream(), ledger: this.#ledger, life: () => this.#life });
    this.#tell(JSON.stringify(this.#settings));
  }

  async run(): Promise<SimulationReport> {
    const events = EVENTS_MIN + this.#random.below(EVENTS_SPREAD);
    for (let event = 0; event < events && this.#ledger.violations.length === 0; event++) {
      await this.#pass(this.#random.below(BETWEEN_MS_MAX));
      await this.#event();
    }
    if (this.#ledger.violations.length === 0) await this.#comeToRest();
    if (this.#ledger.violations.length === 0) this.#ledger.checkDuplicates();
    this.#life.end(false);
    const { acknowledged, duplicates, violations } = this.#ledger;
    return {
      violations,
      settings: this.#settings,
      acknowledged,
      duplicates,
      posts: this.#destinations.reduce((sum, { posts }) => sum + posts, 0),
      commits: this.#disk.commits,
      crashes: this.#crashes,
      stops: this.#stops,
      simulatedMs: this.#time.monotonicMs(),
    };
  }

  async #event(): Promise<void> {
    const random = this.#random;
    const draw = random.below(100);
    if (draw < 25) await this.#crash();
    else if (draw < 35) await this.#stop(random.pick([0, 300, 2000, 10_000]));
    else if (draw < 50) {
      this.#disk.trouble = random.pick(TROUBLES);
      this.#tell(`disk: ${JSON.stringify(this.#disk.trouble)}`);
    } else {
      const destination = random.pick(this.#destinations);
      destination.mood = random.pick(MOOD_NAMES);
      this.#tell(`${EXPORTERS[this.#destinations.indexOf(destination)]}: ${destination.mood}`);
    }
  }

  async #crash(): Promise<void> {
    const cut = this.#random.chance(50);
    this.#tell(cut ? "power cut" : "killed");
    this.#crashes++;
    this.#end(cut);
    await this.#again();
  }

  async #stop(deadlineMs: number): Promise<void> {
    if (this.#life.state !== "running") return;
    this.#tell(`stop within ${deadlineMs} ms`);
    this.#stops++;
    await this.#stopLife(deadlineMs);
    this.#end(false);
    await this.#again();
  }

  async #stopLife(deadlineMs: number): Promise<void> {
    let stopped = false;
    this.#life.stop(deadlineMs).then(
      () => (stopped = true),
      (error: unknown) => this.#ledger.violated(`a stop failed: ${messageOf(error)}`),
    );
    await this.#time.pass(deadlineMs + CLOSE_MS, () => stopped);
    if (!stopped) this.#ledger.violated(`a stop within ${deadlineMs} ms did not end`);
    this.#look();
  }

  #end(cut: boolean): void {
    this.#look();
    this.#life.end(cut);
    this.#ledger.processEnds();
    this.#ledger.checkAll();
  }

  /** After a while, another process. */
  async #again(): Promise<void> {
    await this.#time.pass(this.#random.below(DOWN_MS_MAX));
    this.#life = this.#begin();
  }

  #begin(): Life {
    const life = new Life(this.#world, this.#random.next());
    this.#counters.push(life.counters);
    return life;
  }

  /** All is well from now on. */
  async #comeToRest(): Promise<void> {
    this.#tell("all is well");
    this.#disk.trouble = NO_TROUBLE;
    for (const destination of this.#destinations) destination.mood = "well";
    this.#senders.end();
    const endMs = this.#time.monotonicMs() + REST_MS;
    while (!this.#atRest() && this.#time.monotonicMs() < endMs && this.#ledger.violations.length === 0) await this.#pass(LOOK_MS);
    for (const rest of this.#rest()) this.#ledger.violated(`all was well for ${REST_MS} ms, and there is still ${rest}`);
    // What a client reports late, and what is deleted behind the senders' backs.
    await this.#pass(LOOK_MS);
    await this.#stopLife(STOP_MS);
    await this.#pass(LOOK_MS);
    this.#ledger.checkAll();
    const { blocks } = this.#life.engine.pool;
    if (blocks > 0) this.#ledger.violated(`${blocks} blocks of the pool are held`);
    const left = ["queue", "body", "progress"].flatMap((kind) => this.#disk.keys(`delivery/${kind}/`));
    if (left.length > 0) this.#ledger.violated(`${left.length} keys are left on the disk: the first is ${left[0]}`);
  }

  #atRest(): boolean {
    return this.#rest().length === 0;
  }

  #rest(): string[] {
    const rest = this.#senders.over ? [] : ["a sender without an answer"];
    if (this.#life.state !== "running") rest.push("no process");
    for (const name of EXPORTERS) rest.push(...restIn(this.#life.counters, name));
    return rest;
  }

  /** Lets time pass, and looks at the books now and then. A process that could not start is replaced. */
  async #pass(ms: number): Promise<void> {
    const endMs = this.#time.monotonicMs() + ms;
    while (this.#time.monotonicMs() < endMs && this.#ledger.violations.length === 0) {
      await this.#time.pass(Math.min(LOOK_MS, endMs - this.#time.monotonicMs()));
      this.#look();
      if (this.#life.state !== "failed") continue;
      this.#tell(`did not start: ${messageOf(this.#life.error)}`);
      this.#end(false);
      await this.#time.pass(this.#random.below(DOWN_MS_MAX));
      this.#life = this.#begin();
    }
  }

  #look(): void {
    for (const fault of faultsIn(this.#life.counters, EXPORTERS, PROCESSORS)) this.#ledger.violated(fault);
  }

  #droppedAt(exporter: string): number {
    return this.#counters.reduce((sum, counters) => sum + droppedIn(counters, exporter), 0);
  }

  #tell(line: string): void {
    this.#options.tell?.(`${this.#time.monotonicMs()} ms: ${line}`);
  }
}
