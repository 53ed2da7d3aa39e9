/** From a path's segments to its operand, by tables of names. */
import type { Operand, PathResult, PathSegment, Tools } from "../contract.ts";

/** What a name stands for. */
export interface Entry {
  /** Without keys: `attributes`. */
  readonly whole?: (tools: Tools) => Operand;
  /** With keys: `attributes["a"][0]`. At least one. */
  readonly keyed?: (keys: readonly Operand[], tools: Tools) => Operand;
  /** The names that may follow: `kind.string`. */
  readonly inner?: Entries;
  /** Why the path, which the Collector has, cannot be had here. */
  readonly refused?: string;
}

export type Entries = Readonly<Record<string, Entry>>;

/** A name without keys and with nothing behind it. */
export function plain(made: Operand): Entry {
  return { whole: () => made };
}

export function resolve(entries: Entries, segments: readonly PathSegment[], tools: Tools): PathResult {
  let at = entries;
  for (const [index, { name, keys }] of segments.entries()) {
    const entry = Object.hasOwn(at, name) ? at[name] : undefined;
    if (entry === undefined) return { message: `There is no path "${name}" here`, segment: index, known: Object.keys(at) };
    if (entry.refused !== undefined) return { message: entry.refused, segment: index, known: [] };
    if (index < segments.length - 1) {
      const next = segments[index + 1];
      if (keys.length > 0) return { message: `"${name}" takes no keys where a name follows`, segment: index, known: [] };
      if (entry.inner === undefined) return { message: `"${name}" has no parts, "${next?.name}" among them`, segment: index + 1, known: [] };
      at = entry.inner;
    } else if (keys.length > 0) {
      return entry.keyed?.(keys, tools) ?? { message: `"${name}" takes no keys`, segment: index, known: [] };
    } else return entry.whole?.(tools) ?? { message: `"${name}" needs what follows it`, segment: index, known: Object.keys(entry.inner ?? {}) };
  }
  return { message: "A path needs a name behind its context", segment: 0, known: Object.keys(entries) };
}
