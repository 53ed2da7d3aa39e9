/**
 * A request's items below the resources, scopes and metrics that they come to lie in. Two parents are
 * one when everything in them but their children is equal, in any order of fields and attributes.
 */
import { RESOURCE, SCOPE } from "../../otlp/cursor.ts";
import { KEY_VALUE_KEY, KEY_VALUE_VALUE } from "../../otlp/tables.ts";
import * as tape from "../../otlp/tape.ts";
import { isText, type Text } from "../../otlp/text.ts";
import { concatenated, delimited } from "../../wire/message.ts";
import { bodyOf, type Field, fieldsBut, keyOf } from "./bytes.ts";
import type { Values } from "./sets.ts";

/** Field number of the scope groups in a group, and of the items in a scope group. */
const CHILDREN = 2;
/** Field number of the data points in each of the five shapes. */
const DATA_POINTS = 1;
/** Field number of attributes in a resource. */
const ATTRIBUTES = 1;

/** A parent: its own fields, and what lies in it. */
export interface Parent<Child> {
  readonly fields: readonly Field[];
  readonly children: Map<string, Child>;
}

/** A group; `resource` is the fields of its resource, undefined where it has none. */
export interface Group extends Parent<Scope> {
  readonly resource: readonly Field[] | undefined;
}

export interface Scope extends Parent<Metric> {
  /** Tape records, for signals whose items are not divided. */
  readonly items: number[];
}

export interface Metric {
  readonly fields: readonly Field[];
  /** The tag of the data field, and the data's own fields. */
  readonly dataTag: Uint8Array;
  readonly data: readonly Field[];
  /** Tape records of the data points. */
  readonly points: number[];
}

/** What sets mean: the values of each, of these keys, and the set of the n-th leaf item. */
export interface Grouping {
  readonly keys: readonly Text[];
  setOf(leaf: number): number;
  valuesOf(set: number): Values;
}

export interface Tree {
  readonly groups: ReadonlyMap<string, Group>;
  /** Whether the request is as the tree says already: nothing to move, join or leave out. */
  readonly same: boolean;
}

export function treeOf(bytes: Uint8Array, records: tape.Tape, metrics: boolean, grouping: Grouping): Tree {
  const { words, base, count } = records;
  const groups = new Map<string, Group>();
  let made = 0;
  let seen = 0;
  let leaf = 0;
  let moved = false;
  let source: readonly Field[] = [];
  let bySet = new Map<number, Group>();
  let scopeFields: readonly Field[] = [];
  let scopeKey = "";
  let metric: Omit<Metric, "points"> = { fields: [], dataTag: new Uint8Array(), data: [] };
  let metricKey = "";
  const fieldsAt = (at: number) => fieldsBut(CHILDREN, bytes, words[at + tape.BODY_WORD] ?? 0, words[at + tape.END_WORD] ?? 0);
  const groupOf = (set: number): Group => {
    let group = bySet.get(set);
    if (group === undefined) {
      const moving = withValues(source, grouping.keys, grouping.valuesOf(set), bytes);
      const key = groupKey(moving);
      const known = groups.get(key);
      group = known ?? moving;
      if (known === undefined) {
        groups.set(key, moving);
        made++;
      }
      bySet.set(set, group);
    }
    return group;
  };
  const scopeIn = (group: Group): Scope => {
    const known = group.children.get(scopeKey);
    if (known !== undefined) return known;
    const scope: Scope = { fields: scopeFields, children: new Map(), items: [] };
    group.children.set(scopeKey, scope);
    made++;
    return scope;
  };
  for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) {
    const level = (words[at] ?? 0) & 0xff;
    if (level === tape.GROUP_LEVEL) {
      source = fieldsAt(at);
      bySet = new Map();
      seen++;
    } else if (level === tape.SCOPE_LEVEL) {
      scopeFields = fieldsAt(at);
      scopeKey = partKey(scopeFields, SCOPE);
      seen++;
    } else if (metrics && level === tape.ITEM_LEVEL) {
      metric = metricAt(bytes, words, at);
      metricKey = `${keyOf(metric.fields)} ${metric.dataTag.join()} ${keyOf(metric.data)}`;
      seen++;
    } else {
      const set = grouping.setOf(leaf++);
      moved ||= set !== 0;
      const scope = scopeIn(groupOf(set));
      if (!metrics) {
        scope.items.push(record);
        continue;
      }
      let own = scope.children.get(metricKey);
      if (own === undefined) {
        own = { ...metric, points: [] };
        scope.children.set(metricKey, own);
        made++;
      }
      own.points.push(record);
    }
  }
  return { groups, same: !moved && made === seen };
}

