/** What a path takes when it is set: a value of one type exactly, as the Collector's paths do. */
import type { Plain } from "../../otlp/any-value.ts";
import { Id, isList, isMap, StatementError, Time, Duration, typeName, type Value } from "../value.ts";
import { MessageList } from "./message-list.ts";

/** Values nested deeper than this are refused by whoever reads the request next (the kernel's own limit). */
const DEPTH_MAX = 64;

function wrong(wanted: string, value: Value): StatementError {
  return new StatementError(value === null ? `Cannot set a ${wanted} to nil` : `Cannot set a ${wanted} to a value of type ${typeName(value)}`);
}

export function expectInt(value: Value): bigint {
  if (typeof value === "bigint") return value;
  throw wrong("int64", value);
}

export function expectDouble(value: Value): number {
  if (typeof value === "number") return value;
  throw wrong("float64", value);
}

export function expectBool(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw wrong("bool", value);
}

export function expectText(value: Value): string {
  if (typeof value === "string") return value;
  throw wrong("string", value);
}

export function expectBytes(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw wrong("bytes", value);
}

export function expectTime(value: Value): Time {
  if (value instanceof Time) return value;
  throw wrong("time.Time", value);
}

export function expectId(value: Value, kind: Id["kind"]): Uint8Array {
  if (value instanceof Id && value.kind === kind) return value.bytes;
  throw wrong(`${kind} id`, value);
}

/** The items of a list, nil being an empty one. */
export function expectList(value: Value): readonly Value[] {
  if (value === null) return [];
  if (isList(value) && !(value instanceof MessageList)) return value;
  throw wrong("list", value);
}

/** The entries of a map, nil being an empty one. */
export function expectMap(value: Value): ReadonlyMap<string, Value> {
  if (value === null) return new Map();
  if (isMap(value)) return value;
  throw wrong("map", value);
}

/** What an attribute can hold: no times, durations, ids or messages, also not inside of lists and maps. */
export function expectPlain(value: Value, depth = 1): Plain {
  if (depth > DEPTH_MAX) throw new StatementError(`Cannot set a value that is nested deeper than ${DEPTH_MAX}`);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  if (value instanceof Time || value instanceof Duration || value instanceof Id || value instanceof MessageList)
    throw wrong("value of an attribute or a body", value);
  if (isMap(value)) return new Map(Array.from(value, ([key, inner]) => [key, expectPlain(inner, depth + 1)]));
  return value.map((inner) => expectPlain(inner, depth + 1));
}
