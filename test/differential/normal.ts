/**
 * A request as both sides' answers are compared: decoded by the judge, with what has no meaning made
 * equal. Maps are ordered by key (the Collector makes some from Go's maps, whose order is random); an
 * absent scalar without presence is the same as its default; an absent message outside of a oneof is
 * the same as an empty one. Other lists keep their order.
 */
import type { Signal } from "../../src/base/signal.ts";
import facts from "../contract/otlp-facts.json" with { type: "json" };
import { judge, type Plain } from "../harness/judge.ts";

type Row = readonly (string | number)[];

interface Field {
  readonly key: string;
  readonly label: string;
  readonly ref: string | undefined;
}

const KEY_VALUE = "opentelemetry.proto.common.v1.KeyValue";
const messages: Readonly<Record<string, readonly Row[]>> = facts.messages;
const fieldsByType = new Map<string, readonly Field[]>();

/** Lists with a key in `unordered` are ordered by what is in them. */
export function normal(signal: Signal, bytes: Uint8Array, unordered: readonly string[] = []): Plain {
  const { type, toObject } = judge(signal);
  return normalMessage(type.fullName.slice(1), toObject(bytes), unordered);
}

function normalMessage(type: string, message: Plain, unordered: readonly string[]): Plain {
  const made: Record<string, unknown> = {};
  for (const { key, label, ref } of fieldsOf(type)) {
    const value = message[key];
    if (value === undefined || value === null) continue;
    const after = normalField(ref, value, unordered);
    if (Array.isArray(after)) {
      const sorted = ref === KEY_VALUE ? after.toSorted(byKey) : unordered.includes(key) ? after.toSorted(byContent) : after;
      if (after.length > 0) made[key] = sorted;
    } else if (label !== "singular" || !isDefault(after)) made[key] = after;
  }
  return made;
}

function normalField(ref: string | undefined, value: unknown, unordered: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => normalField(ref, one, unordered));
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value);
  if (ref !== undefined && ref in messages && isPlain(value)) return normalMessage(ref, value, unordered);
  return value;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null;
}

function isDefault(value: unknown): boolean {
  if (isPlain(value)) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === "0" || value === false;
}

function byKey(one: unknown, other: unknown): number {
  return order(keyOf(one), keyOf(other));
}

function byContent(one: unknown, other: unknown): number {
  return order(JSON.stringify(one), JSON.stringify(other));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf(value: unknown): string {
  return isPlain(value) && typeof value["key"] === "string" ? value["key"] : "";
}

function fieldsOf(type: string): readonly Field[] {
  const known = fieldsByType.get(type);
  if (known !== undefined) return known;
  const made = (messages[type] ?? []).map((row) => {
    const [name = "", , , label = "", ref] = row.map(String);
    return { key: name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()), label, ref };
  });
  fieldsByType.set(type, made);
  return made;
}