/** The group of these fields, its resource with the values as attributes: in the place of one with the same key, or behind. */
function withValues(source: readonly Field[], keys: readonly Text[], values: Values, bytes: Uint8Array): Group {
  const part = source.find(({ number }) => number === RESOURCE);
  const fields = source.filter((field) => field !== part);
  const body = part === undefined ? undefined : bodyOf(part);
  const resource = body === undefined ? [] : fieldsBut(0, body, 0, body.length);
  values.forEach((value, index) => {
    const key = keys[index];
    if (value === undefined || key === undefined) return;
    const attribute = { number: ATTRIBUTES, bytes: attributeOf(bytes.subarray(key.start, key.end), value) };
    const at = resource.findIndex((field) => field.number === ATTRIBUTES && hasKey(field, key, bytes));
    if (at < 0) resource.push(attribute);
    else resource[at] = attribute;
  });
  return { fields, resource: body === undefined && resource.length === 0 ? undefined : resource, children: new Map() };
}

function hasKey(attribute: Field, key: Text, bytes: Uint8Array): boolean {
  const body = bodyOf(attribute);
  const field = fieldsBut(KEY_VALUE_VALUE, body, 0, body.length).find(({ number }) => number === KEY_VALUE_KEY);
  const text = field === undefined ? new Uint8Array() : bodyOf(field);
  return isText(bytes, text.byteOffset - bytes.byteOffset, text.byteOffset - bytes.byteOffset + text.length, key);
}

function groupKey({ fields, resource = [] }: Group): string {
  return `${keyOf(fields)} ${keyOf(resource)}`;
}

/** Of a scope group: an absent scope and one without fields are the same. */
function partKey(fields: readonly Field[], number: number): string {
  const part = fields.find((field) => field.number === number);
  const body = part === undefined ? new Uint8Array() : bodyOf(part);
  return `${keyOf(fields.filter((field) => field !== part))} ${keyOf(fieldsBut(0, body, 0, body.length))}`;
}

function metricAt(bytes: Uint8Array, words: Int32Array, at: number): Omit<Metric, "points"> {
  const tag = words[at + tape.PART_TAG_WORD] ?? 0;
  const body = words[at + tape.PART_BODY_WORD] ?? 0;
  const end = words[at + tape.PART_END_WORD] ?? 0;
  const before = fieldsBut(0, bytes, words[at + tape.BODY_WORD] ?? 0, tag === 0 ? (words[at + tape.END_WORD] ?? 0) : tag);
  if (tag === 0) return { fields: before, dataTag: new Uint8Array(), data: [] };
  const behind = fieldsBut(0, bytes, end, words[at + tape.END_WORD] ?? 0);
  let tagEnd = tag;
  while ((bytes[tagEnd++] ?? 0) >= 0x80);
  return { fields: [...before, ...behind], dataTag: bytes.slice(tag, tagEnd), data: fieldsBut(DATA_POINTS, bytes, body, end) };
}

/** A KeyValue as a field of a resource. */
function attributeOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  return delimited(ATTRIBUTES, concatenated([delimited(KEY_VALUE_KEY, key), delimited(KEY_VALUE_VALUE, value)]));
}
