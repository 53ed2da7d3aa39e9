/** What left `log_dedup`, as both sides' answers are compared: groups in any order, and without the time of the day. */
import { judge, type Plain } from "../harness/judge.ts";
import { list } from "../harness/multiset.ts";
import { normal } from "./normal.ts";

const GROUPS = ["resourceLogs", "scopeLogs", "logRecords"];
const OBSERVED = ["first_observed_timestamp", "last_observed_timestamp"];
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

/** Requests that left at once: undefined when there are none. */
export function passedOn(requests: readonly Uint8Array[]): Plain | undefined {
  return requests.length === 0 ? undefined : normal("logs", together(requests), GROUPS);
}

/** Requests that left at the end of an interval. Of the two observed times the offset stays, which says the time zone. */
export function countedUp(requests: readonly Uint8Array[]): Plain | undefined {
  if (requests.length === 0) return undefined;
  const { encode, toObject } = judge("logs");
  const resourceLogs = list(toObject(together(requests)), "resourceLogs").map((group) => ({
    ...group,
    scopeLogs: list(group, "scopeLogs").map((scope) => ({ ...scope, logRecords: list(scope, "logRecords").map(timeless) })),
  }));
  return normal("logs", encode({ resourceLogs }), GROUPS);
}

/** Requests laid end to end are one. */
function together(requests: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(requests.flatMap((bytes) => [...bytes]));
}

function timeless(record: Plain): Plain {
  const { timeUnixNano: _time, observedTimeUnixNano: _observed, ...rest } = record;
  return { ...rest, attributes: list(record, "attributes").map(offsetOnly) };
}

function offsetOnly(attribute: Plain): Plain {
  const { key, value } = attribute;
  if (typeof key !== "string" || !OBSERVED.includes(key) || typeof value !== "object" || value === null || !("stringValue" in value)) return attribute;
  const offset = RFC3339.exec(String(value.stringValue))?.[1];
  return offset === undefined ? attribute : { key, value: { stringValue: offset } };
}
