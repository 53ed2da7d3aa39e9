/**
 * What a stream is known by: keys of resources, scopes, metrics and lists of attributes. Attributes
 * are the same in any order. Keys are the bytes themselves and not a hash of them, so that no two
 * streams are ever taken for one; a long key is replaced by its SHA-256.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ARRAY_VALUE, BYTES_VALUE, decodeAnyValue, KVLIST_VALUE, type Plain, STRING_VALUE } from "../../otlp/any-value.ts";
import {
  INSTRUMENTATION_SCOPE_ATTRIBUTES,
  INSTRUMENTATION_SCOPE_NAME,
  INSTRUMENTATION_SCOPE_VERSION,
  KEY_VALUE_KEY,
  KEY_VALUE_VALUE,
  RESOURCE_ATTRIBUTES,
} from "../../otlp/tables.ts";
import { after, LEN, readVarint, skipValue } from "../../wire/varint.ts";
import { type Field, type Fields, find, inside, textOf } from "./fields.ts";

/** Units of a key at the most; what is longer is digested. */
const KEY_UNITS_MAX = 512;
/** Of a key that others are made with: their digests would cost more than its own. */
const PARENT_UNITS_MAX = 96;
/** Arguments that a call takes on every engine. */
const CALL_ARGUMENTS_MAX = 8192;

/** The key of the attributes in field `number`. Empty for none. */
export function attributesKey(fields: Fields, number: number): string {
  const parts: string[] = [];
  for (const field of fields) if (field.number === number) parts.push(attributeKey(field));
  return bounded(parts.length > 1 ? parts.toSorted().join("") : (parts[0] ?? ""));
}

/** The key of a resource: its attributes. */
export function resourceKey(resource: Field | undefined): string {
  return short(attributesKey(inside(resource), RESOURCE_ATTRIBUTES));
}

/** The key of a scope within its resource: name, version, attributes. */
export function scopeKey(scope: Field | undefined): string {
  const fields = inside(scope);
  const attributes = attributesKey(fields, INSTRUMENTATION_SCOPE_ATTRIBUTES);
  return short(joined(textOf(find(fields, INSTRUMENTATION_SCOPE_NAME)), textOf(find(fields, INSTRUMENTATION_SCOPE_VERSION)), attributes));
}

/** One key of several texts, which no other texts have. */
export function joined(...texts: readonly string[]): string {
  return bounded(texts.map((text) => `${text.length}:${text}`).join(""));
}

/** A key of the value; equal for equal values, maps in any order. */
export function valueKey(value: Plain): string {
  if (value === null) return "n";
  switch (typeof value) {
    case "string":
      return `s${value.length}:${value}`;
    case "boolean":
      return value ? "t" : "f";
    case "bigint":
      return `i${value};`;
    case "number":
      return `d${Object.is(value, -0) ? "-0" : value};`;
    default:
      if (value instanceof Uint8Array) return `b${value.length}:${latin1(value, 0, value.length)}`;
      return isMap(value) ? mapKey(value) : `[${value.map(valueKey).join("")}]`;
  }
}

function mapKey(map: ReadonlyMap<string, Plain>): string {
  return `{${[...map]
    .map(([key, value]) => `${key.length}:${key}${valueKey(value)}`)
    .toSorted()
    .join("")}}`;
}

/** `instanceof` does not narrow a readonly map. */
function isMap(value: readonly Plain[] | ReadonlyMap<string, Plain>): value is ReadonlyMap<string, Plain> {
  return value instanceof Map;
}

function attributeKey({ bytes, start, end }: Field): string {
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const body = after;
    at = skipValue(bytes, body, tag);
    if ((tag & 7) !== LEN) continue;
    readVarint(bytes, body);
    if (tag >>> 3 === KEY_VALUE_KEY) {
      keyStart = after;
      keyEnd = at;
    } else if (tag >>> 3 === KEY_VALUE_VALUE) {
      valueStart = after;
      valueEnd = at;
    }
  }
  const value = anyValueKey(bytes, valueStart, valueEnd);
  return `${keyEnd - keyStart},${value.length}:${latin1(bytes, keyStart, keyEnd)}${value}`;
}

/** The field that an AnyValue holds, as it stands there: unknown ones beside it do not count. Lists and maps by what they say. */
function anyValueKey(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end;) {
    const tag = readVarint(bytes, at);
    const next = skipValue(bytes, after, tag);
    const kind = tag >>> 3;
    if (kind === ARRAY_VALUE || kind === KVLIST_VALUE) return valueKey(decodeAnyValue(bytes, start, end));
    if (kind >= STRING_VALUE && kind <= BYTES_VALUE) return latin1(bytes, at, next);
    at = next;
  }
  return "";
}

/** The bytes as text of one unit each. Given as a list and not spread, which takes five times as long. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= CALL_ARGUMENTS_MAX) return Reflect.apply(fromCharCode, undefined, bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at += CALL_ARGUMENTS_MAX) {
    text += Reflect.apply(fromCharCode, undefined, bytes.subarray(at, Math.min(end, at + CALL_ARGUMENTS_MAX)));
  }
  return text;
}

const { fromCharCode } = String;
const encoder = new TextEncoder();

/** The key itself, or its digest when that is much shorter: for what is part of many keys. */
export function short(key: string): string {
  return bounded(key, PARENT_UNITS_MAX);
}

function bounded(key: string, unitsMax: number = KEY_UNITS_MAX): string {
  if (key.length <= unitsMax) return key;
  const digest = sha256(encoder.encode(key));
  return `#${latin1(digest, 0, digest.length)}`;
}
