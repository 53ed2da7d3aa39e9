/**
 * The lengths of messages that are written before their length is known. As many bytes are reserved
 * as the last message of the kind took; where that was wrong the body moves. A large body with room to
 * spare before it stays, and the room is noted as a gap; one pass closes all gaps at the end, so that
 * no text, however deep, is moved once a level. Lengths are always minimal.
 *
 *     | tag | length | (gap) | body |
 *
 * Gaps are noted from the output's end downwards, by ascending address: where, how many bytes.
 */
import { lowerLimit, outEnd, setWritten, written } from "./json-state";
import { lengthWidth, putLength } from "./json-text";

/** A body of this size is not moved for the sake of a gap. */
const MOVED_BYTES_MAX: usize = 4096;
/** Bytes reserved where values are nested deeply: enough for 256 MiB. */
const DEEP_WIDTH: usize = 4;
/** Levels of values whose lengths are guessed. */
const DEEP: i32 = 2;

let gapsEnd: usize = 0;

export function beginLengths(): void {
  gapsEnd = outEnd;
}

/** Where the body of a message inside a value begins, whose length is at `at`. */
@inline
export function bodyInside(at: usize, depth: i32, guess: usize): usize {
  return at + (depth > DEEP ? DEEP_WIDTH : <usize>load<u8>(guess));
}

/** Writes the length at `at` of the body between `body` and `written`. Returns where the output goes on. */
@inline
export function close(at: usize, body: usize, guess: usize): usize {
  const size = written - body;
  if (size < 0x80 && body == at + 1) {
    store<u8>(at, <u8>size);
    return written;
  }
  return closeLong(at, body, guess);
}

function closeLong(at: usize, body: usize, guess: usize): usize {
  const end = written;
  const stretch = end - body;
  const size = gapsEnd == outEnd ? stretch : stretch - gapsFrom(body);
  const width = lengthWidth(size);
  const reserved = body - at;
  store<u8>(guess, <u8>width);
  if (width > reserved || (width < reserved && stretch <= MOVED_BYTES_MAX)) {
    memory.copy(at + width, body, stretch);
    if (gapsEnd != outEnd) moveGaps(body, width - reserved);
    putLength(at, size);
    return at + width + stretch;
  }
  putLength(at, size);
  if (width < reserved) noteGap(at + width, reserved - width);
  return end;
}

/** Bytes of the gaps behind `body`. */
function gapsFrom(body: usize): usize {
  let sum: usize = 0;
  for (let gap = outEnd; gap < gapsEnd && <usize>load<u32>(gap) >= body; gap += 8) sum += load<u32>(gap, 4);
  return sum;
}

function moveGaps(body: usize, by: usize): void {
  for (let gap = outEnd; gap < gapsEnd && <usize>load<u32>(gap) >= body; gap += 8) store<u32>(gap, load<u32>(gap) + <u32>by);
}

function noteGap(at: usize, size: usize): void {
  lowerLimit(8);
  let gap = outEnd;
  for (; gap + 8 < gapsEnd && <usize>load<u32>(gap, 8) >= at; gap += 8) store<u64>(gap, load<u64>(gap, 8));
  store<u32>(gap, <u32>at);
  store<u32>(gap, <u32>size, 4);
}

/** Closes the gaps of the output that begins at `start`; its end moves. */
export function closeGaps(): void {
  if (gapsEnd == outEnd) return;
  let gap = gapsEnd - 8;
  let to = <usize>load<u32>(gap);
  for (; gap >= outEnd; gap -= 8) {
    const from = <usize>load<u32>(gap) + <usize>load<u32>(gap, 4);
    const until = gap == outEnd ? written : <usize>load<u32>(gap - 8);
    memory.copy(to, from, until - from);
    to += until - from;
  }
  setWritten(to);
}
