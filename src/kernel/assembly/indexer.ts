/**
 * The tape of bytes that were checked before: no more is read than it takes to find the items. The
 * four signals have one shape, which the generator asserts:
 *
 *     request 1 group* | group 1 resource, 2 scope group* | scope group 1 scope, 2 item*
 */
import { TRUNCATED, fail, failure } from "./state";
import { GROUP_LEVEL, ITEM_LEVEL, POINT_LEVEL, SCOPE_LEVEL, close, leaf, open, topOf } from "./tape";
import { LOGS_TRACE_ID, METRIC_DATA, TRACES_TRACE_ID } from "./walkers";

const FIRST: u32 = 0x0a;
const SECOND: u32 = 0x12;
const NO_TAG: u32 = 0;
const ALL: u32 = 0xffffffff;
/** Bytes in front of the cursor that are asked for early, by the cache line. */
const AHEAD: usize = 2048;
const LINE: usize = 64;

/** Keeps the early reads from being dead code. */
let touched: u32 = 0;

/** Where `readField` found the field's body; end of it is what the function returns. */
let bodyAt: usize = 0;
/** The tag that `readField` read. */
let tagAt: u32 = 0;
let signal: i32 = 0;
let depth: i32 = 0;

export function indexRequest(ofSignal: i32, at: usize, end: usize, toDepth: i32): bool {
  signal = ofSignal;
  depth = toDepth;
  while (at < end) {
    const from = at;
    at = readField(at, end);
    if (at == 0) return false;
    if (tagAt == FIRST && !indexGroup(from, bodyAt, at)) return false;
  }
  return true;
}

function indexGroup(from: usize, at: usize, end: usize): bool {
  const record = open(GROUP_LEVEL, from, at, end);
  if (record == 0) return false;
  let tag: usize = 0;
  let body: usize = 0;
  let stop: usize = 0;
  while (at < end) {
    const start = at;
    at = readField(at, end);
    if (at == 0) return false;
    if (tagAt == SECOND) {
      if (depth > 1 && !indexScope(start, bodyAt, at)) return false;
    } else if (tagAt == FIRST) {
      tag = start;
      body = bodyAt;
      stop = at;
      if (depth == 1) break;
    }
  }
  close(record, tag, body, stop);
  return true;
}

function indexScope(from: usize, at: usize, end: usize): bool {
  const record = open(SCOPE_LEVEL, from, at, end);
  if (record == 0) return false;
  let tag: usize = 0;
  let body: usize = 0;
  let stop: usize = 0;
  let ahead = at;
  const last = depth > 2 ? end : at;
  while (at < end) {
    // Streaming beats skipping: the next length is a cache miss, unless the lines up to it come by themselves.
    for (const until = min(at + AHEAD, last); ahead < until; ahead += LINE) touched += load<u8>(ahead);
    const start = at;
    at = readField(at, end);
    if (at == 0) return false;
    if (tagAt == SECOND) {
      if (depth > 2 && !indexItem(start, bodyAt, at)) return false;
    } else if (tagAt == FIRST) {
      tag = start;
      body = bodyAt;
      stop = at;
      if (depth == 2) break;
    }
  }
  close(record, tag, body, stop);
  return true;
}

@inline
function indexItem(from: usize, body: usize, end: usize): bool {
  if (signal == 0) {
    // Most encoders write the trace id first.
    if (end - body >= 18 && load<u16>(body) == (0x1000 | <u16>TRACES_TRACE_ID)) {
      return leaf(ITEM_LEVEL | topOf(body + 2), from, body, end, <u32>body + 2, ALL, ALL);
    }
    return indexById(from, body, end, TRACES_TRACE_ID);
  }
  if (signal == 1) return indexMetric(from, body, end);
  if (signal == 2) return indexById(from, body, end, LOGS_TRACE_ID);
  return leaf(ITEM_LEVEL, from, body, end, 0, 0, 0);
}

function indexById(from: usize, body: usize, end: usize, tag: u32): bool {
  const id = findId(body, end, tag);
  if (failure != 0) return false;
  return leaf(ITEM_LEVEL | topOf(id), from, body, end, <u32>id, ALL, ALL);
}

