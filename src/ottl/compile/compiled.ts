/** What the compiler makes of a node, and the small things that its parts share. */
import type { Level } from "../../pipeline/step.ts";
import type { Get, Operand } from "../contract.ts";
import { Subject } from "../subject.ts";
import { StatementError, typeName, type Value } from "../value.ts";
import { isList, isMap } from "../value.ts";

export interface Compiled extends Operand {
  /** Whether it is written out in the statement: a wrong type of it is an error of the configuration, not of each item. */
  readonly literal: boolean;
}

export interface Condition {
  readonly test: (subject: Subject) => boolean;
  /** What it says, when that is written out in the statement. */
  readonly literal: boolean | undefined;
  readonly reads: readonly Level[];
}

const NONE: readonly Level[] = [];

export function constantOf(value: Value, literal: boolean): Compiled {
  return { get: () => value, set: undefined, constant: { value }, place: undefined, setBody: undefined, reads: NONE, writes: NONE, literal };
}

export function computedOf(get: Get, reads: readonly Level[]): Compiled {
  return { get, set: undefined, constant: undefined, place: undefined, setBody: undefined, reads, writes: NONE, literal: false };
}

/**
 * What is computed of constants alone, computed once. An error in it stays an error of each item, as
 * it is in the Collector.
 */
export function folded(get: Get, parts: readonly Pick<Operand, "constant" | "reads">[], literal = false): Compiled {
  if (parts.every(({ constant }) => constant !== undefined)) {
    try {
      return constantOf(get(NOWHERE), literal);
    } catch (error) {
      if (!(error instanceof StatementError) && !(error instanceof TypeError)) throw error;
    }
  }
  return computedOf(get, readsOf(parts));
}

/** Stands for the item when constants are computed: a function that looks at its item throws a TypeError, and is not folded. */
const NOWHERE: Subject = Object.create(Subject.prototype);

export function conditionOf(value: boolean, literal: boolean): Condition {
  return { test: value ? yes : no, literal: literal ? value : undefined, reads: NONE };
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}

export function readsOf(parts: readonly { readonly reads: readonly Level[] }[]): readonly Level[] {
  return unique(parts.flatMap(({ reads }) => reads));
}

export function unique(levels: readonly Level[]): readonly Level[] {
  return levels.length === 0 ? NONE : [...new Set(levels)];
}

/** What the keys lead to within a value. Unlike a path's keys, one that leads nowhere is an error. */
export function indexed(value: Value, keys: readonly Operand[], subject: Subject): Value {
  let found = value;
  for (const { get } of keys) found = entryOf(found, get(subject));
  return found;
}

function entryOf(value: Value, key: Value): Value {
  if (typeof key === "string") {
    if (!isMap(value)) throw new StatementError(`Cannot index a value of type ${typeName(value)} with a string`);
    const entry = value.get(key);
    if (entry === undefined) throw new StatementError("Cannot index a map: it has no such key");
    return entry;
  }
  if (typeof key !== "bigint") throw new StatementError(`Cannot index with a value of type ${typeName(key)}: it must be a string or an int`);
  if (value instanceof Uint8Array) return BigInt(value[placeIn(value.length, key)] ?? 0);
  if (!isList(value)) throw new StatementError(`Cannot index a value of type ${typeName(value)} with an int`);
  return value[placeIn(value.length, key)] ?? null;
}

function placeIn(length: number, key: bigint): number {
  if (key < 0n || key >= BigInt(length)) throw new StatementError(`Cannot index a list of ${length} with ${key}: out of bounds`);
  return Number(key);
}
