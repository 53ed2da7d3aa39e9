/** Short ways to write attributes and ids. */
import type { Plain } from "../../harness/judge.ts";

/** An AnyValue: text, bigint for an integer, number for a double, bytes, a list, a map, null for one without a value. */
export type Any = string | bigint | number | boolean | Uint8Array | null | readonly Any[] | { readonly [key: string]: Any };

export function anyValue(value: Any): Plain {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "bigint") return { intValue: String(value) };
  if (typeof value === "number") return { doubleValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (value instanceof Uint8Array) return { bytesValue: value };
  if (isList(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributes(value) } };
}

export function attributes(values: { readonly [key: string]: Any }): Plain[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** A trace id (16 bytes) or a span id (8) that begins with `first`. */
export function id(length: 8 | 16, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index * 17) & 0xff);
}

/** Nanoseconds since 1970 as a decimal: 2024-02-29T12:34:56.789012345Z and `seconds` later. */
export function time(seconds = 0): string {
  return String(1_709_210_096_789_012_345n + BigInt(Math.round(seconds * 1000)) * 1_000_000n);
}

function isList(value: object): value is readonly Any[] {
  return Array.isArray(value);
}
