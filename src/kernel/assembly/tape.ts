/**
 * The tape: records of eight 32-bit words, parents before children.
 *
 *     0 level, flags, trace id's top   1 tag   2 body   3 end   4 index behind the subtree   5..7 by level
 *
 * The top, from bit 16 on: bytes 9 and 10 of the trace id, the first of its 56 random bits (W3C Trace
 * Context 2). Most sampling decisions need no more, and the id itself is a cache miss by then.
 */
import { TAPE, countItem, fail } from "./state";

export const GROUP_LEVEL: u32 = 1;
export const SCOPE_LEVEL: u32 = 2;
export const ITEM_LEVEL: u32 = 3;
export const POINT_LEVEL: u32 = 4;
/** The span's own ids are invalid. */
export const BAD_ID: u32 = 1 << 8;
/** The span surely has no trace_state. */
export const NO_TRACE_STATE: u32 = 1 << 9;
const RECORD: usize = 32;

let base: usize = 0;
let next: usize = 0;
let limit: usize = 0;

export function beginTape(at: usize, recordsMax: i32): void {
  base = at;
  next = at;
  limit = at + <usize>recordsMax * RECORD;
}

export function recordCount(): i32 {
  return <i32>((next - base) / RECORD);
}

/** Takes the next record; 0 when the tape is full. */
@inline
export function open(level: u32, from: usize, body: usize, end: usize): usize {
  const record = next;
  if (record >= limit) return fail(TAPE, from);
  next = record + RECORD;
  store<u32>(record, level);
  store<u32>(record, <u32>from, 4);
  store<u32>(record, <u32>body, 8);
  store<u32>(record, <u32>end, 12);
  return record;
}

/** Ends the subtree of a record. */
@inline
export function close(record: usize, w5: usize, w6: usize, w7: usize): void {
  store<u32>(record, <u32>((next - base) / RECORD), 16);
  store<u32>(record, <u32>w5, 20);
  store<u32>(record, <u32>w6, 24);
  store<u32>(record, <u32>w7, 28);
}

/** A record without children, for a counted item. */
@inline
export function leaf(level: u32, from: usize, body: usize, end: usize, w5: u32, w6: u32, w7: u32): bool {
  const record = open(level, from, body, end);
  if (record == 0) return false;
  close(record, w5, w6, w7);
  countItem();
  return true;
}

/** Where the trace id's top goes in the first word; 0 without an id. */
@inline
export function topOf(traceId: usize): u32 {
  return traceId == 0 ? 0 : (<u32>load<u8>(traceId, 9) << 24) | (<u32>load<u8>(traceId, 10) << 16);
}