/** The address of the 16 bytes in the field with this tag, or 0. */
function findId(at: usize, end: usize, tag: u32): usize {
  while (at < end) {
    const here = <u32>load<u8>(at);
    const size = <usize>load<u8>(at, 1);
    // Nearly all fields of a span: a tag of one byte, and a length of one byte or eight bytes.
    if ((here & 0x87) == 2 && size < 0x80) {
      if (here == tag && size == 16 && at + 18 <= end) return at + 2;
      at += size + 2;
      continue;
    }
    if ((here & 0x87) == 1) {
      at += 9;
      continue;
    }
    at = readField(at, end);
    if (at == 0) return 0;
    if (tagAt == tag && at - bodyAt == 16) return bodyAt;
  }
  return at == end ? 0 : fail(TRUNCATED, end);
}

function indexMetric(from: usize, at: usize, end: usize): bool {
  const record = open(ITEM_LEVEL, from, at, end);
  if (record == 0) return false;
  let tag: usize = 0;
  let body: usize = 0;
  let stop: usize = 0;
  while (at < end) {
    const start = at;
    at = readField(at, end);
    if (at == 0) return false;
    const number = tagAt >>> 3;
    if ((tagAt & 7) == 2 && number < 32 && (METRIC_DATA >>> number) & 1) {
      tag = start;
      body = bodyAt;
      stop = at;
      if (depth > 3 && !indexPoints(body, stop, number)) return false;
    }
  }
  close(record, tag, body, stop);
  return true;
}

function indexPoints(at: usize, end: usize, number: u32): bool {
  while (at < end) {
    const start = at;
    at = readField(at, end);
    if (at == 0) return false;
    if (tagAt == FIRST && !leaf(POINT_LEVEL, start, bodyAt, at, ALL, ALL, number)) return false;
  }
  return true;
}

/** Behind the field at `at`; its tag in `tagAt`, where its body begins in `bodyAt`. 0 where it leaves `end`. */
@inline
function readField(at: usize, end: usize): usize {
  const tag = <u32>load<u8>(at);
  if ((tag & 0x87) == 2 && end - at >= 3) {
    const low = <usize>load<u8>(at, 1);
    const high = <usize>load<u8>(at, 2);
    const body = low < 0x80 ? at + 2 : at + 3;
    const stop = body + (low < 0x80 ? low : (low & 0x7f) | (high << 7));
    if ((low < 0x80 || high < 0x80) && stop <= end) {
      tagAt = tag;
      bodyAt = body;
      return stop;
    }
  }
  return readAnyField(at, end);
}

function readAnyField(at: usize, end: usize): usize {
  const tag = <u32>readNumber(at, end);
  at = numberEnd;
  bodyAt = at;
  tagAt = tag;
  const wire = tag & 7;
  if (wire == 2) {
    const size = readNumber(at, end);
    at = numberEnd;
    bodyAt = at;
    if (at > end || size > <u64>(end - at)) return fail(TRUNCATED, end);
    return at + <usize>size;
  }
  if (wire == 3) {
    at = skipGroup(at, end);
    tagAt = NO_TAG;
    return at;
  }
  if (wire == 0) {
    readNumber(at, end);
    at = numberEnd;
  } else if (wire == 1) {
    at += 8;
  } else if (wire == 5) {
    at += 4;
  } else {
    return fail(TRUNCATED, at);
  }
  return at > end ? fail(TRUNCATED, end) : at;
}

function skipGroup(at: usize, end: usize): usize {
  for (let open = 1; open > 0; ) {
    if (at >= end) return fail(TRUNCATED, end);
    const wire = <u32>readNumber(at, end) & 7;
    at = numberEnd;
    if (wire == 3) open++;
    else if (wire == 4) open--;
    else if (wire == 0) {
      readNumber(at, end);
      at = numberEnd;
    } else if (wire == 1) at += 8;
    else if (wire == 5) at += 4;
    else if (wire == 2) {
      const size = readNumber(at, end);
      at = numberEnd;
      if (at > end || size > <u64>(end - at)) return fail(TRUNCATED, end);
      at += <usize>size;
    } else return fail(TRUNCATED, at);
  }
  return at > end ? fail(TRUNCATED, end) : at;
}

let numberEnd: usize = 0;

/** A varint's value, and where it ends in `numberEnd`: past `end` when it was cut. */
function readNumber(at: usize, end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; at < end && shift < 70; shift += 7) {
    const byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      numberEnd = at;
      return value;
    }
  }
  numberEnd = end + 1;
  return 0;
}
