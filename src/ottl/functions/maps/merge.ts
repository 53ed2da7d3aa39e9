/** Editors that put entries into a map, or rewrite all of them. */
import { decodeAnyValue, encodeAnyValue, kindOf, STRING_VALUE } from "../../../otlp/any-value.ts";
import type { Attributes } from "../../../otlp/attributes.ts";
import { sharedStaging, type Staging } from "../../../otlp/staging.ts";
import { textAt } from "../../../otlp/text.ts";
import { valueText } from "../../../otlp/value-text.ts";
import { BuildError, define } from "../../contract.ts";
import { isList, isMap, type Value } from "../../value.ts";
import { exactMap } from "../../compile/convert.ts";
import { plainOf } from "../types/values.ts";
import { editMap } from "./target.ts";

const encoder = new TextEncoder();

/** Keys that are looked up one by one in the attributes; more of them get a table, so that two long lists do not take their product. */
const LOOKED_UP_MAX = 32;

const STRATEGIES: ReadonlySet<string> = new Set(["insert", "update", "upsert"]);

/** `merge_maps(target, source, strategy)`: insert only keys that are not there, update only those that are, or upsert both. */
export const mergeMaps = define(
  "merge_maps",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "source", kind: "map_getter" },
    { name: "strategy", kind: "string" },
  ],
  ({ target, source, strategy }, { engine }) => {
    if (!STRATEGIES.has(strategy)) throw new BuildError(`Cannot merge by "${strategy}": it is no strategy`, 'Use "insert", "update" or "upsert"');
    const takes = (isThere: boolean) => (isThere ? strategy !== "insert" : strategy !== "update");
    const staging = sharedStaging(engine);
    return editMap(target, {
      attributes: (attributes, subject) => mergeAttributes(attributes, staging, source(subject), takes),
      map: (map, subject) => {
        for (const [key, value] of source(subject)) if (takes(map.has(key))) map.set(key, value);
      },
    });
  },
);

function mergeAttributes(attributes: Attributes, staging: Staging, source: ReadonlyMap<string, Value>, takes: (isThere: boolean) => boolean): void {
  const entries = source.size > LOOKED_UP_MAX ? entriesByKey(attributes) : undefined;
  for (const [key, value] of source) {
    const name = encoder.encode(key);
    const body = encodeAnyValue(plainOf(value));
    const bytes = new Uint8Array(name.length + body.length);
    bytes.set(name);
    bytes.set(body, name.length);
    staging.place(bytes);
    try {
      const valueStart = staging.start + name.length;
      const entry = entries === undefined ? attributes.findBytes({ start: staging.start, end: valueStart }) : (entries.get(key) ?? -1);
      if (!takes(entry >= 0)) continue;
      if (entry >= 0) attributes.set(entry, valueStart, staging.end);
      else attributes.add(staging.start, valueStart, valueStart, staging.end);
    } finally {
      staging.done();
    }
  }
}

/** The first entry of each key. */
function entriesByKey(attributes: Attributes): Map<string, number> {
  const entries = new Map<string, number>();
  for (let entry = attributes.count - 1; entry >= 0; entry--) {
    if (attributes.live(entry)) entries.set(textAt(attributes.bytes, attributes.keyStart(entry), attributes.keyEnd(entry)), entry);
  }
  return entries;
}

/** `stringify_all(target)`: every value as text, as `AsString` says it. What is text is not looked into. */
export const stringifyAll = define("stringify_all", [{ name: "target", kind: "map_get_setter" }], ({ target }, { engine }) => {
  const staging = sharedStaging(engine);
  return editMap(target, {
    attributes: (attributes) => {
      for (let entry = 0; entry < attributes.count; entry++) if (attributes.live(entry)) stringify(attributes, entry, staging);
    },
    map: (map) => {
      for (const [key, value] of map) if (typeof value !== "string") map.set(key, valueText(plainOf(value)));
    },
  });
});

function stringify(attributes: Attributes, entry: number, staging: Staging): void {
  const start = attributes.valueStart(entry);
  const end = attributes.valueEnd(entry);
  if (kindOf(attributes.bytes, start, end) === STRING_VALUE) return;
  staging.place(encodeAnyValue(valueText(decodeAnyValue(attributes.bytes, start, end))));
  try {
    attributes.set(entry, staging.start, staging.end);
  } finally {
    staging.done();
  }
}

/**
 * `flatten(target, Optional[prefix], Optional[depth], Optional[resolve_conflicts])`: what lies in maps and
 * lists under keys of the whole way to it, "a.b.0". The Collector's forms, where one might expect
 * others: the entries of a list in a list have no dot before their index ("a.01"), and with
 * `resolve_conflicts` a list's entries all begin with the list's own key ("a", "a.0").
 */
export const flatten = define(
  "flatten",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "prefix", kind: "string", optional: true },
    { name: "depth", kind: "int", optional: true },
    { name: "resolve_conflicts", kind: "bool", optional: true },
  ],
  ({ target, prefix = "", depth, resolve_conflicts: resolve = false }) => {
    if (depth !== undefined && depth < 1n) throw new BuildError(`Cannot flatten to depth ${depth}: it is less than 1`);
    const levels = depth === undefined ? Infinity : Number(depth);
    return (subject) => {
      const flat = new Flat(levels, resolve);
      flat.addMap(exactMap(target.get(subject)), prefix, 0);
      target.set?.(subject, flat.entries);
      return null;
    };
  },
);

/** As deep as values are: the door, and `plainOf`, bound them. */
class Flat {
  readonly entries = new Map<string, Value>();
  readonly #conflicts = new Map<string, number>();
  readonly #levels: number;
  readonly #resolve: boolean;

  constructor(levels: number, resolve: boolean) {
    this.#levels = levels;
    this.#resolve = resolve;
  }

  addMap(map: ReadonlyMap<string, Value>, prefix: string, level: number): void {
    const before = prefix === "" ? "" : `${prefix}.`;
    for (const [key, value] of map) this.#add(before + key, value, level);
  }

  #add(key: string, value: Value, level: number): void {
    if (level >= this.#levels) this.#put(key, key, value);
    else if (isMap(value)) this.addMap(value, key, level + 1);
    else if (isList(value)) {
      for (const [index, entry] of value.entries()) this.#addEntry(key, `${key}.${index}`, entry, level + 1);
    } else this.#put(key, key, value);
  }

  #addEntry(listKey: string, key: string, entry: Value, level: number): void {
    if (isMap(entry) && level < this.#levels) this.addMap(entry, key, level + 1);
    else if (isList(entry) && level < this.#levels) {
      for (const [index, inner] of entry.entries()) this.#add(`${key}${index}`, inner, level + 2);
    } else this.#put(key, listKey, entry);
  }

  #put(key: string, keyOfConflicts: string, value: Value): void {
    if (!this.#resolve) {
      this.entries.set(key, value);
      return;
    }
    const used = this.entries.has(keyOfConflicts);
    const count = this.#conflicts.get(keyOfConflicts) ?? 0;
    this.entries.set(used ? `${keyOfConflicts}.${count}` : keyOfConflicts, value);
    this.#conflicts.set(keyOfConflicts, used ? count + 1 : 0);
  }
}
