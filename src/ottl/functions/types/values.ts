/** What functions ask of values: that telemetry can hold them. */
import type { Plain } from "../../../otlp/any-value.ts";
import { Duration, Id, isList, StatementError, Time, typeName, type Value } from "../../value.ts";

/** Levels of lists and maps in one another, as the door has them. */
export const DEPTH_MAX = 64;

/** The value as an attribute can hold it. Times, durations and ids are a StatementError, inside of lists and maps too. */
export function plainOf(value: Value): Plain {
  if (isPlain(value, 0)) return value;
  throw new StatementError(`Cannot keep a ${typeName(value)} in a list, a map or an attribute`);
}

function isPlain(value: Value, depth: number): value is Plain {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return true;
  if (value instanceof Time || value instanceof Duration || value instanceof Id) return false;
  if (depth === DEPTH_MAX) throw new StatementError(`Cannot keep a value: lists and maps lie in one another more than ${DEPTH_MAX} deep`);
  if (isList(value)) return value.every((one) => isPlain(one, depth + 1));
  for (const one of value.values()) if (!isPlain(one, depth + 1)) return false;
  return true;
}
