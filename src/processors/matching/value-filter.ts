/**
 * Whether an attribute's value is like a configured one: of the same type and equal, or, for a pattern,
 * a scalar whose text has it. Text, numbers and booleans are compared where they lie.
 */
import { BOOL_VALUE, decodeAnyValue, DOUBLE_VALUE, doubleAt, INT_VALUE, kindOf, type Plain, STRING_VALUE } from "../../otlp/any-value.ts";
import type { Engine } from "../../otlp/engine.ts";
import { isText } from "../../otlp/text.ts";
import { after, readVarint, readVarintHigh } from "../../wire/varint.ts";
import { toPlainValue } from "../attribute-actions/settings.ts";
import { decimalText } from "./decimal-text.ts";
import { textFilterOf } from "./text-filter.ts";

/** Whether the AnyValue at [start, end) will do. */
export type ValueFilter = (start: number, end: number) => boolean;

/** `value` is what the schema has let pass; undefined and null stand for any value. */
export function valueFilterOf(value: unknown, matchType: string, engine: Engine): ValueFilter {
  const plain = toPlainValue(value ?? null) ?? null;
  if (plain === null) return () => true;
  return matchType === "regexp" ? patternFilter(typeof plain === "string" ? plain : "", engine) : equalFilter(plain, engine);
}

function patternFilter(text: string, engine: Engine): ValueFilter {
  const filter = textFilterOf([text], "regexp", engine);
  const { bytes } = engine;
  return (start, end) => {
    const kind = kindOf(bytes, start, end);
    if (kind === STRING_VALUE) {
      // Behind the tag that was read last, which is the value's.
      const length = readVarint(bytes, after);
      return filter.matchesBytes(after, after + length);
    }
    const value = decodeAnyValue(bytes, start, end);
    if (typeof value === "number") return filter.matches(decimalText(value));
    return (typeof value === "boolean" || typeof value === "bigint") && filter.matches(String(value));
  };
}

function equalFilter(plain: Plain, engine: Engine): ValueFilter {
  const { bytes } = engine;
  if (typeof plain === "string") {
    const text = engine.text(plain);
    return (start, end) => {
      if (kindOf(bytes, start, end) !== STRING_VALUE) return false;
      const length = readVarint(bytes, after);
      return isText(bytes, after, after + length, text);
    };
  }
  if (typeof plain === "bigint") return integerFilter(plain, bytes);
  if (typeof plain === "number") return (start, end) => kindOf(bytes, start, end) === DOUBLE_VALUE && doubleAt(bytes, after) === plain;
  if (typeof plain === "boolean") return (start, end) => kindOf(bytes, start, end) === BOOL_VALUE && decodeAnyValue(bytes, start, end) === plain;
  return (start, end) => isSame(decodeAnyValue(bytes, start, end), plain);
}

function integerFilter(plain: bigint, bytes: Uint8Array): ValueFilter {
  const low = Number(BigInt.asUintN(32, plain));
  const high = Number(BigInt.asUintN(32, plain >> 32n));
  return (start, end) => {
    if (kindOf(bytes, start, end) !== INT_VALUE) return false;
    const at = after;
    return readVarint(bytes, at) === low && readVarintHigh(bytes, at) === high;
  };
}

/** Equal in every part; the order of a map's keys is none. As deep as the configured value is. */
function isSame(value: Plain, wanted: Plain): boolean {
  if (isList(wanted)) return isList(value) && value.length === wanted.length && wanted.every((item, index) => isSame(value[index] ?? null, item));
  if (isMap(wanted))
    return isMap(value) && value.size === wanted.size && [...wanted].every(([key, item]) => value.has(key) && isSame(value.get(key) ?? null, item));
  return Object.is(value, wanted);
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

function isMap(value: Plain): value is ReadonlyMap<string, Plain> {
  return value instanceof Map;
}
