/**
 * Comparison of any two values, by the Collector's rules: ints and doubles compare as numbers, every
 * other pair of types is only unequal; lists, maps and ids know equality alone; nil equals nil. An
 * empty byte string is nil, as it is in the Collector's memory.
 */
import { Duration, Id, isList, isMap, Time, type Value } from "../value.ts";
import type { Comparison } from "../syntax/ast.ts";

export function compareValues(left: Value, operator: Comparison, right: Value): boolean {
  const a = isEmptyBytes(left) ? null : left;
  const b = isEmptyBytes(right) ? null : right;
  if (a === null || b === null) return a === b ? operator === "==" || operator === "<=" || operator === ">=" : operator === "!=";
  const order = orderOf(a, b);
  if (order !== undefined) return holds(operator, order);
  if (operator === "==") return equalValues(a, b);
  return operator === "!=" && !equalValues(a, b);
}

/** Whether an operator holds for values in this order: negative, zero, positive; NaN for doubles without one. */
export function holds(operator: Comparison, order: number): boolean {
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

/** Undefined for types that have no order between them. */
function orderOf(a: Exclude<Value, null>, b: Exclude<Value, null>): number | undefined {
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  if ((typeof a === "bigint" || typeof a === "number") && (typeof b === "bigint" || typeof b === "number")) return doubleOrder(Number(a), Number(b));
  if (typeof a === "string" && typeof b === "string") return textOrder(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return bytesOrder(a, b);
  if (a instanceof Time && b instanceof Time) return doubleOrder(a.unixNano, b.unixNano);
  if (a instanceof Duration && b instanceof Duration) return doubleOrder(a.nanos, b.nanos);
  return undefined;
}

/** NaN when either is. */
export function doubleOrder<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
}

/** The order of UTF-8's bytes: that of code points, which UTF-16's surrogates break. */
export function textOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one !== other) return surrogatesLast(one) - surrogatesLast(other);
  }
  return a.length - b.length;
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function bytesOrder(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The same type and the same content; an int never equals a double. Depth is that of the values, which are bounded where they come in. */
export function equalValues(a: Value, b: Value): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && bytesOrder(a, b) === 0;
  if (a instanceof Id) return b instanceof Id && a.kind === b.kind && bytesOrder(a.bytes, b.bytes) === 0;
  if (a instanceof Time) return b instanceof Time && a.unixNano === b.unixNano;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index] ?? null));
  return isMap(a) && isMap(b) && equalMaps(a, b);
}

function equalMaps(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !equalValues(value, other)) return false;
  }
  return true;
}

function isEmptyBytes(value: Value): boolean {
  return value instanceof Uint8Array && value.length === 0;
}
