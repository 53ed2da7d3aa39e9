import { RUNTIMES_FOUND } from "./runtime.ts";

/** Of what Node does. */
const SHARE = 1 / 4;
const ON_NODE = RUNTIMES_FOUND.includes("node");

/**
 * How many runs a property gets here, of so many on Node. Elsewhere the same code meets another engine or
 * another memory, for which fewer do; what another seed finds, Node finds.
 */
export function runsHere(count: number): number {
  return ON_NODE ? count : Math.ceil(count * SHARE);
}

/** Whether a judge is asked here about the `index`-th of many cases: about each on Node, a part of them elsewhere. */
export function judgedHere(index: number): boolean {
  return ON_NODE || index % (1 / SHARE) === 0;
}
