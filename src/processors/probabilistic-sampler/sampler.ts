/**
 * The decision, item by item, as the Collector's sampler makes it: randomness and what the item says of
 * itself, then a threshold by the mode, then the priority, and an item is kept when its threshold is at
 * most its randomness. What is kept says with which threshold.
 *
 * Faults (text that cannot be read, no randomness, a threshold that the item's randomness should not
 * have passed, and for `hash_seed` any threshold or randomness on arrival) drop the item, or keep it
 * with `fail_closed: false`.
 */
import type { Cursor } from "../../otlp/cursor.ts";
import { SPAN_TRACE_STATE } from "../../otlp/tables.ts";
import type { Counter } from "../../pipeline/counters.ts";
import { Bits56, probabilityOf, setAll, setAlways, setNever, setProbability } from "./bits56.ts";
import type { Carrier } from "./carriers.ts";
import type { Priority } from "./priorities.ts";
import { setFromTraceId } from "./randomness.ts";
import { type HashSource, MISSING, SAMPLING_PRIORITY, SAMPLING_RANDOMNESS, TRACE_ID_W3C } from "./sources.ts";

/** `never` is any mode at 0 %. */
export type Mode = "never" | "hash_seed" | "proportional" | "equalizing";

const SOUND = 0;
const UNREADABLE = 1;
const RANDOMNESS_IN_USE = 2;
const THRESHOLD_IN_USE = 3;
const NO_RANDOMNESS = 4;
const INCONSISTENT = 5;

/** The reasons for which an item is dropped because of a fault, by its number. */
export const FAULTS = ["", "unreadable_sampling_information", "randomness_in_use", "threshold_in_use", "missing_randomness", "inconsistent_threshold"] as const;

/** From the upper 24 bits of a number to the first 16. */
const TOP_SHIFT = 8;

export interface SamplerParts {
  readonly mode: Mode;
  /** Of `hash_seed` and `equalizing`. */
  readonly threshold: Bits56;
  /** Of `proportional`. */
  readonly probability: number;
  readonly precision: number;
  readonly failClosed: boolean;
  readonly carrier: Carrier;
  readonly source: HashSource;
  readonly priority: Priority;
  /** Whether `hash_seed` writes a randomness even where there is none: spans. */
  readonly writesMissing: boolean;
  /** By source: counters of items kept and dropped. */
  readonly kept: readonly (Counter | undefined)[];
  readonly dropped: readonly (Counter | undefined)[];
  /** By fault: counters of items dropped for it. */
  readonly faults: readonly (Counter | undefined)[];
}

