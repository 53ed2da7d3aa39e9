/**
 * What must stay flat in a run that is long enough, and how that is judged. Load and faults make every
 * figure go up and down. What is left in the calmest moment of a stretch is what was not given back: the
 * lowest reading of the run's last fifth is compared with that of its second; the first is the warm-up.
 *
 * Per request that leaks, over the three fifths between them, an hour at 10 requests a second (21,600 of
 * them) shows 400 bytes on the heap, 1.2 KB of resident memory, one timer, file or handle in a thousand.
 */
export interface Figures {
  /** Since the first request. */
  readonly seconds: number;
  readonly residentMib: number;
  readonly heapMib: number;
  readonly openFiles: number;
  readonly threads: number;
  /** Undefined where the runtime does not tell. */
  readonly timers: number | undefined;
  readonly handles: number | undefined;
  readonly blocks: number;
  /** Of the storage's file and its log, without what is kept as dead letters. */
  readonly storedMib: number;
  readonly cpuSeconds: number;
  readonly queuedItems: number;
}

type Flat = Exclude<keyof Figures, "seconds" | "cpuSeconds" | "queuedItems">;

/** How much more the lowest reading may be, and why it is not 0. */
export const GROWTH_MAX: Readonly<Record<Flat, number>> = {
  // Code that becomes hot is compiled, pages of the pool are touched, the allocator keeps what it was given.
  residentMib: 24,
  // A collection may be due.
  heapMib: 8,
  // Connections of the moment.
  openFiles: 16,
  threads: 4,
  timers: 16,
  handles: 16,
  blocks: 16,
  // The log is 16 MiB, and 32 MiB of free room are kept in the file (docs/storage.md).
  storedMib: 48,
};

/**
 * A shorter run may not have a full collection in each fifth. At 6 requests a second Deno comes to one in some
 * five minutes: its resident memory goes from 180 to 240 MiB in the meantime, and back.
 */
export const JUDGED_SECONDS_MIN = 1800;

const FIFTHS = 5;

/** One line for each figure that is not flat. */
export function growthIn(figures: readonly Figures[]): string[] {
  const size = Math.floor(figures.length / FIFTHS);
  const [second, last] = [figures.slice(size, 2 * size), figures.slice(-size)];
  return FLAT.flatMap((name) => {
    const [before, after] = [lowest(second, name), lowest(last, name)];
    if (before === undefined || after === undefined || after - before <= GROWTH_MAX[name]) return [];
    return [
      `${name} is not flat: never below ${round(before)} in the second fifth, never below ${round(after)} in the last; ${GROWTH_MAX[name]} more are allowed`,
    ];
  });
}

const FLAT = Object.keys(GROWTH_MAX) as readonly Flat[]; // its own keys

export interface Minute {
  readonly minute: number;
  readonly lowest: Readonly<Partial<Record<Flat, number>>>;
  readonly highestResidentMib: number;
  /** Of the gateway. */
  readonly cpuSeconds: number;
}

/** For the results file. */
export function minutesOf(figures: readonly Figures[]): Minute[] {
  const minutes = Map.groupBy(figures, ({ seconds }) => Math.floor(seconds / 60));
  let cpuBefore = 0;
  return [...minutes].map(([minute, all]) => {
    const lows = FLAT.map((name) => [name, lowest(all, name)] as const).filter(([, value]) => value !== undefined);
    const cpu = all.at(-1)?.cpuSeconds ?? cpuBefore;
    const used = cpu - cpuBefore;
    cpuBefore = cpu;
    const highestResidentMib = all.reduce((most, { residentMib }) => Math.max(most, residentMib), 0);
    return {
      minute,
      lowest: Object.fromEntries(lows.map(([name, value = 0]) => [name, round(value)])),
      highestResidentMib: round(highestResidentMib),
      cpuSeconds: round(used),
    };
  });
}

function lowest(figures: readonly Figures[], name: Flat): number | undefined {
  return figures.reduce<number | undefined>((least, { [name]: value }) => (value === undefined ? least : Math.min(value, least ?? value)), undefined);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
