/**
 * Paths of `include_fields` and `exclude_fields`: `body` or `attributes`, then keys of maps, with dots
 * between; `\.` is a dot in a key.
 */
import { decodeAnyValue, encodeKeyValue, KVLIST_VALUE, type Plain } from "../../otlp/any-value.ts";
import { KEY_VALUE_KEY, KEY_VALUE_LIST_VALUES, KEY_VALUE_VALUE, LOG_RECORD_ATTRIBUTES, LOG_RECORD_BODY } from "../../otlp/tables.ts";
import { bytesField, type Field, type Fields, find, inside, messageField, textOf, withField } from "../envelopes/fields.ts";

export interface FieldPath {
  readonly root: "body" | "attributes";
  readonly keys: readonly string[];
}

/** Why a path cannot be used; undefined when it can. */
export function fieldFault(path: string): string | undefined {
  if (path === "body") return "the whole body cannot be meant: name a field of it, for example body.time";
  const [root] = path.split(".");
  if (root !== "body" && root !== "attributes") return `"${path}" must begin with body or attributes`;
  return undefined;
}

/** The path of a text without fault. */
export function parseField(text: string): FieldPath {
  const [root, ...keys] = text
    .replaceAll("\\.", "\0")
    .split(".")
    .map((part) => part.replaceAll("\0", "."));
  return { root: root === "body" ? "body" : "attributes", keys };
}

/** The value at the path; undefined when there is none. */
export function valueAt(record: Fields, { root, keys }: FieldPath): Plain | undefined {
  let pairs = pairsOf(record, root);
  for (const [index, key] of keys.entries()) {
    const value = valueOf(pairs.find((pair) => keyOf(pair) === key));
    if (value === undefined) return undefined;
    if (index === keys.length - 1) return decodeAnyValue(value.bytes, value.start, value.end);
    pairs = mapIn(value);
  }
  return undefined;
}

/** The record without what is at the path. */
export function withoutPath(record: Fields, { root, keys }: FieldPath): Fields {
  if (root === "attributes") {
    if (keys.length === 0) return record.filter(({ number }) => number !== LOG_RECORD_ATTRIBUTES);
    return withoutKey(record, LOG_RECORD_ATTRIBUTES, keys);
  }
  const body = find(record, LOG_RECORD_BODY);
  const cut = body === undefined ? undefined : withoutKeys(body, LOG_RECORD_BODY, keys);
  return cut === undefined || cut === body ? record : withField(record, cut);
}

/** Sets a text or a whole number: in place of the first with this key, or at the end. */
export function withAttribute(record: Fields, key: string, value: string | bigint): Fields {
  const made = bytesField(LOG_RECORD_ATTRIBUTES, encodeKeyValue(key, value));
  const at = record.findIndex((field) => field.number === LOG_RECORD_ATTRIBUTES && keyOf(field) === key);
  return at < 0 ? [...record, made] : record.with(at, made);
}

/** Without the key in the repeated KeyValue fields of this number. */
function withoutKey(fields: Fields, number: number, [key = "", ...deeper]: readonly string[]): Fields {
  const at = fields.findIndex((field) => field.number === number && keyOf(field) === key);
  const pair = fields[at];
  if (pair === undefined) return fields;
  if (deeper.length === 0) return fields.toSpliced(at, 1);
  const value = valueOf(pair);
  const cut = value === undefined ? undefined : withoutKeys(value, KEY_VALUE_VALUE, deeper);
  return cut === undefined || cut === value ? fields : fields.with(at, messageField(number, withField(inside(pair), cut)));
}

/** The AnyValue in a field without the keys in its map; the field itself when it has no such map. As deep as the path. */
function withoutKeys(field: Field, number: number, keys: readonly string[]): Field {
  const value = inside(field);
  const list = find(value, KVLIST_VALUE);
  if (list === undefined) return field;
  const pairs = inside(list);
  const cut = withoutKey(pairs, KEY_VALUE_LIST_VALUES, keys);
  return cut === pairs ? field : messageField(number, withField(value, messageField(KVLIST_VALUE, cut)));
}

function pairsOf(record: Fields, root: FieldPath["root"]): Fields {
  if (root === "attributes") return record.filter(({ number }) => number === LOG_RECORD_ATTRIBUTES);
  return mapIn(find(record, LOG_RECORD_BODY));
}

function mapIn(value: Field | undefined): Fields {
  return inside(find(inside(value), KVLIST_VALUE));
}

function keyOf(pair: Field): string {
  return textOf(find(inside(pair), KEY_VALUE_KEY));
}

/** The AnyValue of a pair. */
function valueOf(pair: Field | undefined): Field | undefined {
  return find(inside(pair), KEY_VALUE_VALUE);
}
