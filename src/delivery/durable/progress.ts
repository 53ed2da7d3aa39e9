/**
 * Which items of a stored entry are over, taken by the destination or lost, while others are not: ranges of
 * its items in the order of its body, ascending, with a gap between one and the next. What is over is cut
 * out of the body when it is read again, so that the next process sends the rest alone.
 *
 * Parts leave in order: there are about as many ranges as parts of an entry are under way at a time.
 */
import * as z from "zod";
import type { Engine } from "../../otlp/engine.ts";
import { divided } from "../../pipeline/batching/cut.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { leavesIn } from "../queue/parcel.ts";

/** From its first item to the one before `to`. */
type Range = readonly [from: number, to: number];
export type Ranges = readonly Range[];

export const NOTHING_OVER: Ranges = [];

const place = z.number().int().min(0);
const stored = z.array(z.tuple([place, place])).min(1);

/** Of an entry that is under way. */
export class Progress {
  readonly #before: Ranges;
  #over: Ranges;
  #note: ((over: Ranges) => void) | undefined;

  /** `before` was over when it was read, and is not in what is under way. */
  constructor(before: Ranges = NOTHING_OVER) {
    this.#before = before;
    this.#over = before;
  }

  /** `items` more are over, from the item `from` on of those that are under way. */
  add(from: number, items: number): void {
    for (const range of placed(this.#before, from, from + items)) this.#over = joined(this.#over, range);
    this.#note?.(this.#over);
  }

  /** It is stored: `note` is called with whatever is over by now, and with each change. */
  keep(note: (over: Ranges) => void): void {
    this.#note = note;
    if (this.#over !== this.#before) note(this.#over);
  }
}

export function itemsIn(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

export function bytesOfRanges(ranges: Ranges): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ranges));
}

/** Nothing is over where the value is damaged: rather twice than not at all. */
export function readRanges(value: Uint8Array): Ranges {
  const parsed = stored.safeParse(jsonOf(value));
  const ascends = parsed.data?.every(([from, to], index, all) => from < to && from > (all[index - 1]?.[1] ?? -1)) === true;
  return parsed.success && ascends ? parsed.data : NOTHING_OVER;
}

/** What is left of a batch. Throws `over_budget`; nothing is held then. */
export function restOf(engine: Engine, envelope: Envelope, over: Ranges): Envelope {
  if (over.length === 0) return envelope;
  const { signal } = envelope;
  const requests: Uint8Array[] = [];
  let first = 0;
  // One at a time: profiles are never laid end to end.
  for (const request of envelope.requests) {
    const items = leavesIn(engine, signal, request);
    const pieces = piecesOf(over, first, first + items);
    let index = 0;
    for (const piece of divided(
      engine,
      signal,
      { requests: [request], items },
      pieces.map((one) => one.items),
    )) {
      if (pieces[index++]?.over !== true) for (const bytes of piece.requests) requests.push(bytes);
    }
    first += items;
  }
  return { ...envelope, requests, items: envelope.items - itemsIn(over) };
}

interface Piece {
  readonly items: number;
  readonly over: boolean;
}

/** The items in [from, to), what is over and what is not by turns. */
function piecesOf(over: Ranges, from: number, to: number): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  for (const [start, end] of over) {
    if (end <= at || start >= to) continue;
    if (start > at) pieces.push({ items: start - at, over: false });
    const stop = Math.min(end, to);
    pieces.push({ items: stop - Math.max(start, at), over: true });
    at = stop;
  }
  if (at < to) pieces.push({ items: to - at, over: false });
  return pieces;
}

/** Where [from, to) of what `before` leaves lies among all. */
function placed(before: Ranges, from: number, to: number): Range[] {
  const found: Range[] = [];
  let at = 0;
  let passed = 0;
  for (const [start, end] of [...before, [Infinity, Infinity] as const]) {
    const first = Math.max(from, passed);
    const last = Math.min(to, passed + start - at);
    if (first < last) found.push([at + first - passed, at + last - passed]);
    passed += start - at;
    at = end;
  }
  return found;
}

function joined(ranges: Ranges, [from, to]: Range): Ranges {
  const apart = ranges.filter(([start, end]) => end < from || start > to);
  const touching = ranges.filter(([start, end]) => end >= from && start <= to);
  const first = touching[0]?.[0] ?? from;
  const last = touching.at(-1)?.[1] ?? to;
  const whole: Range = [Math.min(first, from), Math.max(last, to)];
  return [...apart, whole].toSorted(([one], [other]) => one - other);
}

function jsonOf(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch {
    // Damaged: the caller takes it as nothing.
    return undefined;
  }
}
