/** Functions of lists. */
import { BuildError, define } from "../../contract.ts";
import { isList, isMap, StatementError, typeName, type Value } from "../../value.ts";
import { byteLength } from "../text/bytes.ts";
import { compareValues } from "../../compile/compare.ts";
import { exactList } from "../../compile/convert.ts";
import { plainOf } from "../types/values.ts";

/** `append(target, Optional[value], Optional[values])`: nil becomes a list, and so does what is a single value. */
export const append = define(
  "append",
  [
    { name: "target", kind: "get_setter" },
    { name: "value", kind: "getter", optional: true },
    { name: "values", kind: "getter", list: true, optional: true },
  ],
  ({ target, value, values }) => {
    if (value === undefined && values === undefined) throw new BuildError("Cannot append: there is no value", "Give value or values");
    const added = [...(value === undefined ? [] : [value]), ...(values ?? [])];
    return (subject) => {
      const old = target.get(subject);
      const list: Value[] = old === null ? [] : isList(old) ? [...old] : [appendable(old)];
      for (const one of added) list.push(appendable(one.get(subject)));
      target.set?.(subject, list);
      return null;
    };
  },
);

/** The Collector takes no map for an entry. */
function appendable(value: Value): Value {
  if (isMap(value)) throw new StatementError("Cannot append: a map is neither an entry nor a list");
  return plainOf(value);
}

/** `delete_index(target, start_index, Optional[end_index])`: the entries from the start to before the end, by default the one. */
export const deleteIndex = define(
  "delete_index",
  [
    { name: "target", kind: "list_get_setter" },
    { name: "start_index", kind: "int_getter" },
    { name: "end_index", kind: "int_getter", optional: true },
  ],
  ({ target, start_index: startOf, end_index: endOf }) =>
    (subject) => {
      const list = exactList(target.get(subject));
      const start = startOf(subject);
      const end = endOf === undefined ? start + 1n : endOf(subject);
      if (start !== 0n || end !== BigInt(list.length)) checkRange(start, end, list.length);
      target.set?.(
        subject,
        list.filter((_, index) => index < start || index >= end),
      );
      return null;
    },
);

function checkRange(start: bigint, end: bigint, length: number): void {
  if (start < 0n || start >= BigInt(length)) throw new StatementError(`Cannot delete from index ${start}: the list has ${length} entries`);
  if (end < start) throw new StatementError(`Cannot delete up to index ${end}: it lies before index ${start}`);
  if (end > BigInt(length)) throw new StatementError(`Cannot delete up to index ${end}: the list has ${length} entries`);
}

/** `ContainsValue(target, item)`: by the language's `==`. */
export const containsValue = define(
  "ContainsValue",
  [
    { name: "target", kind: "list_getter" },
    { name: "item", kind: "getter" },
  ],
  ({ target, item }) =>
    (subject) => {
      const list = target(subject);
      const wanted = item.get(subject);
      return list.some((one) => compareValues(one, "==", wanted));
    },
);

/** `SliceToMap(target, Optional[key_path], Optional[value_path])`: keys are indices without a path; a later entry replaces one of the same key. */
export const sliceToMap = define(
  "SliceToMap",
  [
    { name: "target", kind: "list_getter" },
    { name: "key_path", kind: "string", list: true, optional: true },
    { name: "value_path", kind: "string", list: true, optional: true },
  ],
  ({ target, key_path: keyPath, value_path: valuePath }) =>
    (subject) => {
      const made = new Map<string, Value>();
      for (const [index, entry] of target(subject).entries()) {
        const key = keyPath === undefined ? String(index) : inside(entry, keyPath);
        if (typeof key !== "string") throw new StatementError(`Cannot use the key of entry ${index}: it is no string but ${typeName(key)}`);
        made.set(key, valuePath === undefined ? entry : inside(entry, valuePath));
      }
      return made;
    },
);

function inside(entry: Value, path: readonly string[]): Value {
  if (path.length === 0) throw new StatementError("Cannot look into an entry: the path has no keys");
  let value = entry;
  for (const key of path) {
    const next: Value | undefined = isMap(value) ? value.get(key) : undefined;
    if (next === undefined) throw new StatementError(`Cannot look into an entry: it has nothing at ${path.join(".")}`);
    value = next;
  }
  return value;
}

/** `Coalesce(values)`: the first that is not nil; those behind it are not computed. */
export const coalesce = define("Coalesce", [{ name: "values", kind: "getter", list: true }], ({ values }) => {
  if (values.length === 0) throw new BuildError("Cannot choose a value: there is none", "Give at least one value");
  return (subject) => {
    for (const one of values) {
      const value = one.get(subject);
      if (value !== null) return value;
    }
    return null;
  };
});

/** `Len(target)`: bytes of text, entries of a list or a map. A whole list of attributes is counted where it lies. */
export const len = define("Len", [{ name: "target", kind: "getter" }], ({ target }) => {
  const { attributes } = target;
  if (attributes !== undefined) {
    return (subject) => {
      const list = attributes(subject);
      let count = 0n;
      for (let entry = 0; entry < list.count; entry++) if (list.live(entry)) count++;
      return count;
    };
  }
  return (subject) => {
    const value = target.get(subject);
    if (typeof value === "string") return BigInt(byteLength(value));
    if (isList(value) || value instanceof Uint8Array) return BigInt(value.length);
    if (isMap(value)) return BigInt(value.size);
    throw new StatementError(`Cannot give the length of a value of type ${typeName(value)}: it has none`);
  };
});
