/**
 * A real gateway under mixed good and hostile traffic, in front of destinations that misbehave by chance,
 * for as long as is wanted. Its books must agree at every reading. In the end faults and traffic stop, all
 * drains, and then everything must be given back, every edge of the pipelines and both ledgers must agree,
 * and in a run that is long enough memory, files and timers must have stayed flat.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../../bench/random.ts";
import { ITEM_NAMES, type Signal, SIGNALS } from "../../../src/base/signal.ts";
import { delay } from "../../contract/sinks.ts";
import type { Plain } from "../../harness/judge.ts";
import type { Listens } from "../../harness/command.ts";
import { configuration, DESTINATIONS, type DestinationName, idOf } from "./configuration.ts";
import { Destination, type Fate } from "./destination.ts";
import { destinationFaults, edgeFaults, faultsAt, Metrics, restIn, senderFaults } from "./equations.ts";
import { type Figures, growthIn, JUDGED_SECONDS_MIN } from "./figures.ts";
import { commandOutput, Gateway, openFiles, threadsOf } from "./gateway.ts";
import { found } from "./items.ts";
import { Ledger } from "./ledger.ts";
import { type Heard, type Kind, Sender } from "./sender.ts";

const DRAIN_MS = 60_000;
const DRAIN_LOOK_MS = 250;
/** What is open after a drain and was not before the first request: files of the storage, a thread's pipes. */
const OPEN_FILES_MORE = 12;
const HANDLES_MORE = 6;
const MIB = 1 << 20;

export interface SoakOptions {
  readonly runtime: Listens;
  /** Of everything that is left to chance. */
  readonly seed: number;
  readonly seconds: number;
  /** It goes on, however slow the machine is, until so many were sent. */
  readonly requestsMin: number;
  /** Requests a second. */
  readonly rate: number;
  /** Whether destinations have moods that change; otherwise every fault comes all the time. */
  readonly moody: boolean;
  readonly readEveryMs: number;
  readonly onReading?: (figures: Figures, sent: number, faults: readonly string[]) => void;
}

