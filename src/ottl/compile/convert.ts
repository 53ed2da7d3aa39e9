/**
 * A value as a function's parameter wants it: exactly of a type, or converted as the Collector's
 * like-getters do. All throw StatementError; the like forms pass nil on.
 */
import { doubleText, parseDouble, parseInt64, toInt64 } from "../../base/go-numbers.ts";
import type { Plain } from "../../otlp/any-value.ts";
import { valueText } from "../../otlp/value-text.ts";
import { Duration, Id, isList, isMap, StatementError, Time, typeName, type Value } from "../value.ts";

export type Convert<T> = (value: Value) => T;

function wrongType(expected: string, value: Value): never {
  throw new StatementError(`Expected ${expected}, got ${typeName(value)}`);
}

export function exactString(value: Value): string {
  return typeof value === "string" ? value : wrongType("string", value);
}

export function exactInt(value: Value): bigint {
  return typeof value === "bigint" ? value : wrongType("int64", value);
}

export function exactFloat(value: Value): number {
  return typeof value === "number" ? value : wrongType("float64", value);
}

export function exactBool(value: Value): boolean {
  return typeof value === "boolean" ? value : wrongType("bool", value);
}

export function exactMap(value: Value): ReadonlyMap<string, Value> {
  return isMap(value) ? value : wrongType("map", value);
}

export function exactList(value: Value): readonly Value[] {
  return isList(value) ? value : wrongType("list", value);
}

export function exactTime(value: Value): Time {
  return value instanceof Time ? value : wrongType("time.Time", value);
}

export function exactDuration(value: Value): Duration {
  return value instanceof Duration ? value : wrongType("time.Duration", value);
}

/** Bytes become hexadecimal digits, everything else but text its JSON. */
export function likeString(value: Value): string | null {
  if (value === null || typeof value === "string") return value;
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Duration) return String(value.nanos);
  if (value instanceof Time) return `"${timeText(value)}"`;
  if (value instanceof Id) return `[${value.bytes.join(",")}]`;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? doubleText(value) : noJson();
  const json = valueText(plainOf(value));
  if (json === "") noJson();
  // These three stand only within strings, where Go's JSON escapes them.
  return json.replaceAll(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

export function likeInt(value: Value): bigint | null {
  if (value === null || typeof value === "bigint") return value;
  if (typeof value === "string") return parseInt64(value) ?? null;
  if (typeof value === "number") return toInt64(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  return wrongType("a value like int64", value);
}

export function likeFloat(value: Value): number | null {
  if (value === null || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") wrongType("a value like float64", value);
  const parsed = parseDouble(value);
  if (parsed === undefined) throw new StatementError("Cannot read a text as float64");
  return parsed;
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

export function likeBool(value: Value): boolean | null {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value === "number") return value !== 0;
  if (typeof value !== "string") wrongType("a value like bool", value);
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw new StatementError("Cannot read a text as bool");
}

/** Numbers become eight bytes, the highest first; a bool becomes one; text its UTF-8. */
export function likeBytes(value: Value): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (typeof value === "bigint") view.setBigInt64(0, value);
  else if (typeof value === "number") view.setFloat64(0, value);
  else wrongType("a value like bytes", value);
  return bytes;
}

const encoder = new TextEncoder();

function noJson(): never {
  throw new StatementError("Cannot write a number as text: it is not finite");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** For values that an attribute can hold. Depth is that of the values, which are bounded where they come in. */
function plainOf(value: Value): Plain {
  if (value instanceof Time || value instanceof Duration || value instanceof Id) return likeString(value);
  if (isList(value)) return value.map(plainOf);
  if (isMap(value)) return new Map(Array.from(value, ([key, item]) => [key, plainOf(item)]));
  return value;
}

/** RFC 3339 with as many digits of the second as it has, in UTC. */
function timeText({ unixNano }: Time): string {
  const billion = 1_000_000_000n;
  const nanos = ((unixNano % billion) + billion) % billion;
  const seconds = (unixNano - nanos) / billion;
  const fraction = nanos === 0n ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}
