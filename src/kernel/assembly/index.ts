/** The kernel's entry: what JavaScript may call. Addresses are absolute; see ../kernel.ts for the contract. */
export { jsonErrorAt, readJson } from "./json-read";
export { writeJson } from "./json-write";
export { copy, findAttribute, findField, gather, heapBase, readAttributes, readFields, roomAt, splice, writeAttribute } from "./edit";
import { indexRequest } from "./indexer";
import { begin, failedAt, failure, items as itemsCounted, repairs as repairsFound } from "./state";
import { beginTape, recordCount } from "./tape";
import { checkRequest } from "./walkers";

const PROFILES: i32 = 3;

let startedAt: usize = 0;

export function check(signal: i32, start: usize, end: usize, tapeAt: usize, tapeRecordsMax: i32): i32 {
  startedAt = start;
  begin(signal == PROFILES);
  beginTape(tapeAt, tapeRecordsMax);
  if (!checkRequest(signal, start, end)) return failure;
  return repairsFound == 0 ? 0 : 1;
}

export function index(signal: i32, start: usize, end: usize, depth: i32, tapeAt: usize, tapeRecordsMax: i32): i32 {
  startedAt = start;
  begin(signal == PROFILES);
  beginTape(tapeAt, tapeRecordsMax);
  return indexRequest(signal, start, end, depth) ? 0 : failure;
}

/** Where the failure is: bytes behind the `start` of the call. */
export function errorAt(): i32 {
  return failure == 0 ? -1 : <i32>(failedAt - startedAt);
}

export function repairs(): i32 {
  return <i32>repairsFound;
}

export function items(): i32 {
  return itemsCounted;
}

export function tapeCount(): i32 {
  return recordCount();
}
