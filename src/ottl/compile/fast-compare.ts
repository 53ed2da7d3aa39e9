/**
 * Comparisons with a constant that are decided where the value lies, without decoding it and without
 * allocating: text equal or not, nil or not, ints, doubles and bools in any order.
 */
import { BOOL_VALUE, BYTES_VALUE, DOUBLE_VALUE, doubleAt, INT_VALUE, STRING_VALUE } from "../../otlp/any-value.ts";
import type { RuleMemory } from "../../otlp/engine.ts";
import { isText } from "../../otlp/text.ts";
import { after, readVarint, readVarintHigh, skipValue } from "../../wire/varint.ts";
import { type Operand, Place } from "../contract.ts";
import type { Subject } from "../subject.ts";
import type { Comparison } from "../syntax/ast.ts";
import type { Value } from "../value.ts";
import { doubleOrder, holds } from "./compare.ts";

export type Test = (subject: Subject) => boolean;

const MIRRORED: Readonly<Record<Comparison, Comparison>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const HIGH = 2 ** 32;

/** Undefined when the operands are none that this is for. */
export function fastCompare(left: Operand, operator: Comparison, right: Operand, engine: RuleMemory): Test | undefined {
  if (left.place !== undefined && right.constant !== undefined) return against(left.place, operator, right.constant.value, engine);
  if (right.place !== undefined && left.constant !== undefined) return against(right.place, MIRRORED[operator], left.constant.value, engine);
  return undefined;
}

function against(at: NonNullable<Operand["place"]>, operator: Comparison, value: Value, engine: RuleMemory): Test | undefined {
  if (value === null) return nilTest(at, operator);
  if (typeof value === "string") return operator === "==" || operator === "!=" ? textTest(at, operator === "==", value, engine) : undefined;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return scalarTest(at, operator, value, engine.bytes);
  return undefined;
}

function nilTest(at: NonNullable<Operand["place"]>, operator: Comparison): Test {
  const place = new Place();
  const whenNil = operator === "==" || operator === "<=" || operator === ">=";
  const otherwise = operator === "!=";
  return (subject) => {
    at(subject, place);
    return place.kind === 0 || (place.kind === BYTES_VALUE && place.start === place.end) ? whenNil : otherwise;
  };
}

function textTest(at: NonNullable<Operand["place"]>, whenEqual: boolean, value: string, engine: RuleMemory): Test {
  const place = new Place();
  const text = engine.text(value);
  const { bytes } = engine;
  return (subject) => {
    at(subject, place);
    return (place.kind === STRING_VALUE && isText(bytes, place.start, place.end, text)) === whenEqual;
  };
}

function scalarTest(at: NonNullable<Operand["place"]>, operator: Comparison, value: bigint | number | boolean, bytes: Uint8Array): Test {
  const place = new Place();
  const wholly = typeof value === "bigint";
  const low = wholly ? Number(BigInt.asUintN(32, value)) : 0;
  const high = wholly ? Number(BigInt.asIntN(32, value >> 32n)) : 0;
  const double = Number(value);
  const isBool = typeof value === "boolean";
  const mismatch = operator === "!=";
  return (subject) => {
    at(subject, place);
    const { kind } = place;
    if (isBool ? kind !== BOOL_VALUE : kind !== INT_VALUE && kind !== DOUBLE_VALUE) return mismatch;
    if (place.valueStart >= 0) {
      const scalar = scalarAt(bytes, place.valueStart, place.valueEnd, kind);
      if (kind === DOUBLE_VALUE) return holds(operator, doubleOrder(doubleAt(bytes, scalar), double));
      place.low = readVarint(bytes, scalar);
      place.high = readVarintHigh(bytes, scalar);
    }
    if (isBool) return holds(operator, ((place.low | place.high) === 0 ? 0 : 1) - double);
    if (wholly) return holds(operator, wholeOrder(place.low, place.high, low, high));
    return holds(operator, doubleOrder((place.high | 0) * HIGH + (place.low >>> 0), double));
  };
}

/** Two signed integers by their halves. */
function wholeOrder(low: number, high: number, otherLow: number, otherHigh: number): number {
  const difference = (high | 0) - otherHigh;
  return difference === 0 ? (low >>> 0) - otherLow : difference;
}

/** Where the field `kind` of the AnyValue at [start, end) has its value. */
function scalarAt(bytes: Uint8Array, start: number, end: number, kind: number): number {
  let at = start;
  while (at < end) {
    const tag = readVarint(bytes, at);
    if (tag >>> 3 === kind) return after;
    at = skipValue(bytes, after, tag);
  }
  return at;
}
