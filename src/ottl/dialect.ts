/** A context of OTTL together with the functions that may be called in it. */
import type { Context, OttlFunction } from "./contract.ts";

export interface Dialect {
  readonly context: Context;
  readonly functions: ReadonlyMap<string, OttlFunction>;
}

/** Of two functions with one name, the later is taken. */
export function dialectOf(context: Context, functions: Iterable<OttlFunction>): Dialect {
  return { context, functions: new Map(Array.from(functions, (one) => [one.name, one])) };
}
