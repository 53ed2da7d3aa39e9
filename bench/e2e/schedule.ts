/** How long a run takes: turns as long as the budget allows, and a line about what is done and left. */
import type { Options } from "./options.ts";

/** Seconds that things take besides the turns themselves, roughly: the estimate corrects itself. */
const ROW_SECONDS = 10;
const START_SECONDS = 2;
const TURN_SECONDS = 0.3;
/** A turn shorter than this says nothing: CPU time comes in hundredths of a second. */
const TURN_SECONDS_MIN = 0.5;
export const LATENCY_TURNS = 3;

export class Schedule {
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly #from = performance.now();
  readonly #totalSeconds: number;
  readonly #budgetSeconds: number;
  #doneSeconds = 0;

  /** `gateways`: how many take turns. */
  constructor(options: Options, gateways: number) {
    this.#budgetSeconds = options.minutesMax * 60;
    const atFull = planned(options, gateways, options.seconds, options.warmSeconds);
    const fixed = planned(options, gateways, 0, 0);
    const share = Math.min(1, Math.max(0, (this.#budgetSeconds - fixed) / (atFull - fixed)));
    this.seconds = Math.min(options.seconds, Math.max(TURN_SECONDS_MIN, options.seconds * share));
    this.warmSeconds = options.warmSeconds * share;
    this.#totalSeconds = planned(options, gateways, this.seconds, this.warmSeconds);
    if (share < 1) note(`turns of ${this.seconds.toFixed(1)} s instead of ${options.seconds} s, to end within ${options.minutesMax} minutes`);
  }

  /** Whether the time is used up: what has not begun is left out. */
  get over(): boolean {
    return performance.now() - this.#from > this.#budgetSeconds * 1000;
  }

  /** Something is done that was planned to take so long. */
  did(seconds: number, text: string): void {
    this.#doneSeconds += seconds;
    const elapsed = (performance.now() - this.#from) / 1000;
    const done = Math.min(0.99, this.#doneSeconds / this.#totalSeconds);
    const left = (elapsed / Math.max(done, 0.001)) * (1 - done);
    note(`${(done * 100).toFixed(0).padStart(2)} %, ${leftText(left)} left: ${text}`);
  }

  didStart(text: string): void {
    this.did(START_SECONDS + this.warmSeconds, text);
  }

  didTurn(text: string): void {
    this.did(TURN_SECONDS + this.seconds, text);
  }

  didRow(text: string): void {
    this.did(ROW_SECONDS, text);
  }

  didLatency(text: string): void {
    this.did(START_SECONDS + this.warmSeconds + this.seconds * LATENCY_TURNS, text);
  }
}

function planned({ parts, rows, rounds, starts }: Options, gateways: number, seconds: number, warmSeconds: number): number {
  const everyone = gateways + 1;
  let sum = 0;
  if (parts.includes("rows")) sum += rows.length * (ROW_SECONDS + everyone * (START_SECONDS + warmSeconds + rounds * (seconds + TURN_SECONDS)));
  if (parts.includes("latency")) sum += rounds * everyone * (START_SECONDS + warmSeconds + seconds * LATENCY_TURNS);
  if (parts.includes("start")) sum += starts * gateways * START_SECONDS;
  return sum;
}

function leftText(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