export interface SoakReport {
  /** What must not be; empty: all is well. */
  readonly faults: readonly string[];
  /** Whether the run was long enough to say that it stayed flat. */
  readonly judgedFlat: boolean;
  readonly requests: number;
  readonly items: number;
  readonly kinds: Readonly<Partial<Record<Kind, number>>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly fates: Readonly<Partial<Record<Fate, number>>>;
  /** Items by what became of them, all destinations and signals. */
  readonly ends: Readonly<Record<string, number>>;
  readonly figures: readonly Figures[];
}

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-soak-"));
  const ledger = new Ledger(DESTINATIONS);
  const { moody, seed } = options;
  const opened = DESTINATIONS.map((name, index) => Destination.listen({ name, ledger, moody, random: new Random(seed + 1 + index) }));
  const destinations = await Promise.all(opened);
  const [memory = "", writeFirst = "", sendFirst = ""] = destinations.map(({ url }) => url);
  const yaml = configuration({ directory, urls: { memory, write_first: writeFirst, send_first: sendFirst } });
  const gateway = await Gateway.start(options.runtime, yaml);
  try {
    return await new Soak({ options, directory, ledger, destinations, gateway, yaml }).run();
  } finally {
    await gateway.kill();
    await Promise.all(destinations.map((destination) => destination.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Parts {
  readonly options: SoakOptions;
  readonly directory: string;
  readonly ledger: Ledger;
  readonly destinations: readonly Destination[];
  readonly gateway: Gateway;
  readonly yaml: string;
}

class Soak {
  readonly #parts: Parts;
  readonly #figures: Figures[] = [];
  readonly #startMs = performance.now();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<SoakReport> {
    const { destinations, gateway, ledger, options } = this.#parts;
    const idle = this.#figuresOf(new Metrics(await gateway.metrics()));
    const sender = new Sender({ port: gateway.port, random: new Random(options.seed), ledger, rate: options.rate });
    await this.#readWhile(sender);
    for (const destination of destinations) destination.recover();
    await sender.end();
    const metrics = await this.#drained(idle);
    this.#judge(metrics, sender.heard);
    const judgedFlat = options.seconds >= JUDGED_SECONDS_MIN;
    for (const line of judgedFlat ? growthIn(this.#figures) : []) ledger.fault("leaks", line);
    await this.#stop(metrics);
    return {
      faults: ledger.faults,
      judgedFlat,
      requests: sender.sent,
      items: ledger.items,
      kinds: Object.fromEntries(sender.kinds),
      statuses: Object.fromEntries(sender.statuses),
      fates: sumOf(destinations.map(({ fates }) => fates)),
      ends: endsOf(metrics, ledger),
      figures: this.#figures,
    };
  }

  async #readWhile(sender: Sender): Promise<void> {
    const { gateway, ledger, options } = this.#parts;
    for (const endMs = this.#startMs + options.seconds * 1000; performance.now() < endMs || sender.sent < options.requestsMin;) {
      await delay(options.readEveryMs);
      if (gateway.over) throw new Error(`The gateway ended by itself: ${gateway.log}`);
      const metrics = new Metrics(await gateway.metrics());
      for (const fault of faultsAt(metrics)) ledger.fault("during the run", fault);
      const figures = this.#figuresOf(metrics);
      this.#figures.push(figures);
      options.onReading?.(figures, sender.sent, ledger.faults);
    }
  }

  /** Waits until nothing is under way and all is given back. */
  async #drained(idle: Figures): Promise<Metrics> {
    const { gateway, ledger } = this.#parts;
    for (const endMs = performance.now() + DRAIN_MS; ; await delay(DRAIN_LOOK_MS)) {
      const metrics = new Metrics(await gateway.metrics());
      const rest = [...restIn(metrics), ...restOf(this.#figuresOf(metrics), idle)];
      if (rest.length > 0 && performance.now() < endMs) continue;
      for (const one of rest) ledger.fault("was not given back", one);
      return metrics;
    }
  }

  #judge(metrics: Metrics, heard: Readonly<Record<Signal, Heard>>): void {
    const { ledger } = this.#parts;
    for (const fault of [...faultsAt(metrics), ...edgeFaults(metrics), ...senderFaults(metrics, heard)]) ledger.fault("in the end", fault);
  }

  /** Dead letters can be read once the gateway is gone. */
  async #stop(metrics: Metrics): Promise<void> {
    const { gateway, ledger, options, yaml } = this.#parts;
    const code = await gateway.stop();
    if (code !== 0) ledger.fault("is no clean stop", `exit code ${code}`);
    for (const line of gateway.defects) ledger.fault("in the log", line);
    const dead = new Map<string, number>();
    for (const line of (await commandOutput(options.runtime, ["dead-letters", "show", "--json"], yaml)).split("\n")) {
      if (line === "") continue;
      const { letter, request } = letterIn(line);
      const { made, numbers } = found(letter.signal, request);
      ledger.dead(letter.destination, numbers);
      const key = `${letter.destination} ${letter.signal}`;
      dead.set(key, (dead.get(key) ?? 0) + numbers.length + made);
    }
    for (const name of DESTINATIONS) {
      for (const signal of SIGNALS) {
        for (const fault of destinationFaults(metrics, ledger, name, signal, dead.get(`${name} ${signal}`) ?? 0)) ledger.fault("in the end", fault);
      }
    }
  }

  #figuresOf(metrics: Metrics): Figures {
    const { directory, gateway } = this.#parts;
    const file = `${directory}/file_storage.db`;
    const lettersBytes = metrics.total("sluice_dead_letters_bytes");
    const told = (name: string) => (metrics.has(name) ? metrics.total(name) : undefined);
    return {
      seconds: Math.round((performance.now() - this.#startMs) / 100) / 10,
      residentMib: metrics.total("otelcol_process_memory_rss") / MIB,
      heapMib: metrics.total("otelcol_process_runtime_heap_alloc_bytes") / MIB,
      openFiles: openFiles(gateway.pid),
      threads: threadsOf(gateway.pid),
      timers: told("sluice_process_timers"),
      handles: told("sluice_process_handles"),
      blocks: metrics.total("sluice_memory_blocks"),
      storedMib: Math.max(0, sizeOf(file) + sizeOf(`${file}-wal`) - lettersBytes) / MIB,
      cpuSeconds: metrics.total("otelcol_process_cpu_seconds"),
      queuedItems: SIGNALS.reduce((sum, signal) => sum + metrics.total(`sluice_exporter_queued_${ITEM_NAMES[signal]}`), 0),
    };
  }
}

/** What is open and was not before. */
function restOf(now: Figures, idle: Figures): string[] {
  const more = (name: "openFiles" | "timers" | "handles", most: number) =>
    (now[name] ?? 0) > (idle[name] ?? 0) + most ? [`${name} ${now[name]}, before the first request ${idle[name]}`] : [];
  return [...more("openFiles", OPEN_FILES_MORE), ...more("timers", HANDLES_MORE), ...more("handles", HANDLES_MORE)];
}

/** A line of `dead-letters show --json`. */
function letterIn(line: string): { readonly letter: { readonly destination: DestinationName; readonly signal: Signal }; readonly request: Plain } {
  const { letter, request } = JSON.parse(line) as { readonly letter: Plain; readonly request: Plain }; // our own command's form
  const destination = DESTINATIONS.find((name) => idOf(name) === letter["exporter"]);
  const signal = SIGNALS.find((one) => one === letter["signal"]);
  if (destination === undefined || signal === undefined) throw new RangeError(`Cannot read a dead letter: ${JSON.stringify(letter)}`);
  return { letter: { destination, signal }, request };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function sumOf<Key extends string>(maps: readonly ReadonlyMap<Key, number>[]): Partial<Record<Key, number>> {
  const sums: Partial<Record<Key, number>> = {};
  for (const map of maps) for (const [key, count] of map) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

const ENDS = {
  offered: "sluice_exporter_offered",
  sent: "otelcol_exporter_sent",
  dead: "sluice_exporter_dead",
  dropped: "sluice_exporter_dropped",
  returned: "sluice_exporter_returned",
  repeated: "sluice_exporter_repeated",
} as const;

function endsOf(metrics: Metrics, ledger: Ledger): Record<string, number> {
  const all = SIGNALS.flatMap((signal) => DESTINATIONS.map((name) => ({ name, signal })));
  const total = (family: string) => all.reduce((sum, { name, signal }) => sum + metrics.total(`${family}_${ITEM_NAMES[signal]}`, { exporter: idOf(name) }), 0);
  const counted = Object.fromEntries(Object.entries(ENDS).map(([end, family]) => [end, total(family)]));
  return { ...counted, duplicates: all.reduce((sum, { name, signal }) => sum + ledger.sums(name, signal).repeated, 0) };
}
