import { RUNTIMES_FOUND } from "./runtime.ts";

/** Of what Node does. */
const SHARE = 1 / 4;

/**
 * How many runs a property gets here, of so many on Node. Elsewhere the same code meets another engine or
 * another memory, for which fewer do; what another seed finds, Node finds.
 */
export function runsHere(count: number): number {
  return RUNTIMES_FOUND.includes("node") ? count : Math.ceil(count * SHARE);
}
