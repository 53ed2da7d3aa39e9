/**
 * Editors that take entries out of a map by their keys: delete_key, keep_keys, limit. On a message's own
 * attributes they look at keys alone, where they lie, and allocate nothing unless a key is computed.
 */
import type { Attributes } from "../../../otlp/attributes.ts";
import type { RuleMemory } from "../../../otlp/engine.ts";
import { sharedStaging } from "../../../otlp/staging.ts";
import { isText, type Text } from "../../../otlp/text.ts";
import type { Range } from "../../../wire/chunk.ts";
import { BuildError, define, type Getter } from "../../contract.ts";
import type { Subject } from "../../subject.ts";
import { editMap } from "./target.ts";

const encoder = new TextEncoder();

/** `delete_key(target, key)`: the first entry with this key. */
export const deleteKey = define(
  "delete_key",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "key", kind: "string_getter" },
  ],
  ({ target, key }, { engine }) => {
    const find = finder(key, engine);
    return editMap(target, {
      attributes: (attributes, subject) => {
        const entry = find(attributes, subject);
        if (entry >= 0) attributes.remove(entry);
      },
      map: (map, subject) => map.delete(key(subject)),
    });
  },
);

/** The first entry with the key, or -1. */
function finder(key: Getter<string>, engine: RuleMemory): (attributes: Attributes, subject: Subject) => number {
  if (key.constant !== undefined) {
    const text = engine.text(key.constant.value);
    return (attributes) => attributes.find(text);
  }
  const staging = sharedStaging(engine);
  return (attributes, subject) => {
    const bytes = encoder.encode(key(subject));
    staging.place(bytes);
    try {
      return attributes.findBytes(staging);
    } finally {
      staging.done();
    }
  };
}

/** `keep_keys(target, keys)`: takes out every entry with another key. */
export const keepKeys = define(
  "keep_keys",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "keys", kind: "string_getter", list: true },
  ],
  ({ target, keys }, { engine }) => {
    const literals = keys.flatMap(({ constant }) => (constant === undefined ? [] : [engine.text(constant.value)]));
    const computed = keys.filter(({ constant }) => constant === undefined);
    return editMap(target, {
      attributes: (attributes, subject) => {
        if (computed.length === 0) keepTexts(attributes, literals);
        else
          keepBytes(
            attributes,
            literals,
            computed.map((key) => encoder.encode(key(subject))),
          );
      },
      map: (map, subject) => {
        const kept = new Set(keys.map((key) => key(subject)));
        for (const key of map.keys()) if (!kept.has(key)) map.delete(key);
      },
    });
  },
);

function keepTexts(attributes: Attributes, texts: readonly Text[]): void {
  for (let entry = 0; entry < attributes.count; entry++) if (attributes.live(entry) && !isOneOf(attributes, entry, texts)) attributes.remove(entry);
}

function keepBytes(attributes: Attributes, texts: readonly Text[], computed: readonly Uint8Array[]): void {
  for (let entry = 0; entry < attributes.count; entry++) {
    if (attributes.live(entry) && !isOneOf(attributes, entry, texts) && !computed.some((key) => isKey(attributes, entry, key))) attributes.remove(entry);
  }
}

function isOneOf(attributes: Attributes, entry: number, texts: readonly Range[]): boolean {
  const start = attributes.keyStart(entry);
  const end = attributes.keyEnd(entry);
  for (const text of texts) if (isText(attributes.bytes, start, end, text)) return true;
  return false;
}

function isKey(attributes: Attributes, entry: number, key: Uint8Array): boolean {
  const start = attributes.keyStart(entry);
  if (attributes.keyEnd(entry) - start !== key.length) return false;
  for (let at = 0; at < key.length; at++) if (attributes.bytes[start + at] !== key[at]) return false;
  return true;
}

/** `limit(target, limit, priority_keys)`: keeps so many entries, those with the keys named before others, and the first of the others. */
export const limit = define(
  "limit",
  [
    { name: "target", kind: "map_get_setter" },
    { name: "limit", kind: "int" },
    { name: "priority_keys", kind: "string", list: true },
  ],
  ({ target, limit: most, priority_keys: priorities }, { engine }) => {
    if (most < 0n) throw new BuildError(`Cannot limit to ${most} entries: it is less than 0`);
    if (most < BigInt(priorities.length)) throw new BuildError(`Cannot limit to ${most} entries: ${priorities.length} keys are always kept`);
    const texts = priorities.map((key) => engine.text(key));
    return editMap(target, {
      attributes: (attributes) => limitAttributes(attributes, Number(most), texts),
      map: (map) => {
        if (map.size <= most) return;
        let left = Number(most) - priorities.filter((key) => map.has(key)).length;
        for (const key of map.keys()) if (!priorities.includes(key) && left-- <= 0) map.delete(key);
      },
    });
  },
);

function limitAttributes(attributes: Attributes, most: number, priorities: readonly Text[]): void {
  let live = 0;
  for (let entry = 0; entry < attributes.count; entry++) if (attributes.live(entry)) live++;
  if (live <= most) return;
  let left = most;
  for (const key of priorities) if (attributes.find(key) >= 0) left--;
  for (let entry = 0; entry < attributes.count; entry++) {
    if (attributes.live(entry) && !isOneOf(attributes, entry, priorities) && left-- <= 0) attributes.remove(entry);
  }
}
