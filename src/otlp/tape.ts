/**
 * What a walk reads of the kernel's tape, under the names of what the words mean there (the layout is
 * the kernel's: src/kernel/kernel.ts).
 */
export {
  FLAG_NO_TRACE_STATE,
  LEVEL_GROUP as GROUP_LEVEL,
  LEVEL_ITEM as ITEM_LEVEL,
  LEVEL_POINT as POINT_LEVEL,
  LEVEL_SCOPE as SCOPE_LEVEL,
  TAPE_BODY as BODY_WORD,
  TAPE_END as END_WORD,
  TAPE_LEVEL as LEVEL_WORD,
  TAPE_NEXT as NEXT_WORD,
  TAPE_TAG as TAG_WORD,
  TAPE_WORDS as RECORD_WORDS,
  TRACE_TOP_SHIFT,
  /** Groups: tag, body, end of the resource; scope groups: of the scope; metrics: of the data; 0 when absent. */
  TAPE_A as PART_TAG_WORD,
  TAPE_B as PART_BODY_WORD,
  TAPE_C as PART_END_WORD,
  /** Spans and log records: the trace id's address (0 when absent), and the set of attribute keys. */
  TAPE_A as TRACE_ID_WORD,
  TAPE_B as KEYS_LOW_WORD,
  TAPE_C as KEYS_HIGH_WORD,
  /** Points: the set of attribute keys, and the data's field number. */
  TAPE_A as POINT_KEYS_LOW_WORD,
  TAPE_B as POINT_KEYS_HIGH_WORD,
  TAPE_C as POINT_DATA_WORD,
} from "../kernel/kernel.ts";
import { LEVEL_ITEM, LEVEL_POINT, TAPE_NEXT, TAPE_WORDS } from "../kernel/kernel.ts";
import type { Signal } from "../base/signal.ts";

/** A chunk's records as the kernel left them. Good until the kernel checks or indexes something else. */
export interface Tape {
  readonly words: Int32Array;
  /** Word index of the first record. */
  readonly base: number;
  /** Records. */
  readonly count: number;
}

/** The level at which a signal's items are counted: points for metrics. */
export function leafLevel(signal: Signal): number {
  return signal === "metrics" ? LEVEL_POINT : LEVEL_ITEM;
}

/** Leaf items in the subtree of record `index`, itself included. */
export function countLeaves(tape: Tape, index: number, leaf: number): number {
  const { words, base } = tape;
  const at = base + index * TAPE_WORDS;
  if (((words[at] ?? 0) & 0xff) === leaf) return 1;
  let count = 0;
  const stop = base + (words[at + TAPE_NEXT] ?? 0) * TAPE_WORDS;
  for (let record = at + TAPE_WORDS; record < stop; record += TAPE_WORDS) {
    if (((words[record] ?? 0) & 0xff) === leaf) count++;
  }
  return count;
}
