/**
 * What a call of the kernel leaves behind: the failure, the repairs, the counts, the tape's cursor.
 * One instance serves one call at a time; two instances must not run over one memory at once, since
 * the group stack below lies in it.
 */

// Failures. `fail` keeps the first.
export const TRUNCATED: i32 = -1;
export const WIRE_TYPE: i32 = -2;
export const FIELD_NUMBER: i32 = -3;
export const VARINT: i32 = -4;
export const LENGTH: i32 = -5;
export const KNOWN_TYPE: i32 = -6;
export const DEPTH: i32 = -7;
export const GROUP: i32 = -8;
export const PACKED: i32 = -9;
export const TAPE: i32 = -10;
export const ATTRIBUTES: i32 = -11;

// Repairs.
export const OWN_ID: u32 = 1;
export const OTHER_ID: u32 = 2;
export const TEXT: u32 = 4;
export const TWICE: u32 = 8;
export const STRINDEX: u32 = 16;

/** Attributes of one message, or entries of one map. */
export const ATTRIBUTES_MAX: i32 = 32_768;
/** A message with more attributes than that has more bytes than this. */
export const ATTRIBUTES_BYTES: usize = 2 * ATTRIBUTES_MAX;
/** AnyValues inside one another. */
export const VALUE_DEPTH_MAX: i32 = 64;
/** Unknown groups inside one another. */
export const GROUP_DEPTH_MAX: i32 = 100;
/** Bytes that a walker may read in one step, wherever it stands. */
const STRIDE: usize = 320;

export let failure: i32 = 0;
export let failedAt: usize = 0;
export let repairs: u32 = 0;
export let items: i32 = 0;
/** Keys of the attributes since the item began, as 64 bits. */
export let keys: u64 = 0;
/** `STRINDEX`, or 0 where a string index is in its place. */
export let strindex: u32 = 0;
/** The last address from which a walker may read `STRIDE` bytes without leaving the memory. */
export let strideEnd: usize = 0;

export function begin(profiles: bool): void {
  failure = 0;
  failedAt = 0;
  repairs = 0;
  items = 0;
  keys = 0;
  strindex = profiles ? 0 : STRINDEX;
  const pages = <u32>memory.size();
  strideEnd = (pages > 0xffff ? 0xffff0000 : pages << 16) - STRIDE;
}

/** Records the first failure. Returns 0, which is never a cursor. */
export function fail(code: i32, at: usize): usize {
  if (failure == 0) {
    failure = code;
    failedAt = at;
  }
  return 0;
}

@inline
export function repair(what: u32): void {
  repairs |= what;
}

@inline
export function setKeys(set: u64): void {
  keys = set;
}

@inline
export function countItem(): void {
  items++;
}
