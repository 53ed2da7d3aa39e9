/** Keys on values: `["a"][0]`, read and written. Values are never changed in place: writing makes new ones around. */
import type { Operand } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../value.ts";
import { MessageList } from "./message-list.ts";

/** As deep as values may be (contexts/expect.ts): what lies deeper could not be kept. */
const KEYS_MAX = 64;

/** Setting an index of what is empty makes a list of so many empty values before it, at the most. */
const LIST_MAX = 65_536;

/** A key that names an entry of a map. */
export function textKey(key: Operand, subject: Subject): string {
  const value = key.get(subject);
  if (typeof value === "string") return value;
  throw new StatementError(`Cannot look up a key of type ${typeName(value)} in a map: it must be a string`);
}

/** A key that names an item of a list of this length. */
export function indexKey(key: Operand, subject: Subject, length: number): number {
  const value = key.get(subject);
  if (typeof value !== "bigint") throw new StatementError(`Cannot look up an index of type ${typeName(value)} in a list: it must be an int64`);
  if (value < 0n || value >= BigInt(length)) throw new StatementError(`Cannot look up index ${value} in a list of ${length}`);
  return Number(value);
}

/** What the keys lead to: nil where a map has no such entry, an error where a list has no such item or there is nothing to look into. */
export function getNested(value: Value, keys: readonly Operand[], from: number, subject: Subject): Value {
  let at = value;
  for (let index = from; index < keys.length; index++) {
    const key = keys[index];
    if (key === undefined) break;
    if (isMap(at)) {
      const inner = at.get(textKey(key, subject));
      if (inner === undefined) return null;
      at = inner;
    } else if (isList(at) && !(at instanceof MessageList)) at = at[indexKey(key, subject, at.length)] ?? null;
    else throw notIndexable(at);
  }
  return at;
}

/** The value with what the keys lead to set. Maps get new entries, what is empty becomes a map or a list. */
export function setNested(value: Value, keys: readonly Operand[], from: number, subject: Subject, given: Value): Value {
  const key = keys[from];
  if (key === undefined) return given;
  if (keys.length - from > KEYS_MAX) throw new StatementError(`Cannot set a value that is nested deeper than ${KEYS_MAX}`);
  const inside = (inner: Value): Value => setNested(inner, keys, from + 1, subject, given);
  if (isMap(value)) {
    const name = textKey(key, subject);
    return new Map(value).set(name, inside(value.get(name) ?? null));
  }
  if (isList(value) && !(value instanceof MessageList)) {
    const index = indexKey(key, subject, value.length);
    return value.with(index, inside(value[index] ?? null));
  }
  if (value === null) return intoEmpty(key.get(subject), inside);
  throw notIndexable(value);
}

function intoEmpty(key: Value, inside: (inner: Value) => Value): Value {
  if (typeof key === "string") return new Map([[key, inside(null)]]);
  if (typeof key !== "bigint") throw new StatementError(`Cannot use a key of type ${typeName(key)}: it must be a string or an int64`);
  if (key < 0n || key >= LIST_MAX) throw new StatementError(`Cannot make a list for index ${key}: it must be from 0 to ${LIST_MAX - 1}`);
  const list: Value[] = Array.from({ length: Number(key) }, () => null);
  list.push(inside(null));
  return list;
}

function notIndexable(value: Value): StatementError {
  return new StatementError(`Cannot use a key on a value of type ${typeName(value)}: only maps and lists have keys`);
}
