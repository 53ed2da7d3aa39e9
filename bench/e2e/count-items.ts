/**
 * Counts the items of a plain export request by its framing alone: spans, log records, data points.
 * Reads tags and lengths, skips everything else; about one cache miss an item. For bodies that were
 * checked elsewhere: damaged ones give a wrong count or -1, never an endless loop.
 */
import type { Signal } from "../../src/base/signal.ts";

let position = 0;

export function countItems(signal: Signal, bytes: Uint8Array): number {
  return sum(bytes, 0, bytes.length, 0, signal === "metrics" ? POINTS : ITEMS);
}

/** By level, the tags that lead to an item: groups, scope groups, items; metrics go on to data and points. */
const ITEMS: readonly (readonly number[])[] = [[0x0a], [0x12], [0x12]];
const POINTS: readonly (readonly number[])[] = [[0x0a], [0x12], [0x12], [0x2a, 0x3a, 0x4a, 0x52, 0x5a], [0x0a]];

function sum(bytes: Uint8Array, start: number, end: number, level: number, path: readonly (readonly number[])[]): number {
  const tags = path[level] ?? [];
  const last = level === path.length - 1;
  let count = 0;
  let at = start;
  while (at < end) {
    const tag = varint(bytes, at);
    at = position;
    const wire = tag & 7;
    if (wire === 2) {
      const length = varint(bytes, at);
      at = position;
      if (tags.includes(tag)) count += last ? 1 : sum(bytes, at, at + length, level + 1, path);
      at += length;
    } else if (wire === 0) {
      varint(bytes, at);
      at = position;
    } else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else return -1;
  }
  return at === end ? count : -1;
}

/** Leaves the place behind it in `position`. Values over 32 bits come out wrong: no length is one. */
function varint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at++] ?? 0;
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 70; shift += 7) {
    byte = bytes[at++] ?? 0;
    if (shift < 32) value |= (byte & 0x7f) << shift;
  }
  position = at;
  return value;
}