export class Sampler {
  readonly #parts: SamplerParts;
  /** The threshold of an item that says nothing of itself. */
  readonly #plain = new Bits56();
  readonly #randomness = new Bits56();
  readonly #threshold = new Bits56();
  readonly #priority = new Bits56();
  /** Whether the carrier may be written: its text could be read and is no one else's. */
  #writable = false;
  #source = MISSING;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    this.#plain.copy(parts.threshold);
    if (parts.mode === "proportional") setProbability(this.#plain, parts.probability, parts.precision);
    if (parts.mode === "never") setNever(this.#plain);
  }

  /** Whether the item is kept. */
  decide(cursor: Cursor): boolean {
    const { failClosed, carrier, priority } = this.#parts;
    const hasPriority = priority.applies(cursor, this.#priority);
    if (!hasPriority && this.#surelyDropped(cursor)) return this.#drop(SOUND);
    this.#settle(cursor);
    // Most items end here, their tracestate unread: a fault would drop them, too.
    if (failClosed && !hasPriority && this.#source !== MISSING && this.#plain.above(this.#randomness)) return this.#drop(SOUND);
    const fault = this.#fault(cursor);
    if (hasPriority) {
      this.#source = SAMPLING_PRIORITY;
      this.#threshold.copy(this.#priority);
    } else if (fault === SOUND) this.#choose();
    else if (failClosed) setNever(this.#threshold);
    else setAlways(this.#threshold);
    if (this.#threshold.above(this.#randomness)) return this.#drop(hasPriority ? SOUND : fault);
    if (this.#writable) {
      carrier.raiseThreshold(this.#threshold);
      carrier.write(cursor);
    }
    this.#parts.kept[this.#source]?.add(1);
    return true;
  }

  /**
   * Whether the tape decides: a span that says nothing of itself and whose trace id's first random bits
   * are below the threshold's. No byte of it is read.
   */
  #surelyDropped({ traceId, traceTop, item }: Cursor): boolean {
    const { mode } = this.#parts;
    if (!item.lacked(SPAN_TRACE_STATE) || traceId === 0 || item.fieldsChanged || (mode !== "equalizing" && mode !== "proportional")) return false;
    this.#source = TRACE_ID_W3C;
    return traceTop < this.#plain.high >>> TOP_SHIFT;
  }

  /** The randomness as far as the mode has it from elsewhere than from what the item says. */
  #settle(cursor: Cursor): void {
    const { mode, source } = this.#parts;
    if (mode === "hash_seed") this.#source = source.read(cursor, this.#randomness);
    else this.#source = mode === "never" ? SAMPLING_PRIORITY : MISSING;
    if (this.#source === MISSING || mode === "never") setAll(this.#randomness);
  }

  /** Reads what the item says of itself, settles its randomness, and says what is wrong. */
  #fault(cursor: Cursor): number {
    const { mode, carrier } = this.#parts;
    const sound = carrier.read(cursor);
    if (mode === "hash_seed") return this.#hashFault(sound);
    // At 0 % even what could not be read whole is written back, should a priority keep the item.
    this.#writable = sound || mode === "never";
    if (!sound) return UNREADABLE;
    if (mode !== "never") this.#consistent(cursor);
    if (this.#source === MISSING) return NO_RANDOMNESS;
    if (!carrier.hasThreshold || !carrier.threshold.above(this.#randomness)) return SOUND;
    carrier.clearThreshold();
    return INCONSISTENT;
  }

  /** The randomness that the specification gives the item. */
  #consistent({ bytes, traceId }: Cursor): void {
    const { carrier } = this.#parts;
    if (carrier.hasRandomness) {
      this.#source = SAMPLING_RANDOMNESS;
      this.#randomness.copy(carrier.randomness);
    } else if (traceId !== 0) {
      this.#source = TRACE_ID_W3C;
      setFromTraceId(this.#randomness, bytes, traceId);
    }
  }

  #hashFault(sound: boolean): number {
    const { carrier, writesMissing } = this.#parts;
    this.#writable = sound && !carrier.hasRandomness && !carrier.hasThreshold;
    if (!sound) return UNREADABLE;
    if (carrier.hasRandomness) return RANDOMNESS_IN_USE;
    if (carrier.hasThreshold) return THRESHOLD_IN_USE;
    if (writesMissing || this.#source !== MISSING) carrier.setRandomness(this.#randomness);
    return this.#source === MISSING ? NO_RANDOMNESS : SOUND;
  }

  /** The threshold that the mode gives an item without faults. */
  #choose(): void {
    const { mode, carrier, probability, precision } = this.#parts;
    this.#threshold.copy(this.#plain);
    if (!carrier.hasThreshold) return;
    if (mode === "equalizing" && carrier.threshold.above(this.#plain)) this.#threshold.copy(carrier.threshold);
    // A product below what can be said keeps nothing.
    if (mode === "proportional" && !setProbability(this.#threshold, probabilityOf(carrier.threshold) * probability, precision)) setNever(this.#threshold);
  }

  #drop(fault: number): boolean {
    this.#parts.dropped[this.#source]?.add(1);
    if (fault !== SOUND) this.#parts.faults[fault]?.add(1);
    return false;
  }
}
